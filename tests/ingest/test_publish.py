"""Publishing: what is refused changes nothing, what is published is whole, rolling back is a flip."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from ingest.build import bm25_weights
from ingest.files import content_hash
from ingest.publish import publish, rollback
from kb_service.encoder import Encoder
from kb_service.errors import ModelNotBuilt, PublishError, VersionBroken, VersionNotFound
from kb_service.index import Scope
from kb_service.knowledge import open_version
from kb_service.retrieve import retrieve
from kb_service.settings import Settings
from kb_service.text import sparse_terms, term_id
from kb_service.versions import list_versions, read_manifest, read_pointer, versions_dir, write_pointer

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def edit(content: Path, old: str, new: str) -> None:
    path = content / "faq" / "theft.md"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def test_content_with_a_problem_is_refused_and_the_old_version_stays(
    home: Settings, content: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = publish(content, home).version
    edit(content, "party: both", "party: nobody")
    with pytest.raises(PublishError, match="正在服务的版本没有变化"):
        publish(content, home)
    assert read_pointer(home.home) == first
    assert "content/faq/theft.md:6  party：不能是 “nobody”" in capfd.readouterr().err
    assert [manifest.id for manifest in list_versions(home.home)] == [first]


def test_without_a_model_publishing_says_how_to_build_one(tmp_path: Path, content: Path) -> None:
    with pytest.raises(ModelNotBuilt, match="kb-content model build"):
        publish(content, Settings(home=tmp_path / "bare"))


def test_a_second_publish_at_the_same_time_is_refused(home: Settings, content: Path) -> None:
    with (home.home / "publish.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(PublishError, match="另一个发布或回滚正在进行"):
            publish(content, home)


def test_rolling_back_without_an_older_version_says_so(home: Settings, content: Path) -> None:
    publish(content, home)
    with pytest.raises(VersionNotFound, match="没有更早的版本"):
        rollback(home)
    with pytest.raises(VersionNotFound, match="没有版本 nowhere"):
        rollback(home, "nowhere")


def test_a_damaged_version_cannot_be_rolled_back_to(home: Settings, content: Path) -> None:
    first = publish(content, home).version
    edit(content, "立即", "马上")
    second = publish(content, home).version
    with (versions_dir(home.home) / first / "catalog.json").open("a") as file:
        file.write(" ")
    with pytest.raises(VersionBroken, match=r"catalog\.json 被改动过"):
        rollback(home)
    assert read_pointer(home.home) == second


def test_publish_edit_rollback(home: Settings, content: Path, encoder: Encoder) -> None:
    first = publish(content, home)
    assert first.action == "built"
    assert publish(content, home).action == "unchanged"
    edit(content, "有人盗了我的号", "半夜有人用我的号发广告")
    second = publish(content, home)
    assert (second.action, read_pointer(home.home)) == ("built", second.version)
    scope = Scope("agent", NOW, NOW)
    knowledge = open_version(home, second.version, encoder)
    best = retrieve(knowledge.searchable, "半夜有人用我的号发广告", scope, 1).entries[0]
    assert (best.entry, round(best.dense or 0, 2)) == ("account.theft.emergency", 1.0)
    assert rollback(home).id == first.version == read_pointer(home.home)
    assert publish(content, home).action == "reactivated"  # that content is kept already
    assert read_pointer(home.home) == second.version


def test_unchanged_content_embeds_nothing_again(
    home: Settings, content: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    publish(content, home)
    edit(content, "有人盗了我的号", "密码被人改了登不上")
    capfd.readouterr()
    publish(content, home)
    assert "新嵌入 1 条" in capfd.readouterr().err


def test_a_half_written_version_is_no_version_and_the_next_publish_removes_it(home: Settings, content: Path) -> None:
    publish(content, home)
    leftover = versions_dir(home.home) / "20260101T000000-deadbeef.tmp"
    leftover.mkdir()
    (leftover / "catalog.json").write_text("{", "utf-8")
    headless = versions_dir(home.home) / "20260101T000000-deadbeef"
    headless.mkdir()
    half_flipped = home.home / "CURRENT.tmp"
    half_flipped.write_text("2026", "utf-8")
    assert "20260101T000000-deadbeef" not in [manifest.id for manifest in list_versions(home.home)]
    publish(content, home)
    assert not leftover.exists()
    assert not headless.exists()
    assert not half_flipped.exists()


def test_a_damaged_version_is_built_again_and_not_brought_back(home: Settings, content: Path) -> None:
    damaged = publish(content, home).version
    catalog = versions_dir(home.home) / damaged / "catalog.json"
    catalog.write_bytes(catalog.read_bytes()[:-10])  # what a crash of the machine may leave
    again = publish(content, home)
    assert (again.action, read_pointer(home.home)) == ("built", again.version)
    assert again.version > damaged


def test_versions_within_one_second_and_after_the_clock_was_set_back_keep_their_order(
    home: Settings, content: Path
) -> None:
    first = publish(content, home).version
    future = f"29991231T235959{first[15:]}"
    (versions_dir(home.home) / first).rename(versions_dir(home.home) / future)
    manifest = versions_dir(home.home) / future / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace(first, future), "utf-8")
    write_pointer(home.home, future)
    edit(content, "立即", "马上")
    assert publish(content, home).version.startswith("30000101T000000-")
    assert rollback(home).id == future


def test_a_version_that_is_half_removed_is_no_version(home: Settings, content: Path) -> None:
    version = publish(content, home).version
    (versions_dir(home.home) / version).rename(versions_dir(home.home) / f"{version}.tmp")
    assert list_versions(home.home) == []
    assert publish(content, home).action == "built"
    assert [folder.name for folder in versions_dir(home.home).iterdir()] == [read_pointer(home.home)]


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, content: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(PublishError, match=r"读写文件出错：.*file.*请检查磁盘空间和权限，再运行一次"):
        publish(content, Settings(home=blocked))


def test_a_killed_publish_takes_its_build_along_and_the_lock_is_free_again(home: Settings, content: Path) -> None:
    command = [sys.executable, "-m", "ingest.cli", "publish", "--content", str(content)]
    process = subprocess.Popen(command, env=os.environ | {"KB_HOME": str(home.home)}, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (children := psutil.Process(process.pid).children()) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()
    gone, alive = psutil.wait_procs(children, timeout=5)
    assert (len(gone), alive) == (len(children), [])
    assert publish(content, home).action == "built"


def test_only_the_newest_versions_are_kept(content: Path, home: Settings) -> None:
    few = home.model_copy(update={"keep_versions": 2})
    for number in range(3):
        edit(content, "立即", f"立即{number}")
        last = publish(content, few).version
    assert len(list_versions(home.home)) == 2
    assert read_pointer(home.home) == last
    extra = f"20260101T000000{last[15:]}"  # a publish was killed before it removed the oldest
    folder = Path(shutil.copytree(versions_dir(home.home) / last, versions_dir(home.home) / extra))
    manifest = (folder / "manifest.json").read_text("utf-8").replace(last, extra)
    (folder / "manifest.json").write_text(manifest, "utf-8")
    assert publish(content, few).action == "unchanged"
    assert not folder.exists()


def test_the_manifest_tells_what_the_version_is_made_of(settings: Settings, encoder: Encoder) -> None:
    manifest = read_manifest(settings.home, read_pointer(settings.home))
    assert manifest.encoder_fingerprint == encoder.fingerprint
    assert manifest.content_hash == content_hash(Path(__file__).parents[1] / "small")
    assert manifest.counts.model_dump() == {
        "faqs": 7,
        "policies": 1,
        "clauses": 3,
        "templates": 2,
        "flows": 1,
        "cases": 1,
        "points": 7 * 4 + 7 + 9 + 3 + 5,  # phrasings, documents, sections, clause wordings, out of scope
    }
    assert "catalog.json" in manifest.files
    catalog = json.loads((versions_dir(settings.home) / manifest.id / "catalog.json").read_text("utf-8"))
    assert "48小时内没有发货" in json.dumps(catalog, ensure_ascii=False)
    assert "{{fact:" not in json.dumps(catalog)


def test_an_empty_knowledge_base_can_be_published(home: Settings, content: Path, encoder: Encoder) -> None:
    for folder in ("faq", "phrasings", "policy", "templates", "flows", "cases"):
        for path in (content / folder).rglob("*.*"):
            path.unlink()
    facts = content / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace(", source: trade-rules#ship-window", ""), "utf-8")
    version = publish(content, home).version
    assert open_version(home, version, encoder).manifest.counts.points == 5  # the out-of-scope questions alone


def test_a_pointer_can_be_repaired_by_publishing(home: Settings, content: Path) -> None:
    version = publish(content, home).version
    write_pointer(home.home, "garbage")
    assert publish(content, home).version == version
    assert read_pointer(home.home) == version


def test_bm25_weights_by_hand() -> None:
    # two terms, one twice, in a text of exactly average length: 2*(2+1)/(2+2) and 1*3/(1+2)
    weights = bm25_weights(sparse_terms("a a b"), average=3)
    assert dict(zip(weights.ids, weights.weights, strict=True)) == pytest.approx({term_id("a"): 1.5, term_id("b"): 1.0})
