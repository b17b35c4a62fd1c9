"""The emotion measure on a hand-worked table, and sets that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.emotion import EmotionError, EmotionRow, emotion_result, evaluate_emotion, read_emotions
from kb_service.errors import KnowledgeBaseError
from tests.conftest import ROOT

ROW = '{"id": "e1", "text": "气死我了", "emotion": "angry", "provenance": "written"}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "是空的"),
        (ROW + ROW, "第 2 行的编号 e1 已经用过"),
        (ROW.replace("angry", "furious"), "第 1 行有误"),
        (ROW + "{\n", "第 2 行有误"),
        (ROW.replace("气死我了", ""), "第 1 行有误"),
    ],
)
def test_a_bad_set_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(KnowledgeBaseError, match=message):
        read_emotions(path)


def test_a_missing_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeBaseError, match="读不了评测集"):
        evaluate_emotion(tmp_path / "none.jsonl", lambda text: "calm")


def test_the_measures_by_hand() -> None:
    rows = [
        EmotionRow(id=str(number), text=f"话{number}", emotion=emotion, provenance="written")
        for number, emotion in enumerate(("calm", "calm", "calm", "angry"))
    ]
    found = emotion_result(rows, ["calm", "calm", "angry", "angry"])
    # calm: precision 2/2, recall 2/3 -> 0.8; angry: precision 1/2, recall 1/1 -> 2/3
    assert found.f1 == {"calm": pytest.approx(0.8), "angry": pytest.approx(2 / 3)}
    assert found.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert found.accuracy == 0.75
    assert found.confusion == {("calm", "calm"): 2, ("calm", "angry"): 1, ("angry", "angry"): 1}
    assert found.errors == (EmotionError("2", "calm", "angry", "话2"),)


def test_the_dev_set_can_be_read_and_always_calm_scores_low() -> None:
    result = evaluate_emotion(ROOT / "eval" / "golden" / "emotion_dev.jsonl", lambda text: "calm")
    assert result.rows >= 250
    assert result.macro_f1 < 0.1
