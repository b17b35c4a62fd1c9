"""Finding many words and patterns in a text at once, and what each of them shows.

Folded text is expected (see `text.fold_aligned`). Rules live in content; this is only the mechanism.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import add
from typing import NamedTuple

from kb_service.text import fold_aligned


class Said(NamedTuple):
    """One turn of the customer: its place in the request, and its text folded by `text.fold_aligned`."""

    message: int
    folded: str

    @classmethod
    def of(cls, message: int, text: str) -> Said:
        """Fold a turn."""
        return cls(message, fold_aligned(text))


class CueItem(NamedTuple):
    """A word, or with `regex` a pattern, what it shows, and how strongly (0..1)."""

    pattern: str
    regex: bool
    label: str
    score: float


class CueHit(NamedTuple):
    """What the words [start, end) of a text show, and how strongly."""

    label: str
    score: float
    start: int
    end: int


class CueFinder:
    """Looks for all items in one pass. Immutable once built; safe to share between threads.

    Words are found by their first two characters, which is cheap however many there are: 1,500 in 57 characters cost
    0.02 ms. Each pattern is a search of its own of about 0.001 ms, so they should stay few.
    """

    def __init__(self, items: Iterable[CueItem]) -> None:
        """Raises re.error for a pattern that does not compile; the content check refuses those."""
        words: defaultdict[str, list[CueItem]] = defaultdict(list)
        self._patterns: list[tuple[re.Pattern[str], CueItem]] = []
        for item in items:
            if item.regex:
                self._patterns.append((re.compile(item.pattern, re.IGNORECASE), item))
            else:
                word = fold_aligned(item.pattern)
                words[word[:2]].append(item._replace(pattern=word))
        self._characters = tuple(item for key, found in words.items() if len(key) == 1 for item in found)
        self._words = {key: tuple(found) for key, found in words.items()}

    def find(self, folded: str) -> list[CueHit]:
        """All hits from left to right. Of hits that show the same, one inside another is left out."""
        if not folded:
            return []
        hits = [*self._word_hits(folded), *self._pattern_hits(folded)]
        return _outermost(hits) if len(hits) > 1 else hits

    def _word_hits(self, folded: str) -> Iterator[CueHit]:
        words = self._words
        for start, pair in enumerate(map(add, folded, f"{folded[1:]} ")):
            for item in words.get(pair, ()):
                if folded.startswith(item.pattern, start):
                    yield CueHit(item.label, item.score, start, start + len(item.pattern))
        for item in self._characters:
            if item.pattern in folded:
                for start, character in enumerate(folded):
                    if character == item.pattern:
                        yield CueHit(item.label, item.score, start, start + 1)

    def _pattern_hits(self, folded: str) -> Iterator[CueHit]:
        for pattern, item in self._patterns:
            found = pattern.search(folded)
            if found and found.end() > found.start():
                yield CueHit(item.label, item.score, *found.span())


def _outermost(hits: Sequence[CueHit]) -> list[CueHit]:
    """Without hits that lie inside another of the same label; of two on the same words the stronger stays."""
    kept: list[CueHit] = []
    reached: dict[str, int] = {}
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end, -hit.score)):
        if hit.end > reached.get(hit.label, -1):
            reached[hit.label] = hit.end
            kept.append(hit)
    return kept
