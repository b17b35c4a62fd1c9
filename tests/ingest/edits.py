"""Editing a copy of the small content and reading what the check says of it, for the tests of the rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ingest.check import check

TODAY = date(2026, 11, 23)


def problems(content: Path, today: date = TODAY) -> list[str]:
    """All problems as text, in the order of their places."""
    return [str(problem) for problem in sorted(check(content, today).problems)]


def edit(content: Path, file: str, old: str, new: str) -> None:
    """Replace a text that must be there."""
    path = content / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
