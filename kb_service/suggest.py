"""The suggest call, top-down: scope -> what was said -> ranking -> answers -> the case worked -> templates, related."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from kb_service.answers import LOW, MEDIUM, answer, precedent
from kb_service.case import Message, Understanding
from kb_service.catalog import may_see
from kb_service.content import Faq
from kb_service.contract import Precedent, Related, ReplyTemplate, Status, SuggestRequest, SuggestResponse
from kb_service.errors import VectorIndexError
from kb_service.events.recorder import Recorder, Suggested
from kb_service.events.records import OfferedAs
from kb_service.index import Scope
from kb_service.knowledge import Knowledge
from kb_service.pictures.reader import with_texts
from kb_service.records import CHINA
from kb_service.reply import Replying, choose_templates, fill
from kb_service.retrieve import Ranked, Ranking, nearest_cases, retrieve
from kb_service.scope import case_scope, check_case, check_filters
from kb_service.search import rounded
from kb_service.text import has_words
from kb_service.understand.reader import Heard
from kb_service.urgency.bursts import Bursts
from kb_service.work import Asked, Worked, work_case

RELATED, TEMPLATES, PRECEDENTS = 5, 3, 2  # how many of each are returned
INDEX_AWAY = "检索暂时不可用，所以没有排序的答案；其余建议照常给出"
CONTEXT = 400  # characters of a conversation that are searched for, whole turns from its end
# Reads conversations while the encoder, which needs no GIL, works on the query: half a millisecond of a call.
_beside = ThreadPoolExecutor(max_workers=4, thread_name_prefix="hear")
LONG_NUMBER = re.compile(r"[A-Za-z]{0,4}\d[\d -]{6,}\d", re.ASCII)  # of an order, a parcel, a phone


def suggest(
    knowledge: Knowledge,
    request: SuggestRequest,
    degraded: Sequence[str] = (),
    bursts: Bursts | None = None,
    events: Recorder | None = None,
    without_index: bool = False,
) -> SuggestResponse:
    """What to answer, to send, to ask and to do in a case. Raises RequestError or VectorIndexError.

    `bursts` counts the cases that come in; without it there are no incidents. `events` keeps what was suggested.
    `without_index`: while the index is away, say so and give all the rest, instead of raising VectorIndexError.
    """
    started = time.perf_counter()
    check_case(knowledge.catalog, request.case)
    check_filters(knowledge.catalog, request.filters)
    scope = case_scope(request, request.case)
    request, pictures = with_texts(request)
    query = searchable(turns := searched_turns(request))
    hearing = _beside.submit(_hear, knowledge, request, scope)
    ranking, precedents, missed = Ranking([], {}), [], list[str]()
    with _spared(missed, without_index):
        ranking = _ranked(knowledge, query, scope, request.limit + RELATED)
    heard, hearing_took = hearing.result()
    offered = [hit for hit in ranking.entries if hit.confidence >= LOW]
    shown, suggestion = offered[: request.limit], uuid.uuid4().hex
    words = knowledge.segmenter.words(query) if shown else []
    answers = [answer(knowledge, hit, scope, words, suggestion, request) for hit in shown]
    now = scope.now.astimezone(CHINA)
    asked = Asked(request.case, query, request.audience, now, tuple(request.exclude_ids), tuple(pictures))
    worked, working_took = _work(knowledge, heard, asked, shown, bursts)
    status, reason = _status(query, ranking, offered, knowledge) if not missed else ("no_answer", INDEX_AWAY)
    stage = worked.guided.guidance.stage if worked.guided.guidance else None
    reply = Replying(worked.understanding, scope, request, suggestion, stage)
    templates = list(_templates(knowledge, shown, reply)) if "templates" in request.include else []
    with _spared(missed, without_index):
        precedents = list(_precedents(knowledge, ranking, worked, scope, words, suggestion, request))
    seconds = {"understand": hearing_took, "guide": working_took, "total": time.perf_counter() - started}
    timings = ranking.timings | {step: taken * 1000 for step, taken in seconds.items()}
    acting = "actions" in request.include
    response = SuggestResponse(
        suggestion_id=suggestion,
        kb_version=knowledge.version,
        status=status,
        reason=reason,
        degraded=[*degraded, *missed],
        timings=rounded(timings),
        understanding=worked.understanding if "understanding" in request.include else None,
        answers=answers if "answers" in request.include else [],
        templates=templates,
        related=list(_related(knowledge, shown, offered, scope, request, suggestion)),
        precedents=precedents,
        actions=worked.guided.actions if acting else [],
        guidance=worked.guided.guidance if acting else None,
        sla=worked.clocks if acting and request.audience != "public" else None,
        incidents=worked.incidents if acting else [],
    )
    if events is not None:
        events.note(_suggested(response, turns, offered or ranking.entries, worked.understanding, request, stage))
    return response


def _suggested(
    response: SuggestResponse,
    turns: Sequence[str],
    ranked: Sequence[Ranked],
    understanding: Understanding,
    request: SuggestRequest,
    stage: str | None,
) -> Suggested:
    """What there is to keep of a call. `ranked` are the hits on offer; where there are none, those held back."""
    offered: list[tuple[str, OfferedAs, float | None]] = [
        (one.id, one.kind, one.confidence) for one in response.answers
    ]
    offered += [(one.id, "template", None) for one in response.templates]
    offered += [(one.id, "related", None) for one in response.related]
    offered += [(one.id, "case", one.confidence) for one in response.precedents]
    return Suggested(
        id=response.suggestion_id,
        at=datetime.now(UTC),
        kb_version=response.kb_version,
        status=response.status,
        turns=tuple(turns),
        confidence=round(ranked[0].confidence, 4) if ranked else None,
        issue_type=understanding.issue_types[0].id if understanding.issue_types else None,
        offered=tuple(offered),
        stage=request.case.stage or stage,
        channel=request.case.channel,
        party=understanding.party,
        audience=request.audience,
    )


def _hear(knowledge: Knowledge, request: SuggestRequest, scope: Scope) -> tuple[Heard, float]:
    """The conversation read, and the seconds that it took."""
    started = time.perf_counter()
    return knowledge.understander.hear(said(request), scope.now), time.perf_counter() - started


def _work(
    knowledge: Knowledge, heard: Heard, asked: Asked, hits: Sequence[Ranked], bursts: Bursts | None
) -> tuple[Worked, float]:
    """The case worked, and the seconds that it took."""
    started = time.perf_counter()
    return work_case(knowledge, heard, asked, hits, bursts), time.perf_counter() - started


def said(request: SuggestRequest) -> list[Message]:
    """The conversation; a bare query is one turn of the customer, and may be longer than a message."""
    if request.query is None:
        return list(request.messages)
    return [Message(role="customer").model_copy(update={"text": request.query})]


def _ranked(knowledge: Knowledge, query: str, scope: Scope, limit: int) -> Ranking:
    if not has_words(query):
        return Ranking([], {})
    return retrieve(knowledge.searchable, query, scope, limit)


@contextmanager
def _spared(missed: list[str], spare: bool) -> Iterator[None]:
    """What needs the index: if it is away, note that in `missed` and go on, where that is wanted."""
    try:
        yield
    except VectorIndexError as error:
        if not spare:
            raise
        missed.append(f"index_unavailable: {error}")


def rank_case(knowledge: Knowledge, request: SuggestRequest) -> Ranking:
    """The ranking that `suggest` answers from, before anything is held back for want of confidence."""
    return _ranked(knowledge, effective_query(request), case_scope(request, request.case), request.limit)


def effective_query(request: SuggestRequest) -> str:
    """What is searched for: the query, or the end of the conversation."""
    return searchable(searched_turns(request))


def searched_turns(request: SuggestRequest) -> list[str]:
    """The query, or the last turns of the conversation, as written.

    A customer's last turn often makes sense only after what both sides said before ("that long?"), and the agent says
    it in the articles' words: hit@1 on the dev conversations is 0.23 with the last turn alone, 0.77 with all of the
    customer's and 0.88 with both sides'.
    """
    if request.query is not None:
        return [request.query]
    if not any(turn.role == "customer" for turn in request.messages):
        return []
    said: list[str] = []
    length = 0
    for turn in reversed([turn.text for turn in request.messages if turn.role != "system"]):
        length += len(searchable([turn]))
        if said and length > CONTEXT:
            break
        said.append(turn)
    return said[::-1]


def searchable(turns: Sequence[str]) -> str:
    """The turns in one line, without long numbers: they say nothing of the issue."""
    return " ".join(filter(None, (LONG_NUMBER.sub(" ", turn).strip() for turn in turns)))


def _status(query: str, ranking: Ranking, offered: Sequence[Ranked], knowledge: Knowledge) -> tuple[Status, str | None]:
    if offered:
        return (
            ("answered", None)
            if offered[0].confidence >= MEDIUM
            else ("low_confidence", "把握不大；请核对后再用，或请客户补充情况")
        )
    if not has_words(query):
        return "no_answer", "没有可以检索的文字"
    if not knowledge.catalog.content.faqs and not knowledge.catalog.content.policies:
        return "no_answer", "知识库是空的"
    if not ranking.entries:
        return "no_answer", "在给定的条件（可见范围、有效时间、类目等）下没有内容"
    if ranking.outside:
        label = knowledge.catalog.content.elsewhere[ranking.outside].label
        return "no_answer", f"更像是“{label}”方面的问题，知识库里没有内容"
    return "no_answer", "知识库里没有足够接近的内容"


def _templates(knowledge: Knowledge, hits: Sequence[Ranked], reply: Replying) -> Iterator[ReplyTemplate]:
    catalog = knowledge.catalog
    faqs = [catalog.faqs[hit.entry] for hit in hits if hit.entry in catalog.faqs]
    linked = list(dict.fromkeys(name for faq in faqs for name in faq.templates))
    for template in choose_templates(catalog, linked, reply)[:TEMPLATES]:
        yield fill(template, reply, catalog)


def _related(
    knowledge: Knowledge,
    shown: Sequence[Ranked],
    offered: Sequence[Ranked],
    scope: Scope,
    request: SuggestRequest,
    suggestion: str,
) -> Iterator[Related]:
    """Questions linked from the best answers first, then entries that ranked just below the answers."""
    if "related" not in request.include:
        return
    faqs = knowledge.catalog.faqs
    authored = [name for hit in shown if hit.entry in faqs for name in faqs[hit.entry].related]
    similar = [hit.entry for hit in offered[len(shown) :] if hit.entry in faqs]
    taken = {hit.entry for hit in shown} | set(request.exclude_ids)
    count = 0
    for name in dict.fromkeys(authored + similar):
        if count < RELATED and name not in taken and _reachable(faqs[name], scope):
            count += 1
            yield Related(
                id=name,
                record_id=f"{suggestion}.{name}",
                question=faqs[name].title,
                origin="authored" if name in authored else "similar",
            )


def _precedents(
    knowledge: Knowledge,
    ranking: Ranking,
    worked: Worked,
    scope: Scope,
    words: Sequence[str],
    suggestion: str,
    request: SuggestRequest,
) -> Iterator[Precedent]:
    """Closed cases that are probably alike, of the issue types that this case may be about. Never for customers."""
    source, known = knowledge.searchable_cases, knowledge.catalog.case_types
    types = tuple(issue.id for issue in worked.understanding.issue_types if issue.id in known)
    wanted = "precedents" in request.include and request.audience != "public"
    if source is None or ranking.vector is None or not types or not wanted:
        return
    near = replace(scope, issue_types=types, kinds=(), clause_time=scope.now)  # a case is in force as articles are
    for hit in nearest_cases(source, ranking.vector, near, PRECEDENTS):
        if hit.confidence >= MEDIUM:
            found = answer(knowledge, hit, scope, words, suggestion, request)
            yield precedent(found, knowledge.catalog.cases[hit.entry].outcome)


def _reachable(faq: Faq, scope: Scope) -> bool:
    party_fits = scope.party in (None, "both") or faq.party in (scope.party, "both")
    return faq.in_force(scope.now) and may_see(scope.audience, faq.audience) and party_fits
