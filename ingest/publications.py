"""The record of what was published: who made which version current, when, from which commit, and what changed by it.

`home/publications.jsonl` has one publication a line, oldest first, and is only ever appended to. What is about to be
made current is noted in `home/publication.pending` first: when the publish is killed after the switch, the next one (or
the next reader) takes the entry from there.
"""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import ValidationError

from kb_service.errors import VersionError
from kb_service.records import Record
from kb_service.versions import read_pointer, sync_folder, write_durably

Action = Literal["built", "reactivated", "rolled_back"]


class Touched(Record):
    """The ids of one kind that were added, changed and removed."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (("+", self.added), ("~", self.changed), ("-", self.removed))
        return " ".join(f"{mark}{len(ids)}" for mark, ids in parts if ids)


class Impact(Record):
    """What the readers of a version see that those of the one before did not. Facts and clauses stand for themselves:
    an entry in which only the value of a fact was written anew is counted as changed.
    """

    faqs: Touched = Touched()
    policies: Touched = Touched()
    templates: Touched = Touched()
    flows: Touched = Touched()
    cases: Touched = Touched()
    clauses: Touched = Touched()
    facts: Touched = Touched()
    shared: tuple[str, ...] = ()  # parts of the lexicon, the desk, the taxonomy


class Publication(Record):
    """One switch of the current version. `at` is aware; `commit` ends in `-dirty` when files differed from it.

    `impact` is None where there was no previous version or it could not be compared.
    """

    at: datetime
    who: str
    action: Action
    version: str
    previous: str | None
    commit: str | None
    content_hash: str
    impact: Impact | None = None


class Publications(NamedTuple):
    """The record as read: publications oldest first, and the numbers of lines that could not be read."""

    entries: list[Publication]
    unreadable: list[int]


def read_publications(home: Path) -> Publications:
    """The record of a home. An interrupted publication that has taken effect is included, without its impact."""
    written = _read(home)
    pending = _pending(home, written.entries)
    return written._replace(entries=[*written.entries, pending]) if pending else written


def begin(home: Path, publication: Publication) -> None:
    """Note what is about to be made current. To be called, like `complete`, under the publishing lock."""
    write_durably(home / "publication.pending", publication.model_dump_json())


def complete(home: Path) -> None:
    """Write the noted publication into the record, with what changed by it, or forget it if it took no effect."""
    pending = _pending(home, _read(home).entries)
    if pending:
        _append(home / "publications.jsonl", pending.model_copy(update={"impact": impact(home, pending)}))
    (home / "publication.pending").unlink(missing_ok=True)


def _read(home: Path) -> Publications:
    entries, unreadable = [], []
    path = home / "publications.jsonl"
    for number, line in enumerate(path.read_bytes().splitlines() if path.exists() else (), 1):
        try:
            entries.append(Publication.model_validate_json(line))
        except ValidationError:
            unreadable.append(number)
    return Publications(entries, unreadable)


def _pending(home: Path, entries: Sequence[Publication]) -> Publication | None:
    """The noted publication, if its version was made current and the record lacks it."""
    try:
        noted = Publication.model_validate_json((home / "publication.pending").read_bytes())
        current = read_pointer(home)
    except (FileNotFoundError, ValidationError, VersionError):
        return None
    recorded = any((entry.at, entry.version) == (noted.at, noted.version) for entry in entries[-1:])
    return noted if noted.version == current and not recorded else None


def _append(path: Path, publication: Publication) -> None:
    """One more line, durable on return. A line that a crash cut off is ended first, so that it spoils no other."""
    existed = path.exists()
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            file.write(b"" if file.read(1) == b"\n" else b"\n")
        file.write(publication.model_dump_json().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if not existed:
        sync_folder(path.parent)


def impact(home: Path, publication: Publication) -> Impact | None:
    """What changed from the previous version; None if there is none or one of them cannot be read."""
    from ingest.differences import Change, difference

    if publication.previous is None:
        return None
    try:
        found = difference(home, publication.previous, publication.version)
    except VersionError:
        return None

    def touched(kind: str) -> Touched:
        changes: list[Change] = [c for c in (*found.entries, *found.clauses, *found.facts) if c.kind == kind]
        of = {state: tuple(c.id for c in changes if c.found == state) for state in ("added", "changed", "removed")}
        return Touched(**of)

    return Impact(
        faqs=touched("faq"),
        policies=touched("policy"),
        templates=touched("template"),
        flows=touched("flow"),
        cases=touched("case"),
        clauses=touched("clause"),
        facts=touched("fact"),
        shared=tuple(part.name for part in found.shared),
    )


def publisher(folder: Path) -> str:
    """Who publishes: name and e-mail that git has for the folder, else the login name."""
    command = [
        "git",
        "-C",
        str(folder if folder.is_dir() else Path()),
        "config",
        "--get-regexp",
        r"^user\.(name|email)$",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        found = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    except FileNotFoundError:
        found = {}  # no git here
    if name := found.get("user.name"):
        return f"{name} <{found['user.email']}>" if "user.email" in found else name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"  # a container may run as a user that has no name


def commit_of(folder: Path) -> str | None:
    """The git commit of a folder, `-dirty` when files differ from it; None outside git."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None
