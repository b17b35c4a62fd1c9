"""What is found in a message, and how personal data is masked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from kb_service.case import FactType, PersonalType

_DIGIT = re.compile(r"\d")
_DISTRICT = re.compile(
    r"^(?:.*?(?:省|自治区|特别行政区))?(?:.{1,8}?(?:市|自治州|地区|盟))?(?:.{1,6}?(?:新区|区|县|市|旗))?"
)


class Found(NamedTuple):
    """A fact or personal datum of a text; [start, end) are code points of it.

    `value` is normalised: amounts in yuan, times and durations in ISO 8601, bare digits, tracking numbers in upper
    case. `detail` is a tracking number's carrier or the product category of goods.
    """

    type: FactType | PersonalType
    text: str
    value: str
    detail: str
    start: int
    end: int


PERSONAL: tuple[PersonalType, ...] = ("id_card", "bank_card", "phone", "email", "wechat", "address")


def masked(found: Found) -> str:
    """The masked form of one personal datum; the text itself where it is none."""
    match found.type:
        case "id_card":
            return _keep(found.value, 3, 4)
        case "bank_card":
            return _keep(found.value, 0, 4)
        case "phone":
            return _keep(found.value, 3, 4) if len(found.value) >= 10 else _keep(found.value, 0, 4)
        case "email":
            return f"{found.text[0]}***@" + found.text.partition("@")[2]
        case "wechat":
            return f"{found.text[0]}***"
        case "address":
            return _DISTRICT.match(found.text)[0] + "***"  # type: ignore[index]  # every part is optional
        case _:
            return found.text


def mask(text: str, found: Iterable[Found]) -> str:
    """`text` with its personal data masked. `found` are findings of this very text, in any order; facts stay."""
    for item in sorted(found, key=lambda item: item.start, reverse=True):
        if item.type in PERSONAL:
            text = text[: item.start] + masked(item) + text[item.end :]
    return text


def _keep(value: str, head: int, tail: int) -> str:
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]
