"""Mutilated content on a small scale; the bench does thousands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from eval.fuzz import Failure, FuzzResult, fuzz
from eval.mutilate import mutilated


def test_a_fault_fails_it() -> None:
    slowest = Failure(3, "faq/a.md: cut", "")
    clean = FuzzResult(
        files=10,
        seed=1,
        refused=8,
        failures=(),
        slowest=slowest,
        seconds=0.5,
        published=2,
        publish_refused=1,
        changed=0,
    )
    assert clean.passed
    assert str(clean).splitlines()[-1] == "通过"
    assert not replace(clean, changed=1).passed
    assert not replace(clean, failures=(Failure(4, "x", "boom"),)).passed


def test_what_was_mutilated_is_whole_again(content: Path) -> None:
    before = {path: path.read_bytes() for path in content.rglob("*") if path.is_file()}
    donors = [(path, path.relative_to(content).as_posix()) for path in before]
    donors = [(Path(__file__), name) for _, name in donors]  # texts of something else
    seen = set()
    for number in range(300):
        with mutilated(content, Random(number), donors) as damage:
            seen.add(damage.partition(": ")[2].partition("+")[0])
    assert {path: path.read_bytes() for path in content.rglob("*") if path.is_file()} == before
    assert {"bomb", "nested", "pipe", "loop", "folder", "recoded", "huge", "other_value"} <= seen


def test_mutilated_files_end_in_no_fault_and_change_nothing() -> None:
    result = fuzz(120, seed=20261123)
    assert result.passed, str(result)
    assert 60 < result.refused < 120
    assert result.publish_refused >= 2
