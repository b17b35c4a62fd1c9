"""Statutes: `第十条 …` paragraphs below `第一章` and `第一节` -> one policy whose clause `10` is cited as 第十条.

The wording of a law is nobody's to edit, so all of it is kept: paragraphs, enumerations, tables. Only headings are
made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingest.importing.page import Block, Page
from kb_service.understand.chinese_number import parse_number

_NUMERAL = "[0-9０-９零〇一二三四五六七八九十百千两]+"
_EMPHASIS = r"\**"
_DIVISION = re.compile(
    rf"^{_EMPHASIS}(第{_NUMERAL}(?P<kind>分编|编|章|节))[\s　]*(?P<title>[^。；]{{0,40}}?){_EMPHASIS}$"
)
_ARTICLE = re.compile(
    rf"^{_EMPHASIS}第(?P<number>{_NUMERAL})条(?:之(?P<further>{_NUMERAL}))?{_EMPHASIS}(?P<gap>[\s　]+|$)(?P<text>.*)$",
    re.S,
)
_LEVELS = {"编": 0, "分编": 1, "章": 2, "节": 3}
_LEAST = 3  # articles that make a document a statute; a page that mentions one is none

_DATE = re.compile(r"(?P<y>[12]\d{3})\s*[年.-]\s*(?P<m>\d{1,2})\s*[月.-]\s*(?P<d>\d{1,2})\s*日?")
_EFFECT = re.compile(r"自\s*(?P<date>[^，。；]{6,20}?日)\s*起(?:施行|实施|生效)")
_HAN_DATE = re.compile(
    r"([一二三四五六七八九〇零○]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日"
)
_STATE = "中华人民共和国"
TITLE = 28  # characters of a clause title at most


@dataclass(frozen=True)
class StatuteArticle:
    """第十条: its number as written, the clause id made of it, where it stands, and its whole text as Markdown."""

    number: str
    id: str
    chapter: str
    text: str
    place: str

    @property
    def title(self) -> str:
        """What it is about: its first phrase, since statutes have no titles."""
        return phrase(self.text)


@dataclass(frozen=True)
class Statute:
    """A statute: short title (中华人民共和国 left out), full title, when its wording came into force, its articles.

    `head` are the paragraphs before the first article. `doubt` says what about the date has to be verified.
    """

    title: str
    full_title: str
    valid_from: date | None
    doubt: str
    head: tuple[str, ...]
    articles: tuple[StatuteArticle, ...]


def is_statute(page: Page) -> bool:
    """Whether the page is made of numbered articles."""
    found = sum(bool(not block.level and _ARTICLE.match(line)) for block in page.blocks for line in [block.text])
    return found >= _LEAST


def read_statute(page: Page) -> Statute:
    """The statute on a page that `is_statute`."""
    title = _title(page)
    head: list[str] = []
    articles: list[StatuteArticle] = []
    division: dict[int, str] = {}
    for block in _paragraphs(page.blocks):
        if found := _DIVISION.match(block.text):
            level = _LEVELS[found["kind"]]
            division = {above: name for above, name in division.items() if above < level}
            division[level] = " ".join(filter(None, (found[1], _tight(found["title"]))))
        elif match := _article(block, articles):
            chapter = " > ".join(division[level] for level in sorted(division)) or "正文"
            articles.append(_begin(match, chapter, block.place))
        elif articles:
            last = articles[-1]
            articles[-1] = StatuteArticle(
                last.number, last.id, last.chapter, f"{last.text}\n\n{block.text}".strip(), last.place
            )
        elif block.text != title:
            head.append(block.text)
    start, doubt = _valid_from(page.file, head, articles)
    return Statute(title.removeprefix(_STATE), title, start, doubt, tuple(head), tuple(articles))


def phrase(text: str, limit: int = TITLE) -> str:
    """The first phrase of a text in at most `limit` characters: whole parts between commas where one fits.

    >>> phrase("违反本法规定，经营者提供商品或者服务，有下列情形之一的，应当承担责任：")
    '经营者提供商品或者服务，有下列情形之一的'
    """
    first = re.split(r"[。；：:\n]", re.sub(r"[（(][^（()）]*[)）]|^[#>*\-\s]+", "", text.strip()), maxsplit=1)[0]
    parts = [
        part
        for part in re.split(r"，", first)
        if not re.fullmatch(r"(?:[^，]{0,12})?违反本[法条例办]+[^，]*规定", part)
    ]
    chosen = ""
    for part in parts or [first]:
        longer = f"{chosen}，{part}" if chosen else part
        if len(longer) > limit:
            break
        chosen = longer
    return chosen or (parts or [first])[0][: limit - 1] + "…"


def _title(page: Page) -> str:
    """The first heading that is none of a chapter, else the file's name without a date in brackets."""
    for block in page.blocks:
        if _ARTICLE.match(block.text) or _DIVISION.match(block.text):
            break
        if block.level or _looks_like_a_title(block.text):
            return _tight(block.text)
    return re.sub(r"\s*[（(][^)）]*[)）]\s*$", "", Path(page.file).stem)


