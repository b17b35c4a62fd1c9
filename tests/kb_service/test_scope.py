"""What a request may find, and what is refused: names that the taxonomy or the flows lack, times that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from kb_service.case import Case, OfferMade, StepDone
from kb_service.contract import Filters, SuggestRequest
from kb_service.errors import InvalidRequest, UnknownValue
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA
from kb_service.scope import case_scope, check_case, check_filters, check_times, question_scope
from tests.kb_service.desk import real_catalog

NOW = datetime(2026, 11, 23, 15, tzinfo=CHINA)
HOUR = timedelta(hours=1)


# ── names


@pytest.mark.parametrize(
    ("case", "field", "remedy"),
    [
        (Case(stage="resovle"), "case.stage", "是不是想写“resolve”？"),
        (Case(channel="fax"), "case.channel", "可用的有：chat、sms、phone。"),
        (Case(issue_type="trade.refnd"), "case.issue_type", "是不是想写“trade.refund”？"),
        (Case(wish="refnd"), "case.wish", "是不是想写“refund”？"),
        (Case(order_status="payed"), "case.order_status", "是不是想写“paid”？"),
        (Case(product_category="digital.phon"), "case.product_category", "是不是想写“digital.phone”？"),
        (Case(authority="superviser"), "case.authority", "是不是想写“supervisor”？"),
        (Case(authority="boss"), "case.authority", "可用的有：agent、senior、supervisor。"),
        (Case(slots={"order": "1"}), "case.slots.order", "是不是想写“order_id”？"),
        (Case(evidence=["order-page", "order-pge"]), "case.evidence.1", "是不是想写“order-page”？"),
        (Case(steps_done=[StepDone(id="guid")]), "case.steps_done.0", "是不是想写“guide”？"),
        (Case(offers=[OfferMade(id="coupn")]), "case.offers.0", "是不是想写“coupon”？"),
    ],
)
def test_a_name_that_nothing_has_is_refused_with_its_place(
    staffed: Knowledge, case: Case, field: str, remedy: str
) -> None:
    with pytest.raises(UnknownValue) as caught:
        check_case(staffed.catalog, case)
    assert caught.value.field == field
    assert str(caught.value).endswith(remedy)


def test_where_there_are_too_many_ids_to_list_it_says_where_they_stand() -> None:
    with pytest.raises(UnknownValue) as caught:
        check_case(real_catalog(), Case(steps_done=[StepDone(id="把卖家骂了一顿")]))
    assert str(caught.value) == (
        "case.steps_done.0 的值“把卖家骂了一顿”不在任何流程里；可用的编号见对应流程（GET /v1/articles/流程编号）"
    )


@pytest.mark.parametrize("values", [{"emotion": "furious"}, {"priority": "P4"}, {"party": "platform"}])
def test_closed_vocabularies_are_the_contracts_own(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Case.model_validate(values)


def test_the_plain_agent_needs_no_entry_in_the_taxonomy(knowledge: Knowledge) -> None:
    check_case(knowledge.catalog, Case())
    check_case(knowledge.catalog, Case(authority="agent"))


def test_names_of_different_flows_may_stand_together(staffed: Knowledge) -> None:
    check_case(staffed.catalog, Case(steps_done=[StepDone(id="guide"), StepDone(id="report")]))


def test_filters_are_checked_like_the_case(staffed: Knowledge) -> None:
    check_filters(staffed.catalog, Filters(issue_types=["trade"], product_categories=["digital"]))
    with pytest.raises(UnknownValue) as caught:
        check_filters(staffed.catalog, Filters(product_categories=["digital", "car"]))
    assert caught.value.field == "filters.product_categories"


# ── times


@pytest.mark.parametrize(
    ("case", "field", "message"),
    [
        (
            Case(order_time=NOW + HOUR),
            "case.order_time",
            "下单时间 2026-11-23T16:00:00+08:00 晚于查询时间 2026-11-23T15:00:00+08:00；请核对 order_time 或 as_of",
        ),
        (
            Case(opened_at=NOW + HOUR),
            "case.opened_at",
            "开单时间 2026-11-23T16:00:00+08:00 晚于查询时间 2026-11-23T15:00:00+08:00；请核对 opened_at 或 as_of",
        ),
        (
            Case(order_time=NOW - HOUR, opened_at=NOW - 2 * HOUR),
            "case.opened_at",
            "开单时间 2026-11-23T13:00:00+08:00 早于下单时间 2026-11-23T14:00:00+08:00；请核对这两个时间",
        ),
    ],
)
def test_times_that_cannot_be_are_refused(case: Case, field: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_times(case, NOW)
    assert (caught.value.field, str(caught.value)) == (field, message)


@pytest.mark.parametrize(
    "case",
    [
        Case(),
        Case(order_time=NOW, opened_at=NOW),
        Case(order_time=NOW - HOUR, opened_at=NOW),
        Case(opened_at=NOW.astimezone(UTC)),
        Case(order_time=datetime.min.replace(tzinfo=UTC), opened_at=datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_times_that_touch_or_lie_far_back_pass(case: Case) -> None:
    check_times(case, NOW)


def test_a_case_in_the_future_is_refused_before_anything_is_searched() -> None:
    with pytest.raises(InvalidRequest, match="晚于查询时间"):
        case_scope(SuggestRequest(query="退款"), Case(order_time=datetime(2130, 1, 1, tzinfo=CHINA)))


# ── scope


def test_the_scope_of_a_case() -> None:
    request = SuggestRequest(query="退款", as_of=NOW, audience="senior", exclude_ids=["a"])
    found = case_scope(request, Case(order_time=NOW - HOUR, party="buyer", product_category="digital.phone"))
    assert (found.audience, found.now, found.clause_time, found.party) == ("senior", NOW, NOW - HOUR, "buyer")
    assert found.product_categories == ("digital", "digital.phone", "digital.phone.*", "any")
    assert found.exclude == ("a",)


def test_the_filter_wins_over_the_party_of_the_case() -> None:
    request = SuggestRequest(query="退款", as_of=NOW, filters=Filters(party="seller"))
    assert case_scope(request, Case(party="buyer")).party == "seller"


def test_without_a_time_of_order_clauses_are_those_of_now() -> None:
    assert case_scope(SuggestRequest(query="退款", as_of=NOW), Case()).clause_time == NOW
    assert question_scope(SuggestRequest(query="退款", as_of=NOW)).clause_time == NOW


def test_neither_party_nor_category_narrows_what_the_case_leaves_open() -> None:
    found = question_scope(SuggestRequest(query="退款"))
    assert (found.party, found.product_categories, found.issue_types, found.kinds) == (None, (), (), ())
