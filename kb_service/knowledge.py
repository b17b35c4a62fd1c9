"""One published version, loaded: catalog, index, segmenter and encoder, ready to answer."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from kb_service.catalog import NO_SOUNDS, Catalog, PointRef, Sounds
from kb_service.encoder import Encoder
from kb_service.errors import EncoderMismatch, IndexAway, VersionBroken
from kb_service.guide.procedure import Guide
from kb_service.index import CASES, MAIN, VectorIndex
from kb_service.index.stores import store_of
from kb_service.review.reviewer import Reviewer
from kb_service.settings import Settings
from kb_service.text import Segmenter
from kb_service.understand.reader import Understander
from kb_service.versions import Manifest, copy_files, read_manifest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Searchable:
    """What a ranking is made from: `points[n]` says what index point `n` stands for."""

    encoder: Encoder
    index: VectorIndex
    points: Sequence[PointRef]
    sounds: Sounds = NO_SOUNDS


@dataclass(frozen=True)
class Knowledge:
    """Everything that answering reads. Nothing in it changes; a newer version is another object.

    The index closes and its private folder goes when the last reference to this object does, so that a request that
    started on an old version ends on it.
    """

    manifest: Manifest
    catalog: Catalog
    index: VectorIndex
    segmenter: Segmenter
    encoder: Encoder
    understander: Understander
    guide: Guide
    folder: Path
    case_index: VectorIndex | None = None  # None where there are no cases
    cleanup: list[weakref.finalize] = field(default_factory=list, compare=False)  # type: ignore[type-arg]

    @property
    def searchable(self) -> Searchable:
        """What `retrieve` needs of it. Hold on to this object as long as to that: the index closes with it."""
        return Searchable(self.encoder, self.index, self.catalog.points, self.catalog.sounds)

    @property
    def searchable_cases(self) -> Searchable | None:
        """The like for precedents; None where there are none."""
        if self.case_index is None:
            return None
        return Searchable(self.encoder, self.case_index, self.catalog.case_points, self.catalog.sounds)

    @cached_property
    def reviewer(self) -> Reviewer:
        """Reviews drafts. Made when first used, in 0.4 s: no answer waits for it when a version is swapped in."""
        return Reviewer(self.catalog, self.version)

    @property
    def version(self) -> str:
        """The version's id."""
        return self.manifest.id


def open_version(settings: Settings, version: str, encoder: Encoder, previous: Knowledge | None = None) -> Knowledge:
    """Load a version for searching. Raises VersionBroken or EncoderMismatch.

    `previous` lends its segmenter when the dictionary did not change; building one takes half a second. With it, raises
    IndexAway too.
    """
    manifest = read_manifest(settings.home, version)
    if manifest.encoder_fingerprint != encoder.fingerprint:
        raise EncoderMismatch(
            f"版本 {version} 是用模型 {manifest.encoder}（{manifest.encoder_fingerprint[:12]}）建的，"
            f"当前模型是 {encoder.name}（{encoder.fingerprint[:12]}）；请重新运行 kb-content publish"
        )
    folder = _private_folder(settings.home)
    try:
        copy_files(settings.home, manifest, folder)
        catalog = _read_catalog(folder, version)
        terms = catalog.content.lexicon.terms
        if previous is not None and previous.catalog.content.lexicon.terms == terms:
            segmenter = previous.segmenter
        else:
            segmenter = Segmenter((term.term for term in terms), settings.cache_dir)
        store = store_of(settings, manifest, folder)
        index = store.open(MAIN)
        case_index = store.open(CASES) if catalog.case_points else None
        _check(index, previous)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    understander = Understander(catalog.content, catalog.feelings)
    knowledge = Knowledge(
        manifest,
        catalog,
        index,
        segmenter,
        encoder,
        understander,
        Guide(catalog),
        folder,
        case_index,
    )
    knowledge.cleanup.append(weakref.finalize(knowledge, _release, (index, case_index), folder))
    return knowledge


def _check(index: VectorIndex, previous: Knowledge | None) -> None:
    """Refuse an index that is not the version's. While its server is away, the version in hand goes on if there is one.

    Without one the version serves what needs no index, and its first searches check it.
    """
    try:
        index.check()
    except IndexAway as error:
        if previous is not None:
            raise
        log.warning("index not checked: %s", error)


def _read_catalog(folder: Path, version: str) -> Catalog:
    try:
        return Catalog.model_validate_json((folder / "catalog.json").read_bytes())
    except ValidationError as error:
        raise VersionBroken(f"版本 {version} 的目录与本程序不兼容；请重新运行 kb-content publish") from error


def _private_folder(home: Path) -> Path:
    """A folder that belongs to this process and carries its id; the engine writes even to what it only searches."""
    serving = home / "serving"
    serving.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=serving))


def _release(indexes: Sequence[VectorIndex | None], folder: Path) -> None:
    for index in indexes:
        if index is not None:
            index.close()
    shutil.rmtree(folder, ignore_errors=True)


def remove_orphans(home: Path) -> None:
    """Remove the private copies of processes that no longer run (a killed process cannot clean up)."""
    for folder in (home / "serving").glob("*-*"):
        owner = folder.name.partition("-")[0]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
