"""Second tries and the breaker, without a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from kb_service.errors import IndexAway, VectorIndexError
from kb_service.index.patience import Breaker, patiently


def failing(times: int, error: Exception) -> tuple[Callable[[], str], list[float]]:
    """A call that fails so often before it answers, and when it was tried."""
    tried: list[float] = []

    def call() -> str:
        tried.append(time.monotonic())
        if len(tried) <= times:
            raise error
        return "answer"

    return call, tried


def test_what_may_pass_is_tried_until_the_deadline() -> None:
    call, tried = failing(1000, IndexAway("走了"))
    begun = time.monotonic()
    with pytest.raises(IndexAway, match="走了"):
        patiently(call, 0.3)
    assert time.monotonic() - begun < 0.35
    assert len(tried) > 1


def test_an_answer_ends_the_tries() -> None:
    call, tried = failing(2, IndexAway("走了"))
    assert patiently(call, 5) == "answer"
    assert len(tried) == 3


@pytest.mark.parametrize("error", [VectorIndexError("不接受"), IndexAway("内部出错", passing=False)])
def test_what_will_not_pass_is_tried_once(error: Exception) -> None:
    call, tried = failing(1, error)
    with pytest.raises(type(error)):
        patiently(call, 5)
    assert len(tried) == 1


def test_no_pause_is_shorter_than_asked_for() -> None:
    call, tried = failing(1, IndexAway("忙", retry_after=0.2))
    assert patiently(call, 5) == "answer"
    assert tried[1] - tried[0] >= 0.2


def test_a_pause_that_does_not_fit_is_not_waited_for() -> None:
    call, tried = failing(1, IndexAway("忙", retry_after=30))
    begun = time.monotonic()
    with pytest.raises(IndexAway, match="忙"):
        patiently(call, 1)
    assert (len(tried), time.monotonic() - begun < 0.1) == (1, True)


def away(trial: bool) -> str:
    raise IndexAway("连不上")


def refused(trial: bool) -> str:
    raise VectorIndexError("不接受")


def test_the_breaker_opens_after_failures_in_a_row_and_then_nothing_is_asked() -> None:
    breaker = Breaker(failures=2, rest=60)
    for state in ("closed", "closed"):
        assert breaker.state == state
        with pytest.raises(IndexAway, match=r"^连不上$"):
            breaker.run(away)
    assert breaker.state == "open"
    with pytest.raises(IndexAway, match=r"^连不上；60 秒后自动再试$"):
        breaker.run(lambda trial: pytest.fail("asked"))


def test_an_answer_or_a_refusal_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(failures=2, rest=60)
    with pytest.raises(IndexAway):
        breaker.run(away)
    assert breaker.run(lambda trial: "answer") == "answer"
    with pytest.raises(IndexAway):
        breaker.run(away)
    with pytest.raises(VectorIndexError, match="不接受"):
        breaker.run(refused)
    with pytest.raises(IndexAway):
        breaker.run(away)
    assert breaker.state == "closed"


def test_half_open_lets_one_trial_through_and_its_answer_closes() -> None:
    breaker = Breaker(failures=1, rest=0.05)
    with pytest.raises(IndexAway):
        breaker.run(away)
    time.sleep(0.06)
    assert breaker.state == "half_open"
    entered, leave = threading.Event(), threading.Event()
    answers: list[bool] = []

    def slow(trial: bool) -> None:
        entered.set()
        leave.wait(5)
        answers.append(trial)

    thread = threading.Thread(target=lambda: breaker.run(slow))
    thread.start()
    entered.wait(5)
    with pytest.raises(IndexAway, match="自动再试"):  # a second one does not wait for the trial
        breaker.run(lambda trial: pytest.fail("asked"))
    leave.set()
    thread.join()
    assert (answers, breaker.state) == ([True], "closed")


def test_a_trial_that_fails_opens_it_again() -> None:
    breaker = Breaker(failures=1, rest=0.05)
    for _ in range(2):
        with pytest.raises(IndexAway, match=r"^连不上$"):
            breaker.run(away)
        assert breaker.state == "open"
        time.sleep(0.06)
