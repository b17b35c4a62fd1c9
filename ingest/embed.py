"""Vectors for texts, through a cache, so that unchanged content embeds nothing again."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from kb_service.encoder import Encoder, Role, Vectors

_QUERY = 500  # keys of one query; SQLite takes 999 at least
_CHUNK = 32  # texts between two commits; what a killed run has embedded is not lost


class EmbeddingCache:
    """Vectors on disk, keyed by model fingerprint, role and text. Deleting the file costs only time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")  # it is a cache
        self._database.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")

    def get(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors that are known."""
        found = {}
        for start in range(0, len(keys), _QUERY):
            asked = keys[start : start + _QUERY]
            marks = ",".join("?" * len(asked))
            for key, vector in self._database.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", asked):
                found[key] = np.frombuffer(vector, dtype=np.float32)
        return found

    def put(self, vectors: Iterable[tuple[bytes, NDArray[np.float32]]]) -> None:
        """Keep vectors, committed."""
        rows = [(key, vector.astype(np.float32).tobytes()) for key, vector in vectors]
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def embed(texts: Sequence[tuple[Role, str]], encoder: Encoder, cache: EmbeddingCache) -> tuple[Vectors, int]:
    """Vectors of shape (len(texts), dimension), and how many of them had to be computed."""
    keys = [cache_key(encoder.fingerprint, role, text) for role, text in texts]
    known = cache.get(keys)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    todo = list(missing.items())
    with ThreadPoolExecutor(os.cpu_count()) as pool, _progress(len(todo)) as bar:
        for start in range(0, len(todo), _CHUNK):
            chunk = todo[start : start + _CHUNK]
            vectors = pool.map(lambda item: encoder.encode([item[1][1]], item[1][0])[0], chunk)
            fresh = dict(zip((key for key, _ in chunk), vectors, strict=True))
            cache.put(fresh.items())
            known |= fresh
            bar.update(len(chunk))
    if not texts:
        return np.empty((0, encoder.dimension), dtype=np.float32), 0
    return np.stack([known[key] for key in keys]), len(todo)


def embed_documents(documents: Sequence[str], encoder: Encoder, cache: EmbeddingCache) -> tuple[Vectors, int]:
    """One vector per document, shape (len(documents), dimension): the unit mean of its lines' query vectors.

    Also how many lines had to be computed. The means are cached too, so that a publish reads one row per article.
    """
    keys = [cache_key(encoder.fingerprint, "document", document) for document in documents]
    known = cache.get(keys)
    missing = {key: document.splitlines() for key, document in zip(keys, documents, strict=True) if key not in known}
    vectors, computed = embed([("query", line) for lines in missing.values() for line in lines], encoder, cache)
    start = 0
    for key, lines in missing.items():
        mean = vectors[start : start + len(lines)].mean(axis=0)
        known[key] = mean / np.linalg.norm(mean)
        start += len(lines)
    cache.put((key, known[key]) for key in missing)
    if not documents:
        return np.empty((0, encoder.dimension), dtype=np.float32), 0
    return np.stack([known[key] for key in keys]), computed


def cache_key(fingerprint: str, role: Role | Literal["document"], text: str) -> bytes:
    """SHA-256 over model, role and text."""
    return hashlib.sha256(f"{fingerprint}\0{role}\0{text}".encode()).digest()


def _progress(total: int) -> tqdm:  # type: ignore[type-arg]
    every = 0.1 if sys.stderr.isatty() else 5.0  # seconds; a log file needs fewer lines than a terminal
    return tqdm(total=total, desc="嵌入文本", unit="条", file=sys.stderr, disable=total < 100, mininterval=every)
