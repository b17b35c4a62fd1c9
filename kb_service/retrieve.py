"""Question -> ranked entries: encode, search both legs, group by entry, fuse, estimate a confidence."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from kb_service.catalog import PointRef
from kb_service.index import Scope, SparseTerms
from kb_service.knowledge import Knowledge
from kb_service.text import char_grams, fold, sparse_terms, term_id

POINTS_PER_LEG = 100  # an article has about 15 points; fewer would leave too few articles to fuse
DENSE_SHARE = 0.35  # of the convex fusion; chosen on dev, docs/decisions/0004-ranking.md
MAX_TERMS = 400  # of the sparse query: a story of 200 characters; more terms cost time and add only noise
# Logistic regression of "this entry answers the question" on the raw cosine and the n-gram overlap of its nearest
# point. Raw on purpose: rescaled scores top out high for rubbish too. Fitted by `kb-eval calibrate` on the dev split.
BIAS, COSINE_WEIGHT, OVERLAP_WEIGHT = -60.2, 63.7, 6.6


@dataclass(frozen=True, slots=True)
class Ranked:
    """One entry (FAQ id or `policy#clause`) with the parts of its score.

    `point` is its nearest point that has a text of its own: a phrasing, a passage or a clause.
    """

    entry: str
    point: PointRef
    dense: float | None
    sparse: float | None
    dense_scaled: float
    sparse_scaled: float
    fused: float
    overlap: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked entries, best first, and the milliseconds that each step took."""

    entries: list[Ranked]
    timings: dict[str, float]


def retrieve(knowledge: Knowledge, query: str, scope: Scope, limit: int) -> Ranking:
    """The best `limit` entries for `query` inside `scope`. Raises VectorIndexError."""
    started = time.perf_counter()
    folded = fold(query)
    vector = knowledge.encoder.encode([folded], "query")[0]
    encoded = time.perf_counter()
    found = knowledge.index.search(vector, query_terms(folded), scope, POINTS_PER_LEG)
    searched = time.perf_counter()
    ranked = _rank(knowledge, folded, found.dense, found.sparse, limit)
    finished = time.perf_counter()
    timings = {"encode": encoded - started, "search": searched - encoded, "rank": finished - searched}
    return Ranking(ranked, {name: seconds * 1000 for name, seconds in timings.items()})


def query_terms(query: str) -> SparseTerms:
    """The query side of BM25: every distinct term weighs one, the engine multiplies by IDF."""
    ids = list({term_id(term): None for term in sparse_terms(query)})[:MAX_TERMS]
    return SparseTerms(ids, [1.0] * len(ids))


def _rank(
    knowledge: Knowledge, query: str, dense: Mapping[int, float], sparse: Mapping[int, float], limit: int
) -> list[Ranked]:
    points = knowledge.catalog.points
    best_dense, best_sparse = _best_point(points, dense), _best_point(points, sparse)
    nearest = _best_point(points, {n: score for n, score in dense.items() if points[n].role != "document"})
    dense_scaled, sparse_scaled = _scaled(best_dense), _scaled(best_sparse)
    fused = [
        (DENSE_SHARE * dense_scaled.get(entry, 0.0) + (1 - DENSE_SHARE) * sparse_scaled.get(entry, 0.0), entry)
        for entry in best_dense.keys() | best_sparse.keys()
    ]
    fused.sort(key=lambda item: (-item[0], item[1]))
    query_grams = char_grams(query)
    ranked = []
    for score, entry in fused[:limit]:
        cosine, number = best_dense.get(entry, (None, -1))
        bm25, number = best_sparse.get(entry, (None, number))
        point = points[nearest[entry][1] if entry in nearest else number]
        overlap = dice(query_grams, _point_grams(knowledge, point))
        ranked.append(
            Ranked(
                entry,
                point,
                cosine,
                bm25,
                dense_scaled.get(entry, 0.0),
                sparse_scaled.get(entry, 0.0),
                score,
                overlap,
                confidence(cosine, overlap),
            )
        )
    return ranked


Best = dict[str, tuple[float, int]]


def _best_point(points: tuple[PointRef, ...], scores: Mapping[int, float]) -> Best:
    """Entry -> its highest score and the point that has it."""
    best: Best = {}
    for number, score in scores.items():
        entry = points[number].entry
        if entry not in best or score > best[entry][0]:
            best[entry] = (score, number)
    return best


def _scaled(best: Best) -> dict[str, float]:
    """Min-max rescaling of a leg to 0..1. An entry that the leg did not return counts as its worst: 0."""
    low = min((score for score, _ in best.values()), default=0.0)
    width = max((score for score, _ in best.values()), default=0.0) - low
    return {entry: (score - low) / width if width else 1.0 for entry, (score, _) in best.items()}


def _point_grams(knowledge: Knowledge, point: PointRef) -> frozenset[str]:
    """The character pairs of a point's text, computed once per version."""
    grams = knowledge.grams.get(point)
    if grams is None:
        grams = knowledge.grams[point] = frozenset(char_grams(fold(point_text(knowledge, point))))
    return grams


def dice(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    """Sorensen-Dice similarity of two sets, 0..1."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


def confidence(cosine: float | None, overlap: float) -> float:
    """Estimated probability in 0..1 that the entry answers the question; see the constants above."""
    logit = BIAS + COSINE_WEIGHT * (cosine or 0.0) + OVERLAP_WEIGHT * overlap
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def point_text(knowledge: Knowledge, point: PointRef) -> str:
    """The text that a point stands for, as content has it."""
    catalog = knowledge.catalog
    if point.role == "clause":
        return catalog.policies[point.entry.partition("#")[0]].clauses[point.part].text
    faq = catalog.faqs[point.entry]
    if point.role == "passage":
        return faq.sections[point.part].text
    if point.role == "document":
        return faq.title
    return faq.questions[point.part - 1] if point.part else faq.title
