"""Published versions on disk: the pointer, the manifest, and the checks that tell a whole version from a broken one.

    home/CURRENT                  one line: the id of the version that serves
    home/versions/<id>/           manifest.json, catalog.json, shard/ (unless its index is on a server)
    home/versions/<id>.tmp/       a version being built or removed

A version is complete when `manifest.json`, written last, names its other files with their digests.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from kb_service.errors import NothingPublished, VersionBroken
from kb_service.records import Record

_ZEROS = bytes(1 << 16)
_ID = re.compile(r"^[0-9]{8}T[0-9]{6}-[0-9a-f]{8}$")


class Counts(Record):
    """How much a version holds."""

    faqs: int
    policies: int
    clauses: int
    templates: int
    flows: int
    cases: int = 0
    points: int


class Manifest(Record):
    """What a version is made of. Files are named relative to the version folder, with SHA-256."""

    id: str
    created: datetime
    content_hash: str
    content_commit: str | None
    builder: str  # digest of the code that built it; other code may build another index from the same content
    encoder: str
    encoder_fingerprint: str
    dimension: int
    collection: str | None = None  # on the Qdrant server, where it has its index there and not in this folder
    counts: Counts
    files: dict[str, str]


def versions_dir(home: Path) -> Path:
    """Where version folders lie."""
    return home / "versions"


def read_pointer(home: Path) -> str:
    """The id of the current version. Raises NothingPublished or VersionBroken."""
    try:
        name = (home / "CURRENT").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise NothingPublished("还没有发布过任何内容；请运行 kb-content publish") from None
    except (OSError, UnicodeDecodeError) as error:
        raise VersionBroken(f"读不了指针 {home / 'CURRENT'}：{error}；请运行 kb-content rollback 或重新发布") from error
    if not _ID.match(name):
        raise VersionBroken(
            f"指针 {home / 'CURRENT'} 的内容“{name[:40]}”不是版本号；请运行 kb-content rollback 或重新发布"
        )
    return name


def write_pointer(home: Path, version: str) -> None:
    """Make `version` current, atomically and durably."""
    write_durably(home / "CURRENT", version + "\n")


def write_durably(path: Path, text: str) -> None:
    """Write a file so that whatever happens leaves either the old or the new one; durable on return."""
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_manifest(home: Path, version: str) -> Manifest:
    """The manifest of a version. Raises VersionBroken if the folder is missing, half-written or unreadable."""
    path = versions_dir(home) / version / "manifest.json"
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise VersionBroken(
            f"版本 {version} 不完整（缺少 {path.name}）；请运行 kb-content rollback 或重新发布"
        ) from None
    except (OSError, ValidationError) as error:
        raise VersionBroken(f"版本 {version} 的清单读不懂；请运行 kb-content rollback 或重新发布") from error


def check_files(home: Path, manifest: Manifest) -> None:
    """Compare every file of a version with the manifest's digest. Raises VersionBroken, naming the first wrong one."""
    copy_files(home, manifest, None)


def copy_files(home: Path, manifest: Manifest, target: Path | None) -> None:
    """Copy the files of a version into the folder `target`, comparing what is read with the manifest's digests.

    Raises VersionBroken, naming the first wrong file. Without a target it only compares.
    """
    folder = versions_dir(home) / manifest.id

    def copy(name: str) -> str:
        return file_digest(folder / name, target / name if target else None)

    try:
        found = _each_file(copy, manifest.files)
    except FileNotFoundError as error:
        missing = Path(error.filename).relative_to(folder)
        raise VersionBroken(f"版本 {manifest.id} 缺少文件 {missing}；请运行 kb-content rollback 或重新发布") from error
    except OSError as error:
        raise VersionBroken(f"读不了版本 {manifest.id}：{error}；请运行 kb-content rollback 或重新发布") from error
    for name, digest in found.items():
        if digest != manifest.files[name]:
            raise VersionBroken(f"版本 {manifest.id} 的文件 {name} 被改动过；请运行 kb-content rollback 或重新发布")


def file_digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 in hex of files below `folder`, by name."""
    return _each_file(lambda name: file_digest(folder / name), names)


def _each_file(work: Callable[[str], str], names: Iterable[str]) -> dict[str, str]:
    """Hashing and reading release the GIL, so two threads take half the time."""
    chosen = sorted(names)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(chosen, pool.map(work, chosen), strict=True))


def file_digest(path: Path, copy_to: Path | None = None) -> str:
    """SHA-256 of a file, hex; what is read is also written to `copy_to`, holes staying holes.

    The engine's files are nine tenths holes (memory maps made larger than they are filled).
    """
    digest = hashlib.sha256()
    if copy_to is None:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    copy_to.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb", buffering=0) as source, copy_to.open("wb", buffering=0) as target:
        while block := source.read(len(_ZEROS)):
            digest.update(block)
            if block == _ZEROS[: len(block)]:
                target.seek(len(block), os.SEEK_CUR)
            else:
                target.write(block)
        target.truncate()
    return digest.hexdigest()


def list_versions(home: Path) -> list[Manifest]:
    """The complete versions that are kept, oldest first."""
    found = []
    for folder in sorted(versions_dir(home).glob("*")):
        if _ID.match(folder.name):
            try:
                found.append(read_manifest(home, folder.name))
            except VersionBroken:
                continue  # an incomplete folder is no version; the next publish removes it
    return found


def remove_version(home: Path, version: str) -> None:
    """Remove a version. Renamed first: interrupted halfway, it must not pass for a version that can be used."""
    leaving = versions_dir(home) / f"{version}.tmp"
    (versions_dir(home) / version).rename(leaving)
    shutil.rmtree(leaving)


def unfinished(home: Path) -> list[Path]:
    """What an interrupted publish or removal left; not the current version's folder, whatever it lacks."""
    current = None
    with suppress(NothingPublished, VersionBroken):
        current = read_pointer(home)
    found = [folder for folder in versions_dir(home).glob("*") if _ID.match(folder.stem) and folder.name != current]
    return [folder for folder in found if folder.suffix == ".tmp" or not (folder / "manifest.json").exists()]


def remove_unfinished(home: Path) -> None:
    """Remove what `unfinished` lists."""
    for folder in unfinished(home):
        shutil.rmtree(folder)
    (home / "CURRENT.tmp").unlink(missing_ok=True)
