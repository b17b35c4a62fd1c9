"""Questions with their answers, from pages and from tables, and how an answer becomes the sections of an article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.bodies import INTERNAL_HEADING, SECTION_HEADINGS
from ingest.importing.page import Block, Page

CONCLUSION, STEPS, PROOFS, OTHERS, REST, _ = SECTION_HEADINGS
_MEANT = (  # the first that fits; a heading that fits none is kept as a line of its own
    (INTERNAL_HEADING, r"内部|备注|坐席|客服须知|仅供"),
    (PROOFS, r"凭证|材料|证据|资料|证明"),
    (OTHERS, r"备选|其他(?:办法|方式)|另一种|不成|如果不行"),
    (REST, r"注意|提示|提醒|须知|说明|限制|例外|规则|温馨"),
    (CONCLUSION, r"结论|答案|回答|答复|概述|简介|摘要"),
    (STEPS, r"步骤|流程|操作|方法|怎么|如何|指引|路径|办理"),
)
_LABEL = re.compile(r"^\**(?P<label>[\u4e00-\u9fff]{2,8})\**\s*[：:]\**\s*(?P<rest>.*)$", re.S)
_LIST = re.compile(r"^\s*(?:\d+[.)、]|[-*+])\s+", re.M)
_NUMBERED = re.compile(r"^\s*(?:\d+[.)、．]|第[一二三四五六七八九十]+步|[（(]\d+[)）]|[①-⑩])\s*")
_QUESTION = re.compile(
    r"[？?]\s*$"
    r"|^(?:怎么|如何|为什么|为何|什么|哪[里些]|谁|能不能|可不可以|是否|有没有|多久|多少|[问Qq][：:.、])"
    r"|(?:怎么办|吗|呢|多久|多少钱|怎么[\u4e00-\u9fff]{1,4})$"
)
_ASKED = re.compile(r"^(?:\**(?:[问Qq]\d*|问题\s*\d*)\s*[：:.、]|\d+[.、．)]|[一二三四五六七八九十]+、)\s*")
CONCLUDING = 200  # characters of a conclusion at most; the guide asks for one or two sentences


@dataclass(frozen=True)
class Question:
    """A question as asked in the original, further ways of asking it, the blocks of its answer, its place there."""

    title: str
    phrasings: tuple[str, ...]
    blocks: tuple[Block, ...]
    place: str
    remarks: tuple[str, ...] = ()


def questions_of(page: Page) -> list[Question]:
    """A page as one question, or as one for each heading that is a question, where at least two are.

    What stands before the first of them is kept as remarks of the first.
    """
    asking = [n for n, block in enumerate(page.blocks) if block.level and _QUESTION.search(block.text.strip("* "))]
    level = min((page.blocks[n].level for n in asking), default=0)
    starts = [n for n in asking if page.blocks[n].level == level]
    if len(starts) < 2:
        return [_whole(page)]
    found = []
    for start, end in zip(starts, [*starts[1:], len(page.blocks)], strict=True):
        head, before = page.blocks[start], page.blocks[: starts[0]] if start == starts[0] else ()
        remarks = tuple(f"原文开头：{block.text}" for block in before)
        found.append(_question(page, head, page.blocks[start + 1 : end], remarks))
    return found


def _whole(page: Page) -> Question:
    blocks = list(page.blocks)
    first = next((n for n, block in enumerate(blocks) if block.level), None)
    if first is None:
        name = page.file.rpartition(".")[0] or page.file
        return _question(page, Block(name, "全文"), blocks, ())
    return _question(page, blocks[first], [*blocks[:first], *blocks[first + 1 :]], ())


def _question(page: Page, head: Block, blocks: Sequence[Block], remarks: tuple[str, ...]) -> Question:
    title = _ASKED.sub("", head.text.strip("* ")).strip("* ") or head.text
    return Question(" ".join(title.split()), (), tuple(blocks), f"{page.file} {head.place}", remarks)


def arranged(blocks: Sequence[Block]) -> list[tuple[str, str]]:
    """The sections (heading, Markdown) of an answer, 结论 first even when it is empty; no text is left out."""
    parts: dict[str, list[str]] = {}
    current = ""
    for block in blocks:
        if block.level:
            current = _meant(block.text) or REST
            if not _meant(block.text):
                parts.setdefault(current, []).append(f"**{block.text.strip('* ')}**")
            continue
        labelled = _LABEL.match(block.text)
        if labelled and (section := _meant(labelled["label"])):
            current = section
            if labelled["rest"].strip():
                parts.setdefault(section, []).append(labelled["rest"].strip())
        else:
            section = current or _fitting(block.text, parts)
            parts.setdefault(section, []).append(_listed(block.text))
    ordered = [CONCLUSION, *(heading for heading in SECTION_HEADINGS[1:] if heading in parts)]
    return [(heading, "\n\n".join(parts.get(heading, ()))) for heading in ordered]


def _meant(heading: str) -> str:
    return next((section for section, pattern in _MEANT if re.search(pattern, heading)), "")


def _fitting(text: str, parts: dict[str, list[str]]) -> str:
    """Where a paragraph without a heading belongs: the first is the answer, numbered ones are what to do."""
    if _NUMBERED.match(text):
        return STEPS
    so_far = sum(map(len, parts.get(CONCLUSION, ())))
    if STEPS not in parts and REST not in parts and so_far + len(text) <= CONCLUDING:
        return CONCLUSION
    return REST if so_far or _LIST.match(text) or text.startswith("|") else CONCLUSION


def _listed(text: str) -> str:
    """Lines that are numbered in another way (1、 ① （1）) as a Markdown list."""
    lines = [re.sub(r"^\s{0,3}#{1,6}\s+(.*)$", r"**\1**", line) for line in text.split("\n")]  # no section of ours
    if len(lines) > 1 and all(_NUMBERED.match(line) for line in lines):
        return "\n".join(f"{n}. {_NUMBERED.sub('', line)}" for n, line in enumerate(lines, 1))
    return "\n".join(lines)


def lines_as_blocks(text: str, place: str) -> Iterator[Block]:
    """The paragraphs of a table cell: numbered lines that follow each other stay together."""
    group: list[str] = []
    for line in (line.strip() for line in text.split("\n")):
        if group and not (line and _NUMBERED.match(line) and _NUMBERED.match(group[-1])):
            yield Block("\n".join(group), place)
            group = []
        if line:
            group.append(line)
    if group:
        yield Block("\n".join(group), place)
