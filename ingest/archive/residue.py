"""What would still tell who an anonymised text is about: what must not be there, and what a reviewer has to judge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ingest.archive.anonymous import EMAIL, HOTLINE, LINK, NUMBERED, PLATE, ROUNDED, long_numbers, spelt
from ingest.render import PLACEHOLDER
from kb_service.text import fold_aligned, places_and_bodies
from kb_service.understand.facts import FactFinder

CONFIRM = "请确认"  # how the comments begin that a reviewer has to deal with and delete
_LABELS = {
    "id_card": "身份证号",
    "bank_card": "银行卡号",
    "phone": "电话",
    "email": "邮箱",
    "wechat": "微信或QQ号",
    "address": "地址",
}
_MARKS = ((EMAIL, "邮箱"), (LINK, "链接"), (PLATE, "车牌"), (NUMBERED, "编号"))
_BODY = re.compile(
    r"(?!快递|物流|保险|搬家)[\u4e00-\u9fff]{2,8}(?<!快递|物流|保险|搬家)"
    r"(?:公司|集团|大学|学院|中学|小学|医院|派出所|法院|幼儿园|支行|部队|机关)"
)
_AGE = re.compile(r"(?:\d{1,3}|[一二三四五六七八九十]{1,3})岁")
_WORD = re.compile(r"(?<![a-z0-9])[a-z0-9][a-z0-9_\-]{7,}")
_KIN = re.compile(r"(?:孕|残疾|癌|自杀|去世|离婚|坐月子|聋|盲|民族|信仰|外籍)")


def remains(text: str, facts: FactFinder, known: Mapping[str, str] | None = None) -> Iterator[str]:
    """What must not be in a published case, a message each. `known` are values of the case by their names."""
    folded = HOTLINE.sub("", fold_aligned(ROUNDED.sub("", text)))
    for name, value in (known or {}).items():
        if spelt(value).search(folded):
            yield f"还留着案件里 {name} 的值"
    for found in facts.find_personal(text):
        if found.type in _LABELS:
            yield f"“{found.text}”像{_LABELS[found.type]}"
    for pattern, label in _MARKS:
        yield from (f"“{match[0]}”是{label}" for match in pattern.finditer(folded))
    yield from (f"“{folded[start:end]}”是能认出人的数字" for start, end in long_numbers(folded))


def doubts(text: str) -> Iterator[str]:
    """What might still tell who it is about, for the reviewer to judge."""
    text = PLACEHOLDER.sub("", text)
    named = places_and_bodies(text)
    yield from (f"{kind}“{words}”要不要留" for kind, words in named)
    folded = fold_aligned(text)
    for pattern, why in (
        (_BODY, "单位“{}”会不会让人认出当事人"),
        (_AGE, "年龄“{}”要不要留"),
        (_KIN, "“{}”是敏感的个人情况，非说不可吗"),
        (_WORD, "“{}”像账号或编号"),
    ):
        found = (match[0] for match in pattern.finditer(folded))
        yield from (why.format(words) for words in found if not any(name in words for _, name in named))
    if count := text.count("【姓名】"):
        yield f"有 {count} 处按人名换成了【姓名】，本来不是人名的请改回"
