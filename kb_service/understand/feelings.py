"""How the customer feels: a linear classifier over character n-grams and the emotion patterns of the lexicon.

Trained when a version is published (`ingest.emotions`), from examples that editors write; applied here. Patterns alone
reach a macro F1 of 0.38 on the dev set: most upset messages hold no emotion word.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from operator import add
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from kb_service.lexicon import Lexicon
from kb_service.records import Emotion, Record
from kb_service.text import HIDDEN
from kb_service.understand.cues import CueFinder, CueHit, CueItem, Said

EMOTIONS: tuple[Emotion, ...] = get_args(Emotion)
PATTERN_WEIGHT = 0.3  # of a pattern's score beside the n-grams, which have length one together
READ = 400  # characters from the end of a turn; what comes last tells how a long story is meant
TURNS = (0.6, 0.25, 0.15)  # weights of the newest turn and the two before it
ENOUGH = 4  # Chinese characters from which a turn counts whole
CERTAIN = 1.0  # a pattern of this score decides, whatever else is said
SHOWN = 3  # stretches of words at most that are given as showing the emotion

_SPACE = re.compile(rf"[\s{HIDDEN}]+")
_DIGITS = re.compile(r"\d+")
_WORDY = re.compile(r"[^\W\da-z_]")  # Chinese characters, above all
_EDGES = re.compile(r"^\W*(.*?)\W*$", re.DOTALL)


class FeelingModel(Record):
    """The trained classifier. `weights[n]` are those of gram `n` for each emotion, in the order of EMOTIONS.

    `patterns` are the weights of the five pattern scores. Probabilities are the softmax of `sharpness` times the sums.
    """

    grams: tuple[str, ...] = ()
    idf: tuple[float, ...] = ()
    weights: tuple[tuple[float, ...], ...] = ()
    patterns: tuple[tuple[float, ...], ...] = ()
    bias: tuple[float, ...] = ()
    sharpness: float = 1.0

    @cached_property
    def places(self) -> dict[str, int]:
        """Gram -> its place."""
        return {gram: place for place, gram in enumerate(self.grams)}

    @cached_property
    def tables(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """`idf`, `weights`, `patterns` and `bias` as arrays."""
        idf, weights, patterns, bias = self.idf, self.weights, self.patterns, self.bias
        return (np.array(idf, "f4"), np.array(weights, "f4"), np.array(patterns, "f4"), np.array(bias, "f4"))


NO_MODEL = FeelingModel()


class Felt(NamedTuple):
    """The emotion now, its estimated probability 0..1, and the words that show it: (message, start, end)."""

    label: Emotion
    score: float
    spans: tuple[tuple[int, int, int], ...]


CALM = Felt("calm", 0.5, ())  # of a customer who has said nothing


class Feelings:
    """Tells how a customer feels. Built once for a version; safe to share between threads."""

    def __init__(self, lexicon: Lexicon, model: FeelingModel = NO_MODEL) -> None:
        """Without a model (a knowledge base without examples) the patterns alone decide."""
        self._finder = emotion_finder(lexicon)
        self._model = model

    def feel(self, turns: Sequence[Said]) -> Felt:
        """How the customer feels now. `turns` are the customer's, oldest first; the newest weighs most."""
        turns = [turn for turn in turns if turn.folded.strip()][-len(TURNS) :]
        if not turns:
            return CALM
        chances, total = [0.0] * len(EMOTIONS), 0.0
        hits: list[tuple[Said, CueHit]] = []
        for place, turn in enumerate(reversed(turns)):
            found = self._finder.find(turn.folded[-READ:])
            hits += [(turn, _moved(hit, turn)) for hit in found]
            weight = TURNS[place] * (1.0 if found else _said(turn))
            total += weight
            for n, chance in enumerate(self._chances(turn.folded[-READ:], found)):
                chances[n] += weight * chance
            second, first = sorted(chances)[-2:]
            if first - second > sum(TURNS[place + 1 :]):
                break  # what was said before cannot change it
        best = max(range(len(EMOTIONS)), key=chances.__getitem__)
        label = EMOTIONS[best]
        shown = sorted((pair for pair in hits if pair[1].label == label), key=lambda pair: -pair[1].score)[:SHOWN]
        spans = [(turn.message, hit.start, hit.end) for turn, hit in shown] or self._telling(turns[-1], best)
        return Felt(label, round(chances[best] / total, 4), tuple(sorted(spans)))

    def _chances(self, folded: str, hits: Sequence[CueHit]) -> list[float]:
        """The probability of each emotion for one turn."""
        if any(hit.score >= CERTAIN for hit in hits):
            label = next(hit.label for hit in hits if hit.score >= CERTAIN)
            return [1.0 if emotion == label else 0.0 for emotion in EMOTIONS]
        scores = pattern_scores(hits)
        if not self._model.grams:
            return softmax([0.25, *(0.0 for _ in EMOTIONS[1:])], scores, 4.0)  # calm, unless a pattern says otherwise
        _, weights, patterns, bias = self._model.tables
        places, values = gram_values(self._model, folded)
        sums = bias + np.asarray(values, "f4") @ weights[places] + np.asarray(scores, "f4") * PATTERN_WEIGHT @ patterns
        return softmax(sums.tolist(), (), self._model.sharpness)

    def _telling(self, turn: Said, best: int) -> list[tuple[int, int, int]]:
        """The words of a turn whose n-grams speak most for an emotion, where no pattern does."""
        if not self._model.grams or EMOTIONS[best] == "calm":
            return []
        offset = max(0, len(turn.folded) - READ)
        places, weights = self._model.places, self._model.weights
        text = turn.folded[offset:]
        scored = []
        for size in (2, 3):
            for start in range(len(text) - size + 1):
                place = places.get(text[start : start + size])
                if place is not None and weights[place][best] > 0:
                    scored.append((weights[place][best] * self._model.idf[place], start, start + size))
        scored.sort(reverse=True)
        joined = (_trimmed(text, start, end) for start, end in _joined(scored[: 2 * SHOWN]))
        return [(turn.message, offset + start, offset + end) for start, end in joined if end - start > 1][:SHOWN]


