"""The evaluation of facts: a set that cannot be read raises; scores worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.facts import evaluate_facts, read_facts
from ingest.load import load
from kb_service.errors import KnowledgeBaseError
from kb_service.lexicon import Lexicon
from tests.conftest import ROOT

DEV = ROOT / "eval" / "golden" / "facts_dev.jsonl"


def write(path: Path, *texts: str) -> Path:
    """A set of these texts, numbered from 1."""
    rows = [
        {"id": f"f-{n}", "at": "2026-11-23T10:30+08:00", "text": text, "provenance": "hand"}
        for n, text in enumerate(texts, 1)
    ]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("退⟦money|3元⟧", "没有“money”这种类型"),
        ("退⟦amount|3元", "标记没有写完整；应为 ⟦类型|原文|值⟧"),
    ],
)
def test_a_wrong_mark_names_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(KnowledgeBaseError, match=r"set\.jsonl 第 2 行有误") as caught:
        read_facts(write(tmp_path / "set.jsonl", "好", text))
    assert problem in str(caught.value)


def test_no_set_and_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeBaseError, match="读不了评测集"):
        read_facts(tmp_path / "none.jsonl")
    (tmp_path / "set.jsonl").write_text("", "utf-8")
    with pytest.raises(KnowledgeBaseError, match="是空的"):
        read_facts(tmp_path / "set.jsonl")


def test_the_same_id_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "set.jsonl", "好")
    path.write_text(path.read_text("utf-8") + "\n" + path.read_text("utf-8"), "utf-8")
    with pytest.raises(KnowledgeBaseError, match="第 2 行的编号 f-1 已经用过"):
        read_facts(path)


def test_marks_become_offsets(tmp_path: Path) -> None:
    [message] = read_facts(write(tmp_path / "set.jsonl", "退⟦amount|三块|3⟧给⟦phone|13800138000⟧"))
    assert message.text == "退三块给13800138000"
    assert message.marks == (("amount", 1, 3, "3"), ("phone", 4, 15, None))


def test_scores(tmp_path: Path) -> None:
    path = write(tmp_path / "set.jsonl", "⟦amount|3元|4⟧⟦goods|手机⟧", "⟦duration|三天|P3D⟧了，退5元")
    scores = evaluate_facts(path, Lexicon())
    assert scores.by_type["amount"] == (1, 1, 0, 0, 1)  # right but for its value; 5元 is marked by nobody
    assert (scores.by_type["goods"].recall, scores.by_type["goods"].precision) == (0.0, 1.0)
    assert (scores.micro.precision, scores.micro.recall) == (2 / 3, 2 / 3)
    assert scores.micro.value_accuracy == 0.5
    assert scores.errors == (
        "f-1 值 amount 3元：应为 4，得到 3",
        "f-1 漏 goods 手机 ← 3元手机",
        "f-2 多 amount 5元 ← 三天了，退5元",
    )


def test_the_dev_set_is_understood() -> None:
    scores = evaluate_facts(DEV, load(ROOT / "content").content().lexicon)
    assert scores.micro.f1 >= 0.97
    assert scores.micro.value_accuracy >= 0.98
