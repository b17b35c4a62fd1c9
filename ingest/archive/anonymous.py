"""Taking the people out of a text: names, numbers, addresses, accounts, days, exact amounts.

What is taken out leaves a placeholder that says what it was (`【订单号】`, `买家`), the same everywhere; months
and rounded amounts stay. Better too much than too little: the reviewer has the case at hand and can put a word back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from datetime import datetime
from decimal import Decimal

from kb_service.content import Taxonomy
from kb_service.review.disclosure import SURNAME
from kb_service.text import fold, fold_aligned, person_names
from kb_service.understand.chinese_number import HAN, parse_number
from kb_service.understand.facts import FactFinder
from kb_service.understand.found import Found

COVER = "\ue000"  # private use: stands where something was taken out
SEPARATOR = "[\\s\\-\u2010-\u2015.·•_\u200b,，、/|*~()（）]"
_HAN_DIGITS = ("零〇○", "一幺壹", "二贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
DIGIT = rf"[\d{''.join(_HAN_DIGITS)}]"
_DIGITS = re.compile(rf"{DIGIT}(?:{SEPARATOR}{{0,3}}{DIGIT}){{3,}}")
NUMBERED = re.compile(
    r"(?<![a-z0-9])(?=(?:[a-z_\-]*\d){4})[a-z0-9_\-]{5,}"
)  # letters with four digits or more among them
HOTLINE = re.compile(r"(?<![\da-z])(?<![a-z][ ·.\-])(?:12315|12345|12377|12321|12300|96110)(?!\d)")  # public
ROUNDED = re.compile(r"约\d{1,3}(?:,\d{3})*元|不到10元")
LINK = re.compile(
    r"(?:https?://|www\.)[^\s\u4e00-\u9fff，。；！？“”]+|(?<![a-z0-9@.])(?:[a-z0-9\-]+\.)+(?:com|cn|net|org|top|xyz|cc|me|io|app|shop|vip)"
    r"(?![a-z0-9])(?:/[^\s\u4e00-\u9fff，。；！？]*)?|[¥￥$€][a-z0-9]{8,14}[¥￥$€]"
)
EMAIL = re.compile(
    r"[a-z0-9][a-z0-9._%+\-]*\s?(?:@|＠|\(at\)|\[at\])\s?(?:[a-z0-9\-]+\.)+[a-z]{2,}"
    r"|[a-z0-9._]{2,} (?:at|艾特) [a-z0-9\-]+ (?:dot|点) [a-z]{2,}"
)
PLATE = re.compile(
    rf"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z]{SEPARATOR}{{0,2}}[a-z0-9](?:{SEPARATOR}?[a-z0-9]){{4,5}}"
    r"(?![a-z0-9])"
)
_QUOTED = r"[“\"「『《【]?[^\s,，。;；、!！?？”\"」』》】:：]{1,20}[”\"」』》】]?"
_HANDLE = re.compile(r"@\s?[^\s,，。;；、!！?？:：@]{1,24}")
_NICKNAME = re.compile(
    rf"(?:昵称|网名|会员名|用户名|账号名|小号|(?<![a-z])id)(?:是|叫做?|为|[:：\s])+(?P<it>{_QUOTED})"
)
_SHOP = re.compile(
    rf"(?:店铺?名?|铺子|小店)(?:是|叫做?|名叫|为|[:：])\s?(?P<it>{_QUOTED})"
    r"|[“\"「『](?P<quoted>[^”\"」』]{1,16}(?:店|铺|屋|馆|坊|社|阁|工作室|优品|仓库?))[”\"」』]"
    r"|(?P<named>[^\W\d_我你他她的在到是了从给和与家]{2,10}(?:旗舰店|专营店|专卖店|杂货铺|旧物铺|小铺|数码店|书店|工作室))"
)
_NAME = rf"{SURNAME}(?:某{{1,2}}|[\u4e00-\u9fff]{{1,2}})"
_TITLED = re.compile(
    rf"{SURNAME}[\u4e00-\u9fff]{{0,2}}?(?:先生|女士|小姐|太太|师傅|老师|老板|经理|主管|大哥|大姐|阿姨|叔叔)"
    rf"|(?<![\u4e00-\u9fff])(?:小|老|阿){SURNAME}(?=[，。、：:；的说要在帮给和跟来]|$)|(?<=客服)小{SURNAME}"
)
_INTRODUCED = re.compile(
    rf"(?:我叫|本人叫?|姓名|名字|真名|收件人|收货人|寄件人|联系人|户名|机主|持卡人|人叫|[买卖]家叫|名叫)(?:是|为|叫|[:：\s])*"
    rf"(?P<it>{_NAME})(?=[，。、；：\s,.;:!！的和跟电手地住]|$)|姓(?P<surname>{SURNAME})(?=[，。、；,.\s的]|$)"
)
_STARRED = re.compile(  # 李*强, *国强
    rf"\*{{1,2}}[\u4e00-\u9fff]{{1,2}}(?![\u4e00-\u9fff])|{SURNAME}\*{{1,2}}[\u4e00-\u9fff]?"
)
_HOME = (
    "小区|花园|家园|花苑|新村|公寓|大厦|广场|名苑|嘉园|家属院|宿舍|工业园|产业园|街道|驿站|村|镇|弄|胡同|大道"
    "|[东西南北中]路"
)
_PLACE = re.compile(
    rf"[^\W\d_我你他她它的在到是了寄住送去从至把给和与这那哪个整同本该放往回]{{2,8}}(?:{_HOME})(?![上下长式面])"
)
_ROOM = re.compile(
    r"(?:[\da-z一二三四五六七八九十百零〇]{1,5}(?:栋|幢|单元|号楼|室)){1,4}(?:[\d一二三四五六七八九十零〇]{2,5}室?)?"
)
_ACCOUNT = re.compile(
    r"(?:(?<![a-z])(?:qq|vx|wx|wechat)|微信|薇信|微❤|扣扣|支付宝|抖音|小红书|快手|飞书|钉钉)(?:号|账号|id)?(?:是|为|叫|加|搜|[:：\s])*"
    r"(?P<it>[a-z0-9][a-z0-9_\-]{3,})"
)
_EXACT = re.compile(rf"(?<!{HAN})(?={HAN}*[百千万佰仟])(?!千万|万一|百分){HAN}{{3,}}(?:块钱?|元整?|圆整?)?")
_RELATIVE = re.compile(
    r"大?[前昨今明后]天|[昨今明]晚|今早|刚[才刚]|[上这本下](?:个?(?:月|周|礼拜|星期)[一二三四五六日天]?)|(?:周|星期|礼拜)[一二三四五六日天]"
)
_SPELT = re.compile(r"[月号日年点:：/\-.]")

# What personal data and facts become. Durations, goods and conditions stay: the case is about them.
_PLACEHOLDERS = {
    "id_card": "【身份证号】",
    "bank_card": "【银行卡号】",
    "phone": "【电话】",
    "email": "【邮箱】",
    "wechat": "【微信或QQ号】",
    "address": "【地址】",
    "order_no": "【订单号】",
    "tracking_no": "【物流单号】",
    "phone_tail": "【手机尾号】",
}
# Slots in words of the customer or the desk: cleaned like any text. Every other slot's value is taken out as a whole.
DESCRIPTIVE = frozenset(
    {
        *("problem_desc", "refund_reason", "result", "reason", "missing_items", "dept_name", "option_a", "option_b"),
        *("incident_desc", "limit_reason", "flaw_desc", "deduct_reason", "device_info", "activity_name", "carrier"),
        *("wait_minutes", "appraisal_result"),
    }
)


class _Text:
    """A text while things are taken out of it: what is left to look at, and what stands for the rest."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.left = fold_aligned(text)
        self._edits: list[tuple[int, int, str]] = []

    def take(self, start: int, end: int, by: str | None) -> None:
        """Put `by` in the place of [start, end), unless part of it is gone; None only keeps it out of later steps."""
        if start < end and COVER not in self.left[start:end]:
            self.left = self.left[:start] + COVER * (end - start) + self.left[end:]
            if by is not None:
                self._edits.append((start, end, by))

    def take_all(self, pattern: re.Pattern[str], by: str | Callable[[str], str | None] | None) -> None:
        """The same for all matches: their named group, or the whole."""
        for match in list(pattern.finditer(self.left)):
            start, end = match.span(match.lastgroup or 0)
            self.take(start, end, by(match[0]) if callable(by) else by)

    def written(self) -> str:
        """The text without what was taken out."""
        text = self._text
        for start, end, by in sorted(self._edits, reverse=True):
            text = text[:start] + by + text[end:]
        text = re.sub(r"(?:(?:大概|大约|差不多|将近|约)\s?)+(?=约\d)", "", text)
        return re.sub(r"(【[^】]+】|[买卖]家|客服)(?:\s?\1)+", r"\1", text)


