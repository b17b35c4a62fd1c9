"""The encoder port: text -> unit vectors.

Two implementations: `OnnxEncoder` (default; onnxruntime and tokenizers only) and `SentenceTransformerEncoder` (any
model by name or path, for comparison and for models that do not convert). Both pass tests/test_encoder_contract.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from kb_service.settings import Settings

Role = Literal["query", "passage"]
Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into vectors whose dot product is their cosine similarity."""

    @property
    def name(self) -> str:
        """Name of the model, for people."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """Texts are cut after so many tokens, prefix and special tokens included."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text may get another vector; vectors of different fingerprints never mix."""

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Vectors of shape (len(texts), dimension), float32, unit length; each independent of its neighbours.

        `role` chooses the model's prefix. An empty text gets a vector too. Safe to call from several threads.
        """


def load_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name. Raises ModelNotBuilt or ModelError."""
    if settings.encoder == "sentence-transformers":
        from kb_service.encoder.sentence_transformer import SentenceTransformerEncoder

        return SentenceTransformerEncoder(settings.sentence_transformer or str(settings.model_dir / "source"))
    from kb_service.encoder.onnx import OnnxEncoder

    return OnnxEncoder(settings.model_dir, threads=settings.encoder_threads)
