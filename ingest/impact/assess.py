"""The whole assessment of a change, top-down: changes -> what hangs on them -> both contents asked -> findings."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from ingest.check import checked_content
from ingest.conditions import Condition
from ingest.dependents import Dependent, Dependents
from ingest.golden import GoldenQuestion
from ingest.impact import retrievability
from ingest.impact.asking import Question, Rankings, askers, golden
from ingest.impact.changes import Changes, Phrasing, changes_between
from ingest.impact.effect import Moved, Quality, moved, quality
from ingest.impact.retrievability import Found
from ingest.load import load
from kb_service.content import Content
from kb_service.contract import SuggestRequest
from kb_service.errors import EventsUnavailable, PublishError
from kb_service.events.export import read_events
from kb_service.settings import Settings

RECENT = timedelta(days=30)  # of answers that were given
MOST = 500  # new phrasings that are asked; a change of more is no longer read one by one


@dataclass(frozen=True)
class Radius:
    """One changed thing and what hangs on it; `questions` are golden questions that expect something of it."""

    name: str
    dependents: tuple[Dependent, ...]
    questions: tuple[str, ...]
    recent: int | None  # suggestions of the last 30 days that showed something of it; None where nobody knows


class Stray(NamedTuple):
    """A way of asking that came to an existing article, and the other entry that it found first until now."""

    phrasing: Phrasing
    winner: str


@dataclass(frozen=True)
class Impact:
    """What a change does; `titles` name entries to people."""

    changes: Changes
    radii: tuple[Radius, ...]
    moved: tuple[Moved, ...]
    strays: tuple[Stray, ...]
    found: tuple[Found, ...]
    quality: tuple[Quality, ...]
    titles: dict[str, str]
    uncounted: str  # why recent answers are not counted; empty if they are

    @property
    def passes(self) -> bool:
        """Whether the gate would let the change pass."""
        return all(row.holds for row in self.quality)


@contextmanager
def content_at(root: Path, revision: str) -> Iterator[Path]:
    """The content folder as it was at a git revision, in a temporary place. Raises PublishError."""
    command = ["git", "-C", str(root), "archive", "--format=tar", revision, "."]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise PublishError("没有找到 git；比较改动需要 git") from None
    if done.returncode:
        detail = done.stderr.decode(errors="replace").strip().splitlines()
        raise PublishError(f"取不到 {revision} 时的内容：{detail[-1] if detail else ''}；请检查 --base 和 --content")
    with TemporaryDirectory(prefix="kb-base-") as folder:
        target = Path(folder) / root.resolve().name
        target.mkdir()
        with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
            archive.extractall(target, filter="data")
        yield target


def assess(
    root: Path,
    base: Path,
    sets: dict[str, list[GoldenQuestion]],
    conditions: Sequence[Condition],
    settings: Settings,
) -> Impact:
    """Compare the content at `root` with that at `base`. `sets` are golden questions by the path of their file.

    Questions of `dev` sets are told one by one; of `test` sets only sums, so that nobody writes for them. Raises
    ContentError where either content is not fit to be published, ModelError and PublishError.
    """
    new = checked_content(root)
    old = load(base).content()
    changes = changes_between(old, new)
    if not changes.names:
        return Impact(changes, (), (), (), (), (), _titles(new), "")
    questions = [question for group in sets.values() for question in group]
    known = {faq.id for faq in old.faqs}
    filed = {f"phrasing:{n}": one for n, one in enumerate(changes.phrasings[:MOST]) if one.entry in known}
    held_content, taken = retrievability.hold_out(new, changes.new_articles())
    recent, uncounted = _recent(settings)
    with askers(settings) as ask:
        before, after = ask(old, [*golden(questions), *_plain(filed)]), ask(new, golden(questions))
        third = ask(held_content, retrievability.asked(taken, new.faqs)) if taken else None
        radii = tuple(_radii(changes, old, new, questions, recent))
        was, now = before.result(), after.result()
        found = retrievability.places(taken, third.result()) if third else []
    told = [question for question in questions if question.split == "dev"]
    return Impact(
        changes=changes,
        radii=radii,
        moved=tuple(moved(told, was, now, changes)),
        strays=tuple(_strays(filed, was)),
        found=tuple(found),
        quality=tuple(row for name, group in sets.items() for row in quality(name, group, was, now, conditions)),
        titles=_titles(old) | _titles(new),
        uncounted=uncounted,
    )


def _plain(filed: dict[str, Phrasing]) -> list[Question]:
    return [Question(name, SuggestRequest(query=one.text, audience="senior", limit=1)) for name, one in filed.items()]


def _strays(filed: dict[str, Phrasing], was: Rankings) -> Iterator[Stray]:
    for name, phrasing in filed.items():
        if was[name] and was[name][0] != phrasing.entry:
            yield Stray(phrasing, was[name][0])


def _radii(
    changes: Changes,
    old: Content,
    new: Content,
    questions: Sequence[GoldenQuestion],
    recent: Sequence[set[str]] | None,
) -> Iterator[Radius]:
    """What was removed hangs as it did before, all else as it does now."""
    was, now = Dependents(old), Dependents(new)
    for name in changes.names:
        dependents = (was if name in changes.removed else now).of([name])
        touched = {name, *(dependent.name for dependent in dependents)}
        entries = {one.partition(":")[2] for one in touched if one.startswith(("faq:", "clause:"))}
        templates = {one.partition(":")[2] for one in touched if one.startswith("template:")}
        expecting = tuple(
            question.id
            for question in questions
            if question.split == "dev" and (question.answers & entries or templates & set(question.templates or ()))
        )
        shown = entries | templates
        count = sum(bool(shown & offered) for offered in recent) if recent is not None else None
        yield Radius(name, tuple(dependents), expecting, count)


def _recent(settings: Settings) -> tuple[list[set[str]] | None, str]:
    """The entries of each suggestion of the last 30 days; or None, and why."""
    if not settings.events_url:
        return None, "没有开启事件记录（KB_EVENTS=off）"
    since = datetime.now(UTC) - RECENT
    try:
        kept = [asked for asked in read_events(settings.events_url) if asked.at >= since]
    except EventsUnavailable as error:
        return None, str(error)
    return [{offered.entry for offered in asked.answers} for asked in kept], ""


def _titles(content: Content) -> dict[str, str]:
    titles = {entry.id: entry.title for entry in content.entries}
    for policy in content.policies:
        for clause in policy.clauses:
            titles[f"{policy.id}#{clause.id}"] = f"《{policy.title}》{clause.number} {clause.title}"
    return titles | {key: fact.label for key, fact in content.facts.items()}
