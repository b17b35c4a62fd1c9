"""Long numbers in running text: order and parcel numbers, and those that are personal data.

A number may be typed in groups, with blanks, dashes or invisible characters between, and in Chinese numerals. What it
is, is decided for the number as a whole, in this order (docs/decisions/0005-understanding.md says why):

0. letters of a carrier stand before it and a pattern of the content fits both: a parcel number;
1. an identity card: 18 characters, known province, real date, right check digit (or the word 身份证 before it);
2. a phone number: 11 digits from 13 to 19, or area code and 7 or 8 digits;
3. 16 to 19 digits that pass the Luhn check: a bank card, unless it begins with a date as order numbers do and no card
   is named right before it, or an order is named right before it and it is not a 62 card;
4. what the patterns of the content say: an order number, a parcel number, or something else.

The shapes of personal data stand here and not in the content, so that no slip of an editor can uncover them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal, NamedTuple

from kb_service.case import FactType, PersonalType
from kb_service.lexicon import NumberPattern

_SEP = "[ \\t\\-\u2010-\u2015.·_\u200b]"
_CHUNK = re.compile(rf"\d(?:{_SEP}{{0,3}}\d){{7,}}")
_DIGITS = re.compile(r"\d+")
_HAN_RUN = re.compile(rf"[零〇○一二三四五六七八九幺](?:{_SEP}{{0,3}}[零〇○一二三四五六七八九幺]){{10,}}")
HAN_DIGITS = str.maketrans("零〇○一二三四五六七八九幺", "0001234567891")
_PREFIX = re.compile(r"(?<![a-z])[a-z]{1,5}(?=[ :\-\u200b]{0,2}$)")
_SUFFIX = re.compile(r"[ \u200b]?([a-z]{1,2})(?![a-z])")
_COUNTRY = re.compile(r"(?:(?<!\d)(?:00|\+)?86[ \-]?|\+)$")
_MOBILE = re.compile(r"(?:(?:00)?86)?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"(?:010|02[0-9])\d{8}|0[3-9]\d{2}\d{7,8}")
_PAREN_LANDLINE = re.compile(r"\((?:010|02\d|0[3-9]\d{2})\) ?\d{3,4}[ \-]?\d{4}(?!\d)")
_EXTENSION = re.compile(r"(?:-|转)\d{1,5}(?!\d)")
_DATED = re.compile(r"20[1-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_ID_SHAPE = re.compile(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]")
_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_LINK = r"(?:号码?|尾|是|为|填|写|[:,\"“(【的了]|\s){0,4}$"
_ID_NAMED = re.compile(rf"(?:身份证|证件){_LINK}")
_CARD_NAMED = re.compile(rf"(?:卡|银行|[工农建中交招]行|账户|账号){_LINK}")
_ORDER_NAMED = re.compile(rf"(?:单|编号|流水|物流|快递){_LINK}")
_NEAR = 16  # characters before a number in which it may be named
_PRICES = (4, 4, 3)  # 1500 2000 300: more likely amounts than a phone number


class LongNumber(NamedTuple):
    """A number, what it is, and its bare form (digits, parcel numbers in upper case)."""

    type: FactType | PersonalType
    start: int
    end: int
    value: str
    detail: str = ""


class _Group(NamedTuple):
    digits: str
    start: int
    end: int


class _Shape(NamedTuple):
    type: Literal["order_no", "tracking_no", "other"]
    pattern: re.Pattern[str]
    before: re.Pattern[str] | None
    detail: str


class NumberFinder:
    """Finds long numbers. Built once; the patterns of order and parcel numbers come from the content."""

    def __init__(self, patterns: Sequence[NumberPattern]) -> None:
        self._shapes = [
            _Shape(
                item.type,
                re.compile(item.pattern),
                re.compile(f"(?:{item.before})$") if item.before else None,
                item.detail,
            )
            for item in patterns
            if item.type in ("order_no", "tracking_no", "other")
        ]

    def find(self, text: str) -> list[LongNumber]:
        """The long numbers of a folded text (see `text.fold_aligned`), in order."""
        text = _HAN_RUN.sub(lambda match: match[0].translate(HAN_DIGITS), text)
        found: list[LongNumber] = []
        for chunk in _CHUNK.finditer(text):
            groups = [_Group(match[0], *match.span()) for match in _DIGITS.finditer(text, *chunk.span())]
            found += self._split(text, groups)
        taken = [(item.start, item.end) for item in found]
        for match in _PAREN_LANDLINE.finditer(text):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                found.append(LongNumber("phone", match.start(), match.end(), "".join(re.findall(r"\d", match[0]))))
        return sorted(found, key=lambda item: item.start)

    def _split(self, text: str, groups: list[_Group]) -> Iterator[LongNumber]:
        """The numbers of neighbouring groups: personal data in groups, else single groups, else what groups make up."""
        whole = self._classify(text, groups)
        singles = [self._classify(text, [group]) if len(groups) > 1 else None for group in groups]
        if whole and _as_one(whole, [single for single in singles if single]):
            yield whole
            return
        rest: list[_Group] = []
        for group, single in zip(groups, singles, strict=True):
            if single is None:
                rest.append(group)
                continue
            yield from self._runs(text, rest)
            rest = []
            yield single
        yield from self._runs(text, rest)

    def _runs(self, text: str, groups: list[_Group]) -> Iterator[LongNumber]:
        first = 0
        while first < len(groups) - 1:
            last = first
            total = len(groups[first].digits)
            while last + 1 < len(groups) and total + len(groups[last + 1].digits) <= 20:
                last += 1
                total += len(groups[last].digits)
            for end in range(last, first, -1):
                number = self._classify(text, groups[first : end + 1])
                if number:
                    yield number
                    first = end
                    break
            first += 1

    def _classify(self, text: str, groups: list[_Group]) -> LongNumber | None:
        digits = "".join(group.digits for group in groups)
        if not 9 <= len(digits) <= 20:
            return None
        start, end = groups[0].start, groups[-1].end
        before = text[max(0, start - _NEAR) : start]
        suffix = _SUFFIX.match(text, end)
        return (
            self._by_content(digits, suffix, before, groups, lettered=True)
            or _id_card(digits, suffix, before, start, end)
            or _phone(text, digits, groups, before)
            or _bank_card(digits, before, start, end)
            or self._by_content(digits, suffix, before, groups, lettered=False)
        )

    def _by_content(
        self, digits: str, suffix: re.Match[str] | None, before: str, groups: list[_Group], lettered: bool
    ) -> LongNumber | None:
        """By the content's patterns: with the letters before and behind the digits, or the digits alone."""
        prefix = _PREFIX.search(before)
        start, end = groups[0].start, groups[-1].end
        contexts = (before, before[: prefix.start()] if prefix else before)  # with and without the letters
        if not lettered:
            return self._shaped(digits, contexts, start, end) if _grouped(groups) else None
        if prefix is None:
            return None
        first = start - len(before) + prefix.start()
        with_suffix = suffix and self._shaped(prefix[0] + digits + suffix[1], contexts, first, suffix.end())
        return with_suffix or self._shaped(prefix[0] + digits, contexts, first, end)

    def _shaped(self, number: str, contexts: Sequence[str], start: int, end: int) -> LongNumber | None:
        number = number.upper()
        for shape in self._shapes:
            before = shape.before
            if shape.pattern.fullmatch(number) and (before is None or any(map(before.search, contexts))):
                if shape.type == "other":
                    return None
                return LongNumber(shape.type, start, end, number, shape.detail)
        return None