def emotion_finder(lexicon: Lexicon) -> CueFinder:
    """The lexicon's emotion patterns, ready to search."""
    return CueFinder(CueItem(item.pattern, item.regex, item.emotion, item.score) for item in lexicon.emotions)


def grams(folded: str) -> Iterator[str]:
    """The runs of one to three characters of a text with its ends marked, white space squeezed, every number alike."""
    text = _DIGITS.sub("0", f"^{_SPACE.sub(' ', folded.strip())}$")
    pairs = list(map(add, text, text[1:]))
    return chain(text, pairs, map(add, pairs, text[2:]))


def gram_values(model: FeelingModel, folded: str) -> tuple[list[int], list[float]]:
    """The places of a text's known n-grams, and their values: (1 + ln frequency) x idf, scaled to length one."""
    known, idf = model.places, model.idf
    counts = Counter(place for place in map(known.get, grams(folded)) if place is not None)
    places = list(counts)
    values = [(1 + math.log(count) if count > 1 else 1.0) * idf[place] for place, count in counts.items()]
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return places, [value / length for value in values]


def pattern_scores(hits: Sequence[CueHit]) -> list[float]:
    """For each emotion the strongest of its patterns, 0..1."""
    scores = dict.fromkeys(EMOTIONS, 0.0)
    for hit in hits:
        label: Emotion = hit.label  # type: ignore[assignment]  # labels of this finder are emotions
        scores[label] = max(scores[label], hit.score)
    return list(scores.values())


def softmax(sums: Sequence[float], more: Sequence[float], sharpness: float) -> list[float]:
    """Probabilities for sums; `more` is added to them where given."""
    values = [sharpness * (one + other) for one, other in zip(sums, more or [0.0] * len(sums), strict=True)]
    top = max(values)
    powers = [math.exp(value - top) for value in values]
    return [power / sum(powers) for power in powers]


def _said(turn: Said) -> float:
    """How much a turn without any pattern says, 0.1..1: a bare order number says nothing of how one feels."""
    return min(1.0, max(0.1, len(_WORDY.findall(turn.folded)) / ENOUGH))


def _moved(hit: CueHit, turn: Said) -> CueHit:
    offset = max(0, len(turn.folded) - READ)
    return hit._replace(start=hit.start + offset, end=hit.end + offset)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch without the punctuation at its ends."""
    edges = _EDGES.match(text[start:end])
    assert edges is not None  # every part of it may be empty
    return start + edges.start(1), start + edges.end(1)


def _joined(scored: Sequence[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """Stretches that touch, as one; those with the best n-gram first."""
    return sorted(_merged(sorted((start, end) for _, start, end in scored)), key=lambda span: span[0] - span[1])


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for start, end in spans:
        if current and start <= current[1]:
            current = (current[0], max(end, current[1]))
        else:
            if current:
                yield current
            current = (start, end)
    if current:
        yield current
