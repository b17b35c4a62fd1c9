"""Publishing: build beside, verify, flip the pointer. Rolling back is flipping it again.

Light on purpose: a publish with nothing to do imports no engine, no model and no parser.
"""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.aside import die_with
from ingest.files import content_hash
from ingest.on_server import check_on_server, follow, forget
from ingest.publications import Action, Publication, begin, commit_of, complete, publisher, read_publications
from kb_service.errors import (
    ContentError,
    KnowledgeBaseError,
    NothingPublished,
    PublishError,
    VersionBroken,
    VersionError,
    VersionNotFound,
)
from kb_service.settings import Settings
from kb_service.versions import (
    Manifest,
    check_files,
    list_versions,
    read_manifest,
    read_pointer,
    remove_unfinished,
    remove_version,
    sync_folder,
    unfinished,
    versions_dir,
    write_pointer,
)


@dataclass(frozen=True)
class Published:
    """What a publish did: the version that now serves, and whether it was built, kept or brought back."""

    version: str
    action: str  # built | unchanged | reactivated


def publish(root: Path, settings: Settings) -> Published:
    """Make the content at `root` the current version, and note it in the record (`ingest.publications`).

    Raises PublishError if the content was refused (its problems are on stderr) or another publish runs.
    """
    with _publishing(settings):
        done = _publish(root, settings)
        _remove_old(settings)  # also when nothing was built: an interrupted publish may have left one too many
    return done


def _publish(root: Path, settings: Settings) -> Published:
    builder, digest = builder_digest(), content_hash(root)
    same = _same_version(settings, digest, builder)
    if same and same.id == _current(settings.home):
        follow(settings, same)
        return Published(same.id, "unchanged")
    if same:
        _switch(settings, same, "reactivated", root, commit_of(root))
        return Published(same.id, "reactivated")
    version = _new_id(settings.home, digest)
    _build(root, version, builder, settings)
    (versions_dir(settings.home) / f"{version}.tmp").rename(versions_dir(settings.home) / version)
    sync_folder(versions_dir(settings.home))
    manifest = read_manifest(settings.home, version)
    _switch(settings, manifest, "built", root, manifest.content_commit)
    return Published(version, "built")


def rollback(settings: Settings, version: str | None = None, root: Path = Path()) -> Manifest:
    """Make an older version current: the given one, or the one that the last publish replaced.

    `root` is the content folder, for the name of whoever rolls back. Raises VersionNotFound, naming the versions that
    are kept, VersionBroken, or VectorIndexError if its index is on a server that cannot be asked.
    """
    with _publishing(settings):
        chosen = version_before(settings.home) if version is None else kept_version(settings.home, version)
        manifest = read_manifest(settings.home, chosen)
        check_files(settings.home, manifest)
        check_on_server(settings, manifest)
        if manifest.id != _current(settings.home):
            _switch(settings, manifest, "rolled_back", root, manifest.content_commit)
    return manifest


def version_before(home: Path) -> str:
    """The version that was replaced when the current one was published; by the record, else the next older one kept.

    By the record, because the next older one may be what was just rolled back from. Raises VersionNotFound.
    """
    current, kept = _current(home), {manifest.id for manifest in list_versions(home)}
    made_by = [entry for entry in read_publications(home).entries if entry.version == current]
    replaced = [entry.previous for entry in made_by if entry.action != "rolled_back" and entry.previous in kept]
    older = replaced[-1:] or sorted(name for name in kept if current is None or name < current)[-1:]
    if not older or older[0] is None:
        raise VersionNotFound("没有更早的版本；用 kb-content versions 查看保留的版本")
    return older[0]


def kept_version(home: Path, version: str) -> str:
    """The version, if it is kept. Raises VersionNotFound, naming those that are."""
    kept = [manifest.id for manifest in list_versions(home)]
    if version not in kept:
        raise VersionNotFound(f"没有版本 {version}；保留的有：{'、'.join(kept) or '（无）'}")
    return version


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
    "ingest/loaded.py",
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
    "kb_service/index/collection.py",
    "kb_service/index/edge.py",
    "kb_service/index/payload.py",
    "kb_service/lexicon.py",
    "kb_service/records.py",
    "kb_service/review/misspoken.py",
    "kb_service/text.py",
)


