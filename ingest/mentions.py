"""The words in which content speaks of each fact: by them the service recognises what a figure in a draft is about.

`卖家会在 {{fact:refund.seller_response_hours}} 内处理` says more about how people put it than the fact's label does.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from ingest.render import PLACEHOLDER
from kb_service.content import Content, Flow

_SENTENCE_END = re.compile(r"[。！？；\n]")
_CLAUSE_END = re.compile(r"[，、：,|]")
_MARKS = re.compile(r"[「」*#]|\d+\.")
HERE = "\0"  # where the fact stood


def mentions_of(content: Content) -> dict[str, tuple[str, ...]]:
    """Fact id -> the sentences that state it, headed by the title of the article or clause; placeholders left out.

    `content` is as written, placeholders included. Menu paths are not recognised by their words and have none.
    """
    paths = {name for name, fact in content.facts.items() if fact.kind == "path"}
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for title, text in _texts(content):
        for sentence in _SENTENCE_END.split(text):
            for match in PLACEHOLDER.finditer(sentence):
                if match["kind"] == "fact" and match["name"] not in paths:
                    found[match["name"]][PLACEHOLDER.sub(" ", f"{title}。{_around(sentence, match)}")] = None
    return {name: tuple(sentences) for name, sentences in found.items()}


def _around(sentence: str, match: re.Match[str]) -> str:
    """The clause of the sentence in which the fact stands, and what leads to it."""
    marked = f"{sentence[: match.start()]}{HERE}{sentence[match.end() :]}"
    clauses = _CLAUSE_END.split(_MARKS.sub(" ", PLACEHOLDER.sub(" ", marked)))
    own = next(n for n, clause in enumerate(clauses) if HERE in clause)
    before = "，".join(clauses[:own])[-40:]
    return f"{before}。{clauses[own].replace(HERE, ' ')}".strip(" 。")


def _texts(content: Content) -> Iterator[tuple[str, str]]:
    """(what it is about, text) of everything that states facts in sentences."""
    for policy in content.policies:
        for clause in policy.clauses:
            yield f"{policy.title} {clause.title}", clause.text
    for faq in content.faqs:
        yield from ((faq.title, section.text) for section in faq.sections)
    for template in content.templates:
        yield from ((template.title, tone) for tone in template.tones.values())
    for flow in content.flows:
        yield from _flow_texts(flow, content)


def _flow_texts(flow: Flow, content: Content) -> Iterator[tuple[str, str]]:
    """A step's deadline and an escalation's belong to what they are about; whatever else a flow says, to its title."""
    yield from ((flow.title, text) for text in (flow.summary, *flow.closing_checks, *flow.follow_up))
    for step in flow.steps:
        yield from ((step.title, step.action), (f"{step.title}。{step.action}", step.deadline))
    names = content.taxonomy.roles | content.taxonomy.departments
    for escalation in flow.escalation:
        yield from ((flow.title, escalation.when), (f"转{names.get(escalation.to, '')}", escalation.within))
    yield from ((flow.title, offer.text) for offer in flow.offers)
