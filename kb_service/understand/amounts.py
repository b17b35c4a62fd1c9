"""Amounts of money as Chinese messages name them: `¥1,280`, `三百二十块钱`, `23块5`, `1.2w`, `两百五`, `五毛`.

Folded text is expected (see `text.fold_aligned`). Values are yuan as plain decimals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from kb_service.understand.chinese_number import ABOUT, ARABIC, HAN, parse_number, plain
from kb_service.understand.chinese_time import Hit

_FREE = rf"(?<![\d.a-z第几数])(?<!{HAN})"  # no piece of another number, and not 几百块
_HAN = HAN.replace("俩仨", "")  # 俩一块: two people together
_DECIMALS = "(?:点[零一二三四五六七八九]{1,4}万?)?"
_NUMERAL = rf"(?:{ARABIC}\s?[百千万亿wk]?(?:[1-9](?=[^\d.]|$))?|[百千万]把|{_HAN}{{1,10}}{_DECIMALS}){ABOUT}?"
_YUAN = (
    r"(?:块大洋|块人民币|元人民币|块洋钿|块儿?钱|块儿(?!童)|块(?!\ue001)|元钱|元整|元(?![旦素宵件器气])|圆整|圆(?!圈|形|珠)|"
    r"蚊鸡|蚊(?![子香帐虫液灯器])|rmb|人民币|软妹币|大洋|r(?![a-z\d相照]))"
)
_DIGIT = "(?:[1-9]|[一二三四五六七八九])"
_PART = (
    rf"零?{_DIGIT}[毛角]{_DIGIT}分?(?:钱|(?![\d天个年月日号件块元]))"  # 五块八毛八
    rf"|零?(?:{_DIGIT}|[两半])(?![\d.点月号天年个张件块元百千万十])[毛角]?钱?|{ARABIC}[毛角]"
)
_ROUND = r"(?:[一二两俩三四五六七八九十][一二三四五六七八九十零百千万]*[百千万][一二三四五六七八九十零百千]*)"
# What is counted when a round number stands without 块: these follow other things than money.
_COUNTED = (
    "个|次|遍|回|人|件|条|张|米|公里|里(?=[地路程,。]|$)|分|度|天|年|月|日|号|页|字|岁|台|部|套|粉|倍|转|毫|克|斤|公斤|平|步|单|位|名|小时|秒|种|"
    "只|份|户|家|辆|双|盒|本|句|层|楼|点|积分|像素|快门|毫安|瓦|伏|寸|码|升|吨|匹|丝|针|辈|般|分之|想要|浏览|好友|关注|播放|"
    "阅读|赞|座|枚|瓶|包|箱|袋|颗|粒|根|支|把|块|片|款|道|集|章|期|届|场|轮|级|格|公分|厘米|里程|花|姓|货|"
    "[gmt]b?(?![a-z])|ma|k|p(?![a-z])|hz|w(?![a-z])"
)
_AMOUNT = re.compile(
    rf"(?P<sign>(?:[¥$]|rmb|人民币) ?(?:{ARABIC})(?:[wk万千])?(?: ?(?:{_YUAN}))?)"
    rf"|{_FREE}(?P<yuan>{_NUMERAL}) ?{_YUAN}(?P<part>{_PART})?"
    rf"|{_FREE}(?P<jiao>{ARABIC}|{HAN}{{1,3}})(?P<coin>毛钱|毛{_DIGIT}(?![\d天个年月日号件块元])|毫子|毛(?![衣病毯线巾绒料刺孔坯笔呢领利重])|角钱|分钱)"
    rf"|{_FREE}(?P<hundreds>[一两二三四五六七八九\d])[旧嚿]水"
    rf"|{_FREE}(?P<slang>\d{{1,2}}|[一两二三四五六七八九十半])个w(?![a-z])"
    rf"|{_FREE}(?P<myriad>{ARABIC} ?(?:[万w千](?:[1-9](?!\d))?|k[1-9](?!\d)){ABOUT}?)(?![a-z]|{ABOUT}?(?:{_COUNTED}))"
    rf"|{_FREE}(?P<round>{_ROUND}{ABOUT}?)(?!{HAN}|{ABOUT}?(?:{_COUNTED}))"
)
_COINS = {"毛": Decimal("0.1"), "毫": Decimal("0.1"), "角": Decimal("0.1"), "分": Decimal("0.01")}
_ALONE = re.compile(r" ?(?:$|[,。;!?、)]|都|也|的)")
_NUMBER_END = re.compile(r" ?(?:块|元|rmb)")


def find_amounts(text: str) -> Iterator[Hit]:
    """The amounts in a folded text that are known by a unit or by being round, from left to right."""
    for match in _AMOUNT.finditer(text):
        value = _value(match)
        if value is not None:
            yield Hit(match.start(), match.end(), plain(value))


def bare_amount(text: str) -> str | None:
    """The value of an amount that is told by what stands around it (`退我359`); None if it is no number."""
    if "半" in text:
        return None  # 退一半
    value = parse_number(_NUMBER_END.sub("", text.lstrip("¥$ ")))
    return plain(value) if value is not None else None


def _value(match: re.Match[str]) -> Decimal | None:
    if match["sign"]:
        return parse_number(_strip_unit(match["sign"]))
    if match["jiao"]:
        number = parse_number(match["jiao"])
        fen = parse_number(match["coin"][1:].strip("钱子")) or Decimal(0)  # 3毛6
        return number * _COINS[match["coin"][0]] + fen * _COINS["分"] if number else None
    if match["hundreds"] or match["slang"]:
        said = parse_number(match["hundreds"] or match["slang"])
        return said * (100 if match["hundreds"] else 10_000) if said else None
    if match["yuan"] == "一" and match[0] == "一块" and not _ALONE.match(match.string, match.end()):
        return None  # 一块 is also together, and a piece
    if match["yuan"] in ("百", "千", "万"):
        return None  # 百元券, 上千块
    number = parse_number(match["yuan"] or match["myriad"] or match["round"])
    if number is None or not match["part"]:
        return number
    jiao, _, rest = match["part"].rstrip("钱分").replace("角", "毛").partition("毛")
    parts = [parse_number(digit) or Decimal(0) for digit in (jiao, rest or "零")]
    return number + parts[0] / 10 + parts[1] / 100


def _strip_unit(text: str) -> str:
    return re.sub(rf"^(?:[¥$]|rmb|人民币)| ?{_YUAN}$", "", text).strip()