def _switch(settings: Settings, manifest: Manifest, action: Action, root: Path, commit: str | None) -> None:
    """Flip the pointer, with a note of it before and the record after, so that neither can be lost."""
    publication = Publication(
        at=datetime.now(UTC),
        who=publisher(root),
        action=action,
        version=manifest.id,
        previous=_current(settings.home),
        commit=commit,
        content_hash=manifest.content_hash,
    )
    begin(settings.home, publication)
    write_pointer(settings.home, manifest.id)
    complete(settings.home)
    follow(settings, manifest)


def _new_id(home: Path, digest: str) -> str:
    """Time and content. Later than all that are kept, even within a second or after the clock was set back."""
    now = datetime.now(UTC)
    newest = max((manifest.id[:_STAMP] for manifest in list_versions(home)), default="")
    if newest >= f"{now:{_TIME}}":
        now = datetime.strptime(newest, _TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    return f"{now:{_TIME}}-{digest[:8]}"


_TIME, _STAMP = "%Y%m%dT%H%M%S", 15


def _build(root: Path, version: str, builder: str, settings: Settings) -> None:
    """Build in a process of its own: the engine holds the GIL and may, being beta, take its process down.

    Forked rather than started anew, which saves a quarter of a second of imports.
    """
    arguments = (os.getpid(), root, version, builder, settings)
    process = multiprocessing.get_context("fork").Process(target=_run_build, args=arguments)
    process.start()
    process.join()
    if process.exitcode and process.exitcode < 0:
        raise PublishError(
            f"没有发布：构建进程被信号 {-process.exitcode} 终止（常见原因是内存不足）；正在服务的版本没有变化"
        )
    if process.exitcode:
        raise PublishError("没有发布：上面的问题解决之后再运行一次；正在服务的版本没有变化")


def _run_build(parent: int, root: Path, version: str, builder: str, settings: Settings) -> None:
    """The build process: what went wrong goes to stderr, status 1 means refused."""
    die_with(parent)
    from ingest.build import build_version
    from ingest.findings import written

    try:
        build_version(root, settings, version, builder)
    except ContentError as error:
        print(written(error.problems, "text"), file=sys.stderr)
        sys.exit(1)
    except (KnowledgeBaseError, OSError) as error:  # OSError: a full disk, no right to read or write
        print(f"错误：{error}", file=sys.stderr)
        sys.exit(1)


def _same_version(settings: Settings, digest: str, builder: str) -> Manifest | None:
    """A whole version with this content, code and model; the current one if it qualifies, else the newest."""
    fingerprint = _model_fingerprint(settings)
    current = _current(settings.home)
    same = [
        manifest
        for manifest in list_versions(settings.home)
        if (manifest.content_hash, manifest.builder, manifest.encoder_fingerprint) == (digest, builder, fingerprint)
        and manifest.collection == settings.collection(manifest.id)
    ]
    for manifest in sorted(same, key=lambda manifest: (manifest.id == current, manifest.id), reverse=True):
        try:
            check_files(settings.home, manifest)
            check_on_server(settings, manifest)
        except VersionError:
            continue  # publishing again is the way out
        return manifest
    return None


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
def _publishing(settings: Settings) -> Iterator[None]:
    """Only one publish or rollback at a time, beginning with what an interrupted one left.

    The lock ends with its process, however that ends.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        with (settings.home / "publish.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PublishError("另一个发布或回滚正在进行；请等它结束再试") from None
            complete(settings.home)
            _remove_unfinished(settings)
            yield
    except OSError as error:
        raise PublishError(f"读写文件出错：{error}；请检查磁盘空间和权限，再运行一次") from error


def _remove_old(settings: Settings) -> None:
    current = _current(settings.home)
    for manifest in list_versions(settings.home)[: -settings.keep_versions]:
        collections = [manifest.collection] if manifest.collection else []
        if manifest.id != current and forget(settings, collections):
            remove_version(settings.home, manifest.id)


def _remove_unfinished(settings: Settings) -> None:
    prefix = settings.qdrant_collection
    left = [f"{prefix}-{folder.stem}" for folder in unfinished(settings.home)] if settings.qdrant_url else []
    if forget(settings, left):
        remove_unfinished(settings.home)
