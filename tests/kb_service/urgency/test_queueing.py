"""The order of a queue, and the words that explain it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_service.case import Clocks, Level, Reason
from kb_service.urgency.queueing import OpenCase, order

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def case(
    name: str,
    level: Level = "P3",
    score: float = 0,
    left: float | None = None,
    opened: float = 0,
    answered: bool = True,
) -> OpenCase:
    """`left` are the minutes until closure is due, `opened` how many minutes ago the case was opened."""
    due = None if left is None else NOW + timedelta(minutes=left)
    clocks = Clocks(first_response_due=None, resolve_due=due, overdue=[])
    return OpenCase(name, level, score, clocks, answered, NOW - timedelta(minutes=opened))


def ids(*cases: OpenCase, staff: int = 1, minutes: float = 6) -> list[str]:
    return [place.id for place in order(cases, staff, minutes, NOW)]


def test_an_empty_queue_has_no_places() -> None:
    assert order([], 1, 6, NOW) == []


def test_levels_come_first_whatever_the_deadlines() -> None:
    assert ids(case("c", "P2", left=-60), case("b", "P1"), case("a", "P0", left=999)) == ["a", "b", "c"]


def test_within_a_level_overdue_then_threatened_then_safe_then_without_deadline() -> None:
    cases = [case("none", score=99), case("safe", left=600, score=50), case("soon", left=20), case("over", left=-1)]
    assert ids(*cases) == ["over", "soon", "safe", "none"]


def test_more_staff_takes_the_threat_away_so_that_the_score_decides() -> None:
    cases = [case("near", left=11, score=1), case("far", left=11.5, score=9), case("third"), case("fourth")]
    assert ids(*cases)[:2] == ["far", "near"]  # within the same turn of six minutes
    assert ids(case("near", left=13, score=1), case("far", left=23, score=9), staff=1)[0] == "near"


def test_ties_go_to_the_higher_score_then_to_the_one_opened_first() -> None:
    assert ids(case("a", score=1), case("b", score=2)) == ["b", "a"]
    assert ids(case("young", opened=5), case("old", opened=9)) == ["old", "young"]


def test_the_wait_follows_from_place_staff_and_minutes() -> None:
    places = order([case(str(number), opened=9 - number) for number in range(5)], 2, 6, NOW)
    assert [(place.place, place.wait_minutes) for place in places] == [(1, 0), (2, 0), (3, 6), (4, 6), (5, 12)]


def test_an_unanswered_case_runs_against_the_first_clock() -> None:
    clocks = Clocks(
        first_response_due=NOW - timedelta(minutes=3), resolve_due=NOW + timedelta(hours=20), overdue=["first_response"]
    )
    waiting = OpenCase("a", "P3", 0, clocks, answered=False)
    assert order([waiting], 1, 6, NOW)[0].reasons == [
        Reason(rule="level", text="P3，按顺序处理"),
        Reason(rule="overdue", text="首次响应已超时 3 分钟，同级里先办"),
    ]
    assert order([waiting._replace(answered=True)], 1, 6, NOW)[0].reasons[1] == Reason(
        rule="in-time", text="处理闭环还剩 20 小时，等得起，同级里按评分和先后"
    )


def test_reasons_of_the_priority_are_repeated_and_a_missed_deadline_is_foretold() -> None:
    why = tuple(Reason(rule=f"r{number}", text=f"理由{number}") for number in range(5))
    urgent = [case(f"p0-{number}", "P0") for number in range(3)]
    last = order([*urgent, case("late", left=10)._replace(reasons=why)], 1, 6, NOW)[-1]
    assert [reason.rule for reason in last.reasons] == ["r0", "r1", "r2", "level", "will-be-late"]
    assert last.reasons[-1].text == "处理闭环还剩 10 分钟，按现在的人手要等 18 分钟，会超时；请加派人手"


def test_a_case_without_deadline_says_so() -> None:
    assert order([case("a")], 1, 6, NOW)[0].reasons[-1].rule == "no-deadline"


@pytest.mark.parametrize("minutes", [0.001, 600])
def test_extreme_handling_times(minutes: float) -> None:
    assert len(ids(case("a", left=5), case("b", left=-5), case("c"), minutes=minutes)) == 3


@given(
    st.lists(
        st.tuples(st.sampled_from(["P0", "P1", "P2", "P3"]), st.floats(-500, 500), st.floats(0, 200)), max_size=30
    ),
    st.integers(1, 50),
)
def test_every_case_has_one_place_and_levels_never_mix(rows: list[tuple[Level, float, float]], staff: int) -> None:
    cases = [case(str(number), level, score, left) for number, (level, left, score) in enumerate(rows)]
    places = order(cases, staff, 6, NOW)
    assert sorted(place.id for place in places) == sorted(item.id for item in cases)
    assert [place.level for place in places] == sorted(place.level for place in places)
    assert order(list(reversed(cases)), staff, 6, NOW) == places
