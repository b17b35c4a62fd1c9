"""Blanks that were left open."""

from __future__ import annotations

import pytest

from kb_service.review.blanks import blanks
from kb_service.text import fold_in_place


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in blanks(fold_in_place(text), ["订单编号"])]


@pytest.mark.parametrize(
    "text",
    [
        "【拾物集】您的退款已到账",
        "【温馨提示】请勿转账",
        "衣服是XXL码",
        "绑定手机号是138****1234",
        "运费12元（不含保价）",
        "依据《退款规则》第12条",
        "[微笑]好的",
        "商品页写着**全新**",
    ],
)
def test_headings_masks_and_sizes_are_no_blanks(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("订单{{slot:order_id}}已退款", "{{slot:order_id}}"),
        ("您的【订单编号】还在查", "【订单编号】"),
        ("[姓名]您好", "[姓名]"),
        ("单号XXXXXX已签收", "XXXXXX"),
        ("请在____前提交", "____"),
        ("您好，**先生，问题已处理", "**"),
        ("您好，，您的退款已到账", "，，"),
        ("您好（客户称呼），请问哪一单", "（客户称呼）"),
        ("工单号：，请留意", "："),
        ("请联系%s", "%s"),
    ],
)
def test_blanks(text: str, blank: str) -> None:
    assert found(text) == [blank]
