"""Grouping, on vectors that can be worked out by hand."""

from __future__ import annotations

import numpy as np

from ingest.gaps.cluster import Phrasings, groups
from kb_service.encoder import Vectors

KNOWN = Phrasings(
    ["甲", "乙", "丙", "丁"],
    ["a", "a", "b", "b"],
    np.array([[0.1, 0, 0, 0], [-0.1, 0, 0, 0], [0, 0.1, 0, 0], [0, -0.1, 0, 0]], dtype=np.float32),
)


def _vectors(*rows: tuple[float, float, float, float]) -> Vectors:
    return np.array(rows, dtype=np.float32)


def test_fewer_questions_than_a_group_needs_are_no_group() -> None:
    assert groups(_vectors((1, 0, 0, 0), (1, 0, 0, 0)), ["指纹", "指纹"], KNOWN, smallest=3) == []


def test_what_points_the_same_way_and_says_the_same_words_is_one_group() -> None:
    texts = ["指纹登录", "指纹解锁", "指纹失效", "直播预告", "直播预约", "直播提醒", "今天"]
    vectors = _vectors(*[(1, 0, 0, 0)] * 3, *[(0, 0, 1, 0)] * 3, (0, 0, 0, -1))
    assert [group.core for group in groups(vectors, texts, KNOWN, smallest=3)] == [[0, 1, 2], [3, 4, 5]]


def test_a_question_that_only_resembles_a_group_is_near_to_it() -> None:
    texts = ["指纹登录", "指纹登录", "指纹登录", "今天"]
    vectors = _vectors((1, 0, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0), (0.5, 0, 0.87, 0))
    (group,) = groups(vectors, texts, KNOWN, smallest=3)
    assert (group.core, group.near) == ([0, 1, 2], [3])
