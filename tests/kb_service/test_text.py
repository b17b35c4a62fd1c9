"""Text for matching."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_service.text import (
    HIDDEN,
    Segmenter,
    char_grams,
    fold,
    fold_aligned,
    has_words,
    highlight_spans,
    sparse_terms,
    term_id,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("賣家不發貨", "卖家不发货"),
        ("ＩＰｈｏｎｅ１５", "iphone15"),
        ("退\u200b款\u202e", "退款"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "expected"), [("？？！。", False), ("😀😀", False), (" \n\t", False), ("退", True), ("ok", True)]
)
def test_has_words(text: str, expected: bool) -> None:
    assert has_words(text) is expected


def test_sparse_terms_by_hand() -> None:
    assert sparse_terms("退款，IPhone 退") == {"退": 2, "款": 1, "退款": 1, "iphone": 1}


def test_term_id_is_the_standard_crc32() -> None:
    assert term_id("123456789") == 0xCBF43926  # the check value of CRC-32/ISO-HDLC


def test_char_grams() -> None:
    assert char_grams("退款吗 ok 好") == {"退款", "款吗", "ok", "好"}


def test_highlights_are_merged_and_count_code_points() -> None:
    text = "😀退款申请：退款到账"
    assert highlight_spans(text, fold(text), ["退款", "申请"]) == [(1, 5), (6, 8)]
    assert highlight_spans(text, fold(text), ["退"]) == []


def test_no_highlights_where_folding_changes_the_length() -> None:
    text = "㈱退款"  # folds to three characters and more
    assert len(fold(text)) != len(text)
    assert highlight_spans(text, fold(text), ["退款"]) == []


def test_the_dictionary_keeps_a_word_whole() -> None:
    assert "小法庭判" not in Segmenter().words("小法庭判了")
    assert "小法庭" in Segmenter(["小法庭"]).words("小法庭判了")


def test_aligned_text_keeps_every_offset() -> None:
    assert fold_aligned("賣　３５０，㎡") == "卖 350,㎡"  # what folds to several characters stays


def test_aligned_text_shows_that_something_invisible_stood_there() -> None:
    assert fold_aligned("1\u200b3\ufe0f8\x00") == f"1{HIDDEN}3{HIDDEN}8{HIDDEN}"


@given(st.text())
def test_aligned_text_is_as_long_as_the_text(text: str) -> None:
    assert len(fold_aligned(text)) == len(text)
