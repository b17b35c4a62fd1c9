"""One contract suite for every index."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from kb_service.errors import VectorIndexError
from kb_service.index import OPEN_END, OPEN_START, Point, PointFacets, Scope, SparseTerms, VectorIndex, window
from kb_service.index.edge import EdgeIndex
from kb_service.records import Validity
from tests.kb_service.index.conftest import MakeIndex

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
BEFORE = datetime(2025, 12, 1, tzinfo=UTC)
OPEN = Validity()
X, Y = np.array([1, 0], dtype=np.float32), np.array([0, 1], dtype=np.float32)
DIAGONAL = np.array([0.6, 0.8], dtype=np.float32)


def point(number: int, vector: np.ndarray, terms: dict[int, float], **facets: object) -> Point:
    chosen: dict[str, object] = {
        "kind": "faq",
        "entry": f"e{number}",
        "audience": "public",
        "party": "both",
        "issue_types": ("trade", "trade.refund"),
        "product_categories": ("any",),
        "validity": OPEN,
    }
    sparse = SparseTerms(list(terms), list(terms.values()))
    return Point(number, vector, sparse, PointFacets(**(chosen | facets)))  # type: ignore[arg-type]


POINTS = [
    point(0, X, {1: 1.0, 2: 1.0}),
    point(1, Y, {2: 1.0}, audience="agent"),
    point(2, DIAGONAL, {3: 1.0}, audience="senior", party="seller"),
    point(3, X, {1: 1.0}, party="buyer", product_categories=("digital", "digital.phone")),
    point(4, X, {4: 1.0}, kind="policy", entry="p#c", validity=Validity(valid_until=MARCH)),
    point(5, X, {4: 1.0}, kind="policy", entry="p#c", validity=Validity(valid_from=MARCH)),
    point(6, Y, {5: 1.0}, issue_types=("account",), validity=Validity(valid_from=MARCH)),
]


@pytest.fixture(scope="module")
def index(make_index: MakeIndex) -> VectorIndex:
    return make_index(POINTS)


def scope(**values: object) -> Scope:
    return Scope(**({"audience": "senior", "now": NOW, "clause_time": NOW} | values))  # type: ignore[arg-type]


def dense_ids(index: VectorIndex, **values: object) -> set[int]:
    return set(index.search(X, SparseTerms([], []), scope(**values), 10).dense)


def test_count(index: VectorIndex) -> None:
    assert index.count() == 7


def test_dense_scores_are_cosines(index: VectorIndex) -> None:
    found = index.search(X, SparseTerms([], []), scope(), 10)
    # An index may keep a byte a dimension; that shows most in vectors as short as these.
    assert found.dense[0] == pytest.approx(1.0, abs=5e-3)
    assert found.dense[1] == pytest.approx(0.0, abs=5e-3)
    assert found.dense[2] == pytest.approx(0.6, abs=5e-3)
    assert found.sparse == {}


def test_scores_come_best_first(index: VectorIndex) -> None:
    found = index.search(X, SparseTerms([1, 2, 3], [1.0, 1.0, 1.0]), scope(), 10)
    for leg in (found.dense, found.sparse):
        assert len(leg) > 2
        assert list(leg.values()) == sorted(leg.values(), reverse=True)


def test_sparse_scores_weigh_rare_terms_more(index: VectorIndex) -> None:
    found = index.search(None, SparseTerms([1, 2, 3], [1.0, 1.0, 1.0]), scope(), 10)
    assert found.dense == {}
    assert set(found.sparse) == {0, 1, 2, 3}
    assert found.sparse[2] > found.sparse[1]  # term 3 stands in one point, term 2 in two
    assert found.sparse[0] == pytest.approx(found.sparse[1] + found.sparse[3], rel=1e-3)


def test_nothing_asked_nothing_found(index: VectorIndex) -> None:
    found = index.search(None, SparseTerms([], []), scope(), 10)
    assert (found.dense, found.sparse) == ({}, {})


def test_limit_counts_each_leg(index: VectorIndex) -> None:
    found = index.search(X, SparseTerms([1, 2], [1.0, 1.0]), scope(), 2)
    assert (len(found.dense), len(found.sparse)) == (2, 2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {0, 1, 2, 3, 5, 6}),
        ({"audience": "agent"}, {0, 1, 3, 5, 6}),
        ({"audience": "public"}, {0, 3, 5, 6}),
        ({"party": "buyer"}, {0, 1, 3, 5, 6}),
        ({"party": "seller"}, {0, 1, 2, 5, 6}),
        ({"party": "both"}, {0, 1, 2, 3, 5, 6}),
        ({"product_categories": ("digital.phone",)}, {3}),
        ({"product_categories": ("digital.phone", "any")}, {0, 1, 2, 3, 5, 6}),
        ({"issue_types": ("account",)}, {6}),
        ({"issue_types": ("trade",)}, {0, 1, 2, 3, 5}),
        ({"kinds": ("policy",)}, {5}),
        ({"exclude": ("e0", "p#c")}, {1, 2, 3, 6}),
        ({"now": BEFORE, "clause_time": BEFORE}, {0, 1, 2, 3, 4}),
        ({"now": MARCH, "clause_time": MARCH}, {0, 1, 2, 3, 5, 6}),  # starts are inclusive, ends exclusive
        ({"clause_time": BEFORE}, {0, 1, 2, 3, 4, 6}),  # an old order: clauses as then, articles as now
    ],
)
def test_the_scope_is_applied_by_the_engine(index: VectorIndex, values: dict[str, object], expected: set[int]) -> None:
    assert dense_ids(index, **values) == expected


def test_entries_lists_without_ranking(index: VectorIndex) -> None:
    assert set(index.entries(scope(kinds=("policy",)), 10)) == {"p#c"}
    assert set(index.entries(scope(issue_types=("account",)), 10)) == {"e6"}


def test_an_empty_index_answers(make_index: MakeIndex) -> None:
    empty = make_index([])
    found = empty.search(X, SparseTerms([1], [1.0]), scope(), 10)
    assert (found.dense, found.sparse, empty.count(), empty.entries(scope(), 5)) == ({}, {}, 0, [])


def test_a_closed_index_refuses(make_index: MakeIndex) -> None:
    index = make_index(POINTS[:1])
    index.close()
    with pytest.raises(VectorIndexError, match="向量引擎出错"):
        index.search(X, SparseTerms([], []), scope(), 10)


def test_a_whole_index_is_checked_and_asked(index: VectorIndex) -> None:
    index.check()
    assert index.breaker == "closed"


def test_a_folder_that_holds_no_index_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(VectorIndexError, match="向量引擎出错"):
        EdgeIndex(tmp_path / "nothing")


def test_a_vector_of_the_wrong_length_is_our_error(index: VectorIndex) -> None:
    with pytest.raises(VectorIndexError, match="向量引擎出错"):
        index.search(np.ones(3, dtype=np.float32), SparseTerms([], []), scope(), 10)


def test_unbounded_windows_are_the_whole_axis() -> None:
    assert window(OPEN) == (OPEN_START, OPEN_END)
    assert window(Validity(valid_from=MARCH)) == (1772323200, OPEN_END)
