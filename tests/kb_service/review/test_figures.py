"""Figures of Chinese text, with values worked out by hand."""

from __future__ import annotations

import math
from datetime import datetime

import pytest

from kb_service.records import CHINA
from kb_service.review.figures import Figure, due_after, figures, moments, number

MONDAY = datetime(2026, 11, 23, 15, tzinfo=CHINA)


@pytest.mark.parametrize("text", ["第3条", "2026年12月的单", "3月1日起", "再说一点小意思", "十几个", "", "元", "%"])
def test_what_counts_nothing_has_no_figure(text: str) -> None:
    assert list(figures(text)) == []


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("48小时", "time", 48 * 3600),
        ("两天", "time", 2 * 86400),
        ("一个半小时", "time", 5400),
        ("两小时半", "time", 9000),
        ("两三天", "time", 3 * 86400),
        ("3-5个工作日", "workdays", 5),
        ("三个工作日", "workdays", 3),
        ("1,500元", "yuan", 1500),
        ("¥20", "yuan", 20),
        ("两百块", "yuan", 200),
        ("1.5万元", "yuan", 15000),
        ("全额", "yuan", math.inf),
        ("百分之十", "percent", 10),
        ("三成", "percent", 30),
        ("0.6%", "percent", 0.6),
        ("17人", "count", 17),
    ],
)
def test_values(text: str, dimension: str, value: float) -> None:
    found = list(figures(text))
    assert [(figure.dimension, figure.value) for figure in found] == [(dimension, value)]
    assert (found[0].start, found[0].end) == (0, len(text))


def test_an_amount_without_its_unit_is_understood_after_a_verb_of_paying() -> None:
    assert [figure.value for figure in figures("快递公司会赔您三千")] == [3000]
    assert list(figures("给您一，两个选择")) == []


def test_numbers() -> None:
    assert number("一百二十") == 120
    assert number("半") == 0.5
    assert number("abc") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("明天下午三点前", "2026-11-24T15:00"),
        ("今晚就办", "2026-11-24T00:00"),
        ("周五前", "2026-11-28T00:00"),
        ("下周一上午", "2026-11-30T12:00"),
        ("月底前", "2026-12-01T00:00"),
        ("25号之前", "2026-11-26T00:00"),
    ],
)
def test_points_of_time_are_the_latest_that_is_meant(text: str, expected: str) -> None:
    assert [moment.at.strftime("%Y-%m-%dT%H:%M") for moment in moments(text, MONDAY)] == [expected]


@pytest.mark.parametrize("text", ["一点建议", "三个办法", "13月40日", "99号"])
def test_no_point_of_time(text: str) -> None:
    assert list(moments(text, MONDAY)) == []


def test_working_days_skip_the_weekend() -> None:
    friday = datetime(2026, 11, 27, 10, tzinfo=CHINA)
    assert due_after(Figure("workdays", 3, "工作日", 0, 0), friday) == datetime(2026, 12, 2, 10, tzinfo=CHINA)
    assert due_after(Figure("time", 7200, "小时", 0, 0), friday) == datetime(2026, 11, 27, 12, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("上限是5万。", ("yuan", 50_000.0)),
        ("差5个点", ("count", 5.0)),
        ("最高能补100，", ("yuan", 100.0)),
        ("抽13名评审员", ("count", 13.0)),
    ],
)
def test_figures_as_people_put_them_short(text: str, expected: tuple[str, float]) -> None:
    assert [(found.dimension, found.value) for found in figures(text)] == [expected]


def test_half_a_day_of_work_is_no_moment() -> None:
    assert list(moments("我一上午都在处理", datetime(2026, 11, 23, 12, tzinfo=CHINA))) == []