class Anonymiser:
    """Takes the people of one case out of texts.

    `known` are exact values and what each becomes, `amounts` exact amounts in digits; `at` dates the words. `plain` is
    text that is about nobody, such as the knowledge base itself: a word that it has is no name.
    """

    def __init__(
        self, facts: FactFinder, known: Mapping[str, str], amounts: Set[str], at: datetime, plain: str = ""
    ) -> None:
        self._facts, self._at, self._plain = facts, at, plain
        longest = sorted((value for value in known if value), key=len, reverse=True)
        self._known = [(spelt(value), known[value]) for value in longest]
        self._amounts = [
            re.compile(rf"(?<![\d.]){re.escape(amount)}(?:\.0+)?(?![\d.])\s?(?:元|块钱?)?") for amount in amounts
        ]

    def clean(self, text: str) -> str:
        """The text without anything that tells who it is about."""
        if text.strip() and not re.sub(rf"{DIGIT}|{SEPARATOR}", "", fold_aligned(text)):
            return "【编号】"  # part of a number that was sent in several messages
        taken = _Text(text)
        for pattern, by in self._known:
            taken.take_all(pattern, by)
        taken.take_all(EMAIL, "【邮箱】")
        taken.take_all(LINK, "【链接】")
        taken.take_all(PLATE, "【车牌】")
        taken.take_all(HOTLINE, None)
        for found in self._facts.find("".join(_shown(text, taken.left)), self._at):
            if found.type != "goods":  # RTX3060: no name of goods is worth a number
                taken.take(found.start, found.end, _stands_for(found))
        for amount in self._amounts:
            taken.take_all(amount, lambda words: rounded(words))
        self._take_people(taken)
        for start, end in list(long_numbers(taken.left)):
            taken.take(start, end, "【编号】")
        taken.take_all(NUMBERED, "【编号】")
        taken.take_all(_EXACT, lambda words: rounded(words))
        return taken.written()

    def _take_people(self, taken: _Text) -> None:
        taken.take_all(_ACCOUNT, "【微信或QQ号】")
        taken.take_all(_HANDLE, "【昵称】")
        taken.take_all(_NICKNAME, "【昵称】")
        taken.take_all(_SHOP, "【店铺】")
        taken.take_all(_INTRODUCED, "【姓名】")
        taken.take_all(_TITLED, "【姓名】")
        taken.take_all(_STARRED, "【姓名】")
        taken.take_all(_PLACE, "【地点】")
        taken.take_all(_ROOM, "【地点】")
        for start, end in list(person_names(taken.left)):
            word = taken.left[start:end]
            if re.match(SURNAME, word) and word not in self._plain:
                taken.take(start, end, "【姓名】")


