"""Wording of a draft: what must not or should not be said, and a tone that clashes with how the customer feels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kb_service.lexicon import Lexicon, RiskPhrase, ToneCue
from kb_service.records import Emotion
from kb_service.text import fold_in_place

# Also where a blank parts two sentences: after a picture, or between Chinese characters.
_CLAUSE_END = re.compile(r"[，。！？；!?;～~\n]|(?<=[^\w「」>]) |(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


class Bad(NamedTuple):
    """A wording at [start, end) and what the lexicon says of it."""

    start: int
    end: int
    phrase: RiskPhrase


class Clash(NamedTuple):
    """Words at [start, end) that a customer who feels so should not read."""

    start: int
    end: int
    shows: str


class Wording:
    """Checks wording against a lexicon. Built once; texts are folded in place."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._literals = [(fold_in_place(phrase.phrase), phrase) for phrase in lexicon.phrases if not phrase.regex]
        self._patterns = [(re.compile(phrase.phrase), phrase) for phrase in lexicon.phrases if phrase.regex]
        self._unless = {phrase.unless: re.compile(phrase.unless) for phrase in lexicon.phrases if phrase.unless}
        self._breezy, self._curt, self._sympathy = (
            _any_of(lexicon.tones, shows) for shows in ("breezy", "curt", "sympathy")
        )

    def bad(self, text: str) -> list[Bad]:
        """Forbidden and risky wordings in order; of those that overlap the forbidden, then the longest."""
        found = [
            Bad(start, start + len(literal), phrase)
            for literal, phrase in self._literals
            if literal in text
            for start in _places(text, literal)
        ]
        for pattern, phrase in self._patterns:
            found += [Bad(*_clause(text, *match.span()), phrase) for match in pattern.finditer(text) if match[0]]
        found = [bad for bad in found if not self._harmless(text, bad)]
        found.sort(key=lambda bad: (bad.phrase.level != "forbidden", bad.start - bad.end))
        kept: list[Bad] = []
        for bad in found:
            if not any(bad.start < other.end and other.start < bad.end for other in kept):
                kept.append(bad)
        return list(_joined(sorted(kept, key=lambda bad: bad.start)))

    def _harmless(self, text: str, bad: Bad) -> bool:
        unless = bad.phrase.unless
        return bool(unless) and self._unless[unless].search(text, *_clause(text, bad.start, bad.end)) is not None

    def clashes(self, text: str, emotion: Emotion | None) -> list[Clash]:
        """Cheerful or cold words for a customer who is upset, where no word of sympathy is said; whole clauses."""
        if emotion in (None, "calm") or self._sympathy.search(text):
            return []
        found: list[Clash] = []
        for pattern, shows in ((self._breezy, "breezy"), (self._curt, "curt")):
            found += [Clash(*_clause(text, *match.span()), shows) for match in pattern.finditer(text)]
        return list(_merged(sorted(found)))


def _joined(found: Sequence[Bad]) -> Iterator[Bad]:
    """Neighbouring clauses that are wrong for the same reason as one."""
    held: Bad | None = None
    for bad in found:
        if held and bad.start <= held.end + 1 and bad.phrase.reason == held.phrase.reason:
            held = held._replace(end=bad.end)
        else:
            if held:
                yield held
            held = bad
    if held:
        yield held


def _any_of(cues: Iterable[ToneCue], shows: str) -> re.Pattern[str]:
    chosen = (cue.pattern if cue.regex else re.escape(cue.pattern) for cue in cues if cue.shows == shows)
    return re.compile("|".join(f"(?:{pattern})" for pattern in chosen) or r"(?!)")


def _places(text: str, literal: str) -> Iterator[int]:
    place = text.find(literal)
    while place >= 0:
        yield place
        place = text.find(literal, place + len(literal))


def _clause(text: str, start: int, end: int) -> tuple[int, int]:
    """The clause around a match, without the marks at its ends; of a mark that was matched, the clause before it."""
    while start < end and _CLAUSE_END.match(text[start]):
        start += 1
    inside = min(start, end - 1)
    first = max((match.end() for match in _CLAUSE_END.finditer(text, 0, inside)), default=0)
    last = _CLAUSE_END.search(text, max(inside, end - 1))
    clause = text[first : max(last.start(), end) if last else len(text)]
    return first + len(clause) - len(clause.lstrip()), first + len(clause.rstrip())


def _merged(clashes: Sequence[Clash]) -> Iterator[Clash]:
    """Neighbouring clauses as one."""
    held: Clash | None = None
    for clash in clashes:
        if held and clash.start <= held.end + 2:
            held = held._replace(end=max(held.end, clash.end))
        else:
            if held:
                yield held
            held = clash
    if held:
        yield held
