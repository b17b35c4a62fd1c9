"""What a change does to rankings: questions that another entry answers first now, and how many are still answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingest.conditions import Condition
from ingest.golden import GoldenQuestion
from ingest.impact.asking import Rankings
from ingest.impact.changes import Changes
from kb_service.text import char_grams, fold

SINGLE = "single issue"  # of conditions: every slice that asks one answerable thing
_APART = ("two_issues", "point_in_time", "out_of_scope")
_PLACES = {"hit@1": 1, "hit@3": 3}


class Moved(NamedTuple):
    """A question whose first entry is another one now. Places count from 1; None: not among the first ten.

    `by` is the new way of asking that is most like the question, where the winner has one.
    """

    question: GoldenQuestion
    before: str
    after: str
    place_before: int | None
    place_after: int | None
    by: str | None

    @property
    def lost(self) -> bool:
        """Whether an answer stood first and does no longer."""
        return self.place_before == 1 and self.place_after != 1

    @property
    def won(self) -> bool:
        """Whether an answer stands first that did not."""
        return self.place_after == 1 and self.place_before != 1


def moved(questions: Sequence[GoldenQuestion], before: Rankings, after: Rankings, changes: Changes) -> list[Moved]:
    """The questions whose first entry changed."""
    found = []
    for question in questions:
        old, new = before[question.id], after[question.id]
        if old[:1] != new[:1]:
            winner = new[0] if new else ""
            places = (_place(question, old), _place(question, new))
            found.append(Moved(question, old[0] if old else "", winner, *places, _thief(question, winner, changes)))
    return found


def _place(question: GoldenQuestion, ranking: Sequence[str]) -> int | None:
    return next((place for place, entry in enumerate(ranking, 1) if entry in question.answers), None)


def _thief(question: GoldenQuestion, winner: str, changes: Changes) -> str | None:
    """The winner's new phrasing that shares most character pairs with the question."""
    grams = char_grams(fold(question.asked))
    own = [phrasing.text for phrasing in changes.phrasings if phrasing.entry == winner]
    return max(own, key=lambda text: len(grams & char_grams(text)), default=None)


class Quality(NamedTuple):
    """One measure before and after, and the least that the gate allows; None where the gate says nothing."""

    set: str
    slice: str
    measure: str
    before: float
    after: float
    floor: float | None

    @property
    def holds(self) -> bool:
        """Whether the gate would let it pass."""
        return self.floor is None or self.after >= self.floor


def quality(
    name: str, questions: Sequence[GoldenQuestion], before: Rankings, after: Rankings, conditions: Sequence[Condition]
) -> list[Quality]:
    """hit@1 and hit@3 of a set, as a whole and of each slice that the gate names."""
    rows = [row for row in conditions if row.set == name and row.measure in _PLACES]
    floors = {(row.slice, row.measure): row.expected - row.tolerance for row in rows}
    wanted = dict.fromkeys([*((SINGLE, measure) for measure in _PLACES), *floors])
    found = []
    for part, measure in wanted:
        chosen = [question for question in questions if _belongs(question, part)]
        if chosen:
            old, new = (_hits(chosen, rankings, _PLACES[measure]) for rankings in (before, after))
            found.append(Quality(name, part, measure, old, new, floors.get((part, measure))))
    return found


def _belongs(question: GoldenQuestion, part: str) -> bool:
    return question.slice not in _APART if part == SINGLE else question.slice == part


def _hits(questions: Sequence[GoldenQuestion], rankings: Mapping[str, Sequence[str]], depth: int) -> float:
    hits = sum(bool(question.answers & set(rankings[question.id][:depth])) for question in questions)
    return hits / len(questions)