def _as_one(whole: LongNumber, singles: Sequence[LongNumber]) -> bool:
    """Whether groups are rather one number than several, some of which are numbers by themselves."""
    if whole.type in ("id_card", "bank_card"):
        return not any(single.type in ("id_card", "bank_card") for single in singles)
    # Half of an order number may look like a number of the fixed network; a mobile number is not risked.
    fixed = all(single.type == "phone" and single.value[0] == "0" for single in singles)
    return not singles or (whole.type == "order_no" and fixed)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812 for those before it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def id_check_character(digits: str) -> str:
    """The last character of an identity card whose first 17 digits are given (GB 11643): a digit or `x`."""
    return "10x98765432"[sum(int(digit) * weight for digit, weight in zip(digits, _ID_WEIGHTS, strict=True)) % 11]


def _id_card(digits: str, suffix: re.Match[str] | None, before: str, start: int, end: int) -> LongNumber | None:
    if len(digits) == 17 and suffix and suffix[1] == "x":
        digits, end = digits + "x", suffix.end()
    if len(digits) != 18 or not _ID_SHAPE.fullmatch(digits) or not _is_date(digits[6:14]):
        return None
    checked = digits[:2] in _PROVINCES and id_check_character(digits[:17]) == digits[17]
    if not checked and not _ID_NAMED.search(before):
        return None
    return LongNumber("id_card", start, end, digits.upper())


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _phone(text: str, digits: str, groups: list[_Group], before: str) -> LongNumber | None:
    start, end = groups[0].start, groups[-1].end
    mobile = _MOBILE.fullmatch(digits)
    if mobile:
        country = _COUNTRY.search(before)
        start -= len(country[0]) if country else 0
        sizes = tuple(len(group.digits) for group in groups)
        if sizes == _PRICES and not re.search(r"(?:电话|手机|号)\D{0,4}$", before):
            return None
        return LongNumber("phone", start, end, mobile[1])
    if _LANDLINE.fullmatch(digits) and (len(groups) == 1 or len(groups[0].digits) in (3, 4)):
        extension = _EXTENSION.match(text, end)
        return LongNumber("phone", start, extension.end() if extension else end, digits)
    return None


def _bank_card(digits: str, before: str, start: int, end: int) -> LongNumber | None:
    if not 16 <= len(digits) <= 19 or digits[0] in ("07" if end - start == len(digits) else "0127"):
        return None  # no issuer has such numbers
    named, dated = _CARD_NAMED.search(before), _DATED.match(digits)
    if luhn(digits):
        ordered = _ORDER_NAMED.search(before) and not digits.startswith("62")
        is_card = bool(named) if dated else not ordered
    else:
        # Mistyped, but told to be a card, or of a shape that nothing else has.
        is_card = not dated and bool(named or (digits.startswith("62") and len(digits) in (16, 19)))
    return LongNumber("bank_card", start, end, digits) if is_card else None


def _grouped(groups: list[_Group]) -> bool:
    """Whether groups look like one number that was typed in parts, and not like several numbers side by side."""
    sizes = [len(group.digits) for group in groups[:-1]]  # the last may be any; 78 1234 5678 9012
    return all(size >= (3 if place else 2) for place, size in enumerate(sizes)) and len(set(sizes)) < 3
