"""The embedding cache: what is known is not computed, and keys never mix models, roles or texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ingest.embed import EmbeddingCache, cache_key, embed
from kb_service.encoder import Encoder


def test_keys_differ_by_model_role_and_text() -> None:
    keys = {cache_key("m", "query", "ab"), cache_key("m", "passage", "ab"), cache_key("n", "query", "ab")}
    assert len(keys | {cache_key("m", "query", "abc")}) == 4


def test_vectors_come_back_as_they_were_and_are_computed_once(tmp_path: Path, encoder: Encoder) -> None:
    cache = EmbeddingCache(tmp_path / "cache.sqlite")
    first, computed = embed([("query", "退款"), ("passage", "退款"), ("query", "退款")], encoder, cache)
    again, recomputed = embed([("passage", "退款"), ("query", "退款")], encoder, cache)
    cache.close()
    assert (computed, recomputed) == (2, 0)
    assert np.array_equal(first[[1, 0]], again)
    assert np.array_equal(first[0], first[2])


def test_no_texts_give_no_vectors(tmp_path: Path, encoder: Encoder) -> None:
    cache = EmbeddingCache(tmp_path / "cache.sqlite")
    vectors, computed = embed([], encoder, cache)
    cache.close()
    assert (vectors.shape, computed) == ((0, encoder.dimension), 0)
