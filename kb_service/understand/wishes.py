"""What the customer wants, which side they are on, and other signals: read from the cues of the lexicon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kb_service.content import Taxonomy
from kb_service.lexicon import Lexicon
from kb_service.records import Party
from kb_service.understand.cues import CueFinder, CueHit, CueItem, Said

OLDER = 0.6  # what a hit counts, for every turn of the customer that came after it
REPEATED = 0.15  # what a second, third … hit of the same wish adds, times its score
READ = 600  # characters of the newest turns that are read; a longer turn counts by its end
SURE = 0.6  # from which score a signal counts; weaker words only add up
SIDES: dict[str, Party] = {"party_buyer": "buyer", "party_seller": "seller"}  # signals of the taxonomy


class Shown(NamedTuple):
    """A wish or a signal: how sure, 0..1, and the words that show it: (message, start, end)."""

    id: str
    score: float
    spans: tuple[tuple[int, int, int], ...]


class Cues:
    """What the customer's turns show. `wishes` and `signals` come strongest first."""

    def __init__(self, lexicon: Lexicon, taxonomy: Taxonomy) -> None:
        self._finder = CueFinder(CueItem(cue.pattern, cue.regex, cue.shows, cue.score) for cue in lexicon.cues)
        self._wishes = frozenset(taxonomy.wishes)

    def signals_of(self, folded: str) -> frozenset[str]:
        """The signals that one text shows (folded by `text.fold_aligned`)."""
        return frozenset(signal.id for signal in self.read([Said(0, folded)]).signals)

    def read(self, turns: Sequence[Said]) -> CuesRead:
        """What a customer's turns show, oldest first. Later words weigh more for the wish; signals do not age."""
        found: defaultdict[str, list[tuple[float, Said, CueHit]]] = defaultdict(list)
        for age, (turn, offset) in enumerate(_newest(turns)):
            for hit in self._finder.find(turn.folded[offset:]):
                hit = hit._replace(start=hit.start + offset, end=hit.end + offset)
                weight = OLDER**age if hit.label in self._wishes else 1.0
                found[hit.label].append((weight * hit.score, turn, hit))
        shown = sorted((_shown(label, hits) for label, hits in found.items()), key=lambda item: (-item.score, item.id))
        wishes = tuple(item for item in shown if item.id in self._wishes)
        signals = tuple(item for item in shown if item.id not in self._wishes)
        return CuesRead(wishes, tuple(item for item in signals if item.score >= SURE), party_of(signals))


class CuesRead(NamedTuple):
    """The wishes and the sure signals of a conversation, strongest first, and the side that the customer is on."""

    wishes: tuple[Shown, ...]
    signals: tuple[Shown, ...]
    party: Party | None

    @property
    def wish(self) -> Shown | None:
        """What the customer wants most, if anything shows it."""
        return self.wishes[0] if self.wishes else None


def party_of(signals: Sequence[Shown]) -> Party | None:
    """The side that the signals speak for; None where they are silent or balanced."""
    sides = sorted(((item.score, SIDES[item.id]) for item in signals if item.id in SIDES), reverse=True)
    if not sides or (len(sides) > 1 and sides[0][0] == sides[1][0]):
        return None
    return sides[0][1]


def _newest(turns: Sequence[Said]) -> Iterator[tuple[Said, int]]:
    """The turns that are read, newest first, each with the offset that it is read from."""
    left = READ
    for turn in reversed(turns):
        if left <= 0:
            return
        yield turn, max(0, len(turn.folded) - left)
        left -= len(turn.folded)


def _shown(label: str, hits: list[tuple[float, Said, CueHit]]) -> Shown:
    """The strongest hit counts whole, each further one a little; never above 1."""
    weights = sorted((weight for weight, _, _ in hits), reverse=True)
    score = min(1.0, weights[0] + REPEATED * sum(weights[1:]))
    return Shown(label, round(score, 4), tuple(sorted((turn.message, hit.start, hit.end) for _, turn, hit in hits)))