def _looks_like_a_title(text: str) -> bool:
    return bool(
        re.fullmatch(r"[\u4e00-\u9fff《》、\s]{2,40}(?:法|条例|办法|规定|细则|决定|解释|规则)", text.strip("* "))
    )


def _tight(text: str) -> str:
    """`总 则` is 总则; emphasis goes."""
    return re.sub(r"(?<=[\u4e00-\u9fff])[\s　]+(?=[\u4e00-\u9fff])", "", text.strip("* 　"))


def _paragraphs(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks without blanks at their ends; in a paragraph of several lines an article may begin a line."""
    for block in blocks:
        pending: list[str] = []
        lines = block.text.split("\n") if not block.level else [block.text]
        for line in (line.strip(" \t　\u00a0") for line in lines):
            if pending and (_ARTICLE.match(line) or _DIVISION.match(line)):
                yield Block("\n".join(pending), block.place)
                pending = []
            if line:
                pending.append(line)
        if pending:
            yield Block("\n".join(pending), block.place, block.level)


def _article(block: Block, before: Sequence[StatuteArticle]) -> re.Match[str] | None:
    """The match if this block begins an article: its number is the next one up, or a 之一 of the last."""
    match = _ARTICLE.match(block.text)
    if match is None or not before:
        return match
    number, last = _digits(match["number"]), int(before[-1].id.partition("-")[0])
    follows = number == last if match["further"] else number > last
    return match if follows else None


def _begin(match: re.Match[str], chapter: str, place: str) -> StatuteArticle:
    further = f"之{match['further']}" if match["further"] else ""
    name = str(_digits(match["number"])) + (f"-{_digits(match['further'])}" if further else "")
    return StatuteArticle(f"第{match['number']}条{further}", name, chapter, match["text"].strip(), place)


def _digits(numeral: str) -> int:
    return int(parse_number(numeral.translate(str.maketrans("０１２３４５６７８９", "0123456789"))) or 0)


def _valid_from(file: str, head: Sequence[str], articles: Sequence[StatuteArticle]) -> tuple[date | None, str]:
    """Since when this wording can have been in force: the latest of the final article's date and of any amendment."""
    effect = [found for article in articles[-3:] for found in _dates(_EFFECT, article.text)][:1]
    announced = [found for text in head for line in text.split("\n") for found in _effective_in_head(line)]
    amended = [found for text in head if re.search("修[正订]", text) for found in _dates(None, text)]
    named = _dates(None, Path(file).stem)
    later = [found for found in (*amended, *named) if not effect or found > effect[0]]
    if later:
        said = f"正文写自 {effect[0]} 起施行，" if effect else ""
        return max(later), f"{said}文首或文件名的最后日期是 {max(later)}；请核对这个文本从哪天起施行"
    known = effect or announced
    return (known[0], "") if known else (None, "原文没有写从哪天起施行；请填写")


def _effective_in_head(line: str) -> list[date]:
    return _dates(None, line) if "施行" in line else []


def _dates(pattern: re.Pattern[str] | None, text: str) -> list[date]:
    """All dates in a text, or those that `pattern` (with a group `date`) picks out."""
    if pattern is not None:
        text = " ".join(match["date"] for match in pattern.finditer(text))
    text = _HAN_DATE.sub(lambda m: "-".join(str(parse_number(part)) for part in m.groups()), text)
    found = []
    for match in _DATE.finditer(text):
        try:
            found.append(date(int(match["y"]), int(match["m"]), int(match["d"])))
        except ValueError:
            continue  # 2月30日: not a date, whatever it is
    return found
