"""Finding words and patterns: overlaps, the longest of one label, odd input."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_service.text import fold_aligned
from kb_service.understand.cues import CueFinder, CueHit, CueItem

FINDER = CueFinder(
    [
        CueItem("退款", False, "refund", 0.5),
        CueItem("仅退款", False, "refund", 1.0),
        CueItem("退款失败", False, "fix", 0.8),
        CueItem("急", False, "anxious", 0.4),
        CueItem("OK", False, "calm", 0.3),
        CueItem("(?<!不)要.{0,3}赔", True, "compensate", 0.9),
        CueItem("x*", True, "empty", 0.9),
    ]
)


def test_a_broken_pattern_is_refused_when_the_finder_is_built() -> None:
    with pytest.raises(re.error):
        CueFinder([CueItem("(", True, "refund", 1.0)])


def test_of_one_label_the_outermost_hit_stays_and_other_labels_may_overlap_it() -> None:
    assert FINDER.find("仅退款失败") == [CueHit("refund", 1.0, 0, 3), CueHit("fix", 0.8, 1, 5)]


def test_every_occurrence_is_found_also_the_last_character() -> None:
    assert FINDER.find("急,退款,急") == [
        CueHit("anxious", 0.4, 0, 1),
        CueHit("refund", 0.5, 2, 4),
        CueHit("anxious", 0.4, 5, 6),
    ]


def test_patterns_look_behind_and_never_match_nothing() -> None:
    assert FINDER.find("我要你赔") == [CueHit("compensate", 0.9, 1, 4)]
    assert FINDER.find("我不要你赔") == []
    assert FINDER.find("") == []


def test_words_are_folded_as_texts_are() -> None:
    assert FINDER.find(fold_aligned("ＯＫ")) == [CueHit("calm", 0.3, 0, 2)]


@given(st.text(max_size=300))
def test_hits_lie_inside_the_text(text: str) -> None:
    folded = fold_aligned(text)
    for hit in FINDER.find(folded):
        assert 0 <= hit.start < hit.end <= len(text)
