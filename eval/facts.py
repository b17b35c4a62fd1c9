"""How well facts and personal data are found: precision, recall and F1 by type on a marked set.

A line of the set is a message with marks in it: `⟦amount|三千块|3000⟧`. A finding is right when its type and both ends
agree with a mark; whether its value is right is counted apart, over the right findings whose mark states one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, get_args

from ingest.jsonl import read_rows
from kb_service.case import FactType, PersonalType
from kb_service.lexicon import Lexicon
from kb_service.records import Moment, Record
from kb_service.understand.facts import FactFinder, Found

TYPES = (*get_args(FactType), *get_args(PersonalType))
_MARK = re.compile(r"⟦([a-z_]+)\|([^|⟦⟧]+)(?:\|([^⟦⟧]*))?⟧")


class MarkedLine(Record):
    """A line of the set, as written."""

    id: str
    at: Moment
    text: str
    provenance: str


class Mark(NamedTuple):
    """A fact that stands in a message; `value` is None where the set states none."""

    type: str
    start: int
    end: int
    value: str | None


class MarkedMessage(NamedTuple):
    """A message without its marks, and what was marked."""

    id: str
    at: datetime
    text: str
    marks: tuple[Mark, ...]


class Counts(NamedTuple):
    """Right, spurious and missed findings of a type; `values` are right out of `valued`."""

    right: int
    spurious: int
    missed: int
    values: int
    valued: int

    @property
    def precision(self) -> float:
        """Share of the findings that are right; 1 if nothing was found."""
        return self.right / (self.right + self.spurious) if self.right + self.spurious else 1.0

    @property
    def recall(self) -> float:
        """Share of the marks that were found; 1 if there are none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def value_accuracy(self) -> float:
        """Share of the right findings with a stated value whose value agrees; 1 if none states one."""
        return self.values / self.valued if self.valued else 1.0


@dataclass(frozen=True)
class FactScores:
    """Scores by type and over all findings (`micro`), and what went wrong."""

    by_type: dict[str, Counts]
    micro: Counts
    errors: tuple[str, ...]

    def table(self) -> str:
        """The scores as lines of text."""
        rows = [f"{'':12} {'marks':>5} {'prec':>6} {'recall':>6} {'f1':>6} {'value':>6}"]
        for name, counts in [*self.by_type.items(), ("micro", self.micro)]:
            shares = (counts.precision, counts.recall, counts.f1, counts.value_accuracy)
            rows.append(f"{name:12} {counts.right + counts.missed:5} " + " ".join(f"{share:6.3f}" for share in shares))
        return "\n".join(rows)


def read_facts(path: Path) -> list[MarkedMessage]:
    """The messages of a marked set. Raises KnowledgeBaseError naming the line that cannot be read."""
    return read_rows(path, lambda row: unmark(MarkedLine.model_validate(row)))


def unmark(line: MarkedLine) -> MarkedMessage:
    """The message without marks, and the marks with offsets into it. Raises ValueError for an unknown type."""
    text, marks, end = "", [], 0
    for match in _MARK.finditer(line.text):
        text += line.text[end : match.start()]
        if match[1] not in TYPES:
            raise ValueError(f"没有“{match[1]}”这种类型；可用的是 {'、'.join(TYPES)}")
        marks.append(Mark(match[1], len(text), len(text) + len(match[2]), match[3]))
        text, end = text + match[2], match.end()
    text += line.text[end:]
    if "⟦" in text or "⟧" in text:
        raise ValueError("标记没有写完整；应为 ⟦类型|原文|值⟧")
    return MarkedMessage(line.id, line.at, text, tuple(marks))


def evaluate_facts(path: Path, lexicon: Lexicon) -> FactScores:
    """Scores of the facts and personal data found in the set at `path`. Raises KnowledgeBaseError as `read_facts`."""
    finder = FactFinder(lexicon)
    right, spurious, missed, values, valued = (Counter[str]() for _ in range(5))
    errors: list[str] = []
    for message in read_facts(path):
        found = finder.find(message.text, message.at)
        by_place = {(item.type, item.start, item.end): item for item in found}
        wanted = {(mark.type, mark.start, mark.end): mark for mark in message.marks}
        for place, mark in wanted.items():
            if place not in by_place:
                missed[mark.type] += 1
            else:
                right[mark.type] += 1
                valued[mark.type] += mark.value is not None
                values[mark.type] += mark.value is not None and mark.value == by_place[place].value
        spurious.update(kind for kind, start, end in by_place.keys() - wanted.keys())
        errors += _errors(message, found)
    by_type = {kind: Counts(*(c[kind] for c in (right, spurious, missed, values, valued))) for kind in TYPES}
    micro = Counts(*(counter.total() for counter in (right, spurious, missed, values, valued)))
    return FactScores(by_type, micro, tuple(errors))


def _errors(message: MarkedMessage, found: Sequence[Found]) -> list[str]:
    wanted = {(mark.type, mark.start, mark.end): mark.value for mark in message.marks}
    got = {(item.type, item.start, item.end): item.value for item in found}
    lines = []
    for kind, start, end in sorted(wanted.keys() | got.keys(), key=lambda place: place[1:]):
        place, surface = (kind, start, end), message.text[start:end]
        if place not in got:
            lines.append(f"{message.id} 漏 {kind} {surface} ← {message.text}")
        elif place not in wanted:
            lines.append(f"{message.id} 多 {kind} {surface} ← {message.text}")
        elif wanted[place] is not None and wanted[place] != got[place]:
            lines.append(f"{message.id} 值 {kind} {surface}：应为 {wanted[place]}，得到 {got[place]}")
    return lines
