"""Long numbers: what each is, however it is typed. All are invented."""

from __future__ import annotations

import pytest

from eval.number_drill import number_drill
from ingest.load import load
from kb_service.text import fold_aligned
from kb_service.understand.long_numbers import NumberFinder, id_check_character, luhn
from tests.conftest import ROOT

LEXICON = load(ROOT / "content").content().lexicon
FINDER = NumberFinder(LEXICON.numbers)


def found(text: str) -> list[tuple[str, str, str]]:
    """Type, text and value of each long number."""
    return [(item.type, text[item.start : item.end], item.value) for item in FINDER.find(fold_aligned(text))]


@pytest.mark.parametrize(
    "text",
    [
        "工单号202611230012",
        "IMEI 356938035643809",
        "编号1234567",
        "2026-11-23 10:30",
        "1500 2000 300",
        "1234567890123456789012",
    ],
)
def test_no_number_of_interest(text: str) -> None:
    assert found(text) == []


def test_check_digits() -> None:
    assert luhn("6222021001122334455") is False
    assert luhn("4111111111111111") is True  # the textbook example
    assert id_check_character("11010519491231002") == "x"  # the example of the standard


@pytest.mark.parametrize(
    ("text", "number", "value"),
    [
        ("证11010519491231002X，", "11010519491231002X", "11010519491231002X"),
        ("110105 19491231 002x", "110105 19491231 002x", "11010519491231002X"),
        ("身份证号110105194912310021", "110105194912310021", "110105194912310021"),  # mistyped, but said to be one
    ],
)
def test_identity_card(text: str, number: str, value: str) -> None:
    assert found(text) == [("id_card", number, value)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("退到4111111111111111行吗", "4111111111111111"),
        ("4111 1111 1111 1111", "4111 1111 1111 1111"),
        ("４１１１-１１１１-１１１１-１１１１", "４１１１-１１１１-１１１１-１１１１"),
        ("4111\u200b1111\u200b1111\u200b1111", "4111\u200b1111\u200b1111\u200b1111"),
    ],
)
def test_bank_card(text: str, number: str) -> None:
    assert found(text) == [("bank_card", number, "4111111111111111")]


def test_a_number_that_is_both_an_order_and_a_card_by_its_digits() -> None:
    both = "2026112300000006"  # begins with a date, passes the Luhn check
    assert luhn(both)
    assert found(f"{both}到哪了") == [("order_no", both, both)]
    assert found(f"用银行卡付的，{both}到哪了") == [("order_no", both, both)]
    assert found(f"卡号是{both}") == [("bank_card", both, both)]


@pytest.mark.parametrize(
    ("text", "number", "value"),
    [
        ("打13800138000", "13800138000", "13800138000"),
        ("138 0013 8000", "138 0013 8000", "13800138000"),
        ("1 3 8 0 0 1 3 8 0 0 0", "1 3 8 0 0 1 3 8 0 0 0", "13800138000"),
        ("+86 138-0013-8000", "+86 138-0013-8000", "13800138000"),
        ("一三八零零一三八零零零", "一三八零零一三八零零零", "13800138000"),
        ("1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", "1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0", "13800138000"),
        ("010-62345678", "010-62345678", "01062345678"),
        ("(0571)88881234", "(0571)88881234", "057188881234"),
        ("tel13800138000", "13800138000", "13800138000"),
    ],
)
def test_phone(text: str, number: str, value: str) -> None:
    assert found(text) == [("phone", number, value)]


def test_numbers_side_by_side_are_told_apart() -> None:
    assert found("2026112300000017 13800138000 6217 0001 2345 0098 763 500") == [
        ("order_no", "2026112300000017", "2026112300000017"),
        ("phone", "13800138000", "13800138000"),
        ("bank_card", "6217 0001 2345 0098 763", "6217000123450098763"),
    ]


def test_letters_of_a_carrier_outweigh_what_the_digits_look_like() -> None:
    assert found("JDVA13800138000") == [("tracking_no", "JDVA13800138000", "JDVA13800138000")]


@pytest.mark.parametrize("seed", [20261123, 7])
def test_the_drill_misses_none_and_takes_hardly_any_order_for_a_person(seed: int) -> None:
    result = number_drill(LEXICON, seed)
    assert result.misses == ()
    assert result.false_alarm_rate <= 0.01
