"""Demands for private data, and what looks like one and is none."""

from __future__ import annotations

import pytest

from kb_service.review.private import private_demands


@pytest.mark.parametrize(
    "text",
    [
        "请提供姓名和18位身份证号",
        "您的身份证正反面拍一下发我",
        "把付款卡的卡号、有效期和安全码报一下",
        "您把登录密码告诉我",
        "验证码多少？",
        "收到的动态口令给我说一下",
        "请提供您的手机号全号",
        "请您录一段人脸视频发过来",
        "請提供您的身份證號碼",
        "您不会操作的话把密码发我",
        "绑定手机号后四位和身份证后四位都报一下",
        "请提供登录密码和手机号后四位",
        "请发身份证正反面",
        "短信收到的那个码多少",
    ],
)
def test_demands(text: str) -> None:
    assert len(list(private_demands(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "请提供绑定手机号的后四位",
        "请报一下收款银行卡的尾号",
        "验证码不要告诉任何人，包括客服",
        "我们不会向您索要密码和银行卡号",
        "请在「实名认证」页面由您本人上传身份证照片",
        "您可以在登录页输入短信验证码登录",
        "如果有人让您提供验证码，请马上挂断",
        "密码改好后告诉我一声",
        "请把商品密码锁的照片发来",
        "请核实提现的银行卡是不是本人名下",
        "取件码发给我核对一下",
    ],
)
def test_reminders_and_harmless_questions_are_no_demands(text: str) -> None:
    assert list(private_demands(text)) == []


def test_the_span_is_the_clause() -> None:
    text = "您好，麻烦把银行卡号发我，谢谢"
    (demand,) = private_demands(text)
    assert (text[demand.start : demand.end], demand.thing) == ("麻烦把银行卡号发我", "银行卡")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("您手机会收到六位数字，念给我听就行", "您手机会收到六位数字，念给我听就行"),
        ("支付密码您记得吗？记得的话发我核一下", "支付密码您记得吗？记得的话发我核一下"),
        ("验证码不要告诉任何人，订单号发我", None),
        ("收到验证码了吗？没收到的话把截图发我", None),
    ],
)
def test_a_demand_in_two_steps_is_one(text: str, found: str | None) -> None:
    demands = [text[demand.start : demand.end] for demand in private_demands(text)]
    assert demands == ([found] if found else [])
