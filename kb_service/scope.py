"""Request -> what may be found: audience, time, party, categories. Names that the taxonomy lacks are refused here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from kb_service.case import Case
from kb_service.catalog import Catalog
from kb_service.contract import Filters, Question
from kb_service.errors import InvalidRequest, UnknownValue, suggest_name
from kb_service.index import Scope
from kb_service.records import CHINA, above, ancestors


def case_scope(request: Question, case: Case) -> Scope:
    """The scope of a case: the question's, narrowed by what the agent set. Raises InvalidRequest."""
    now = request.as_of or datetime.now(UTC)
    check_times(case, now)
    return _scope(request, now, case.order_time, case.party, case.product_category)


def question_scope(request: Question) -> Scope:
    """The scope of a question without a case."""
    return _scope(request, request.as_of or datetime.now(UTC), None, None, None)


def check_times(case: Case, now: datetime) -> None:
    """Refuse a case whose times contradict each other or lie after the moment of asking. Raises InvalidRequest."""
    asked = now.astimezone(CHINA).isoformat(timespec="seconds")
    if case.order_time and case.order_time > now:
        message = f"下单时间 {case.order_time.isoformat()} 晚于查询时间 {asked}；请核对 order_time 或 as_of"
        raise InvalidRequest(message, "case.order_time")
    if case.opened_at and case.opened_at > now:
        message = f"开单时间 {case.opened_at.isoformat()} 晚于查询时间 {asked}；请核对 opened_at 或 as_of"
        raise InvalidRequest(message, "case.opened_at")
    if case.order_time and case.opened_at and case.opened_at < case.order_time:
        message = f"开单时间 {case.opened_at.isoformat()} 早于下单时间 {case.order_time.isoformat()}；请核对这两个时间"
        raise InvalidRequest(message, "case.opened_at")


def _scope(
    request: Question, now: datetime, order_time: datetime | None, party: str | None, category: str | None
) -> Scope:
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


def check_case(catalog: Catalog, case: Case) -> None:
    """Refuse names that the published taxonomy does not have, rather than answer another question."""
    taxonomy = catalog.content.taxonomy
    for field, value, known in (
        ("case.stage", case.stage, taxonomy.stages),
        ("case.channel", case.channel, taxonomy.channels),
        ("case.issue_type", case.issue_type, taxonomy.issue_types),
        ("case.wish", case.wish, taxonomy.wishes),
        ("case.order_status", case.order_status, taxonomy.order_statuses),
        ("case.product_category", case.product_category, taxonomy.product_categories),
        ("case.authority", case.authority if case.authority != "agent" else None, taxonomy.roles),
    ):
        _check_name(field, value, list(known))
    for name in case.slots:
        _check_name(f"case.slots.{name}", name, list(taxonomy.slots))
    _check_progress(catalog, case)


def _check_progress(catalog: Catalog, case: Case) -> None:
    """Steps, proofs and offers must be those of some flow."""
    for field, number, value in _named(case):
        known = catalog.flow_parts[field]
        if value not in known:
            hint = suggest_name(value, sorted(known)) or "可用的编号见对应流程（GET /v1/articles/流程编号）"
            message = f"case.{field}.{number} 的值“{value}”不在任何流程里；{hint}"
            raise UnknownValue(message, f"case.{field}.{number}")


def _named(case: Case) -> Iterator[tuple[str, int, str]]:
    yield from (("evidence", n, name) for n, name in enumerate(case.evidence))
    yield from (("steps_done", n, step.id) for n, step in enumerate(case.steps_done))
    yield from (("offers", n, offer.id) for n, offer in enumerate(case.offers))


def check_filters(catalog: Catalog, filters: Filters) -> None:
    """Refuse issue types and categories that the published taxonomy does not have."""
    taxonomy = catalog.content.taxonomy
    for name in filters.issue_types:
        _check_name("filters.issue_types", name, list(taxonomy.issue_types))
    for name in filters.product_categories:
        _check_name("filters.product_categories", name, list(taxonomy.product_categories))


def _check_name(field: str, value: str | None, known: Sequence[str]) -> None:
    if value is not None and value not in known:
        hint = suggest_name(value, known) or "可用的值见 taxonomy.yaml"
        raise UnknownValue(f"{field} 的值“{value}”不在知识库的分类里；{hint}", field)
