"""In which order to take the open cases of a shift, and why. A pure function over cases already understood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from kb_service.case import Clocks, Level, Reason
from kb_service.casework import QueuePlace
from kb_service.urgency.priority import CLOCKS, Clock, spoken

SHOWN = 3  # reasons of the priority that are repeated
_LATER = timedelta(days=3650)  # stands for no deadline


class OpenCase(NamedTuple):
    """A case that waits for an agent. `reasons` are those of its priority, heaviest first."""

    id: str
    level: Level
    score: float
    clocks: Clocks
    answered: bool = False
    opened_at: datetime | None = None
    issue_type: str | None = None
    reasons: tuple[Reason, ...] = ()


class _Slack(NamedTuple):
    """The next clock of a case and how much of it is left, negative once it is over."""

    clock: Clock | None
    left: timedelta
    urgency: int  # 0 over, 1 runs out before the backlog is through, 2 can wait, 3 has no deadline


def order(cases: Sequence[OpenCase], staff: int, handling_minutes: float, now: datetime) -> list[QueuePlace]:
    """The cases in the order in which to take them.

    Levels first. Within a level: what is overdue, then what runs out before this backlog is worked through by this
    staff, then the rest; among these the one with less time left, to within the minutes that one case takes; then the
    higher score; then the one opened first.
    """
    backlog = timedelta(minutes=math.ceil(len(cases) / staff) * handling_minutes)
    slack = {case.id: _slack(case, now, backlog) for case in cases}
    turn = timedelta(minutes=handling_minutes)
    placed = sorted(cases, key=lambda case: _key(case, slack[case.id], turn))
    return [
        _place(case, number, slack[case.id], timedelta(minutes=number // staff * handling_minutes), now)
        for number, case in enumerate(placed)
    ]


def _key(case: OpenCase, slack: _Slack, turn: timedelta) -> tuple[Level, int, int, float, datetime, str]:
    opened = case.opened_at or datetime.max.replace(tzinfo=UTC)
    return case.level, slack.urgency, slack.left // turn, -case.score, opened, case.id


def _slack(case: OpenCase, now: datetime, backlog: timedelta) -> _Slack:
    due: list[tuple[datetime, Clock]] = []
    if case.clocks.first_response_due and not case.answered:
        due.append((case.clocks.first_response_due, "first_response"))
    if case.clocks.resolve_due:
        due.append((case.clocks.resolve_due, "resolve"))
    if not due:
        return _Slack(None, _LATER, 3)
    at, clock = min(due)
    left = at - now
    return _Slack(clock, left, 0 if left < timedelta() else 1 if left <= backlog else 2)


def _place(case: OpenCase, number: int, slack: _Slack, wait: timedelta, now: datetime) -> QueuePlace:
    return QueuePlace(
        id=case.id,
        place=number + 1,
        level=case.level,
        score=case.score,
        reasons=[*case.reasons[:SHOWN], *_why(case, slack, wait, now)],
        issue_type=case.issue_type,
        wait_minutes=round(wait.total_seconds() / 60, 1),
        clocks=case.clocks,
    )


def _why(case: OpenCase, slack: _Slack, wait: timedelta, now: datetime) -> list[Reason]:
    """Words for the level, for the deadline, and for what decides where there is none."""
    reasons = [Reason(rule="level", text=f"{case.level}，{_LEVELS[case.level]}")]
    if slack.clock is None:
        reasons.append(Reason(rule="no-deadline", text="没有期限，同级里排在有期限的后面，按评分和先后"))
        return reasons
    name = CLOCKS[slack.clock]
    if slack.urgency == 0:
        reasons.append(Reason(rule="overdue", text=f"{name}已超时 {spoken(-slack.left)}，同级里先办"))
    elif slack.left < wait:
        text = f"{name}还剩 {spoken(slack.left)}，按现在的人手要等 {spoken(wait)}，会超时；请加派人手"
        reasons.append(Reason(rule="will-be-late", text=text))
    elif slack.urgency == 1:
        text = f"{name}还剩 {spoken(slack.left)}，排到最后会超时，同级里提前"
        reasons.append(Reason(rule="deadline-near", text=text))
    else:
        reasons.append(Reason(rule="in-time", text=f"{name}还剩 {spoken(slack.left)}，等得起，同级里按评分和先后"))
    return reasons


_LEVELS: dict[Level, str] = {
    "P0": "立即处理",
    "P1": "优先处理",
    "P2": "尽快处理",
    "P3": "按顺序处理",
}
