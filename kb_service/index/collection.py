"""Collections on a Qdrant server: made whole, named by aliases, removed. Searching them is `server.py`'s."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

from qdrant_client import QdrantClient, models

from kb_service.errors import IndexAway
from kb_service.index import MAIN, Point
from kb_service.index.connection import Server
from kb_service.index.payload import INDEXED, payload
from kb_service.settings import Settings

DENSE, SPARSE = "dense", "sparse"
_BATCH, _WRITERS = 250, 4  # points a call (2 MB of JSON), and calls at the same time
# Kilobytes of vectors in a segment from which the server builds a graph: some 130,000 points. Below it a scan is exact.
_INDEXING_THRESHOLD = 200_000
_POLL = 0.2  # seconds between looks at a collection that is being optimized


class Facts(NamedTuple):
    """What a collection must be to serve a version: kept as its metadata, compared when it is opened."""

    version: str
    fingerprint: str  # of the encoder
    dimension: int


def collection_of(base: str, name: str) -> str:
    """The collection of one of a version's indexes; the main one has the bare name."""
    return base if name == MAIN else f"{base}-{name}"


def write_collection(server: Server, collection: str, points: Iterable[Point], facts: Facts) -> int:
    """Make a collection of its own for the points, whole and green on return; returns how many there are.

    A collection of that name is replaced. Every call may be repeated: points are upserted by their ids, so an
    interruption of the server costs only the tries of the calls under way.
    """
    rows = list(points)
    server.call(lambda client: client.delete_collection(collection))
    server.call(lambda client: _create(client, collection, facts, len(rows), server.settings))
    with ThreadPoolExecutor(_WRITERS) as pool:
        done = [pool.submit(_upload, server, collection, batch) for batch in _batches(rows)]
        for one in done:
            one.result()
    for field, schema in INDEXED.items():  # waits for the points as well: they come before it in the server's queue
        server.call(lambda client, f=field, s=schema: client.create_payload_index(collection, f, s, wait=True))  # type: ignore[misc]
    _settle(server, collection, len(rows))
    return len(rows)


def switch_aliases(server: Server, targets: Mapping[str, str]) -> None:
    """Make each alias name its collection, all in one step: other readers of the server never see a half of it.

    An alias whose target is empty is taken away.
    """
    known = {
        found.alias_name: found.collection_name for found in server.call(lambda client: client.get_aliases()).aliases
    }
    steps: list[models.AliasOperations] = []
    for alias, collection in targets.items():
        if known.get(alias, "") == collection:
            continue
        if alias in known:
            steps.append(models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias)))
        if collection:
            create = models.CreateAlias(collection_name=collection, alias_name=alias)
            steps.append(models.CreateAliasOperation(create_alias=create))
    if steps:
        server.call(lambda client: client.update_collection_aliases(steps))


def remove_collections(server: Server, names: Iterable[str]) -> None:
    """Remove collections; one that is not there is none to remove."""
    for name in names:
        server.call(lambda client, n=name: client.delete_collection(n))  # type: ignore[misc]


def _create(client: QdrantClient, collection: str, facts: Facts, points: int, settings: Settings) -> None:
    if client.collection_exists(collection):
        return  # the answer to an earlier try was lost
    memory = models.Memory.COLD if settings.qdrant_on_disk else None
    client.create_collection(
        collection,
        # Half precision: a server of this version knows no byte a dimension (Turbo8) as edge does.
        vectors_config={
            DENSE: models.VectorParams(
                size=facts.dimension,
                distance=models.Distance.COSINE,
                datatype=models.Datatype.FLOAT16,
                memory=memory,
                quantization_config=_quantization(settings),
            )
        },
        sparse_vectors_config={
            SPARSE: models.SparseVectorParams(
                modifier=models.Modifier.IDF, index=models.SparseIndexParams(full_scan_threshold=0, memory=memory)
            )
        },
        shard_number=settings.qdrant_shards,
        replication_factor=settings.qdrant_replicas,
        write_consistency_factor=settings.qdrant_write_consistency,
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=_INDEXING_THRESHOLD),
        metadata={
            "version": facts.version,
            "encoder_fingerprint": facts.fingerprint,
            "points": points,
        },
    )


def _quantization(settings: Settings) -> models.ScalarQuantization | None:
    if settings.qdrant_quantization == "none":
        return None
    config = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, memory=models.Memory.PINNED)
    return models.ScalarQuantization(scalar=config)


def _batches(rows: Sequence[Point]) -> Iterator[list[Point]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _upload(server: Server, collection: str, batch: Sequence[Point]) -> None:
    points = [_point(point) for point in batch]
    server.call(lambda client: client.upsert(collection, points, wait=False))


def _point(point: Point) -> models.PointStruct:
    vectors: dict[str, list[float] | models.SparseVector] = {DENSE: point.vector.tolist()}
    if point.terms:
        vectors[SPARSE] = models.SparseVector(indices=point.terms.ids, values=point.terms.weights)
    return models.PointStruct(id=point.id, vector=vectors, payload=payload(point.facets))


def _settle(server: Server, collection: str, points: int) -> None:
    """Wait until the collection is whole and green. Raises IndexAway if it does not become so in time."""
    ends = time.monotonic() + server.pace.settling
    while True:
        info = server.call(lambda client: client.get_collection(collection))
        found = server.call(lambda client: client.count(collection, exact=True)).count
        if info.status == models.CollectionStatus.GREEN and found == points:
            return
        if info.status == models.CollectionStatus.RED or time.monotonic() >= ends:
            state = f"状态 {info.status.value}，应有 {points} 个检索点，实有 {found} 个"
            raise IndexAway(f"集合 {collection} 没有就绪：{state}", passing=False)
        time.sleep(_POLL)
