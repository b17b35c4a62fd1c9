"""Thousands of mutilated content files: the check names the problems, whatever a file holds, and never ends in a fault.

A sample is published as well: what is refused must leave everything that is published as it is.
"""

from __future__ import annotations

import contextlib
import resource
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType
from typing import NamedTuple

import psutil

from eval.mutilate import mutilated
from ingest.aside import Aside
from ingest.check import check
from ingest.files import content_files
from ingest.findings import written
from ingest.publish import publish
from ingest.rules.registry import refusing
from kb_service.errors import PublishError
from kb_service.settings import Settings, load_settings
from kb_service.versions import file_digests

SMALL = Path("tests/small")
WORKERS = 2
LIMIT = 20  # seconds of processor time that a check may take; a busy machine is not the check's fault
WAITING = 120  # seconds on the clock: it must not wait for a pipe for ever either
MEMORY = 4 * 2**30  # further bytes of address space: a file must not be able to fill the machine
PUBLISHED = 100  # one mutilated content in so many is published, accepted and refused ones alike


class Failure(NamedTuple):
    """A mutilated file that ended in a fault: its number, what was done to it, what happened."""

    number: int
    damage: str
    what: str


class Checked(NamedTuple):
    """A run of mutilated files: the numbers of those accepted, what failed, and the longest check in seconds."""

    accepted: tuple[int, ...]
    failures: tuple[Failure, ...]
    slowest: Failure
    seconds: float


@dataclass(frozen=True)
class FuzzResult:
    """What became of the files. `changed`: refused publishes that changed something published."""

    files: int
    seed: int
    refused: int
    failures: tuple[Failure, ...]
    slowest: Failure
    seconds: float
    published: int
    publish_refused: int
    changed: int

    @property
    def passed(self) -> bool:
        """No fault, and nothing published was changed."""
        return not self.failures and not self.changed

    def __str__(self) -> str:
        lines = [
            f"残缺内容 {self.files} 份（种子 {self.seed}）：拒绝 {self.refused}，通过 {self.files - self.refused}，"
            f"程序出错或超过 {LIMIT} 秒 {len(self.failures)}",
            f"最慢的一次检查 {self.seconds:.1f} 秒（第 {self.slowest.number} 份，{self.slowest.damage}）",
            f"拿去发布 {self.published} 份：拒绝 {self.publish_refused}；拒绝后已发布的内容变了的 {self.changed}",
            *(f"第 {failure.number} 份 {failure.damage}\n{failure.what}" for failure in self.failures),
            "通过" if self.passed else "没有通过",
        ]
        return "\n".join(lines)


def fuzz(files: int, seed: int, content: Path = SMALL, real: Path = Path("content")) -> FuzzResult:
    """Check `files` mutilated contents: the folder `content` with one file of its own or of `real` mutilated."""
    with tempfile.TemporaryDirectory(prefix="kb-fuzz-") as scratch:
        parts = [range(start, files, WORKERS) for start in range(WORKERS)]
        copies = [Path(shutil.copytree(content, Path(scratch) / str(n) / "content")) for n in range(WORKERS)]
        donors = _donors(content) + _donors(real)
        asides = [
            Aside(lambda copy=copy, part=part: _check_part(copy, donors, seed, part))  # type: ignore[misc]
            for copy, part in zip(copies, parts, strict=True)
        ]
        checked = [_result(aside, copy) for aside, copy in zip(asides, copies, strict=True)]
        home = Path(scratch) / "home"
        home.mkdir()
        (home / "models").symlink_to((load_settings().home / "models").resolve())
        accepted = sorted(number for part in checked for number in part.accepted)
        sample = _spread(accepted, files) + _spread([n for n in range(files) if n not in set(accepted)], files)
        fresh = Path(shutil.copytree(content, Path(scratch) / "publish" / "content"))
        tried = _publish_part(fresh, donors, seed, sample, Settings(home=home), Path(scratch) / "log")
    slowest = max(checked, key=lambda part: part.seconds)
    return FuzzResult(
        files=files,
        seed=seed,
        refused=files - len(accepted),
        failures=(*(failure for part in checked for failure in part.failures), *tried.failures),
        slowest=slowest.slowest,
        seconds=slowest.seconds,
        published=len(sample),
        publish_refused=tried.refused,
        changed=tried.changed,
    )