def long_numbers(folded: str) -> Iterator[tuple[int, int]]:
    """[start, end) of the numbers that may stand for somebody: four digits in a row, or six and more in groups.

    Digits may be Chinese. Digits one by one are in a row whatever stands between; `13 128G` are two numbers.
    """
    for match in _DIGITS.finditer(folded):
        groups = re.split(f"{SEPARATOR}+", match[0])
        if max(map(len, groups)) >= 4 or sum(map(len, groups)) >= 6 or all(len(group) == 1 for group in groups):
            yield match.span()


def _shown(text: str, left: str) -> Iterator[str]:
    """The text with what was taken out still covered."""
    yield from (COVER if covered == COVER else character for character, covered in zip(text, left, strict=True))


def _stands_for(found: Found) -> str | None:
    """What a fact becomes; None where it may stay."""
    if found.type == "amount":
        return rounded(found.value)
    if found.type == "time":
        return _month(found)
    return _PLACEHOLDERS.get(found.type)


def _month(found: Found) -> str | None:
    """A day as its month; days by name (昨天) stay, without the hour."""
    relative = _RELATIVE.match(fold_aligned(found.text))
    if relative:
        return found.text[: relative.end()]
    if not _SPELT.search(found.text):
        return None
    day = re.match(r"\d{4}-(\d{2})", found.value)
    return f"{int(day[1])}月" if day and re.search(r"[月号日/\-.年]", found.text) else "某个时间"


