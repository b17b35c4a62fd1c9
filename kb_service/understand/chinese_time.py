"""Points of time as Chinese messages name them: dates, weekdays, relative days, festivals, clock times.

Folded text is expected (see `text.fold_aligned`). All is Beijing time; values are `YYYY-MM-DD`, or `YYYY-MM-DDTHH:MM`
where a clock time is said. What has no year, month or week is the one that a complaint most likely means: the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from kb_service.lexicon import Festival
from kb_service.records import CHINA
from kb_service.understand.chinese_number import parse_number
from kb_service.understand.chinese_span import SPAN, length_of


class Hit(NamedTuple):
    """A stretch of text and its normalised value."""

    start: int
    end: int
    value: str


_N = r"(?:\d{1,2}|[一二三四五六七八九十廿]{1,3})"
_TWO = r"\d{1,2}"
_RELATIVE = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_RELATIVE |= {"琴": -1, "寻": -1, "噚": -1, "听": 1}  # Cantonese: 琴日, 听日
_WEEKDAYS = {**{day: n for n, day in enumerate("一二三四五六日")}, "天": 6, "末": 5}
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_NEAR_YEARS = {"前年": -2, "去年": -1, "今年": 0, "明年": 1}
_NOT_A_DAY = (
    "楼栋幢店线门院柜仓球码机车位键馆厅桌电柱库坑台筒文房口床屏窗摊档铺站厂员坐客元块本弄室色链选座"  # 3号楼, 5号电池
)
_YEAR = (
    r"(?:(?P<year>(?<!\d)20\d\d|(?<![\d.])\d\d|二[零〇]二[零〇一二三四五六七八九])年|"
    r"(?P<near>去年|前年|今年|明年)的?)?\s?"
)
_DATES = (
    rf"(?<!\d)(?P<iso>20\d\d[-/.年]{_TWO}[-/.月]{_TWO}(?!\d)日?)",
    rf"{_YEAR}(?:(?<![\d.])(?P<month>{_N})月份?的?\s?(?P<day>{_N})(?:[日号]|(?![\d个万千百元块天折月%]))|(?P<festival>FESTIVALS))",
    rf"(?P<months>上上个?月|上个?月|这个?月|本月|下个?月)的?\s?(?P<day_of>{_N})[日号]",
    rf"(?<![\d./×x*比:-])(?P<slash>{_TWO}/{_TWO}(?!\s?[\d/.×x*%分]))",
    r"(?P<relative>大前|大后|前|昨|今|明|后|[琴寻噚听](?=日(?![本语常])|晚(?![上点到了])|朝(?![着向鲜阳])))"
    r"(?:天|儿个|儿|日(?![常期])|(?<=[昨今明])个儿?(?![月年人儿])|(?<![如而现当]今)(?<=[昨今琴寻噚听])(?=朝(?![着向鲜阳]))"
    r"|(?=晚[^点了期]|晚$|夜|早[^就该已]|早$|晨)|(?<![如而现当至]今)(?<![证说声表申发]明)(?<=[昨今明])(?=早就))",
    r"(?<!每)(?P<weeks>上上|下下|上|下|这|本)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末])(?![个次年岁])",
    rf"(?<![\d.第几数前])(?P<ago>{SPAN})[之以]?前(?![后面台置期端])",
    rf"(?<![大小]了)(?<!投诉)(?<![\d第咗足够a-z\-.#几大小一二三四五六七八九十])(?P<bare>{_N})[日号](?!{'|'.join(_NOT_A_DAY)}|[之以]?内)",
)
_FIRST = r"(?=[\d一二两三四五六七八九十廿俩仨半个上下这本大小前昨今明后去周星礼琴寻噚听FIRSTS])"
_PART = (
    "凌晨|清晨|大清早|清早|一大早|一早|早上|早晨|早间|朝早|朝|上午|上昼|早(?!晚)|晨|中午|正午|"
    "下午|下昼|晏昼|傍晚|午后|晚上|晚间|晚黑|晚|夜里|夜晚|半夜|深夜|夜"
)
_CLOCK = (
    r"(?:(?P<hour>\d{1,2}|[零一二两三四五六七八九十]{1,3})(?:点钟?|时(?![间候尚刻长]))"
    r"(?:(?P<quarter>半|一刻|三刻)|过?(?P<minute>\d{1,2}|[零〇一二三四五六七八九十]{1,3})分?(?![\d百千万倍%钟个]))?整?(?:多(?!少))?"
    r"|(?<!\d)(?P<hh>[01]?\d|2[0-4]):(?P<mm>[0-5]\d)(?::[0-5]\d)?(?!\d))"
)
_TAIL = re.compile(
    r"(?P<weekday>[ (]?(?:周|星期|礼拜)[一二三四五六日天]\)?)?"
    rf"(?:(?:那天|当天|的)?[ ,]?(?P<part>{_PART}))?(?: ?(?:{_CLOCK}))?"
)
_ALONE = re.compile(
    rf"(?=[零凌清大一早上晨中正下晏傍午晚夜半深\d三四五六七八九十])(?:(?P<part>{_PART}) ?)?(?<![\d.:]){_CLOCK}"
)
_NO_CLOCK = re.compile(r"建议|要求|意见|问题|不|要|以上|希望|击|赞|开|好|\d")  # 3点建议
_AFTERNOON = ("下午", "下昼", "晏昼", "傍晚", "午后")
_EVENING = (*_AFTERNOON, "晚上", "晚间", "晚黑", "晚", "夜里", "夜晚", "半夜", "深夜", "夜")
_NEXT = re.compile(r"[之以]?前|到期|截止")
# Days before or behind a named day: 国庆前一天, 双十一后第二天.
_SHIFT = re.compile(r"的?(?:(?P<before>前)|后(?!第)|后?(?P<nth>第))(?P<days>[一二两三四五六七\d])天(?![内起之以])")


class Calendar:
    """Finds points of time. Built once; `festivals` are named days with their dates."""

    def __init__(self, festivals: Sequence[Festival] = ()) -> None:
        self._days = {name: festival.days for festival in festivals for name in festival.names}
        names = "|".join(map(_festival_pattern, sorted(self._days, key=len, reverse=True))) or r"(?!)"
        firsts = "".join(sorted({re.escape(name[0]) for name in self._days if not name[0].isdigit()}))
        dates = "|".join(_DATES).replace("FESTIVALS", names)
        self._dates = re.compile(_FIRST.replace("FIRSTS", firsts) + f"(?:{dates})")

    def find(self, text: str, at: datetime) -> list[Hit]:
        """The points of time in a folded text that was said at `at`, in order."""
        now = at.astimezone(CHINA)
        hits: list[Hit] = []
        end = 0
        for match in self._dates.finditer(text):
            hit = self._dated(match, now) if match.start() >= end else None
            if hit:
                hits.append(hit)
                end = hit.end
        hits += [
            hit for hit in _clocks(text, now) if not any(hit.start < one.end and one.start < hit.end for one in hits)
        ]
        return sorted(hits)

    def _dated(self, match: re.Match[str], now: datetime) -> Hit | None:
        try:
            moment = self._moment(match, now)
        except (ValueError, OverflowError):  # 13月40日
            return None
        if moment is None:
            return None
        if isinstance(moment, datetime):
            return Hit(match.start(), match.end(), moment.strftime("%Y-%m-%dT%H:%M"))
        end = match.end()
        shift = _SHIFT.match(match.string, end) if match["festival"] or match["day"] else None
        if shift:
            moment, end = moment + timedelta(days=_shifted(shift)), shift.end()
        tail = _TAIL.match(match.string, end)
        assert tail is not None  # it matches the empty text
        clock = _clock(tail)
        if clock is None:
            end = max(end, tail.end("part"), tail.end("weekday"))
            return Hit(match.start(), end, moment.isoformat())
        return Hit(match.start(), tail.end(), _stamp(moment, clock))

    def _moment(self, match: re.Match[str], now: datetime) -> date | datetime | None:
        today, kind = now.date(), match.lastgroup
        if kind == "iso":
            year, month, day = (int(part) for part in re.findall(r"\d+", match["iso"]))
            return date(year, month, day)
        if match["day"]:
            return _near(_year(match, today), f"{_int(match['month']):02}-{_int(match['day']):02}", today, future=90)
        if match["festival"]:
            before = _NEXT.match(match.string, match.end()) and not _SHIFT.match(match.string, match.end())
            ahead = 183 if before else 45  # 春节前: the next one
            return _festival(self._days[match["festival"]], _year(match, today), today, ahead)
        if match["slash"]:
            month, day = (int(part) for part in match["slash"].split("/"))
            return _near(None, f"{month:02}-{day:02}", today, future=90)
        return _relative(match, now)


def _festival_pattern(name: str) -> str:
    """Names such as 618 and 11.11 must not be a piece or the figure of an amount."""
    if name[-1].isdigit():
        return rf"(?<![\d.¥]){re.escape(name)}(?![\d.]|\s?[元块%万])"
    return rf"(?<![十百千]){name}(?![斤个张件瓶双条份盒台只次套])" if name in ("五一", "六一") else re.escape(name)


def _shifted(shift: re.Match[str]) -> int:
    """How many days later than the named day; the second day is the one after it."""
    days = _int(shift["days"])
    return -days if shift["before"] else days - (1 if shift["nth"] else 0)


def _relative(match: re.Match[str], now: datetime) -> date | datetime | None:
    today = now.date()
    if match["day_of"]:
        months = match["months"].count("上") - match["months"].count("下")
        return _month_back(today, months).replace(day=_int(match["day_of"]))
    if match["relative"]:
        return today + timedelta(days=_RELATIVE[match["relative"]])
    if match["weekday"]:
        return _weekday(match, today)
    if match["ago"]:
        length = length_of(match["ago"])
        then = length.before(now) if length else None
        return then if then is None or (length and length.by_clock) else then.date()
    day = _int(match["bare"])
    if day <= today.day or _NEXT.match(match.string, match.end()):
        return today.replace(day=day)
    return _month_back(today, 1).replace(day=day)


def _int(numeral: str) -> int:
    number = parse_number(numeral)
    if number is None:
        raise ValueError(numeral)
    return int(number)


def _month_back(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _year(match: re.Match[str], today: date) -> int | None:
    if match["near"]:
        return today.year + _NEAR_YEARS[match["near"]]
    if match["year"]:
        year = _int(match["year"])
        return year if year > 99 else 2000 + year
    return None


def _near(year: int | None, month_day: str, today: date, future: int) -> date | None:
    """A day of the year, of `year` or else of the last year in which it lies at most `future` days ahead."""
    if year is not None:
        return date.fromisoformat(f"{year:04}-{month_day}")
    for candidate in (today.year + 1, today.year, today.year - 1):
        try:
            day = date.fromisoformat(f"{candidate:04}-{month_day}")
        except ValueError:  # 29 February
            continue
        if day <= today + timedelta(days=future):
            return day
    return None


def _festival(days: Sequence[str], year: int | None, today: date, future: int) -> date | None:
    """`days` is one `MM-DD`, or the full dates of the years that are known."""
    if len(days) == 1 and len(days[0]) == 5:
        return _near(year, days[0], today, future)
    dates = [date.fromisoformat(day) for day in days]
    if year is not None:
        return next((day for day in dates if day.year == year), None)
    return max((day for day in dates if day <= today + timedelta(days=future)), default=None)


def _weekday(match: re.Match[str], today: date) -> date:
    day = today - timedelta(days=today.weekday() - _WEEKDAYS[match["weekday"]])
    if match["weeks"]:
        return day + timedelta(weeks=_WEEKS[match["weeks"]])
    if _NEXT.match(match.string, match.end()):
        return day if day >= today else day + timedelta(weeks=1)
    return day if day <= today else day - timedelta(weeks=1)


def _clocks(text: str, now: datetime) -> Iterator[Hit]:
    """Clock times that stand without a date: today's."""
    for match in _ALONE.finditer(text):
        bare = not match["part"] and not match["hh"]
        if bare and (_NO_CLOCK.match(text, match.end()) or not _surely_clock(match)):
            continue
        clock = _clock(match)
        if clock:
            yield Hit(match.start(), match.end(), _stamp(now.date(), clock))


