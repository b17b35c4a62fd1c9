"""Markdown and plain text without our front matter -> a page."""

from __future__ import annotations

import re

from ingest.importing.page import Block, Page
from ingest.source import top_blocks

_MARKS = re.compile(r"^ {0,3}#{1,6}[ \t]+|[ \t]+#+[ \t]*$|\n *[=-]+ *$")
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.M)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)[^)]*\)")


def read_markdown(file: str, text: str) -> Page:
    """The blocks of a Markdown file; comments and images go, a link stays as text and address.

    Of foreign front matter the title stays.
    """
    front = _FRONT_MATTER.match(text)
    text = "\n" * front[0].count("\n") + text[front.end() :] if front else text
    images = len(_IMAGE.findall(text))
    comments = len(_COMMENT.findall(text))
    plain = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)  # lines keep their numbers
    plain = _IMAGE.sub(lambda match: f"（图：{match[1]}）" if match[1].strip() else "", plain)
    plain = _LINK.sub(lambda match: match[1] if match[1] == match[2] else f"{match[1]}（{match[2]}）", plain)
    title = _TITLE.search(front[1]) if front else None
    blocks = [Block(title[1], "头信息", 1)] if title else []
    for block in top_blocks(plain):
        raw = _MARKS.sub("", block.text).strip() if block.level else block.text.strip()
        if raw and block.kind != "hr":
            blocks.append(Block(raw, f"第{block.line}行", block.level))
    left_out = [f"图片 {images} 张"] if images else []
    left_out += [f"注释 {comments} 处"] if comments else []
    if front and (other := [line.strip() for line in front[1].splitlines() if line.strip() and line[:6] != "title:"]):
        left_out.append(f"原来的头信息（{'；'.join(other)[:200]}）")
    return Page(file, tuple(blocks), tuple(left_out))
