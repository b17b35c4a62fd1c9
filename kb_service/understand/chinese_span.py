"""Lengths of time as Chinese messages name them: `三天`, `一个半小时`, `半个多月`, `俩礼拜`, `3个工作日`.

Folded text is expected (see `text.fold_aligned`). A length is approximate where the words are: `一个多小时` is PT1H.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from kb_service.understand.chinese_number import ARABIC, parse_number

# unit -> (letter of ISO 8601, how many of it, whether it stands behind the T)
_UNITS = {
    "年": ("Y", 1, False),
    "月": ("M", 1, False),
    "星期": ("W", 1, False),
    "礼拜": ("W", 1, False),
    "周": ("W", 1, False),
    **dict.fromkeys(("工作日", "自然日", "交易日"), ("D", 1, False)),
    "天": ("D", 1, False),
    "日": ("D", 1, False),
    "小时": ("H", 1, True),
    "钟头": ("H", 1, True),
    "钟": ("H", 1, True),  # 三个钟
    "h": ("H", 1, True),
    "刻钟": ("M", 15, True),
    **dict.fromkeys(("分钟", "min", "mins"), ("M", 1, True)),
    "分": ("M", 1, True),
    "秒钟": ("S", 1, True),
    "秒": ("S", 1, True),
}
_HALVES = {("Y", False): "P6M", ("M", False): "P15D", ("D", False): "PT12H", ("H", True): "PT30M", ("M", True): "PT30S"}
_UNIT = "工作日|自然日|交易日|小时|钟头|钟(?![表点楼])|刻钟|分钟|秒钟|秒|星期|礼拜|周|天|年|月|日|h(?![a-z])"
_UNIT += "|mins?(?![a-z])|分(?=[,。;!?\\s\\d]|$)"
_HAN = "[一二两三四五六七八九十百俩仨廿]{1,5}"
_NUMERAL = rf"(?:{ARABIC}|{_HAN})"
SPAN = (
    rf"(?:一整|[大小]?半|个[把半]|{_NUMERAL}[多来几余]?)\s?(?:个[半多来]?)?\s?多?(?:{_UNIT})(?:半(?!个|月)|多(?!少))?"
)
_SPAN = re.compile(
    rf"(?P<num>一整|[大小]?半|个把|个半|{_NUMERAL})[多来几余]?\s?(?P<ge>个(?P<half>半)?[多来]?)?\s?多?"
    rf"(?P<unit>{_UNIT})(?P<tail>半(?!个|月)|多(?!少))?"
)
_FIND = re.compile(rf"(?<![\d.第每这那哪某同几数])(?<!\d:)(?:{_SPAN.pattern})")
_WITHIN = re.compile(r"\s?[之以]?内")
_RANGE = re.compile(rf"{ARABIC}[-~到至](?={ARABIC})")
# What follows some units where no length is meant: 三年级, 3月份, 一周年, 周三.
_NO_LENGTH = {
    "年": "级份代初底末华轻",
    "月": "份底初",
    "周": "一二三四五六日末围边岁年",
    "天": "气",
    "秒": "杀",
    "分": "之",
}


class Length(NamedTuple):
    """A length of time in calendar units; `iso` is how ISO 8601 writes it."""

    iso: str
    months: int
    time: timedelta

    def before(self, moment: datetime) -> datetime:
        """The moment that lies this length before another."""
        year, month = divmod(moment.year * 12 + moment.month - 1 - self.months, 12)
        day = moment.day
        while day > 28:
            try:
                return moment.replace(year=year, month=month + 1, day=day) - self.time
            except ValueError:  # no such day in that month: its last one
                day -= 1
        return moment.replace(year=year, month=month + 1, day=day) - self.time

    @property
    def by_clock(self) -> bool:
        """Whether it is counted in hours or less."""
        return "T" in self.iso


class SpanHit(NamedTuple):
    """A length of time in a text."""

    start: int
    end: int
    length: Length


def find_spans(text: str) -> Iterator[SpanHit]:
    """The lengths of time in a folded text, from left to right; neighbours of falling size are one (`1小时20分`)."""
    last: SpanHit | None = None
    for match in _FIND.finditer(text):
        length = _length(match)
        if length is None:
            continue
        hit = SpanHit(match.start(), match.end(), length)
        joined = _joined(last, hit, text) if last else None
        if match["unit"] == "分" and not joined:
            continue  # 扣了6分: minutes only behind hours
        if last and not joined:
            yield last
        last = joined or hit
    if last:
        yield last


def length_of(text: str) -> Length | None:
    """The length of time that a text says as a whole; None if it says none."""
    match = _SPAN.fullmatch(text)
    return _length(match) if match else None


def _length(match: re.Match[str]) -> Length | None:
    numeral, unit = match["num"], match["unit"]
    if not _is_length(match):
        return None
    half = bool(match["half"]) or match["tail"] == "半" or numeral == "个半"
    if numeral in ("半", "大半", "小半"):
        return _sum(Decimal(0), unit, half=True) if unit not in ("天", "日", "周") else None
    number = Decimal(1) if numeral in ("一整", "个把", "个半") else parse_number(numeral)
    return _sum(number, unit, half) if number else None


def _is_length(match: re.Match[str]) -> bool:
    numeral, unit, text, end = match["num"], match["unit"], match.string, match.end()
    if end < len(text) and text[end] in _NO_LENGTH.get(unit, ""):
        return False
    if match.start() and text[match.start() - 1] == "前" and not _UNITS[unit][2]:
        return False  # 前三天 are days; 开场前6小时 is a length
    if unit == "秒" and numeral.isdigit() and int(numeral) >= 100 and text.startswith("了", end):
        return False  # 1200秒了: bought at once
    if unit == "月":
        return bool(match["ge"]) or numeral in ("俩", "仨", "半", "个把", "个半")
    if unit == "钟":
        return bool(match["ge"]) or numeral == "个半"
    if unit == "日":
        lasting = text[: match.start()].endswith(("咗", "足", "够"))  # 等咗三日
        return lasting or numeral in ("两", "俩") or _WITHIN.match(text, end) is not None
    return unit != "年" or len(numeral) < 3 or not numeral.isdigit()


def _sum(number: Decimal, unit: str, half: bool) -> Length | None:
    letter, times, by_clock = _UNITS[unit]
    whole, fraction = divmod(number * times, 1)
    if fraction == Decimal("0.5"):
        half, fraction = True, Decimal(0)
    if fraction or (half and (letter, by_clock) not in _HALVES):
        return None
    parts = [f"P{'T' if by_clock else ''}{whole}{letter}"] if whole else []
    return _from_iso("".join(parts) if not half else _plus(parts, _HALVES[letter, by_clock]))


def _plus(parts: list[str], half: str) -> str:
    """`P1Y` and `P6M` are `P1Y6M`; `PT1H` and `PT30M` are `PT1H30M`."""
    first = parts[0] if parts else ""
    if not first:
        return half
    return first + (half.removeprefix("PT") if first.startswith("PT") else half.removeprefix("P"))


_ISO = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")


def _from_iso(iso: str) -> Length | None:
    match = _ISO.match(iso)
    if match is None:
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    if years > 200 or months > 2_400 or weeks + days > 40_000 or hours + minutes + seconds > 1_000_000:
        return None  # no length that a case is about, and no date could bear it
    time = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return Length(iso, years * 12 + months, time)


def _joined(first: SpanHit, then: SpanHit, text: str) -> SpanHit | None:
    """Two lengths side by side as one, if the second is of a smaller unit: `1小时20分`, `一年零三个月`."""
    one_size, other_size = ((span.length.months, span.length.time) for span in (first, then))
    if text[first.end : then.start] not in ("", "零", "又", " ") or one_size <= other_size:
        return None
    one, other = first.length.iso, then.length.iso
    joined = one + (other.removeprefix("PT") if one.startswith("PT") else other.removeprefix("P"))
    length = _from_iso(joined)
    return SpanHit(first.start, then.end, length) if length else None
