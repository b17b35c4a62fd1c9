"""Numerals, values worked out by hand."""

from __future__ import annotations

import pytest

from kb_service.understand.chinese_number import parse_number, plain


@pytest.mark.parametrize("text", ["", "多", "元", "abc", "1.2.3", "12 34", "3千55"])
def test_no_number(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12,800", "12800"),
        ("6500.00", "6500"),
        ("1.2w", "12000"),
        ("3千5", "3500"),
        ("1万2", "12000"),
        ("5k", "5000"),
        ("十五", "15"),
        ("廿五", "25"),
        ("两百五", "250"),
        ("三千五", "3500"),
        ("三千零五", "3005"),
        ("一千零五十", "1050"),
        ("三万五千八", "35800"),
        ("一百二十三万", "1230000"),
        ("壹仟贰佰", "1200"),
        ("二零二六", "2026"),
        ("三点五", "3.5"),
        ("一点二万", "12000"),
        ("半", "0.5"),
        ("俩", "2"),
        ("三十多", "30"),
        ("百把", "100"),
        ("三四百", "300"),
        ("两三", "2"),
        ("一两", "1"),
    ],
)
def test_number(text: str, value: str) -> None:
    number = parse_number(text)
    assert number is not None
    assert plain(number) == value
