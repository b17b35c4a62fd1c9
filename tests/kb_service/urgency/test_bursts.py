"""The burst detector: what counts, what is usual, and what it survives."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from kb_service.content import Desk, Fact
from kb_service.urgency import bursts as module
from kb_service.urgency.bursts import BurstRule, Bursts, burst_rule

RULE = BurstRule(timedelta(minutes=30), 5)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def plain(text: str) -> str:
    return text


def filled(count: int, start: float = 0, step: float = 1, name: str = "case") -> Bursts:
    found = Bursts(RULE)
    for number in range(count):
        found.note(f"{name}{number}", "usage.payment", minutes(start + number * step), f"付款页打不开 {number}")
    return found


def test_four_cases_are_no_burst_and_five_are() -> None:
    assert filled(4).incidents(minutes(5), plain) == []
    (burst,) = filled(5).incidents(minutes(5), plain)
    assert (burst.issue_type, burst.cases, burst.usual) == ("usage.payment", 5, 0.0)
    assert (burst.first_seen, burst.last_seen) == (NOON, minutes(4))


def test_the_same_case_counts_once_and_moves_with_its_issue_type() -> None:
    found = filled(4)
    for _ in range(10):
        found.note("case0", "usage.payment", minutes(6), "还是打不开")
    assert found.incidents(minutes(7), plain) == []
    found.note("case9", "usage.payment", minutes(7), "打不开")
    assert len(found.incidents(minutes(7), plain)) == 1
    found.note("case9", "usage.withdraw", minutes(8), "提现也不行")
    assert found.incidents(minutes(8), plain) == []


def test_what_is_older_than_the_window_is_forgotten() -> None:
    found = filled(5)
    assert found.incidents(minutes(31), plain) == []
    assert found.counts()["usage.payment"] == 4


def test_samples_are_the_newest_three_and_masked() -> None:
    (burst,) = filled(6).incidents(minutes(6), lambda text: text.replace("付款", "**"))
    assert burst.samples == ("**页打不开 5", "**页打不开 4", "**页打不开 3")


def test_what_is_usual_is_no_burst_but_three_times_as_much_is() -> None:
    found = Bursts(RULE)
    for number in range(24 * 20):  # ten every half hour, for a day
        found.note(f"usual{number}", "trade.refund", minutes(number * 3), "退款")
    now = minutes(24 * 20 * 3)
    assert found.incidents(now, plain) == []
    for number in range(20):
        found.note(f"more{number}", "trade.refund", now, "退款到不了账")
    (burst,) = found.incidents(now, plain)
    assert burst.cases == 30
    assert burst.usual == pytest.approx(10, abs=1)


def test_a_burst_does_not_soon_become_usual() -> None:
    found = Bursts(RULE)
    for number in range(24 * 2):  # one an hour, for two days
        found.note(f"usual{number}", "usage.payment", minutes(number * 60), "付款")
    start = 24 * 2 * 60
    for number in range(60):  # then two hours of one every other minute
        found.note(f"burst{number}", "usage.payment", minutes(start + number * 2), "付款失败")
        if number >= 6:
            assert found.incidents(minutes(start + number * 2), plain), number


def test_a_clock_that_goes_backwards_or_leaps_does_no_harm() -> None:
    found = filled(5)
    found.note("past", "usage.payment", minutes(-600), "早先")
    assert len(found.incidents(minutes(5), plain)) == 1
    found.note("future", "usage.payment", minutes(60 * 24 * 365), "来年")
    assert found.incidents(minutes(6), plain) == []  # forgotten with the leap
    for number in range(5):
        found.note(f"again{number}", "usage.payment", minutes(7), "打不开")
    (burst,) = found.incidents(minutes(8), plain)
    assert burst.cases == 5


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CASES", 50)
    monkeypatch.setattr(module, "MOST_TYPES", 3)
    found = Bursts(RULE)
    for number in range(400):
        found.note(f"case{number}", f"type{number % 20}", minutes(number), "x" * 10_000)
    assert sum(found.counts().values()) <= 50
    assert len(found._usual) <= 3


def test_many_threads_may_note_at_once() -> None:
    found = Bursts(RULE)

    def work(worker: int) -> None:
        for number in range(200):
            found.note(f"{worker}-{number}", "usage.payment", minutes(number / 100), "打不开")
            found.incidents(minutes(2), plain)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.incidents(minutes(3), plain)[0].cases == 800


def test_the_rule_comes_from_the_facts() -> None:
    facts = {
        "window": Fact(label="时段", kind="duration", value=30, unit="分钟"),
        "cases": Fact(label="门槛", kind="count", value=5, unit="位"),
    }
    assert burst_rule(Desk(burst_window="window", burst_cases="cases"), facts) == RULE
    assert burst_rule(Desk(), facts) is None
