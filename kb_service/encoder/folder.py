"""The description of a model folder, readable without loading the model.

A model folder holds `model.onnx` (inputs input_ids and attention_mask, output sentence_embedding: pooled and unit
length), `tokenizer.json` and `meta.json`. `kb-content model build` writes it.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from kb_service.encoder import Role
from kb_service.errors import ModelNotBuilt


class ModelMeta(BaseModel):
    """meta.json of a model folder."""

    model_config = ConfigDict(frozen=True)

    name: str
    source: str
    dimension: int
    max_tokens: int
    pooling: str
    prefixes: dict[Role, str]
    fingerprint: str  # SHA-256 over model.onnx, tokenizer.json, prefixes and max_tokens
    parity: dict[str, float]


def read_meta(folder: Path) -> ModelMeta:
    """The description of a model folder. Raises ModelNotBuilt if a file is missing or unreadable."""
    missing = [name for name in ("model.onnx", "tokenizer.json", "meta.json") if not (folder / name).is_file()]
    if missing:
        raise ModelNotBuilt(f"模型目录 {folder} 缺少 {'、'.join(missing)}；请运行 kb-content model build")
    try:
        return ModelMeta.model_validate_json((folder / "meta.json").read_bytes())
    except ValidationError as error:
        raise ModelNotBuilt(
            f"模型说明 {folder / 'meta.json'} 读不懂；请运行 kb-content model build --force 重建"
        ) from error
