"""Waiting for an index server: what is tried again and for how long, and when it is no longer asked at all."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from kb_service.errors import IndexAway
from kb_service.index import BreakerState

Answer = TypeVar("Answer")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0  # seconds; the bound doubles from the first to the longest
FAILURES = 3  # calls that fail one after the other before the server is no longer asked
REST = 5.0  # seconds until one call may try again


def patiently(call: Callable[[], Answer], seconds: float) -> Answer:
    """The answer of `call`, which is tried again while it raises an IndexAway that may pass, for `seconds` in all.

    Pauses are random between nothing and a bound that doubles ("full jitter": clients that failed together must not
    come back together), and not shorter than the server asked for. Raises what the last try raised.
    """
    ends = time.monotonic() + seconds
    for attempt in itertools.count():
        try:
            return call()
        except IndexAway as error:
            pause = random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)) + error.retry_after
            if not error.passing or time.monotonic() + pause >= ends:
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


class Breaker:
    """Stops asking a server that does not answer, so that callers wait for nothing.

    closed: calls go through. open: after `failures` in a row none does, for `rest` seconds. half_open: then one does;
    its answer closes the breaker, its failure opens it again. A refusal is an answer: the server is there.
    """

    def __init__(self, failures: int = FAILURES, rest: float = REST) -> None:
        self._failures, self._rest = failures, rest
        self._lock = threading.Lock()
        self._failed = 0
        self._opened: float | None = None  # when; None while closed
        self._trying = False
        self._last = ""

    @property
    def state(self) -> BreakerState:
        """Where it stands now."""
        if self._opened is None:
            return "closed"
        return "open" if time.monotonic() < self._opened + self._rest else "half_open"

    def run(self, call: Callable[[bool], Answer]) -> Answer:
        """The answer of `call`, which is told whether it is a trial (and then should not be patient).

        Raises IndexAway at once while the breaker is open, or while another call is the trial.
        """
        trial = self._enter()
        try:
            answer = call(trial)
        except IndexAway as error:
            self._note_failure(error)
            raise
        except BaseException:
            self._note_answer()
            raise
        self._note_answer()
        return answer

    def _enter(self) -> bool:
        with self._lock:
            if self.state == "closed":
                return False
            if self.state == "half_open" and not self._trying:
                self._trying = True
                return True
        raise IndexAway(f"{self._last}；{self._rest:g} 秒后自动再试")

    def _note_failure(self, error: IndexAway) -> None:
        with self._lock:
            self._failed += 1
            self._last = str(error)
            if self._trying or self._failed >= self._failures:
                self._opened = time.monotonic()
            self._trying = False

    def _note_answer(self) -> None:
        with self._lock:
            self._failed, self._opened, self._trying = 0, None, False
