"""A drill for long numbers: generated ones in running text. Personal ones must be found, others not taken for them.

None of the numbers is a real person's: all are drawn at random and given the check digit that their kind has.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from kb_service.lexicon import Lexicon
from kb_service.understand.facts import PERSONAL, FactFinder
from kb_service.understand.long_numbers import id_check_character, luhn

_AT = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
_FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_HAN = str.maketrans("0123456789", "零一二三四五六七八九")
_AREAS = (
    "110105", "120101", "130102", "210203", "310115", "320506", "330106", "350203", "370202", "420106", "440305",
    "510107", "610113", "650102",
)  # fmt: skip
_BINS = (
    "622848", "621700", "622202", "621226", "955880", "620061", "622588", "621661", "436742", "518710", "356889",
    "400937", "601382", "625965",
)  # fmt: skip
_MOBILES = (
    "130", "131", "133", "135", "138", "139", "147", "150", "152", "158", "166", "172", "177", "186", "189", "191",
    "198", "199",
)  # fmt: skip
_AREA_CODES = ("010", "021", "025", "0571", "0755", "0991", "0451")
_PERSONAL_TEXTS = (
    "{}",
    "我的是{}你们查一下",
    "退到{}行不行",
    "身份证{}，卡丢了",
    "卡号：{}。",
    "对方留了{}，打过去没人接",
    "「{}」就是这个",
    "订单2026112012345678的收款人{}",
    "客服小姐姐{}麻烦了谢谢",
    "之前那个错了 {} 这个才对",
    "11月20日下午3点用{}付了300元",
    "单号发错了，别管，{}你记一下",
    "({})",
    "电话{}或者微信都行",
    "他说就打{}，还说别告诉你们😂",
    "名字张三，{}，住杭州",
    "花了1200，{}，等了3天",
    "ID:{};",
    "本人{}本人操作",
    "tel{}",
)
_OTHER_TEXTS = (
    "{}",
    "订单号{}怎么还不发",
    "查一下{}到哪了",
    "单号 {} 三天没动",
    "我有两单，{}是先拍的",
    "卖家填的快递{}是假的吧",
    "订单编号：{}，申请退款",
    "{}这单帮我关了",
    "催了好几遍！{}！",
    "11月20日下的单{}花了300元",
    "电话打不通，单号是{}",
    "银行卡付的款，订单是{}",
    "用微信付的，{}，至今没发货",
    "快递面单上写着{}",
    "尾号1234，订单{}",
)


@dataclass(frozen=True)
class DrillResult:
    """How many numbers were tried, and the texts in which one was missed, or taken for personal data."""

    personal: int
    misses: tuple[str, ...]
    others: int
    false_alarms: tuple[str, ...]

    @property
    def false_alarm_rate(self) -> float:
        """Share of the order and parcel numbers that were taken for personal data."""
        return len(self.false_alarms) / self.others


def number_drill(lexicon: Lexicon, seed: int = 20261123, count: int = 1_000) -> DrillResult:
    """`count` personal numbers and `count` order and parcel numbers, in text, the same for the same seed."""
    chance, finder = random.Random(seed), FactFinder(lexicon)
    misses, false_alarms = [], []
    for n in range(count):
        kind, number = _personal(chance, n)
        text = chance.choice(_PERSONAL_TEXTS).replace("{}", number)
        start = text.index(number)
        if not any(
            item.type == kind and item.start <= start and item.end >= start + len(number)
            for item in finder.find(text, _AT)
        ):
            misses.append(f"{kind} {text}")
    for _ in range(count):
        text = chance.choice(_OTHER_TEXTS).replace("{}", _other(chance))
        wrong = [item for item in finder.find(text, _AT) if item.type in PERSONAL]
        false_alarms += [f"{wrong[0].type} {wrong[0].text} ← {text}"] if wrong else []
    return DrillResult(count, tuple(misses), count, tuple(false_alarms))


def _personal(chance: random.Random, n: int) -> tuple[str, str]:
    kinds: list[tuple[str, Callable[[random.Random], str]]] = [
        ("id_card", _id_card),
        ("bank_card", _bank_card),
        ("phone", _mobile),
        ("phone", _mobile),
        ("phone", _landline),
    ]
    kind, make = kinds[n % len(kinds)]
    return kind, make(chance)


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _grouped(number: str, sizes: tuple[int, ...], separator: str) -> str:
    parts, start = [], 0
    for size in sizes:
        parts.append(number[start : start + size])
        start += size
    return separator.join(part for part in (*parts, number[start:]) if part)


def _id_card(chance: random.Random) -> str:
    born = date(1940, 1, 1) + timedelta(days=chance.randrange(30_000))
    body = chance.choice(_AREAS) + born.strftime("%Y%m%d") + _digits(chance, 3)
    number = body + id_check_character(body).upper()
    forms = (number, number, number.lower(), number.translate(_FULL_WIDTH), _grouped(number, (6, 8), " "))
    return chance.choice((*forms, _grouped(number, (6, 4, 4), "-"), _grouped(number, (3, 3, 4, 4), " ")))


def _bank_card(chance: random.Random) -> str:
    body = chance.choice(_BINS)
    body += _digits(chance, chance.choice((16, 16, 17, 18, 19, 19)) - 1 - len(body))
    number = next(body + digit for digit in "0123456789" if luhn(body + digit))
    fours = (4, 4, 4, 4)
    forms = (number, number, number.translate(_FULL_WIDTH), _grouped(number, fours, " "), _grouped(number, fours, "-"))
    return chance.choice((*forms, _grouped(number, fours, "　"), _grouped(number, (6,), " ")))


def _mobile(chance: random.Random) -> str:
    number = chance.choice(_MOBILES) + _digits(chance, 8)
    spaced = [_grouped(number, (3, 4), separator) for separator in (" ", "-", "—", ".", "\u200b")]
    forms = (number, number, number.translate(_FULL_WIDTH), "+86" + number, "+86 " + number, "86-" + number)
    return chance.choice((*forms, *spaced, _grouped(number, (4, 3), " "), number.translate(_HAN), " ".join(number)))


def _landline(chance: random.Random) -> str:
    code = chance.choice(_AREA_CODES)
    number = chance.choice("2345678") + _digits(chance, 7)
    return chance.choice((f"{code}-{number}", f"{code}{number}", f"({code}){number}", f"{code} {number}"))


def _other(chance: random.Random) -> str:
    day = (date(2025, 1, 1) + timedelta(days=chance.randrange(690))).strftime("%Y%m%d")
    order = day + _digits(chance, chance.choice((8, 8, 9, 10, 12)))
    parcels = (
        ("SF", 13), ("YT", 13), ("YT", 15), ("JT", 13), ("JDVA", 11), ("JD0", 12), ("DPK", 12),
        ("75", 12), ("73", 11), ("76", 10), ("773", 12), ("776", 10), ("43", 11), ("31", 13), ("10", 11),
    )  # fmt: skip
    prefix, count = chance.choice(parcels)
    parcel = prefix + _digits(chance, count)
    forms = (order, order, _grouped(order, (8,), " "), _grouped(order, (4, 4, 4), " "), order.translate(_FULL_WIDTH))
    return chance.choice((*forms, parcel, parcel, parcel, parcel.lower(), f"EA{_digits(chance, 9)}CN"))
