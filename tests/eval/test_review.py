"""The review measure on hand-written sets, and the bars on the development set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.review import Rates, evaluate_review, read_drafts
from kb_service.errors import KnowledgeBaseError
from kb_service.review.reviewer import Reviewer
from tests.conftest import ROOT

CLEAN = {"id": "r1", "draft": "请提供订单编号。", "case": {}, "findings": [], "provenance": "test"}
CODE = "把验证码发我"


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


def test_sets_that_cannot_be_read_raise(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeBaseError, match="读不了评测集"):
        read_drafts(tmp_path / "missing.jsonl")
    with pytest.raises(KnowledgeBaseError, match="是空的"):
        read_drafts(write(tmp_path / "empty.jsonl"))
    with pytest.raises(KnowledgeBaseError, match="第 1 行有误"):
        read_drafts(write(tmp_path / "bad.jsonl", {"id": "r1"}))
    strange = CLEAN | {"findings": [{"rule": "tone", "text": "没有这句"}]}
    with pytest.raises(KnowledgeBaseError, match="不在 draft 里"):
        read_drafts(write(tmp_path / "strange.jsonl", CLEAN, strange))


def test_a_finding_is_right_when_rule_and_place_agree(tmp_path: Path, reviewer: Reviewer) -> None:
    marked = CLEAN | {
        "id": "r2",
        "draft": f"您好，{CODE}",
        "findings": [{"rule": "private_data_request", "text": CODE}],
    }
    missed = CLEAN | {"id": "r3", "findings": [{"rule": "tone", "text": "请提供"}]}
    wrong = CLEAN | {"id": "r4", "draft": f"您好，{CODE}"}
    report = evaluate_review(write(tmp_path / "set.jsonl", CLEAN, marked, missed, wrong), reviewer)
    assert report.overall == Rates(right=1, found=2, caught=1, marked=2)
    assert (report.overall.precision, report.overall.recall) == (0.5, 0.5)
    assert report.rules["tone"] == Rates(right=0, found=0, caught=0, marked=1)
    assert (report.clean, report.disturbed) == (2, ["r4"])
    assert len(report.errors) == 2


def test_the_development_set_is_reviewed_well(reviewer: Reviewer) -> None:
    report = evaluate_review(ROOT / "eval" / "golden" / "review_dev.jsonl", reviewer)
    assert report.overall.precision >= 0.93, report.errors
    assert report.overall.recall >= 0.92, report.errors
