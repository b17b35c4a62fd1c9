"""The running service follows the pointer, and keeps serving when the new version is bad."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ingest.publish import publish, rollback
from kb_service.api.app import create_app
from kb_service.encoder import Encoder
from kb_service.errors import EncoderMismatch, NothingPublished, VersionBroken
from kb_service.knowledge import open_version, remove_orphans
from kb_service.live import Live
from kb_service.settings import Settings
from kb_service.versions import read_pointer, versions_dir, write_pointer


def eventually(holds: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_without_a_version_the_service_says_so_and_heals(home: Settings, content: Path) -> None:
    with TestClient(create_app(home)) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "not_ready")
        answer = client.post("/v1/suggest", json={"query": "退款"})
        assert answer.status_code == 503
        assert answer.json()["error"] == {
            "name": "nothing_published",
            "message": "还没有发布过任何内容；请运行 kb-content publish",
            "field": "",
        }
        assert client.get("/healthz").status_code == 200
        publish(content, home)
        assert eventually(lambda: client.get("/readyz").status_code == 200)


def test_an_empty_knowledge_base_answers_that_it_is_empty(home: Settings, content: Path) -> None:
    for folder in ("faq", "phrasings", "policy", "templates", "flows", "cases"):
        shutil.rmtree(content / folder)
    facts = content / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace(", source: trade-rules#ship-window", ""), "utf-8")
    publish(content, home)
    with TestClient(create_app(home)) as client:
        answer = client.post("/v1/suggest", json={"query": "退款"}).json()
    assert (answer["status"], answer["reason"], answer["answers"]) == ("no_answer", "知识库是空的", [])


def test_a_publish_and_a_rollback_are_followed_without_losing_a_request(home: Settings, content: Path) -> None:
    first = publish(content, home).version
    seen: list[tuple[int, str]] = []
    stop = threading.Event()
    with TestClient(create_app(home)) as client:

        def ask() -> None:
            while not stop.is_set():
                answer = client.post("/v1/suggest", json={"query": "账号被盗了怎么紧急锁定"})
                seen.append((answer.status_code, answer.json()["kb_version"]))

        reader = threading.Thread(target=ask)
        reader.start()
        article = content / "faq" / "theft.md"
        article.write_text(article.read_text("utf-8").replace("立即在", "马上在"), "utf-8")
        time.sleep(1.1)
        second = publish(content, home).version
        assert eventually(lambda: seen[-1][1] == second)
        rollback(home)
        assert eventually(lambda: seen[-1][1] == first)
        stop.set()
        reader.join()
    assert {status for status, _ in seen} == {200}
    order = [version for number, (_, version) in enumerate(seen) if number == 0 or seen[number - 1][1] != version]
    assert order == [first, second, first]


@pytest.mark.parametrize("pointer", ["garbage", "20200101T000000-00000000"])
def test_a_broken_pointer_keeps_the_old_version_serving_and_shows(
    home: Settings, content: Path, encoder: Encoder, pointer: str
) -> None:
    version = publish(content, home).version
    live = Live(home, encoder)
    assert live.refresh()
    write_pointer(home.home, pointer)
    assert not live.refresh()
    assert live.current().version == version
    assert live.degraded[0].startswith("stale_version: ")
    assert "kb-content rollback" in live.degraded[0]
    write_pointer(home.home, version)
    live.refresh()
    assert live.degraded == []


def test_a_half_written_version_is_refused(home: Settings, content: Path, encoder: Encoder) -> None:
    version = publish(content, home).version
    (versions_dir(home.home) / version / "manifest.json").unlink()
    live = Live(home, encoder)
    live.refresh()
    with pytest.raises(VersionBroken, match="不完整"):
        live.current()


def test_a_damaged_file_is_refused(home: Settings, content: Path, encoder: Encoder) -> None:
    version = publish(content, home).version
    catalog = versions_dir(home.home) / version / "catalog.json"
    catalog.write_text(catalog.read_text("utf-8")[:-100], "utf-8")
    with pytest.raises(VersionBroken, match=r"catalog\.json 被改动过"):
        open_version(home, version, encoder)


def test_a_version_of_another_model_is_refused(home: Settings, content: Path, encoder: Encoder) -> None:
    version = publish(content, home).version
    manifest = versions_dir(home.home) / version / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace(encoder.fingerprint, "0" * 64), "utf-8")
    with pytest.raises(EncoderMismatch, match="请重新运行 kb-content publish"):
        open_version(home, version, encoder)


def test_nothing_published_is_told_apart_from_broken(home: Settings, encoder: Encoder) -> None:
    live = Live(home, encoder)
    live.refresh()
    with pytest.raises(NothingPublished):
        live.current()


def test_private_copies_go_with_their_version_and_with_dead_processes(
    home: Settings, content: Path, encoder: Encoder
) -> None:
    publish(content, home)
    loaded = open_version(home, read_pointer(home.home), encoder)
    assert loaded.folder.is_dir()
    folder = loaded.folder
    orphan = home.home / "serving" / "999999999-abc"
    orphan.mkdir()
    remove_orphans(home.home)
    assert folder.is_dir()
    assert not orphan.exists()
    del loaded
    assert not folder.exists()


def test_no_room_for_the_private_copy_is_said_and_heals(home: Settings, content: Path) -> None:
    blocker = home.home / "serving"
    blocker.write_text("a file where the folder belongs")
    publish(content, home)
    with TestClient(create_app(home)) as client:
        assert eventually(lambda: "载入版本失败" in (client.get("/readyz").json()["reason"] or ""))
        assert client.post("/v1/suggest", json={"query": "退款"}).status_code == 503
        blocker.unlink()
        assert eventually(lambda: client.get("/readyz").status_code == 200)
