"""Learns what agents should not say: logistic regression over character n-grams, once per publish.

Wrong are the lexicon's examples and forbidden phrases. Right are the reply templates, the better wordings of
the lexicon and its harmless examples. Articles are left out: they would have it trained anew at every edit.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kb_service.content import Content
from kb_service.review.misspoken import clauses, grams
from kb_service.text import fold_in_place

STRENGTH = 20.0  # inverse of the L2 penalty; larger fits the examples more closely
STEPS, RATE = 150, 0.3  # of gradient descent (Adam; Kingma and Ba, 2015)
SEEN = 2  # clauses that an n-gram must stand in
SMALL = 0.05  # weights below this are dropped

Floats = NDArray[np.float64]


Examples = tuple[tuple[str, ...], tuple[str, ...]]  # wrong, right


def examples_of(content: Content) -> Examples:
    """The clauses of all examples, sorted. `content` is rendered. Both empty where the lexicon has no wrong one."""
    if all(group.harmless for group in content.lexicon.misspoken):
        return (), ()
    wrong = {text for example in _wrong(content) for text in _clauses(example)}
    right = {text for sentence in _right(content) for text in _clauses(sentence)} - wrong
    return tuple(sorted(wrong)), tuple(sorted(right))


def learn(examples: Examples) -> dict[str, float]:
    """n-gram -> weight, the bias under "". Empty without examples of both kinds."""
    wrong, right = examples
    if not wrong or not right:
        return {}
    samples = [grams(text) for text in (*wrong, *right)]
    seen = Counter(gram for sample in samples for gram in sample)
    names = sorted(gram for gram, count in seen.items() if count >= SEEN)
    labels = np.array([1.0] * len(wrong) + [0.0] * len(right))
    weights, bias = _fit(samples, {name: number for number, name in enumerate(names)}, labels)
    kept = {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True) if abs(weight) > SMALL}
    return {"": round(bias, 3), **kept}


def _wrong(content: Content) -> Iterator[str]:
    for group in content.lexicon.misspoken:
        if not group.harmless:
            yield from group.examples
    yield from (phrase.phrase for phrase in content.lexicon.phrases if phrase.level == "forbidden" and not phrase.regex)


def _right(content: Content) -> Iterator[str]:
    for group in content.lexicon.misspoken:
        if group.harmless:
            yield from group.examples
    yield from (text for template in content.templates for text in template.tones.values())
    yield from (phrase.better for phrase in content.lexicon.phrases)


def _clauses(text: str) -> Iterator[str]:
    folded = fold_in_place(text)
    yield from (folded[start:end] for start, end in clauses(folded))


def _fit(samples: list[set[str]], numbers: dict[str, int], labels: Floats) -> tuple[Floats, float]:
    """Weights and bias; either class counts the same however many samples it has."""
    known = [[numbers[gram] for gram in sorted(sample) if gram in numbers] for sample in samples]
    rows = np.repeat(np.arange(len(samples)), [len(sample) for sample in known])
    columns = np.array([number for sample in known for number in sample])
    values = np.repeat([1 / math.sqrt(len(sample)) for sample in samples], [len(sample) for sample in known])
    sizes = Counter(labels.tolist())
    importance = np.array([len(labels) / (2 * sizes[label]) for label in labels.tolist()])
    weights, first, second = np.zeros(len(numbers) + 1), np.zeros(len(numbers) + 1), np.zeros(len(numbers) + 1)
    for step in range(1, STEPS + 1):
        scores = np.bincount(rows, weights[columns] * values, minlength=len(samples)) + weights[-1]
        errors = (1 / (1 + np.exp(-scores)) - labels) * importance
        gradient = np.bincount(columns, errors[rows] * values, minlength=len(numbers) + 1) + weights / STRENGTH
        gradient[-1] = errors.sum()
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        weights = weights - RATE * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights[:-1], float(weights[-1])
