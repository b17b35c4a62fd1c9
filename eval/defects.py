"""Seeded defects: content is spoilt one mistake at a time, and the check has to name each at the right line."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter, ValidationError
from tqdm import tqdm

from ingest.check import check
from ingest.source import read_yaml
from kb_service.errors import KnowledgeBaseError, Problem
from kb_service.records import Record

TODAY = date(2026, 11, 23)  # the day for which the sets were written: what is over and what is due depends on it


class Edit(Record):
    """A change of one file of a clean copy: `find` is replaced; without it the file is made anew, or deleted."""

    file: str
    find: str | None = None
    replace: str = ""
    delete: bool = False


class Spot(Record):
    """The line of a file that holds `text`, once the edits are made."""

    file: str
    text: str


class Defect(Record):
    """One mistake, and where an editor would want it named: at `expect`, or as well at one of `also`."""

    id: str
    kind: str
    edits: tuple[Edit, ...]
    expect: Spot
    also: tuple[Spot, ...] = ()
    why: str


@dataclass(frozen=True)
class Verdict:
    """Whether the check named the defect at a right line, by which rules, and what it said elsewhere."""

    defect: Defect
    rules: tuple[str, ...]
    elsewhere: tuple[str, ...]

    @property
    def found(self) -> bool:
        """Named at the right line."""
        return bool(self.rules)


@dataclass(frozen=True)
class Findings:
    """All verdicts, and what the check says of the clean content."""

    verdicts: tuple[Verdict, ...]
    false_alarms: tuple[str, ...]

    def __str__(self) -> str:
        found = sum(verdict.found for verdict in self.verdicts)
        kinds = len({verdict.defect.kind for verdict in self.verdicts})
        lines = [
            f"{found} of {len(self.verdicts)} defects ({kinds} kinds) named at the right line; "
            f"{len(self.false_alarms)} false alarms on the clean content"
        ]
        for verdict in self.verdicts:
            if not verdict.found:
                said = f"; said: {' | '.join(verdict.elsewhere[:3])}" if verdict.elsewhere else "; nothing said"
                lines.append(f"missed {verdict.defect.id} ({verdict.defect.kind}): {verdict.defect.why}{said}")
        return "\n".join([*lines, *(f"false alarm: {alarm}" for alarm in self.false_alarms)])


def read_defects(path: Path) -> list[Defect]:
    """The defects of a YAML file. Raises KnowledgeBaseError."""
    try:
        return TypeAdapter(list[Defect]).validate_python(read_yaml(path.name, path.read_text("utf-8")).value)
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise KnowledgeBaseError(f"读不了 {path}：{error}") from error


def evaluate_defects(path: Path, root: Path, rule: str | None = None) -> Findings:
    """Seed each defect of `path` into a copy of the content at `root` and check it, two at a time.

    With `rule` only that rule may name it. Raises KnowledgeBaseError for an edit that does not fit the content.
    """
    clean = [problem for problem in check(root, TODAY).problems if rule in (None, problem.rule)]
    defects = read_defects(path)
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        work = pool.map(partial(_judge, root, clean, rule), defects)
        verdicts = tuple(tqdm(work, "seeded defects", len(defects), leave=False, disable=None))
    return Findings(verdicts, tuple(map(str, sorted(clean))))


def _judge(root: Path, clean: Sequence[Problem], rule: str | None, defect: Defect) -> Verdict:
    with TemporaryDirectory(prefix="kb-defect-") as folder:
        spoilt = Path(shutil.copytree(root, Path(folder) / "content"))
        for edit in defect.edits:
            _apply(spoilt, edit, defect)
        right = {
            (f"content/{spot.file}", line) for spot in (defect.expect, *defect.also) for line in _lines(spoilt, spot)
        }
        known = {(problem.file, problem.rule, problem.message) for problem in clean}
        new = [
            problem
            for problem in check(spoilt, TODAY).problems
            if (problem.file, problem.rule, problem.message) not in known and rule in (None, problem.rule)
        ]
    rules = tuple(dict.fromkeys(problem.rule for problem in new if (problem.file, problem.line) in right))
    return Verdict(defect, rules, tuple(str(problem) for problem in sorted(new)))


def _apply(root: Path, edit: Edit, defect: Defect) -> None:
    path = root / edit.file
    if edit.delete:
        path.unlink()
        return
    if edit.find is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(edit.replace, encoding="utf-8")
        return
    text = path.read_text("utf-8")
    if text.count(edit.find) != 1:
        count = text.count(edit.find)
        raise KnowledgeBaseError(
            f"{defect.id}：{edit.file} 里“{edit.find[:30]}”出现 {count} 次；请按现在的内容改写这一条"
        )
    path.write_text(text.replace(edit.find, edit.replace), encoding="utf-8")


def _lines(root: Path, spot: Spot) -> list[int]:
    """The lines that hold the text; the first line of it where it spans several. A file that is gone: its first."""
    path = root / spot.file
    if not path.is_file():
        return [1]
    text = path.read_text("utf-8")
    return [text[:start].count("\n") + 1 for start in range(len(text)) if text.startswith(spot.text, start)]
