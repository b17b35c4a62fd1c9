"""Figures in Chinese text: how long, how much, which share, how often, by when; normalised, so that they compare.

`48小时`, `两天` and `2日` are the same length of time; `3个工作日` is not `3天`. Offsets count code points.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple

from kb_service.understand.chinese_number import parse_number

Dimension = Literal["time", "workdays", "yuan", "percent", "count"]


class Figure(NamedTuple):
    """A quantity: seconds for `time`, days for `workdays`, else in the dimension's own unit; of a range the end.

    All there is to pay (`全额`) is an infinite amount. `unit` is the word for it with times and counts (`小时`, `次`),
    else empty.
    """

    dimension: Dimension
    value: float
    unit: str
    start: int
    end: int


class Moment(NamedTuple):
    """A point of time that the text names (`明天下午三点`), resolved against the time of speaking."""

    at: datetime
    start: int
    end: int


_CHINESE = "零〇一二两三四五六七八九十百千万半"
_ABOUT = re.compile(r"[一二两三四五六七八九](?=[两二三四五六七八九]$)")  # 两三天: the later one
_NUMBER = rf"(?:(?<!\d)\d{{1,9}}(?:,\d{{3}}){{0,3}}(?:\.\d{{1,4}})?|[{_CHINESE}]{{1,12}})"
_RANGE = rf"(?:(?P<low>{_NUMBER})\s*(?:个|元|块|小时|天|%)?\s*[-~～—–至到]\s*)?(?P<number>{_NUMBER})"

_SECONDS = {
    "秒": 1,
    "分钟": 60,
    "刻钟": 900,
    "小时": 3_600,
    "钟头": 3_600,
    "h": 3_600,
    "天": 86_400,
    "日": 86_400,
    "自然日": 86_400,
    "晚上": 86_400,
    "周": 604_800,
    "星期": 604_800,
    "礼拜": 604_800,
    "月": 2_592_000,
    "年": 31_536_000,
}
_TIME = (
    r"工作日|自然日|分钟|刻钟|秒钟?|小时|钟头|h(?![a-z])|天|日(?![常期])|周(?![岁一二三四五六日末边围年])"
    r"|星期(?![一二三四五六日天])|礼拜(?![一二三四五六日天])|个月|年(?!\d|少|[前后]?的?规)"
)
_COUNT = (
    r"次|件|张|人|个点(?!击)|分(?!钟|别|期|之|摊|批|类|享|析|开)|条|字|个百分点|笔|倍|厘米|毫米|段|票|项|位(?!数)|名(?![字称单义额下气牌为片校])|份|公斤|台"
    r"|处(?!理|罚|于)|MB"
)
_FIGURE = re.compile(
    rf"(?P<about>第|月\s*)?(?:[¥￥]\s*(?P<sign>\d{{1,9}}(?:,\d{{3}}){{0,3}}(?:\.\d{{1,2}})?)"
    rf"|百分之(?P<share>{_NUMBER})|(?P<whole>全额|全部|全款)|(?P<tenths>[一二两三四五六七八九\d])成(?![交色功为员])"
    rf"|(?:(?<=[赔补退返送给][您你他])|(?<=[赔补返]))(?P<bare>{_NUMBER})(?=$|[，。！？；,!?;])"
    rf"|{_RANGE}\s*(?P<half>个半)?(?:(?P<percent>[%％])|(?P<yuan>万元|万块|(?<=\d)万(?=$|[，。！？；,!?;）)以封的吧])|[wW](?![a-zA-Z])|元|块(?:钱)?(?![儿屏]))"
    rf"|(?:个)?(?P<time>{_TIME})(?P<tail>半)?|(?P<count>{_COUNT})))"
)


def number(text: str) -> float | None:
    """The value of a number in digits or Chinese numerals; None if it is none.

    >>> number("一百二十"), number("1,500"), number("半"), number("两三")
    (120.0, 1500.0, 0.5, 3.0)
    """
    value = parse_number(_ABOUT.sub("", text))
    return None if value is None else float(value)


def figures(text: str) -> Iterator[Figure]:
    """All quantities of a text that was folded without moving characters, in order."""
    for match in _FIGURE.finditer(text):
        if match["about"] or (match["time"] == "年" and len(match["number"]) == 4):  # 第3条, 3月1日, 2026年
            continue
        found = _quantity(match)
        if found is not None:
            yield Figure(*found, match.start(), match.end())


def _quantity(match: re.Match[str]) -> tuple[Dimension, float, str] | None:
    if match["sign"]:
        return "yuan", float(match["sign"].replace(",", "")), ""
    if match["bare"]:
        value = number(match["bare"])
        return ("yuan", value, "") if value is not None and value >= 5 else None
    if match["whole"]:
        return "yuan", math.inf, ""
    if match["tenths"]:
        value = number(match["tenths"])
        return None if value is None else ("percent", value * 10, "")
    value = number(match["share"] or match["number"])
    if value is None:
        return None
    if match["half"]:
        value += 0.5
    if match["share"] or match["percent"]:
        return "percent", value, ""
    if match["yuan"]:
        return "yuan", value * (10_000 if match["yuan"][0] in "万wW" else 1), ""
    if match["time"]:
        return _length(match, value)
    return "count", value, "个百分点" if match["count"] == "个点" else match["count"]


def _length(match: re.Match[str], value: float) -> tuple[Dimension, float, str]:
    unit = match["time"].removeprefix("个").removesuffix("钟") if "分" not in match["time"] else "分钟"
    unit = "刻钟" if unit == "刻" else "钟头" if match["time"] == "钟头" else unit
    value += 0.5 if match["tail"] else 0
    return ("workdays", value, unit) if unit == "工作日" else ("time", value * _SECONDS[unit], unit)


_DAYS = {"今": 0, "当": 0, "明": 1, "后": 2, "大后": 3}
_HOURS = {"早上": 9, "上午": 12, "中午": 12, "下午": 18, "傍晚": 19, "晚上": 24, "晚": 24, "早": 9, "凌晨": 6}
_WEEK = {c: n for n, c in enumerate("一二三四五六日")} | {"天": 6, "末": 6}
_BY = re.compile(r"之?前|[以之]?后|准时")
_MOMENT = re.compile(
    r"(?<![一整大半每])(?:(?P<day>大后|[今明后当])(?:天|日|(?=[晚早]))|(?P<week>这|本|下)?个?(?:周|星期"
    r"|礼拜)(?P<weekday>[一二三四五六日天末])"
    r"|(?P<month>\d{1,2})月(?P<date>\d{1,2})[日号]|(?<![\d年月第])(?P<only>\d{1,2})号(?![楼码栋线])|(?P<end>月底"
    r"|年底|本周内|这周内|本月内|下个?(?:周|星期|礼拜)(?![一二三四五六日天末\d])|(?:下班|午休|吃饭|交班|国庆|元旦|双十一|年|节|春节|过年)(?:之?前|时)|天黑(?:之?前)|这[一两]天))?"
    r"(?P<part>早上|上午|中午|下午|傍晚|晚上|晚|早|凌晨)?"
    r"(?:(?P<hour>\d{1,2}|[一二两三四五六七八九十]{1,3})(?:[:：](?P<minute>\d\d)|点(?!击|一下|开|进|这|那"
    r"|确)(?P<half>半)?(?:钟|整)?))?"
)


def moments(text: str, at: datetime) -> Iterator[Moment]:
    """The points of time that a text names, as the latest moment that each can mean, in order."""
    for match in _MOMENT.finditer(text):
        if match.end() - match.start() >= 2:
            found = _moment(match, at)
            if found is not None:
                yield Moment(found, match.start(), match.end())


def _moment(match: re.Match[str], at: datetime) -> datetime | None:
    day = _day(match, at)
    if day is None or not any(match[name] for name in ("day", "weekday", "month", "only", "end", "part", "hour")):
        return None
    if match["hour"] is None:
        return day + timedelta(hours=_HOURS.get(match["part"] or "", 24))
    clear = (
        match["part"]
        or match["day"]
        or match["weekday"]
        or match["minute"]
        or match["half"]
        or match["hour"].isdigit()
        or _BY.match(match.string, match.end())
    )
    if not clear or ("点" not in match[0] and not match["minute"]):
        return None  # 一点小意思, 三个
    hour = number(match["hour"]) or 0
    afternoon = match["part"] in ("下午", "傍晚", "晚上", "晚") or (match["part"] is None and hour < 8)
    minutes = 30 if match["half"] else int(match["minute"] or 0)
    return day + timedelta(hours=hour + (12 if afternoon and hour < 12 else 0), minutes=minutes)


def _day(match: re.Match[str], at: datetime) -> datetime | None:
    """Midnight at the beginning of the day that is meant."""
    today = datetime.combine(at.date(), time(), at.tzinfo)
    if match["weekday"]:
        ahead = _WEEK[match["weekday"]] - today.weekday()
        return today + timedelta(days=ahead + 7 if match["week"] == "下" or ahead < 0 else ahead)
    if match["end"]:
        return _period_end(match["end"], today)
    if match["month"] or match["only"]:
        return _date(int(match["month"] or today.month), int(match["date"] or match["only"]), today)
    return today + timedelta(days=_DAYS[match["day"] or "今"])


def _period_end(word: str, today: datetime) -> datetime:
    if word[0] == "下" and "班" not in word:
        return today + timedelta(days=13 - today.weekday())
    if word[0] in "年国元双节春过":
        return today.replace(month=12, day=31)
    if word[0] in "下午吃交天这" and "周" not in word:
        return today
    if "周" in word:
        return today + timedelta(days=6 - today.weekday())
    if word == "年底":
        return today.replace(month=12, day=31)
    return (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _date(month: int, day: int, today: datetime) -> datetime | None:
    """The next such date; None if the calendar has none."""
    for year in (today.year, today.year + 1):
        try:
            found = today.replace(year=year, month=month, day=day)
        except ValueError:
            return None
        if found >= today:
            return found
    return None


def due_after(figure: Figure, at: datetime) -> datetime:
    """When a length of time that starts at `at` is over. Working days skip Saturdays and Sundays."""
    if figure.dimension == "time":
        return at + timedelta(seconds=min(figure.value, 315_360_000))
    left, found = min(int(figure.value + 0.5), 1_000), at
    while left > 0:
        found += timedelta(days=1)
        left -= found.weekday() < 5
    return found
