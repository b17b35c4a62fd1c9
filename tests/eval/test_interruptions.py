"""Publishing killed a few times; the bench kills it a hundred times."""

from __future__ import annotations

from dataclasses import replace

from eval.interruptions import InterruptedResult, interrupt

CLEAN = InterruptedResult(
    kills=2, struck={"building": 2}, taken=0, calls=9, versions=1, wrong=0, failed=0, unreadable=0, orphans=0,
    leftovers=(), unrecorded=0,
)  # fmt: skip


def test_anything_wrong_fails_it() -> None:
    assert CLEAN.passed
    for bad in (
        replace(CLEAN, wrong=1),
        replace(CLEAN, failed=1),
        replace(CLEAN, unreadable=1),
        replace(CLEAN, orphans=1),
        replace(CLEAN, unrecorded=1),
    ):
        assert not bad.passed
    dirty = replace(CLEAN, leftovers=("CURRENT.tmp",))
    assert not dirty.passed
    assert str(dirty).splitlines()[-2:] == ["残留文件 1：CURRENT.tmp", "没有通过"]


def test_killed_at_eight_points_it_is_never_wrong_and_never_down() -> None:
    result = interrupt(8, seed=20261123)
    assert result.passed, str(result)
    assert sum(result.struck.values()) == 8
    assert result.calls > 100
