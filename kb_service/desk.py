"""The calls beside suggest: review of a draft, ticket note, queue. Each is one function over a loaded version."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence, Set
from datetime import datetime

from kb_service.answers import LOW
from kb_service.case import Incident, Message
from kb_service.casework import (
    NoteRequest,
    NoteResponse,
    QueueCase,
    QueueRequest,
    QueueResponse,
    ReviewRequest,
    ReviewResponse,
)
from kb_service.contract import SuggestRequest
from kb_service.errors import InvalidRequest, RequestError
from kb_service.guide.note import Edition, write_note
from kb_service.knowledge import Knowledge
from kb_service.pictures.reader import with_texts
from kb_service.records import CHINA
from kb_service.scope import check_case, check_times
from kb_service.suggest import effective_query, rank_case, said
from kb_service.understand.reader import feeling, mood
from kb_service.urgency.bursts import Bursts
from kb_service.urgency.queueing import OpenCase, order
from kb_service.work import Asked, Worked, incident, priority_of, work_case


def review_draft(knowledge: Knowledge, request: ReviewRequest) -> ReviewResponse:
    """Findings and commitments of a draft. Raises RequestError."""
    started = time.perf_counter()
    now = request.as_of or datetime.now(CHINA)
    check_case(knowledge.catalog, request.case)
    check_times(request.case, now)
    heard = knowledge.understander.hear(request.messages, now)
    found = knowledge.reviewer.review(request, mood(feeling(heard, request.case)))
    total = round((time.perf_counter() - started) * 1000, 3)
    return found.model_copy(update={"timings": found.timings | {"total": total}})


def case_note(knowledge: Knowledge, request: NoteRequest) -> NoteResponse:
    """The ticket note of a case. Raises RequestError or VectorIndexError."""
    asked = SuggestRequest(
        messages=request.messages, case=request.case, audience=request.audience, as_of=request.as_of, limit=5
    )
    worked, messages, now = _worked(knowledge, asked)
    edition = Edition(knowledge.version, knowledge.catalog.content.taxonomy, knowledge.understander.masked)
    return write_note(
        edition, request.case, messages, worked.understanding, worked.guided, now, worked.clocks, request.result
    )


def order_queue(knowledge: Knowledge, request: QueueRequest, bursts: Bursts | None = None) -> QueueResponse:
    """The open cases in the order in which to take them, and the bursts among them. Raises RequestError."""
    doubled = [name for name, count in Counter(case.id for case in request.cases).items() if count > 1]
    if doubled:
        raise InvalidRequest(f"工单编号“{doubled[0]}”出现了多次；每个工单只列一次", "cases")
    now = request.as_of or datetime.now(CHINA)
    worked = [(one, _queued(knowledge, one, number, request)) for number, one in enumerate(request.cases)]
    incidents = _incidents(knowledge, worked, bursts)
    together = {found.issue_type for found in incidents}
    cases = [_open_case(knowledge, one, found, together) for one, found in worked]
    return QueueResponse(
        kb_version=knowledge.version,
        backlog=len(cases),
        places=order(cases, request.staff, request.handling_minutes, now),
        incidents=incidents,
    )


def _worked(
    knowledge: Knowledge, request: SuggestRequest, answered: bool = False
) -> tuple[Worked, Sequence[Message], datetime]:
    """A case understood and guided, without its answers written out."""
    now = request.as_of or datetime.now(CHINA)
    check_case(knowledge.catalog, request.case)
    check_times(request.case, now)
    request, pictures = with_texts(request)
    heard = knowledge.understander.hear(request.messages, now)
    hits = [hit for hit in rank_case(knowledge, request).entries if hit.confidence >= LOW]
    asked = Asked(
        request.case, effective_query(request), request.audience, now, pictures=tuple(pictures), answered=answered
    )
    return work_case(knowledge, heard, asked, hits), request.messages, now


def _queued(knowledge: Knowledge, one: QueueCase, number: int, request: QueueRequest) -> Worked:
    messages = one.messages or said(SuggestRequest(query=one.query))
    case = one.case.model_copy(update={"id": one.id})
    try:
        asked = SuggestRequest(messages=messages, case=case, as_of=request.as_of, limit=3)
        return _worked(knowledge, asked, one.answered)[0]
    except RequestError as error:
        raise type(error)(str(error), f"cases.{number}.{error.field}") from error


def _open_case(knowledge: Knowledge, one: QueueCase, worked: Worked, together: Set[str]) -> OpenCase:
    """A case as the queue sees it. `together` are the issue types that come in a burst."""
    types, urgency = worked.understanding.issue_types, worked.urgency
    if not together.isdisjoint(urgency.issue_types):
        urgency = urgency._replace(incident=True)
    priority = priority_of(knowledge, one.case, urgency)
    return OpenCase(
        id=one.id,
        level=priority.level,
        score=priority.score,
        clocks=worked.clocks,
        answered=one.answered or any(message.role == "agent" for message in one.messages),
        opened_at=one.case.opened_at,
        issue_type=types[0].id if types else None,
        reasons=tuple(priority.reasons),
    )


def _incidents(
    knowledge: Knowledge, worked: Sequence[tuple[QueueCase, Worked]], bursts: Bursts | None
) -> list[Incident]:
    """All cases are counted, those already seen in suggest calls once."""
    if bursts is None:
        return []
    arrived = datetime.now(CHINA)
    for one, found in worked:
        if found.urgency.issue_types:  # those one is confident of
            text = one.query or next((turn.text for turn in reversed(one.messages) if turn.role == "customer"), "")
            bursts.note(one.id, found.urgency.issue_types[0], arrived, text)
    return [incident(knowledge, burst, bursts) for burst in bursts.incidents(arrived, knowledge.understander.masked)]
