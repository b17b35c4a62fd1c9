"""Measures, each stated once: name, meaning, source. Rankings are measured by ir-measures, abstention here.

A comparison of two runs is a paired randomisation test (Smucker et al., CIKM 2007); an interval is a bootstrap over
questions (Sakai, SIGIR 2006).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ir_measures
import numpy as np
from ir_measures import RR, R, Success, nDCG
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

Floats = NDArray[np.float64]


def ranking_set(answers: int) -> dict[str, ir_measures.Measure]:
    """The ranking measures by name; `answers` is the lowest grade that counts as an answer."""
    return {
        "ndcg@10": nDCG @ 10,  # graded gain, logarithmic discount
        "hit@1": Success(rel=answers) @ 1,  # an entry that answers stands first
        "hit@3": Success(rel=answers) @ 3,
        "mrr@10": RR(rel=answers) @ 10,  # 1 / place of the first entry that answers
        "recall@10": R(rel=answers) @ 10,  # share of the entries that answer
    }


ROUNDS = 10_000  # of a randomisation test or a bootstrap
SEED = 20261123


def ranking_measures(
    judged: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[str]], answers: int = 2
) -> dict[str, dict[str, float]]:
    """Measure name -> question id -> value, for every judged question. A question without a ranking raises KeyError.

    `judged` maps question ids to entry -> grade (ours: 2 answers, 1 helps); `rankings` to entries, best first.
    """
    qrels = [ir_measures.Qrel(name, entry, grade) for name, grades in judged.items() for entry, grade in grades.items()]
    run = [
        ir_measures.ScoredDoc(name, entry, -float(place))
        for name in judged
        for place, entry in enumerate(dict.fromkeys(rankings[name]))
    ]
    measures = ranking_set(answers)
    names = {str(measure): label for label, measure in measures.items()}
    found: dict[str, dict[str, float]] = {label: dict.fromkeys(judged, 0.0) for label in measures}
    for metric in ir_measures.iter_calc(list(measures.values()), qrels, run):
        found[names[str(metric.measure)]][metric.query_id] = metric.value
    return found


def auroc(confidence: Sequence[float], positive: Sequence[bool]) -> float:
    """Area under the ROC curve: the chance that a positive question gets the higher confidence. 0.5 is guessing.

    Raises ValueError if all questions are of one class.
    """
    if len(set(positive)) < 2:
        raise ValueError("AUROC needs questions of either class")
    return float(roc_auc_score(np.array(positive), np.array(confidence)))


def risk_coverage(confidence: Sequence[float], wrong: Sequence[bool]) -> list[tuple[float, float]]:
    """(coverage, risk) when only the most confident are answered, from few to all (El-Yaniv and Wiener, 2010)."""
    order = np.argsort(-np.array(confidence), kind="stable")
    errors = np.cumsum(np.array(wrong, dtype=float)[order])
    counts = np.arange(1, len(order) + 1)
    return [(float(n / len(order)), float(e / n)) for n, e in zip(counts, errors, strict=True)]


def false_answers(answerable: Sequence[float], out_of_scope: Sequence[float], coverage: float) -> float:
    """Share of out-of-scope questions that are answered when `coverage` of the answerable ones are.

    Both are confidences; the threshold is the one that keeps `coverage` of the answerable.
    """
    threshold = float(np.quantile(np.array(answerable), 1 - coverage))
    return float(np.mean(np.array(out_of_scope) >= threshold))


def calibration_error(confidence: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error over equally wide bins (Guo et al., ICML 2017), 0 is perfect."""
    return sum(weight * abs(mean - share) for mean, share, weight in reliability(confidence, right, bins))


def reliability(confidence: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[tuple[float, float, float]]:
    """(mean confidence, share right, share of all) of every bin that is not empty."""
    values, truth = np.array(confidence), np.array(right, dtype=float)
    place = np.minimum((values * bins).astype(int), bins - 1)
    return [
        (float(values[place == n].mean()), float(truth[place == n].mean()), float(np.mean(place == n)))
        for n in range(bins)
        if (place == n).any()
    ]


def macro_f1(expected: Sequence[str], found: Sequence[str]) -> float:
    """Mean over the expected labels of the harmonic mean of precision and recall."""
    scores = []
    for label in sorted(set(expected)):
        both = sum(e == f == label for e, f in zip(expected, found, strict=True))
        claimed, there = sum(f == label for f in found), sum(e == label for e in expected)
        scores.append(2 * both / (claimed + there))
    return float(np.mean(scores))


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Bootstrap confidence interval of a mean."""
    data = np.array(values)
    means = data[np.random.default_rng(SEED).integers(0, len(data), (1000, len(data)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired_p(one: Sequence[float], other: Sequence[float]) -> float:
    """Two-sided p-value of the difference of two means over the same questions: paired randomisation test."""
    difference: Floats = np.array(one) - np.array(other)
    observed = abs(difference.mean())
    if not difference.any():
        return 1.0
    generator = np.random.default_rng(SEED)
    extreme = 0
    for _ in range(10):  # in parts: signs for all rounds at once would take a gigabyte on large sets
        signs = generator.integers(0, 2, (ROUNDS // 10, len(difference)), dtype=np.int8) * 2 - 1
        extreme += int((np.abs((signs * difference).mean(axis=1)) >= observed - 1e-12).sum())
    return (extreme + 1) / (ROUNDS + 1)
