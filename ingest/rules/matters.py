"""Which matter a statement is about, told by its words.

A statement is like another if their words are: characters and pairs of neighbouring ones, weighted by how few matters
share them. All statements are compared at once, in numpy: one by one it would take minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb_service.text import fold_in_place

Integers = NDArray[np.int64]
Floats = NDArray[np.float32]
Words = Sequence[tuple[float, str]]  # texts, each with the weight of its words

SINGLE = 0.5  # weight of a character beside that of a pair
COMMON = 250  # terms of more matters than this are said of anything: left out, for time


class Spoken(NamedTuple):
    """The words around a statement: those of its clause, those right beside it, and all with weights."""

    own: Words
    beside: Words
    wide: Words


@dataclass(frozen=True)
class Terms:
    """Distinct terms of many texts: whose each is, which, and its weight. Sorted by owner."""

    owner: Integers
    term: Integers
    weight: Floats

    def where(self, keep: NDArray[np.bool_]) -> Terms:
        """Those for which `keep` holds."""
        return Terms(self.owner[keep], self.term[keep], self.weight[keep])

    @property
    def single(self) -> NDArray[np.bool_]:
        """Which are single characters."""
        return self.term < 1 << 21

    def scaled(self, vocabulary: Integers, scale: Floats, count: int, unit: bool = True) -> Terms:
        """With weights times `scale`, those outside of the vocabulary left out; `unit`: each owner's length is 1."""
        at = np.searchsorted(vocabulary, self.term).clip(max=len(vocabulary) - 1)
        known = (vocabulary[at] == self.term) & (scale[at] > 0)
        owner, weight = self.owner[known], self.weight[known] * scale[at[known]]
        if unit:
            length = np.sqrt(np.bincount(owner, weight.astype(np.float64) ** 2, count))
            weight = weight / np.maximum(length, 1e-9)[owner].astype(np.float32)
        return Terms(owner, self.term[known], weight.astype(np.float32))


def terms_of(texts: Iterable[Words]) -> Terms:
    """Characters and pairs of each text's Chinese; of a term that stands in several parts, the greatest weight."""
    parts = [(n, weight, text.replace("\n", " ")) for n, words in enumerate(texts) for weight, text in words if text]
    joined = fold_in_place("\n".join([*(text for _, _, text in parts), ""]))
    codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32).astype(np.int64)
    part = np.repeat(np.arange(len(parts)), [len(text) + 1 for _, _, text in parts])
    chinese = (codes >= 0x3400) & (codes <= 0x9FFF)
    both = chinese[:-1] & chinese[1:]
    term = np.concatenate([codes[chinese], (codes[:-1] << 21 | codes[1:])[both]])  # a code point has 21 bits
    part = np.concatenate([part[chinese], part[:-1][both]])
    owner = np.array([n for n, _, _ in parts], np.int64)[part]
    weight = np.array([weight for _, weight, _ in parts], np.float32)[part]
    vocabulary, number = np.unique(term, return_inverse=True)
    key = owner * len(vocabulary) + number
    order = np.argsort(key, kind="stable")
    key, first = np.unique(key[order], return_index=True)
    weight = np.maximum.reduceat(weight[order], first) if len(first) else weight
    return Terms(key // len(vocabulary), vocabulary[key % len(vocabulary)], weight)


def products(one: Terms, other: Terms, shape: tuple[int, int]) -> Floats:
    """The inner product of every text of `one` with every text of `other`."""
    by_term = np.argsort(other.term, kind="stable")
    term = other.term[by_term]
    start, end = np.searchsorted(term, one.term, "left"), np.searchsorted(term, one.term, "right")
    counts = end - start
    left = np.repeat(np.arange(len(one.term)), counts)
    right = by_term[np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts - start, counts)]
    place = one.owner[left] * shape[1] + other.owner[right]
    found = np.bincount(place, one.weight[left] * other.weight[right], shape[0] * shape[1])
    return np.asarray(found.reshape(shape), np.float32)


