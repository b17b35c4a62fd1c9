"""Patterns that cannot be read, say nothing, or would never end."""

from __future__ import annotations

import pytest

from ingest.rules.patterns import pattern_fault


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", r"(\d+-?)+元", "(?:[a-z]+)*1", "(ab|ab)*c"])
def test_a_pattern_whose_time_explodes_is_named(pattern: str) -> None:
    assert pattern_fault(pattern) == (
        "这个正则表达式遇到某些文字会算很久，让服务停住；不要在重复的括号里再用 + 或 *，如 (a+)+"
    )


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "a{99999999999}", "(" * 300, "*"])
def test_a_pattern_that_cannot_be_read_is_named(pattern: str) -> None:
    assert pattern_fault(pattern).startswith("正则表达式写错了：")


def test_a_pattern_that_matches_everything_is_named() -> None:
    assert pattern_fault("退款|") == "这个正则表达式什么文字都匹配；去掉结尾的“|”或可有可无的部分"


@pytest.mark.parametrize("pattern", [r"(?:\d{1,3},)*\d+元", "(?:退款|退货)+吗", "还没.{0,6}发货", "(?:好的?)+吧"])
def test_sound_patterns_pass(pattern: str) -> None:
    assert pattern_fault(pattern) == ""
