"""Evaluation sets: our golden questions, and any BEIR folder (Thakur et al., 2021), read the same way."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.golden import GoldenQuestion, read_golden
from kb_service.errors import KnowledgeBaseError


@dataclass(frozen=True)
class Document:
    """One document of an external corpus."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class ExternalSet:
    """A corpus of its own, questions and graded judgments: question id -> document id -> grade."""

    name: str
    corpus: list[Document]
    questions: dict[str, str]
    judged: dict[str, dict[str, int]]


def read_set(path: Path) -> ExternalSet | list[GoldenQuestion]:
    """A BEIR folder or a golden JSONL file. Raises KnowledgeBaseError if it cannot be read; never an empty set."""
    if path.is_dir():
        return read_external(path)
    return read_golden(path)


def read_external(folder: Path) -> ExternalSet:
    """`corpus.jsonl`, `queries.jsonl` and `qrels.tsv` (or `qrels/test.tsv`). Raises KnowledgeBaseError."""
    corpus = [
        Document(str(row["_id"]), str(row.get("title") or ""), str(row["text"]))
        for row in _rows(folder / "corpus.jsonl", "_id", "text")
    ]
    texts = {str(row["_id"]): str(row["text"]) for row in _rows(folder / "queries.jsonl", "_id", "text")}
    flat = folder / "qrels.tsv"
    judged = _judgments(flat if flat.exists() else folder / "qrels" / "test.tsv")
    known = {document.id for document in corpus}
    for question, grades in judged.items():
        if question not in texts:
            raise KnowledgeBaseError(f"{folder}：qrels 里的问题 {question} 不在 queries.jsonl 里")
        if missing := grades.keys() - known:
            raise KnowledgeBaseError(f"{folder}：qrels 里的文档 {sorted(missing)[0]} 不在 corpus.jsonl 里")
    if not judged:
        raise KnowledgeBaseError(f"{folder} 没有任何相关性标注")
    return ExternalSet(folder.name, corpus, {name: texts[name] for name in judged}, judged)


def _rows(path: Path, *required: str) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise KnowledgeBaseError(f"读不了 {path}：{error}") from error
    for number, row in enumerate(rows, 1):
        if missing := [name for name in required if name not in row]:
            raise KnowledgeBaseError(f"{path} 第 {number} 行缺少 {missing[0]}")
    return rows


def _judgments(path: Path) -> dict[str, dict[str, int]]:
    """Question -> document -> grade. External sets say 1 for relevant; our measures call an answer 2."""
    judged: dict[str, dict[str, int]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in list(csv.reader(file, delimiter="\t"))[1:]:
                if int(row[2]) > 0:
                    judged.setdefault(row[0], {})[row[1]] = int(row[2])
    except (OSError, ValueError, IndexError) as error:
        raise KnowledgeBaseError(f"读不了 {path}：{error}") from error
    return judged
