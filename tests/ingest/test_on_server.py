"""Publishing onto a server, moving there and back, and what a service on it does while the server is away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ingest.publish import publish, rollback
from kb_service.api.app import create_app
from kb_service.contract import SuggestRequest
from kb_service.encoder import Encoder
from kb_service.errors import PublishError, VersionBroken
from kb_service.index.collection import Facts, write_collection
from kb_service.index.connection import PUBLISHING, Server
from kb_service.index.patience import FAILURES
from kb_service.knowledge import open_version
from kb_service.settings import Settings
from kb_service.suggest import suggest
from kb_service.versions import list_versions, read_manifest, read_pointer, unfinished, versions_dir, write_pointer
from tests.conftest import SMALL, make_settings
from tests.kb_service.index.test_index_contract import POINTS
from tests.kb_service.index.wire import Fault, Wire, wire

QUESTION = {"query": "卖家一直不发货怎么办"}


@pytest.fixture
def server() -> Iterator[Wire]:
    with wire() as running:
        yield running
        assert running.wrong == []


def there(settings: Settings, server: Wire, **values: object) -> Settings:
    """The same home, with its index on the server."""
    chosen = {"index": "server", "qdrant_url": server.url, "qdrant_timeout_seconds": 2.0} | values
    return settings.model_copy(update=chosen)


def collections(*versions: str) -> set[str]:
    """The small content has a closed case: a version has an index of entries, and one of cases."""
    return {f"kb-{version}{end}" for version in versions for end in ("", "-cases")}


def aliases(version: str) -> dict[str, str]:
    return {"kb": f"kb-{version}", "kb-cases": f"kb-{version}-cases"}


def edited(content: Path) -> Path:
    """The content with one more phrasing each time."""
    article = sorted((content / "faq").rglob("*.md"))[0]
    article.write_text(article.read_text("utf-8").replace("## 结论\n", f"## 结论\n修订{time.time_ns()}。", 1), "utf-8")
    return content


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Wire]]:
    """A home whose small content is on a test server. Tests must not publish there."""
    with wire() as running:
        settings = there(make_settings(tmp_path_factory.mktemp("home")), running)
        publish(SMALL, settings)
        yield settings, running
        assert running.wrong == []


@pytest.fixture
def service(published: tuple[Settings, Wire]) -> Iterator[TestClient]:
    settings, running = published
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client
    running.fault = None


# ── publishing


def test_a_version_has_its_index_on_the_server_and_the_rest_in_its_folder(published: tuple[Settings, Wire]) -> None:
    settings, running = published
    version = read_pointer(settings.home)
    manifest = read_manifest(settings.home, version)
    assert (manifest.collection, set(manifest.files)) == (f"kb-{version}", {"catalog.json"})
    assert running.collections[f"kb-{version}"].points == manifest.counts.points
    assert running.aliases == aliases(version)


def test_moving_there_and_back_is_one_publish_each(
    home: Settings, content: Path, server: Wire, encoder: Encoder
) -> None:
    first = publish(content, home)
    moved = publish(content, there(home, server))
    assert (moved.action, moved.version > first.version) == ("built", True)
    assert server.aliases == aliases(moved.version)
    assert publish(content, there(home, server)).action == "unchanged"
    back = publish(content, there(home, server, index="edge"))
    assert back.version == first.version  # still kept: nothing to build
    assert back.action == "reactivated"
    assert server.aliases == {}
    # Either kind is served whatever the settings would build.
    for version, expected in ((first.version, None), (moved.version, f"kb-{moved.version}")):
        knowledge = open_version(there(home, server), version, encoder)
        assert knowledge.manifest.collection == expected
        assert suggest(knowledge, SuggestRequest(query=QUESTION["query"])).status == "answered"
    with pytest.raises(VersionBroken) as caught:
        open_version(home, moved.version, encoder)
    assert str(caught.value) == (
        f"版本 {moved.version} 的索引在检索服务的集合 kb-{moved.version} 里，但没有设置 KB_QDRANT_URL；"
        "请设置它，或用 KB_INDEX=edge 重新运行 kb-content publish"
    )


def test_both_answer_the_same(home: Settings, content: Path, server: Wire, encoder: Encoder) -> None:
    near, far = publish(content, home).version, publish(content, there(home, server)).version
    knowledge = [open_version(there(home, server), version, encoder) for version in (near, far)]
    for query in ("卖家一直不发货怎么办", "退款多久到账", "验货宝是什么", "今天天气怎么样"):
        answers = [suggest(one, SuggestRequest(query=query, audience="senior")).answers for one in knowledge]
        assert [one.id for one in answers[0]] == [one.id for one in answers[1]]


def test_aliases_follow_publish_and_rollback(home: Settings, content: Path, server: Wire) -> None:
    settings = there(home, server)
    first, second = publish(content, settings).version, publish(edited(content), settings).version
    assert server.aliases == aliases(second)
    rollback(settings)
    assert (read_pointer(home.home), server.aliases) == (first, aliases(first))


def test_a_stale_alias_is_put_right_by_the_next_publish(home: Settings, content: Path, server: Wire) -> None:
    settings = there(home, server)
    version = publish(content, settings).version
    server.aliases = {}
    assert publish(content, settings).action == "unchanged"
    assert server.aliases == aliases(version)


def test_an_alias_that_cannot_follow_is_said_and_harms_nothing(
    home: Settings, content: Path, server: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fault = Fault(where="/aliases", status=500)
    version = publish(content, there(home, server)).version
    assert read_pointer(home.home) == version
    assert (
        "提醒：检索服务上的别名 kb 没有跟上，只影响直接读它的其他程序；下一次 kb-content publish 会补上。"
        in capsys.readouterr().err
    )


def test_the_pointer_moves_only_to_what_is_whole(home: Settings, content: Path, server: Wire) -> None:
    settings = there(home, server)
    first = publish(content, settings).version
    server.fault = Fault(where="/index", status=500)
    with pytest.raises(PublishError):
        publish(edited(content), settings)
    assert (read_pointer(home.home), server.aliases) == (first, aliases(first))
    assert len(server.collections) == 3  # of the second version the first one has been begun
    server.fault = None
    second = publish(content, settings).version  # removes what the first try left
    assert set(server.collections) == collections(first, second)
    assert unfinished(home.home) == []


def test_collections_go_with_their_versions(home: Settings, content: Path, server: Wire) -> None:
    settings = there(home, server, keep_versions=2)
    kept = [publish(edited(content), settings).version for _ in range(3)][1:]
    assert [manifest.id for manifest in list_versions(home.home)] == kept
    assert set(server.collections) == collections(*kept)


def test_what_cannot_be_removed_waits_for_the_next_publish(
    home: Settings, content: Path, server: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    near, far = publish(content, home).version, publish(content, there(home, server)).version
    left = versions_dir(home.home) / "20200101T000000-00000000.tmp"
    left.mkdir()  # as a publish that was killed leaves it, and on the server
    with closing(Server(there(home, server), PUBLISHING)) as connection:
        write_collection(connection, f"kb-{left.stem}", POINTS, Facts(left.stem, "fingerprint", 2))
    server.stop()
    assert rollback(there(home, server)).id == near  # away from a server that does not answer
    assert "提醒：旧版本的集合还没有删除，下一次 kb-content publish 会再试。" in capsys.readouterr().err
    assert left.exists()
    server.start()
    assert publish(content, there(home, server)).version == far
    assert not left.exists()
    assert set(server.collections) == collections(far)


def test_a_collection_that_was_damaged_is_built_again(home: Settings, content: Path, server: Wire) -> None:
    settings = there(home, server)
    first = publish(content, settings).version
    server.lose(f"kb-{first}", [0])
    again = publish(content, settings)
    assert (again.action, again.version != first) == ("built", True)


def test_a_rollback_to_a_damaged_collection_is_refused(home: Settings, content: Path, server: Wire) -> None:
    settings = there(home, server)
    first, second = publish(content, settings).version, publish(edited(content), settings).version
    server.lose(f"kb-{first}", [0])
    with pytest.raises(VersionBroken, match=f"集合 kb-{first} 不完整"):
        rollback(settings)
    assert read_pointer(home.home) == second


# ── serving while the server is away


def test_a_service_without_its_server_degrades_openly(service: TestClient, published: tuple[Settings, Wire]) -> None:
    _, running = published
    assert service.post("/v1/suggest", json=QUESTION).json()["status"] == "answered"
    running.fault = Fault(reset=True)
    for _ in range(FAILURES):
        answer = service.post("/v1/suggest", json=QUESTION | {"case": {"issue_type": "trade.refund"}})
        body = answer.json()
        assert (answer.status_code, body["status"], body["answers"]) == (200, "no_answer", [])
        assert body["reason"] == "检索暂时不可用，所以没有排序的答案；其余建议照常给出"
        assert [why.partition(":")[0] for why in body["degraded"]] == ["index_unavailable"]
        assert body["understanding"]["issue_types"][0]["id"] == "trade.refund"
        assert body["guidance"]["flow"] == "flow.refund.no-ship"
        assert [template["id"] for template in body["templates"]] == ["tpl.refund.no-ship"]
    ready = service.get("/readyz").json()
    assert (ready["status"], ready["index_breaker"]) == ("ready", "open")
    assert ready["degraded"] == ["index_unavailable: 检索服务没有回答；搜不到答案，其余照常"]
    begun = time.monotonic()
    refused = service.post("/v1/search", json=QUESTION)
    assert time.monotonic() - begun < 0.5
    assert (refused.status_code, refused.json()["error"]["name"]) == (503, "index_unavailable")
    listing = service.post("/v1/search", json={"filters": {"kinds": ["faq"]}})
    assert (listing.status_code, listing.json()["error"]["name"]) == (503, "index_unavailable")
    assert service.get("/v1/articles/trade.refund.no-ship").status_code == 200
    assert service.post("/v1/review", json={"draft": "您好"}).status_code == 200
    assert service.get("/readyz").status_code == 200


def test_a_service_may_start_while_its_server_is_away(published: tuple[Settings, Wire]) -> None:
    settings, running = published
    running.fault = Fault(reset=True)
    with TestClient(create_app(settings)) as client:
        assert client.get("/readyz").status_code == 200
        assert client.post("/v1/suggest", json=QUESTION).json()["degraded"] != []
        running.fault = None
        assert client.post("/v1/suggest", json=QUESTION).json()["status"] == "answered"


def test_a_version_whose_index_cannot_be_checked_is_not_swapped_in(home: Settings, content: Path, server: Wire) -> None:
    settings = there(home, server, poll_seconds=0.05)
    first = publish(content, settings).version
    with TestClient(create_app(settings)) as client:
        second = publish(edited(content), settings).version
        wait_for(lambda: client.get("/readyz").json()["kb_version"] == second)
        rollback(settings)
        wait_for(lambda: client.get("/readyz").json()["kb_version"] == first)
        server.lose(f"kb-{second}", [1])
        write_pointer(home.home, second)
        wait_for(lambda: client.get("/readyz").json()["degraded"] != [])
        body = client.post("/v1/suggest", json=QUESTION).json()
        assert (body["kb_version"], body["status"]) == (first, "answered")
        assert f"stale_version: 集合 kb-{second} 不完整" in body["degraded"][0]


def wait_for(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)