def rounded(words: str) -> str | None:
    """An amount to two figures: `1258` is 约1,300元. None where the words are no number.

    >>> [rounded(words) for words in ("1258", "一千二百五十八块", "359元", "68.5", "9.9", "96")]
    ['约1,300元', '约1,300元', '约360元', '约70元', '不到10元', '约100元']
    """
    plain = re.sub(r"[,\s]|(?:块钱?|元整?|圆整?)$", "", words.strip())
    number = Decimal(plain) if re.fullmatch(r"\d+(?:\.\d+)?", plain) else parse_number(plain)
    if number is None:
        return None
    if number < 10:
        return "不到10元"
    step = Decimal(10) ** max(1, len(str(int(number))) - 2)
    return f"约{int((number / step + Decimal('0.5')) // 1 * step):,}元"


def spelt(value: str) -> re.Pattern[str]:
    """A value in folded text, however it is spelt: with blanks or marks between, digits in Chinese characters."""
    bare = re.sub(SEPARATOR, "", fold(value)) or fold(value)
    parts = [
        f"[{character}{_HAN_DIGITS[int(character)]}]" if character.isdecimal() else re.escape(character)
        for character in bare
    ]
    before, after = (r"(?<!\d)", r"(?!\d)") if bare.isdecimal() else ("@?", "")
    return re.compile(before + f"{SEPARATOR}{{0,3}}".join(parts) + after)


def names_of(people: Iterable[str]) -> Iterator[str]:
    """Names, and of a full name the given name alone: 陈晓雨 is called 晓雨 too."""
    for name in people:
        yield name.removeprefix("@")
        if len(name) == 3 and re.match(SURNAME, name):
            yield name[1:]


def identifying(slots: Mapping[str, str], taxonomy: Taxonomy) -> dict[str, str]:
    """Slot values that must not remain, by slot: all but descriptions, amounts and days (those are made vaguer)."""
    return {
        name: value.strip()
        for name, value in slots.items()
        if name not in DESCRIPTIVE
        and taxonomy.slots[name].type not in ("amount", "date", "datetime")
        and len(value.strip()) > 1
    }


def exact_amounts(slots: Mapping[str, str], taxonomy: Taxonomy) -> set[str]:
    """The amounts among the slot values, as bare digits."""
    found = (
        re.search(r"\d+(?:\.\d+)?", fold(value).replace(",", ""))
        for name, value in slots.items()
        if taxonomy.slots[name].type == "amount"
    )
    return {match[0] for match in found if match and len(match[0]) > 1}
