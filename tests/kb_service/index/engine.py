"""The engine in process, spoken to in the bodies of Qdrant's REST calls. For the test server (`wire.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field

import qdrant_edge as edge

from tests.kb_service.index.openapi import Json

DATATYPES = {
    "float32": edge.VectorStorageDatatype.Float32,
    "float16": edge.VectorStorageDatatype.Float16,
    "uint8": edge.VectorStorageDatatype.Uint8,
}
SCHEMAS = {"keyword": edge.PayloadSchemaType.Keyword, "integer": edge.PayloadSchemaType.Integer}


@dataclass
class Collection:
    """A collection: its engine, and what it was made with."""

    shard: edge.EdgeShard
    config: Json
    status: str = "green"
    indexed: dict[str, str] = field(default_factory=dict)

    @property
    def points(self) -> int:
        return self.shard.count(edge.CountRequest(exact=True))


class Refusal(Exception):
    """An answer that is no 200."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


def engine_config(body: Json, as_edge: bool) -> edge.EdgeConfig:
    """`as_edge`: store a byte a dimension whatever was asked for, as the embedded index does."""
    optimizers = body.get("optimizers_config") or {}
    return edge.EdgeConfig(
        vectors={
            name: edge.EdgeVectorParams(
                size=found["size"],
                distance=getattr(edge.Distance, found["distance"]),
                datatype=edge.VectorStorageDatatype.Turbo8
                if as_edge
                else DATATYPES[found.get("datatype") or "float32"],
            )
            for name, found in body["vectors"].items()
        },
        sparse_vectors={
            name: edge.EdgeSparseVectorParams(
                modifier=edge.Modifier.Idf if found.get("modifier") == "idf" else None,
                full_scan_threshold=(found.get("index") or {}).get("full_scan_threshold"),
            )
            for name, found in (body.get("sparse_vectors") or {}).items()
        },
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=optimizers.get("indexing_threshold")),
        max_search_threads=1,
        wal_enabled=False,
    )


def info(collection: Collection) -> Json:
    """As Qdrant describes a collection: what it was made with, over its defaults."""
    made, points = collection.config, collection.points
    hnsw = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000}
    optimizers = {"deleted_threshold": 0.2, "default_segment_number": 0, "flush_interval_sec": 5}
    given = ("vectors", "sparse_vectors", "shard_number", "replication_factor", "write_consistency_factor")
    return {
        "status": collection.status,
        "optimizer_status": "ok",
        "points_count": points,
        "indexed_vectors_count": 0,
        "segments_count": 1,
        "config": {
            "params": {name: made[name] for name in given if made.get(name) is not None},
            "hnsw_config": hnsw,
            "optimizer_config": optimizers | (made.get("optimizers_config") or {}),
            "metadata": made.get("metadata"),
        },
        "payload_schema": {name: {"data_type": kind, "points": points} for name, kind in collection.indexed.items()},
    }


def upsert(collection: Collection, points: list[Json]) -> Json:
    made = []
    for point in points:
        vectors = {
            name: edge.SparseVector(found["indices"], found["values"]) if isinstance(found, dict) else found
            for name, found in point["vector"].items()
        }
        made.append(edge.Point(point["id"], vectors, point.get("payload")))
    collection.shard.update(edge.UpdateOperation.upsert_points(made))
    return {"operation_id": 0, "status": "acknowledged"}


def create_index(collection: Collection, name: str, schema: str) -> Json:
    collection.shard.update(edge.UpdateOperation.create_field_index(name, SCHEMAS[schema]))
    collection.indexed[name] = schema
    return {"operation_id": 0, "status": "completed"}


def query(collection: Collection, searches: list[Json]) -> list[Json]:
    requests = []
    for search in searches:
        query = search["query"]["nearest"] if "nearest" in search["query"] else search["query"]
        vector = edge.SparseVector(query["indices"], query["values"]) if isinstance(query, dict) else query
        requests.append(
            edge.QueryRequest(
                limit=search["limit"],
                query=edge.Query.Nearest(vector, using=search["using"]),
                filter=as_filter(search.get("filter")),
            )
        )
    try:
        found = collection.shard.query_batch(edge.QueryBatchRequest(requests))
    except Exception as error:  # the engine's own; a server answers with 400
        raise Refusal(400, f"Wrong input: {error}") from error
    return [{"points": [{"id": hit.id, "version": 0, "score": hit.score} for hit in hits]} for hits in found]


def facet(collection: Collection, body: Json) -> Json:
    request = edge.FacetRequest(
        body["key"], limit=body.get("limit", 10), exact=body.get("exact", False), filter=as_filter(body.get("filter"))
    )
    return {"hits": [{"value": hit.value, "count": hit.count} for hit in collection.shard.facet(request).hits]}


def as_filter(found: Json | None) -> edge.Filter | None:
    if found is None:
        return None
    must, must_not = ([_condition(one) for one in found.get(name) or ()] for name in ("must", "must_not"))
    return edge.Filter(must=list(must), must_not=list(must_not))


def _condition(found: Json) -> edge.FieldCondition | edge.Filter:
    if "key" not in found:
        nested = as_filter(found)
        assert nested is not None
        return nested
    if found.get("match"):
        return edge.FieldCondition(found["key"], match=edge.MatchAny(found["match"]["any"]))
    limits = {name: value for name, value in found["range"].items() if value is not None}
    return edge.FieldCondition(found["key"], range=edge.RangeFloat(**limits))
