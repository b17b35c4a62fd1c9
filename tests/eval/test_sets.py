"""Evaluation sets from disk: ours, and folders in BEIR's layout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.sets import Document, ExternalSet, read_external, read_set
from ingest.golden import GoldenQuestion
from kb_service.errors import KnowledgeBaseError
from tests.conftest import ROOT

HEADER = "query-id\tcorpus-id\tscore\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two documents, three questions of which two are judged."""
    root = tmp_path / "tiny"
    root.mkdir()
    corpus = [{"_id": "d1", "title": "题", "text": "甲"}, {"_id": "d2", "text": "乙", "metadata": {}}]
    queries = [{"_id": "q1", "text": "问一"}, {"_id": 2, "text": "问二"}, {"_id": "q3", "text": "问三"}]
    (root / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)) + "\n\n", "utf-8")
    (root / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), "utf-8")
    (root / "qrels.tsv").write_text(HEADER + "q1\td1\t2\nq1\td2\t1\n2\td2\t1\nq3\td1\t0\n", "utf-8")
    return root


# ── refusals


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl"])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(KnowledgeBaseError) as caught:
        read_set(folder)
    path = folder / file
    assert str(caught.value) == f"读不了 {path}：[Errno 2] No such file or directory: '{path}'"


def test_missing_judgments_are_named(folder: Path) -> None:
    (folder / "qrels.tsv").unlink()
    with pytest.raises(KnowledgeBaseError) as caught:
        read_set(folder)
    path = folder / "qrels" / "test.tsv"
    assert str(caught.value) == f"读不了 {path}：[Errno 2] No such file or directory: '{path}'"


def test_a_line_that_is_no_json(folder: Path) -> None:
    (folder / "corpus.jsonl").write_text("{]\n", "utf-8")
    with pytest.raises(KnowledgeBaseError) as caught:
        read_set(folder)
    reason = "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    assert str(caught.value) == f"读不了 {folder}/corpus.jsonl：{reason}"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("q1\td1\tyes\n", "invalid literal for int() with base 10: 'yes'"),
        ("q1\td1\n", "list index out of range"),
        ("q1 d1 1\n", "list index out of range"),
    ],
)
def test_a_judgment_that_is_none(folder: Path, line: str, reason: str) -> None:
    (folder / "qrels.tsv").write_text(HEADER + line, "utf-8")
    with pytest.raises(KnowledgeBaseError) as caught:
        read_set(folder)
    assert str(caught.value) == f"读不了 {folder}/qrels.tsv：{reason}"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("q9\td1\t1\n", "qrels 里的问题 q9 不在 queries.jsonl 里"),
        ("q1\td9\t1\nq1\td8\t1\n", "qrels 里的文档 d8 不在 corpus.jsonl 里"),
    ],
)
def test_a_judgment_of_what_is_not_there(folder: Path, lines: str, message: str) -> None:
    (folder / "qrels.tsv").write_text(HEADER + lines, "utf-8")
    with pytest.raises(KnowledgeBaseError) as caught:
        read_set(folder)
    assert str(caught.value) == f"{folder}：{message}"


@pytest.mark.parametrize("lines", ["", "q1\td1\t0\nq3\td2\t-1\n"])
def test_a_set_without_judgments_is_refused(folder: Path, lines: str) -> None:
    (folder / "qrels.tsv").write_text(HEADER + lines, "utf-8")
    with pytest.raises(KnowledgeBaseError) as caught:
        read_set(folder)
    assert str(caught.value) == f"{folder} 没有任何相关性标注"


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl"])
def test_a_row_that_lacks_a_field(folder: Path, file: str) -> None:
    (folder / file).write_text('{"_id": "d1"}\n', "utf-8")
    with pytest.raises(KnowledgeBaseError, match=file):
        read_set(folder)


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeBaseError) as caught:
        read_set(tmp_path / "none")
    assert str(caught.value) == f"读不了评测集 {tmp_path}/none：No such file or directory"


# ── what is read


def test_a_folder_is_read_with_its_grades_and_only_the_judged_questions(folder: Path) -> None:
    assert read_set(folder) == ExternalSet(
        name="tiny",
        corpus=[Document("d1", "题", "甲"), Document("d2", "", "乙")],
        questions={"q1": "问一", "2": "问二"},
        judged={"q1": {"d1": 2, "d2": 1}, "2": {"d2": 1}},
    )


def test_judgments_may_lie_in_a_folder_of_their_own(folder: Path) -> None:
    flat = read_external(folder)
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    assert read_external(folder) == flat


def test_a_file_is_a_golden_set() -> None:
    found = read_set(ROOT / "eval" / "golden" / "dev.jsonl")
    assert isinstance(found, list)
    assert all(isinstance(question, GoldenQuestion) for question in found)
    assert len(found) > 1000
