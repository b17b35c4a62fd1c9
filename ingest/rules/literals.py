"""Deadlines and amounts that are written out where a fact should stand: nobody finds them when the number changes.

Read by lines of the files, so that each is named at its line. What customers say (phrasings) and earlier wordings of
clauses may hold any number.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from ingest.bodies import MARKDOWN_WAIVER
from ingest.loaded import Loaded, Place
from ingest.render import PLACEHOLDER
from kb_service.content import Entry, Fact, Faq, Flow, Policy, Template
from kb_service.errors import Problem

_YAML_COMMENT = re.compile(r"(?:^|\s)#.*$")
_DATE = re.compile(r"\d{4}\s*年(?:\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?)?|\d{1,2}\s*月\s*\d{1,2}\s*日")

_NUMERALS = "一二两三四五六七八九十百千万"
_WORTH_READING = re.compile(rf"[\d{_NUMERALS}]")  # a quarter of all lines, which halves the time

_DAYS = r"个?(?:工作日|自然日)"
_TIME = rf"(?:{_DAYS}|个?小时|个?钟头|分钟|秒钟?|天|日|周|个?星期|个?礼拜|个月|年)"
_NUMBER = r"(?<!\d)\d++(?:\.\d++)?"  # never from within a number: thousands of digits would take seconds
_HAN = rf"(?<![第下每])[{_NUMERALS}]+\s*"
_LITERAL = re.compile(
    rf"{_NUMBER}(?:\s*[-~～—至到]\s*{_NUMBER})?\s*(?:{_TIME}|万?元|块钱?|[%％]|折|倍|次)"
    rf"|[¥￥]\s*{_NUMBER}"
    # Numerals in characters are mostly manners of speaking (“一天到晚”), so only where they limit something.
    rf"|{_HAN}(?:{_DAYS}|{_TIME}(?=之?[内后]|以内))"
    rf"|(?<=[前满过多长少]){_HAN}{_TIME}"
    rf"|[{_NUMERALS}]+(?:元|块钱)"
)


def check_literals(loaded: Loaded) -> Iterator[Problem]:
    """Every number in the words of an entry that is not a fact."""
    facts = _by_display(loaded.facts)
    entries: tuple[Entry, ...] = (*loaded.faqs, *loaded.policies, *loaded.templates, *loaded.flows)
    for entry in entries:
        place = loaded.places[entry.id]
        lines = place.text.splitlines()
        for start, end in _parts(entry, place, len(lines) + 1):
            for number, line in enumerate(lines[start - 1 : end - 1], start):
                if _WORTH_READING.search(line):
                    for message in _messages(line, isinstance(entry, Flow), facts):
                        yield Problem(place.file, number, "", "literal-number", message)


def literals(words: str) -> list[str]:
    """The deadlines and amounts in a text, placeholders and dates left out.

    >>> literals("2026年3月1日起，{{fact:trade.ship_hours}} 内或 3 个工作日内退 50 元，一天到晚、三天内")
    ['3 个工作日', '50 元', '三天']
    """
    words = _DATE.sub("", PLACEHOLDER.sub("", words))
    return list(dict.fromkeys(match[0].strip() for match in _LITERAL.finditer(words)))


def _parts(entry: Entry, place: Place, end: int) -> Iterator[tuple[int, int]]:
    """The lines [from, to) of the file that hold words in force; `end` is the line after the last."""
    if isinstance(entry, Flow):
        yield 1, end
        return
    current: dict[int, bool] = {}
    if isinstance(entry, Policy):
        for n, clause in enumerate(entry.clauses):
            current[place.located.line(("clauses", n))] = clause.valid_until is None
    if isinstance(entry, Faq):
        current = {place.located.line(("sections", n)): True for n in range(len(entry.sections))}
    if isinstance(entry, Template):
        current = {place.located.line(("tones", tone)): True for tone in entry.tones}
    starts = sorted(current)
    yield from ((start, to) for start, to in zip(starts, [*starts[1:], end], strict=True) if current[start])


def _messages(line: str, yaml: bool, facts: Mapping[str, list[str]]) -> Iterator[str]:
    example = "# waive literal-number: 理由" if yaml else "<!-- waive literal-number: 理由 -->"
    for literal in literals((_YAML_COMMENT if yaml else MARKDOWN_WAIVER).sub("", line)):
        known = facts.get(re.sub(r"\s", "", literal), [])
        same = f"（值相同的有 {'、'.join(known[:3])}{' 等' if len(known) > 3 else ''}）" if known else ""
        yield (
            f"直接写了“{literal}”；请在 facts.yaml 登记并写成 {{{{fact:编号}}}}{same}，"
            f"只是举例或固定说法的，在行末写 {example}"
        )


def _by_display(facts: Mapping[str, Fact]) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key, fact in facts.items():
        found[fact.display].append(key)
    return found