def rarity(terms: Terms, matter: Integers, count: int) -> tuple[Integers, Floats]:
    """(terms, weight of each): the fewer of the `count` matters share a term, the more it weighs."""
    vocabulary, number = np.unique(terms.term, return_inverse=True)
    pairs = np.unique(number * count + matter[terms.owner])
    shared = np.bincount(pairs // count, minlength=len(vocabulary))
    weight = np.log1p(count / shared) * np.where(vocabulary < 1 << 21, SINGLE, 1.0)
    return vocabulary, np.where(shared > COMMON, 0.0, weight).astype(np.float32)


# A linear model of which fact a mention states, against the facts most like it; fitted on the content of 2026-11-23.
BESIDE, OWN, LABEL, COVERED, CITED, USED = 7.8, 2.9, 6.9, 5.7, 1.7, 0.3


@dataclass(frozen=True)
class Matters:
    """Statements of known matters: `spoken` their words, `of` which matter each states (-1 where that is not known).

    Of each matter the label, the clause that sets it, and in how many files it is stated.
    """

    spoken: Sequence[Spoken]
    of: Integers
    labels: Sequence[str]
    sources: Sequence[str]
    used: Sequence[int]

    def suits(self, cited: Sequence[frozenset[str]]) -> Floats:
        """How well each statement's words and the clauses that it cites suit each matter (statements x matters).

        The statement itself is left out of what is known of its matter.
        """
        own, beside, wide = (terms_of([getattr(one, zone) for one in self.spoken]) for zone in Spoken._fields)
        labels = terms_of([[(1.0, label)] for label in self.labels])
        vocabulary, scale = self._rarity(wide, labels)
        n, m = len(self.spoken), len(self.labels)
        spread = wide.scaled(vocabulary, scale, n)
        found: Floats = LABEL * products(spread, labels.scaled(vocabulary, scale, m), (n, m))
        found += COVERED * _covered(spread, labels.scaled(vocabulary, scale, m, unit=False), (n, m))
        for weight, zone in ((BESIDE, beside), (OWN, own)):
            found += weight * self._nearest(zone.scaled(vocabulary, scale, n))
        found += CITED * self._cited(cited) + USED * self._usual()
        return found

    def _rarity(self, spoken: Terms, labels: Terms) -> tuple[Integers, Floats]:
        known, n, m = spoken.where(self.of[spoken.owner] >= 0), len(self.spoken), len(self.labels)
        terms = Terms(
            np.concatenate([known.owner, labels.owner + n]),
            np.concatenate([known.term, labels.term]),
            np.concatenate([known.weight, labels.weight]),
        )
        return rarity(terms, np.concatenate([self.of, np.arange(m)]), m)

    def _nearest(self, terms: Terms) -> Floats:
        """How like each statement is to the statement of each matter that it is most like."""
        order = np.argsort(self.of, kind="stable")
        known = order[np.searchsorted(self.of[order], 0) :]  # those of one matter together
        place = np.full(len(self.of), -1)
        place[known] = np.arange(len(known))
        mentions = terms.where(self.of[terms.owner] >= 0)
        mentions = Terms(place[mentions.owner], mentions.term, mentions.weight)
        near = products(terms, mentions, (len(self.of), len(known)))
        near[known, np.arange(len(known))] = 0
        starts = np.searchsorted(self.of[known], np.arange(len(self.labels)))
        nearest: Floats = np.maximum.reduceat(near, starts, axis=1)
        return nearest

    def _cited(self, cited: Sequence[frozenset[str]]) -> Floats:
        of: dict[str, list[int]] = {}
        for n, source in enumerate(self.sources):
            of.setdefault(source, []).append(n)
        found = np.zeros((len(cited), len(self.sources)), np.float32)
        for n, clauses in enumerate(cited):
            found[n, [matter for clause in clauses for matter in of.get(clause, ())]] = 1
        return found

    def _usual(self) -> Floats:
        """What is stated in many files is more likely stated in one more."""
        used = np.array(self.used, np.float32)
        found = np.tile(np.log1p(used), (len(self.of), 1))
        rows = np.flatnonzero(self.of >= 0)
        found[rows, self.of[rows]] = np.log(np.maximum(used[self.of[rows]], 1))
        return found.astype(np.float32)


def _covered(spoken: Terms, labels: Terms, shape: tuple[int, int]) -> Floats:
    """How much of each label's characters each statement has, 0..1."""
    labels, present = labels.where(labels.single), spoken.where(spoken.single)
    whole = np.maximum(np.bincount(labels.owner, labels.weight, shape[1]), 1e-9).astype(np.float32)
    return products(Terms(present.owner, present.term, np.ones_like(present.weight)), labels, shape) / whole
