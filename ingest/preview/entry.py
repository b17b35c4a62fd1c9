"""One entry as a reader sees it: its texts, the clauses it cites, its replies for an example case, what hangs on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ingest.dependents import Dependent
from ingest.differences import Change
from ingest.preview.building import Spot
from ingest.preview.example import Blank, Example
from ingest.preview.marking import Piece, filled_pieces
from ingest.preview.names import Link, named, title_of
from ingest.preview.workshop import Draft
from kb_service.answers import answer
from kb_service.article import article
from kb_service.catalog import Catalog, PointRef, may_see
from kb_service.content import CaseRecord, Clause, Faq, Flow, Policy, Section, Template
from kb_service.contract import Answer, Article, Citation, ReplyTemplate, SuggestRequest
from kb_service.errors import EntryNotFound, Problem
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA
from kb_service.reply import Replying, choose_templates, fill
from kb_service.retrieve import Ranked
from kb_service.scope import case_scope, check_case
from kb_service.suggest import said
from kb_service.work import Asked, work_case

_SLOT = re.compile(r"\{\{slot:([^{}]+)\}\}")
Entry = Faq | Policy | Template | Flow | CaseRecord


class Wording(NamedTuple):
    """One wording of a clause, and whether it is in force, over or still to come."""

    clause: Clause
    state: str


class Cited(NamedTuple):
    """A clause that an article refers to: the wording cited for the case, if there is one, and the others."""

    reference: str
    title: str
    citation: Citation | None
    others: tuple[Wording, ...]


class Reply(NamedTuple):
    """A template filled for the case; `chosen` tells whether the service would offer it there."""

    template: Template
    reply: ReplyTemplate
    pieces: list[Piece]
    chosen: bool


class Hanging(NamedTuple):
    """Something that hangs on the entry; `via` is what it hangs by, if not directly."""

    link: Link
    via: tuple[Link, ...]


class ClauseView(NamedTuple):
    """A clause with all its wordings, the one in force first if there is one, and what hangs on it."""

    id: str
    title: str
    wordings: tuple[Wording, ...]
    hanging: tuple[Hanging, ...]
    spot: Spot
    change: Change | None


@dataclass(frozen=True)
class EntryPage:
    """All that the page of an entry shows. Without `article` this reader may not see it then; `refusal` says so."""

    record: Entry
    spot: Spot
    article: Article | None
    refusal: str
    answer: Answer | None
    sections: tuple[Section, ...]
    hidden: tuple[Section, ...]
    cited: tuple[Cited, ...]
    chapters: tuple[tuple[str, tuple[ClauseView, ...]], ...]
    blanks: tuple[Blank, ...]
    replies: tuple[Reply, ...]
    related: tuple[Link, ...]
    phrasings: tuple[str, ...]
    hanging: tuple[Hanging, ...]
    change: Change | None
    problems: tuple[Problem, ...]


def entry_page(draft: Draft, problems: Sequence[Problem], entry: str, example: Example) -> EntryPage:
    """The page of `entry`. Raises EntryNotFound, or another RequestError for a case that cannot be."""
    catalog, built = draft.knowledge.catalog, draft.built
    record = find(catalog, entry)
    if record is None:
        raise EntryNotFound(f"没有“{entry}”；可能是新写的、还没有通过格式检查，或者编号写错了", "id")
    templates = _templates(catalog, record)
    names = [name for template in templates for text in template.tones.values() for name in _SLOT.findall(text)]
    blanks = example.blanks(names, catalog.content.taxonomy)
    request = example.request(record.title, blanks)
    at = example.at()
    try:
        shown, refusal = article(draft.knowledge, entry, example.audience, at), ""
    except EntryNotFound as error:
        shown, refusal = None, str(error)
    offered, reply = _asked(draft.knowledge, record, request)
    sections = record.sections if isinstance(record, Faq | CaseRecord) else ()
    spot = built.places[record.id]
    return EntryPage(
        record=record,
        spot=spot,
        article=shown,
        refusal=refusal,
        answer=offered if shown else None,
        sections=tuple(section for section in sections if may_see(example.audience, section.audience)),
        hidden=tuple(section for section in sections if not may_see(example.audience, section.audience)),
        cited=tuple(_cited(catalog, offered, record, at)),
        chapters=tuple(_chapters(draft, record, at)) if isinstance(record, Policy) else (),
        blanks=tuple(blanks),
        replies=tuple(_replies(catalog, record, templates, reply)),
        related=tuple(named(f"faq:{name}", catalog, built) for name in record.related)
        if isinstance(record, Faq)
        else (),
        phrasings=built.phrasings.get(record.id, ()),
        hanging=tuple(hanging(draft, [f"{record.kind}:{record.id}"])),
        change=change_of(draft, record.id),
        problems=tuple(problem for problem in problems if problem.file == spot.file),
    )


def find(catalog: Catalog, entry: str) -> Entry | None:
    """The entry of that id."""
    return (
        catalog.faqs.get(entry)
        or catalog.templates.get(entry)
        or catalog.flows.get(entry)
        or catalog.policies.get(entry)
        or catalog.cases.get(entry)
    )


def change_of(draft: Draft, entry: str) -> Change | None:
    """What differs from the published entry; None if nothing does or nothing is published."""
    if draft.difference is None:
        return None
    return next((change for change in draft.difference.entries if change.id == entry), None)


def hanging(draft: Draft, names: Iterable[str]) -> Iterator[Hanging]:
    """What hangs on `names` (`kind:id`), nearest first."""
    found: list[Dependent] = draft.built.dependents.of(names)
    catalog, built = draft.knowledge.catalog, draft.built
    for one in found:
        via = tuple(named(name, catalog, built) for name in one.path[1:])
        yield Hanging(named(one.name, catalog, built), via)


def _templates(catalog: Catalog, record: Entry) -> list[Template]:
    """The templates that the entry sends: itself, those it links, those its steps say."""
    if isinstance(record, Template):
        return [record]
    names: list[str] = []
    if isinstance(record, Faq | Flow):
        names += record.templates
    if isinstance(record, Flow):
        names += [step.say for step in record.steps if step.say]
    return [catalog.templates[name] for name in dict.fromkeys(names)]


def _asked(knowledge: Knowledge, record: Entry, request: SuggestRequest) -> tuple[Answer | None, Replying]:
    """The answer as `suggest` would show it, and whom a reply is for, as if the title had been asked."""
    check_case(knowledge.catalog, request.case)
    scope = case_scope(request, request.case)
    hits = []
    if isinstance(record, Faq):
        hits = [Ranked(record.id, PointRef(record.id, "question", 0), None, None, 0, 0, 0, 0, 0, 1.0)]
    heard = knowledge.understander.hear(said(request), scope.now)
    worked = work_case(
        knowledge, heard, Asked(request.case, record.title, request.audience, scope.now.astimezone(CHINA)), hits
    )
    stage = worked.guided.guidance.stage if worked.guided.guidance else None
    offered = answer(knowledge, hits[0], scope, (), "preview", request) if hits else None
    return offered, Replying(worked.understanding, scope, request, "preview", stage)


def _replies(catalog: Catalog, record: Entry, templates: Sequence[Template], reply: Replying) -> Iterator[Reply]:
    """A template's own page shows every tone; elsewhere the one that the case calls for."""
    chosen = {template.id for template in choose_templates(catalog, [one.id for one in templates], reply)}
    for template in templates:
        tones = list(template.tones) if isinstance(record, Template) and not reply.request.tone else [None]
        for tone in tones:
            wanted = reply
            if tone:
                wanted = reply._replace(request=reply.request.model_copy(update={"tone": tone}))
            filled = fill(template, wanted, catalog)
            yield Reply(template, filled, filled_pieces(filled), template.id in chosen)


