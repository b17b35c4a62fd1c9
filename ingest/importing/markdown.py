"""Markdown and plain text without our front matter -> a page."""

from __future__ import annotations

import re

from ingest.importing.page import Block, Page
from ingest.source import top_blocks

_MARKS = re.compile(r"^ {0,3}#{1,6}[ \t]+|[ \t]+#+[ \t]*$|\n *[=-]+ *$")
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)[^)]*\)")


def read_markdown(file: str, text: str) -> Page:
    """The blocks of a Markdown file; comments and images go, a link stays as its text and address."""
    images = len(_IMAGE.findall(text))
    comments = len(_COMMENT.findall(text))
    plain = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)  # lines keep their numbers
    plain = _IMAGE.sub(lambda match: f"（图：{match[1]}）" if match[1].strip() else "", plain)
    plain = _LINK.sub(lambda match: match[1] if match[1] == match[2] else f"{match[1]}（{match[2]}）", plain)
    blocks = []
    for block in top_blocks(plain):
        raw = _MARKS.sub("", block.text).strip() if block.level else block.text.strip()
        if raw and block.kind != "hr":
            blocks.append(Block(raw, f"第{block.line}行", block.level))
    left_out = [f"图片 {images} 张"] if images else []
    left_out += [f"注释 {comments} 处"] if comments else []
    return Page(file, tuple(blocks), tuple(left_out))
