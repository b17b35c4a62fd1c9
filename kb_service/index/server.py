"""The index on a Qdrant server or cluster, through qdrant-client: REST, or gRPC if the settings say so.

A version has a collection of its own, written once (`collection.py`); its metadata says which version and which model
it belongs to, and how many points make it whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from kb_service.errors import EncoderMismatch, VectorIndexError, VersionBroken, VersionError
from kb_service.index import BreakerState, Candidates, Point, Scope, SparseTerms
from kb_service.index.collection import DENSE, SPARSE, Facts, collection_of, write_collection
from kb_service.index.connection import ASIDE, PUBLISHING, Pace, Server
from kb_service.index.patience import Breaker
from kb_service.index.payload import INDEXED, Above, AnyOf, Condition, narrowing
from kb_service.settings import Settings

Answer = TypeVar("Answer")

_BEAM = 512  # of a graph, where there is one: at 100,000 points recall@50 is 0.986 with it, 0.893 by default (FACTS)


class ServerIndex:
    """The collection of a version. The server may be away when this is made: it is checked before the first search."""

    def __init__(self, server: Server, collection: str, facts: Facts) -> None:
        self._server, self._collection, self._facts = server, collection, facts
        self._checked = False

    @property
    def breaker(self) -> BreakerState:
        return self._server.breaker.state

    def check(self) -> None:
        server, name = self._server, self._collection
        if not server.call(lambda client: client.collection_exists(name)):
            raise VersionBroken(f"检索服务上没有集合 {name}；请运行 kb-content publish 重新发布")
        info = server.call(lambda client: client.get_collection(name))
        whole = _whole(name, info, self._facts)
        found = self.count_unchecked()
        if found != whole:
            raise VersionBroken(
                f"集合 {name} 不完整：应有 {whole} 个检索点，实有 {found} 个；请运行 kb-content publish 重新发布"
            )
        self._checked = True

    def search(self, vector: NDArray[np.float32] | None, terms: SparseTerms, scope: Scope, limit: int) -> Candidates:
        condition, params = _filter(scope), _search_params(self._server.settings)
        requests = []
        if vector is not None:
            dense = models.QueryRequest(query=vector.tolist(), using=DENSE, params=params)
            requests.append(dense)
        if terms.ids:
            query = models.SparseVector(indices=terms.ids, values=terms.weights)
            requests.append(models.QueryRequest(query=query, using=SPARSE))
        if not requests:
            return Candidates({}, {})
        for request in requests:
            request.filter, request.limit = condition, limit
        found = self._ask(lambda client: client.query_batch_points(self._collection, requests))
        scores = [{int(hit.id): hit.score for hit in answer.points} for answer in found]
        return Candidates(scores.pop(0) if vector is not None else {}, scores.pop(0) if scores else {})

    def entries(self, scope: Scope, limit: int) -> list[str]:
        condition = _filter(scope)
        found = self._ask(
            lambda client: client.facet(self._collection, "entry", facet_filter=condition, limit=limit, exact=True)
        )
        return [str(hit.value) for hit in found.hits]

    def count(self) -> int:
        return self._ask(lambda client: client.count(self._collection, exact=True)).count

    def count_unchecked(self) -> int:
        """How many points there are, of whatever version."""
        return self._server.call(lambda client: client.count(self._collection, exact=True)).count

    def close(self) -> None:
        self._server.close()

    def _ask(self, use: Callable[[QdrantClient], Answer]) -> Answer:
        if not self._checked:
            try:
                self.check()
            except VersionError as error:
                raise VectorIndexError(str(error)) from error
        return self._server.call(use)


def _search_params(settings: Settings) -> models.SearchParams:
    if settings.qdrant_quantization == "none":
        return models.SearchParams(hnsw_ef=_BEAM)
    # Twice as many by the coarse vectors, put in order by the fine ones.
    return models.SearchParams(
        hnsw_ef=_BEAM, quantization=models.QuantizationSearchParams(rescore=True, oversampling=2.0)
    )


def _whole(name: str, info: models.CollectionInfo, facts: Facts) -> int:
    """How many points make the collection whole. Raises VersionBroken or EncoderMismatch if it is another's."""
    again = "请运行 kb-content publish 重新发布"
    metadata = info.config.metadata or {}
    if metadata.get("version") != facts.version or not isinstance(metadata.get("points"), int):
        found = metadata.get("version", "（没有写）")
        raise VersionBroken(f"集合 {name} 不是版本 {facts.version} 的：它写的版本是 {found}；{again}")
    vectors = info.config.params.vectors
    dense = vectors.get(DENSE) if isinstance(vectors, dict) else None
    fingerprint = str(metadata.get("encoder_fingerprint"))
    if fingerprint != facts.fingerprint or dense is None or dense.size != facts.dimension:
        size = dense.size if dense else "没有"
        raise EncoderMismatch(
            f"集合 {name} 是用另一个模型建的（{fingerprint[:12]}，{size} 维；"
            f"当前是 {facts.fingerprint[:12]}，{facts.dimension} 维）；{again}"
        )
    missing = [field for field in INDEXED if field not in info.payload_schema]
    if missing or info.status == models.CollectionStatus.RED:
        raise VersionBroken(f"集合 {name} 不完整：状态 {info.status.value}，缺少字段索引 {'、'.join(missing)}；{again}")
    return int(metadata["points"])


def _filter(scope: Scope) -> models.Filter:
    wanted = narrowing(scope)
    excluded = [
        _condition(group[0]) if len(group) == 1 else models.Filter(must=[_condition(part) for part in group])
        for group in wanted.must_not
    ]
    return models.Filter(must=[_condition(part) for part in wanted.must], must_not=excluded)


def _condition(condition: Condition) -> models.FieldCondition:
    if isinstance(condition, AnyOf):
        return models.FieldCondition(key=condition.field, match=models.MatchAny(any=list(condition.values)))
    if isinstance(condition, Above):
        return models.FieldCondition(key=condition.field, range=models.Range(gt=condition.limit))
    return models.FieldCondition(key=condition.field, range=models.Range(lte=condition.limit))


class ServerStore:
    """The indexes of a version as collections on a server: one of the given name, others with their names behind it.

    What is opened here shares one breaker: it is the same server.
    """

    def __init__(self, settings: Settings, collection: str, facts: Facts, pace: Pace | None = None) -> None:
        self._settings, self._collection, self._facts, self._pace = settings, collection, facts, pace
        self._breaker = Breaker()

    def write(self, name: str, points: Iterable[Point], dimension: int) -> int:
        assert dimension == self._facts.dimension
        collection = collection_of(self._collection, name)
        with closing(Server(self._settings, ASIDE)) as server:  # patience is for what is interrupted, once it is there
            server.call(lambda client: client.collection_exists(collection))
        with closing(Server(self._settings, PUBLISHING)) as server:
            return write_collection(server, collection, points, self._facts)

    def open(self, name: str) -> ServerIndex:
        server = Server(self._settings, self._pace, self._breaker)
        return ServerIndex(server, collection_of(self._collection, name), self._facts)
