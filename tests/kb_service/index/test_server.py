"""The index on a server over a wire: what it makes there, and how each fault of server and network ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from kb_service.errors import EncoderMismatch, IndexAway, VectorIndexError, VersionBroken
from kb_service.index import SparseTerms
from kb_service.index.collection import Facts, remove_collections, switch_aliases, write_collection
from kb_service.index.connection import Pace, Server
from kb_service.index.patience import Breaker
from kb_service.index.server import ServerIndex
from kb_service.settings import Settings
from tests.kb_service.index.openapi import PUBLISHED, Specification
from tests.kb_service.index.test_index_contract import POINTS, X, point, scope
from tests.kb_service.index.wire import Fault, Wire

FACTS = Facts("v1", "fingerprint", 2)
QUICK = Pace(attempt=3, whole=20, settling=10)
NO_TERMS = SparseTerms([], [])


def settings_of(server: Wire, **values: object) -> Settings:
    chosen = {"index": "server", "qdrant_url": server.url, "qdrant_timeout_seconds": 3} | values
    return Settings(**chosen)  # type: ignore[arg-type]


@pytest.fixture
def publishing(server: Wire) -> Iterator[Server]:
    with closing(Server(settings_of(server), QUICK)) as connection:
        yield connection


@pytest.fixture
def index(server: Wire, publishing: Server) -> Iterator[ServerIndex]:
    write_collection(publishing, "kb-v1", POINTS, FACTS)
    with closing(ServerIndex(Server(settings_of(server)), "kb-v1", FACTS)) as opened:
        opened.check()
        yield opened


def found(index: ServerIndex) -> set[int]:
    return set(index.search(X, NO_TERMS, scope(), 10).dense)


ALL = {0, 1, 2, 3, 5, 6}


# ── the judge


@pytest.fixture(scope="module")
def specification() -> Specification:
    if not PUBLISHED.exists():
        pytest.skip(f"{PUBLISHED} is not there: nothing that goes over the wire was compared with Qdrant's OpenAPI")
    return Specification(PUBLISHED)


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "wrong"),
    [
        ("post", "/collections/a/points/count", "", b'{"exact": true}', None),
        ("post", "/collections/a/points/count", "timeout=3", b'{"exact": true}', None),
        ("post", "/collections/a/points/count", "hurry=1", b"{}", "unknown parameters ['hurry']"),
        ("post", "/collections/a/points/count", "", b'{"exactly": true}', "'exactly' was unexpected"),
        ("post", "/collections/a/points/count", "", b'{"filter": 3}', "is not valid under any of the schemas"),
        ("post", "/collections/a/points/count", "", b'{"filter": null}', None),
        (
            "put",
            "/collections/a",
            "",
            b'{"vectors": {"d": {"size": 2, "distance": "Cosine", "datatype": "turbo8"}}}',
            "is not valid",
        ),
        ("delete", "/collections/a", "", b"{}", "a body where none belongs"),
        ("post", "/collections/a/guess", "", b"{}", "is no call of Qdrant's"),
    ],
)
def test_the_specification_judges_requests(
    specification: Specification, method: str, path: str, query: str, body: bytes, wrong: str | None
) -> None:
    said = specification.wrong_request(path, method, query, body)
    assert (said is None) if wrong is None else (wrong in str(said))


def test_the_specification_judges_responses(specification: Specification) -> None:
    path = "/collections/a/points/count"
    assert (
        specification.wrong_response(path, "post", 200, {"result": {"count": 3}, "status": "ok", "time": 0.1}) is None
    )
    assert 'result/count: "3" is not of type' in str(
        specification.wrong_response(path, "post", 200, {"result": {"count": "3"}})
    )


def test_an_unknown_field_is_refused_on_the_wire(
    server: Wire, index: ServerIndex, specification: Specification
) -> None:
    import httpx

    answer = httpx.post(f"{server.url}/collections/kb-v1/points/count", json={"exactly": True})
    assert answer.status_code == 400
    assert [wrong.partition(":")[0] for wrong in server.wrong] == ["request post /collections/kb-v1/points/count"]
    server.wrong.clear()


# ── what is made


def test_a_collection_is_made_as_the_settings_say(server: Wire) -> None:
    chosen = settings_of(
        server,
        qdrant_shards=2,
        qdrant_replicas=3,
        qdrant_write_consistency=2,
        qdrant_quantization="scalar",
        qdrant_on_disk=True,
    )
    with closing(Server(chosen, QUICK)) as connection:
        write_collection(connection, "kb-v1", POINTS, FACTS)
    made = server.collections["kb-v1"].config
    assert (made["shard_number"], made["replication_factor"], made["write_consistency_factor"]) == (2, 3, 2)
    assert made["vectors"]["dense"] == {
        "size": 2,
        "distance": "Cosine",
        "datatype": "float16",
        "memory": "cold",
        "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99, "memory": "pinned"}},
    }
    assert made["sparse_vectors"]["sparse"] == {
        "modifier": "idf",
        "index": {"full_scan_threshold": 0, "memory": "cold"},
    }
    assert made["metadata"] == {"version": "v1", "encoder_fingerprint": "fingerprint", "points": 7}
    with closing(ServerIndex(Server(chosen), "kb-v1", FACTS)) as index:
        assert found(index) == ALL


def test_both_legs_go_in_one_call(server: Wire, index: ServerIndex) -> None:
    server.calls.clear()
    both = index.search(X, SparseTerms([1], [1.0]), scope(), 10)
    assert (set(both.dense), set(both.sparse)) == (ALL, {0, 3})
    assert server.calls == ["post /collections/kb-v1/points/query/batch"]


def test_many_points_go_in_batches(server: Wire, publishing: Server) -> None:
    points = [point(number, X, {1: 1.0}) for number in range(600)]
    server.calls.clear()
    assert write_collection(publishing, "kb-many", points, FACTS) == 600
    assert server.calls.count("put /collections/kb-many/points") == 3
    assert server.collections["kb-many"].points == 600


def test_a_collection_of_that_name_is_replaced(server: Wire, publishing: Server) -> None:
    write_collection(publishing, "kb-v1", POINTS, FACTS)
    write_collection(publishing, "kb-v1", POINTS[:2], FACTS)
    assert server.collections["kb-v1"].points == 2


def test_aliases_move_in_one_call(server: Wire, publishing: Server) -> None:
    for name in ("kb-v1", "kb-v2"):
        write_collection(publishing, name, POINTS[:1], FACTS)
    switch_aliases(publishing, {"kb": "kb-v1", "kb-cases": "kb-v1"})
    server.calls.clear()
    switch_aliases(publishing, {"kb": "kb-v2", "kb-cases": ""})
    assert server.aliases == {"kb": "kb-v2"}
    assert server.calls == ["get /aliases", "post /collections/aliases"]


def test_aliases_that_stand_right_are_left_alone(server: Wire, publishing: Server) -> None:
    write_collection(publishing, "kb-v1", POINTS[:1], FACTS)
    switch_aliases(publishing, {"kb": "kb-v1"})
    server.calls.clear()
    switch_aliases(publishing, {"kb": "kb-v1"})
    assert server.calls == ["get /aliases"]


def test_removing_what_is_not_there_is_no_fault(server: Wire, publishing: Server) -> None:
    write_collection(publishing, "kb-v1", POINTS[:1], FACTS)
    remove_collections(publishing, ["kb-v1", "kb-v0"])
    assert server.collections == {}


# ── a collection that must not be searched


def opened(server: Wire, name: str = "kb-v1", facts: Facts = FACTS) -> ServerIndex:
    return ServerIndex(Server(settings_of(server)), name, facts)


def test_a_missing_collection(server: Wire) -> None:
    with closing(opened(server)) as index, pytest.raises(VersionBroken) as caught:
        index.check()
    assert str(caught.value) == "检索服务上没有集合 kb-v1；请运行 kb-content publish 重新发布"


@pytest.mark.parametrize(
    ("facts", "error", "message"),
    [
        (Facts("v2", "fingerprint", 2), VersionBroken, "集合 kb-v1 不是版本 v2 的：它写的版本是 v1；"),
        (
            Facts("v1", "anotherprint", 2),
            EncoderMismatch,
            "集合 kb-v1 是用另一个模型建的（fingerprint，2 维；当前是 anotherprint，2 维）；",
        ),
        (
            Facts("v1", "fingerprint", 3),
            EncoderMismatch,
            "集合 kb-v1 是用另一个模型建的（fingerprint，2 维；当前是 fingerprint，3 维）；",
        ),
    ],
)
def test_a_collection_of_another_version_or_model(
    server: Wire, index: ServerIndex, facts: Facts, error: type[Exception], message: str
) -> None:
    with closing(opened(server, facts=facts)) as other:
        with pytest.raises(error) as caught:
            other.check()
        assert str(caught.value) == message + "请运行 kb-content publish 重新发布"
        with pytest.raises(VectorIndexError) as late:  # the same, found by the first search
            found(other)
        assert str(late.value) == str(caught.value)


def test_a_half_built_collection(server: Wire, index: ServerIndex) -> None:
    server.lose("kb-v1", [0, 3])
    with closing(opened(server)) as other, pytest.raises(VersionBroken) as caught:
        other.check()
    assert str(caught.value) == ("集合 kb-v1 不完整：应有 7 个检索点，实有 5 个；请运行 kb-content publish 重新发布")


def test_a_collection_without_a_payload_index(server: Wire, index: ServerIndex) -> None:
    del server.collections["kb-v1"].indexed["party"]
    with closing(opened(server)) as other, pytest.raises(VersionBroken, match="缺少字段索引 party；"):
        other.check()


def test_a_yellow_collection_serves_but_is_not_published(server: Wire, index: ServerIndex, publishing: Server) -> None:
    server.collections["kb-v1"].status = "yellow"
    with closing(opened(server)) as other:
        other.check()
        assert found(other) == ALL
    hasty = Server(settings_of(server), Pace(attempt=1, whole=1, settling=0.3))
    stop = threading.Event()

    def keep_yellow() -> None:
        while not stop.wait(0.001):
            if "kb-v2" in server.collections:
                server.collections["kb-v2"].status = "yellow"

    thread = threading.Thread(target=keep_yellow)
    thread.start()
    with closing(hasty), pytest.raises(IndexAway) as caught:
        write_collection(hasty, "kb-v2", POINTS, FACTS)
    stop.set()
    thread.join()
    assert str(caught.value) == "集合 kb-v2 没有就绪：状态 yellow，应有 7 个检索点，实有 7 个"


def test_a_collection_that_is_removed_under_a_running_service(
    server: Wire, index: ServerIndex, publishing: Server
) -> None:
    remove_collections(publishing, ["kb-v1"])
    with pytest.raises(VectorIndexError, match="不接受这次调用（HTTP 404）"):
        found(index)


def test_an_alias_that_points_elsewhere_changes_nothing(server: Wire, index: ServerIndex) -> None:
    server.aliases = {"kb": "kb-v0"}
    assert found(index) == ALL


# ── faults of server and network


@pytest.mark.parametrize(
    "fault",
    [
        Fault(times=1, wait=1.7),
        Fault(times=2, reset=True),
        Fault(times=1, lose_answer=True),
        Fault(times=2, status=503),
        Fault(times=2, status=429),
        Fault(times=1, status=502),
        Fault(times=1, drip=0.1),
    ],
    ids=lambda fault: str(fault)[6:],
)
def test_a_fault_that_passes_is_not_noticed(server: Wire, index: ServerIndex, fault: Fault) -> None:
    """The service waits three seconds in all, half of it for one answer."""
    server.fault = fault
    assert found(index) == ALL
    assert index.breaker == "closed"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(wait=0.5), "没有在 0.3 秒内回答"),
        (Fault(drip=0.05), "没有在 0.3 秒内回答"),
        (Fault(reset=True), "连不上检索服务"),
        (Fault(status=500), "内部出错（HTTP 500）"),
        (Fault(status=503), "暂时不可用（HTTP 503）"),
        (Fault(status=503, retry_after="30"), "暂时不可用（HTTP 503）"),
        (Fault(status=429, retry_after="30"), "太忙（HTTP 429）"),
    ],
    ids=lambda found: str(found)[6:] if isinstance(found, Fault) else "",
)
def test_a_fault_that_stays_ends_in_time_and_opens_the_breaker(
    server: Wire, index: ServerIndex, fault: Fault, said: str
) -> None:
    with closing(ServerIndex(Server(settings_of(server, qdrant_timeout_seconds=0.6)), "kb-v1", FACTS)) as hasty:
        hasty.check()
        server.fault = fault
        begun = time.monotonic()
        for _ in range(3):
            with pytest.raises(IndexAway, match=said):
                found(hasty)
        assert time.monotonic() - begun < 3 * 0.6 + 1
        assert hasty.breaker == "open"
        asked = len(server.calls)
        with pytest.raises(IndexAway, match="5 秒后自动再试"):
            found(hasty)
        assert len(server.calls) == asked


def test_what_a_server_asks_to_wait_is_waited(server: Wire, index: ServerIndex) -> None:
    with closing(ServerIndex(Server(settings_of(server, qdrant_timeout_seconds=5)), "kb-v1", FACTS)) as patient:
        patient.check()
        server.fault = Fault(times=1, status=503, retry_after="1")
        begun = time.monotonic()
        assert found(patient) == ALL
        assert time.monotonic() - begun >= 1


def test_a_server_error_is_not_tried_again(server: Wire, index: ServerIndex) -> None:
    server.fault, asked = Fault(status=500), len(server.calls)
    with pytest.raises(IndexAway):
        found(index)
    assert len(server.calls) == asked + 1


def test_a_refusal_is_not_tried_again_and_leaves_the_breaker_closed(server: Wire, index: ServerIndex) -> None:
    asked = len(server.calls)
    for _ in range(4):
        with pytest.raises(VectorIndexError, match=r"向量引擎出错：检索服务 .* 不接受这次调用（HTTP 400）"):
            index.search(np.ones(3, dtype=np.float32), NO_TERMS, scope(), 10)
    assert (len(server.calls) - asked, index.breaker) == (4, "closed")


def test_a_server_that_comes_back_is_asked_again(server: Wire, index: ServerIndex) -> None:
    breaker = Breaker(failures=1, rest=0.1)
    with closing(ServerIndex(Server(settings_of(server), breaker=breaker), "kb-v1", FACTS)) as other:
        server.stop()
        with pytest.raises(
            IndexAway, match=r"连不上检索服务 127.0.0.1:\d+（.*）；请检查 KB_QDRANT_URL 和服务是否在运行"
        ):
            found(other)
        states: list[str] = [other.breaker]
        server.start()
        time.sleep(0.1)
        states.append(other.breaker)
        assert found(other) == ALL
        assert [*states, other.breaker] == ["open", "half_open", "closed"]


def test_a_service_may_start_while_the_server_is_away(server: Wire, index: ServerIndex) -> None:
    server.stop()
    with closing(opened(server)) as early:
        with pytest.raises(IndexAway):
            early.check()
        server.start()
        assert found(early) == ALL


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_wrong_key(server: Wire, index: ServerIndex, key: str) -> None:
    server.api_key = "right"
    chosen = settings_of(server, qdrant_api_key=key)
    with closing(ServerIndex(Server(chosen), "kb-v1", FACTS)) as other, pytest.raises(VectorIndexError) as caught:
        other.check()
    message = f"向量引擎出错：检索服务 127.0.0.1:{server.port} 不认密钥（HTTP 401）；请检查 KB_QDRANT_API_KEY"
    assert (type(caught.value), str(caught.value)) == (VectorIndexError, message)


def test_the_right_key_opens_and_is_shown_nowhere(server: Wire, index: ServerIndex) -> None:
    server.api_key = "sesame"
    chosen = settings_of(server, qdrant_api_key="sesame")
    with closing(ServerIndex(Server(chosen), "kb-v1", FACTS)) as other:
        assert found(other) == ALL
    assert "sesame" not in f"{chosen!r} {chosen} {chosen.model_dump_json()}"


def test_a_password_in_the_address_is_not_repeated(server: Wire) -> None:
    server.stop()
    chosen = settings_of(server, qdrant_url=f"http://me:secret@127.0.0.1:{server.port}")
    with closing(ServerIndex(Server(chosen), "kb-v1", FACTS)) as index, pytest.raises(IndexAway) as caught:
        index.check()
    server.start()
    assert "secret" not in str(caught.value)


def test_over_grpc_a_server_that_is_away_ends_the_same(server: Wire) -> None:
    server.stop()
    connection = Server(settings_of(server, qdrant_grpc=True))
    with closing(ServerIndex(connection, "kb-v1", FACTS)) as index, pytest.raises(IndexAway, match="连不上检索服务"):
        index.check()
    server.start()


# ── a publish that is disturbed


@pytest.mark.parametrize("where", ["/collections/kb-v1", "/points", "/index", "/exists"])
@pytest.mark.parametrize(
    "fault",
    [Fault(times=2, reset=True), Fault(times=2, lose_answer=True), Fault(times=1, status=503)],
    ids=["reset", "answer lost", "503"],
)
def test_a_disturbed_publish_ends_whole(server: Wire, publishing: Server, where: str, fault: Fault) -> None:
    server.fault = Fault(**(vars(fault) | {"where": where}))
    assert write_collection(publishing, "kb-v1", POINTS, FACTS) == 7
    assert server.fault.times == 0
    assert server.collections["kb-v1"].points == 7
    with closing(opened(server)) as index:
        index.check()


def test_a_node_that_has_not_heard_of_the_collection_is_waited_for(server: Wire, publishing: Server) -> None:
    server.fault = Fault(times=3, where="/points", status=404)
    assert write_collection(publishing, "kb-v1", POINTS, FACTS) == 7


def test_a_server_that_restarts_during_a_publish(server: Wire, publishing: Server) -> None:
    points = [point(number, X, {1: 1.0}) for number in range(3000)]

    def restart() -> None:
        while server.calls.count("put /collections/kb-v1/points") < 3:
            time.sleep(0.001)
        server.stop()
        time.sleep(0.3)
        server.start()

    thread = threading.Thread(target=restart)
    thread.start()
    assert write_collection(publishing, "kb-v1", points, FACTS) == 3000
    thread.join()
    assert server.collections["kb-v1"].points == 3000
    with closing(opened(server)) as index:
        index.check()


def test_a_server_that_stays_away_ends_the_publish(server: Wire) -> None:
    server.stop()
    connection = Server(settings_of(server), Pace(attempt=0.2, whole=0.5, settling=1))
    with closing(connection), pytest.raises(IndexAway, match="连不上检索服务"):
        write_collection(connection, "kb-v1", POINTS, FACTS)
    server.start()
