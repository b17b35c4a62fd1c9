"""Postal addresses in running text, down to house, estate or room.

An address is a street with a house number, or an estate with a building, and whatever region stands before and whatever
building and room behind it. Folded text is expected (see `text.fold_aligned`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_HAN = "[\u4e00-\u9fff]"
_NUMBER = (
    r"(?:[a-d]?\d{1,5}(?:-\d{1,4}){0,3}|[a-h](?=[座栋幢区])|[一二三四五六七八九十百甲乙丙丁]{1,4}|"
    r"[东西南北](?=[座区门]))"
)
_UNIT = "号楼|号院|号|栋|幢|座|单元|室|楼(?![下上道梯])|层|门(?![口卫])|区|期|房|户|弄"
_NAME = (  # what an address may end with
    "小区|花园|家园|花苑|新村|公寓|大厦|广场|大楼|中心|写字楼|商城|商业街|别墅|山庄|名苑|雅苑|佳苑|新苑|嘉园|公馆|社区|宿舍|"
    "家属院|大院|工业园|产业园|科技园|物流园|货运部|货运站|驿站|超市|便利店|医院|学校|小学|中学|大学|学院|酒店|市场"
)
_ESTATE = f"{_NAME}|学府|府|苑|园|城|庭|湾|里|村|组|屯|坊|舍|轩|阁|院"
_STREET = r"(?:大道|大街|路|街|巷|弄|胡同|里弄|道|里|村|公路|国道)"
_LETTER = "[\u4e00-\u9fffa-z]"
_PLACE = rf"(?:[ ,]?{_LETTER}{{0,10}}?(?:{_NUMBER})(?:{_UNIT}))"
_NAMED = rf"(?:[ ,]?{_LETTER}{{0,8}}?(?:{_NAME}))"
_ROOM = r"(?:[ \-]?\d{3,4}室?(?![\d元块年月天]))"
_FLAT = r"(?:(?<=[栋幢座元])\d{1,2}(?:-\d{1,4}){1,2}(?![\d元块年月天]))"  # 3栋2-4
_BEHIND = rf"(?:(?:{_PLACE}){{0,5}}{_FLAT}?(?:{_NAMED}(?:{_PLACE}){{0,3}})?(?:{_ROOM})?)"
_RUN = rf"(?:{_HAN}|(?<={_HAN})[ ,](?={_HAN})){{0,28}}?"
_SECTION = r"(?:[东西南北中]?[一二三四五六七八九十\d]{0,2}段)?"
_BY_STREET = rf"{_RUN}{_HAN}{{1,6}}{_STREET}{_SECTION}\s?(?:{_NUMBER})(?:号院|号楼|号|弄)"
_BY_ESTATE = (
    rf"{_RUN}{_HAN}{{1,8}}(?:{_ESTATE})\s?(?:{_NUMBER})(?:号楼|栋|幢|座|单元|楼|区|期|号|门|组)"
    rf"(?={_HAN}{{0,4}}(?:{_NUMBER}))"
)
_ADDRESS = re.compile(rf"(?:{_BY_STREET}|{_BY_ESTATE}){_BEHIND}")
_HINT = re.compile(rf"(?:{_STREET}|{_ESTATE})[^,。!?]{{0,8}}?(?:{_NUMBER})(?:{_UNIT})")
# Words that stand between a sentence and the address in it; the address begins behind the last of them.
_LEAD = re.compile(
    ".*(?:地址改?[成为到是]?|住址|现住|家住|住在|寄[到往回给]|发[到往给]|送[到往]|放[到在]|换[成到]|改[成到为]|扔[到在]?|"
    "搬[到去]|约在|就在|放|住|寄|送|发|在|是|到|往|至|去|来|给|为|成|叫)"
)
_REGION = re.compile(rf"{_HAN}{{2,4}}(?:省|市|自治区|区|县)")


class AddressFinder:
    """Finds postal addresses. Built once; `places` are names of provinces and cities."""

    def __init__(self, places: Sequence[str]) -> None:
        names = sorted(map(re.escape, places), key=len, reverse=True)
        self._places = re.compile("|".join(names) or r"(?!)")

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Spans [start, end) of the addresses in a folded text, from left to right."""
        end = 0
        for hint in _HINT.finditer(text):  # cheap, and nearly always none
            match = _ADDRESS.search(text, max(end, hint.start() - 36), hint.end() + 60)
            if hint.start() >= end and match:
                end = match.end()
                yield self._start(match), end

    def _start(self, match: re.Match[str]) -> int:
        place = self._places.search(match.string, match.start(), match.end())
        if place:
            return place.start()
        region = _REGION.search(match[0])
        lead = _LEAD.match(match[0][: region.end() if region else match[0].find("路") + 1 or 12])
        return match.start() + (lead.end() if lead else 0)
