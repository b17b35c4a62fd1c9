"""Every measure on a table small enough to work by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eval.measures import (
    ROUNDS,
    auroc,
    calibration_error,
    false_answers,
    interval,
    macro_f1,
    paired_p,
    ranking_measures,
    ranking_set,
    reliability,
    risk_coverage,
)

# ── rankings


def values(judged: dict[str, int], ranking: list[str], answers: int = 2) -> dict[str, float]:
    """The measures of one question."""
    return {name: found["q"] for name, found in ranking_measures({"q": judged}, {"q": ranking}, answers).items()}


def test_a_question_without_a_ranking_is_an_error() -> None:
    with pytest.raises(KeyError, match="q2"):
        ranking_measures({"q1": {"a": 2}, "q2": {"a": 2}}, {"q1": ["a"]})


def test_a_ranking_that_nobody_judged_does_not_count() -> None:
    found = ranking_measures({"q1": {"a": 2}}, {"q1": ["a"], "other": ["b"]})
    assert found["hit@1"] == {"q1": 1.0}


@pytest.mark.parametrize(
    ("judged", "ranking", "expected"),
    [
        # the answer first
        ({"a": 2}, ["a", "x"], {"ndcg@10": 1.0, "hit@1": 1.0, "hit@3": 1.0, "mrr@10": 1.0, "recall@10": 1.0}),
        # what helps before what answers: gains 1 and 2, discounts log2(2) and log2(3)
        (
            {"a": 2, "b": 1},
            ["b", "a"],
            {
                "ndcg@10": (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3)),
                "hit@1": 0.0,
                "hit@3": 1.0,
                "mrr@10": 1 / 2,
                "recall@10": 1.0,
            },
        ),
        # one of two answers, at place 4
        (
            {"a": 2, "b": 2},
            ["x", "y", "z", "a"],
            {
                "ndcg@10": (2 / math.log2(5)) / (2 + 2 / math.log2(3)),
                "hit@1": 0.0,
                "hit@3": 0.0,
                "mrr@10": 1 / 4,
                "recall@10": 1 / 2,
            },
        ),
        # the answer at place 11 is too late for everything
        ({"a": 2}, [*"0123456789", "a"], dict.fromkeys(ranking_set(2), 0.0)),
        # nothing found, and nothing to find
        ({"a": 2}, [], dict.fromkeys(ranking_set(2), 0.0)),
        ({}, ["x"], dict.fromkeys(ranking_set(2), 0.0)),
        # what only helps gains, but answers nothing
        ({"a": 1}, ["a"], {"ndcg@10": 1.0, "hit@1": 0.0, "hit@3": 0.0, "mrr@10": 0.0, "recall@10": 0.0}),
        # an entry that stands twice counts once, at its first place
        (
            {"b": 2},
            ["x", "b", "y", "b"],
            {"ndcg@10": 1 / math.log2(3), "hit@1": 0.0, "hit@3": 1.0, "mrr@10": 1 / 2, "recall@10": 1.0},
        ),
    ],
)
def test_ranking_measures_by_hand(judged: dict[str, int], ranking: list[str], expected: dict[str, float]) -> None:
    assert values(judged, ranking) == pytest.approx(expected)


def test_where_one_is_an_answer_it_counts_as_one() -> None:
    assert values({"a": 1}, ["x", "a"], answers=1) == pytest.approx(
        {"ndcg@10": 1 / math.log2(3), "hit@1": 0.0, "hit@3": 1.0, "mrr@10": 1 / 2, "recall@10": 1.0}
    )


def test_questions_do_not_mix() -> None:
    found = ranking_measures({"q1": {"a": 2}, "q2": {"a": 2}}, {"q1": ["a", "b"], "q2": ["b", "a"]})
    assert found["hit@1"] == {"q1": 1.0, "q2": 0.0}
    assert found["mrr@10"] == {"q1": 1.0, "q2": 0.5}


# ── abstention


@pytest.mark.filterwarnings("ignore:Only one class")
def test_with_one_class_only_there_is_no_curve() -> None:
    with pytest.raises(ValueError, match="class"):
        auroc([0.1, 0.2], [True, True])


@pytest.mark.parametrize(
    ("confidence", "positive", "expected"),
    [
        ([0.9, 0.8, 0.3, 0.1], [True, True, False, False], 1.0),
        ([0.9, 0.8, 0.3, 0.1], [False, False, True, True], 0.0),
        ([0.9, 0.8, 0.3, 0.1], [True, False, True, False], 3 / 4),  # of four pairs one is the wrong way round
        ([0.5, 0.5], [True, False], 1 / 2),  # a tie is half right
    ],
)
def test_auroc_by_hand(confidence: list[float], positive: list[bool], expected: float) -> None:
    assert auroc(confidence, positive) == pytest.approx(expected)


def test_risk_and_coverage_by_hand() -> None:
    # most confident first: 0.9 wrong, 0.7 right, 0.6 right, 0.2 wrong
    found = risk_coverage([0.2, 0.9, 0.6, 0.7], [True, True, False, False])
    assert found == [(1 / 4, 1.0), (2 / 4, 1 / 2), (3 / 4, 1 / 3), (1.0, 2 / 4)]


def test_ties_of_confidence_keep_their_order() -> None:
    assert risk_coverage([0.5, 0.5], [True, False]) == [(0.5, 1.0), (1.0, 0.5)]


def test_false_answers_by_hand() -> None:
    answerable = [0.2, 0.4, 0.6, 0.8]
    # all answered from 0.2 up; three quarters from 0.35 (a quarter of the way: 0.2 + 0.75 of 0.2); the best one at 0.8
    assert false_answers(answerable, [0.1, 0.34, 0.36, 0.9], coverage=1.0) == 3 / 4
    assert false_answers(answerable, [0.1, 0.34, 0.36, 0.9], coverage=0.75) == 2 / 4
    assert false_answers(answerable, [0.1, 0.34, 0.36, 0.9], coverage=0.0) == 1 / 4
    assert false_answers(answerable, [0.1], coverage=1.0) == 0.0
    assert false_answers([0.5], [0.5], coverage=1.0) == 1.0  # at the threshold it is answered


# ── calibration


def test_reliability_by_hand() -> None:
    # bins of a fifth: 0.1 and 0.15 in the first, 0.9 and 1.0 in the last, nothing between
    found = reliability([0.1, 0.9, 0.15, 1.0, 0.85], [False, True, True, True, False], bins=5)
    assert found == [pytest.approx((0.125, 1 / 2, 2 / 5)), pytest.approx((2.75 / 3, 2 / 3, 3 / 5))]


def test_calibration_error_by_hand() -> None:
    # |0.125 - 0.5| * 2/5 + |2.75/3 - 2/3| * 3/5
    error = calibration_error([0.1, 0.9, 0.15, 1.0, 0.85], [False, True, True, True, False], bins=5)
    assert error == pytest.approx(0.375 * 0.4 + 0.25 * 0.6)


@pytest.mark.parametrize(
    ("confidence", "right", "expected"),
    [
        ([1.0, 1.0, 0.0], [True, True, False], 0.0),
        ([1.0, 1.0, 0.0], [False, False, True], 1.0),
        ([0.75, 0.75, 0.75, 0.75], [True, True, True, False], 0.0),
    ],
)
def test_calibration_at_the_ends(confidence: list[float], right: list[bool], expected: float) -> None:
    assert calibration_error(confidence, right) == expected


# ── labels


def test_macro_f1_by_hand() -> None:
    # a: claimed 2, there 3, both 2 -> 4/5; b: claimed 2, there 1, both 1 -> 2/3
    assert macro_f1(["a", "a", "a", "b"], ["a", "a", "b", "b"]) == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert macro_f1(["a", "b"], ["a", "c"]) == pytest.approx(1 / 2)  # b never found; c was nobody's label
    assert macro_f1(["a"], [""]) == 0.0


def test_labels_must_pair_up() -> None:
    with pytest.raises(ValueError, match="zip"):
        macro_f1(["a", "b"], ["a"])


# ── differences


def test_an_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    assert interval([0.25] * 20) == (0.25, 0.25)
    few, many = [0.0, 1.0] * 20, [0.0, 1.0] * 500
    for data in (few, many):
        low, high = interval(data)
        # normal approximation: half the mean, 1.96 standard errors of 0.5/sqrt(n) to each side
        reach = 1.96 * 0.5 / math.sqrt(len(data))
        assert (low, high) == pytest.approx((0.5 - reach, 0.5 + reach), abs=0.2 * reach)
    inner, outer = interval(few, 0.5), interval(few, 0.99)
    assert outer[0] < inner[0] < 0.5 < inner[1] < outer[1]
    assert interval(few) == interval(few)


def test_equal_runs_differ_by_chance() -> None:
    assert paired_p([0.1, 0.5, 1.0], [0.1, 0.5, 1.0]) == 1.0


@pytest.mark.parametrize("count", [1, 5, 8])
def test_the_p_value_of_a_constant_difference_by_hand(count: int) -> None:
    # as extreme are only the two of 2^n assignments of signs that are all alike
    expected = 2 / 2**count
    error = 4 * math.sqrt(expected * (1 - expected) / ROUNDS) + 1 / ROUNDS
    assert paired_p([0.5] * count, [0.25] * count) == pytest.approx(expected, abs=error)


def test_the_p_value_is_two_sided_and_never_nought() -> None:
    one, other = [1.0] * 50, [0.0] * 50
    assert paired_p(one, other) == paired_p(other, one) == 1 / (ROUNDS + 1)


def test_noise_is_not_significant_and_a_steady_gain_is() -> None:
    noise = np.random.default_rng(1).normal(size=200)
    assert paired_p(list(noise), list(-noise)) > 0.05
    assert paired_p(list(noise + 0.5), list(noise)) < 0.001
