"""What a benchmark's rows are made of."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement: what, median and 99th percentile (or one value) with its unit, and how it relates to a bar."""

    what: str
    median: str
    p99: str
    relation: str


def timed(work: Callable[[], object]) -> float:
    """The seconds that it took."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def p99(values: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(values, n=100)[98]


def ms(value: float) -> str:
    """Milliseconds, as they are printed."""
    return f"{value:.1f} ms"
