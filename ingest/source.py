"""YAML and Markdown files with the line of every value, so that a defect can be named where it stands.

The only module that knows PyYAML and markdown-it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml
from markdown_it import MarkdownIt

from kb_service.errors import Problem

Path = tuple[str | int, ...]
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_UNCLOSED = ("while parsing a flow", "while scanning a quoted", "while scanning a simple key")
_NUMBER_SIGN = re.compile(r"(?<!\S)#")
_OPENING = re.compile(r"[\[{]|[-?:]\s")  # what may begin a list or a table
_LARGEST = 10**18  # of whole numbers; Python does not even write those of thousands of digits
_DEEPEST = 50  # lists and tables inside one another
_SAFE = 5000  # so many openings cannot nest too deeply for the composer; where there are more, they are counted
_markdown = MarkdownIt("commonmark").enable("table")
_page = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


@dataclass(frozen=True)
class Located:
    """A parsed YAML value, the line of every key path in it, and the defects of its form."""

    value: Any
    lines: dict[Path, int]
    problems: tuple[Problem, ...] = ()

    def line(self, path: Path) -> int:
        """The line of the deepest part of `path` that the file holds."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 1


@dataclass(frozen=True)
class Heading:
    """A Markdown heading (`level` 1-6), its line, and the raw text below it up to the next heading of its level."""

    level: int
    title: str
    line: int
    text: str
    text_line: int


class _Reader:
    """Walks a YAML node tree into plain values while noting lines and duplicate keys."""

    def __init__(self, file: str, first_line: int) -> None:
        self.file, self.first = file, first_line
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self.scalars = yaml.constructor.SafeConstructor()
        self.walked: set[int] = set()  # ids of nodes; one that comes again stands behind an alias

    def walk(self, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + self.first
        self.lines.setdefault(path, line)
        if len(path) > _DEEPEST:
            raise yaml.composer.ComposerError(None, None, "嵌套太深", node.start_mark)
        if id(node) in self.walked:
            message = "不支持 YAML 的锚点和别名（& 和 *）；请把内容写全，含 * 或 & 的文字请加英文引号"
            self.problems.append(Problem(self.file, line, _dotted(path), "yaml", message))
            return None
        self.walked.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.walk(child, (*path, n)) for n, child in enumerate(node.value)]
        try:
            value = self.scalars.construct_object(node)
        except (ValueError, LookupError, AttributeError) as error:  # PyYAML checks little of `!!int x`, `!!bool x`
            raise yaml.constructor.ConstructorError(None, None, f"取值读不懂（{error}）", node.start_mark) from error
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise yaml.constructor.ConstructorError(None, None, "数字太大", node.start_mark)
        return value

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            line = key_node.start_mark.line + self.first
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag.endswith(":merge"):
                self.problems.append(
                    Problem(
                        self.file, line, _dotted(path), "yaml", "键必须是普通文字；含“{{”或“:”的内容请整体加英文引号"
                    )
                )
            elif key in result:
                first = self.lines[(*path, key)]
                self.problems.append(
                    Problem(
                        self.file,
                        line,
                        _dotted((*path, key)),
                        "yaml",
                        f"键“{key}”写了两次（第一次在第 {first} 行）；删掉一个",
                    )
                )
            else:
                self.lines[(*path, key)] = line
                result[key] = self.walk(value_node, (*path, key))
        return result


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


def read_yaml(file: str, text: str, first_line: int = 1) -> Located:
    """Parse one YAML document.

    `file` is the name used in problems; `first_line` is where `text` starts in it. Bad YAML does not raise: it comes
    back as a problem, with value None.
    """
    reader = _Reader(file, first_line)
    try:
        _refuse_depth(text)
        node = yaml.compose(text, Loader=_Loader)
        value = reader.walk(node, ()) if node is not None else None
    except (yaml.YAMLError, ValueError) as error:
        line = _line_of(error) + first_line
        detail = getattr(error, "problem", None) or str(error)
        message = f"YAML 格式错误：{detail}；常见原因是缩进不齐、冒号后少空格、含“: ”或“{{{{”的文字没有加引号"
        return Located(None, {(): line}, (Problem(file, line, "", "yaml", message),))
    return Located(value, reader.lines, tuple(reader.problems))


