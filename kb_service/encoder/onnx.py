"""The default encoder: an int8 ONNX folder made by `kb-content model build`, run by onnxruntime.

The only serving module that knows onnxruntime and tokenizers. `encoder/folder.py` describes the folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from kb_service.encoder import Role, Vectors
from kb_service.encoder.folder import read_meta
from kb_service.errors import ModelError


class OnnxEncoder:
    """Encodes one text per engine call.

    int8 activations are scaled per call, so a batch would make a text's vector depend on its neighbours; alone, equal
    texts get equal vectors wherever they are encoded. Parallelism comes from threads: onnxruntime releases the GIL.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the folder; `threads` is onnxruntime's intra-op pool for each call."""
        self._meta = read_meta(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # both libraries raise bare Exception subclasses of their own
            raise ModelError(f"模型 {folder} 载入失败：{error}；请运行 kb-content model build --force 重建") from error
        self._tokenizer.enable_truncation(self._meta.max_tokens)
        self._tokenizer.no_padding()

    @property
    def name(self) -> str:
        return self._meta.name

    @property
    def dimension(self) -> int:
        return self._meta.dimension

    @property
    def max_tokens(self) -> int:
        return self._meta.max_tokens

    @property
    def fingerprint(self) -> str:
        return self._meta.fingerprint

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        prefix = self._meta.prefixes[role]
        for n, text in enumerate(texts):
            ids = np.array([self._tokenizer.encode(prefix + text).ids], dtype=np.int64)
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            vectors[n] = self._session.run(["sentence_embedding"], feed)[0][0]
        return vectors
