"""Sets as JSON Lines: one judged row a line, each with an id of its own. A row that cannot be read raises."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from kb_service.errors import KnowledgeBaseError


class Named(Protocol):
    """A row of a set."""

    @property
    def id(self) -> str:
        """Unique in its set."""


Row = TypeVar("Row", bound=Named)


def read_rows(path: Path, parse: Callable[[Any], Row]) -> list[Row]:
    """The rows of a file, each made by `parse` from its JSON; `parse` raises ValueError for one that is wrong.

    Raises KnowledgeBaseError naming the file, and the line where there is one.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise KnowledgeBaseError(f"读不了评测集 {path}：{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KnowledgeBaseError(f"读不了评测集 {path}：不是 UTF-8 编码；请另存为 UTF-8") from error
    rows: dict[str, Row] = {}
    for number, line in enumerate(lines, 1):
        try:
            row = parse(json.loads(line))
        except ValueError as error:  # JSON's and pydantic's errors are such
            raise KnowledgeBaseError(f"评测集 {path} 第 {number} 行有误：{error}") from error
        if row.id in rows:
            raise KnowledgeBaseError(f"评测集 {path} 第 {number} 行的编号 {row.id} 已经用过；请换一个")
        rows[row.id] = row
    if not rows:
        raise KnowledgeBaseError(f"评测集 {path} 是空的")
    return list(rows.values())
