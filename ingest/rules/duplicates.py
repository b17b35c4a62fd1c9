"""Entries that are copies of one another: the same phrasing twice, near copies of phrasings and of articles.

Both thresholds were chosen on the content of 2026-11-23 (17,900 phrasings, 377 articles) beside copies made from it:

- phrasings: questions of two articles that ask different things reach 0.65. Of the copies made by one edit (`能` to
  `可以`, `怎么办` to `咋办`, `退款` to `退货`, one wrong character), 0.7 finds 69 to 86 %, and 0.85 finds 20 to 37 %;
- articles: the most alike reach 0.29, while an article with eight nouns swapped stays at least 0.65 like itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.loaded import Loaded, Place
from ingest.render import PLACEHOLDER
from kb_service.content import Faq
from kb_service.errors import Problem
from kb_service.text import fold

SAME_PHRASING = 0.7
SAME_ARTICLE = 0.5
FEWEST_PAIRS = 6  # distinct character pairs; shorter texts that differ in a whole word are too much alike
_MEETINGS = 3  # rare pairs that two texts must share to be compared; of 1, 2 and 3 the fastest was 3
_ANSWER = ("结论", "处理步骤")  # the sections that make two articles the same

Integers = NDArray[np.int64]


class Phrasing(NamedTuple):
    """One way of asking: the article or group it belongs to, its folded letters, and where it stands."""

    owner: str
    text: str
    letters: str
    place: Place
    path: tuple[str | int, ...]

    def problem(self, rule: str, message: str) -> Problem:
        """A problem at the line of this phrasing."""
        return self.place.problem(self.path, rule, message)

    @property
    def where(self) -> str:
        """`file:line（owner）`."""
        return f"{self.place.file}:{self.place.located.line(self.path)}（{self.owner}）"


def check_duplicates(loaded: Loaded) -> Iterator[Problem]:
    """Phrasings written twice or nearly twice, near copies among the articles, and pairs that are listed wrongly."""
    phrasings = list(_phrasings(loaded))
    yield from _same_phrasings(phrasings)
    yield from _contradictory(loaded)
    yield from _near_phrasings(phrasings)
    yield from _near_articles(loaded)
    yield from _confusable(loaded)


def _phrasings(loaded: Loaded) -> Iterator[Phrasing]:
    """Every phrasing, those that are never shown included."""

    def each(owner: str, texts: tuple[str, ...], place: Place, *path: str | int) -> Iterator[Phrasing]:
        yield from (Phrasing(owner, text, _letters(text), place, (*path, n)) for n, text in enumerate(texts))

    for faq in loaded.faqs:
        yield from each(faq.id, faq.questions, loaded.places[faq.id], "questions")
        if faq.more_questions:
            yield from each(faq.id, faq.more_questions, loaded.places[f"phrasings/{faq.id}"], faq.id)
    for name, group in loaded.elsewhere.items():
        yield from each(name, group.questions, loaded.places["elsewhere"], name, "questions")


def _contradictory(loaded: Loaded) -> Iterator[Problem]:
    """Phrasings that an article both claims and disclaims."""
    for faq in loaded.faqs:
        own = {_letters(text) for text in (*faq.questions, *faq.more_questions)}
        for n, text in enumerate(faq.not_questions):
            if _letters(text) in own:
                message = f"“{text}”同时写在这篇的问法里；请从 not_questions 或问法中删掉"
                yield loaded.places[faq.id].problem(("not_questions", n), "phrasing", message)


def _letters(text: str) -> str:
    return re.sub(r"\W", "", fold(text))


def _same_phrasings(phrasings: Sequence[Phrasing]) -> Iterator[Problem]:
    seen: dict[str, Phrasing] = {}
    for phrasing in phrasings:
        if not phrasing.letters:
            yield phrasing.problem("phrasing", "问法里没有文字；请改写或删掉")
        elif phrasing.letters in seen:
            first = seen[phrasing.letters].where
            message = f"问法“{phrasing.text}”与 {first}重复；每种问法只能属于一篇，也只写一次"
            yield phrasing.problem("phrasing", message)
        else:
            seen[phrasing.letters] = phrasing


def _near_phrasings(phrasings: Sequence[Phrasing]) -> Iterator[Problem]:
    """Across articles only: near copies within one article do no harm, since they find the same answer."""
    for earlier, later, similarity in similar_pairs([phrasing.letters for phrasing in phrasings], SAME_PHRASING):
        one, other = phrasings[later], phrasings[earlier]
        if one.owner != other.owner and one.letters != other.letters:
            message = (
                f"问法“{one.text}”与 {other.where}的“{other.text}”几乎一样（相似度 {similarity:.2f}）；"
                "请删掉较弱的一条，或改写成看得出差别的说法"
            )
            yield one.problem("near-duplicate-phrasing", message)


def _near_articles(loaded: Loaded) -> Iterator[Problem]:
    listed = {frozenset(confusable.pair) for confusable in loaded.confusable}
    for earlier, later, similarity in similar_pairs([_answer(faq) for faq in loaded.faqs], SAME_ARTICLE):
        one, other = loaded.faqs[later], loaded.faqs[earlier]
        if {one.id, other.id} not in listed:
            place = loaded.places[other.id]
            message = (
                f"结论和处理步骤与 {place.file}:{place.located.line(('id',))}（{other.id}）几乎一样"
                f"（相似度 {similarity:.2f}）；请合并成一篇，或写出各自的差别；"
                "确实是两回事的，在 confusable.yaml 登记这一对并写明区别"
            )
            yield loaded.places[one.id].problem(("id",), "near-duplicate-article", message)


def _answer(faq: Faq) -> str:
    """The letters of an article's answer; which facts and clauses it names makes no difference."""
    return _letters(PLACEHOLDER.sub("", "".join(part.text for part in faq.sections if part.heading in _ANSWER)))