def _cited(catalog: Catalog, offered: Answer | None, record: Entry, at: datetime) -> Iterator[Cited]:
    if isinstance(record, Faq | Flow | CaseRecord):
        used = {citation.clause: citation for citation in offered.citations} if offered else {}
        for reference in record.policy_refs:
            wordings = [clause for _, clause in catalog.clauses[reference]]
            citation = used.get(reference)
            others = [clause for clause in wordings if not (citation and _same(clause, citation))]
            yield Cited(reference, title_of(reference, catalog), citation, tuple(_wordings(others, at)))


def _same(clause: Clause, citation: Citation) -> bool:
    return (clause.text, clause.valid_from, clause.valid_until) == (
        citation.text,
        citation.valid_from,
        citation.valid_until,
    )


def _wordings(clauses: Iterable[Clause], at: datetime) -> list[Wording]:
    """Those in force first, then those to come, then those that are over, the latest first."""
    order = {"现行": 0, "将生效": 1, "已失效": 2}
    found = [Wording(clause, _state(clause, at)) for clause in clauses]
    latest = sorted(found, key=lambda one: str(one.clause.valid_from or ""), reverse=True)
    return sorted(latest, key=lambda one: order[one.state])


def _state(clause: Clause, at: datetime) -> str:
    if clause.in_force(at):
        return "现行"
    return "将生效" if clause.valid_from and clause.valid_from > at else "已失效"


def _chapters(draft: Draft, policy: Policy, at: datetime) -> Iterator[tuple[str, tuple[ClauseView, ...]]]:
    chapters: dict[str, dict[str, list[Clause]]] = {}
    for clause in policy.clauses:
        chapters.setdefault(clause.chapter, {}).setdefault(clause.id, []).append(clause)
    changes = draft.difference.clauses if draft.difference else ()
    for chapter, clauses in chapters.items():
        views = []
        for name, wordings in clauses.items():
            key = f"{policy.id}#{name}"
            views.append(
                ClauseView(
                    id=name,
                    title=f"{wordings[0].number} {wordings[0].title}",
                    wordings=tuple(_wordings(wordings, at)),
                    hanging=tuple(hanging(draft, [f"clause:{key}"])),
                    spot=draft.built.places[key],
                    change=next((change for change in changes if change.id.partition("@")[0] == key), None),
                )
            )
        yield chapter, tuple(views)
