"""The search call on the small knowledge base: hits for keywords, listings of a category."""

from __future__ import annotations

from datetime import datetime

import pytest

from kb_service.contract import Filters, SearchRequest
from kb_service.errors import UnknownValue
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA
from kb_service.search import rounded, search


def day(year: int, month: int, date: int) -> datetime:
    return datetime(year, month, date, 12, tzinfo=CHINA)


# ── refusals


@pytest.mark.parametrize(
    ("filters", "field", "remedy"),
    [
        (Filters(issue_types=["trade", "trade.refnd"]), "filters.issue_types", "是不是想写“trade.refund”？"),
        (Filters(product_categories=["book"]), "filters.product_categories", "是不是想写“books”？"),
    ],
)
def test_a_filter_that_the_taxonomy_lacks_is_refused(
    knowledge: Knowledge, filters: Filters, field: str, remedy: str
) -> None:
    with pytest.raises(UnknownValue) as caught:
        search(knowledge, SearchRequest(filters=filters))
    assert caught.value.field == field
    assert str(caught.value).endswith(remedy)


@pytest.mark.parametrize("query", ["？？！", "😀", "\u202e\u200b", "\x00\x07"])
def test_nothing_to_look_for_finds_nothing(knowledge: Knowledge, query: str) -> None:
    found = search(knowledge, SearchRequest(query=query))
    assert (found.hits, set(found.timings)) == ([], {"total"})


# ── keywords


def test_keywords_find_and_say_how_long_it_took(knowledge: Knowledge) -> None:
    found = search(knowledge, SearchRequest(query="退款到账", limit=1), degraded=["stale_version: 旧"])
    assert [hit.id for hit in found.hits] == ["trade.refund.bank-arrival"]
    assert (found.kb_version, found.degraded) == (knowledge.version, ["stale_version: 旧"])
    assert set(found.timings) == {"encode", "search", "rank", "total"}


@pytest.mark.parametrize("audience", ["public", "agent"])
def test_articles_above_the_reader_are_neither_found_nor_listed(knowledge: Knowledge, audience: str) -> None:
    listed = search(knowledge, SearchRequest(filters=Filters(issue_types=["account"]), audience=audience))
    found = search(knowledge, SearchRequest(query="被盗资金怎么追", audience=audience))
    assert "account.theft.fund-trace" not in [hit.id for hit in (*listed.hits, *found.hits)]


def test_a_clause_is_found_in_the_wording_of_its_time(knowledge: Knowledge) -> None:
    def clause_text(**values: object) -> str:
        found = search(
            knowledge,
            SearchRequest(query="卖家应当自买家付款起多久发货", filters=Filters(kinds=["policy"]), **values),
        )
        return found.hits[0].text

    assert "48小时" in clause_text()
    assert "72 小时" in clause_text(as_of=day(2026, 1, 1))


# ── listings


def test_a_category_can_be_listed_without_a_query(knowledge: Knowledge) -> None:
    found = search(knowledge, SearchRequest(filters=Filters(issue_types=["trade.refund"], kinds=["faq"]), limit=10))
    assert [hit.id for hit in found.hits] == [
        "trade.refund.bank-arrival",
        "trade.refund.no-ship",
        "trade.refund.phone-lock",
    ]
    higher = search(knowledge, SearchRequest(filters=Filters(issue_types=["trade"]), limit=10))
    assert {"trade.refund.no-ship", "trade-rules#arrival"} <= {hit.id for hit in higher.hits}


def test_a_listing_is_not_used_up_by_what_is_never_shown(knowledge: Knowledge) -> None:
    assert len(search(knowledge, SearchRequest(filters=Filters(party="buyer"), limit=1)).hits) == 1


def test_a_listing_shows_the_clause_in_force(knowledge: Knowledge) -> None:
    found = search(knowledge, SearchRequest(filters=Filters(kinds=["policy"]), as_of=day(2026, 1, 1)))
    texts = {hit.id: hit.text for hit in found.hits}
    assert "72 小时" in texts["trade-rules#ship-window"]


def test_a_listing_is_in_order_and_without_scores(knowledge: Knowledge) -> None:
    hits = search(knowledge, SearchRequest(filters=Filters(kinds=["faq", "policy"]), limit=50)).hits
    assert [hit.id for hit in hits] == sorted(hit.id for hit in hits)
    assert {hit.confidence for hit in hits} == {0.0}


def test_excluded_ids_are_not_listed(knowledge: Knowledge) -> None:
    request = SearchRequest(filters=Filters(issue_types=["trade"]), exclude_ids=["trade.refund.no-ship"])
    assert "trade.refund.no-ship" not in [hit.id for hit in search(knowledge, request).hits]


def test_timings_are_rounded_to_a_microsecond() -> None:
    assert rounded({"total": 1.23456}) == {"total": 1.235}
