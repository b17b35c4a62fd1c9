"""The texts of the content that state facts, each with what it is about and the clauses that it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ingest.loaded import Loaded, Place
from kb_service.content import Entry, Escalation, Faq, Flow, Policy, Template
from kb_service.text import fold_in_place

Path = tuple[str | int, ...]

_COMMENT = re.compile(r"<!--.*?-->", re.S)
_CITED = re.compile(r"\{\{\s*clause:\s*([^{}]*?)\s*\}\}")
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*")
HANDED_ON = "接手"  # an escalation's deadline is for taking the case over, which it does not say


class Passage(NamedTuple):
    """A text of an entry, `about` what, resting on the clauses `cited`; `clause` is set where it is one itself.

    `listener` is who is spoken to as “您”, where that is one party.
    """

    place: Place
    path: Path
    about: str
    text: str
    cited: frozenset[str]
    clause: str = ""
    listener: str = ""


class Sentence(NamedTuple):
    """A sentence or a row of a table, what precedes it, and what it stands with: itself, or all of its table."""

    text: str
    before: str
    block: str

    @property
    def is_row(self) -> bool:
        """Whether this is a row of a table."""
        return self.text.lstrip().startswith("|")


def passages(loaded: Loaded) -> Iterator[Passage]:
    """All texts in force that readers or customers take for rules."""
    behind = _behind_templates(loaded)
    for place, entry in loaded.placed_entries():
        for found in _of_entry(place, entry, loaded):
            cited = found.cited | behind.get(entry.id, frozenset())
            yield found._replace(cited=cited | frozenset(_CITED.findall(found.text)))
    if "desk" in loaded.places:
        place = loaded.places["desk"]
        yield from _escalations(place, "", ("ladder",), loaded.desk.ladder, frozenset(), loaded)
        for n, plan in enumerate(loaded.desk.follow_ups):
            for m, attempt in enumerate(plan.attempts):
                yield Passage(place, ("follow_ups", n, "attempts", m, "text"), plan.scenario, attempt.text, frozenset())


def _behind_templates(loaded: Loaded) -> dict[str, frozenset[str]]:
    """Template id -> the clauses of the articles and steps that send it; templates name none themselves."""
    found: dict[str, frozenset[str]] = {}
    for faq in loaded.faqs:
        for name in faq.templates:
            found[name] = found.get(name, frozenset()) | frozenset(faq.policy_refs)
    for flow in loaded.flows:
        for step in flow.steps:
            if step.say and step.policy:
                found[step.say] = found.get(step.say, frozenset()) | {step.policy}
    return found


def _of_entry(place: Place, entry: Entry, loaded: Loaded) -> Iterator[Passage]:
    if isinstance(entry, Policy):
        for n, clause in enumerate(entry.clauses):
            if clause.valid_until is None:
                name, about = f"{entry.id}#{clause.id}", f"{entry.title} {clause.title}"
                yield Passage(place, ("clauses", n), about, _plain(clause.text), frozenset([name]), name)
    elif isinstance(entry, Faq):
        refs = frozenset(entry.policy_refs)
        for n, section in enumerate(entry.sections):
            yield Passage(place, ("sections", n), entry.title, _plain(section.text), refs, listener=_party(entry.party))
    elif isinstance(entry, Template):
        for tone, text in entry.tones.items():
            listener = _party(entry.party)
            yield Passage(place, ("tones", tone), entry.title, _plain(text), frozenset(), listener=listener)
    elif isinstance(entry, Flow):
        yield from _of_flow(place, entry, loaded)


def _of_flow(place: Place, flow: Flow, loaded: Loaded) -> Iterator[Passage]:
    refs = frozenset(flow.policy_refs)
    said: list[tuple[Path, str, str]] = [(("summary",), flow.title, flow.summary)]
    said += [(("closing_checks", n), f"结案检查 {flow.title}", text) for n, text in enumerate(flow.closing_checks)]
    said += [(("follow_up", n), f"解决后回访 {flow.title}", text) for n, text in enumerate(flow.follow_up)]
    said += [(("record_effect", n), flow.title, text) for n, text in enumerate(flow.record_effect)]
    for party, proofs in flow.evidence.items():
        for n, proof in enumerate(proofs):
            said.append((("evidence", party, n, "how"), f"{flow.title} {proof.label}", proof.how))
    yield from (Passage(place, path, about, text, refs) for path, about, text in said)
    for n, step in enumerate(flow.steps):
        cited = refs | ({step.policy} if step.policy else frozenset())
        yield Passage(place, ("steps", n, "action"), step.title, step.action, cited)
        yield Passage(place, ("steps", n, "deadline"), f"{step.title} {_plain(step.action)}", step.deadline, cited)
    for n, offer in enumerate(flow.offers):
        cited = refs | ({offer.policy} if offer.policy else frozenset())
        yield Passage(place, ("offers", n, "text"), f"{flow.title} {offer.label}", offer.text, cited)
    yield from _escalations(place, flow.title, ("escalation",), flow.escalation, refs, loaded)


def _escalations(
    place: Place, about: str, path: Path, escalations: tuple[Escalation, ...], refs: frozenset[str], loaded: Loaded
) -> Iterator[Passage]:
    names = loaded.known_taxonomy.roles | loaded.known_taxonomy.departments
    for n, one in enumerate(escalations):
        yield Passage(place, (*path, n, "when"), about, one.when, refs)
        yield Passage(place, (*path, n, "within"), f"转{names.get(one.to, '')}{HANDED_ON}", one.within, refs)


def _party(party: str) -> str:
    return {"buyer": "买家", "seller": "卖家"}.get(party, "")


def _plain(text: str) -> str:
    """Without the comments of writers."""
    return _COMMENT.sub("", text) if "<!--" in text else text


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text and the rows of its tables, in order."""
    before, head, tables, row_before = "", "", 0, False
    for match in _SENTENCE.finditer(text):
        sentence = match[0]
        row = sentence.lstrip().startswith("|")
        if row and not row_before:
            head, tables = sentence, tables + 1
        yield Sentence(sentence, head if row else before, f"table {tables}" if row else sentence)
        before, row_before = sentence, row


def line_of(text: str, sentence: str) -> str:
    """The line of the text in which a sentence begins: by it the place of a problem is found."""
    start = text.find(sentence)
    begin = start + len(sentence) - len(sentence.lstrip())
    return text[text.rfind("\n", 0, begin) + 1 :].splitlines()[0].strip() if start >= 0 else sentence.strip()


def folded(text: str) -> str:
    """As figures and words are recognised in it; every character stays where it is."""
    return fold_in_place(text)
