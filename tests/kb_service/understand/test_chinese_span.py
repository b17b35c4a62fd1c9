"""Lengths of time, values worked out by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from kb_service.records import CHINA
from kb_service.understand.chinese_span import find_spans, length_of


@pytest.mark.parametrize(
    "text",
    ["每天", "第三天", "三月", "三年级", "三周年", "前三天", "扣了6分", "2026年", "3日", "半天", "好几天", "一会儿"],
)
def test_no_length(text: str) -> None:
    assert list(find_spans(text)) == []


@pytest.mark.parametrize(
    ("text", "words", "iso"),
    [
        ("等了三天", "三天", "P3D"),
        ("48小时内", "48小时", "PT48H"),
        ("半个月", "半个月", "P15D"),
        ("半个多月", "半个多月", "P15D"),
        ("俩礼拜", "俩礼拜", "P2W"),
        ("一个多小时", "一个多小时", "PT1H"),
        ("半小时", "半小时", "PT30M"),
        ("一个半小时", "一个半小时", "PT1H30M"),
        ("一年半", "一年半", "P1Y6M"),
        ("1.5小时", "1.5小时", "PT1H30M"),
        ("1小时20分", "1小时20分", "PT1H20M"),
        ("3个工作日", "3个工作日", "P3D"),
        ("一刻钟", "一刻钟", "PT15M"),
        ("两日内", "两日", "P2D"),
        ("五十多天", "五十多天", "P50D"),
        ("两三天", "两三天", "P2D"),
        ("48h了", "48h", "PT48H"),
        ("一整天", "一整天", "P1D"),
        ("开场前6小时", "6小时", "PT6H"),
    ],
)
def test_length(text: str, words: str, iso: str) -> None:
    assert [(text[hit.start : hit.end], hit.length.iso) for hit in find_spans(text)] == [(words, iso)]


def test_a_month_before_the_last_of_march_is_the_last_of_february() -> None:
    length = length_of("一个月")
    assert length is not None
    assert length.before(datetime(2026, 3, 31, tzinfo=CHINA)).date().isoformat() == "2026-02-28"


def test_no_length_that_no_date_could_bear() -> None:
    assert list(find_spans("999999999天")) == []