def _surely_clock(match: re.Match[str]) -> bool:
    """`八点半`, `8点`, `零点`; but not `三点` (three things), `一点` nor `零点五`."""
    if match["hour"] == "零":
        if match.string[: match.start()].endswith(("次日", "每天", "每日", "每晚", "每晚上")):
            return False  # no certain day
        return not match["minute"] or match[0].endswith("分")
    return match["hour"].isdigit() or bool(match["quarter"] or match["minute"]) or match[0].endswith(("钟", "整", "多"))


def _clock(match: re.Match[str]) -> tuple[int, int] | None:
    """Hour (24 and above is the next day) and minute; None if no clock time is said, or an impossible one."""
    if match["hh"]:
        return _by_part(int(match["hh"]), match["part"]), int(match["mm"])
    if not match["hour"]:
        return None
    hour = _int(match["hour"])
    minute = {"半": 30, "一刻": 15, "三刻": 45}.get(match["quarter"] or "") or _int(match["minute"] or "零")
    return (_by_part(hour, match["part"]), minute) if hour <= 24 and minute < 60 else None


def _by_part(hour: int, part: str | None) -> int:
    """The hour of the day; above 23 it is one of the next day: `昨晚两点` is early today."""
    if part in ("中午", "正午"):
        return hour + 12 if hour < 6 else hour
    if part in ("凌晨", "半夜", "深夜", "夜里") and (hour == 12 or hour < 6):
        return hour % 12 if part == "凌晨" else hour % 12 + (24 if hour == 12 else 0)
    if part in _EVENING and hour <= 12:
        if part in _AFTERNOON:
            return hour % 12 + 12
        return hour + 12 if hour >= 5 else hour + 24
    return hour


def _stamp(day: date, clock: tuple[int, int]) -> str:
    hour, minute = clock
    try:
        moment = datetime(day.year, day.month, day.day, minute=minute, tzinfo=CHINA) + timedelta(hours=hour)
    except OverflowError:
        return day.isoformat()
    return moment.strftime("%Y-%m-%dT%H:%M")
