"""Points, levels and reasons; the two clocks. Thresholds by hand, and the real desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import pytest

from ingest.load import load
from ingest.loaded import Loaded
from kb_service.case import Reason
from kb_service.content import Desk, Fact, Flow, PriorityRule, ServiceLevel
from kb_service.records import CHINA
from kb_service.urgency.priority import Urgency, clocks, lateness, level_of, prioritise, spoken
from tests.conftest import ROOT

FACTS = {
    "big": Fact(label="大额", kind="amount", value=2000, unit="元"),
    "times": Fact(label="次数", kind="count", value=3, unit="次"),
    "first": Fact(label="响应", kind="duration", value=30, unit="秒"),
    "close": Fact(label="闭环", kind="duration", value=24, unit="小时"),
    "days": Fact(label="办结", kind="duration", value=2, unit="个工作日"),
    "hours": Fact(label="时段", kind="text", value="每天"),
}
DESK = Desk(
    first_response="first",
    resolve="close",
    priorities=(
        PriorityRule(id="theft", points=60, reason="账号被盗", issue_types=("account.theft",)),
        PriorityRule(
            id="big", points=30, reason="涉及金额 {amount} 元，达到 {amount_from} 元的大额标准", amount_from="big"
        ),
        PriorityRule(
            id="again", points=25, reason="第 {contacts} 次来询（{contacts_from} 次起）", contacts_from="times"
        ),
        PriorityRule(id="late", points=20, reason="闭环超时 {late}", overdue="resolve"),
        PriorityRule(id="upset-trade", points=15, reason="交易中情绪激动", issue_types=("trade",), emotions=("angry",)),
        PriorityRule(id="harm", points=90, reason="人身安全", signals=("harm", "injury")),
        PriorityRule(id="incident", points=50, reason="突发事件", incident=True),
    ),
)
OPENED = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # a Friday, 10:00 in Beijing


@lru_cache
def real() -> Loaded:
    return load(ROOT / "content")


def test_a_plain_case_is_p3_without_reasons() -> None:
    found = prioritise(DESK, FACTS, Urgency(issue_types=("usage.search",)))
    assert (found.level, found.score, found.reasons) == ("P3", 0, [])


def test_points_add_up_and_reasons_say_the_numbers() -> None:
    found = prioritise(DESK, FACTS, Urgency(("trade.refund",), "angry", (), (80.5, 3000.0), contacts=3))
    assert (found.level, found.score) == ("P1", 70)
    assert found.reasons == [
        Reason(rule="big", text="涉及金额 3000 元，达到 2000 元的大额标准"),
        Reason(rule="again", text="第 3 次来询（3 次起）"),
        Reason(rule="upset-trade", text="交易中情绪激动"),
    ]


@pytest.mark.parametrize(
    ("case", "rules"),
    [
        (Urgency(amounts=(1999.99,)), []),
        (Urgency(amounts=(2000.0,)), ["big"]),
        (Urgency(contacts=2), []),
        (Urgency(issue_types=("usage.search",), emotion="angry"), []),  # all conditions have to fit
        (Urgency(issue_types=("usage.search", "account.theft")), ["theft"]),
        (Urgency(signals={"injury"}), ["harm"]),
        (Urgency(incident=True), ["incident"]),
        (Urgency(late={"first_response": timedelta(hours=1)}), []),
        (Urgency(late={"resolve": timedelta(hours=1)}), ["late"]),
        (Urgency(issue_types=("tradesman",), emotion="angry"), []),
    ],
)
def test_which_rules_fit(case: Urgency, rules: list[str]) -> None:
    assert [reason.rule for reason in prioritise(DESK, FACTS, case).reasons] == rules


@pytest.mark.parametrize(
    ("points", "level"), [(0, "P3"), (24.9, "P3"), (25, "P2"), (50, "P1"), (80, "P0"), (500, "P0")]
)
def test_levels(points: float, level: str) -> None:
    assert level_of(DESK, points) == level


def test_a_desk_without_levels_or_rules_has_p3_only() -> None:
    assert prioritise(Desk(levels={}), {}, Urgency(signals={"harm"})).level == "P3"


def test_clocks_run_from_the_opening_in_beijing_time() -> None:
    found = clocks(DESK, FACTS, None, OPENED, OPENED + timedelta(seconds=30), answered=False)
    assert found.first_response_due == datetime(2026, 11, 20, 10, 0, 30, tzinfo=CHINA)
    assert found.resolve_due == datetime(2026, 11, 21, 10, 0, tzinfo=CHINA)
    assert found.first_response_due is not None
    assert found.first_response_due.utcoffset() == timedelta(hours=8)
    assert found.overdue == []  # at the very moment it is not over yet


def test_an_answer_stops_the_first_clock_only() -> None:
    now = OPENED + timedelta(hours=25)
    assert clocks(DESK, FACTS, None, OPENED, now, answered=False).overdue == ["first_response", "resolve"]
    assert clocks(DESK, FACTS, None, OPENED, now, answered=True).overdue == ["resolve"]
    late = lateness(clocks(DESK, FACTS, None, OPENED, now, answered=True), now)
    assert late == {"resolve": timedelta(hours=1)}
    assert prioritise(DESK, FACTS, Urgency(late=late)).reasons == [Reason(rule="late", text="闭环超时 1 小时")]


def test_an_unknown_opening_has_no_clocks() -> None:
    found = clocks(DESK, FACTS, None, None, OPENED, answered=False)
    assert (found.first_response_due, found.resolve_due, found.overdue) == (None, None, [])


def flow_with(first: str, resolve: str) -> Flow:
    flow = real().flows[0]
    return flow.model_copy(update={"sla": ServiceLevel(first_response=first, resolve=resolve)})


def test_the_flow_decides_and_working_days_skip_the_weekend() -> None:
    found = clocks(DESK, FACTS, flow_with("first", "days"), OPENED, OPENED, answered=False)
    assert found.resolve_due == datetime(2026, 11, 24, 10, 0, tzinfo=CHINA)  # Friday + 2 working days: Tuesday


@pytest.mark.parametrize("name", ["hours", "unknown"])
def test_a_fact_that_is_no_duration_has_no_clock(name: str) -> None:
    assert clocks(DESK, FACTS, flow_with(name, name), OPENED, OPENED, answered=False).resolve_due is None


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-5), "0 秒"),
        (timedelta(seconds=59), "59 秒"),
        (timedelta(minutes=59, seconds=59), "59 分钟"),
        (timedelta(hours=30), "1 天"),
    ],
)
def test_lengths_in_words(length: timedelta, words: str) -> None:
    assert spoken(length) == words


@pytest.mark.parametrize(
    ("case", "level"),
    [
        (Urgency(("usage.search",)), "P3"),
        (Urgency(("trade.refund",), "angry"), "P3"),
        (Urgency(("trade.refund",), "threatening", {"media"}), "P1"),
        (Urgency(("account.theft",), "anxious", {"ongoing", "not_me"}), "P0"),
        (Urgency(("account.fraud",), "anxious", {"ongoing"}), "P0"),
        (Urgency(("account.fraud",)), "P2"),
        (Urgency(("trade.refund",), amounts=(5000.0,)), "P2"),
        (Urgency(("trade.refund",), "angry", {"repeat_contact"}, (25_000.0,)), "P0"),
        (Urgency(("account.minor",), "anxious", {"minor"}), "P1"),
        (Urgency(("trade.quality",), "angry", {"harm"}), "P0"),
        (Urgency(("usage.payment",), incident=True), "P1"),
    ],
)
def test_the_real_desk(case: Urgency, level: str) -> None:
    loaded = real()
    assert prioritise(loaded.desk, loaded.facts, case).level == level


def test_no_reason_of_the_real_desk_keeps_a_placeholder() -> None:
    loaded = real()
    case = Urgency(
        tuple(loaded.taxonomy.issue_types) if loaded.taxonomy else (),
        "angry",
        {signal for rule in loaded.desk.priorities for signal in rule.signals},
        (99_999.0,),
        9,
        {"resolve": timedelta(days=2), "first_response": timedelta(minutes=3)},
        incident=True,
    )
    assert not [found for found in prioritise(loaded.desk, loaded.facts, case).reasons if "{" in found.text]
