"""Versions on disk: the pointer, the manifest, and files that are changed, missing or full of holes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb_service.errors import NothingPublished, VersionBroken
from kb_service.settings import Settings
from kb_service.versions import (
    Counts,
    Manifest,
    check_files,
    copy_files,
    file_digest,
    file_digests,
    list_versions,
    read_manifest,
    read_pointer,
    versions_dir,
    write_pointer,
)

OLD, NEW = "20261122T080000-0123abcd", "20261123T080000-0123abcd"
REMEDY = "；请运行 kb-content rollback 或重新发布"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # SHA-256 of "abc", FIPS 180-4


def version(home: Path, name: str, files: dict[str, bytes]) -> Manifest:
    """A complete version folder by hand: the files, and the manifest that names them with their digests."""
    manifest = Manifest(
        id=name,
        created=datetime(2026, 11, 23, tzinfo=UTC),
        content_hash="c",
        content_commit=None,
        builder="b",
        encoder="e",
        encoder_fingerprint="f",
        dimension=2,
        counts=Counts(faqs=1, policies=0, clauses=0, templates=0, flows=0, points=1),
        files={file: hashlib.sha256(data).hexdigest() for file, data in files.items()},
    )
    folder = versions_dir(home) / name
    for file, data in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(manifest.model_dump_json(), "utf-8")
    return manifest


@pytest.fixture
def whole(tmp_path: Path) -> Manifest:
    return version(tmp_path, NEW, {"catalog.json": b"{}", "shard/a/1.dat": b"abc", "shard/empty": b""})


# ── the pointer


def test_no_pointer_is_nothing_published(tmp_path: Path) -> None:
    with pytest.raises(NothingPublished) as caught:
        read_pointer(tmp_path)
    assert str(caught.value) == "还没有发布过任何内容；请运行 kb-content publish"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("garbage", "garbage"),
        ("", ""),
        ("../../etc", "../../etc"),
        (f"{NEW}.tmp", f"{NEW}.tmp"),
        (f"{OLD}\n{NEW}", f"{OLD}\n{NEW}"[:40]),
        ("x" * 99, "x" * 40),
    ],
)
def test_a_pointer_that_names_no_version_is_broken(tmp_path: Path, text: str, shown: str) -> None:
    (tmp_path / "CURRENT").write_text(text, "utf-8")
    with pytest.raises(VersionBroken) as caught:
        read_pointer(tmp_path)
    assert str(caught.value) == f"指针 {tmp_path}/CURRENT 的内容“{shown}”不是版本号{REMEDY}"


def test_a_pointer_that_cannot_be_read_is_broken(tmp_path: Path) -> None:
    pointer = tmp_path / "CURRENT"
    pointer.mkdir()
    with pytest.raises(VersionBroken) as caught:
        read_pointer(tmp_path)
    assert str(caught.value) == f"读不了指针 {pointer}：[Errno 21] Is a directory: '{pointer}'{REMEDY}"
    pointer.rmdir()
    pointer.write_bytes(b"\xff\xfe")
    with pytest.raises(VersionBroken) as caught:
        read_pointer(tmp_path)
    reason = "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    assert str(caught.value) == f"读不了指针 {pointer}：{reason}{REMEDY}"


def test_the_pointer_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_pointer(tmp_path, OLD)
    write_pointer(tmp_path, NEW)
    assert read_pointer(tmp_path) == NEW
    assert (tmp_path / "CURRENT").read_bytes() == f"{NEW}\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["CURRENT"]


# ── the manifest


def test_a_folder_without_a_manifest_is_incomplete(tmp_path: Path) -> None:
    with pytest.raises(VersionBroken) as caught:
        read_manifest(tmp_path, NEW)
    assert str(caught.value) == f"版本 {NEW} 不完整（缺少 manifest.json）{REMEDY}"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "x"}'])
def test_a_manifest_that_is_not_one_is_broken(tmp_path: Path, whole: Manifest, text: str) -> None:
    (versions_dir(tmp_path) / NEW / "manifest.json").write_text(text, "utf-8")
    with pytest.raises(VersionBroken) as caught:
        read_manifest(tmp_path, NEW)
    assert str(caught.value) == f"版本 {NEW} 的清单读不懂{REMEDY}"


def test_a_manifest_with_an_unknown_field_is_broken(tmp_path: Path, whole: Manifest) -> None:
    text = whole.model_dump_json()[:-1] + ', "more": 1}'
    (versions_dir(tmp_path) / NEW / "manifest.json").write_text(text, "utf-8")
    with pytest.raises(VersionBroken, match="的清单读不懂"):
        read_manifest(tmp_path, NEW)


def test_a_manifest_reads_back_as_it_was_written(tmp_path: Path, whole: Manifest) -> None:
    assert read_manifest(tmp_path, NEW) == whole


def test_only_complete_versions_are_listed_oldest_first(tmp_path: Path, whole: Manifest) -> None:
    old = version(tmp_path, OLD, {})
    version(tmp_path, f"{NEW}.tmp", {})
    version(tmp_path, "notes", {})
    (versions_dir(tmp_path) / "20261121T080000-0123abcd").mkdir()
    assert list_versions(tmp_path) == [old, whole]
    assert list_versions(tmp_path / "nowhere") == []


# ── the files


@pytest.mark.parametrize("copying", [False, True])
@pytest.mark.parametrize("data", [b"abd", b"abc ", b"ab", b"", b"\0\0\0"])
def test_a_changed_file_is_named(tmp_path: Path, whole: Manifest, data: bytes, copying: bool) -> None:
    (versions_dir(tmp_path) / NEW / "shard/a/1.dat").write_bytes(data)
    with pytest.raises(VersionBroken) as caught:
        copy_files(tmp_path, whole, tmp_path / "copy" if copying else None)
    assert str(caught.value) == f"版本 {NEW} 的文件 shard/a/1.dat 被改动过{REMEDY}"


@pytest.mark.parametrize("copying", [False, True])
def test_a_missing_file_is_named(tmp_path: Path, whole: Manifest, copying: bool) -> None:
    (versions_dir(tmp_path) / NEW / "shard/a/1.dat").unlink()
    with pytest.raises(VersionBroken) as caught:
        copy_files(tmp_path, whole, tmp_path / "copy" if copying else None)
    assert str(caught.value) == f"版本 {NEW} 缺少文件 shard/a/1.dat{REMEDY}"


def test_the_first_of_several_wrong_files_is_named(tmp_path: Path, whole: Manifest) -> None:
    for file in ("shard/empty", "catalog.json"):
        (versions_dir(tmp_path) / NEW / file).write_bytes(b"?")
    with pytest.raises(VersionBroken, match=r"的文件 catalog\.json 被改动过"):
        check_files(tmp_path, whole)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, whole: Manifest) -> None:
    path = versions_dir(tmp_path) / NEW / "catalog.json"
    path.unlink()
    path.mkdir()
    with pytest.raises(VersionBroken) as caught:
        check_files(tmp_path, whole)
    assert str(caught.value) == f"读不了版本 {NEW}：[Errno 21] Is a directory: '{path}'{REMEDY}"


def test_a_whole_version_is_copied_and_nothing_but_its_files(tmp_path: Path, whole: Manifest) -> None:
    check_files(tmp_path, whole)
    target = tmp_path / "copy"
    copy_files(tmp_path, whole, target)
    found = {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert found == {"catalog.json": b"{}", "shard/a/1.dat": b"abc", "shard/empty": b""}


def test_a_published_version_is_whole(settings: Settings) -> None:
    manifest = read_manifest(settings.home, read_pointer(settings.home))
    check_files(settings.home, manifest)
    folder = versions_dir(settings.home) / manifest.id
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert on_disk == {*manifest.files, "manifest.json"}


def test_digests_are_sha_256(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(b"abc")
    assert file_digests(tmp_path, ["deep/a"]) == {"deep/a": ABC}


MIB = 1 << 20


@pytest.mark.parametrize(
    "pieces",  # (offset, data); the rest of the four MiB is a hole
    [
        [(0, b"start"), (4 * MIB - 3, b"end")],
        [(0, b"start")],  # ends in a hole
        [(4 * MIB - 3, b"end")],  # begins with one
        [(65_535, b"across two blocks"), (MIB, b"\0" * 65_536 + b"x")],
        [],
    ],
)
def test_a_sparse_file_is_copied_byte_for_byte_and_stays_sparse(
    tmp_path: Path, pieces: list[tuple[int, bytes]]
) -> None:
    expected = bytearray(4 * MIB)
    with (tmp_path / "source").open("wb") as file:
        file.truncate(4 * MIB)
        for offset, data in pieces:
            file.seek(offset)
            file.write(data)
            expected[offset : offset + len(data)] = data
    digest = file_digest(tmp_path / "source", tmp_path / "deep" / "copy")
    copy = tmp_path / "deep" / "copy"
    assert digest == file_digest(tmp_path / "source") == hashlib.sha256(expected).hexdigest()
    assert copy.read_bytes() == bytes(expected)
    assert copy.stat().st_blocks * 512 <= 256 * 1024  # of 4 MiB
