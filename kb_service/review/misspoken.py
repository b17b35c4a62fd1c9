"""Clauses that sound like what no agent should say, learned from examples.

Word lists find what was foreseen; people find new ways to blame, brush off or promise. The examples of the lexicon
against the knowledge base's own sentences give weights to character n-grams (`ingest.misspoken`); a clause's score is
their sum. It only raises a warning: nobody can say which word it was.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kb_service.lexicon import Misspoken
from kb_service.text import fold_in_place

THRESHOLD = 3.0  # chosen on eval/golden/review_dev.jsonl: the least that costs no clean draft of the last-written rows
LONGEST = 3  # characters of an n-gram
SHORTEST = 6  # characters of a clause that can be judged

_CLAUSE = re.compile(r"[^，。！？；、：!?;～~\n]+")
_DIGITS = re.compile(r"\d+")


class Suspect(NamedTuple):
    """A clause at [start, end), how much it sounds like the examples, and the group of them that it is nearest to."""

    start: int
    end: int
    score: float
    group: Misspoken


def grams(clause: str) -> set[str]:
    """The n-grams of a folded clause, its beginning and end marked, numbers alike."""
    marked = f"^{_DIGITS.sub('0', clause.strip())}$"
    return {marked[n : n + size] for size in range(1, LONGEST + 1) for n in range(len(marked) - size + 1)}


def clauses(text: str) -> Iterator[tuple[int, int]]:
    """[start, end) of the clauses of a folded text that are long enough to judge."""
    for match in _CLAUSE.finditer(text):
        words = match[0].strip()
        if len(words) >= SHORTEST:
            start = match.start() + match[0].index(words)
            yield start, start + len(words)


class Suspicion:
    """Finds suspect clauses. Built once; without weights it finds none."""

    def __init__(self, weights: Mapping[str, float], groups: Sequence[Misspoken]) -> None:
        self._weights, self._bias = weights, weights.get("", 0.0)
        self._groups = [group for group in groups if not group.harmless]
        self._examples = [
            (grams(folded[start:end]), group)
            for group in self._groups
            for example in group.examples
            for folded in (fold_in_place(example),)
            for start, end in clauses(folded)
        ]

    def suspects(self, text: str, above: float = THRESHOLD) -> Iterator[Suspect]:
        """The clauses of a folded text that score more than `above`, in order."""
        if not self._weights or not self._examples:
            return
        for start, end in clauses(text):
            found = grams(text[start:end])
            score = sum(self._weights.get(gram, 0.0) for gram in found) / math.sqrt(len(found)) + self._bias
            if score > above:
                yield Suspect(start, end, score, self._nearest(found))

    def _nearest(self, found: set[str]) -> Misspoken:
        return max(self._examples, key=lambda example: len(found & example[0]) / math.sqrt(len(example[0])))[1]
