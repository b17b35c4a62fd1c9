"""Goods named in a message, by the words and model names of the content."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from kb_service.lexicon import GoodsWords

_LATIN = re.compile(r"[a-z\d]|\\d")
_LOOKAROUND = re.compile(r"\(\?<?[=!][^()]*\)")
_NAME = "{name}"
_REACH = 20  # characters before a name in which its brand may stand
_SERIES = "[^\\W\\da-z_的了和跟与是我他她你在把被给让就都也还又没不这那个台买卖拍收说从到]"
# Between a brand and the name: series and model, as in 联想小新笔记本, 格力KFR-35挂机空调.
_MODEL = re.compile(rf"{_SERIES}{{0,3}} ?(?:[a-z\d][a-z\d+\-./]{{0,11}} ?){{0,2}}{_SERIES}{{0,3}}")
_BARE_MODEL = re.compile(r"(?<![a-z\d\-_.])[a-z]{1,5}-?\d{1,5}[a-z]{0,3}(?:-[a-z\d]{1,4})? ?$")
# Behind a branded name: 小米平板5, 小米平板5 Pro; not 美的空调2台.
_NUMBERED = re.compile(
    r"\d{1,2}(?: ?(?:pro|max|plus|mini|air|ultra|lite|se)(?![a-z]))?"
    r"(?![\d.,:/%\-a-z]|\s?[年月日号天块元个点小时分秒台部套件只双条张把十百千万多来次折成周层楼]| ?(?:英?寸))"
)
_JOINT = re.compile("(?:和|跟|与|及|、|[+/&]|加上?|还有|以及|[送卖买拍换退收]个?了?|一[个只条台把副块])$")
_CHOICE = re.compile(r"\[([^\]]*)\]")


class Goods(NamedTuple):
    """A stretch of text that names goods, and the product category."""

    start: int
    end: int
    category: str


class GoodsFinder:
    """Finds goods. Built once from the lexicon."""

    def __init__(self, groups: Sequence[GoodsWords]) -> None:
        table: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for group in groups:
            for written in group.words:
                for word in spelled_out(written):
                    table[word[:2]].setdefault(word, group.category)
        # By their first two characters, longest first: a look-up per character of the text.
        self._words = {key: sorted(words.items(), key=lambda item: -len(item[0])) for key, words in table.items()}
        patterns = [(pattern, group.category) for group in groups for pattern in group.patterns]
        self._models = [(re.compile(pattern), category) for pattern, category in patterns]
        # Most are names with letters or digits, for which a text without any need not be searched.
        self._plain_models = [
            (re.compile(pattern), category)
            for pattern, category in patterns
            if not _LATIN.search(_LOOKAROUND.sub("", pattern))
        ]
        # One by one: each begins with certain characters, which is found faster than one long alternation.
        unless = [pattern for group in groups for pattern in group.unless]
        self._unless = [re.compile(pattern) for pattern in unless if not pattern.startswith(_NAME)]
        self._behind = [re.compile(item.removeprefix(_NAME)) for item in unless if item.startswith(_NAME)]
        self._parts = frozenset(word for group in groups for written in group.parts for word in spelled_out(written))
        self._brands: defaultdict[str, list[str]] = defaultdict(list)
        for brand in sorted({brand for group in groups for brand in group.brands}, key=len, reverse=True):
            self._brands[brand[:2]].append(brand)

    def find(self, text: str) -> list[Goods]:
        """The goods in a folded text (see `text.fold_aligned`), from left to right, the longest name at each place."""
        found = [
            Goods(match.start(), match.start() + len(match[0].rstrip()), category)
            for pattern, category in (self._models if _LATIN.search(text) else self._plain_models)
            for match in pattern.finditer(text)
            if _whole(text, *match.span())
        ]
        found += self._by_words(text)
        if not found:
            return []
        found += [Goods(*match.span(), "") for pattern in self._unless for match in pattern.finditer(text)]
        found.sort(key=lambda item: (item.start, -item.end, item.category))
        names = list(self._without_overlaps(found, text))
        names = [item for item in names if not any(behind.match(text, item.end) for behind in self._behind)]
        return list(self._without_parts(names, text))

    def _without_parts(self, names: Sequence[Goods], text: str) -> Iterator[Goods]:
        """The names with their brands, and without parts of goods named before; `键盘和鼠标` are goods both."""
        whole: set[str] = set()  # names of whole goods before
        end, listed = 0, True
        for item in names:
            word, branded = text[item.start : item.end], self._branded(item, text, end)
            joint = _JOINT.search(text, max(0, item.start - 3), item.start)
            joined = item.start == end > 0 or bool(joint and (listed or joint[0] != "、"))
            end = branded.end
            apart = word not in self._parts or branded != item or not whole or word in whole
            listed = apart or joined
            if listed:
                whole.add(word)
                yield branded

    def _branded(self, item: Goods, text: str, floor: int) -> Goods:
        """The name with the brand and model before it and the number behind it."""
        for start in range(max(floor, item.start - _REACH), item.start):
            for brand in self._brands.get(text[start : start + 2], ()):
                end = start + len(brand)
                if (
                    text.startswith(brand, start)
                    and _whole(text, start, end)
                    and _MODEL.fullmatch(text, end, item.start)
                ):
                    return self._numbered(Goods(start, item.end, item.category), text)
        model = None if text[item.start].isascii() else _BARE_MODEL.search(text, floor, item.start)
        if model:
            return Goods(model.start(), item.end, item.category)
        return self._numbered(item, text) if text[item.start : item.start + 2] in self._brands else item

    def _numbered(self, item: Goods, text: str) -> Goods:
        number = _NUMBERED.match(text, item.end)
        return Goods(item.start, number.end(), item.category) if number else item

    def _by_words(self, text: str) -> Iterator[Goods]:
        words, end = self._words, 0
        for start in range(len(text) - 1):
            if start < end:
                continue
            for word, category in words.get(text[start : start + 2], ()):
                if text.startswith(word, start) and _whole(text, start, start + len(word)):
                    end = start + len(word)
                    yield Goods(start, end, category)
                    break

    def _without_overlaps(self, found: Iterable[Goods], text: str) -> Iterator[Goods]:
        """The first and longest of what overlaps; a model and what it is are one name: `RTX4090显卡`,
        and so are goods and their part: `单反镜头`."""
        last: Goods | None = None
        end = 0
        for item in found:
            if item.start < end:
                continue
            end = item.end
            if last and last.category and item.category and self._one_name(last, item, text):
                last = Goods(last.start, item.end, item.category)
                continue
            if last and last.category:
                yield last
            last = item
        if last and last.category:
            yield last

    def _one_name(self, first: Goods, then: Goods, text: str) -> bool:
        if first.end != then.start:
            return False
        if text[first.start : first.end] in self._brands.get(text[first.start : first.start + 2], ()):
            return True  # a brand that is a name of goods too: 大疆无人机
        part = text[then.start : then.end] in self._parts and text[first.start : first.end] not in self._parts
        return part or text[first.end - 1].isascii()


def spelled_out(written: str) -> list[str]:
    """`[无线|蓝牙|]耳机` written out: 无线耳机, 蓝牙耳机, 耳机."""
    parts = _CHOICE.split(written)
    choices = [part.split("|") if n % 2 else [part] for n, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


def _whole(text: str, start: int, end: int) -> bool:
    """Whether a Latin name does not begin or end inside a longer word."""
    return not (
        (text[start].isascii() and start and text[start - 1].isascii() and text[start - 1].isalnum())
        or (text[end - 1].isascii() and end < len(text) and text[end].isascii() and text[end].isalpha())
    )
