"""Markdown that does not come out as it was meant: headings, tables, numbered lists, marks that are not closed.

Read by lines of the files, so that each is named at its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ingest.bodies import MARKDOWN_WAIVER, SECTION_HEADINGS
from ingest.loaded import Loaded, Place
from ingest.render import PLACEHOLDER
from ingest.rules.readable import readable_texts
from ingest.source import split_front_matter
from kb_service.content import Entry, Flow, Policy, Template
from kb_service.errors import Problem

_HEADING = re.compile(r" {0,3}(?P<marks>#{1,7})(?P<blank>[ \t\u3000]*)(?P<title>.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CONFLICT = re.compile(r"(?:<{7}|>{7}|\|{7})(?: .*)?|={7}")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*")
_SEPARATOR = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?P<number>\d{1,3})(?P<mark>[.．、)）])(?P<blank>[ \t]*)(?=\S)")
_UNFINISHED = re.compile(
    r"\b(?:TODO|TBD|FIXME|XXX+)\b|待(?:补充?|完善|定稿|填写)(?=[）)】\]。…]|$)"
    r"|[（(【\[](?:此处|这里)?待(?:补充?|定|确认|核实|完善|更新|填写?|续)[）)】\]]|(?:此处|这里)(?:待|请|需)?(?:补充|填写|插入)"
)
_TWICE = re.compile(r"[，。；：、！？]{2,}|(?<![.…])[,;]{2,}")
_PAIRS = {"「": "」", "“": "”", "《": "》", "【": "】", "（": "）", "(": ")"}
_SAME = {"(": "（", ")": "）"}  # writers mix the two
_CLOSING = {closing: opening for opening, closing in _PAIRS.items()}
_CLAUSE_NUMBER = re.compile(r"第(\d+)条")
_LONG = 12  # characters from which a line that stands twice was hardly meant to


class Line(NamedTuple):
    """A line of a body without its waivers, and its number in the file."""

    number: int
    text: str


def check_structure(loaded: Loaded) -> Iterator[Problem]:
    """What is wrong with the Markdown of articles, policies and templates, and with pairs of marks anywhere."""
    for place, entry in loaded.placed_entries():
        if not isinstance(entry, Flow):
            _, body, first = split_front_matter(place.file, place.text)
            lines = [Line(n, _bare(text)) for n, text in enumerate(body.split("\n"), first)]
            for number, message in _body(lines, entry):
                yield Problem(place.file, number, "", "structure", message)
    for policy in loaded.policies:
        yield from _clause_numbers(loaded.places[policy.id], policy)
    for passage in readable_texts(loaded):
        if passage.place.file.endswith(".yaml") or passage.path == ("title",):
            for message in _marks(passage.text):
                yield passage.problem("structure", message)


def _clause_numbers(place: Place, policy: Policy) -> Iterator[Problem]:
    """Clauses that are not numbered on from the one before; wordings of one clause share its number."""
    last = 0
    for n, clause in enumerate(policy.clauses):
        match = _CLAUSE_NUMBER.fullmatch(clause.number)
        if match is None:
            return
        if (number := int(match[1])) not in (last, last + 1) and last:
            message = f"上一条是第{last}条，这里应是第{last + 1}条，实际是“{clause.number}”；请按顺序编号"
            yield place.problem(("clauses", n), "structure", message)
        last = number


def _bare(text: str) -> str:
    return MARKDOWN_WAIVER.sub("", text) if "<!--" in text else text


def _body(lines: Sequence[Line], entry: Entry) -> Iterator[tuple[int, str]]:
    """(line, message) for every defect of a body."""
    plain, fence = [], 0
    for line in lines:
        if _FENCE.match(line.text):
            fence = 0 if fence else line.number
        elif not fence:
            plain.append(line)
    if fence:
        yield fence, "代码块没有结束；请在末尾补一行同样的“```”"
    yield from _headings(plain, entry)
    for part in _parts(plain):
        yield from _tables(part)
        yield from _numbering(part)
        yield from _repeated(part)
    for line in plain:
        yield from ((line.number, message) for message in _line(line.text))
    for before, line in pairwise(plain):
        ruled = _UNDERLINE.fullmatch(line.text) and before.text.strip()
        if ruled and "|" not in before.text and not _CONFLICT.fullmatch(line.text):
            yield line.number, f"“{line.text.strip()}”会把上一行变成标题；请删掉，或在上面空一行"


def _headings(lines: Sequence[Line], entry: Entry) -> Iterator[tuple[int, str]]:
    section = 3 if isinstance(entry, Policy) else 2
    deepest = section if isinstance(entry, Template) else section + 1
    level = 1
    for line in lines:
        match = _HEADING.fullmatch(line.text)
        if match is None:
            continue
        title, found = match["title"].strip(), len(match["marks"])
        if "\u3000" in match["blank"] or (title and not match["blank"]):
            yield line.number, f"“{match['marks']}”后面要有一个半角空格，否则不是标题"
            continue
        if found > deepest:
            message = f"标题“{title}”太深（{found} 级），这里最多 {deepest} 级；请改成正文，或提高一级"
            yield line.number, message
        elif found > level + 1 and level >= section:
            yield line.number, f"标题“{title}”跳了级：上一级是 {level} 级，这里应是 {level + 1} 级"
        elif found > section and (title in SECTION_HEADINGS or re.search("内部|坐席|备注", title)):
            yield line.number, f"“{title}”写成了 {found} 级标题，会并进上一小节、给客户看到；请写成“## {title}”"
        level = found


def _parts(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines between headings."""
    part: list[Line] = []
    for line in lines:
        if _HEADING.fullmatch(line.text):
            yield part
            part = []
        else:
            part.append(line)
    yield part


