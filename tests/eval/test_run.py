"""Runs, comparisons, the gate and the page, over the small knowledge base and over hand-made outcomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.compare import compare, place
from eval.gate import gate
from eval.report import report
from eval.run import Outcome, Run, load_run, read_history, run_golden, save_run, table
from ingest.conditions import Condition, read_conditions
from ingest.golden import GoldenQuestion
from kb_service.errors import KnowledgeBaseError
from kb_service.settings import Settings


def outcome(name: str, *ranking: str, expected: str = "right", confidence: float = 0.9) -> Outcome:
    return Outcome(
        id=name,
        slice="plain",
        text=f"问题{name}",
        expected=(expected,) if expected else (),
        ranking=ranking,
        confidence=confidence,
        status="answered",
        issue_type=None,
        templates=(),
        related=(),
        milliseconds=1.0,
        parts=({"dense": 0.9, "sparse": None},),
    )


def made(name: str, *outcomes: Outcome) -> Run:
    return Run(
        name=name,
        date="2026-11-23T00:00:00+00:00",
        set="small.jsonl",
        commit="abc",
        kb_version="v",
        content_hash="h",
        model="m",
        settings={},
        measures={"single issue": {"questions": len(outcomes), "hit@1": 0.5, "hit@3": 1.0, "mrr@10": 0.7}, "all": {}},
        outcomes=outcomes,
    )


QUESTIONS = [
    GoldenQuestion(
        id="q1",
        split="dev",
        slice="plain",
        text="下单付款之后对方迟迟不寄，钱能拿回来吗",
        relevant={"trade.refund.no-ship": 2},
        templates=("tpl.refund.no-ship",),
        provenance="test",
    ),
    GoldenQuestion(
        id="q2",
        split="dev",
        slice="typo_sound",
        text="买家不发或怎么办",
        clean="卖家不发货怎么办",
        relevant={"trade.refund.no-ship": 2},
        provenance="test",
    ),
    GoldenQuestion(id="q3", split="dev", slice="out_of_scope", text="明天会下雨吗", relevant={}, provenance="test"),
]


def test_comparing_runs_over_different_questions_is_refused() -> None:
    with pytest.raises(KnowledgeBaseError, match="两次评测的题目不同（例如 a）"):
        compare(made("one", outcome("a", "right")), made("two", outcome("b", "right")))


def test_a_run_that_is_not_kept_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeBaseError) as caught:
        load_run("nowhere", tmp_path)
    assert str(caught.value) == "没有评测“nowhere”的记录；有的是：（无）。先运行 kb-eval run --name nowhere"


def test_the_place_counts_from_one_and_absence_is_past_the_depth() -> None:
    assert [place(outcome("a", *ranking)) for ranking in (("right",), ("x", "right"), ("x",), ())] == [1, 2, 11, 11]


def test_a_comparison_shows_changes_first_then_means() -> None:
    old = made("old", outcome("a", "x", "right"), outcome("b", "right"), outcome("c", "x", expected=""))
    new = made("new", outcome("a", "right"), outcome("b", "right"), outcome("c", "y", expected=""))
    text = compare(old, new)
    assert "2 questions; 1 better, 0 worse" in text
    assert "| a | 2 -> 1 | 问题a | x | right |" in text
    assert "| hit@1 | 0.500 | 1.000 | +0.500" in text
    assert text.index("| a | 2 -> 1") < text.index("| hit@1 |")


def test_the_page_is_self_contained_and_names_what_was_answered_instead() -> None:
    page = report(made("try", outcome("a", "wrong", "right"), outcome("b", "right", confidence=0.4)), [])
    assert "问题a" in page
    assert "wrong" in page
    assert page.count("data:image/svg+xml;base64,") == 3
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.parametrize(
    ("at_most", "value", "holds"),
    [(False, 0.79, True), (False, 0.78, False), (False, 1.0, True), (True, 0.81, True), (True, 0.82, False)],
)
def test_a_condition_by_hand(at_most: bool, value: float, holds: bool) -> None:
    row = Condition(set="s", slice="plain", measure="hit@1", expected=0.8, tolerance=0.0101, at_most=at_most)
    assert row.holds(value) is holds


@pytest.mark.parametrize("text", ["[]", "- {set: a}", "{", ""])
def test_conditions_that_cannot_be_read_are_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "conditions.yaml").write_text(text, "utf-8")
    with pytest.raises(KnowledgeBaseError, match=r"conditions\.yaml"):
        read_conditions(tmp_path / "conditions.yaml")


def test_the_gate_refuses_a_set_that_is_not_there(settings: Settings) -> None:
    row = Condition(set="nowhere.jsonl", slice="plain", measure="hit@1", expected=0.5, tolerance=0.0)
    with pytest.raises(KnowledgeBaseError, match=r"读不了评测集 nowhere\.jsonl"):
        gate([row], settings, full=False)


def test_the_gate_passes_fails_and_refuses_unknown_measures(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "small.jsonl"
    path.write_text("\n".join(question.model_dump_json(exclude_none=True) for question in QUESTIONS), "utf-8")
    row = Condition(set=str(path), slice="plain", measure="hit@1", expected=1.0, tolerance=0.0)
    assert gate([row], settings, full=False)[0]
    passed, text = gate([row.model_copy(update={"expected": 1.5})], settings, full=False)
    assert not passed
    assert "**fails**" in text
    with pytest.raises(KnowledgeBaseError, match=r"没有 plain 的 hit@7；请改正 conditions\.yaml"):
        gate([row.model_copy(update={"measure": "hit@7"})], settings, full=False)


def test_a_run_measures_keeps_and_prints(settings: Settings, tmp_path: Path) -> None:
    run = run_golden(QUESTIONS, settings, "try", Path("small.jsonl"))
    assert run.measures["plain"]["hit@1"] == 1.0
    assert run.measures["typo_sound"]["hit@1 if clean"] == 1.0
    assert run.measures["single issue"]["questions"] == 2
    assert run.measures["all"]["first template acceptable"] == 1.0
    assert "| plain | 1 | 1.000 |" in table(run)
    save_run(run, tmp_path / "history.jsonl", tmp_path / "eval")
    assert load_run("try", tmp_path / "eval") == run
    rows = read_history(tmp_path / "history.jsonl")
    assert [(row.name, row.measures, row.outcomes) for row in rows] == [("try", run.measures, ())]
