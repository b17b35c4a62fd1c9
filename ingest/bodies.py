"""Markdown bodies -> the parts of an entry: sections of an article, clauses of a policy, tones of a template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingest.source import Heading, headings
from kb_service.errors import Problem, suggest_name
from kb_service.records import Audience

INTERNAL_HEADING = "内部备注"
CASE_HEADINGS = ("情况", "争议点", "处理经过", "结果", "依据", "可借鉴之处")
SECTION_HEADINGS = ("结论", "处理步骤", "所需凭证", "备选方案", "注意事项", INTERNAL_HEADING)
_CLAUSE_HEADING = re.compile(
    r"^(?P<number>第[0-9零〇一二三四五六七八九十百千]+条(?:之[0-9一二三四五六七八九十]+)?)\s+(?P<title>.+?)\s*\{#(?P<attributes>[^}]*)\}$"
)
TONES = ("neutral", "soothing", "firm")
_CLAUSE_ATTRIBUTES = ("valid_from", "valid_until", "source")
# Says why a line is excepted from a rule (`ingest.rules.waivers`); no reader of the article is to see it. One alone on
# its line goes with the line: a blank one would part a table or a paragraph.
MARKDOWN_WAIVER = re.compile(r"^(?:[ \t]*<!--\s*waive\b.*?-->)+[ \t]*(?:\n|\Z)|[ \t]*<!--\s*waive\b.*?-->", re.M)


class Body:
    """The body of a Markdown file while it is read: where it starts, and a place for problems and lines."""

    def __init__(self, file: str, text: str, first_line: int, lines: dict[tuple[str | int, ...], int]) -> None:
        self.file, self.text, self.first_line, self.lines = file, text, first_line, lines
        self.problems: list[Problem] = []

    def headings(self, *levels: int) -> tuple[str, list[Heading]]:
        """The text before the first heading of these levels, and the headings; waivers left out."""
        preamble, found = headings(self.text, self.first_line, *levels)
        if "<!--" not in self.text:
            return preamble, found
        return _unwaived(preamble), [
            replace(heading, title=_unwaived(heading.title), text=_unwaived(heading.text)) for heading in found
        ]

    def add(self, line: int, rule: str, message: str) -> None:
        """Note a problem at a line of the file."""
        self.problems.append(Problem(self.file, line, "", rule, message))


def _unwaived(text: str) -> str:
    return MARKDOWN_WAIVER.sub("", text).strip("\n")


def sections(body: Body) -> dict[str, Any]:
    """FAQ body: `##` sections, 结论 first; 内部备注 is for agents only."""
    return {"sections": _sections(body, SECTION_HEADINGS, {INTERNAL_HEADING: "agent"}, "public")}


def _sections(
    body: Body, known: Sequence[str], readers: Mapping[str, Audience], reader: Audience = "agent"
) -> list[dict[str, str]]:
    """The `##` sections of a body, the first of `known` first. `readers` may read certain ones, `reader` the others."""
    preamble, found = body.headings(1, 2)
    if preamble:
        body.add(body.first_line, "heading", f"正文要从“## {known[0]}”开始；请把标题之前的文字移到某个小节里")
    if not found or found[0].title != known[0]:
        body.add(found[0].line if found else body.first_line, "heading", f"第一个小节必须是“## {known[0]}”")
    kept: list[dict[str, str]] = []
    for heading in found:
        if heading.title not in known:
            near = suggest_name(heading.title, known)
            body.add(heading.line, "heading", f"不认识的小节“{heading.title}”；{near}")
        elif any(section["heading"] == heading.title for section in kept):
            body.add(heading.line, "heading", f"小节“{heading.title}”写了两次；请合并")
        elif not heading.text.strip():
            body.add(heading.line, "heading", f"小节“{heading.title}”是空的；请补上内容或删掉标题")
        else:
            body.lines["sections", len(kept)] = heading.line
            audience = readers.get(heading.title, reader)
            kept.append({"heading": heading.title, "text": heading.text, "audience": audience})
    return kept


def case_sections(body: Body) -> dict[str, Any]:
    """Body of a closed case: `##` sections, 情况 first, all of them for agents."""
    return {"sections": _sections(body, CASE_HEADINGS, {})}


def clauses(body: Body) -> dict[str, Any]:
    """Policy body: `## chapter`, `### 第N条 title {#id valid_from=… valid_until=…}`, text."""
    preamble, found = body.headings(1, 2, 3)
    if preamble:
        body.add(body.first_line, "heading", "规则要从“## 第一章 …”开始；请把前面的文字移到某一条里")
    found_clauses: list[dict[str, Any]] = []
    chapter = ""
    for heading in found:
        match = _CLAUSE_HEADING.match(heading.title)
        if heading.level < 3:
            chapter = heading.title
            if heading.text.strip():
                message = f"“{heading.title}”下面的文字不属于任何一条；请加上条标题"
                body.add(heading.text_line, "heading", message)
        elif not match:
            message = f"条标题应写成“### 第1条 标题 {{#短名}}”，实际是“{heading.title}”"
            body.add(heading.line, "clause", message)
        elif not chapter:
            body.add(heading.line, "clause", "这一条之前没有“## 第一章 …”；请补上章标题")
        else:
            body.lines["clauses", len(found_clauses)] = heading.line
            found_clauses.append(_clause(match, chapter, heading, body))
    return {"clauses": found_clauses}


def _clause(match: re.Match[str], chapter: str, heading: Heading, body: Body) -> dict[str, str]:
    slug, *attributes = match["attributes"].split() or [""]
    clause = {
        "id": slug,
        "number": match["number"],
        "title": match["title"],
        "chapter": chapter,
        "text": heading.text,
    }
    for attribute in attributes:
        key, _, value = attribute.partition("=")
        if key in _CLAUSE_ATTRIBUTES:
            clause[key] = value
        else:
            message = f"不认识的属性“{attribute}”；{suggest_name(key, _CLAUSE_ATTRIBUTES)}"
            body.add(heading.line, "clause", message)
    return clause


def tones(body: Body) -> dict[str, Any]:
    """Template body: one `## tone` section per tone, `## neutral` required."""
    preamble, found = body.headings(1, 2)
    if preamble:
        body.add(body.first_line, "heading", "模板正文要从“## neutral”开始；请把前面的文字移到某个语气里")
    texts: dict[str, str] = {}
    for heading in found:
        if heading.title not in TONES:
            body.add(heading.line, "heading", f"不认识的语气“{heading.title}”；{suggest_name(heading.title, TONES)}")
        elif heading.title in texts:
            body.add(heading.line, "heading", f"语气“{heading.title}”写了两次；请删掉一个")
        elif not heading.text.strip():
            body.add(heading.line, "heading", f"语气“{heading.title}”是空的；请补上内容或删掉标题")
        else:
            body.lines["tones", heading.title] = heading.line
            texts[heading.title] = heading.text
    if "neutral" not in texts:
        body.add(body.first_line, "heading", "缺少“## neutral”；每个模板必须有中性语气")
    return {"tones": texts}
