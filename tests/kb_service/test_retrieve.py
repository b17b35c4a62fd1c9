"""Ranking by hand on a handful of candidates: best points, fusion, leads, confidence; and the query's terms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from kb_service.catalog import PointRef
from kb_service.encoder import Encoder, Vectors
from kb_service.index import BreakerState, Candidates, Scope, SparseTerms
from kb_service.knowledge import Knowledge, Searchable
from kb_service.retrieve import (
    DENSE_SHARE,
    MAX_TERMS,
    NO_COSINE,
    POINTS_PER_LEG,
    Ranked,
    Ranking,
    confidence,
    features,
    query_terms,
    retrieve,
)
from kb_service.text import term_id

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SCOPE = Scope("agent", NOW, NOW)
POINTS = (
    PointRef("a", "question", 0),
    PointRef("a", "question", 1),
    PointRef("a", "document", 0),
    PointRef("b", "passage", 0),
    PointRef("b", "document", 0),
    PointRef("rules#c", "clause", 0),
    PointRef("elsewhere.weather", "question", 0),
    PointRef("elsewhere.weather", "document", 0),
)
A0, A1, A_ALL, B0, B_ALL, C, E0, E_ALL = range(8)


@dataclass(frozen=True)
class Found:
    """An index that finds what it was told, and refuses to be asked for anything but a normal search."""

    candidates: Candidates
    breaker: BreakerState = "closed"

    def check(self) -> None:
        pass

    def search(self, vector: Vectors | None, terms: SparseTerms, scope: Scope, limit: int) -> Candidates:
        assert vector is not None
        assert vector.shape == (384,)
        assert (scope, limit) == (SCOPE, POINTS_PER_LEG)
        return self.candidates

    def entries(self, scope: Scope, limit: int) -> list[str]:
        raise NotImplementedError

    def count(self) -> int:
        return len(POINTS)

    def close(self) -> None:
        pass


def ranked(encoder: Encoder, dense: Mapping[int, float], sparse: Mapping[int, float], limit: int = 9) -> Ranking:
    """What `retrieve` makes of candidates; 退款 has three terms: 退, 款 and 退款."""
    found = Found(Candidates(best_first(dense), best_first(sparse)))
    return retrieve(Searchable(encoder, found, POINTS), "退款", SCOPE, limit)


def best_first(scores: Mapping[int, float]) -> dict[int, float]:
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


def by_entry(ranking: Ranking) -> dict[str, Ranked]:
    return {hit.entry: hit for hit in ranking.entries}


def names(hits: Sequence[Ranked]) -> list[str]:
    return [hit.entry for hit in hits]


# ── nothing, and what is never an answer


def test_nothing_found_is_an_empty_ranking(encoder: Encoder) -> None:
    found = ranked(encoder, {}, {})
    assert (found.entries, found.outside) == ([], None)


def test_out_of_scope_questions_are_never_ranked_and_named_only_when_they_fit_best(encoder: Encoder) -> None:
    best = ranked(encoder, {E0: 0.95, A0: 0.85}, {E_ALL: 20.0, A_ALL: 10.0})
    assert (names(best.entries), best.outside) == (["a"], "weather")
    second = ranked(encoder, {E0: 0.85, A0: 0.95}, {E_ALL: 10.0, A_ALL: 20.0})
    assert (names(second.entries), second.outside) == (["a"], None)
    alone = ranked(encoder, {E0: 0.95}, {})
    assert (alone.entries, alone.outside) == ([], "weather")


# ── fusion


def test_fusion_by_hand(encoder: Encoder) -> None:
    # Best points: cosine a 0.95 (A_ALL), b 0.85, c 0.75; BM25 a 10, b 20, c 5. Rescaled to 0..1 leg by leg.
    found = ranked(encoder, {A0: 0.90, A1: 0.93, A_ALL: 0.95, B0: 0.85, C: 0.75}, {A_ALL: 10.0, B_ALL: 20.0, C: 5.0})
    hits = by_entry(found)
    assert {name: (hit.dense, hit.sparse) for name, hit in hits.items()} == {
        "a": (0.95, 10.0),
        "b": (0.85, 20.0),
        "rules#c": (0.75, 5.0),
    }
    scaled = {name: (hit.dense_scaled, hit.sparse_scaled) for name, hit in hits.items()}
    assert scaled["a"] == pytest.approx((1.0, 1 / 3))
    assert scaled["b"] == pytest.approx((1 / 2, 1.0))
    assert scaled["rules#c"] == (0.0, 0.0)
    assert hits["a"].fused == pytest.approx(DENSE_SHARE + (1 - DENSE_SHARE) / 3)
    assert hits["b"].fused == pytest.approx(DENSE_SHARE / 2 + (1 - DENSE_SHARE))
    assert hits["rules#c"].fused == 0.0
    assert names(found.entries) == sorted(hits, key=lambda name: -hits[name].fused)
    assert found.terms == 3


def test_an_entry_that_one_leg_did_not_return_counts_as_its_worst(encoder: Encoder) -> None:
    hits = by_entry(ranked(encoder, {A0: 0.9, B0: 0.8}, {B_ALL: 8.0, C: 4.0}))
    assert (hits["a"].sparse, hits["a"].sparse_scaled) == (None, 0.0)
    assert (hits["rules#c"].dense, hits["rules#c"].dense_scaled) == (None, 0.0)
    assert hits["a"].fused == DENSE_SHARE
    assert hits["b"].fused == 1 - DENSE_SHARE
    assert hits["rules#c"].fused == 0.0


def test_a_lone_entry_or_equal_scores_are_full_marks(encoder: Encoder) -> None:
    alone = ranked(encoder, {A0: 0.9}, {A_ALL: 3.0}).entries[0]
    assert (alone.dense_scaled, alone.sparse_scaled, alone.fused) == (1.0, 1.0, 1.0)
    equal = ranked(encoder, {B0: 0.9, A0: 0.9}, {})
    assert names(equal.entries) == ["a", "b"]  # ids break ties, so that the order is the same every time


def test_the_share_of_the_dense_leg_can_be_chosen(encoder: Encoder) -> None:
    searchable = Searchable(encoder, Found(Candidates({A0: 0.9, B0: 0.8}, {B_ALL: 8.0, A_ALL: 4.0})), POINTS)
    fused = {share: by_entry(retrieve(searchable, "退款", SCOPE, 2, share))["a"].fused for share in (0.0, 0.25, 1.0)}
    assert fused == {0.0: 0.0, 0.25: 0.25, 1.0: 1.0}


def test_only_the_best_are_returned(encoder: Encoder) -> None:
    legs = {A0: 0.9, B0: 0.8, C: 0.7}, {A_ALL: 9.0, B_ALL: 8.0, C: 7.0}
    assert names(ranked(encoder, *legs, limit=2).entries) == ["a", "b"]
    assert ranked(encoder, *legs, limit=1).entries[0] == ranked(encoder, *legs).entries[0]


def test_an_entry_shows_its_nearest_point_with_a_text_of_its_own(encoder: Encoder) -> None:
    hits = by_entry(ranked(encoder, {A0: 0.90, A1: 0.91, A_ALL: 0.95, B_ALL: 0.9}, {B_ALL: 5.0, C: 5.0}))
    assert hits["a"].point == POINTS[A1]
    assert hits["b"].point == POINTS[B_ALL]  # none of its own was found
    assert hits["rules#c"].point == POINTS[C]


# ── leads


def test_leads_by_hand(encoder: Encoder) -> None:
    hits = by_entry(ranked(encoder, {A0: 0.95, B0: 0.85, C: 0.75}, {A_ALL: 10.0, B_ALL: 20.0}))
    leads = {name: (hit.dense_lead, hit.sparse_lead) for name, hit in hits.items()}
    assert leads["a"] == pytest.approx((0.95 - 0.85, 10 - 20))
    assert leads["b"] == pytest.approx((0.85 - 0.95, 20 - 10))
    assert leads["rules#c"] == pytest.approx((0.75 - 0.95, 0 - 20))  # without a BM25 score: nought


def test_a_lead_is_over_out_of_scope_questions_too(encoder: Encoder) -> None:
    hit = ranked(encoder, {A0: 0.95, E0: 0.93, B0: 0.80}, {A_ALL: 10.0, E_ALL: 9.0}).entries[0]
    assert (hit.dense_lead, hit.sparse_lead) == pytest.approx((0.02, 1.0))


def test_nobody_leads_in_a_tie_and_a_lone_entry_leads_over_nothing(encoder: Encoder) -> None:
    tie = by_entry(ranked(encoder, {A0: 0.9, B0: 0.9}, {}))
    assert (tie["a"].dense_lead, tie["b"].dense_lead) == (0.0, 0.0)
    alone = ranked(encoder, {A0: 0.9}, {A_ALL: 5.0}).entries[0]
    assert (alone.dense_lead, alone.sparse_lead) == pytest.approx((0.9 - NO_COSINE, 5.0))


def test_an_entry_stays_behind_the_only_one_that_a_leg_returned(encoder: Encoder) -> None:
    hits = by_entry(ranked(encoder, {A0: 0.95}, {B_ALL: 12.0}))
    assert hits["b"].dense_lead == pytest.approx(NO_COSINE - 0.95)
    assert hits["a"].sparse_lead == pytest.approx(-12.0)


# ── confidence


def test_features_by_hand() -> None:
    assert features(0.9, 8.0, 0.05, 4.0, 4) == pytest.approx((0.9, 0.05, 4.0, 2.0, math.log(4)))
    assert features(None, None, -0.1, -6.0, 9) == pytest.approx((NO_COSINE, -0.1, 0.0, -2.0, math.log(9)))
    assert features(0.9, None, 0.0, 0.0, 0) == (0.9, 0.0, 0.0, 0.0, 0.0)  # no terms count as one


def test_the_confidence_of_a_hit_is_that_of_its_features(encoder: Encoder) -> None:
    for hit in ranked(encoder, {A0: 0.95, B0: 0.85}, {A_ALL: 10.0, C: 7.0}).entries:
        parts = features(hit.dense, hit.sparse, hit.dense_lead, hit.sparse_lead, 3)
        assert hit.confidence == confidence(parts)


@pytest.mark.parametrize("part", range(4))
def test_more_of_any_score_or_lead_is_more_confidence(part: int) -> None:
    steps = [(0.80, 0.85, 0.90, 0.95), (-0.10, -0.02, 0.0, 0.05), (0.0, 2.0, 4.0, 8.0), (-4.0, -1.0, 0.0, 2.0)]
    middle = [0.88, 0.0, 3.0, 0.0, math.log(12)]
    found = []
    for value in steps[part]:
        parts = [*middle[:part], value, *middle[part + 1 :]]
        found.append(confidence((parts[0], parts[1], parts[2], parts[3], parts[4])))
    assert found == sorted(set(found))
    assert all(0 < value < 1 for value in found)


def test_confidence_stays_a_probability_at_the_extremes() -> None:
    assert 0 < confidence((NO_COSINE, -1e9, 0.0, -1e9, 0.0)) < 1e-9
    assert 1 - 1e-9 < confidence((1.0, 1e9, 1e9, 1e9, 0.0)) < 1


# ── the query's terms


def test_query_terms_are_distinct_and_weigh_one() -> None:
    found = query_terms("退款 退 ok")
    assert found == SparseTerms([term_id(term) for term in ("退", "款", "退款", "ok")], [1.0] * 4)
    assert query_terms("？！") == SparseTerms([], [])


def test_a_long_query_keeps_its_first_terms() -> None:
    words = [f"w{number}" for number in range(MAX_TERMS + 1)]
    found = query_terms(" ".join(words))
    assert found.ids == [term_id(word) for word in words[:MAX_TERMS]]
    assert len(found.weights) == MAX_TERMS


# ── the whole way, on the small knowledge base


def test_the_small_knowledge_base_is_searched(knowledge: Knowledge) -> None:
    found = retrieve(knowledge.searchable, "賣家不發貨怎麼辦", SCOPE, 3)
    best = found.entries[0]
    assert (best.entry, best.fused) == ("trade.refund.no-ship", 1.0)
    assert knowledge.catalog.point_text(best.point) == "卖家不发货怎么办"
    assert (len(found.entries), found.outside, found.terms) == (3, None, 8 + 7)
    assert list(found.timings) == ["encode", "search", "rank"]
    assert retrieve(knowledge.searchable, "今天天气真不错", SCOPE, 1).outside == "chit-chat"


@pytest.mark.parametrize(
    ("point", "text"),
    [
        (PointRef("trade.refund.no-ship", "question", 0), "卖家一直不发货，怎么退款？"),
        (PointRef("trade.refund.no-ship", "question", 1), "拍下三天了还没发货能退钱吗"),
        (PointRef("trade.refund.no-ship", "question", 3), "付了钱对面一直不发 我要退款"),
        (PointRef("trade.refund.no-ship", "document", 0), "卖家一直不发货，怎么退款？"),
        (PointRef("trade.refund.no-ship", "passage", 2), "同一卖家第三次逾期转交易运营部。"),
        (PointRef("trade-rules#ship-window", "clause", 1), "卖家应当自买家付款起 72 小时内发货。"),
    ],
)
def test_the_text_of_a_point(knowledge: Knowledge, point: PointRef, text: str) -> None:
    assert knowledge.catalog.point_text(point) == text
