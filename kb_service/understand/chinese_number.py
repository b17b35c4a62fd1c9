"""Chinese numerals and mixed ones (`三千五`, `一百来`, `1.2w`, `3千`, `俩`) as exact numbers.

Folded text is expected (see `text.fold`): simplified, half-width, lower case.
"""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {
    **{character: value for value, character in enumerate("零一二三四五六七八九")},
    **{character: value for value, character in enumerate("壹贰叁肆伍陆柒捌玖", 1)},
    "〇": 0,
    "○": 0,
    "两": 2,
    "俩": 2,
    "仨": 3,
    "幺": 1,
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10_000, "w": 10_000, "亿": 100_000_000}
_TENS = {"廿": 20, "卅": 30}
_ARABIC_UNITS = {**_UNITS, **_MYRIADS, "k": 1000}

ARABIC = r"(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,4})?"  # with thousands separators and decimals
HAN = "[零〇一二两三四五六七八九十百千万亿半俩仨廿卅壹贰叁肆伍陆柒捌玖拾佰仟]"
ABOUT = "[多来几余]"  # behind a number: roughly, and somewhat more
_ABOUT = re.compile("[多来几余把]+")
# 三四百, 两三天: from the lower on
_EITHER = re.compile(
    "(一(?=[二两])|[一二两](?=三)|三(?=[四五])|四(?=五)|五(?=六)|六(?=七)|七(?=八)|八(?=九))"
    "[二两三四五六七八九](?=[十百千万]|$)"
)
_ARABIC = re.compile(rf"({ARABIC})\s*([十百千万亿wk])?(\d|[一二三四五六七八九])?$")


def parse_number(text: str) -> Decimal | None:
    """The number that a numeral says; None if it is none. `about` characters are ignored: `三十多` is 30.

    >>> [str(parse_number(text)) for text in ("三千五", "1.2w", "两百五", "一千零五十", "3千5", "半", "二零二六")]
    ['3500', '12000', '250', '1050', '3500', '0.5', '2026']
    """
    text = _ABOUT.sub("", text.strip())
    if not text:
        return None
    if text[0].isascii():
        return _arabic(text)
    if text in ("半", "一半"):
        return Decimal("0.5")
    if "点" in text:
        whole, _, part = text.partition("点")
        return _with_decimals(whole, part)
    return _han(text)


def plain(number: Decimal) -> str:
    """Without exponent or trailing zeros: `12.50` is `12.5`, `3E+3` is `3000`."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _arabic(text: str) -> Decimal | None:
    match = _ARABIC.match(text)
    if match is None or (match[3] and not match[2]):
        return None
    value, unit = Decimal(match[1].replace(",", "")), _ARABIC_UNITS.get(match[2] or "", 1)
    tail = _DIGITS.get(match[3], 0) if match[3] and not match[3].isdigit() else int(match[3] or 0)
    return value * unit + Decimal(tail * unit) / 10  # 1万2 is 12000


def _with_decimals(whole: str, part: str) -> Decimal | None:
    """`三点五`, `一点二万`."""
    unit = 1
    if part and part[-1] in _ARABIC_UNITS:
        part, unit = part[:-1], _ARABIC_UNITS[part[-1]]
    head = _han(whole)
    if head is None or not part or any(character not in _DIGITS for character in part):
        return None
    return (head + Decimal("0." + "".join(str(_DIGITS[character]) for character in part))) * unit


def _han(text: str) -> Decimal | None:
    text = _EITHER.sub(r"\1", text)
    if all(character in _DIGITS for character in text):  # read out digit by digit
        return Decimal("".join(str(_DIGITS[character]) for character in text))
    total = section = digit = 0
    last_unit, after_zero = 1, False
    for character in text:
        if character in _DIGITS:
            digit, after_zero = _DIGITS[character], after_zero or _DIGITS[character] == 0
        elif character in _TENS:
            section, digit, last_unit = section + _TENS[character], 0, 10
        elif character in _UNITS:
            last_unit, after_zero = _UNITS[character], False
            section, digit = section + (digit or 1) * last_unit, 0
        elif character in _MYRIADS:
            last_unit, after_zero = _MYRIADS[character], False
            total, section, digit = (total + section + digit or 1) * last_unit, 0, 0
        else:
            return None
    if digit and last_unit >= 100 and not after_zero:
        digit *= last_unit // 10  # the unit left out in speech: 三千五 is 3500, 三千零五 is 3005
    return Decimal(total + section + digit)
