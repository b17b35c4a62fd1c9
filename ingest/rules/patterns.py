"""Regular expressions that editors write: whether one can be read, says anything, and ends in time."""

from __future__ import annotations

import re
import time
from functools import lru_cache

_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{\d*,\d*\})")  # nothing else makes the time grow exponentially
_LETTERS = re.compile(r"(?<!\\)[^\W_]")
_KINDS = {r"\d": "1", r"\w": "a", r"\s": " ", ".": "x"}  # what a class of characters matches, among others
_PROBES, _LONGEST = 20, 25
_TOO_LONG = 0.05  # seconds for so short a text; a sound pattern takes a ten-thousandth of it


@lru_cache(maxsize=8192)
def pattern_fault(pattern: str, optional: bool = False) -> str:
    """What is wrong with a regular expression, in words for its writer; nothing if it is sound.

    One that is `optional` may match nothing: what stands around something else.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, ValueError, OverflowError, RecursionError) as error:  # the last three: absurd repetitions
        return f"正则表达式写错了：{error}"
    if explodes(compiled):
        return "这个正则表达式遇到某些文字会算很久，让服务停住；不要在重复的括号里再用 + 或 *，如 (a+)+"
    if not optional and compiled.search(""):
        return "这个正则表达式什么文字都匹配；去掉结尾的“|”或可有可无的部分"
    return ""


def explodes(pattern: re.Pattern[str]) -> bool:
    """Whether the time of a search doubles with every character of some text (catastrophic backtracking).

    Tried on repetitions of the pattern's own letters, longer and longer: a text is given up as soon as it takes long,
    so that trying takes little more than that.
    """
    if not _REPEATED_GROUP.search(pattern.pattern):
        return False
    letters = dict.fromkeys(_LETTERS.findall(pattern.pattern))
    kinds = [letter for mark, letter in _KINDS.items() if mark in pattern.pattern]
    words = re.findall(r"[^\W_]{2,}", pattern.pattern)
    return any(_grows(pattern, unit) for unit in [*kinds, *letters, *words][:_PROBES])


def _grows(pattern: re.Pattern[str], unit: str) -> bool:
    return any(_slow(pattern, unit * count + "\0") for count in range(8, _LONGEST, 4))


def _slow(pattern: re.Pattern[str], text: str) -> bool:
    """Twice, as the first may have been interrupted by something else."""
    return all(_seconds(pattern, text) > _TOO_LONG for _ in range(2))


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    begun = time.perf_counter()
    pattern.search(text)
    return time.perf_counter() - begun
