"""Questions -> groups that ask the same. The only module that knows scipy.

Two views of a question are joined: its vector, without what all questions have in common, and its characters and pairs
of them, weighted by how rare they are in what the content already asks. Alone neither is enough: of two questions on
one new matter the small encoder often sees nothing in common, and the words differ. So each question is moved towards
its nearest neighbours (feature propagation: Rossi et al., 2021), and what then lies together is one group (average
linkage). Constants were chosen on eval/golden/gaps_dev.jsonl.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix, diags

from kb_service.encoder import Vectors
from kb_service.text import sparse_terms, term_id

TERM_SHARE = 0.35  # of the similarity that comes from characters and their pairs
BUCKETS = 2048  # that terms are hashed into
NEIGHBOURS = 10
STEPS = 3  # of moving
PULL = 0.8  # how far a question moves towards its neighbours in a step
APART = 0.57  # mean cosine distance at which two groups are not joined any more
_BLOCK = 1000  # rows of the similarity matrix in memory at a time


def groups(vectors: Vectors, texts: Sequence[str], background: tuple[Vectors, Sequence[str]]) -> list[list[int]]:
    """The questions' numbers by group, each group in rising order; a question that is alone is a group too.

    `background` are the phrasings of the content with their vectors: what all questions have in common.
    10,000 questions take about a minute and 1.3 GiB: their distances, twice.
    """
    if len(texts) < 2:
        return [[n] for n in range(len(texts))]
    features = _features(vectors, texts, background)
    moved = _moved(features, _neighbours(features))
    labels = fcluster(linkage(_distances(moved), "average"), APART, "distance")
    found: dict[int, list[int]] = {}
    for number, label in enumerate(labels):
        found.setdefault(int(label), []).append(number)
    return list(found.values())


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


def _features(vectors: Vectors, texts: Sequence[str], background: tuple[Vectors, Sequence[str]]) -> Vectors:
    """Unit rows whose dot product is the mixture of both views."""
    usual, phrasings = background
    dense = _unit(vectors - (usual if len(usual) else vectors).mean(axis=0))
    terms = _unit(_hashed(texts, *rarity(phrasings)))
    return np.hstack([np.sqrt(1 - TERM_SHARE) * dense, np.sqrt(TERM_SHARE) * terms]).astype(np.float32)


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
