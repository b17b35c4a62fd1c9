"""The embedded index: Qdrant's own engine in this process, through qdrant-edge-py (pinned: it is beta).

The only module that knows qdrant_edge. An open shard belongs to one process and is written to even by loading it, so
every process searches a private copy of the published folder (`knowledge.open_version`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import qdrant_edge as edge
from numpy.typing import NDArray

from kb_service.errors import VectorIndexError
from kb_service.index import Candidates, Point, Scope, SparseTerms, window
from kb_service.records import AUDIENCES

Answer = TypeVar("Answer")

_DENSE, _SPARSE = "dense", "sparse"
_BATCH = 500  # points per upsert
_NEVER = 2**40  # kilobytes of vectors from which the engine builds a graph; its default is 10 MB, some 7,000 points
# Every field that `_filter` names; without an index a filter costs ten times the search itself (FACTS: 3 ms to 40 ms).
_INDEXED = {
    "audience": edge.PayloadSchemaType.Keyword,
    "party": edge.PayloadSchemaType.Keyword,
    "kind": edge.PayloadSchemaType.Keyword,
    "entry": edge.PayloadSchemaType.Keyword,
    "issue_types": edge.PayloadSchemaType.Keyword,
    "product_categories": edge.PayloadSchemaType.Keyword,
    "valid_from": edge.PayloadSchemaType.Integer,
    "valid_until": edge.PayloadSchemaType.Integer,
}


def write_edge_index(folder: Path, points: Iterable[Point], dimension: int) -> int:
    """Create a shard in `folder` and fill it; returns the number of points. Everything is on disk on return.

    No write-ahead log: a version folder counts only when its manifest, written afterwards, is there. No graph: at some
    10,000 points it would save 0.3 ms of an exact scan, and even with ACORN it lost clauses behind near duplicates.
    """
    folder.mkdir(parents=True)
    config = edge.EdgeConfig(
        # A byte a dimension: the scan takes half the time of half precision (0.24 ms against 0.45 ms at 7,900 points);
        # 99 of the nearest 100 stay, and the cosine moves by less than 0.0005 (p95).
        vectors={
            _DENSE: edge.EdgeVectorParams(
                size=dimension, distance=edge.Distance.Cosine, datatype=edge.VectorStorageDatatype.Turbo8
            )
        },
        # full_scan_threshold=0: the inverted index always; the default scans up to 5,000 points, 0.9 ms against 0.1 ms.
        sparse_vectors={_SPARSE: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf, full_scan_threshold=0)},
        optimizers=edge.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=_NEVER),
        max_search_threads=1,  # with one segment a larger pool only adds hand-overs: 1.15 ms against 0.95 ms
        wal_enabled=False,
    )
    shard = _call(lambda: edge.EdgeShard.create(str(folder), config))
    try:
        rows = [_edge_point(point) for point in points]
        for start in range(0, len(rows), _BATCH):
            _update(shard, edge.UpdateOperation.upsert_points(rows[start : start + _BATCH]))
        _call(shard.optimize)
        for field, schema in _INDEXED.items():  # after optimize, which would build them a second time
            _update(shard, edge.UpdateOperation.create_field_index(field, schema))
        _call(shard.flush)
    finally:
        shard.close()
    return len(rows)


class EdgeIndex:
    """A loaded shard. `folder` must be private to this object."""

    def __init__(self, folder: Path) -> None:
        self._shard = _call(lambda: edge.EdgeShard.load(str(folder)))

    def search(self, vector: NDArray[np.float32] | None, terms: SparseTerms, scope: Scope, limit: int) -> Candidates:
        condition = _filter(scope)
        legs: list[edge.Query] = []
        if vector is not None:
            # The engine takes an array as it is (its type stub knows only lists, which cost a conversion).
            legs.append(edge.Query.Nearest(vector, using=_DENSE))  # type: ignore[arg-type]
        if terms.ids:
            legs.append(edge.Query.Nearest(edge.SparseVector(terms.ids, terms.weights), using=_SPARSE))
        if not legs:
            return Candidates({}, {})
        requests = [edge.QueryRequest(limit=limit, query=leg, filter=condition) for leg in legs]
        found = _call(lambda: self._shard.query_batch(edge.QueryBatchRequest(requests)))
        scores = [{int(hit.id): float(hit.score) for hit in hits} for hits in found]
        dense = scores.pop(0) if vector is not None else {}
        return Candidates(dense, scores.pop(0) if scores else {})

    def entries(self, scope: Scope, limit: int) -> list[str]:
        request = edge.FacetRequest("entry", limit=limit, exact=True, filter=_filter(scope))
        return [str(hit.value) for hit in _call(lambda: self._shard.facet(request)).hits]

    def count(self) -> int:
        return _call(lambda: self._shard.count(edge.CountRequest(exact=True)))

    def close(self) -> None:
        self._shard.close()


def _update(shard: edge.EdgeShard, operation: edge.UpdateOperation) -> None:
    _call(lambda: shard.update(operation))


def _call(operation: Callable[[], Answer]) -> Answer:
    """Run one engine call; the engine raises plain Exception subclasses, which become ours."""
    try:
        return operation()
    except Exception as error:
        raise VectorIndexError(f"向量引擎出错：{error}") from error


def _edge_point(point: Point) -> edge.Point:
    facets = point.facets
    start, end = window(facets.validity)
    payload = {
        "kind": facets.kind,
        "entry": facets.entry,
        "audience": facets.audience,
        "party": facets.party,
        "issue_types": list(facets.issue_types),
        "product_categories": list(facets.product_categories),
        "valid_from": start,
        "valid_until": end,
    }
    vectors: dict[str, list[float] | edge.SparseVector] = {_DENSE: point.vector.tolist()}
    if point.terms:
        vectors[_SPARSE] = edge.SparseVector(point.terms.ids, point.terms.weights)
    return edge.Point(point.id, vectors, payload)  # type: ignore[arg-type]


def _filter(scope: Scope) -> edge.Filter:
    """The scope as the engine's filter.

    What most points satisfy is written as the exclusion of the few that do not: the same points, at two thirds of the
    cost (0.95 ms against 1.24 ms for both legs at 6,500 points).
    """
    must = [
        _any(field, values)
        for field, values in (
            ("product_categories", scope.product_categories),
            ("issue_types", scope.issue_types),
            ("kind", scope.kinds),
        )
        if values
    ]
    must_not: list[edge.FieldCondition | edge.Filter] = []
    hidden = [label for label in AUDIENCES if label not in scope.audiences]
    if hidden:
        must_not.append(_any("audience", hidden))
    if scope.party and scope.party != "both":
        must_not.append(_any("party", ["seller" if scope.party == "buyer" else "buyer"]))
    if scope.exclude:
        must_not.append(_any("entry", scope.exclude))
    if scope.now == scope.clause_time:
        must_not += _outside(scope.now.timestamp())
    else:
        for kind, moment in (("faq", scope.now), ("policy", scope.clause_time)):
            must_not += [edge.Filter(must=[_any("kind", (kind,)), outside]) for outside in _outside(moment.timestamp())]
    return edge.Filter(must=list(must), must_not=list(must_not))


def _any(field: str, values: Sequence[str]) -> edge.FieldCondition:
    return edge.FieldCondition(field, match=edge.MatchAny(list(values)))


def _outside(moment: float) -> list[edge.FieldCondition]:
    """The two ways of not being valid at a moment (epoch seconds): not yet, and no longer."""
    return [
        edge.FieldCondition("valid_from", range=edge.RangeFloat(gt=moment)),
        edge.FieldCondition("valid_until", range=edge.RangeFloat(lte=moment)),
    ]
