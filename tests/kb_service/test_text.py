"""Text for matching."""

from __future__ import annotations

import pytest

from kb_service.text import Segmenter, char_grams, fold, has_words, highlight_spans, sparse_terms, term_id


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
