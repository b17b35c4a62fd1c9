"""The index port: points in, the best of each leg out, under one filter that the engine applies.

Two implementations: `edge` (Qdrant's engine in process) and `server` (a Qdrant server or cluster). The types here carry
nothing of either's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from kb_service.records import Audience, Validity, visible_audiences

BreakerState = Literal["closed", "open", "half_open"]
PointKind = Literal["faq", "policy", "elsewhere", "case"]
MAIN, CASES = "shard", "cases"  # the indexes of a version: of the entries, and of closed cases if there are any
OPEN_START, OPEN_END = 0, 2**53  # epoch seconds that stand for an unbounded window; exact as a float


@dataclass(frozen=True, slots=True)
class SparseTerms:
    """A sparse vector: term ids (see `text.term_id`) and their weights, of equal length."""

    ids: list[int]
    weights: list[float]


@dataclass(frozen=True, slots=True)
class PointFacets:
    """What a point can be filtered by."""

    kind: PointKind
    entry: str  # id of the article or case, or `policy#clause`
    audience: Audience
    party: str
    issue_types: tuple[str, ...]  # with all ancestors
    product_categories: tuple[str, ...]  # its own, and `content.above` for each ancestor
    validity: Validity


@dataclass(frozen=True, slots=True)
class Point:
    """One searchable unit: a phrasing, a passage, a clause or a document. Without terms only the dense leg finds it."""

    id: int
    vector: NDArray[np.float32]
    terms: SparseTerms | None
    facets: PointFacets


@dataclass(frozen=True, slots=True)
class Scope:
    """Which points a reader may get. None and empty mean unrestricted.

    Articles must be valid at `now`, clauses at `clause_time` (the time of order, where a case has one).
    """

    audience: Audience
    now: datetime
    clause_time: datetime
    party: str | None = None
    product_categories: tuple[str, ...] = ()
    issue_types: tuple[str, ...] = ()
    kinds: tuple[PointKind, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def audiences(self) -> tuple[Audience, ...]:
        """The audience labels that this reader may see."""
        return visible_audiences(self.audience)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best points of each leg, best first: point id -> raw score (cosine; BM25). A point may be in one leg only."""

    dense: Mapping[int, float]
    sparse: Mapping[int, float]


class VectorIndex(Protocol):
    """A published set of points that can be searched."""

    @property
    def breaker(self) -> BreakerState:
        """Whether it is asked at all: "open" and "half_open" while its server is away; in process always "closed"."""

    def check(self) -> None:
        """Make sure that it is whole and the version's own. Raises VersionError, or IndexAway if that cannot be told.

        Searching does it where it has not been done.
        """

    def search(self, vector: NDArray[np.float32] | None, terms: SparseTerms, scope: Scope, limit: int) -> Candidates:
        """The best `limit` points of each leg inside `scope`. Without a vector the dense leg stays empty.

        Raises VectorIndexError.
        """

    def entries(self, scope: Scope, limit: int) -> list[str]:
        """Entry ids inside `scope`, without ranking, most points first; at most `limit`."""

    def count(self) -> int:
        """How many points there are."""

    def close(self) -> None:
        """Release files and memory. Further calls raise VectorIndexError."""


class IndexStore(Protocol):
    """Where the indexes of one version are kept. A version has several, told apart by `name`."""

    def write(self, name: str, points: Iterable[Point], dimension: int) -> int:
        """Write all points, durable on return; returns how many. Raises VectorIndexError."""

    def open(self, name: str) -> VectorIndex:
        """The index of that name. Raises VectorIndexError."""


def window(validity: Validity) -> tuple[int, int]:
    """The validity window in epoch seconds, [start, end)."""
    start = int(validity.valid_from.timestamp()) if validity.valid_from else OPEN_START
    return start, int(validity.valid_until.timestamp()) if validity.valid_until else OPEN_END
