"""A clause gets a new wording: the old one is closed on the day on which the new one begins, and both stay citable.

Only the lines of that clause change; every other byte of the file stays as it is.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.check import check
from ingest.dependents import Dependents
from ingest.loaded import Loaded, Place
from ingest.render import PLACEHOLDER
from ingest.rules.registry import refusing
from kb_service.content import Clause, Fact, Policy
from kb_service.errors import ContentError, EditError, Problem, suggest_name
from kb_service.records import CHINA, ClauseRef

_ATTRIBUTES = re.compile(r"\{#(?P<attributes>[^}]*)\}")
_HEADING = re.compile(r"^ {0,3}#{1,3}[ \t]")
_NEEDLESS = re.compile(r"[ \t]*<!--\s*waive\s+literal-number\b.*?-->")  # closed wordings may hold any number


@dataclass(frozen=True)
class Amendment:
    """A file with a clause amended: the new bytes, where the new wording stands, and what hangs on the clause.

    `written_out` are the facts that the old wording no longer follows.
    """

    path: Path
    data: bytes
    line: int
    written_out: tuple[str, ...]
    dependents: tuple[str, ...]


def amend(root: Path, reference: ClauseRef, start: date, text: str | None = None) -> Amendment:
    """Close the wording of clause `reference` (`policy#clause`) at `start` and open a new one, above the old.

    `text` is the new wording, Markdown; without it the old one is repeated for the editor to change. Nothing is
    written. Raises EditError, or ContentError with what the check would object to.
    """
    before = check(root)
    policy, place = _policy(before, reference)
    wordings = [(n, clause) for n, clause in enumerate(policy.clauses) if clause.id == reference.partition("#")[2]]
    if not wordings:
        known = sorted({clause.id for clause in policy.clauses})
        name = reference.partition("#")[2]
        raise EditError(
            f"《{policy.title}》没有条款“{name}”；{suggest_name(name, known) or '条款的短名在条标题的 {#…} 里'}"
        )
    number, _ = _open_at(policy, wordings, _midnight(start))
    if text is not None and (not text.strip() or any(_HEADING.match(line) for line in text.splitlines())):
        raise EditError("新条文不能是空的，也不能含有标题（#、##、###）；只写条标题下面的正文")
    path = root / Path(place.file).relative_to(root.name)
    data, line, written_out = _edited(
        path.read_bytes(), place.located.line(("clauses", number)), start, text, before.facts
    )
    if new := _new_problems(before.problems, root, path, data):
        raise ContentError(new)
    hanging = Dependents(before.content()).of([f"clause:{reference}"])
    return Amendment(path, data, line, written_out, tuple(dependent.name for dependent in hanging))


def write_amendment(amendment: Amendment) -> None:
    """Replace the file at once: a reader sees the old or the new one, never half of it."""
    beside = amendment.path.with_name(f".{amendment.path.name}.new")
    beside.write_bytes(amendment.data)
    shutil.copymode(amendment.path, beside)
    os.replace(beside, amendment.path)


def _policy(loaded: Loaded, reference: str) -> tuple[Policy, Place]:
    """The policy of a reference; raises EditError for one that is unknown, ContentError where content is malformed."""
    name, mark, clause = reference.partition("#")
    if not (name and mark and clause):
        raise EditError(f"条款要写成“规则编号#条款短名”，例如 refund-rules#seller-response；实际是“{reference}”")
    if errors := refusing(loaded.problems):
        raise ContentError(errors)
    policy = next((policy for policy in loaded.policies if policy.id == name), None)
    if policy is None:
        known = sorted(policy.id for policy in loaded.policies)
        raise EditError(f"没有规则“{name}”；{suggest_name(name, known) or '规则的编号在 policy/ 各文件的头信息里'}")
    return policy, loaded.places[name]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)


def _open_at(policy: Policy, wordings: Sequence[tuple[int, Clause]], start: datetime) -> tuple[int, Clause]:
    """The wording to be closed at `start`: the one without an end of its own, begun before that day."""
    ends = {None, policy.valid_until}
    open_ones = [(n, clause) for n, clause in wordings if clause.valid_until in ends]
    if not open_ones:
        end = max(clause.valid_until for _, clause in wordings if clause.valid_until)
        raise EditError(f"这一条已定于 {end:%Y-%m-%d} 失效，没有之后仍有效的条文可改；请先去掉它的 valid_until")
    number, current = open_ones[0]
    for _, clause in wordings:
        if clause is not current and clause.valid_until and start < clause.valid_until:
            raise EditError(
                f"{start:%Y-%m-%d} 落在已经关闭的旧文里（到 {clause.valid_until:%Y-%m-%d} 为止），不能改写历史；"
                f"日期要晚于 {clause.valid_until:%Y-%m-%d}"
            )
    if current.valid_from and start <= current.valid_from:
        raise EditError(
            f"{start:%Y-%m-%d} 不晚于现有条文的生效日 {current.valid_from:%Y-%m-%d}；日期要再晚一些，"
            "还没有生效的条文直接改原文就行"
        )
    if policy.valid_until and start >= policy.valid_until:
        raise EditError(
            f"《{policy.title}》到 {policy.valid_until:%Y-%m-%d} 整部失效；日期要更早，或先改规则的 valid_until"
        )
    return number, current


def _edited(
    data: bytes, line: int, start: date, text: str | None, facts: dict[str, Fact]
) -> tuple[bytes, int, tuple[str, ...]]:
    """The file's bytes with the clause whose heading is at `line` (from 1) amended, and the facts written out."""
    lines = data.decode("utf-8").splitlines(keepends=True)
    ending = "\r\n" if lines[line - 1].endswith("\r\n") else "\n"
    end = next((n for n in range(line, len(lines)) if _HEADING.match(lines[n])), len(lines))
    heading, body = lines[line - 1], lines[line:end]
    new_body = body if text is None else [f"{row}{ending}" for row in text.strip().splitlines()]
    trailing = [] if new_body and not new_body[-1].strip() else [ending]
    if new_body and not new_body[-1].endswith("\n"):
        new_body = [*new_body[:-1], new_body[-1] + ending]
    opened = [_with(heading, {"valid_from": str(start)}, {"valid_until", "source"}), *new_body, *trailing]
    old = "".join(_NEEDLESS.sub("", row) for row in body)
    used = tuple(dict.fromkeys(match["name"] for match in PLACEHOLDER.finditer(old) if match["kind"] == "fact"))
    old = PLACEHOLDER.sub(lambda match: facts[match["name"]].display if match["kind"] == "fact" else match[0], old)
    closed = [_with(heading, {"valid_until": str(start)}, set()), old]
    return "".join([*lines[: line - 1], *opened, *closed, *lines[end:]]).encode(), line, used


def _with(heading: str, values: dict[str, str], without: set[str]) -> str:
    """A clause heading with attributes set and others left out."""

    def rewritten(match: re.Match[str]) -> str:
        slug, *attributes = match["attributes"].split()
        kept = [item for item in attributes if item.partition("=")[0] not in values.keys() | without]
        return "{#" + " ".join([slug, *kept, *(f"{key}={value}" for key, value in values.items())]) + "}"

    return _ATTRIBUTES.sub(rewritten, heading, count=1)


def _new_problems(before: Sequence[Problem], root: Path, path: Path, data: bytes) -> list[Problem]:
    """What the check finds in the amended content and did not find before, wherever it stands."""
    with TemporaryDirectory(prefix="amend-") as scratch:
        copy = Path(shutil.copytree(root, Path(scratch) / root.name))
        (copy / path.relative_to(root)).write_bytes(data)
        after = check(copy).problems
    known = Counter((problem.file, problem.rule, problem.message) for problem in before)
    new = []
    for problem in refusing(after):
        key = (problem.file, problem.rule, problem.message)
        if known[key]:
            known[key] -= 1
        else:
            new.append(problem)
    return new
