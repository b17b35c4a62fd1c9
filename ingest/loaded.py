"""Content as far as it could be read: its entries, the place of each, and the problems found so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from ingest.rules.registry import refusing
from ingest.source import Located
from kb_service.content import (
    CaseRecord,
    Content,
    Desk,
    Elsewhere,
    Entry,
    Fact,
    Faq,
    Flow,
    Policy,
    Taxonomy,
    Template,
)
from kb_service.errors import ContentError, Problem
from kb_service.lexicon import Lexicon
from kb_service.records import CHINA, EntryId, Record, ShortText


@dataclass
class Place:
    """Where an entry stands: its file, the lines of its parts, and the file's text."""

    file: str
    located: Located
    text: str

    def problem(self, path: tuple[str | int, ...], rule: str, message: str, near: str = "") -> Problem:
        """A problem at the line of `path` inside this entry; in a longer text, at the line there that holds `near`."""
        return Problem(self.file, self.line(path, near), ".".join(map(str, path)), rule, message)

    def line(self, path: tuple[str | int, ...], near: str = "", after: int = 0) -> int:
        """The line of `path`, or the first from there on, below line `after`, that holds the words `near`."""
        start = self.located.line(path)
        if near:
            first = max(start, after + 1)
            for number, line in enumerate(self._lines[first - 1 :], first):
                if near in line:
                    return number
        return start

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines()


class Confusable(Record):
    """Two articles that are easily taken for each other, and the line that tells them apart."""

    pair: tuple[EntryId, EntryId]
    difference: ShortText


@dataclass
class Loaded:
    """The entries that could be read, where each stands, and the problems found so far.

    `places` is keyed by entry id, by the name of a shared file without its ending (`facts`, `lexicon/terms`), and by
    `phrasings/<article id>` for further phrasings.
    """

    taxonomy: Taxonomy | None = None
    facts: dict[str, Fact] = field(default_factory=dict)
    elsewhere: dict[str, Elsewhere] = field(default_factory=dict)
    confusable: tuple[Confusable, ...] = ()
    desk: Desk = field(default_factory=Desk)
    lexicon: dict[str, list[Any]] = field(default_factory=dict)
    faqs: list[Faq] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    cases: list[CaseRecord] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    today: date = field(default_factory=lambda: datetime.now(CHINA).date())  # decides what is over and what is due

    @property
    def known_taxonomy(self) -> Taxonomy:
        """The taxonomy; rules run only where there is one."""
        assert self.taxonomy is not None
        return self.taxonomy

    def placed_entries(self) -> Iterator[tuple[Place, Entry]]:
        """Every entry that has an id of its own, with its place."""
        for entry in (*self.faqs, *self.policies, *self.templates, *self.flows, *self.cases):
            yield self.places[entry.id], entry

    def content(self) -> Content:
        """The whole knowledge base, or ContentError with every problem that keeps it from being published."""
        if self.taxonomy is None or refusing(self.problems):
            raise ContentError(self.problems)
        return Content(
            taxonomy=self.taxonomy,
            facts=self.facts,
            elsewhere=self.elsewhere,
            lexicon=Lexicon.model_validate(self.lexicon),
            desk=self.desk,
            faqs=tuple(self.faqs),
            policies=tuple(self.policies),
            templates=tuple(self.templates),
            flows=tuple(self.flows),
            cases=tuple(self.cases),
        )
