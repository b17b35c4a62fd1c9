"""HTML help pages -> a page: headings, paragraphs, lists and tables of the main part; scripts and navigation go.

The only module that knows BeautifulSoup and markdownify.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, PageElement, Tag
from markdownify import MarkdownConverter

from ingest.importing.page import Block, Page
from kb_service.errors import ForeignFileError

_INVISIBLE = (
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "object",
    "embed",
    "svg",
    "canvas",
    "head",
    "link",
    "meta",
)
_AROUND = ("nav", "footer", "aside", "form", "button", "input", "select", "textarea")
_CONTAINERS = (
    "body",
    "main",
    "article",
    "section",
    "div",
    "details",
    "header",
    "center",
    "span",
    "font",
    "dl",
    "figure",
    "html",
)
_HEADINGS = {**{f"h{level}": level for level in range(1, 7)}, "summary": 3, "dt": 3}
_BLOCKS = (*_HEADINGS, "p", "ul", "ol", "table", "pre", "blockquote", "dd", "li")
DEEPEST = 200  # nested elements; help pages have some thirty, and reading them is recursive

Place = Callable[[Tag, int], str]  # an element and its number among the blocks -> how people find it


class _Converter(MarkdownConverter):
    """Markdown as writers of this content type it: no escapes, no emphasis, an image as its description."""

    def convert_img(self, el: Tag, text: str, parent_tags: object = None) -> str:
        alt = str(el.get("alt") or "").strip()
        return f"（图：{alt}）" if alt else ""

    def convert_a(self, el: Tag, text: str, parent_tags: object = None) -> str:
        address = str(el.get("href") or "")
        shown = text.strip()
        return f"{shown}（{address}）" if re.match(r"https?://", address) and address != shown else shown


_converter = _Converter(bullets="-", escape_asterisks=False, escape_underscores=False, escape_misc=False)


def read_html(file: str, html: str, place: Place | None = None) -> Page:
    """The blocks of an HTML document; `place` names the line unless told otherwise. Raises ForeignFileError."""
    soup = BeautifulSoup(html, "html.parser")
    if _depth(soup) > DEEPEST:
        raise ForeignFileError(
            f"{file}：标签嵌套超过 {DEEPEST} 层，不像正常的网页；请在浏览器里复制正文，存成 .md 或 .docx"
        )
    title = " ".join(soup.title.get_text().split()) if soup.title else ""
    left_out = _cleaned(soup)
    main = soup.find("main") or soup.find("article") or soup.find(None, {"role": "main"}) or soup.body or soup
    blocks = list(_blocks(main, place or _line))
    if title and not any(block.level == 1 for block in blocks):
        blocks.insert(0, Block(re.split(r"\s*[|_\-–—]\s*", title)[0] or title, "网页标题", 1))
    if not any(not block.level for block in blocks):
        raise ForeignFileError(f"{file}：网页里没有正文；内容可能是脚本生成的，请在浏览器里打开后另存，或复制成 .docx")
    return Page(file, tuple(blocks), tuple(left_out))


def _line(tag: Tag, number: int) -> str:
    return f"第{tag.sourceline}行" if tag.sourceline else f"第{number}段"


def _depth(soup: BeautifulSoup) -> int:
    deepest = depth = 0
    node: PageElement | None = soup
    while node is not None:
        if isinstance(node, Tag) and node.contents:
            node, depth = node.contents[0], depth + 1
            deepest = max(deepest, depth)
            continue
        while node is not None and node.next_sibling is None:
            node, depth = node.parent, depth - 1
        node = node.next_sibling if node is not None else None
    return deepest


def _cleaned(soup: BeautifulSoup) -> list[str]:
    """Take out what no reader of an article needs; says what."""
    counts = {"图片": len(soup.find_all("img"))}
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    scripts = soup.find_all(_INVISIBLE)
    around = soup.find_all(_AROUND)
    counts["脚本和样式"] = sum(tag.name in ("script", "style") for tag in scripts)
    counts["导航、页脚和表单"] = sum(tag.name in ("nav", "footer", "aside", "form") for tag in around)
    for tag in (*scripts, *around):
        tag.extract()
    return [f"{name} {count} 处" for name, count in counts.items() if count]


def _blocks(tag: Tag, place: Place) -> Iterator[Block]:
    for number, (element, inline) in enumerate(_parts(tag), 1):
        text = _markdown(inline if inline else [element])
        if text:
            yield Block(text, place(element, number), 0 if inline else _HEADINGS.get(element.name, 0))


def _parts(tag: Tag) -> Iterator[tuple[Tag, list[PageElement]]]:
    """The blocks below a container in order; text that stands loose in it comes as runs of its pieces."""
    loose: list[PageElement] = []
    for child in tag.children:
        is_block = isinstance(child, Tag) and (
            child.name in _BLOCKS or (child.name in _CONTAINERS and child.find(_BLOCKS))
        )
        if not is_block and not (isinstance(child, Tag) and child.name in ("div", "section", "article", "figure")):
            loose.append(child)
            continue
        if loose:
            yield tag, loose
            loose = []
        assert isinstance(child, Tag)
        if child.name in _BLOCKS:
            yield child, []
        else:
            yield from _parts(child)
    if loose:
        yield tag, loose


def _markdown(elements: list[PageElement]) -> str:
    pieces = []
    for element in elements:
        if isinstance(element, Tag):
            if element.name in _HEADINGS:
                pieces.append(" ".join(element.get_text(" ").split()))
            else:
                pieces.append(_converter.convert_soup(element) if element.name != "br" else "\n")
        elif isinstance(element, NavigableString):
            pieces.append(re.sub(r"\s+", " ", str(element)))
    text = re.sub(r"\n{3,}", "\n\n", "".join(pieces)).strip()
    return re.sub(r"[ \t]+(?=\n)", "", text)
