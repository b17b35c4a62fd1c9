"""Question -> ranked entries: encode, search both legs, group by entry, fuse, estimate a confidence."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from kb_service.catalog import ELSEWHERE, NO_SOUNDS, PointRef, Sounds
from kb_service.index import Candidates, Scope, SparseTerms
from kb_service.knowledge import Searchable
from kb_service.text import fold, sparse_terms, term_id

POINTS_PER_LEG = 100  # an article has about 15 points; fewer would leave too few articles to fuse
DENSE_SHARE = 0.35  # of the convex fusion; chosen on dev, docs/decisions/0004-ranking.md
NO_COSINE = 0.8  # stands for an entry that the dense leg did not return; unrelated texts have about that
NO_TERMS = SparseTerms([], [])
MAX_TERMS = 400  # of the sparse query: a story of 200 characters; more terms cost time and add only noise


@dataclass(frozen=True, slots=True)
class Ranked:
    """One entry (FAQ id or `policy#clause`) with the parts of its score.

    `point` is its nearest point that has a text of its own: a phrasing, a passage or a clause. The leads are how far
    its raw scores stand above those of the best other entry, out-of-scope questions included; mostly negative.
    """

    entry: str
    point: PointRef
    dense: float | None
    sparse: float | None
    dense_scaled: float
    sparse_scaled: float
    fused: float
    dense_lead: float
    sparse_lead: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked entries, best first, and the milliseconds that each step took.

    `terms` is how many distinct terms the query has; `outside` the group of out-of-scope questions that fits better
    than every entry, if one does.
    """

    entries: list[Ranked]
    timings: dict[str, float]
    terms: int = 0
    outside: str | None = None
    vector: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)  # of the query


def retrieve(source: Searchable, query: str, scope: Scope, limit: int, dense_share: float = DENSE_SHARE) -> Ranking:
    """The best `limit` entries for `query` inside `scope`. Raises VectorIndexError."""
    started = time.perf_counter()
    folded = fold(query)
    vector = source.encoder.encode([folded], "query")[0]
    encoded = time.perf_counter()
    terms = query_terms(folded, source.sounds)
    found = source.index.search(vector, terms, scope, POINTS_PER_LEG)
    searched = time.perf_counter()
    ranked, outside = _rank(source.points, found, len(terms.ids), limit, dense_share)
    finished = time.perf_counter()
    timings = {"encode": encoded - started, "search": searched - encoded, "rank": finished - searched}
    return Ranking(ranked, {name: seconds * 1000 for name, seconds in timings.items()}, len(terms.ids), outside, vector)


def nearest_cases(
    source: Searchable, vector: NDArray[np.float32], scope: Scope, limit: int, terms: SparseTerms = NO_TERMS
) -> list[Ranked]:
    """The best `limit` cases inside `scope` for an encoded question, likest first. Raises VectorIndexError.

    Their confidence rests on the cosine alone: how rare a word is cannot be told from a handful of cases.
    """
    found = source.index.search(vector, terms, scope, POINTS_PER_LEG)
    ranked, _ = _rank(source.points, found, len(terms.ids), limit, DENSE_SHARE if terms.ids else 1.0)
    return [replace(hit, confidence=likeness(hit.dense)) for hit in ranked]


def query_terms(query: str, sounds: Sounds = NO_SOUNDS) -> SparseTerms:
    """The query side of BM25: every distinct term weighs one, the engine multiplies by IDF.

    A pair of characters that no document has may be a typing error: pairs that sound like it are looked for as well.
    """
    terms = dict.fromkeys(sparse_terms(query))
    for term in list(terms):
        if len(term) == 2 and not term.isascii():
            for pair in sounds.alike(term):
                terms |= dict.fromkeys((pair, *pair))
    ids = list({term_id(term): None for term in terms})[:MAX_TERMS]
    return SparseTerms(ids, [1.0] * len(ids))


