"""What runs beside the pages, in processes of their own: building what is in the folder now, and checking it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ingest.aside import die_with
from ingest.beside import build_beside
from ingest.check import check, well_formed
from ingest.dependents import Dependents
from ingest.loaded import Loaded
from ingest.rules.registry import refusing
from kb_service.errors import Problem
from kb_service.settings import Settings


class Spot(NamedTuple):
    """A line of a content file."""

    file: str
    line: int


@dataclass(frozen=True)
class Built:
    """What a build knows beside the version itself.

    `places` tells where entries, facts and clauses (`policy#clause`, its first wording) stand; `phrasings` are those
    that are searched and never shown, by article.
    """

    version: str
    places: dict[str, Spot]
    phrasings: dict[str, tuple[str, ...]]
    dependents: Dependents


def start_worker(parent: int) -> None:
    """A worker ends with the preview, and on Ctrl-C without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    die_with(parent)


def build(root: Path, own: Settings, version: str) -> Built | None:
    """Build the content at `root` as `version`; None if it does not pass the rules of form.

    Raises ModelError or PublishError.
    """
    loaded = well_formed(root)
    if refusing(loaded.problems):
        return None
    content = loaded.content()
    build_beside(lambda: content, own, version)
    phrasings = {faq.id: faq.more_questions for faq in content.faqs if faq.more_questions}
    return Built(version, dict(_places(loaded)), phrasings, Dependents(content))


def examine(root: Path) -> tuple[Problem, ...]:
    """All that `kb-content check` says of the content at `root`."""
    return tuple(sorted(check(root).problems))


def _places(loaded: Loaded) -> Iterator[tuple[str, Spot]]:
    for place, entry in loaded.placed_entries():
        yield entry.id, Spot(place.file, place.line(("id",)))
    for policy in loaded.policies:
        place = loaded.places[policy.id]
        for number, clause in reversed(list(enumerate(policy.clauses))):
            yield f"{policy.id}#{clause.id}", Spot(place.file, place.line(("clauses", number)))
    facts = loaded.places["facts"]
    for key in loaded.facts:
        yield f"fact:{key}", Spot(facts.file, facts.line((key,)))
