"""Closed cases as precedents: for agents only, beside the answers, never among them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from kb_service.article import article
from kb_service.contract import Filters, SearchRequest, SuggestRequest, SuggestResponse
from kb_service.errors import EntryNotFound
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA
from kb_service.search import search
from kb_service.suggest import suggest

CASE = "case.refund.no-ship"
LIKE = "卖家一直不发货，说没货了让我自己取消，我要退款"
NOW = datetime(2026, 11, 23, 12, tzinfo=CHINA)


def ask(knowledge: Knowledge, **values: Any) -> SuggestResponse:
    return suggest(knowledge, SuggestRequest(**({"query": LIKE, "as_of": NOW} | values)))


@pytest.mark.parametrize(
    "values",
    [
        {"audience": "public"},
        {"include": ["answers", "understanding"]},
        {"exclude_ids": [CASE]},
        {"query": "有人登录了我的账号"},
        {"query": "你好"},
        {"query": "？？"},
        {"case": {"party": "seller"}},
    ],
)
def test_who_gets_no_precedent(knowledge: Knowledge, values: dict[str, Any]) -> None:
    assert ask(knowledge, **values).precedents == []


def test_a_like_case_is_offered_beside_the_answers(knowledge: Knowledge) -> None:
    found = ask(knowledge)
    assert [one.id for one in found.precedents] == [CASE]
    one = found.precedents[0]
    assert one.record_id == f"{found.suggestion_id}.{CASE}"
    assert one.text.startswith("## 情况\n买家付款约300元")
    assert (one.outcome, one.confidence > 0.5) == ("granted", True)
    assert CASE not in [answer.id for answer in found.answers]


def test_an_older_wording_is_pointed_out(knowledge: Knowledge) -> None:
    """The case was decided in February 2026; the clause was reworded in March."""
    one = ask(knowledge).precedents[0]
    assert "48小时" in one.citations[0].text
    assert one.warnings == ["《交易规则》第1条 发货时限：这个案例按另一版条款处理，不能照搬"]
    then = ask(knowledge, case={"order_time": "2026-02-20T10:00:00+08:00"}).precedents[0]
    assert "72 小时" in then.citations[0].text
    assert then.warnings == []


def test_cases_do_not_change_what_is_searched_for_answers(knowledge: Knowledge) -> None:
    assert CASE not in {point.entry for point in knowledge.catalog.points}
    assert {point.entry for point in knowledge.catalog.case_points} == {CASE}
    assert knowledge.index.count() == len(knowledge.catalog.points)


def test_cases_are_searched_apart(knowledge: Knowledge) -> None:
    hits = search(knowledge, SearchRequest(query="没货 取消", filters=Filters(kinds=["case"]))).hits
    assert [(hit.id, hit.kind) for hit in hits] == [(CASE, "case")]
    listed = search(knowledge, SearchRequest(filters=Filters(kinds=["case"], issue_types=["trade"]))).hits
    assert [(hit.id, hit.confidence) for hit in listed] == [(CASE, 0.0)]
    for request in (
        SearchRequest(filters=Filters(kinds=["case"]), audience="public"),
        SearchRequest(query="？？", filters=Filters(kinds=["case"])),
        SearchRequest(filters=Filters(kinds=["case"], issue_types=["account"])),
    ):
        assert search(knowledge, request).hits == []
    assert CASE not in [hit.id for hit in search(knowledge, SearchRequest(query=LIKE, limit=50)).hits]


def test_kinds_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(ValidationError, match="请单独查：kinds 只写 case"):
        Filters(kinds=["faq", "case"])
    with pytest.raises(ValidationError, match="相似案例总在 precedents 里"):
        SuggestRequest(query="退款", filters=Filters(kinds=["case"]))


def test_a_case_can_be_read_in_full_by_agents(knowledge: Knowledge) -> None:
    found = article(knowledge, CASE, "agent", NOW)
    assert (found.kind, found.outcome, found.issue_types) == ("case", "granted", ["trade.refund"])
    assert "全额退款，依据《交易规则》第1条。" in found.text
    with pytest.raises(EntryNotFound):
        article(knowledge, CASE, "public", NOW)
