"""How urgent a case is, and its two clocks: first response and closure. Rules and durations are the content's.

All times are aware; those that come out are Beijing's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from kb_service.case import Clocks, Level, Priority, Reason
from kb_service.content import Desk, Fact, Flow, PriorityRule
from kb_service.records import CHINA, Emotion, ancestors

Clock = Literal["first_response", "resolve"]
CLOCKS: dict[Clock, str] = {"first_response": "首次响应", "resolve": "处理闭环"}
_UNITS = {
    "秒": timedelta(seconds=1),
    "分钟": timedelta(minutes=1),
    "小时": timedelta(hours=1),
    "天": timedelta(days=1),
    "自然日": timedelta(days=1),
    "周": timedelta(weeks=1),
}
_WORKDAY = "工作日"
_SATURDAY = 5


class Urgency(NamedTuple):
    """What priority rests on. `issue_types` are those one is confident of; `contacts` counts this one too.

    `amounts` are in yuan; `late` is by how much each clock that ran out is over.
    """

    issue_types: Sequence[str] = ()
    emotion: Emotion = "calm"
    signals: Collection[str] = ()
    amounts: Sequence[float] = ()
    contacts: int = 1
    late: Mapping[str, timedelta] = {}
    incident: bool = False


def prioritise(desk: Desk, facts: Mapping[str, Fact], case: Urgency) -> Priority:
    """The level, the points and a reason for each rule that fits, heaviest first."""
    types = {name for issue_type in case.issue_types for name in ancestors(issue_type)}
    fitting = [rule for rule in desk.priorities if _fits(rule, facts, case, types)]
    fitting.sort(key=lambda rule: -rule.points)
    score = sum(rule.points for rule in fitting)
    reasons = [Reason(rule=rule.id, text=_worded(rule, facts, case)) for rule in fitting]
    return Priority(level=level_of(desk, score), score=round(score, 2), reasons=reasons)


def level_of(desk: Desk, points: float) -> Level:
    """The highest level whose threshold these points reach; P3 below all."""
    reached = [level for level in get_args(Level)[:-1] if level in desk.levels and points >= desk.levels[level]]
    return reached[0] if reached else "P3"


def _fits(rule: PriorityRule, facts: Mapping[str, Fact], case: Urgency, types: Collection[str]) -> bool:
    """Whether all conditions hold; `types` are the case's issue types with all above them."""
    return (
        (not rule.issue_types or any(name in types for name in rule.issue_types))
        and (not rule.emotions or case.emotion in rule.emotions)
        and (not rule.signals or any(name in case.signals for name in rule.signals))
        and (rule.amount_from is None or max(case.amounts, default=0.0) >= _number(rule.amount_from, facts))
        and (rule.contacts_from is None or case.contacts >= _number(rule.contacts_from, facts))
        and (rule.overdue is None or rule.overdue in case.late)
        and (not rule.incident or case.incident)
    )


def _number(value: float | str, facts: Mapping[str, Fact]) -> float:
    """A threshold: itself, or the value of the fact that it names (the content check refuses unknown ones)."""
    return float(facts[value].value) if isinstance(value, str) else float(value)


def _worded(rule: PriorityRule, facts: Mapping[str, Fact], case: Urgency) -> str:
    if "{" not in rule.reason:
        return rule.reason
    words = {
        "{amount}": _plain(max(case.amounts, default=0.0)),
        "{contacts}": str(case.contacts),
        "{amount_from}": _plain(_number(rule.amount_from or 0, facts)),
        "{contacts_from}": _plain(_number(rule.contacts_from or 0, facts)),
        "{late}": spoken(case.late.get(rule.overdue or "", timedelta())),
    }
    text = rule.reason
    for name, value in words.items():
        text = text.replace(name, value)
    return text


def clocks(
    desk: Desk,
    facts: Mapping[str, Fact],
    flow: Flow | None,
    opened_at: datetime | None,
    now: datetime,
    answered: bool,
) -> Clocks:
    """When the first response and the closure are due, by the flow's facts or else the desk's.

    `overdue` names the clocks that have run out at `now`; the first one stops once an agent has answered.
    """
    names: dict[Clock, str] = (
        {"first_response": flow.sla.first_response, "resolve": flow.sla.resolve}
        if flow
        else {"first_response": desk.first_response, "resolve": desk.resolve}
    )
    due = {clock: _due(facts.get(name), opened_at) for clock, name in names.items()}
    late = [clock for clock, at in due.items() if at and now > at and not (clock == "first_response" and answered)]
    return Clocks(first_response_due=due["first_response"], resolve_due=due["resolve"], overdue=list(late))


def lateness(found: Clocks, now: datetime) -> dict[str, timedelta]:
    """By how much each overdue clock is over at `now`."""
    due = {"first_response": found.first_response_due, "resolve": found.resolve_due}
    return {clock: now - at for clock in found.overdue if (at := due[clock]) is not None}


def _due(fact: Fact | None, opened_at: datetime | None) -> datetime | None:
    if fact is None or opened_at is None or not isinstance(fact.value, int | float):
        return None
    start = opened_at.astimezone(CHINA)
    unit = fact.unit.strip().removeprefix("个")
    if unit == _WORKDAY:
        return _workdays_after(start, int(fact.value))
    return start + fact.value * _UNITS[unit] if unit in _UNITS else None


def _workdays_after(start: datetime, days: int) -> datetime:
    """The same time of day so many working days later; Saturdays and Sundays do not count, holidays are not known."""
    while days > 0:
        start += timedelta(days=1)
        days -= start.weekday() < _SATURDAY
    return start


def spoken(length: timedelta) -> str:
    """A length of time in words, its largest unit only.

    >>> spoken(timedelta(minutes=95)), spoken(timedelta(seconds=40))
    ('1 小时', '40 秒')
    """
    seconds = max(0, int(length.total_seconds()))
    for size, unit in ((86_400, "天"), (3_600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} 秒"


def _plain(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