def _refuse_depth(text: str) -> None:
    """Raise for nesting that no content has: the composer recurses in C, where too deep a text ends the process."""
    if len(_OPENING.findall(text)) < _SAFE:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise yaml.composer.ComposerError(None, None, "嵌套太深", event.start_mark)  # type: ignore[arg-type]
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _line_of(error: Exception) -> int:
    """The line, from 0, at which a writer has to look: where what was never closed begins, else where it went wrong."""
    began = str(getattr(error, "context", None) or "").startswith(_UNCLOSED)
    marks = [getattr(error, name, None) for name in ("context_mark", "problem_mark")]
    mark = next((mark for mark in (marks if began else reversed(marks)) if mark), None)
    return int(mark.line) if mark else 0


def comments(text: str) -> Iterator[tuple[int, str]]:
    """(line from 1, words after the `#`) of every comment of a YAML document; none of one that cannot be read.

    A `#` inside a text, be it in quotes, folded or plain, begins no comment.
    """
    try:
        spans = [(token.start_mark.index, token.end_mark.index) for token in _scalars(text)]
    except (yaml.YAMLError, ValueError):
        return
    inside = bytearray(len(text) + 1)
    for start, end in spans:
        inside[start:end] = b"\1" * (min(end, len(text)) - start)
    place = 0
    for number, line in enumerate(text.split("\n"), 1):
        found = next((mark for mark in _NUMBER_SIGN.finditer(line) if not inside[place + mark.start()]), None)
        if found:
            yield number, line[found.end() :]
        place += len(line) + 1


def _scalars(text: str) -> Iterator[yaml.ScalarToken]:
    yield from (token for token in yaml.scan(text, Loader=_Loader) if isinstance(token, yaml.ScalarToken))


def split_front_matter(file: str, text: str) -> tuple[Located, str, int]:
    """Separate a Markdown file into its front matter, its body, and the line at which the body starts."""
    match = re.match(r"\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", text, re.S | re.M)
    if not match:
        problem = Problem(file, 1, "", "front-matter", "缺少头信息：文件第一行必须是“---”，头信息之后再以“---”结束")
        return Located(None, {(): 1}, (problem,)), text, 1
    return read_yaml(file, match[1], first_line=2), text[match.end() :], match[0].count("\n") + 1


def headings(body: str, first_line: int, *levels: int) -> tuple[str, list[Heading]]:
    """The text before the first heading of the given levels, and those headings with the text below each.

    ATX headings (`## …`) only; those inside code fences do not count. Read line by line: parsing every article as
    Markdown took a third of the time of a publish.
    """
    lines = body.splitlines()
    marks: list[tuple[int, int, str]] = []  # line, level, title
    fence = ""
    for number, line in enumerate(lines):
        fence = _fence_after(line, fence)
        match = None if fence else _HEADING.match(line)
        if match and len(match[1]) in levels:
            marks.append((number, len(match[1]), match[2]))
    ends = [*(number for number, _, _ in marks), len(lines)][1:]  # none where there is no heading
    found = [
        Heading(level, title, start + first_line, "\n".join(lines[start + 1 : end]).strip("\n"), start + 1 + first_line)
        for (start, level, title), end in zip(marks, ends, strict=True)
    ]
    return "\n".join(lines[: marks[0][0]] if marks else lines).strip(), found


def _fence_after(line: str, fence: str) -> str:
    """The code fence that is open after this line: its opening mark, or nothing."""
    match = _FENCE.match(line)
    if not match:
        return fence
    if not fence:
        return match[1]
    return "" if match[1].startswith(fence) and not match[2].strip() else fence


class TopBlock(NamedTuple):
    """A top-level block (paragraph, heading, table, list, ...): its raw text, its line from 1, its heading level."""

    kind: str
    text: str
    line: int
    level: int


def top_blocks(text: str) -> list[TopBlock]:
    """The top-level blocks of a Markdown text; level is 0 for what is no heading."""
    lines = text.splitlines()
    found = []
    for token in _markdown.parse(text):
        if token.level == 0 and token.map and token.nesting >= 0:
            kind = token.type.removesuffix("_open").replace("bullet_", "").replace("ordered_", "")
            raw = "\n".join(lines[token.map[0] : token.map[1]]).strip("\n")
            level = int(token.tag[1]) if kind == "heading" else 0
            found.append(TopBlock(kind, raw, token.map[0] + 1, level))
    return found


def blocks(text: str) -> list[tuple[str, str]]:
    """The top-level Markdown blocks of a section as (type, raw text)."""
    return [(block.kind, block.text) for block in top_blocks(text)]


def html(text: str) -> str:
    """A Markdown text as HTML that is safe to show: tags in it come out as text, pictures as links, scripts nowhere."""
    return str(_page.render(text))
