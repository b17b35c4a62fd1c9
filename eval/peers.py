"""Peers on the same corpus, model and questions: word BM25, dense, their fusion, LlamaIndex's hybrid, and ours.

A golden set is searched over the published version's own points, an external set (BEIR folder) over its documents.
On an external set ours is the generic path: no lexicon, no phrasings, no constant of ours but the usual dense share.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from tqdm import tqdm

from eval.measures import interval, paired_p, ranking_measures
from eval.sets import ExternalSet
from eval.tutorial import TutorialRetriever
from ingest.build import Unit, document_units, index_points, index_units, unit_terms, unit_vectors
from ingest.check import checked_content
from ingest.embed import EmbeddingCache
from ingest.golden import GoldenQuestion
from ingest.render import render_content
from kb_service.encoder import Encoder, Vectors, load_encoder
from kb_service.index import Scope
from kb_service.index.edge import EdgeIndex, write_edge_index
from kb_service.knowledge import Searchable, open_version
from kb_service.retrieve import retrieve
from kb_service.settings import Settings
from kb_service.suggest import effective_query
from kb_service.text import Segmenter, fold
from kb_service.versions import read_pointer

DEPTH = 10
POOL = 100  # points a leg gives before they are grouped into entries
RRF = 60  # the constant of reciprocal rank fusion (Cormack et al., SIGIR 2009)
GENERIC_DENSE_SHARE = 0.7  # inside what was best on four foreign sets, 0.5 to 0.7; fixed before any set was looked at
TUTORIAL_LIMIT = 100  # questions; the tutorial way takes a fifth of a second each, seconds on large corpora

Ranker = Callable[[str], list[str]]


@dataclass(frozen=True)
class Corpus:
    """What all peers search, and the questions with their judgments."""

    units: list[Unit]
    vectors: Vectors
    questions: dict[str, str]
    judged: dict[str, dict[str, int]]
    ours: Ranker


@dataclass(frozen=True)
class Scored:
    """A peer's measures per question, and milliseconds per question."""

    name: str
    values: dict[str, dict[str, float]]
    milliseconds: list[float]