def _rank(
    points: Sequence[PointRef], found: Candidates, terms: int, limit: int, dense_share: float
) -> tuple[list[Ranked], str | None]:
    """The best `limit` entries, and the out-of-scope group that beats them all, if one does."""
    best_dense, best_sparse = _best_point(points, found.dense), _best_point(points, found.sparse)
    dense_scaled, sparse_scaled = _scaled(best_dense), _scaled(best_sparse)
    fused = [
        (dense_share * dense_scaled.get(entry, 0.0) + (1 - dense_share) * sparse_scaled.get(entry, 0.0), entry)
        for entry in best_dense.keys() | best_sparse.keys()
    ]
    fused.sort(key=lambda item: (-item[0], item[1]))
    dense_lead, sparse_lead = _lead(best_dense, NO_COSINE), _lead(best_sparse, 0.0)
    inside = [(score, entry) for score, entry in fused if not entry.startswith(ELSEWHERE)]
    shown = inside[:limit]
    nearest = _nearest(points, found.dense, {entry for _, entry in shown})
    ranked = []
    for score, entry in shown:
        cosine, number = best_dense.get(entry, (None, -1))
        bm25, number = best_sparse.get(entry, (None, number))
        leads = dense_lead(cosine), sparse_lead(bm25)
        ranked.append(
            Ranked(
                entry,
                points[nearest.get(entry, number)],
                cosine,
                bm25,
                dense_scaled.get(entry, 0.0),
                sparse_scaled.get(entry, 0.0),
                score,
                *leads,
                confidence(features(cosine, bm25, *leads, terms)),
            )
        )
    outside = fused[0][1].removeprefix(ELSEWHERE) if fused and fused[0][1].startswith(ELSEWHERE) else None
    return ranked, outside


Best = dict[str, tuple[float, int]]


def _best_point(points: Sequence[PointRef], scores: Mapping[int, float]) -> Best:
    """Entry -> its highest score and the point that has it. The engine gives the scores best first."""
    best: Best = {}
    for number, score in scores.items():
        best.setdefault(points[number][0], (score, number))  # [0] is `entry`; by name it takes twice as long
    return best


def _nearest(points: Sequence[PointRef], scores: Mapping[int, float], wanted: Set[str]) -> dict[str, int]:
    """Wanted entry -> the first of its points with a text of its own; scores come best first."""
    found: dict[str, int] = {}
    for number in scores:
        entry, role, _ = points[number]
        if role != "document" and entry in wanted:
            found.setdefault(entry, number)
    return found


def _scaled(best: Best) -> dict[str, float]:
    """Min-max rescaling of a leg to 0..1. An entry that the leg did not return counts as its worst: 0."""
    low = min((score for score, _ in best.values()), default=0.0)
    width = max((score for score, _ in best.values()), default=0.0) - low
    return {entry: (score - low) / width if width else 1.0 for entry, (score, _) in best.items()}


def _lead(best: Best, absent: float) -> Callable[[float | None], float]:
    """How far an entry's score of a leg stands above the best other one; `absent` stands for no score."""
    first, second = [*sorted((score for score, _ in best.values()), reverse=True), absent, absent][:2]

    def lead(score: float | None) -> float:
        if score is None:
            return absent - first
        return score - (second if score == first else first)

    return lead


# Logistic regression of "this entry answers the question" on raw scores (a rescaled one tops out high for rubbish too)
# and their leads. Fitted by `kb-eval calibrate` on the dev split.
BIAS = -27.275
WEIGHTS = (26.954, 48.268, 0.254, 0.652, -0.385)


Features = tuple[float, float, float, float, float]


def features(cosine: float | None, bm25: float | None, dense_lead: float, sparse_lead: float, terms: int) -> Features:
    """What the confidence rests on: cosine and its lead, BM25 and its lead per root of the terms, log of the terms."""
    count = max(1, terms)
    root = math.sqrt(count)
    return cosine or NO_COSINE, dense_lead, (bm25 or 0.0) / root, sparse_lead / root, math.log(count)


def confidence(parts: Features) -> float:
    """Estimated probability in 0..1 that the entry answers the question; see the constants above."""
    logit = BIAS + sum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


# Logistic of "this case is like the one at hand" on the cosine of its nearest point: 30 paraphrases of the six sample
# cases lie at 0.93 on average, the 246 dev questions of the same issue types at 0.89; one half at 0.918.
LIKE_BIAS, LIKE_WEIGHT = -215.7, 235.0


def likeness(cosine: float | None) -> float:
    """Estimated probability in 0..1 that a closed case is like the one that was asked about."""
    logit = LIKE_BIAS + LIKE_WEIGHT * (cosine or NO_COSINE)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
