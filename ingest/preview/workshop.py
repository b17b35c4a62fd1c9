"""Keeps the content in the folder built: rebuilds it when a file changes, and keeps the last build that worked."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Self, TypeVar

from ingest.beside import own_home
from ingest.differences import Difference, compare
from ingest.files import content_hash
from ingest.preview.building import Built, build, examine, start_worker
from kb_service.encoder import load_encoder
from kb_service.errors import KnowledgeBaseError, Problem, VersionError
from kb_service.knowledge import Knowledge, open_version
from kb_service.records import CHINA
from kb_service.settings import Settings
from kb_service.versions import read_pointer, remove_version

Result = TypeVar("Result")


@dataclass(frozen=True)
class Draft:
    """The folder's content, built: as of which moment, and what differs from the published version if there is one."""

    knowledge: Knowledge
    built: Built
    at: datetime
    difference: Difference | None


@dataclass(frozen=True)
class State:
    """What the pages show. `digest` is of the files that `problems` and, if it `fits`, `draft` were made from.

    `busy` says what is going on, `error` why the last build failed though the rules of form were met.
    """

    digest: str = ""
    draft: Draft | None = None
    fits: bool = False
    pointer: str | None = None  # the version that was current when `published` was read; empty: there was none
    published: Knowledge | None = None
    unpublished: str = ""  # why there is no published version to compare with
    problems: tuple[Problem, ...] = ()
    checked: bool = False  # whether `problems` are of these files
    busy: str = ""
    error: str = ""
    changes: int = 0  # counts the changes of this state, so that an open page can tell that it is old


class Workshop:
    """Use as a context manager. `look` is what every page load calls: cheap, and starts a rebuild where one is due.

    Raises ModelError when made, if there is no model.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self._settings = settings
        self._encoder = load_encoder(settings)
        self._folder = TemporaryDirectory(prefix="kb-preview-")
        self._own = own_home(settings, Path(self._folder.name) / "home")
        self._lock = Lock()
        self._state = State()
        self._builds = 0
        self._pool = _workers()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rebuild")  # lives on: its workers would end with it
        self._work: Future[None] | None = None

    def __enter__(self) -> Self:
        self.look()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._thread.shutdown(cancel_futures=True)
        self._state = State()
        self._folder.cleanup()

    def look(self) -> State:
        """The present state; starts what is due if files changed or another version was published since.

        Raises what went wrong in a rebuild, where no page can show it.
        """
        with self._lock:
            if self._work is not None and self._work.done():
                work, self._work = self._work, None
                work.result()
            if self._work is None and (digest := content_hash(self.root)) != self._state.digest:
                self._set(busy="正在重建…", checked=False)
                self._work = self._thread.submit(self._rebuild, digest)
            elif self._work is None and _pointer(self._settings)[0] != self._state.pointer:
                self._work = self._thread.submit(self._compare)
            return self._state

    @property
    def now(self) -> State:
        """The present state as it is, without a look at the folder."""
        return self._state

    def settled(self) -> State:
        """The state once nothing is due any more."""
        self.look()
        while work := self._work:
            work.result()
            self.look()
        return self._state

    def _set(self, **values: Any) -> None:
        self._state = replace(self._state, changes=self._state.changes + 1, **values)

    def _rebuild(self, digest: str) -> None:
        """Build and check side by side; the pages follow as soon as the build is there."""
        self._builds += 1
        version = f"20000101T000000-{self._builds:08x}"
        building = self._start(build, self.root, self._own, version)
        checking = self._start(examine, self.root)
        self._compare()
        error = _failure(building)
        built = None if error else building.result()
        draft = self._opened(built) if built else self._state.draft
        self._set(draft=draft, fits=built is not None, error=error, digest=digest, busy="正在检查…")
        failed = _failure(checking)
        problems = () if failed else checking.result()
        self._set(problems=problems, checked=not failed, busy="", error=error or failed)
        if error or failed:
            self._pool.shutdown()
            self._pool = _workers()  # a worker that died leaves a pool that does nothing

    def _start(self, work: Callable[..., Result], *arguments: object) -> Future[Result]:
        try:
            return self._pool.submit(work, *arguments)
        except BrokenProcessPool:  # a worker died while nothing was asked of it
            self._pool = _workers()
            return self._pool.submit(work, *arguments)

    def _opened(self, built: Built) -> Draft:
        previous, published = self._state.draft, self._state.published
        lender = previous.knowledge if previous else published
        knowledge = open_version(self._own, built.version, self._encoder, lender)
        if previous:
            remove_version(self._own.home, previous.built.version)
        return Draft(knowledge, built, datetime.now(CHINA), _difference(published, knowledge))

    def _compare(self) -> None:
        """Take the version that is published now to compare with, unless it is at hand."""
        pointer, why = _pointer(self._settings)
        if pointer == self._state.pointer:
            return
        published = None
        if pointer:
            try:
                published = open_version(self._settings, pointer, self._encoder, self._state.published)
            except VersionError as failure:
                why = str(failure)
        draft = self._state.draft
        if draft:
            draft = replace(draft, difference=_difference(published, draft.knowledge))
        self._set(pointer=pointer, published=published, unpublished=why, draft=draft)


def _workers() -> ProcessPoolExecutor:
    """Spawned: forking a process that has threads may hang."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(2, context, initializer=start_worker, initargs=(os.getpid(),))


def _pointer(settings: Settings) -> tuple[str, str]:
    """The current version, or nothing and why there is none."""
    try:
        return read_pointer(settings.home), ""
    except VersionError as failure:
        return "", str(failure)


def _difference(published: Knowledge | None, knowledge: Knowledge) -> Difference | None:
    if published is None:
        return None
    return compare((published.version, published.catalog), (knowledge.version, knowledge.catalog))


def _failure(work: Future[Any]) -> str:
    """Waits; what went wrong, as the pages tell it. What is no error of ours is printed in full."""
    error = work.exception()
    if error is None:
        return ""
    if isinstance(error, KnowledgeBaseError):
        return str(error)
    if isinstance(error, BrokenProcessPool):
        return "处理内容的进程被终止（常见原因是内存不足）；再保存一次文件会重新开始"
    traceback.print_exception(error)
    return f"程序出错：{type(error).__name__}: {error}；详情在运行 kb-content preview 的终端里"
