"""Facts of a case and personal data in a message: what `Understanding.facts` and `personal_data` are made of.

The text is folded character by character, so that offsets stay. Each step looks only at what the ones before it have
left over: their findings are covered by a character that says what was there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

from kb_service.case import FactType, PersonalType
from kb_service.lexicon import Lexicon, NumberPattern
from kb_service.text import fold_aligned
from kb_service.understand.addresses import AddressFinder
from kb_service.understand.amounts import bare_amount, find_amounts
from kb_service.understand.chinese_number import ABOUT, ARABIC, HAN
from kb_service.understand.chinese_span import find_spans
from kb_service.understand.chinese_time import Calendar
from kb_service.understand.found import PERSONAL, Found, mask
from kb_service.understand.goods import GoodsFinder
from kb_service.understand.long_numbers import HAN_DIGITS, NumberFinder

__all__ = ["PERSONAL", "FactFinder", "Found", "mask"]

_EMAIL = re.compile(r"[a-z0-9][a-z0-9._%+\-]*@(?:[a-z0-9\-]+\.)+[a-z]{2,}")
# No personal datum is without one of these; most messages have neither, and five searches are saved.
_LETTER_OR_DIGIT = re.compile(r"[a-z0-9]")
_HAN_DIGITS = re.compile(
    "[零〇○一二三四五六七八九十幺百甲乙丙丁][^,。!?]?(?:[零〇○一二三四五六七八九幺号栋幢座室单弄]|.楼)"
)
_COVER, _GOODS_COVER = "\ue000", "\ue001"  # private use: in no pattern, and no letter, digit or blank
_NUMBER = rf"(?:{ARABIC}(?:[百千万kw](?:[1-9](?!\d))?)?|{HAN}{{2,8}}(?!{HAN})){ABOUT}?"
_FURTHER = {  # numbers of a list: 尾号6602、8190
    "phone_tail": re.compile(r"(?:、|,?另?一个(?:是)?|和|跟|与|或|还是|/|,| )\s?(?:尾号)?(\d{4})(?!\d|[年月元块])"),
    "wechat": re.compile(
        r"(?:、|和|跟|与|或|还是|/|,| )\s?(?:微信|qq)?号?:?((?!qq|[vw]x)[a-z][a-z0-9_\-]{5,19})(?![a-z0-9_@.])"
    ),
}
_RUNNING: tuple[FactType | PersonalType, ...] = ("phone_tail", "wechat", "condition", "amount", "time")


class FactFinder:
    """Finds facts and personal data. Built once from a version's lexicon; safe to share between threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._numbers = NumberFinder(lexicon.numbers)
        self._addresses = AddressFinder(lexicon.places)
        self._goods = GoodsFinder(lexicon.goods)
        self._calendar = Calendar(lexicon.festivals)
        self._by_form = {
            kind: [re.compile(_written_out(item)) for item in lexicon.numbers if item.type == kind]
            for kind in ("none", *_RUNNING)
        }

    def find(self, text: str, at: datetime) -> list[Found]:
        """The facts and personal data of a text that was said at `at` (aware): in order, none overlapping another."""
        search = _Search(text)
        self._find_personal(search)
        self._add_listed(search, "phone_tail")
        for goods in self._goods.find(search.left):
            search.add("goods", goods.start, goods.end, detail=goods.category)
        for start, end in _spans(self._by_form["none"], search.left):
            search.cover(start, end)
        for start, end in _spans(self._by_form["condition"], search.left):
            search.add("condition", start, end)
        self._find_times(search, at)
        self._find_amounts(search)
        return sorted(search.found, key=lambda item: item.start)

    def find_personal(self, text: str) -> list[Found]:
        """Only the personal data of a text, for masking."""
        search = _Search(text)
        self._find_personal(search)
        return sorted((item for item in search.found if item.type in PERSONAL), key=lambda item: item.start)

    def _find_personal(self, search: _Search) -> None:
        if not _LETTER_OR_DIGIT.search(search.left) and not _HAN_DIGITS.search(search.left):
            return
        if "@" in search.left:
            for match in _EMAIL.finditer(search.left):
                search.add("email", *match.span(), value=match[0])
        for number in self._numbers.find(search.left):
            search.add(number.type, number.start, number.end, number.value, number.detail)
        self._add_listed(search, "wechat")
        for start, end in self._addresses.find(search.left):
            search.add("address", start, end)

    def _add_listed(self, search: _Search, kind: Literal["phone_tail", "wechat"]) -> None:
        for start, end in _spans(self._by_form[kind], search.left):
            written = search.left[start:end]
            search.add(kind, start, end, _bare_digits(written) if kind == "phone_tail" else None)
            while further := _FURTHER[kind].match(search.left, end):
                start, end = further.span(1)
                search.add(kind, start, end)

    def _find_times(self, search: _Search, at: datetime) -> None:
        for hit in self._calendar.find(search.left, at):
            search.add("time", hit.start, hit.end, hit.value)
        for start, end in _spans(self._by_form["time"], search.left):
            for hit in self._calendar.find(search.left[start:end].replace(".", "/").replace("-", "/"), at):
                search.add("time", start, end, hit.value)
                break
        for span in find_spans(search.left):
            search.add("duration", span.start, span.end, span.length.iso)

    def _find_amounts(self, search: _Search) -> None:
        for hit in find_amounts(search.left):
            search.add("amount", hit.start, hit.end, hit.value)
        for start, end in _spans(self._by_form["amount"], search.left):
            value = bare_amount(search.left[start:end])
            if value is not None:
                search.add("amount", start, end, value)


class _Search:
    """One text: what was found in it, and what is left to look at."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.left = fold_aligned(text)
        self.found: list[Found] = []

    def add(
        self, kind: FactType | PersonalType, start: int, end: int, value: str | None = None, detail: str = ""
    ) -> None:
        """Note a finding, unless it overlaps an earlier one; without a value the text is the value."""
        if _COVER in self.left[start:end] or _GOODS_COVER in self.left[start:end]:
            return
        text = self.text[start:end]
        self.found.append(Found(kind, text, text if value is None else value, detail, start, end))
        self.cover(start, end, _GOODS_COVER if kind == "goods" else _COVER)

    def cover(self, start: int, end: int, by: str = _COVER) -> None:
        """Take a stretch away from later steps."""
        self.left = self.left[:start] + by * (end - start) + self.left[end:]


def _bare_digits(text: str) -> str:
    """`6 6 0 2` and `六六零二` as 6602."""
    return text.replace(" ", "").translate(HAN_DIGITS)


def _written_out(item: NumberPattern) -> str:
    """The expression of a pattern with what has to stand around it; what is found is its group `fact`."""
    before = f"(?:{item.before})" if item.before else ""
    after = f"(?={item.after})" if item.after else ""
    whole = before + "(?P<fact>" + item.pattern.replace("{number}", _NUMBER) + ")" + after
    return whole.replace("{goods}", _GOODS_COVER)


def _spans(patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[tuple[int, int]]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield match.span("fact")
