"""Questions -> groups that surely ask the same. The only module that knows scipy.

Two views of a question are joined: its vector, and its characters and pairs of them, weighted by how rare they are in
what the content already asks. The vector is first freed of what differs between askers of one thing, such as length and
tone: the phrasings of the content's articles tell (within-class covariance normalisation: Hatch et al., 2006). Then
each question is moved towards its nearest neighbours (feature propagation: Rossi et al., 2021), what lies together is
one group (average linkage), and members that resemble the rest too little are taken out again. Constants were chosen on
eval/golden/gaps_dev.jsonl and on hidden articles: docs/editors.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix, diags

from kb_service.encoder import Vectors
from kb_service.text import sparse_terms, term_id

TERM_SHARE = 0.25  # of the similarity that comes from characters and their pairs
SHRINKAGE = 2.0  # of the covariance towards a sphere, in mean variances
BUCKETS = 2048  # that terms are hashed into
NEIGHBOURS = 10
STEPS = 3  # of moving
PULL = 0.8  # how far a question moves towards its neighbours in a step
APART = 0.4  # mean cosine distance at which two groups are not joined any more
FIT = 0.8  # of a group's mean similarity that each member must have to the others
NEAR = 0.45  # mean cosine to a group, after moving, of a question outside that may belong to it; nearly half do
_BLOCK = 1000  # rows of the similarity matrix in memory at a time


class Phrasings(NamedTuple):
    """What the content already asks: texts, folded, the article of each, and their vectors (one row each)."""

    texts: Sequence[str]
    articles: Sequence[str]
    vectors: Vectors


class Group(NamedTuple):
    """Questions by number: those that belong together, in rising order, and those that are only near."""

    core: list[int]
    near: list[int]


def groups(vectors: Vectors, texts: Sequence[str], known: Phrasings, smallest: int) -> list[Group]:
    """Groups with a core of at least `smallest` questions. A question near to several cores is the nearest one's.

    10,000 questions take 20 seconds and 1.2 GiB: their distances, twice.
    """
    if len(texts) < max(2, smallest):
        return []
    features = _features(vectors, texts, known)
    moved = _moved(features, _neighbours(features))
    labels = fcluster(linkage(_distances(moved), "average"), APART, "distance")
    found: dict[int, list[int]] = {}
    for number, label in enumerate(labels):
        found.setdefault(int(label), []).append(number)
    cores = [_fitting(group, features) for group in found.values() if len(group) >= smallest]
    return _with_near([core for core in cores if len(core) >= smallest], moved)


def _fitting(group: list[int], features: Vectors) -> list[int]:
    """The group without those that resemble the others least, one after the other, until all fit."""
    kept = list(group)
    similar = features[kept] @ features[kept].T
    np.fill_diagonal(similar, 0)
    while len(kept) > 1:
        mean = similar.sum(axis=1) / (len(kept) - 1)
        worst = int(mean.argmin())
        if mean[worst] >= FIT * mean.mean():
            break
        del kept[worst]
        similar = np.delete(np.delete(similar, worst, axis=0), worst, axis=1)
    return kept


def _with_near(cores: list[list[int]], moved: Vectors) -> list[Group]:
    """The cores, each with the questions of no core that came near to it."""
    if not cores:
        return []
    means = np.stack([moved[core].mean(axis=0) for core in cores])
    taken = {number for core in cores for number in core}
    found = [Group(core, []) for core in cores]
    for number, row in enumerate(moved @ means.T):
        best = int(row.argmax())
        if number not in taken and row[best] >= NEAR:
            found[best].near.append(number)
    return found


def most_central(vectors: Vectors) -> NDArray[np.int64]:
    """The numbers of vectors, the one nearest to the mean of all first."""
    return np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")


def rarity(documents: Iterable[str]) -> tuple[Counter[str], int]:
    """In how many documents each term stands, and how many documents there are."""
    counts: Counter[str] = Counter()
    number = 0
    for document in documents:
        counts.update(set(sparse_terms(document)))
        number += 1
    return counts, number


def _features(vectors: Vectors, texts: Sequence[str], known: Phrasings) -> Vectors:
    """Unit rows whose dot product is the mixture of both views."""
    dense = _unit((vectors - known.vectors.mean(axis=0)) @ _equalised(known))
    terms = _unit(_hashed(texts, *rarity(known.texts)))
    return np.hstack([np.sqrt(1 - TERM_SHARE) * dense, np.sqrt(TERM_SHARE) * terms]).astype(np.float32)


def _equalised(known: Phrasings) -> Vectors:
    """The matrix that makes phrasings of one article differ equally much in all directions, nearly: see SHRINKAGE."""
    _, numbers, counts = np.unique(known.articles, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), known.vectors.shape[1]))
    np.add.at(means, numbers, known.vectors)
    within = known.vectors - (means / counts[:, None])[numbers]
    variances, directions = np.linalg.eigh(within.T @ within / len(within))
    matrix: Vectors = (directions / np.sqrt(variances + SHRINKAGE * variances.mean())) @ directions.T
    return matrix


def _hashed(texts: Sequence[str], frequency: Counter[str], documents: int) -> Vectors:
    """Terms of the texts, hashed with a sign. A term of one text alone joins nothing, and is left out."""
    here, _ = rarity(texts)
    rows = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in enumerate(texts):
        for term in sparse_terms(text):
            if here[term] > 1:
                number = term_id(term)
                weight = np.log((documents + 1) / (frequency[term] + 1)) ** 2
                rows[row, number % BUCKETS] += weight if number & 0x80000000 else -weight
    return rows


def _neighbours(features: Vectors) -> csr_matrix:
    """Who is whose neighbour, in either direction, weighted by the square of the similarity; rows sum to one."""
    count = min(NEIGHBOURS, len(features) - 1)
    rows, columns, values = [], [], []
    for start in range(0, len(features), _BLOCK):
        block = features[start : start + _BLOCK] @ features.T
        own = np.arange(len(block))
        block[own, own + start] = -np.inf
        nearest = np.argpartition(-block, count - 1, axis=1)[:, :count]
        rows.append(np.repeat(own + start, count))
        columns.append(nearest.ravel())
        values.append(np.maximum(np.take_along_axis(block, nearest, axis=1), 0).ravel() ** 2)
    shape = (len(features), len(features))
    found = csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    both = found.maximum(found.T)
    total = np.asarray(both.sum(axis=1)).ravel()
    return csr_matrix(diags(1 / np.maximum(total, 1e-9)).astype(np.float32) @ both)


def _moved(features: Vectors, neighbours: csr_matrix) -> Vectors:
    moved = features
    for _ in range(STEPS):
        moved = (1 - PULL) * features + PULL * (neighbours @ moved)
    return _unit(moved)


def _distances(rows: Vectors) -> NDArray[np.float64]:
    """Cosine distances of all pairs, in the order that `linkage` wants."""
    count = len(rows)
    found = np.empty(count * (count - 1) // 2)
    start = 0
    for first in range(0, count, _BLOCK):
        block = 1 - rows[first : first + _BLOCK] @ rows[first:].T
        for number, row in enumerate(block):
            found[start : start + len(row) - number - 1] = np.maximum(row[number + 1 :], 0)
            start += len(row) - number - 1
    return found


def _unit(rows: Vectors) -> Vectors:
    scaled: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return scaled
