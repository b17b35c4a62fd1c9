"""Amounts of money, values worked out by hand."""

from __future__ import annotations

import pytest

from kb_service.understand.amounts import bare_amount, find_amounts


@pytest.mark.parametrize(
    "text",
    [
        "几百块",
        "好几万",
        "上千块",
        "八百次",
        "一百四十多人",
        "三千公里",
        "元旦",
        "羊毛衫",
        "一块去",
        "一块\ue001",
        "万一",
        "第三百",
    ],
)
def test_no_amount(text: str) -> None:
    assert list(find_amounts(text)) == []


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("¥1,280", "¥1,280", "1280"),
        ("rmb 500", "rmb 500", "500"),
        ("6500.00元", "6500.00元", "6500"),
        ("三百二十块钱", "三百二十块钱", "320"),
        ("23块5", "23块5", "23.5"),
        ("十五块八毛", "十五块八毛", "15.8"),
        ("五毛", "五毛", "0.5"),
        ("3毛6", "3毛6", "0.36"),
        ("2.3万", "2.3万", "23000"),
        ("1k5收的", "1k5", "1500"),
        ("两百五", "两百五", "250"),
        ("三万二的", "三万二", "32000"),
        ("一百来块", "一百来块", "100"),
        ("百把块", "百把块", "100"),
    ],
)
def test_amount(text: str, words: str, value: str) -> None:
    assert [(text[hit.start : hit.end], hit.value) for hit in find_amounts(text)] == [(words, value)]


def test_a_bare_number_has_to_be_one() -> None:
    assert [bare_amount(text) for text in ("359", "四十五", "一半", "块")] == ["359", "45", None, None]
