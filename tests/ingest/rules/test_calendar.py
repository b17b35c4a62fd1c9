"""What becomes wrong by the calendar alone is a warning, and only from its day on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ingest.check import check, checked_content
from ingest.rules.registry import refusing
from tests.ingest.edits import TODAY, edit, problems

ARRIVAL = "faq/bank-arrival.md"
LINKED = "content/faq/no-ship.md:15"


def end(content: Path, day: str) -> None:
    edit(content, ARRIVAL, "owner: trade-team", f"valid_until: {day}\nowner: trade-team")


@pytest.mark.parametrize("day", ["2026-11-22", "2026-11-23"])
def test_an_article_that_is_over_must_not_be_linked(content: Path, day: str) -> None:
    end(content, day)
    assert problems(content) == [
        f"content/{ARRIVAL}:10  valid_until：“退款多久到银行卡？”已在 {day} 失效，但 {LINKED} 还链到它；"
        "请改链到现行的内容，或延长有效期  [expired-link]"
    ]


@pytest.mark.parametrize("day", ["2026-11-24", "2026-12-23"])
def test_an_article_that_is_soon_over_should_not_be_linked(content: Path, day: str) -> None:
    end(content, day)
    assert problems(content) == [
        f"content/{ARRIVAL}:10  valid_until：“退款多久到银行卡？”将在 {day} 失效，而 {LINKED} 链到它；"
        "请在那之前改链，或延长有效期  [expiring-link]"
    ]


def test_later_ends_and_ends_that_nothing_links_to_pass(content: Path) -> None:
    end(content, "2026-12-24")
    assert problems(content) == []
    edit(content, "faq/no-ship.md", "related: [trade.refund.bank-arrival]\n", "")
    edit(content, ARRIVAL, "2026-12-24", "2026-11-01")
    assert problems(content) == []


def test_links_from_what_is_over_do_not_count(content: Path) -> None:
    end(content, "2026-11-01")
    edit(content, "faq/no-ship.md", "owner: trade-team", "valid_until: 2026-11-01\nowner: trade-team")
    assert problems(content) == []


def test_a_clause_that_ends_without_successor_is_named_with_what_cites_it(content: Path) -> None:
    edit(content, "policy/trade-rules.md", "{#arrival}", "{#arrival valid_until=2026-11-01}")
    assert problems(content) == [
        "content/policy/trade-rules.md:18  clauses.2：《交易规则》第2条（到账时间）已在 2026-11-01 失效，"
        f"但 content/{ARRIVAL}:9 还链到它；请改链到现行的内容，或延长有效期  [expired-link]",
        "content/policy/trade-rules.md:19  第 19 行没有违反“literal-number”，不需要豁免；请删掉  [unused-waiver]",
    ]


def test_a_review_is_overdue_from_the_day_after(content: Path) -> None:
    edit(content, ARRIVAL, "review_by: 2027-03-31", "review_by: 2026-11-22")
    expected = "review_by：应在 2026-11-22 前复查，已经过期；请复查内容并改写 review_by  [review-overdue]"
    assert problems(content) == [f"content/{ARRIVAL}:11  {expected}"]
    assert problems(content, date(2026, 11, 22)) == []


def test_nothing_of_it_keeps_content_from_being_published(content: Path) -> None:
    end(content, "2026-11-01")
    edit(content, ARRIVAL, "review_by: 2027-03-31", "review_by: 2026-11-22")
    found = check(content, TODAY).problems
    assert len(found) == 2
    assert refusing(found) == []
    assert checked_content(content).faqs


def test_it_can_be_waived_in_place(content: Path) -> None:
    edit(content, ARRIVAL, "2027-03-31", "2026-11-22  # waive review-overdue: 等新规则定稿")
    assert problems(content) == []
