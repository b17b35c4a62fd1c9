"""How well emotions are told: macro F1 over the five, which are taken for which, and every error.

`eval/golden/emotion_dev.jsonl` may choose constants, `emotion_test.jsonl` only reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from eval.measures import macro_f1
from ingest.jsonl import read_rows
from kb_service.records import Emotion, LongText, Record
from kb_service.understand.feelings import EMOTIONS


class EmotionRow(Record):
    """One message of a customer and how they feel, judged from the text alone."""

    id: str
    text: LongText
    emotion: Emotion
    provenance: str


class EmotionError(NamedTuple):
    """A message that was taken for something else."""

    id: str
    expected: Emotion
    found: str
    text: str


class EmotionResult(NamedTuple):
    """`f1` by emotion, `confusion` counts (expected, found); `errors` in the order of the set."""

    rows: int
    macro_f1: float
    accuracy: float
    f1: dict[str, float]
    confusion: dict[tuple[str, str], int]
    errors: tuple[EmotionError, ...]


def evaluate_emotion(path: Path, feel: Callable[[str], str]) -> EmotionResult:
    """Run `feel` (text -> emotion) over a set. Raises KnowledgeBaseError for one that cannot be read."""
    return emotion_result(rows := read_emotions(path), [feel(row.text) for row in rows])


def emotion_result(rows: Sequence[EmotionRow], found: Sequence[str]) -> EmotionResult:
    """The measures of labels found for judged rows."""
    expected = [row.emotion for row in rows]
    confusion = Counter(zip(expected, found, strict=True))
    wrong = [(row, label) for row, label in zip(rows, found, strict=True) if row.emotion != label]
    return EmotionResult(
        rows=len(rows),
        macro_f1=macro_f1(expected, found),
        accuracy=1 - len(wrong) / len(rows),
        f1={label: _f1(label, confusion) for label in EMOTIONS if label in expected},
        confusion={(one, other): count for (one, other), count in confusion.items()},
        errors=tuple(EmotionError(row.id, row.emotion, label, row.text) for row, label in wrong),
    )


def _f1(label: str, confusion: Counter[tuple[Emotion, str]]) -> float:
    both = sum(count for pair, count in confusion.items() if pair == (label, label))
    either = sum(count * ((one == label) + (other == label)) for (one, other), count in confusion.items())
    return 2 * both / either


def read_emotions(path: Path) -> list[EmotionRow]:
    """The rows of a JSONL file. Raises KnowledgeBaseError naming the line that cannot be read."""
    return read_rows(path, EmotionRow.model_validate)