def _confusable(loaded: Loaded) -> Iterator[Problem]:
    seen: dict[frozenset[str], int] = {}
    for n, confusable in enumerate(loaded.confusable):
        place, pair = loaded.places["confusable"], frozenset(confusable.pair)
        if len(pair) == 1:
            yield place.problem((n, "pair"), "confusable", "两个编号是同一篇；请写两篇不同的常见问题")
        elif pair in seen:
            message = f"这一对已经写在第 {place.located.line((seen[pair],))} 行；请合并成一项"
            yield place.problem((n, "pair"), "confusable", message)
        seen.setdefault(pair, n)


def similar_pairs(texts: Sequence[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """(earlier, later, similarity) of all pairs of texts that are at least `threshold` (0.5 to 1) similar.

    Similarity is Jaccard's, over the distinct pairs of neighbouring characters. Texts with fewer than `FEWEST_PAIRS` of
    them are passed over; no text may hold a newline.
    """
    grams = _character_pairs(texts)
    for earlier, later in _candidates(grams, threshold):
        one, other = grams.of(earlier), grams.of(later)
        similarity = len(one & other) / len(one | other)
        if similarity >= threshold:
            yield earlier, later, similarity


@dataclass(frozen=True)
class _CharacterPairs:
    """The distinct character pairs of all texts, text by text, the rarest of each text first.

    `owner` (n,) says whose each is and `rank` (n,) which, 0 being the rarest of all; those below `lone` stand
    only once. Text t has `sizes[t]` pairs from `starts[t]` on.
    """

    owner: Integers
    rank: Integers
    lone: int
    sizes: Integers
    starts: Integers

    def of(self, text: int) -> set[int]:
        start = int(self.starts[text])
        return set(self.rank[start : start + int(self.sizes[text])].tolist())


def _character_pairs(texts: Sequence[str]) -> _CharacterPairs:
    """In numpy: sets of `kb_service.text.char_grams` took four times as long as all of `similar_pairs`."""
    codes = np.frombuffer("\n".join(texts).encode("utf-32-le"), np.uint32).astype(np.int64)
    breaks = codes == ord("\n")
    inside = ~(breaks[:-1] | breaks[1:])
    owner = np.cumsum(breaks)[:-1][inside]
    pairs = (codes[:-1] << 21 | codes[1:])[inside]  # a code point has 21 bits
    _, kind, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    rank_of = np.empty(len(counts), np.int64)
    rank_of[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    entries = np.sort(owner * len(counts) + rank_of[kind])
    entries = entries[np.diff(entries, prepend=-1) > 0]
    owner, rank = np.divmod(entries, max(len(counts), 1))
    sizes = np.bincount(owner, minlength=len(texts))
    return _CharacterPairs(owner, rank, int(np.sum(counts == 1)), sizes, np.cumsum(sizes) - sizes)


def _candidates(grams: _CharacterPairs, threshold: float) -> Iterator[tuple[int, int]]:
    """Pairs of texts that may be similar, the earlier first: those that share `_MEETINGS` of their rarest pairs.

    Prefix filtering (Bayardo, Ma, Srikant, "Scaling up all pairs similarity search", WWW 2007; several meetings: Wang,
    Li, Feng, "Can we beat the prefix filtering?", SIGMOD 2012). Similar sets share at least c = ceil(threshold * size)
    elements, therefore at least m among the size - c + m rarest of each, for every m up to c.
    """
    least_common = np.ceil(threshold * grams.sizes - 1e-9)  # 0.7 * 30 must not become 22
    prefix = np.where(grams.sizes < FEWEST_PAIRS, 0, grams.sizes - least_common + _MEETINGS)
    place = np.arange(len(grams.owner)) - grams.starts[grams.owner]
    rare = (place < prefix[grams.owner]) & (grams.rank >= grams.lone)
    by_rank = np.argsort(grams.rank[rare], kind="stable")
    rank, owner = grams.rank[rare][by_rank], grams.owner[rare][by_rank]
    met = [np.empty(0, np.int64)]
    for step in range(1, len(rank)):
        same = rank[step:] == rank[:-step]
        if not same.any():
            break
        met.append(owner[:-step][same] * len(grams.sizes) + owner[step:][same])
    found, meetings = np.unique(np.concatenate(met), return_counts=True)
    for pair in found[meetings >= _MEETINGS].tolist():
        yield divmod(pair, len(grams.sizes))
