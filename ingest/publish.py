"""Publishing: build beside, verify, flip the pointer. Rolling back is flipping it again.

Light on purpose: a publish with nothing to do imports no engine, no model and no parser.
"""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest.files import content_hash
from kb_service.errors import (
    ContentError,
    KnowledgeBaseError,
    NothingPublished,
    PublishError,
    VersionBroken,
    VersionNotFound,
)
from kb_service.settings import Settings
from kb_service.versions import (
    Manifest,
    check_files,
    list_versions,
    read_manifest,
    read_pointer,
    sync_folder,
    versions_dir,
    write_pointer,
)


@dataclass(frozen=True)
class Published:
    """What a publish did: the version that now serves, and whether it was built, kept or brought back."""

    version: str
    action: str  # built | unchanged | reactivated


def publish(root: Path, settings: Settings) -> Published:
    """Make the content at `root` the current version.

    Raises PublishError if the content was refused (its problems are on stderr) or another publish runs.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with _lock(settings.home):
        _remove_unfinished(settings.home)
        builder, digest = builder_digest(), content_hash(root)
        same = _same_version(settings, digest, builder)
        if same and same.id == _current(settings.home):
            return Published(same.id, "unchanged")
        if same:
            write_pointer(settings.home, same.id)
            return Published(same.id, "reactivated")
        version = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{digest[:8]}"
        _build(root, version, builder, settings)
        (versions_dir(settings.home) / f"{version}.tmp").rename(versions_dir(settings.home) / version)
        sync_folder(versions_dir(settings.home))
        write_pointer(settings.home, version)
        _remove_old(settings)
        return Published(version, "built")


def rollback(settings: Settings, version: str | None = None) -> Manifest:
    """Make an older version current: the given one, or the one published before the current.

    Raises VersionNotFound, naming the versions that are kept, or VersionBroken.
    """
    kept = [manifest.id for manifest in list_versions(settings.home)]
    if version is None:
        current = _current(settings.home)
        older = [name for name in kept if current is None or name < current]
        if not older:
            raise VersionNotFound("没有更早的版本可以回滚；用 kb-content versions 查看保留的版本")
        version = older[-1]
    elif version not in kept:
        raise VersionNotFound(f"没有版本 {version}；保留的有：{'、'.join(kept) or '（无）'}")
    manifest = read_manifest(settings.home, version)
    with _lock(settings.home):
        check_files(settings.home, manifest)
        write_pointer(settings.home, version)
    return manifest


def builder_digest() -> str:
    """A digest of the code that turns content into an index, so that an upgrade rebuilds unchanged content."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for name in _BUILDER:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


_BUILDER = (
    "ingest/bodies.py",
    "ingest/build.py",
    "ingest/emotions.py",
    "ingest/load.py",
    "ingest/mentions.py",
    "ingest/misspoken.py",
    "ingest/render.py",
    "ingest/sounds.py",
    "ingest/source.py",
    "ingest/split.py",
    "kb_service/catalog.py",
    "kb_service/content.py",
    "kb_service/understand/cues.py",
    "kb_service/understand/feelings.py",
    "kb_service/index/edge.py",
    "kb_service/lexicon.py",
    "kb_service/records.py",
    "kb_service/review/misspoken.py",
    "kb_service/text.py",
)


def _build(root: Path, version: str, builder: str, settings: Settings) -> None:
    """Build in a process of its own: the engine holds the GIL and may, being beta, take its process down.

    Forked rather than started anew, which saves a quarter of a second of imports.
    """
    process = multiprocessing.get_context("fork").Process(target=_run_build, args=(root, version, builder, settings))
    process.start()
    process.join()
    if process.exitcode:
        raise PublishError("没有发布：上面的问题解决之后再运行一次；正在服务的版本没有变化")


def _run_build(root: Path, version: str, builder: str, settings: Settings) -> None:
    """The build process: what went wrong goes to stderr, status 1 means refused."""
    from ingest.build import build_version

    try:
        build_version(root, settings, version, builder)
    except ContentError as error:
        print(f"{error}\n\n共 {len(error.problems)} 个问题；全部改好之前不会发布任何内容。", file=sys.stderr)
        sys.exit(1)
    except KnowledgeBaseError as error:
        print(f"错误：{error}", file=sys.stderr)
        sys.exit(1)


def _same_version(settings: Settings, digest: str, builder: str) -> Manifest | None:
    """A kept version with this content, code and model; the current one if it qualifies, else the newest."""
    fingerprint = _model_fingerprint(settings)
    current = _current(settings.home)
    same = [
        manifest
        for manifest in list_versions(settings.home)
        if (manifest.content_hash, manifest.builder, manifest.encoder_fingerprint) == (digest, builder, fingerprint)
    ]
    return next((manifest for manifest in same if manifest.id == current), same[-1] if same else None)


def _model_fingerprint(settings: Settings) -> str | None:
    """The fingerprint without loading the model where a folder states it; None forces a build."""
    if settings.encoder != "onnx":
        return None
    from kb_service.encoder.folder import read_meta

    return read_meta(settings.model_dir).fingerprint


def _current(home: Path) -> str | None:
    try:
        return read_pointer(home)
    except (NothingPublished, VersionBroken):
        return None  # publishing and rolling back are the ways out of both


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """Only one publish or rollback at a time; the lock ends with its process, however that ends."""
    with (home / "publish.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PublishError("另一个发布或回滚正在进行；请等它结束再试") from None
        yield


def _remove_unfinished(home: Path) -> None:
    for folder in versions_dir(home).glob("*.tmp"):
        shutil.rmtree(folder)


def _remove_old(settings: Settings) -> None:
    kept = [manifest.id for manifest in list_versions(settings.home)]
    for name in kept[: -settings.keep_versions]:
        if name != _current(settings.home):
            shutil.rmtree(versions_dir(settings.home) / name)
