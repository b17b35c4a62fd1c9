"""Publishing killed at random moments while the service answers: never wrong, never down, nothing left behind.

Real processes throughout: `kb-content publish` and `rollback` are ended with SIGKILL, `kb-serve` answers meanwhile.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

from eval.asking import Asked, asked_without_pause
from ingest.files import content_hash
from ingest.publications import read_publications
from kb_service.errors import PublishError, VersionError
from kb_service.settings import Settings, load_settings
from kb_service.versions import check_files, list_versions, read_manifest, read_pointer, versions_dir

SMALL = Path("tests/small")
KEPT = 2  # versions: the smallest number, so that each publish removes one
CLEAN = 4  # after so many kills one publish runs to its end, and what is left is looked at
_LETTERS = "abcdefghijklmnop"  # a marker has no figures: the check would ask for a fact
# What can be seen of a publish from outside, in its order; a kill follows within milliseconds.
# `starting` is everything before the version's folder is there: reading, checking, embedding.
_STEPS = ("starting", "building", "written", "noted", "switched", "recorded", "removing")


@dataclass(frozen=True)
class InterruptedResult:
    """What happened. `calls` are those of the service meanwhile; all after it should be nothing."""

    kills: int
    struck: dict[str, int]  # at which step -> kills
    taken: int  # killed publishes whose version serves all the same: they were killed after the switch
    calls: int
    versions: int  # how many different ones answered
    wrong: int  # answers that are not those of the version they name
    failed: int  # calls without an answer, or with another status than 200
    unreadable: int  # versions on offer that are damaged, and pointers to nothing
    orphans: int  # processes that outlived the publish they belonged to
    leftovers: tuple[str, ...]  # files that a later, complete publish did not clean up
    unrecorded: int  # switches that the record does not know

    @property
    def passed(self) -> bool:
        """Never wrong, never down, nothing left."""
        bad = (self.wrong, self.failed, self.unreadable, self.orphans, len(self.leftovers), self.unrecorded)
        return not any(bad)

    def __str__(self) -> str:
        struck = "，".join(f"{step} {count}" for step, count in self.struck.items())
        return "\n".join(
            [
                f"发布被 kill -9 {self.kills} 次（{struck}）；其中 {self.taken} 次已经切换",
                f"期间服务回答 {self.calls} 次，用过 {self.versions} 个版本：答错 {self.wrong}，没有答复 {self.failed}",
                f"坏版本 {self.unreadable}，残留进程 {self.orphans}，漏记 {self.unrecorded}",
                f"残留文件 {len(self.leftovers)}{''.join(f'：{name}' for name in self.leftovers)}",
                "通过" if self.passed else "没有通过",
            ]
        )


def interrupt(times: int, seed: int, content: Path = SMALL) -> InterruptedResult:
    """Kill `times` publishes and rollbacks, half of them at a random time, half right after a random step."""
    with tempfile.TemporaryDirectory(prefix="kb-interrupt-") as scratch:
        home = Path(scratch) / "home"
        home.mkdir()
        (home / "models").symlink_to((load_settings().home / "models").resolve())
        drill = _Drill(Settings(home=home, keep_versions=KEPT), Path(shutil.copytree(content, f"{scratch}/content")))
        drill.edit()
        drill.run_to_end()
        with asked_without_pause(home, drill.words) as asked:
            rng = Random(seed)
            drill.edit()
            usual = drill.run_to_end()
            for number in range(1, times + 1):
                drill.kill_once(rng, usual, _STEPS[1 + number // 2 % (len(_STEPS) - 1)] if number % 2 else "")
                if number % CLEAN == 0 or number == times:
                    drill.run_to_end()
                    drill.note_leftovers()
            drill.settle(asked)
        return drill.result(asked, times)


class _Drill:
    """One home, one content folder, and what went wrong with them."""

    def __init__(self, settings: Settings, content: Path) -> None:
        self.home, self.content = settings.home, content
        self.log = content.parent / "log"
        self.words: dict[str, str] = {}  # first characters of the content hash -> what its answer must have
        self.struck: Counter[str] = Counter()
        self.leftovers: dict[str, None] = {}
        self.switched: list[str] = []  # versions that the pointer was seen to name
        self.taken = self.unreadable = self.orphans = self.edits = 0
        self.digest = ""  # of the content as it is now: how the id of its version ends

    def edit(self) -> None:
        """Give the article another word, and remember it for the version that will come of it."""
        self.edits += 1
        marker = "".join(_LETTERS[int(digit, 16)] for digit in f"{self.edits:06x}")
        path = self.content / "faq" / "theft.md"
        head = path.read_text("utf-8").partition("## 结论\n")[0]
        word = f"暗号 {marker}。"
        path.write_text(f"{head}## 结论\n立即在安全中心点“紧急锁定”，{word}\n", "utf-8")
        self.digest = content_hash(self.content)[:8]
        self.words[self.digest] = word

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A verb of kb-content in a session of its own."""
        command = [sys.executable, "-m", "ingest.cli", *arguments]
        environment = os.environ | {"KB_HOME": str(self.home), "KB_KEEP_VERSIONS": str(KEPT)}
        with self.log.open("wb") as log:
            return subprocess.Popen(command, env=environment, start_new_session=True, stdout=log, stderr=log)

    def run_to_end(self) -> float:
        """One publish that nobody disturbs; the seconds it took."""
        begun = time.perf_counter()
        if self.start("publish", "--content", str(self.content)).wait(timeout=60):
            raise PublishError(f"没有人打断的发布失败了：{self.log.read_text('utf-8')}")
        self.note_pointer()
        return time.perf_counter() - begun

    def kill_once(self, rng: Random, usual: float, wanted: str) -> None:
        """Begin a publish of an edit, or now and then a rollback, and kill it: after the step `wanted` if it is given,
        else at a random time.
        """
        before = self.pointer()
        while True:
            back = not wanted and rng.random() < 0.2 and len(list_versions(self.home)) > 1
            if not back:
                self.edit()
            process = self.start(*(["rollback"] if back else ["publish", "--content", str(self.content)]))
            _wait_for_moment(process, rng, usual / 2 if back else usual, wanted, self.step)
            if process.poll() is None:
                break
            before = self.note_pointer()  # it was over before: another try
        step = self.step()
        if rng.random() < 0.5:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()  # its children have to notice by themselves
        process.wait()
        self.struck["rollback" if back else step] += 1
        self.orphans += _survivors(process.pid)
        self.taken += self.note_pointer() != before
        self.note_versions()

    def step(self) -> str:
        """How far the publish of the last edit has come, as far as its files tell."""
        names = {path.name for path in versions_dir(self.home).glob("*")}
        new = next((name for name in names if name.rpartition("-")[2].startswith(self.digest)), "")
        noted = (self.home / "publication.pending").exists()
        if not new or new.endswith(".tmp"):
            return "building" if new else "starting"
        if self.pointer() != new:
            return "noted" if noted else "written"
        if noted:
            return "switched"
        return "removing" if any(name.endswith(".tmp") for name in names) else "recorded"

    def pointer(self) -> str:
        """The version that serves, or nothing if the pointer is damaged."""
        try:
            return read_pointer(self.home)
        except VersionError:
            return ""

    def note_pointer(self) -> str:
        """The version that serves, remembered for `unrecorded`."""
        current = self.pointer()
        if self.switched[-1:] != [current]:
            self.switched.append(current)
        return current

    def note_versions(self) -> None:
        """Everything that is on offer must be whole, and the pointer must name a part of it."""
        offered = [manifest.id for manifest in list_versions(self.home)]
        self.unreadable += self.pointer() not in offered
        for version in offered:
            try:
                check_files(self.home, read_manifest(self.home, version))
            except VersionError:
                self.unreadable += 1

    def note_leftovers(self) -> None:
        """What lies about after a publish that ran to its end."""
        self.note_versions()
        known = {manifest.id for manifest in list_versions(self.home)}
        strays = [path for path in versions_dir(self.home).glob("*") if path.name not in known]
        strays += [*self.home.glob("*.tmp"), *self.home.glob("*.pending"), *self.home.glob("cache/**/*.tmp")]
        self.leftovers |= dict.fromkeys(path.relative_to(self.home).as_posix() for path in strays)
        if len(known) > KEPT + 1:
            self.leftovers[f"versions: {len(known)}"] = None

    def settle(self, asked: Asked) -> None:
        """Wait until the service answers from the last version; a service that does not come to it has failed."""
        deadline = time.monotonic() + 10
        while asked.seen != self.pointer() and time.monotonic() < deadline:
            time.sleep(0.02)
        asked.failed += asked.seen != self.pointer()

    def result(self, asked: Asked, times: int) -> InterruptedResult:
        """The figures; the record must have every switch that was seen, in order."""
        recorded = iter([entry.version for entry in read_publications(self.home).entries])
        missed = [version for version in self.switched if version not in recorded]
        return InterruptedResult(
            kills=times,
            struck={step: self.struck[step] for step in (*_STEPS, "rollback") if self.struck[step]},
            taken=self.taken,
            calls=asked.calls,
            versions=len(asked.versions),
            wrong=asked.wrong,
            failed=asked.failed,
            unreadable=self.unreadable,
            orphans=self.orphans,
            leftovers=tuple(self.leftovers),
            unrecorded=len(missed),
        )


def _wait_for_moment(
    process: subprocess.Popen[bytes], rng: Random, usual: float, wanted: str, step: Callable[[], str]
) -> None:
    """Wait for a random time, or until the step `wanted` and a little longer."""
    until = time.monotonic() + (10 * usual if wanted else rng.uniform(0, usual))
    while process.poll() is None and time.monotonic() < until:
        if wanted and _STEPS.index(step()) >= _STEPS.index(wanted):
            time.sleep(rng.uniform(0, 0.1 if wanted == "building" else 0.002))
            break
        time.sleep(0 if wanted else 0.01)


def _survivors(group: int) -> int:
    """How many processes of a group are still there a second after its leader."""
    deadline = time.monotonic() + 1
    while (alive := sum(_runs_in(group, process) for process in psutil.pids())) and time.monotonic() < deadline:
        time.sleep(0.01)
    return alive


def _runs_in(group: int, process: int) -> bool:
    try:
        return os.getpgid(process) == group and psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False