def _tables(part: Sequence[Line]) -> Iterator[tuple[int, str]]:
    table: list[Line] = []
    for line in [*part, Line(0, "")]:
        text = line.text.strip()
        if text and (text.startswith("|") or (table and "|" in text)):
            table.append(line)
        elif table:
            yield from _table(table)
            table = []


def _table(rows: Sequence[Line]) -> Iterator[tuple[int, str]]:
    if len(rows) < 2 or not _SEPARATOR.fullmatch(rows[1].text):
        yield rows[0].number, "表格缺少分隔行，或者被空行断开；表头下面一行应是“|---|---|”，各行之间不空行"
        return
    columns = _columns(rows[0].text)
    for row in rows[1:]:
        found = _columns(row.text)
        if found != columns:
            yield row.number, f"表格这一行是 {found} 列，表头是 {columns} 列；请补齐或删去多余的“|”"
    for row in rows[2:]:
        if _SEPARATOR.fullmatch(row.text):
            yield row.number, "表格里又有一行分隔行；请删掉，或另起一张表"


def _columns(row: str) -> int:
    return len(re.sub(r"\\\||`[^`]*`", "", row.strip()).strip("|").split("|")) if row.strip().strip("|") else 0


def _numbering(part: Sequence[Line]) -> Iterator[tuple[int, str]]:
    """Numbers that do not count up from 1. After a table or a paragraph a list may go on, or begin anew."""
    counted: dict[int, int] = {}  # indentation -> the number last met there
    blank = interrupted = False
    for line in part:
        match = _ITEM.match(line.text)
        if match is None or (not match["blank"] and line.text[match.end()].isdigit()):  # 3.5 is no item
            outside = bool(line.text.strip()) and not line.text[0].isspace()
            interrupted |= outside and (blank or line.text.startswith("|"))
            blank = not line.text.strip()
            continue
        indent, number = len(match["indent"].expandtabs(4)), int(match["number"])
        if match["mark"] not in ".)" or not match["blank"]:
            yield line.number, f"“{match[0].strip()}”不是编号列表；请写成“{number}. ”（半角句点加一个空格）"
        counted = {depth: last for depth, last in counted.items() if depth <= indent}
        expected = counted.get(indent, 0) + 1
        if number != expected and not (interrupted and number == 1):
            yield line.number, f"编号列表这里应是 {expected}，实际是 {number}；请按顺序编号"
        counted[indent] = number
        blank = interrupted = False


def _repeated(part: Sequence[Line]) -> Iterator[tuple[int, str]]:
    seen: dict[str, int] = {}
    for line in part:
        words = re.sub(r"^\s*(?:\d+[.、)]|[-*+>])?\s*", "", line.text).strip()
        if len(words) >= _LONG and not words.startswith("|"):
            if words in seen:
                yield line.number, f"与第 {seen[words]} 行相同；请删掉一处"
            seen.setdefault(words, line.number)


def _line(text: str) -> Iterator[str]:
    if _CONFLICT.fullmatch(text):
        yield "这是合并冲突的标记；请选定一边的文字，删掉标记"
        return
    if "<!--" in text or "-->" in text:
        yield "注释没有写完整，或者不是豁免；客户会看到它，请删掉"
        return
    yield from _marks(text)


def _marks(text: str) -> Iterator[str]:
    """What is wrong with the marks of a text."""
    plain = PLACEHOLDER.sub("x", text)
    if plain.count("**") % 2:
        yield "加粗的“**”没有成对；请补上或删掉一个"
    if plain.count("`") % 2:
        yield "“`”没有成对；请补上或删掉一个"
    if mark := _unpaired(plain):
        yield f"“{mark}”没有成对；请补上另一半"
    if match := _TWICE.search(plain):
        yield f"标点“{match[0]}”重复了；请留一个"
    if match := _UNFINISHED.search(plain):
        yield f"“{match[0]}”像是没写完；请补全"


def _unpaired(text: str) -> str:
    """The first bracket or quotation mark that has no other half; empty if all have."""
    opened: list[str] = []
    for mark in text:
        if mark in _PAIRS:
            opened.append(mark)
        elif mark in _CLOSING:
            if not opened or _full(_PAIRS[opened[-1]]) != _full(mark):
                return opened[-1] if opened else mark
            opened.pop()
    return opened[0] if opened else ""


def _full(mark: str) -> str:
    return _SAME.get(mark, mark)
