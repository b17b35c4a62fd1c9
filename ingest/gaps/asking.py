"""Failed questions asked again of the published version: which are still open, and what comes nearest to each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from ingest.embed import EmbeddingCache, embed
from ingest.gaps.failures import Question
from kb_service.answers import LOW, MEDIUM
from kb_service.encoder import Encoder, Role, Vectors
from kb_service.index import Scope
from kb_service.knowledge import Knowledge
from kb_service.retrieve import Ranking, retrieve
from kb_service.settings import Settings
from kb_service.text import fold

NEAREST = 3  # entries kept of each ranking
READERS = 2  # questions asked at the same time


@dataclass(frozen=True)
class Open:
    """A question without an answer, its vector, and the nearest entries with the confidence that they answer it."""

    question: Question
    vector: Vectors
    nearest: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Still:
    """What is still open; how many events the present version answers, and how many are none of our business."""

    open: tuple[Open, ...]
    answered: int
    outside: int


class _Remembered:
    """An encoder that has encoded already: rankings and clusters need the same vectors."""

    def __init__(self, encoder: Encoder, vectors: dict[str, Vectors]) -> None:
        self._vectors = vectors
        self.name, self.dimension = encoder.name, encoder.dimension
        self.max_tokens, self.fingerprint = encoder.max_tokens, encoder.fingerprint

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        return np.stack([self._vectors[text] for text in texts])


def ask_again(questions: Sequence[Question], knowledge: Knowledge, settings: Settings) -> Still:
    """Ask each question of the version, as an agent. Raises VectorIndexError.

    It is answered if the service would say so, with an entry that nobody has found fault with for this question; it is
    outside if it is nearest to a group of `elsewhere.yaml` and nothing would be offered.
    """
    vectors = question_vectors([question.text for question in questions], knowledge, settings)
    known = {fold(question.text): vector for question, vector in zip(questions, vectors, strict=True)}
    source = replace(knowledge.searchable, encoder=_Remembered(knowledge.encoder, known))
    now = datetime.now(UTC)
    scope = Scope(audience="agent", now=now, clause_time=now)
    with ThreadPoolExecutor(READERS) as pool:
        rankings = list(pool.map(lambda question: retrieve(source, question.text, scope, NEAREST), questions))
    found, answered, outside = [], 0, 0
    for question, vector, ranking in zip(questions, vectors, rankings, strict=True):
        if _answers(ranking, question):
            answered += len(question.failures)
        elif ranking.outside and _best(ranking) < LOW:
            outside += len(question.failures)
        else:
            found.append(Open(question, vector, tuple((hit.entry, hit.confidence) for hit in ranking.entries)))
    return Still(tuple(found), answered, outside)


def question_vectors(texts: Sequence[str], knowledge: Knowledge, settings: Settings) -> Vectors:
    """What the encoder makes of the texts, through the cache of publishing. Shape (len(texts), dimension)."""
    cache = EmbeddingCache(settings.cache_dir / "embeddings.sqlite")
    try:
        return embed([("query", fold(text)) for text in texts], knowledge.encoder, cache)[0]
    finally:
        cache.close()


def _best(ranking: Ranking) -> float:
    return max((hit.confidence for hit in ranking.entries), default=0.0)


def _answers(ranking: Ranking, question: Question) -> bool:
    if not ranking.entries:
        return False
    first = ranking.entries[0]
    return first.confidence >= MEDIUM and first.entry not in question.faulted
