"""A case worked: what it is about, how urgent it is, what to do next. Between the ranking and the reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from kb_service.answers import MEDIUM, issue_types_of
from kb_service.case import (
    Case,
    Clocks,
    Incident,
    PictureText,
    Priority,
    Reason,
    Understanding,
)
from kb_service.catalog import may_see
from kb_service.guide.procedure import NO_GUIDANCE, Guided
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA, Audience
from kb_service.retrieve import Ranked
from kb_service.understand.reader import Heard, feeling, mood
from kb_service.urgency.bursts import Burst, Bursts
from kb_service.urgency.priority import Urgency, clocks, lateness, prioritise


class Asked(NamedTuple):
    """What a case is worked from, beside its messages and the answers. `now` is aware.

    `answered`: an agent has answered, although the messages may not show it.
    """

    case: Case
    query: str
    audience: Audience
    now: datetime
    exclude: tuple[str, ...] = ()
    pictures: tuple[PictureText, ...] = ()
    answered: bool = False


class Worked(NamedTuple):
    """All that is said of a case beside answers and templates. Nothing of the procedure for whom it is not."""

    understanding: Understanding
    urgency: Urgency
    priority: Priority
    clocks: Clocks
    guided: Guided
    incidents: list[Incident]


def work_case(
    knowledge: Knowledge, heard: Heard, asked: Asked, hits: Sequence[Ranked], bursts: Bursts | None = None
) -> Worked:
    """Understanding, clocks and guidance of a case. `hits` are the answers on offer, best first."""
    case, reader, guide = asked.case, knowledge.understander, knowledge.guide
    catalog = knowledge.catalog
    phrasings = {hit.entry: catalog.point_text(hit.point) for hit in hits}
    found = [(issue, phrasings[entry]) for issue, entry in issue_types_of(catalog, hits)]
    issue_types = reader.issue_types(heard, case, found)
    confident = [issue.id for issue in issue_types if issue.confidence >= MEDIUM]
    inside = asked.audience != "public"  # customers get neither the desk's procedure nor news of other cases
    incidents = _incidents(knowledge, heard, asked, confident, bursts) if inside else []
    answers = [(hit.entry, hit.confidence) for hit in hits]
    flow = None
    if _known(case, hits):
        flow = guide.flow(case, issue_types, asked.query, answers, heard.signals, asked.now)
    flow = flow if flow and may_see(asked.audience, flow.audience) else None
    answered = heard.answered or asked.answered
    timing = clocks(catalog.content.desk, catalog.content.facts, flow, case.opened_at, asked.now, answered)
    urgency = _urgency(heard, case, confident, lateness(timing, asked.now), bool(incidents))
    priority = priority_of(knowledge, case, urgency)
    told = priority if inside else None
    understanding = reader.understand(heard, case, asked.query, issue_types, told, asked.pictures)
    if not inside:
        return Worked(understanding, urgency, priority, timing, NO_GUIDANCE, [])
    guided = guide.guide(flow, case, heard.messages, understanding, heard.signals, asked.now, incidents, asked.exclude)
    understanding = understanding.model_copy(update={"missing_slots": reader.missing(guided.missing)})
    return Worked(understanding, urgency, priority, timing, guided, incidents)


def _known(case: Case, hits: Sequence[Ranked]) -> bool:
    """Whether anything tells what the case is about: without an answer only what the agent's tool says of it."""
    return bool(hits or case.issue_type or case.steps_done or case.evidence or case.offers)


def _urgency(
    heard: Heard, case: Case, issue_types: Sequence[str], late: Mapping[str, timedelta], incident: bool
) -> Urgency:
    return Urgency(
        issue_types=issue_types,
        emotion=mood(feeling(heard, case)),
        signals=heard.signals,
        amounts=heard.amounts(),
        contacts=len(case.history) + 1,
        late=late,
        incident=incident,
    )


def priority_of(knowledge: Knowledge, case: Case, urgency: Urgency) -> Priority:
    """The priority by the desk's rules; a level that the agent set wins, and the reasons say so."""
    content = knowledge.catalog.content
    found = prioritise(content.desk, content.facts, urgency)
    if case.priority is None:
        return found
    reason = Reason(rule="set-by-agent", text=f"坐席设为 {case.priority}，规则算得 {found.level}")
    return Priority(level=case.priority, score=found.score, reasons=[reason, *found.reasons])


def _incidents(
    knowledge: Knowledge, heard: Heard, asked: Asked, issue_types: Sequence[str], bursts: Bursts | None
) -> list[Incident]:
    """The bursts that this case belongs to, after it has been counted itself. Time of arrival, not of `as_of`."""
    if bursts is None or asked.case.id is None or not issue_types:
        return []
    arrived = datetime.now(CHINA)
    bursts.note(asked.case.id, issue_types[0], arrived, heard.last_words)
    found = bursts.incidents(arrived, knowledge.understander.masked)
    return [incident(knowledge, burst, bursts) for burst in found if burst.issue_type in issue_types]


def incident(knowledge: Knowledge, burst: Burst, bursts: Bursts) -> Incident:
    """A burst as the contract has it, with the flow that handles it and the notice for the agents."""
    content = knowledge.catalog.content
    label = content.taxonomy.issue_types.get(burst.issue_type, burst.issue_type)
    minutes = round(bursts.rule.window.total_seconds() / 60)
    return Incident(
        issue_type=burst.issue_type,
        label=label,
        cases=burst.cases,
        window_minutes=minutes,
        first_seen=burst.first_seen,
        last_seen=burst.last_seen,
        usual=burst.usual,
        samples=list(burst.samples),
        flow=content.desk.burst_flow,
        notice=f"{minutes} 分钟内有 {burst.cases} 位客户反馈“{label}”（平时约 {burst.usual:g} 位），"
        "疑似突发事件，请先上报再答复",
    )
