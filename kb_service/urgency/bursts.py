"""Many customers, one cause: notices when an issue type comes in far more often than it usually does.

In memory and bounded; a restart forgets. A case counts once, for the issue type it was last seen with, at the time it
was last seen.

The rule: the cases seen within the window number at least `cases`, at least twice the usual, and at least three
standard deviations of a Poisson count above it (usual + 3 x root of usual). `usual` is how many cases of the type a
window of this length holds on average; only cases that have left the window count there, and their weight halves every
HALF_LIFE, so that a burst neither hides itself nor is remembered for long.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from kb_service.content import Desk, Fact

HALF_LIFE = timedelta(hours=24)
MOST_CASES = 20_000  # remembered at the same time
MOST_TYPES = 1_000
SAMPLES, SAMPLE_LENGTH = 3, 200  # shown of a burst; characters shown of a message
KEPT = 2 * SAMPLE_LENGTH  # characters kept: masked before it is cut to length, as half a number is not recognised
_DECAY = HALF_LIFE.total_seconds() / math.log(2)  # seconds in which a weight falls to 1/e


class BurstRule(NamedTuple):
    """How many cases within what time are suspicious."""

    window: timedelta
    cases: int


class Burst(NamedTuple):
    """Cases of one issue type that came in a heap. `usual` is the number expected in such a window."""

    issue_type: str
    cases: int
    usual: float
    first_seen: datetime
    last_seen: datetime
    samples: tuple[str, ...]


def burst_rule(desk: Desk, facts: Mapping[str, Fact]) -> BurstRule | None:
    """The rule that the content states; None where it states none."""
    window, cases = facts.get(desk.burst_window), facts.get(desk.burst_cases)
    if window is None or cases is None:
        return None
    return BurstRule(timedelta(minutes=float(window.value)), int(cases.value))


@dataclass
class _Seen:
    issue_type: str
    first: datetime
    last: datetime
    sample: str


@dataclass
class _Usual:
    """Exponentially decayed number of cases, as of `at`."""

    weight: float
    at: datetime

    def add(self, at: datetime) -> None:
        self.weight = self.now(at) + 1
        self.at = max(self.at, at)

    def now(self, at: datetime) -> float:
        return self.weight * math.exp(-max(0.0, (at - self.at).total_seconds()) / _DECAY)


class Bursts:
    """Counts cases as they come in. Safe to share between threads. Times are those of arrival, aware."""

    def __init__(self, rule: BurstRule) -> None:
        self.rule = rule  # another one may be set when a version with other facts is opened
        self._lock = threading.Lock()
        self._cases: OrderedDict[str, _Seen] = OrderedDict()  # longest unseen first
        self._usual: OrderedDict[str, _Usual] = OrderedDict()
        self._since: datetime | None = None

    def note(self, case: str, issue_type: str, at: datetime, sample: str) -> None:
        """A message of a case has come in. `case` tells cases apart; `sample` is what was said."""
        with self._lock:
            self._since = min(self._since, at) if self._since else at
            self._forget(at)
            before = self._cases.pop(case, None)
            same = before is not None and before.issue_type == issue_type
            first = before.first if before is not None and same else at
            self._cases[case] = _Seen(issue_type, min(first, at), at, sample[:KEPT])
            while len(self._cases) > MOST_CASES:
                self._cases.popitem(last=False)

    def incidents(self, now: datetime, mask: Callable[[str], str]) -> list[Burst]:
        """The bursts at `now`, largest first. `mask` hides personal data of the samples."""
        with self._lock:
            self._forget(now)
            by_type: defaultdict[str, list[_Seen]] = defaultdict(list)
            for seen in self._cases.values():
                if abs(now - seen.last) <= self.rule.window:
                    by_type[seen.issue_type].append(seen)
            found = [(name, cases, self._expected(name, now)) for name, cases in by_type.items()]
        bursts = [_burst(name, cases, usual, mask) for name, cases, usual in found if self._stands_out(cases, usual)]
        return sorted(bursts, key=lambda burst: (-burst.cases, burst.issue_type))

    def counts(self) -> Counter[str]:
        """How many cases are remembered, by issue type."""
        with self._lock:
            return Counter(seen.issue_type for seen in self._cases.values())

    def _stands_out(self, cases: list[_Seen], usual: float) -> bool:
        return len(cases) >= max(self.rule.cases, 2 * usual, usual + 3 * math.sqrt(usual))

    def _forget(self, now: datetime) -> None:
        """Cases that left the window go over into what is usual. A clock that went backwards leaves them alone."""
        for name in list(self._gone(now)):
            seen = self._cases.pop(name)
            usual = self._usual.setdefault(seen.issue_type, _Usual(0.0, seen.last))
            usual.add(seen.last)
            self._usual.move_to_end(seen.issue_type)
        while len(self._usual) > MOST_TYPES:
            self._usual.popitem(last=False)

    def _gone(self, now: datetime) -> Iterator[str]:
        for name, seen in self._cases.items():
            if now - seen.last <= self.rule.window:
                return  # those behind it were seen later
            yield name

    def _expected(self, issue_type: str, now: datetime) -> float:
        """Cases expected in one window: the decayed count over the decayed time that it was gathered in."""
        usual = self._usual.get(issue_type)
        if usual is None or self._since is None:
            return 0.0
        window = self.rule.window.total_seconds()
        observed = max((now - self._since).total_seconds() - window, 4 * window)  # an hour's past says little
        return usual.now(now) * window / (_DECAY * (1 - math.exp(-observed / _DECAY)))


def _burst(issue_type: str, cases: list[_Seen], usual: float, mask: Callable[[str], str]) -> Burst:
    texts = dict.fromkeys(seen.sample for seen in sorted(cases, key=lambda seen: seen.last, reverse=True))
    samples = tuple(mask(text)[:SAMPLE_LENGTH] for text in list(texts)[:SAMPLES])
    first, last = min(seen.first for seen in cases), max(seen.last for seen in cases)
    return Burst(issue_type, len(cases), round(usual, 2), first, last, samples)
