"""Points of time, values worked out by hand against a calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kb_service.lexicon import Festival
from kb_service.records import CHINA
from kb_service.understand.chinese_time import Calendar

AT = datetime(2026, 11, 23, 10, 30, tzinfo=CHINA)  # a Monday
CALENDAR = Calendar(
    [
        Festival(names=("双十一",), days=("11-11",)),
        Festival(names=("618",), days=("06-18",)),
        Festival(names=("春节",), days=("2026-02-17", "2027-02-06")),
    ]
)


def found(text: str, at: datetime = AT) -> list[tuple[str, str]]:
    """The words and the value of each point of time."""
    return [(text[hit.start : hit.end], hit.value) for hit in CALENDAR.find(text, at)]


@pytest.mark.parametrize(
    "text",
    [
        "每周五",
        "三天",
        "13月40日",
        "2月30日",
        "3号楼",
        "5号电池",
        "有一点问题",
        "三点建议",
        "2点要求",
        "618元",
        "¥618",
        "写明日期",
        "比分3:2",
        "25:70",
        "小了一号",
    ],
)
def test_no_point_of_time(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("昨天买的", "昨天", "2026-11-22"),
        ("大前天", "大前天", "2026-11-20"),
        ("昨晚", "昨晚", "2026-11-22"),
        ("前天晚上八点", "前天晚上八点", "2026-11-21T20:00"),
        ("今早9点半", "今早9点半", "2026-11-23T09:30"),
        ("昨晚两点", "昨晚两点", "2026-11-23T02:00"),
        ("昨晚十二点", "昨晚十二点", "2026-11-23T00:00"),
        ("今天凌晨两点", "今天凌晨两点", "2026-11-23T02:00"),
        ("中午12点", "中午12点", "2026-11-23T12:00"),
        ("11月3号", "11月3号", "2026-11-03"),
        ("十月二十", "十月二十", "2026-10-20"),
        ("11月28号中午12点", "11月28号中午12点", "2026-11-28T12:00"),
        ("12月3日14:20", "12月3日14:20", "2026-12-03T14:20"),
        ("2025年12月30日", "2025年12月30日", "2025-12-30"),
        ("去年12月25日", "去年12月25日", "2025-12-25"),
        ("2026-11-02 14:05", "2026-11-02 14:05", "2026-11-02T14:05"),
        ("上个月15号", "上个月15号", "2026-10-15"),
        ("25号下的单", "25号", "2026-10-25"),
        ("3号下的单", "3号", "2026-11-03"),
        ("30号前发货", "30号", "2026-11-30"),
        ("上周五", "上周五", "2026-11-20"),
        ("周五买的", "周五", "2026-11-20"),
        ("周五之前", "周五", "2026-11-27"),
        ("下周三", "下周三", "2026-12-02"),
        ("3天前", "3天前", "2026-11-20"),
        ("三个小时前", "三个小时前", "2026-11-23T07:30"),
        ("半年前", "半年前", "2026-05-23"),
        ("双十一", "双十一", "2026-11-11"),
        ("去年双十一", "去年双十一", "2025-11-11"),
        ("618拍的", "618", "2026-06-18"),
        ("春节快递慢", "春节", "2026-02-17"),
        ("春节前能到吗", "春节", "2027-02-06"),
        ("早上7:30", "早上7:30", "2026-11-23T07:30"),
    ],
)
def test_point_of_time(text: str, words: str, value: str) -> None:
    assert found(text) == [(words, value)]


def test_a_date_of_december_said_in_january_is_last_years() -> None:
    assert found("12月30日", datetime(2027, 1, 8, tzinfo=CHINA)) == [("12月30日", "2026-12-30")]


def test_days_are_beijings() -> None:
    assert found("今天", datetime(2026, 11, 22, 17, tzinfo=UTC)) == [("今天", "2026-11-23")]
