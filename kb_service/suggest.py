"""The suggest and search calls, top-down: scope -> effective query -> ranking -> answers, templates, related."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kb_service.article import citation, clause_title
from kb_service.catalog import Catalog, ShownText, may_see
from kb_service.content import CHINA, Audience, Faq, above, ancestors
from kb_service.contract import (
    Answer,
    Band,
    Citation,
    Filters,
    IssueType,
    Question,
    Related,
    ReplyTemplate,
    ScoreParts,
    SearchRequest,
    SearchResponse,
    Span,
    Status,
    SuggestRequest,
    SuggestResponse,
    Understanding,
)
from kb_service.errors import InvalidRequest, UnknownValue, suggest_name
from kb_service.index import Scope
from kb_service.knowledge import Knowledge
from kb_service.reply import choose_templates, fill
from kb_service.retrieve import Ranked, Ranking, retrieve
from kb_service.text import has_words, highlight_spans

HIGH, MEDIUM, LOW = 0.8, 0.5, 0.2  # confidence: band limits; below LOW nothing is offered as an answer
RELATED, TEMPLATES = 5, 3  # how many of each are returned
CONTEXT = 400  # characters of a conversation that are searched for, whole turns from its end


def suggest(knowledge: Knowledge, request: SuggestRequest, degraded: Sequence[str] = ()) -> SuggestResponse:
    """Answers, templates and related questions for a case. Raises RequestError or VectorIndexError."""
    started = time.perf_counter()
    _check_names(knowledge.catalog, request)
    scope, query = _case_scope(request), effective_query(request)
    suggestion = uuid.uuid4().hex
    ranking = (
        retrieve(knowledge.searchable, query, scope, request.limit + RELATED) if has_words(query) else Ranking([], {})
    )
    offered = [hit for hit in ranking.entries if hit.confidence >= LOW]
    status, reason = _status(query, ranking, offered, knowledge)
    shown = offered[: request.limit]
    issue_types = _issue_types(knowledge.catalog, shown)
    words = knowledge.segmenter.words(query) if shown else []
    answers = [_answer(knowledge, hit, scope, words, suggestion, request) for hit in shown]
    timings = ranking.timings | {"total": (time.perf_counter() - started) * 1000}
    return SuggestResponse(
        suggestion_id=suggestion,
        kb_version=knowledge.version,
        status=status,
        reason=reason,
        degraded=list(degraded),
        timings=_rounded(timings),
        understanding=Understanding(effective_query=query, issue_types=issue_types)
        if "understanding" in request.include
        else None,
        answers=answers if "answers" in request.include else [],
        templates=list(_templates(knowledge, shown, issue_types, scope, request, suggestion)),
        related=list(_related(knowledge, shown, offered, scope, request, suggestion)),
    )


def search(knowledge: Knowledge, request: SearchRequest, degraded: Sequence[str] = ()) -> SearchResponse:
    """Ranked hits for keywords, or the entries of a category. Raises RequestError or VectorIndexError."""
    started = time.perf_counter()
    _check_filters(knowledge.catalog, request.filters)
    scope = _scope(request)
    showing = uuid.uuid4().hex
    if has_words(request.query):
        ranking = retrieve(knowledge.searchable, request.query, scope, request.limit)
    elif request.query.strip():
        ranking = Ranking([], {})  # punctuation only: nothing to look for
    else:
        ranking = Ranking(_listing(knowledge, scope, request.limit), {})
    words = knowledge.segmenter.words(request.query)
    hits = [_answer(knowledge, hit, scope, words, showing, request) for hit in ranking.entries]
    timings = ranking.timings | {"total": (time.perf_counter() - started) * 1000}
    return SearchResponse(kb_version=knowledge.version, degraded=list(degraded), timings=_rounded(timings), hits=hits)


def rank_case(knowledge: Knowledge, request: SuggestRequest) -> Ranking:
    """The ranking that `suggest` answers from, before anything is held back for want of confidence."""
    query = effective_query(request)
    if not has_words(query):
        return Ranking([], {})
    return retrieve(knowledge.searchable, query, _case_scope(request), request.limit)


def effective_query(request: SuggestRequest) -> str:
    """What is searched for: the query, or the end of the conversation.

    A customer's last turn often makes sense only after what both sides said before ("that long?"), and the agent says
    it in the articles' words: hit@1 on the dev conversations is 0.23 with the last turn alone, 0.77 with all of the
    customer's and 0.88 with both sides'.
    """
    if request.query is not None:
        return request.query.strip()
    if not any(turn.role == "customer" for turn in request.messages):
        return ""
    turns = [turn.text.strip() for turn in request.messages if turn.role != "system"]
    said: list[str] = []
    for turn in reversed(turns):
        if said and sum(map(len, said)) + len(turn) > CONTEXT:
            break
        said.append(turn)
    return " ".join(turn for turn in reversed(said) if turn)


def _case_scope(request: SuggestRequest) -> Scope:
    case = request.case
    return _scope(request, order_time=case.order_time, party=case.party, category=case.product_category)


def _scope(
    request: Question, order_time: datetime | None = None, party: str | None = None, category: str | None = None
) -> Scope:
    now = request.as_of or datetime.now(UTC)
    if order_time and order_time > now:
        asked = now.astimezone(CHINA).isoformat(timespec="seconds")
        message = f"下单时间 {order_time.isoformat()} 晚于查询时间 {asked}；请核对 order_time 或 as_of"
        raise InvalidRequest(message, "case.order_time")
    filters = request.filters
    # What is for a category, for all above it and for all below it, but not for its neighbours.
    wanted = [*filters.product_categories, *([category] if category else [])]
    categories = [name for item in wanted for name in (*ancestors(item), above(item), "any")]
    return Scope(
        audience=request.audience,
        now=now,
        clause_time=order_time or now,
        party=filters.party or party,
        product_categories=tuple(dict.fromkeys(categories)),
        issue_types=tuple(filters.issue_types),
        kinds=tuple(filters.kinds),
        exclude=tuple(request.exclude_ids),
    )


def _check_names(catalog: Catalog, request: SuggestRequest) -> None:
    """Refuse names that the published taxonomy does not have, rather than answer another question."""
    taxonomy, case = catalog.content.taxonomy, request.case
    _check_filters(catalog, request.filters)
    for field, value, known in (
        ("case.stage", case.stage, taxonomy.stages),
        ("case.channel", case.channel, taxonomy.channels),
        ("case.product_category", case.product_category, taxonomy.product_categories),
    ):
        _check_name(field, value, list(known))
    for name in case.slots:
        _check_name(f"case.slots.{name}", name, list(taxonomy.slots))


def _check_filters(catalog: Catalog, filters: Filters) -> None:
    taxonomy = catalog.content.taxonomy
    for name in filters.issue_types:
        _check_name("filters.issue_types", name, list(taxonomy.issue_types))
    for name in filters.product_categories:
        _check_name("filters.product_categories", name, list(taxonomy.product_categories))


def _check_name(field: str, value: str | None, known: list[str]) -> None:
    if value is not None and value not in known:
        raise UnknownValue(f"{field} 的值“{value}”不在知识库的分类里；{suggest_name(value, known)}", field)


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


def _issue_types(catalog: Catalog, hits: Sequence[Ranked]) -> list[IssueType]:
    """The issue types of the offered answers, each with the confidence of its best answer."""
    best: dict[str, float] = {}
    for hit in hits:
        for name in _entry_issue_types(catalog, hit.entry)[:1]:
            best[name] = max(best.get(name, 0.0), hit.confidence)
    labels = catalog.content.taxonomy.issue_types
    return [
        IssueType(id=name, label=labels[name], confidence=round(value, 4))
        for name, value in sorted(best.items(), key=lambda item: -item[1])
    ]


def _entry_issue_types(catalog: Catalog, entry: str) -> list[str]:
    faq = catalog.faqs.get(entry)
    return [faq.issue_type] if faq else list(catalog.policies[entry.partition("#")[0]].issue_types)


@dataclass(frozen=True, slots=True)
class _Body:
    """What an answer shows of its entry."""

    title: str
    shown: ShownText
    visibility: Audience
    citations: list[Citation]
    warnings: list[str]


def _answer(
    knowledge: Knowledge, hit: Ranked, scope: Scope, words: Sequence[str], suggestion: str, request: Question
) -> Answer:
    catalog = knowledge.catalog
    faq = catalog.faqs.get(hit.entry)
    body = _faq_body(catalog, faq, scope) if faq else _clause_body(catalog, hit, scope)
    return Answer(
        id=hit.entry,
        record_id=f"{suggestion}.{hit.entry}",
        kind="faq" if faq else "policy",
        title=body.title,
        text=body.shown.text,
        issue_types=_entry_issue_types(catalog, hit.entry),
        confidence=round(hit.confidence, 4),
        band=_band(hit.confidence),
        matched_phrase=catalog.point_text(hit.point),
        highlights=[
            Span(start=start, end=end) for start, end in highlight_spans(body.shown.text, body.shown.folded, words)
        ],
        citations=body.citations,
        visibility=body.visibility,
        warnings=body.warnings,
        scores=_score_parts(hit) if request.explain else None,
    )


def _faq_body(catalog: Catalog, faq: Faq, scope: Scope) -> _Body:
    citations, warnings = [], []
    for reference in faq.policy_refs:
        citation = cite(catalog, reference, scope)
        if citation:
            citations.append(citation)
            if scope.clause_time != scope.now and cite(catalog, reference, scope, at=scope.now) != citation:
                warnings.append(f"{citation.title}：按下单时的旧条款引用，正文写的是现行规定，以引用的条款为准")
    if faq.valid_from and faq.valid_from > scope.clause_time:
        warnings.append(f"本文自 {faq.valid_from.astimezone(CHINA):%Y-%m-%d} 起适用，晚于下单时间")
    if faq.review_by < scope.now.astimezone(CHINA).date():
        warnings.append(f"本文应在 {faq.review_by} 前复核，已经过期，使用前请核对")
    return _Body(faq.title, catalog.faq_text(faq.id, scope.audience), faq.audience, citations, warnings)


def _clause_body(catalog: Catalog, hit: Ranked, scope: Scope) -> _Body:
    policy = catalog.policies[hit.entry.partition("#")[0]]
    clause = policy.clauses[hit.point.part]
    citation = cite(catalog, hit.entry, scope)
    superseded = clause.valid_until is not None and clause.valid_until <= datetime.now(UTC)
    warnings = ["这是下单时的旧条款，现已失效或更新"] if superseded else []
    return _Body(
        clause_title(policy, clause),
        catalog.clause_text(policy.id, hit.point.part),
        policy.audience,
        [citation] if citation else [],
        warnings,
    )


def cite(catalog: Catalog, reference: str, scope: Scope, at: datetime | None = None) -> Citation | None:
    """The clause wording in force for this case, if this reader may see it."""
    found = catalog.clause_at(reference, at or scope.clause_time)
    return citation(*found) if found and may_see(scope.audience, found[0].audience) else None


def _band(value: float) -> Band:
    return "high" if value >= HIGH else "medium" if value >= MEDIUM else "low"


def _score_parts(hit: Ranked) -> ScoreParts:
    return ScoreParts(
        dense=hit.dense,
        sparse=hit.sparse,
        dense_scaled=hit.dense_scaled,
        sparse_scaled=hit.sparse_scaled,
        fused=hit.fused,
        dense_lead=hit.dense_lead,
        sparse_lead=hit.sparse_lead,
    )


def _templates(
    knowledge: Knowledge,
    hits: Sequence[Ranked],
    issue_types: Sequence[IssueType],
    scope: Scope,
    request: SuggestRequest,
    suggestion: str,
) -> Iterator[ReplyTemplate]:
    if "templates" not in request.include:
        return
    catalog = knowledge.catalog
    faqs = [catalog.faqs[hit.entry] for hit in hits if hit.entry in catalog.faqs]
    linked = list(dict.fromkeys(name for faq in faqs for name in faq.templates))
    names = [issue.id for issue in issue_types]
    chosen = choose_templates(catalog, linked, names, request.case, scope, request.exclude_ids)
    for template in chosen[:TEMPLATES]:
        record = f"{suggestion}.{template.id}"
        yield fill(template, request.tone, request.case.slots, catalog.content.taxonomy, record)


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


def _reachable(faq: Faq, scope: Scope) -> bool:
    party_fits = scope.party in (None, "both") or faq.party in (scope.party, "both")
    return faq.in_force(scope.now) and may_see(scope.audience, faq.audience) and party_fits


def _listing(knowledge: Knowledge, scope: Scope, limit: int) -> list[Ranked]:
    """The entries inside a scope without a query, as hits without scores."""
    points = {point.entry: point for point in reversed(knowledge.catalog.points)}
    clause_parts = _clauses_in_force(knowledge.catalog, scope)
    names = sorted(knowledge.index.entries(replace(scope, kinds=scope.kinds or ("faq", "policy")), limit))
    found = []
    for name in names:
        point = points[name]
        if point.role == "clause":
            point = point._replace(part=clause_parts[name])
        found.append(Ranked(name, point, None, None, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    return found


def _clauses_in_force(catalog: Catalog, scope: Scope) -> dict[str, int]:
    return {
        f"{policy.id}#{clause.id}": part
        for policy in catalog.content.policies
        for part, clause in enumerate(policy.clauses)
        if clause.in_force(scope.clause_time)
    }


def _rounded(timings: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in timings.items()}
