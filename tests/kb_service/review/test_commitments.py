"""The promise ledger over the real content: supported, contradicted, unknown, and what is no promise."""

from __future__ import annotations

from datetime import datetime

import pytest

from kb_service.casework import Commitment, ReviewRequest
from kb_service.records import CHINA
from kb_service.review.reviewer import Reviewer

MONDAY = datetime(2026, 11, 23, 15, tzinfo=CHINA)


def commitments(reviewer: Reviewer, draft: str, **case: object) -> list[Commitment]:
    request = ReviewRequest.model_validate({"draft": draft, "case": case, "as_of": MONDAY})
    return reviewer.review(request).commitments


@pytest.mark.parametrize(
    "draft",
    [
        "您是20分钟前付的，我看到了",
        "第3条写得很清楚",
        "请您在今天之内提交照片",
        "如果卖家明天还没有发货，可以申请退款",
        "您昨天提交的申请我看到了",
        "没有您说的那笔订单",
    ],
)
def test_what_is_no_promise(reviewer: Reviewer, draft: str) -> None:
    assert commitments(reviewer, draft) == []


def test_a_figure_that_the_clause_in_force_bears_out(reviewer: Reviewer) -> None:
    (found,) = commitments(reviewer, "客服介入后24小时内审核完，会把结果告诉您", issue_type="trade.refund")
    assert (found.kind, found.status, found.fact, found.expected) == (
        "deadline",
        "supported",
        "refund.review_hours",
        "24小时",
    )
    assert found.citation is not None
    assert found.citation.title == "《退款规则》第16条 客服审核"


def test_days_and_hours_are_the_same_time(reviewer: Reviewer) -> None:
    assert commitments(reviewer, "卖家要在两天内发货")[0].status == "supported"


def test_a_wrong_figure_is_contradicted_with_the_right_one(reviewer: Reviewer) -> None:
    (found,) = commitments(reviewer, "退货运费平台最多补贴50元", issue_type="trade.return")
    assert (found.kind, found.status, found.expected) == ("amount", "contradicted", "25元")


def test_the_wording_at_the_time_of_order_decides(reviewer: Reviewer) -> None:
    draft = "客服自介入申请提交起48小时内完成审核"
    old = commitments(reviewer, draft, order_time="2025-12-10T10:00:00", issue_type="trade.refund")
    new = commitments(reviewer, draft, issue_type="trade.refund")
    assert [found.status for found in (*old, *new)] == ["supported", "contradicted"]


def test_what_is_said_to_be_the_rule_now_is_held_against_the_rule_now(reviewer: Reviewer) -> None:
    draft = "现在的新规是客服介入后24小时内审核"
    (found,) = commitments(reviewer, draft, order_time="2025-12-10T10:00:00", issue_type="trade.refund")
    assert found.status == "supported"


@pytest.mark.parametrize(
    ("authority", "status"), [("agent", "contradicted"), ("senior", "contradicted"), ("supervisor", "supported")]
)
def test_compensation_ends_at_the_authority(reviewer: Reviewer, authority: str, status: str) -> None:
    (found,) = commitments(reviewer, "我直接给您补偿200元的无门槛券", authority=authority)
    assert found.status == status


def test_no_rule_bears_out_a_guarantee(reviewer: Reviewer) -> None:
    assert commitments(reviewer, "我保您24小时内审核完")[0].status == "unknown"


def test_a_point_of_time_falls_due(reviewer: Reviewer) -> None:
    (found,) = commitments(reviewer, "我明天下午三点前给您回电")
    assert (found.kind, found.status) == ("deadline", "unknown")
    assert found.due == datetime(2026, 11, 24, 15, tzinfo=CHINA)


def test_working_days_fall_due_after_the_weekend(reviewer: Reviewer) -> None:
    request = ReviewRequest.model_validate(
        {"draft": "支付结算部会在3个工作日内答复您", "as_of": datetime(2026, 11, 27, 10, tzinfo=CHINA)}
    )
    assert reviewer.review(request).commitments[0].due == datetime(2026, 12, 2, 10, tzinfo=CHINA)


def test_a_time_of_the_agent_s_own_is_unknown_to_the_rules(reviewer: Reviewer) -> None:
    (found,) = commitments(reviewer, "您把材料准备好，我五分钟内帮您改好密码")
    assert (found.kind, found.status) == ("deadline", "unknown")


def test_a_rule_s_figure_in_the_next_clause_leaves_this_one_alone(reviewer: Reviewer) -> None:
    draft = "约定时间过了30分钟对方没到，就可以按爽约反馈，请在24小时内提交"
    assert all(found.status != "contradicted" for found in commitments(reviewer, draft))