def _spread(numbers: Sequence[int], files: int) -> list[int]:
    """Some of the numbers, from beginning to end: two, or one for every `PUBLISHED` files."""
    return list(numbers[:: max(1, len(numbers) // max(2, files // PUBLISHED // 2))])


def _donors(root: Path) -> list[tuple[Path, str]]:
    """Files to mutilate; as many of each kind, whether there are few of it or hundreds."""
    kinds: dict[str, list[Path]] = {}
    for path in content_files(root):
        kinds.setdefault(path.relative_to(root).parts[0], []).append(path)
    most = max(map(len, kinds.values()))
    return [
        (paths[n % len(paths)], paths[n % len(paths)].relative_to(root).as_posix())
        for paths in kinds.values()
        for n in range(most)
    ]


def _rng(seed: int, number: int) -> Random:
    return Random(f"{seed}/{number}")


def _check_part(root: Path, donors: Sequence[tuple[Path, str]], seed: int, numbers: Sequence[int]) -> Checked:
    limit = psutil.Process().memory_info().vms + MEMORY  # forked: what the parent has mapped counts too
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    failures: list[Failure] = []
    accepted: list[int] = []
    slowest, longest = Failure(0, "", ""), 0.0
    for number in numbers:
        with mutilated(root, _rng(seed, number), donors) as damage:
            (root.parent / "at").write_text(f"{number} {damage}", "utf-8")
            begun = time.process_time()
            try:
                with _limited(LIMIT):
                    problems = check(root).problems
                    written(problems, "text").encode("utf-8")
                accepted += [] if refusing(problems) else [number]
            except Exception:  # noqa: BLE001 - whatever escapes is what is looked for
                failures.append(Failure(number, damage, traceback.format_exc(limit=-4)))
            took = time.process_time() - begun
        if took > longest:
            longest, slowest = took, Failure(number, damage, "")
    return Checked(tuple(accepted), tuple(failures), slowest, longest)


def _result(aside: Aside[Checked], copy: Path) -> Checked:
    try:
        return aside.result()
    except PublishError:
        number, _, damage = (copy.parent / "at").read_text("utf-8").partition(" ")
        return Checked((), (Failure(int(number), damage, "进程意外退出，后面的没有检查"),), Failure(0, "", ""), 0.0)


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError after so many seconds of work; regular expressions and loops can be interrupted so."""

    def over(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"超过 {seconds} 秒")

    signal.signal(signal.SIGPROF, over)
    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, WAITING)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


class _Tried(NamedTuple):
    refused: int
    changed: int
    failures: tuple[Failure, ...]


def _publish_part(
    root: Path, donors: Sequence[tuple[Path, str]], seed: int, numbers: Sequence[int], settings: Settings, log: Path
) -> _Tried:
    refused = changed = 0
    failures: list[Failure] = []
    with log.open("w+", encoding="utf-8") as file, contextlib.redirect_stderr(file):
        publish(root, settings)
        for number in numbers:
            before = _published(settings.home)
            with mutilated(root, _rng(seed, number), donors) as damage:
                try:
                    publish(root, settings)
                except PublishError:
                    refused += 1
                    changed += _published(settings.home) != before
                except Exception:  # noqa: BLE001 - whatever escapes is what is looked for
                    failures.append(Failure(number, damage, traceback.format_exc(limit=-4)))
            file.flush()
            if "Traceback" in log.read_text("utf-8", "replace"):
                failures.append(Failure(number, damage, log.read_text("utf-8", "replace")[-2000:]))
                file.truncate(0)
    return _Tried(refused, changed, tuple(failures))


def _published(home: Path) -> dict[str, str]:
    """Every file that is published, the pointer and the record, by its digest."""
    paths = [path for path in (home / "versions").rglob("*") if path.is_file()]
    names = [path.relative_to(home).as_posix() for path in paths]
    return file_digests(home, [*names, "CURRENT", "publications.jsonl"])
