"""The real content on edge and over the wire: the same questions, the same rankings.

python -m tests.kb_service.index.test_equality    all dev questions, as a table (docs/decisions/0009-server-index.md)
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.build import index_points, index_units, unit_terms, unit_vectors
from ingest.check import checked_content
from ingest.embed import EmbeddingCache
from ingest.golden import read_golden
from ingest.render import render_content
from ingest.sounds import sounds_of
from kb_service.encoder import Encoder, load_encoder
from kb_service.index import Point, Scope, VectorIndex
from kb_service.index.collection import Facts, write_collection
from kb_service.index.connection import PUBLISHING, Server
from kb_service.index.edge import EdgeIndex, write_edge_index
from kb_service.index.server import ServerIndex
from kb_service.knowledge import Searchable
from kb_service.retrieve import Ranked, retrieve
from kb_service.settings import Settings, load_settings
from kb_service.text import fold
from tests.conftest import ROOT
from tests.kb_service.index.wire import wire

NOW = datetime.now(UTC)
DEPTH = 10
TIE = 0.02  # of fused score, 0 to 1: below it a byte a dimension and half precision may order two entries differently


@dataclass(frozen=True)
class Asked:
    """The content's points, and the questions with their vectors: encoded once, so that only the indexes differ."""

    source: Searchable
    points: Sequence[Point]
    questions: Sequence[str]
    fingerprint: str

    def rankings(self, index: VectorIndex) -> list[list[Ranked]]:
        """The first entries for each question."""
        source = Searchable(self.source.encoder, index, self.source.points, self.source.sounds)
        return [retrieve(source, text, Scope("senior", NOW, NOW), DEPTH).entries for text in self.questions]


class Remembered:
    """The encoder of questions that were all encoded before."""

    def __init__(self, encoder: Encoder, texts: Sequence[str]) -> None:
        self.name, self.fingerprint, self.dimension = encoder.name, encoder.fingerprint, encoder.dimension
        self._vectors = {fold(text): encoder.encode([fold(text)], "query") for text in texts}

    def encode(self, texts: Sequence[str], role: object) -> NDArray[np.float32]:
        return self._vectors[texts[0]]


def prepare(settings: Settings, every: int) -> Asked:
    """The real content and every so many-th question of the dev split."""
    content, encoder = render_content(checked_content(ROOT / "content")), load_encoder(settings)
    units = list(index_units(content))
    with closing(EmbeddingCache(settings.cache_dir / "embeddings.sqlite")) as cache:
        vectors, _ = unit_vectors(units, encoder, cache)
    terms = unit_terms(units)
    sounds = sounds_of(found for number, found in terms.items() if units[number].ref.role == "document")
    asked = [row.text for row in read_golden(ROOT / "eval" / "golden" / "dev.jsonl") if row.text][::every]
    remembered = Remembered(encoder, asked)
    nowhere: VectorIndex = None  # type: ignore[assignment]
    source = Searchable(remembered, nowhere, [unit.ref for unit in units], sounds)  # type: ignore[arg-type]
    return Asked(source, list(index_points(units, vectors, terms)), asked, encoder.fingerprint)


def over_the_wire(asked: Asked, as_edge: bool) -> list[list[Ranked]]:
    """Rankings of the service's own client against the test server."""
    with wire(as_edge=as_edge) as running, ExitStack() as stack:
        settings = Settings(index="server", qdrant_url=running.url, qdrant_timeout_seconds=20)
        facts = Facts("v1", asked.fingerprint, asked.source.encoder.dimension)
        publishing = stack.enter_context(closing(Server(settings, PUBLISHING)))
        assert write_collection(publishing, "kb-v1", asked.points, facts) == len(asked.points)
        found = asked.rankings(stack.enter_context(closing(ServerIndex(Server(settings), "kb-v1", facts))))
        assert running.wrong == []
    return found


def embedded(asked: Asked) -> list[list[Ranked]]:
    """Rankings of the index as it is published into a folder."""
    with TemporaryDirectory() as folder:
        write_edge_index(Path(folder) / "shard", asked.points, asked.source.encoder.dimension)
        with closing(EdgeIndex(Path(folder) / "shard")) as index:
            return asked.rankings(index)


def entries(ranking: Sequence[Ranked]) -> list[str]:
    return [hit.entry for hit in ranking]


def widest_swap(one: Sequence[Ranked], other: Sequence[Ranked]) -> float:
    """How far apart in fused score the entries are that stand in one another's place."""
    fused = {hit.entry: hit.fused for hit in one}
    last = one[-1].fused if one else 0.0
    pairs = zip(entries(one), entries(other), strict=True)
    return max((abs(fused[a] - fused.get(b, last)) for a, b in pairs if a != b), default=0.0)


@pytest.fixture(scope="module")
def asked() -> Asked:
    settings = load_settings()
    if not (settings.cache_dir / "embeddings.sqlite").exists():
        pytest.skip("the content was never published here: encoding it takes minutes; run kb-content publish first")
    return prepare(settings, every=2)


@pytest.fixture(scope="module")
def near(asked: Asked) -> list[list[Ranked]]:
    return embedded(asked)


def test_the_wire_changes_no_ranking(asked: Asked, near: list[list[Ranked]]) -> None:
    far = over_the_wire(asked, as_edge=True)
    assert len(asked.questions) >= 500
    assert [entries(one) for one in far] == [entries(one) for one in near]


def test_half_precision_changes_places_only_of_near_ties(asked: Asked, near: list[list[Ranked]]) -> None:
    far = over_the_wire(asked, as_edge=False)
    assert max(map(widest_swap, near, far)) < TIE
    first = sum(entries(a)[:1] != entries(b)[:1] for a, b in zip(near, far, strict=True))
    assert first <= len(asked.questions) * 0.01


if __name__ == "__main__":
    everything = prepare(load_settings(), every=1)
    here = embedded(everything)
    print(f"{len(everything.points)} points, {len(everything.questions)} questions")
    for name, same in (("storing a byte a dimension", True), ("half precision", False)):
        there = over_the_wire(everything, as_edge=same)
        first = sum(entries(a)[:1] != entries(b)[:1] for a, b in zip(here, there, strict=True))
        some = sum(entries(a) != entries(b) for a, b in zip(here, there, strict=True))
        widest = max(map(widest_swap, here, there))
        print(f"edge against the wire, {name}: first differs {first}, any of ten {some}, widest swap {widest:.4f}")
