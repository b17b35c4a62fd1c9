"""Golden questions: text, and which articles answer it."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from kb_service.content import Record
from kb_service.errors import KnowledgeBaseError


class GoldenQuestion(Record):
    """One judged question. `relevant` maps article ids to grades (2 answers it, 1 helps); empty is out of scope."""

    id: str
    text: str
    relevant: dict[str, int]
    slice: str
    split: str
    provenance: str


def read_golden(path: Path) -> list[GoldenQuestion]:
    """The questions of a JSONL file. Raises KnowledgeBaseError naming the line that cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise KnowledgeBaseError(f"读不了评测集 {path}：{error.strerror}") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(GoldenQuestion.model_validate(json.loads(line)))
        except (ValueError, ValidationError) as error:
            raise KnowledgeBaseError(f"评测集 {path} 第 {number} 行有误：{error}") from error
    if not found:
        raise KnowledgeBaseError(f"评测集 {path} 是空的")
    return found