def compare_peers(path: Path, questions: ExternalSet | list[GoldenQuestion], settings: Settings, root: Path) -> str:
    """The table of all peers on one set, as Markdown; `root` is the content that a golden set asks about."""
    encoder = load_encoder(settings)
    with tempfile.TemporaryDirectory(prefix="kb-peers-") as scratch:
        if isinstance(questions, ExternalSet):
            corpus = _external(questions, encoder, settings, Path(scratch))
        else:
            corpus = _golden(questions, encoder, settings, root)
        words = _word_bm25(corpus, settings)
        dense = _dense(corpus, encoder)
        peers: list[tuple[str, Ranker]] = [
            ("BM25, jieba words", words),
            ("dense only", dense),
            ("RRF of the two", lambda text: _rrf(words(text), dense(text))),
            ("ours", corpus.ours),
        ]
        scored = [_score(name, ranker, corpus, list(corpus.questions)) for name, ranker in peers]
        sample = list(corpus.questions)[:: max(1, len(corpus.questions) // TUTORIAL_LIMIT)]
        scored.insert(
            3, _score("LlamaIndex hybrid over qdrant local mode", _tutorial(corpus, settings), corpus, sample)
        )
    return _table(path, scored, len(corpus.units))


def _golden(questions: Sequence[GoldenQuestion], encoder: Encoder, settings: Settings, root: Path) -> Corpus:
    knowledge = open_version(settings, read_pointer(settings.home), encoder)
    units = _all_phrasings(root)
    chosen = [item for item in questions if item.slice not in ("out_of_scope", "two_issues", "point_in_time")]
    texts = {item.id: effective_query(item.request()) for item in chosen}
    now = datetime.now(UTC)

    def ours(text: str) -> list[str]:
        ranking = retrieve(knowledge.searchable, text, Scope("senior", now, now), DEPTH)
        return [hit.entry for hit in ranking.entries]

    return Corpus(
        units, _vectors(units, encoder, settings), texts, {item.id: dict(item.relevant) for item in chosen}, ours
    )


def _all_phrasings(root: Path) -> list[Unit]:
    """The content's points with every phrasing a point of its own, so that peers lack no text that ours has."""
    content = render_content(checked_content(root))
    wide = [faq.model_copy(update={"questions": (*faq.questions, *faq.more_questions)}) for faq in content.faqs]
    units = index_units(content.model_copy(update={"faqs": tuple(wide), "elsewhere": {}}))
    return [unit for unit in units if unit.role != "document"]


def _external(found: ExternalSet, encoder: Encoder, settings: Settings, scratch: Path) -> Corpus:
    units = [unit for item in found.corpus for unit in document_units(item.id, item.title, item.text)]
    vectors = _vectors(units, encoder, settings)
    write_edge_index(scratch / "shard", index_points(units, vectors, unit_terms(units)), encoder.dimension)
    index = EdgeIndex(scratch / "shard")
    source = Searchable(encoder, index, [unit.ref for unit in units])
    now = datetime.now(UTC)

    def ours(text: str) -> list[str]:
        ranking = retrieve(source, text, Scope("senior", now, now), DEPTH, GENERIC_DENSE_SHARE)
        return [hit.entry for hit in ranking.entries]

    return Corpus(units, vectors, found.questions, found.judged, ours)


def _vectors(units: Sequence[Unit], encoder: Encoder, settings: Settings) -> Vectors:
    cache = EmbeddingCache(settings.cache_dir / "embeddings.sqlite")
    try:
        return unit_vectors(units, encoder, cache)[0]
    finally:
        cache.close()


def _word_bm25(corpus: Corpus, settings: Settings, k1: float = 1.2, b: float = 0.75) -> Ranker:
    segmenter = Segmenter((), settings.cache_dir)
    words = [segmenter.words(unit.text) for unit in corpus.units]
    vocabulary: dict[str, int] = {}
    rows, columns, counts = [], [], []
    for row, found in enumerate(words):
        for word in found:
            rows.append(row)
            columns.append(vocabulary.setdefault(word, len(vocabulary)))
            counts.append(1.0)
    frequency = csr_matrix((counts, (rows, columns)), shape=(len(words), len(vocabulary)))
    frequency.sum_duplicates()
    lengths = np.array([len(found) for found in words])
    holders = np.asarray((frequency > 0).sum(axis=0)).ravel()
    idf = np.log(1 + (len(words) - holders + 0.5) / (holders + 0.5))
    entries = frequency.tocoo()
    scale = k1 * (1 - b + b * lengths[entries.row] / max(1.0, lengths.mean()))
    weights = entries.data * (k1 + 1) / (entries.data + scale) * idf[entries.col]
    matrix = csr_matrix((weights, (entries.row, entries.col)), shape=frequency.shape).tocsc()

    def rank(text: str) -> list[str]:
        known = [vocabulary[word] for word in set(segmenter.words(text)) if word in vocabulary]
        return _grouped(corpus.units, np.asarray(matrix[:, known].sum(axis=1)).ravel())

    return rank


def _dense(corpus: Corpus, encoder: Encoder) -> Ranker:
    plain = np.array([unit.role != "document" for unit in corpus.units])

    def rank(text: str) -> list[str]:
        scores = corpus.vectors @ encoder.encode([fold(text)], "query")[0]
        return _grouped(corpus.units, np.where(plain, scores, -1.0))

    return rank


def _grouped(units: Sequence[Unit], scores: np.ndarray) -> list[str]:
    """Entries by their best point."""
    top = np.argpartition(-scores, min(POOL, len(scores) - 1))[:POOL]
    ordered = top[np.argsort(-scores[top], kind="stable")]
    return list(dict.fromkeys(units[n].ref.entry for n in ordered))


def _rrf(*rankings: list[str]) -> list[str]:
    scores: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        for place, entry in enumerate(ranking, 1):
            scores[entry] += 1 / (RRF + place)
    return sorted(scores, key=lambda entry: (-scores[entry], entry))


def _tutorial(corpus: Corpus, settings: Settings) -> Ranker:
    plain = [n for n, unit in enumerate(corpus.units) if unit.role != "document"]
    retriever = TutorialRetriever([corpus.units[n] for n in plain], corpus.vectors[plain], settings)
    return lambda text: list(dict.fromkeys(node.node.metadata["entry"] for node in retriever.retrieve(text)))


def _score(name: str, ranker: Ranker, corpus: Corpus, chosen: Sequence[str]) -> Scored:
    rankings, taken = {}, []
    for question in tqdm(chosen, desc=name, unit="题", leave=False, disable=None):
        begun = time.perf_counter()
        rankings[question] = ranker(corpus.questions[question])[:DEPTH]
        taken.append((time.perf_counter() - begun) * 1000)
    judged = {question: corpus.judged[question] for question in chosen}
    answers = min(2, max(grade for grades in judged.values() for grade in grades.values()))
    return Scored(name, ranking_measures(judged, rankings, answers), taken)


def _table(path: Path, scored: Sequence[Scored], units: int) -> str:
    ours = next(item for item in scored if item.name == "ours")
    lines = [
        f"## {path.name}: {len(ours.milliseconds)} questions, {units} units",
        "",
        "| system | questions | nDCG@10 (95 %) | hit@1 | hit@3 | ms p50 | p of nDCG@10 against ours |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in scored:
        gains = item.values["ndcg@10"]
        low, high = interval(list(gains.values()))
        same = [ours.values["ndcg@10"][question] for question in gains]
        p = "" if item is ours else f"{paired_p(list(gains.values()), same):.4f}"
        means = {name: sum(values.values()) / len(values) for name, values in item.values.items()}
        lines.append(
            f"| {item.name} | {len(gains)} | {means['ndcg@10']:.3f} ({low:.3f} … {high:.3f}) | {means['hit@1']:.3f} | "
            f"{means['hit@3']:.3f} | {np.median(item.milliseconds):.1f} | {p} |"
        )
    return "\n".join(lines)
