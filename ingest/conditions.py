"""What quality has to stay above: the rows of `conditions.yaml`. The gate and `kb-content impact` read them."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ingest.source import read_yaml
from kb_service.errors import KnowledgeBaseError
from kb_service.records import Record


class Condition(Record):
    """One published number: set, slice, measure, what is expected and how far it may fall (or rise, if `at_most`)."""

    set: str
    slice: str
    measure: str
    expected: float
    tolerance: float
    at_most: bool = False
    full: bool = False  # only with --full

    def holds(self, value: float) -> bool:
        """Whether the value is inside the tolerance; better than expected always is."""
        limit = self.expected + self.tolerance if self.at_most else self.expected - self.tolerance
        return value <= limit if self.at_most else value >= limit


def read_conditions(path: Path) -> list[Condition]:
    """The rows of the file. Raises KnowledgeBaseError."""
    try:
        rows = TypeAdapter(list[Condition]).validate_python(read_yaml(path.name, path.read_text("utf-8")).value)
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise KnowledgeBaseError(f"读不了 {path}：{error}") from error
    if not rows:
        raise KnowledgeBaseError(f"{path} 里没有任何条件")
    return rows
