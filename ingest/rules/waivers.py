"""Exceptions, written where they hold: `<!-- waive rule-id: reason -->` in Markdown, `# waive rule-id: reason` in YAML.

The front matter of a Markdown file is YAML. A waiver excepts its own line; alone on its line, the next one that says
something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ingest.loaded import Loaded
from ingest.rules.registry import RULES
from ingest.source import comments, split_front_matter
from kb_service.errors import Problem, suggest_name

_WAIVER = re.compile(r"waive\s+(?P<rule>[a-z-]+)\s*[:：]\s*(?P<reason>\S.*)")
_MEANT = re.compile(r"\s*(?:waive\b|literal\s*:)")
_HTML_COMMENT = re.compile(r"<!--(?P<words>.*?)(?P<end>-->|$)", re.M)
_MORE = re.compile(r"\s#(?=\s*waive\b)")  # parts two waivers in one YAML comment
_WRONG_MARK = re.compile(r"(?:<!--|(?<!\S)#)\s*(?:waive\b|literal\s*:)")
_FORM = "应写成 <!-- waive 规则名: 理由 -->，YAML 和头信息里写成 # waive 规则名: 理由"


class _Comment(NamedTuple):
    """The words of a comment, its line, counted from 1, and whether it ends where it must."""

    line: int
    words: str
    closed: bool = True


@dataclass(frozen=True)
class Waiver:
    """An exception from `rule` for line `covers`, written at `line` of `file`; lines count from 1."""

    file: str
    line: int
    covers: int
    rule: str


def without_waived(loaded: Loaded, found: Sequence[Problem]) -> list[Problem]:
    """The problems that no waiver excepts, and what is wrong with the waivers themselves."""
    waivers: list[Waiver] = []
    kept: list[Problem] = []
    for file, text in sorted({place.file: place.text for place in loaded.places.values()}.items()):
        for found_here in _read(file, text):
            if isinstance(found_here, Waiver):
                waivers.append(found_here)
            else:
                kept.append(found_here)
    excepted = {(waiver.file, waiver.covers, waiver.rule) for waiver in waivers}
    used = {(problem.file, problem.line, problem.rule) for problem in found} & excepted
    kept += [problem for problem in found if (problem.file, problem.line, problem.rule) not in used]
    for waiver in waivers:
        place = (waiver.file, waiver.covers, waiver.rule)
        if place not in used:
            message = f"第 {waiver.covers} 行没有违反“{waiver.rule}”，不需要豁免；请删掉"
            kept.append(Problem(waiver.file, waiver.line, "", "unused-waiver", message))
        used.discard(place)  # a second waiver for the same is not needed
    return kept


def _read(file: str, text: str) -> Iterator[Waiver | Problem]:
    if "waive" not in text and "literal:" not in text:
        return
    lines = text.split("\n")
    found = [comment for comment in _comments(file, text) if _MEANT.match(comment.words)]
    rest = [_without_comments(line) for line in lines]
    silent = {number for number, words in enumerate(rest, 1) if not words.strip()}
    for comment in found:
        match = _WAIVER.fullmatch(comment.words.strip())
        if match is None or not comment.closed:
            yield Problem(file, comment.line, "", "waiver", f"豁免没有写对；{_FORM}")
        elif message := _unusable(match["rule"]):
            yield Problem(file, comment.line, "", "waiver", message)
        else:
            yield Waiver(file, comment.line, _covered(comment.line, silent, len(lines)), match["rule"])
    understood = {comment.line for comment in found}
    for number, line in enumerate(lines, 1):
        if number not in understood and _WRONG_MARK.search(line):
            yield Problem(file, number, "", "waiver", f"这里写的豁免不会被识别；{_FORM}")


def _comments(file: str, text: str) -> Iterator[_Comment]:
    """The comments of a file: those of YAML, and below the front matter those of HTML."""
    located, body, first = split_front_matter(file, text) if file.endswith(".md") else (None, "", 0)
    head = text[: len(text) - len(body)] if located else text
    for number, words in comments(head):
        yield from (_Comment(number, part) for part in _MORE.split(words))
    for number, line in enumerate(body.split("\n") if located else [], first):
        yield from (_Comment(number, match["words"], bool(match["end"])) for match in _HTML_COMMENT.finditer(line))


def _without_comments(line: str) -> str:
    """What a line says besides a waiver."""
    mark = _WRONG_MARK.search(line)
    return line if mark is None else line[: mark.start()]


def _covered(line: int, silent: set[int], last: int) -> int:
    """The line that a waiver at `line` is about: its own, or the next one that is not in `silent`."""
    return next((number for number in range(line, last + 1) if number not in silent), line)


def _unusable(rule: str) -> str:
    """Why this rule cannot be waived; empty if it can."""
    waivable = [name for name, known in RULES.items() if known.waivable]
    if rule not in RULES:
        return f"没有规则“{rule}”；{suggest_name(rule, waivable) or '规则名见问题末尾的方括号'}"
    return "" if rule in waivable else f"规则“{rule}”不能豁免：不改正就无法发布"
