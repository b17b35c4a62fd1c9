"""One contract suite for every encoder."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from kb_service.encoder import Encoder, load_encoder
from kb_service.encoder.folder import read_meta
from kb_service.encoder.onnx import OnnxEncoder
from kb_service.errors import ModelError, ModelNotBuilt, ModelSourceError
from kb_service.settings import Settings

TEXTS = ["拍下三天了还没发货", "退款多久到账？", "", "iPhone 15 成色99新", "好" * 300]


@pytest.fixture(scope="module", params=["onnx", pytest.param("sentence-transformers", marks=pytest.mark.slow)])
def either(request: pytest.FixtureRequest, settings: Settings) -> Encoder:
    return load_encoder(settings.model_copy(update={"encoder": request.param}))


def test_shape_type_and_unit_norm(either: Encoder) -> None:
    vectors = either.encode(TEXTS, "query")
    assert vectors.shape == (len(TEXTS), either.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_no_texts(either: Encoder) -> None:
    assert either.encode([], "query").shape == (0, either.dimension)


def test_batch_equals_single(either: Encoder) -> None:
    alone = np.concatenate([either.encode([text], "passage") for text in TEXTS])
    assert np.array_equal(either.encode(TEXTS, "passage"), alone)


def test_the_prefix_depends_on_the_role(either: Encoder) -> None:
    cosine = float(either.encode(["退款"], "query")[0] @ either.encode(["退款"], "passage")[0])
    assert 0.5 < cosine < 0.9999


def test_truncation_at_the_models_length(either: Encoder) -> None:
    start = "退款一直没有到账，" * 200  # far over 512 tokens
    long, longer = either.encode([start, start + "账号被盗"], "query")
    assert either.max_tokens == 512
    assert np.array_equal(long, longer)


def test_meaning_beats_spelling(either: Encoder) -> None:
    question, near, far = either.encode(["卖家不发货怎么办", "付了钱对方一直没寄出", "怎么修改头像"], "query")
    assert question @ near > question @ far


def test_threads_get_what_one_caller_gets(either: Encoder) -> None:
    expected = either.encode(TEXTS, "query")
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: either.encode(TEXTS, "query"), range(8)):
            assert np.array_equal(found, expected)


def test_the_fingerprint_is_stable(either: Encoder, settings: Settings) -> None:
    again = load_encoder(settings.model_copy(update={"encoder": _kind(either)}))
    assert again.fingerprint == either.fingerprint
    assert len(either.fingerprint) == 64


def _kind(encoder: Encoder) -> str:
    return "onnx" if isinstance(encoder, OnnxEncoder) else "sentence-transformers"


@pytest.mark.slow
def test_the_two_encoders_agree(settings: Settings, encoder: Encoder) -> None:
    other = load_encoder(settings.model_copy(update={"encoder": "sentence-transformers"}))
    cosines = np.sum(encoder.encode(TEXTS, "query") * other.encode(TEXTS, "query"), axis=1)
    assert cosines.min() > 0.98
    assert encoder.fingerprint != other.fingerprint


@pytest.mark.slow
def test_an_unknown_model_is_a_clear_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    wrong = settings.model_copy(update={"encoder": "sentence-transformers", "sentence_transformer": "/no/such/model"})
    with pytest.raises(ModelSourceError, match="模型“/no/such/model”载入失败"):
        load_encoder(wrong)


def test_a_missing_model_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(
        ModelNotBuilt, match=r"缺少 model\.onnx、tokenizer\.json、meta\.json；请运行 kb-content model build"
    ):
        OnnxEncoder(tmp_path)


def test_a_damaged_model_says_how_to_rebuild_it(tmp_path: Path, settings: Settings) -> None:
    for name in ("tokenizer.json", "meta.json"):
        shutil.copy(settings.model_dir / name, tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match="--force 重建"):
        OnnxEncoder(tmp_path)
    (tmp_path / "meta.json").write_text(json.dumps({"name": "x"}), "utf-8")
    with pytest.raises(ModelNotBuilt, match="读不懂"):
        read_meta(tmp_path)
