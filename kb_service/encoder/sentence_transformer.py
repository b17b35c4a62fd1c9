"""The SentenceTransformer encoder: any model by name or path, on torch.

The only serving module that knows sentence_transformers; imported only when the settings ask for it.
"""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import numpy as np
from huggingface_hub.constants import ENDPOINT, is_offline_mode
from sentence_transformers import SentenceTransformer
from transformers.utils import logging as transformers_logging

from kb_service.encoder import Role, Vectors
from kb_service.errors import ModelSourceError

transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def load_sentence_transformer(name_or_path: str) -> SentenceTransformer:
    """Load a model from a folder, or by name from its hub. Raises ModelSourceError, saying what to do.

    Without the hub a name is looked for in the local cache only: the hub's client would try for minutes.
    """
    by_name = not Path(name_or_path).exists() and name_or_path.count("/") < 2
    cut_off = by_name and not _hub_answers()
    try:
        return SentenceTransformer(name_or_path, device="cpu", local_files_only=cut_off)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if cut_off:
            reason = f"连不上模型仓库 {ENDPOINT}，只找了本机缓存：{reason}"
        raise ModelSourceError(
            f"模型“{name_or_path}”载入失败：{reason}；请确认名称或目录正确，按名称下载需要能访问模型仓库"
        ) from error


def _hub_answers() -> bool:
    """Whether the model hub can be reached, by one request of at most five seconds per address."""
    if is_offline_mode():
        return False
    try:
        with urlopen(Request(ENDPOINT, method="HEAD"), timeout=5):
            return True
    except HTTPError as error:
        return error.code < 500
    except URLError as error:
        return isinstance(error.reason, ssl.SSLError)  # somebody is there; the client has its own certificates
    except OSError:
        return False


def prefixes_of(model: SentenceTransformer) -> dict[Role, str]:
    """The prefixes that a model's own configuration declares for queries and passages; empty where it has none."""
    prompts = model.prompts or {}
    passage = next((prompts[key] or "" for key in ("passage", "document", "corpus") if prompts.get(key)), "")
    return {"query": prompts.get("query") or "", "passage": passage}


class SentenceTransformerEncoder:
    """Encodes with torch, one text per call, so that padding never changes a vector."""

    def __init__(self, name_or_path: str) -> None:
        self._model = load_sentence_transformer(name_or_path)
        self._model.eval()
        self.name = name_or_path
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.max_tokens = int(self._model.max_seq_length or 512)
        self._prefixes = prefixes_of(self._model)
        self.fingerprint = self._digest()
        self._lock = threading.Lock()  # fast tokenizers switch padding and truncation on a shared object

    def _digest(self) -> str:
        digest = hashlib.sha256(repr((sorted(self._prefixes.items()), self.max_tokens)).encode())
        for key, tensor in sorted(self._model.state_dict().items()):
            digest.update(key.encode())
            digest.update(np.ascontiguousarray(tensor.numpy()).tobytes())
        return digest.hexdigest()

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        prefix = self._prefixes[role]
        with self._lock:
            return np.asarray(
                self._model.encode(
                    [prefix + text for text in texts],
                    prompt="",
                    batch_size=1,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                ),
                dtype=np.float32,
            )
