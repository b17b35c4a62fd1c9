"""The bench of the gaps: scores worked by hand, and one small run of the real thing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from eval.gaps import Message, evaluate_gaps, scored
from eval.golden import MAX_SHARED
from ingest.gaps.drafting import ALIKE
from ingest.gaps.find import Found
from kb_service.errors import KnowledgeBaseError
from kb_service.knowledge import Knowledge
from kb_service.settings import Settings
from tests.conftest import SMALL
from tests.ingest.gaps.test_gaps import FINGERPRINT, asked


def _message(text: str, cluster: str | None) -> Message:
    return Message(text=text, cluster=cluster, kind="gap" if cluster else "single")


def _found(name: str, *questions: str) -> Found:
    return Found(name, questions, Counter(), 0.0, (), (), "")


def test_held_out_questions_keep_to_the_rule_of_golden_sets() -> None:
    assert ALIKE <= MAX_SHARED


def test_a_topic_is_recovered_by_three_messages_and_little_else(knowledge: Knowledge) -> None:
    rows = [_message(text, "a") for text in "甲乙丙丁"] + [_message(text, "b") for text in "子丑寅卯"]
    rows += [_message(text, None) for text in "天地玄"]
    groups = [_found("g1", *"甲乙丙天"), _found("g2", *"子丑寅地玄天"), _found("g3", "天"), _found("g4", "卯")]
    events = [asked(row.text) for row in rows]
    report = scored(rows, events, groups, knowledge)
    assert [(one.name, one.grouped, one.groups, one.rank, one.recovered) for one in report.topics] == [
        ("a", 3, 1, 1, True),
        ("b", 4, 2, 2, False),  # three messages are only half of g2, and one alone in g4 is too few
    ]
    assert (report.recovered, report.reported, report.false) == (1, 4, {"single": 1})
    assert report.purity == pytest.approx(7 / 11)
    assert report.purity_all == pytest.approx(7 / 12)
    assert report.coverage == pytest.approx(7 / 8)


def test_a_set_without_gaps_is_refused(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "gaps_dev.jsonl"
    path.write_text('{"text": "在吗", "cluster": null, "kind": "chatter"}\n', "utf-8")
    with pytest.raises(KnowledgeBaseError, match="里没有 kind 是 gap 的行"):
        evaluate_gaps(path, settings)


def test_a_small_set_is_found(settings: Settings, tmp_path: Path) -> None:
    rows = [{"text": text, "cluster": "fingerprint", "kind": "gap"} for text in FINGERPRINT]
    (tmp_path / "gaps_dev.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    golden = {"id": "q1", "split": "dev", "slice": "plain", "text": "卖家不发货怎么退钱", "provenance": "p"}
    golden |= {"relevant": {"trade.refund.no-ship": 2}}  # type: ignore[dict-item]
    (tmp_path / "dev.jsonl").write_text(json.dumps(golden), "utf-8")
    report = evaluate_gaps(tmp_path / "gaps_dev.jsonl", settings, count=10, content=SMALL)
    assert (report.events, report.recovered, report.purity) == (10, 1, 1.0)
