"""Somebody else's data in a draft, and what may be told."""

from __future__ import annotations

import pytest

from kb_service.review.disclosure import disclosures
from kb_service.text import fold_in_place


def found(text: str, said: str = "") -> list[str]:
    return [text[start:end] for start, end in disclosures(fold_in_place(text), said)]


@pytest.mark.parametrize(
    "text",
    [
        "卖家的联系方式我们不能提供",
        "我叫小林，工号3021",
        "您的订单2026112300012345已退款",
        "反诈专线96110，报警110，热线400-800-1234",
        "收货人是您本人吗",
        "请核对一下收货人和电话",
        "王先生您好，您的工单已处理",
        "工单号13812345678已建好",
        "快递员会联系您，请凭码取件",
    ],
)
def test_what_may_be_told(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("您可以直接找他，卖家叫何建民，电话16000002716，打过去就行", "卖家叫何建民，电话16000002716"),
        ("对方微信是 lily_2020，您加一下", "对方微信是 lily_2020"),
        ("他的收款卡是6290010000003317，户名宋玉芝", "他的收款卡是6290010000003317，户名宋玉芝"),
        ("买家姓陈，家在翠湖花园3栋2单元501", "买家姓陈，家在翠湖花园3栋2单元501"),
        ("代签人住东塘巷28号", "代签人住东塘巷28号"),
        ("他名下还有个小号叫“淘旧阿康”", "他名下还有个小号叫“淘旧阿康”"),
    ],
)
def test_disclosures(text: str, told: str) -> None:
    assert found(text) == [told]


def test_what_the_customer_said_is_the_customers() -> None:
    assert found("您说的13812345678我记下了", said="我的电话是138 1234 5678") == []
    assert found("卖家叫何建民", said="那个叫何建民的卖家不理我") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("您先生最近买了一台投影仪", True),
        ("您先生是否买了运费险", False),
        ("评审员里有“老K数码”", True),
        ("那人叫许某强", True),
        ("评审员由系统随机抽取", False),
    ],
)
def test_what_others_did_is_theirs(text: str, told: bool) -> None:
    assert bool(list(disclosures(text, ""))) == told
