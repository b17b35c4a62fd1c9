"""Numbers that should be facts are named with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.rules.literals import literals
from tests.ingest.edits import edit, problems

NO_SHIP = "faq/no-ship.md"
EXCEPT_MARKDOWN = "只是举例或固定说法的，在行末写 <!-- waive literal-number: 理由 -->  [literal-number]"


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            NO_SHIP,
            "卖家 {{fact:trade.ship_hours}} 内没有发货",
            "卖家 48 小时内没有发货",
            "content/faq/no-ship.md:20  直接写了“48 小时”；请在 facts.yaml 登记并写成 {{fact:编号}}"
            "（值相同的有 trade.ship_hours），" + EXCEPT_MARKDOWN,
        ),
        (
            NO_SHIP,
            "同一卖家第三次逾期转交易运营部。",
            "同一卖家七天内逾期三次转交易运营部。",
            "content/faq/no-ship.md:27  直接写了“七天”；请在 facts.yaml 登记并写成 {{fact:编号}}，" + EXCEPT_MARKDOWN,
        ),
        (
            "policy/trade-rules.md",
            "内发货。\n\n### 第1条 发货时限 {#ship-window valid_until",
            "内发货，逾期赔 10%。\n\n### 第1条 发货时限 {#ship-window valid_until",
            "content/policy/trade-rules.md:12  直接写了“10%”；请在 facts.yaml 登记并写成 {{fact:编号}}，"
            + EXCEPT_MARKDOWN,
        ),
        (
            "templates/no-ship.md",
            "让您久等了",
            "补偿您 50 元，让您久等了",
            "content/templates/no-ship.md:15  直接写了“50 元”；请在 facts.yaml 登记并写成 {{fact:编号}}，"
            + EXCEPT_MARKDOWN,
        ),
        (
            "flows/no-ship.yaml",
            "deadline: 当次会话内",
            "deadline: 48小时",
            "content/flows/no-ship.yaml:18  直接写了“48小时”；请在 facts.yaml 登记并写成 {{fact:编号}}"
            "（值相同的有 trade.ship_hours），只是举例或固定说法的，"
            "在行末写 # waive literal-number: 理由  [literal-number]",
        ),
    ],
)
def test_a_number_that_is_no_fact_is_named_where_it_stands(
    content: Path, file: str, old: str, new: str, expected: str
) -> None:
    edit(content, file, old, new)
    assert problems(content) == [expected]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (
            "policy/trade-rules.md",
            "付款起 72 小时内发货。",
            "付款起 96 小时内发货，逾期赔 5 元。",
        ),  # an earlier wording
        (NO_SHIP, "拍下三天了还没发货能退钱吗", "拍下 3 天了还没发货，48小时还没到吗"),  # what a customer says
        ("flows/no-ship.yaml", "deadline: 当次会话内", "deadline: 当次会话内  # 一般 24小时 内"),  # a mere comment
    ],
)
def test_earlier_wordings_customers_words_and_comments_pass(content: Path, file: str, old: str, new: str) -> None:
    edit(content, file, old, new)
    assert problems(content) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("48小时、7 天、3个工作日、50元、10%", ["48小时", "7 天", "3个工作日", "50元", "10%"]),
        ("3-5 天或 ¥9.9，最多 2 次", ["3-5 天", "¥9.9", "2 次"]),
        ("三天内，两周后，截止前一天，满十五天，五个工作日", ["三天", "两周", "一天", "十五天", "五个工作日"]),
        ("五十元以下", ["五十元"]),
        ("2026年3月1日前，第3条，{{fact:pay.card_max}} 内，99新，第二天，下一个工作日", []),
        ("等了几天，一天到晚，七天无理由，说两句", []),
    ],
)
def test_what_counts_as_a_literal(words: str, expected: list[str]) -> None:
    assert literals(words) == expected
