"""Records: validity windows, dates, audiences."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from kb_service.content import Fact
from kb_service.records import CHINA, Validity, ancestors, visible_audiences


def test_a_date_is_beijing_midnight_and_the_end_is_exclusive() -> None:
    window = Validity.model_validate({"valid_from": date(2026, 3, 1), "valid_until": "2026-06-01"})
    assert not window.in_force(datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC))
    assert window.in_force(datetime(2026, 2, 28, 16, 0, tzinfo=UTC))
    assert window.in_force(datetime(2026, 5, 31, 23, 59, 59, tzinfo=CHINA))
    assert not window.in_force(datetime(2026, 6, 1, tzinfo=CHINA))


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValidationError, match="valid_until 必须晚于 valid_from"):
        Validity.model_validate({"valid_from": "2026-03-01", "valid_until": "2026-03-01"})


def test_overlap_is_symmetric_and_touching_windows_do_not_overlap() -> None:
    old = Validity.model_validate({"valid_until": "2026-03-01"})
    new = Validity.model_validate({"valid_from": "2026-03-01"})
    assert not old.overlaps(new)
    assert not new.overlaps(old)
    assert Validity().overlaps(old)


def test_ancestors_and_audiences() -> None:
    assert ancestors("a.b.c") == ("a", "a.b", "a.b.c")
    assert visible_audiences("agent") == ("public", "agent")


def test_a_fact_reads_with_its_unit() -> None:
    assert Fact(label="x", kind="duration", value=48, unit="小时").display == "48小时"
    assert Fact(label="x", kind="ratio", value=0.6, unit="%").display == "0.6%"
