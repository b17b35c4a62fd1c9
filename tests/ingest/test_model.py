"""Building a model: what is refused writes nothing, what is written is close to its original.

The conversions use a BERT of one layer and random weights, with the default model's tokenizer: real, and done in a
second. Parity itself is measured on the default model.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers import AutoTokenizer, BertConfig, BertModel

from ingest.load import load
from ingest.model import MIN_COSINE_P5, MIN_OVERLAP, Parity, build_model, measure_parity
from kb_service.encoder import Role
from kb_service.encoder.folder import read_meta
from kb_service.encoder.onnx import OnnxEncoder
from kb_service.encoder.sentence_transformer import load_sentence_transformer
from kb_service.errors import ModelSourceError, ParityError
from kb_service.settings import load_settings
from tests.conftest import ROOT, SMALL

pytestmark = pytest.mark.slow

DEFAULT = ROOT / load_settings().model_dir
PREFIXES: dict[Role, str] = {"query": "query: ", "passage": "passage: "}
TEXTS = [question for faq in load(SMALL).faqs for question in faq.questions]  # 21


def tiny_model(folder: Path, outlier: float = 0.0) -> Path:
    """A SentenceTransformer of 32 dimensions. An outlier in its word vectors leaves int8 no steps for the others."""
    tokenizer = AutoTokenizer.from_pretrained(str(DEFAULT / "source"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        pad_token_id=1,
    )
    bert = BertModel(config, add_pooling_layer=False)
    with torch.no_grad():
        bert.embeddings.word_embeddings.weight[4] = outlier
    bert.save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    model = SentenceTransformer(
        modules=[Transformer(str(folder / "bert"), max_seq_length=64), Pooling(32, "mean"), Normalize()],
        prompts={"query": "q: ", "passage": "p: "},
        device="cpu",
    )
    model.save(str(folder / "tiny"), create_model_card=False)
    return folder / "tiny"


def command(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`kb-content model build` in a process of its own, with a home and a model cache of its own."""
    own = {"KB_HOME": str(home), "HF_HOME": str(home / "cache"), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return subprocess.run(
        [sys.executable, "-m", "ingest.cli", "model", "build", "--content", str(SMALL), *arguments],
        env=os.environ | own | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


# ── refusals


def test_a_conversion_that_strays_writes_nothing_and_keeps_the_old_model(tmp_path: Path) -> None:
    source, target = tiny_model(tmp_path, outlier=1000.0), tmp_path / "models" / "mine"
    target.mkdir(parents=True)
    (target / "meta.json").write_text("the old one", "utf-8")
    with pytest.raises(ParityError) as caught:
        build_model(str(source), target, TEXTS, None)
    measured, rule = str(caught.value).split("；", 1)
    assert measured.startswith("与原模型对照（21 条内容问法）：余弦 p5 0.")
    assert rule == (
        "下限为 p5 0.98、重合 80%，没有写入任何文件；请改用 KB_ENCODER=sentence-transformers 直接运行这个模型"
    )
    assert {path.name: path.read_text("utf-8") for path in target.iterdir()} == {"meta.json": "the old one"}
    assert [path.name for path in target.parent.iterdir()] == ["mine"]


@pytest.mark.parametrize("texts", [[], ["退款多久到账"]])
def test_without_phrasings_to_compare_on_nothing_is_built(tmp_path: Path, texts: list[str]) -> None:
    with pytest.raises(ParityError) as caught:
        build_model(str(DEFAULT / "source"), tmp_path / "models" / "mine", texts, None)
    assert str(caught.value) == (
        f"至少要两条问法才能与原模型对照，内容里只有 {len(texts)} 条；请用 --content 指定内容目录，或先写好常见问题"
    )
    assert not (tmp_path / "models").exists()


def test_a_source_inside_the_folder_that_is_replaced_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "models" / "mine"
    source = tiny_model(target)
    for inside in (source, target):
        with pytest.raises(ModelSourceError) as caught:
            build_model(str(inside), target, TEXTS, None)
        assert str(caught.value) == f"--from {inside} 在要重建的目录 {target} 里面，会被一起删掉；请先把它复制到别处"
    assert (source / "modules.json").is_file()


def test_a_folder_that_does_not_exist_is_a_clear_error(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "model"
    with pytest.raises(ModelSourceError) as caught:
        build_model(str(missing), tmp_path / "models" / "mine", TEXTS, None)
    assert str(caught.value) == (
        f"模型“{missing}”载入失败：Path {missing} not found；请确认名称或目录正确，按名称下载需要能访问模型仓库"
    )
    assert list((tmp_path / "models").iterdir()) == []


def test_a_name_that_cannot_be_downloaded_is_a_clear_error_without_a_minute_of_retries(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # not listening: connections are refused
        hub = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        done = command(tmp_path, "--from", "BAAI/bge-small-zh-v1.5", HF_ENDPOINT=hub)
    assert (done.returncode, done.stdout) == (1, "")
    progress, message, *more = done.stderr.splitlines()
    assert (progress, more) == ("… 载入原模型 失败", [])  # no warning of the hub's own between them
    assert message.startswith(f"错误：模型“BAAI/bge-small-zh-v1.5”载入失败：连不上模型仓库 {hub}，只找了本机缓存：")
    assert message.endswith("；请确认名称或目录正确，按名称下载需要能访问模型仓库")
    assert list((tmp_path / "models").iterdir()) == []


# ── what is written


def test_a_conversion_that_is_close_replaces_the_old_model_whole(tmp_path: Path) -> None:
    source, target = tiny_model(tmp_path), tmp_path / "models" / "mine"
    target.mkdir(parents=True)
    (target / "leftover").touch()
    parity = build_model(str(source), target, TEXTS, None)
    assert (parity.texts, parity.cosine_p5 >= MIN_COSINE_P5, parity.overlap_at_10 >= MIN_OVERLAP) == (21, True, True)
    assert sorted(path.name for path in target.iterdir()) == ["meta.json", "model.onnx", "tokenizer.json"]
    assert [path.name for path in target.parent.iterdir()] == ["mine"]
    meta = read_meta(target)
    assert (meta.name, meta.source, meta.dimension, meta.max_tokens) == ("mine", str(source), 32, 64)
    assert (meta.pooling, meta.prefixes) == ("mean", {"query": "q: ", "passage": "p: "})
    assert meta.parity == {
        "cosine_p5": parity.cosine_p5,
        "cosine_p50": parity.cosine_p50,
        "overlap_at_10": parity.overlap_at_10,
    }
    vectors = OnnxEncoder(target).encode(TEXTS, "passage")
    expected = load_sentence_transformer(str(source)).encode(["p: " + text for text in TEXTS], prompt="")
    assert np.sum(vectors * expected, axis=1).min() > MIN_COSINE_P5


def test_prefixes_can_be_chosen_and_change_the_fingerprint(tmp_path: Path) -> None:
    source = str(tiny_model(tmp_path))
    build_model(source, tmp_path / "own", TEXTS, None)
    build_model(source, tmp_path / "other", TEXTS, {"query": "问：", "passage": ""})
    own, other = read_meta(tmp_path / "own"), read_meta(tmp_path / "other")
    assert other.prefixes == {"query": "问：", "passage": ""}
    assert own.fingerprint != other.fingerprint


def test_the_fingerprint_is_that_of_the_files_prefixes_and_length() -> None:
    meta = read_meta(DEFAULT)
    described = json.dumps([meta.prefixes, meta.max_tokens], sort_keys=True).encode()
    files = (DEFAULT / "model.onnx").read_bytes() + (DEFAULT / "tokenizer.json").read_bytes()
    assert hashlib.sha256(described + files).hexdigest() == meta.fingerprint


# ── parity


def test_the_default_model_is_close_and_a_wrong_prefix_is_noticed() -> None:
    original, converted = load_sentence_transformer(str(DEFAULT / "source")), OnnxEncoder(DEFAULT, threads=2)
    right = measure_parity(original, converted, TEXTS, PREFIXES)
    assert (right.texts, right.cosine_p5 > 0.99, right.overlap_at_10 > 0.9) == (21, True, True)
    wrong = measure_parity(original, converted, TEXTS, {"query": "passage: ", "passage": "passage: "})
    assert wrong.cosine_p5 < MIN_COSINE_P5


def test_few_texts_overlap_wholly_but_never_more_than_that() -> None:
    original, converted = load_sentence_transformer(str(DEFAULT / "source")), OnnxEncoder(DEFAULT, threads=2)
    for count in (2, 5, 11):  # each has the same count - 1 neighbours in both models
        assert measure_parity(original, converted, TEXTS[:count], PREFIXES).overlap_at_10 == 1.0


def test_parity_in_words() -> None:
    assert str(Parity(400, 0.99649, 0.9975, 0.859)) == (
        "与原模型对照（400 条内容问法）：余弦 p5 0.9965、p50 0.9975，前 10 名重合 85.9%"
    )
