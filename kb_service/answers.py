"""Hits -> answers: text, citations, warnings and highlights, as this reader may see them at this time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kb_service.case import IssueType
from kb_service.catalog import Catalog, ShownText
from kb_service.citations import cite, clause_title
from kb_service.content import CaseRecord, Faq, Outcome
from kb_service.contract import Answer, Band, Citation, Precedent, Question, ScoreParts, Span
from kb_service.index import Scope
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA, Audience, Validity
from kb_service.retrieve import Ranked
from kb_service.text import highlight_spans

HIGH, MEDIUM, LOW = 0.8, 0.5, 0.2  # confidence: band limits; below LOW nothing is offered as an answer


def issue_types_of(catalog: Catalog, hits: Sequence[Ranked]) -> list[tuple[IssueType, str]]:
    """The issue types of the offered answers, surest first, each with its best answer and that one's confidence."""
    best: dict[str, Ranked] = {}
    for hit in hits:
        for name in _entry_issue_types(catalog, hit.entry)[:1]:
            if name not in best or hit.confidence > best[name].confidence:
                best[name] = hit
    labels = catalog.content.taxonomy.issue_types
    return [
        (IssueType(id=name, label=labels[name], confidence=round(hit.confidence, 4)), hit.entry)
        for name, hit in sorted(best.items(), key=lambda item: -item[1].confidence)
    ]


def _entry_issue_types(catalog: Catalog, entry: str) -> list[str]:
    article = catalog.faqs.get(entry) or catalog.cases.get(entry)
    return [article.issue_type] if article else list(catalog.policies[entry.partition("#")[0]].issue_types)


@dataclass(frozen=True, slots=True)
class _Body:
    """What an answer shows of its entry."""

    title: str
    shown: ShownText
    visibility: Audience
    citations: list[Citation]
    warnings: list[str]


def answer(
    knowledge: Knowledge, hit: Ranked, scope: Scope, words: Sequence[str], suggestion: str, request: Question
) -> Answer:
    """What is shown of a hit. `words` are highlighted, `suggestion` makes the record id."""
    catalog = knowledge.catalog
    article = catalog.faqs.get(hit.entry) or catalog.cases.get(hit.entry)
    match article:
        case Faq():
            body = _faq_body(catalog, article, scope)
        case CaseRecord():
            body = _case_body(catalog, article, scope)
        case None:
            body = _clause_body(catalog, hit, scope)
    return Answer(
        id=hit.entry,
        record_id=f"{suggestion}.{hit.entry}",
        kind=article.kind if article else "policy",
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


def precedent(answer: Answer, outcome: Outcome) -> Precedent:
    """A case that was found, as a precedent."""
    return Precedent(
        id=answer.id,
        record_id=answer.record_id,
        title=answer.title,
        text=answer.text,
        outcome=outcome,
        confidence=answer.confidence,
        citations=answer.citations,
        warnings=answer.warnings,
    )


def _case_body(catalog: Catalog, case: CaseRecord, scope: Scope) -> _Body:
    """The clauses are cited in the wording for the case at hand; where the older case had another, it says so."""
    citations, warnings = [], []
    for reference in case.policy_refs:
        citation = cite(catalog, reference, scope)
        if citation:
            citations.append(citation)
        if case.ordered and _reworded(catalog, reference, case.ordered, scope.clause_time):
            policy, clause = catalog.clauses[reference][0]
            warnings.append(f"{clause_title(policy, clause)}：这个案例按另一版条款处理，不能照搬")
    return _Body(case.title, catalog.case_text(case.id, scope.audience), case.audience, citations, warnings)


def _reworded(catalog: Catalog, reference: str, month: str, at: datetime) -> bool:
    """Whether a clause had another wording than at `at` in some part of a month (`2026-02`)."""
    year, number = map(int, month.split("-"))
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    start, end = (datetime(*first, 1, tzinfo=CHINA) for first in ((year, number), following))
    then = Validity(valid_from=start, valid_until=end)
    standing = [clause for _, clause in catalog.clauses.get(reference, ()) if clause.overlaps(then)]
    return any(not clause.in_force(at) for clause in standing)


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
