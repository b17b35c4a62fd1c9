"""The record of publications: nothing that took effect is missing, whatever a crash left."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.commands.publishing import add
from ingest.publications import Publication, Touched, begin, commit_of, complete, publisher, read_publications
from ingest.publish import publish, rollback, version_before
from kb_service.errors import VersionNotFound
from kb_service.settings import Settings
from kb_service.versions import read_manifest, read_pointer, versions_dir, write_pointer

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OLD, NEW = "20261123T070000-aaaaaaaa", "20261123T080000-bbbbbbbb"


def publication(version: str = NEW, previous: str | None = OLD) -> Publication:
    return Publication(
        at=AT, who="王编辑", action="built", version=version, previous=previous, commit="c0ffee", content_hash="b" * 64
    )


def edit(content: Path, old: str, new: str) -> None:
    path = content / "faq" / "theft.md"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def test_a_home_without_a_record_has_none(tmp_path: Path) -> None:
    assert read_publications(tmp_path) == ([], [])


def test_a_switch_that_never_happened_is_forgotten(tmp_path: Path) -> None:
    write_pointer(tmp_path, OLD)
    begin(tmp_path, publication())
    assert read_publications(tmp_path).entries == []
    complete(tmp_path)
    assert not (tmp_path / "publication.pending").exists()
    assert read_publications(tmp_path).entries == []


def test_a_switch_that_was_not_recorded_any_more_is_known_and_recorded_by_the_next(tmp_path: Path) -> None:
    begin(tmp_path, publication())
    write_pointer(tmp_path, NEW)
    assert read_publications(tmp_path).entries == [publication()]
    complete(tmp_path)
    assert len((tmp_path / "publications.jsonl").read_text("utf-8").splitlines()) == 1
    assert read_publications(tmp_path).entries == [publication()]  # OLD cannot be read: no impact


def test_a_recorded_switch_is_not_recorded_twice(tmp_path: Path) -> None:
    begin(tmp_path, publication())
    write_pointer(tmp_path, NEW)
    note = (tmp_path / "publication.pending").read_bytes()
    complete(tmp_path)
    (tmp_path / "publication.pending").write_bytes(note)  # killed before the note was removed
    complete(tmp_path)
    assert read_publications(tmp_path).entries == [publication()]


def test_a_torn_last_line_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "publications.jsonl").write_bytes(publication(OLD, None).model_dump_json().encode()[:40] + b"\xe7\x8e")
    begin(tmp_path, publication())
    write_pointer(tmp_path, NEW)
    complete(tmp_path)
    assert read_publications(tmp_path) == ([publication()], [1])


def test_a_torn_note_is_no_note(tmp_path: Path) -> None:
    write_pointer(tmp_path, NEW)
    (tmp_path / "publication.pending").write_text('{"at": "2026', "utf-8")
    complete(tmp_path)
    assert read_publications(tmp_path).entries == []


def test_publishes_and_rollbacks_are_recorded_and_what_changes_nothing_is_not(home: Settings, content: Path) -> None:
    first = publish(content, home).version
    publish(content, home)  # unchanged
    edit(content, "立即在", "马上在")
    second = publish(content, home).version
    rollback(home)
    rollback(home, first)  # is current already
    publish(content, home)
    entries = read_publications(home.home).entries
    assert [(entry.action, entry.version, entry.previous) for entry in entries] == [
        ("built", first, None),
        ("built", second, first),
        ("rolled_back", first, second),
        ("reactivated", second, first),
    ]
    assert entries[0].impact is None
    assert entries[1].impact is not None
    assert entries[1].impact.faqs == Touched(changed=("account.theft.emergency",))
    assert str(entries[1].impact.clauses) == ""
    assert entries[1].content_hash == read_manifest(home.home, second).content_hash
    assert all(entry.who for entry in entries)


def test_rolling_back_goes_to_what_was_replaced_not_to_what_was_withdrawn(home: Settings, content: Path) -> None:
    good = publish(content, home).version
    edit(content, "立即在", "坏了在")
    bad = publish(content, home).version
    assert rollback(home).id == good
    edit(content, "坏了在", "马上在")
    publish(content, home)
    assert version_before(home.home) == good
    assert rollback(home).id == good
    assert bad > good


def test_without_a_record_the_next_older_version_is_the_one_before(home: Settings, content: Path) -> None:
    first = publish(content, home).version
    with pytest.raises(VersionNotFound, match="没有更早的版本；用 kb-content versions 查看保留的版本"):
        version_before(home.home)
    edit(content, "立即在", "马上在")
    publish(content, home)
    (home.home / "publications.jsonl").unlink()
    assert version_before(home.home) == first


def test_versions_that_are_gone_stay_in_the_record(home: Settings, content: Path) -> None:
    few = home.model_copy(update={"keep_versions": 2})
    first = publish(content, few).version
    for number in ("一", "二"):
        edit(content, "立即在", f"立即{number}在")
        edit(content, "立即一在", f"立即{number}在")
        publish(content, few)
    assert not (versions_dir(home.home) / first).exists()
    assert read_publications(home.home).entries[0].version == first


def test_who_publishes_comes_from_git_and_else_from_the_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("LOGNAME", "kb")
    assert publisher(tmp_path) == "kb"
    assert commit_of(tmp_path) is None
    for command in (["init", "-q"], ["config", "user.name", "王编辑"], ["config", "user.email", "wang@example.com"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    assert publisher(tmp_path) == "王编辑 <wang@example.com>"


def test_the_log_shows_the_newest_first(
    home: Settings, content: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KB_HOME", str(home.home))
    assert run("log") == 0
    assert capsys.readouterr().err == "还没有记录；发布或回滚之后这里才有内容\n"
    publish(content, home)
    edit(content, "立即在", "马上在")
    publish(content, home)
    capsys.readouterr()
    assert run("log") == 0
    first, impact, second, none = capsys.readouterr().out.splitlines()
    assert first.startswith("* ")
    assert f"发布 {read_pointer(home.home)}  提交 —  " in first
    assert impact == f"    相对 {version_before(home.home)}：常见问题 ~1"
    assert second.startswith("  ")
    assert none == "    之前没有可用的版本"
    assert run("log", "--json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[0])["impact"]["faqs"]["changed"] == ["account.theft.emergency"]


def run(*arguments: str) -> int:
    import argparse

    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    parsed = parser.parse_args(arguments)
    return int(parsed.run(parsed))
