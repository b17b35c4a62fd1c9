"""Nobody can be told from an anonymised text, however things are written; what the case needs stays."""

from __future__ import annotations

from datetime import datetime

import pytest

from ingest.archive.anonymous import Anonymiser, rounded
from ingest.archive.residue import doubts, remains
from ingest.load import load
from kb_service.lexicon import Lexicon
from kb_service.records import CHINA
from kb_service.understand.facts import FactFinder
from tests.conftest import ROOT

FACTS = FactFinder(Lexicon.model_validate(load(ROOT / "content").lexicon))
KNOWN = {"2026100212345678": "【订单号】", "老周的相机铺": "卖家", "晓雨": "买家"}
ANONYMISER = Anonymiser(FACTS, KNOWN, {"359"}, datetime(2026, 11, 23, tzinfo=CHINA), plain="高清大图，先安抚")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # numbers: spelt out, with blanks, full width, circled, in mixed scripts, with letters for digits
        ("我手机是138 0013 8000", "我手机是【电话】"),
        ("电话一三八 零零一三 八零零零，也可以打１３８-００１３-８０００", "电话【电话】，也可以打【电话】"),
        ("电话+86 138 0013 8000；0571-88889999", "电话【电话】；【电话】"),
        ("①③⑧⓪⓪①③⑧⓪⓪⓪", "【编号】"),
        ("加我138零零13八零零零", "加我【编号】"),
        ("壹叁捌 零零壹叁 捌零零零", "【编号】"),
        ("号码l38OOl38OOO", "号码【编号】"),
        ("138.0013.8000", "【编号】"),
        ("1 3 8 0 0 1 3 8 0 0 0", "【编号】"),
        ("38", "【编号】"),  # a message of digits alone: the end of a number that began in the message before
        ("身份证 11010519491231002X", "身份证 【身份证号】"),
        ("卡号6222 0213 0400 1234 567", "卡号【银行卡号】"),
        ("取件码8-3-2201，验证码 六六八二", "取件码【编号】，验证码 【编号】"),
        ("手机尾号8000，订单尾号5678", "手机尾号【手机尾号】，订单尾号【编号】"),
        # values of the case, however they are spelt
        ("订单2026 1002 1234 5678没发", "订单【订单号】没发"),
        ("订单二零二六一零零二一二三四五六七八没发", "订单【订单号】没发"),
        ("訂單號２０２６１００２１２３４５６７８", "訂單號【订单号】"),
        ("@老周的相机铺 不理我，晓雨说的", "卖家 不理我，买家说的"),
        ("运单 YT8812345678901", "运单 【物流单号】"),
        # people, accounts, shops
        ("我叫张伟，他叫李小龙，收件人：欧阳文静", "我叫【姓名】，他叫【姓名】，收件人：【姓名】"),
        ("王先生说退，李女士说不退，小陈说等", "【姓名】说退，【姓名】说不退，【姓名】说等"),
        ("收款人写的*国强", "收款人写的【姓名】"),
        ("黄志强不同意", "【姓名】不同意"),
        ("昵称是“可爱的小鹿呀”，@小王同学呀 也不理", "昵称是【昵称】，【昵称】 也不理"),
        ("店铺叫时光旧物集，“阿花二手铺”的", "店铺叫【店铺】，“【店铺】”的"),
        ("加我v❤xiaolu_888或者qq：10987654", "加我v❤【微信或QQ号】或者qq：【微信或QQ号】"),
        ("邮箱zhang.wei@example.com，zhang at example dot com", "邮箱【邮箱】，【邮箱】"),
        ("https://item.example.com/i?id=9988 或 m.tb.cn/h.abc", "【链接】 或 【链接】"),
        ("车牌浙A·12345，粤B D12345", "车牌【车牌】，【车牌】"),
        # places
        ("住杭州市西湖区文三路88号3单元502室", "住【地址】"),
        ("我家在翠湖花园三栋，放门口", "我家在【地点】，放门口"),
        ("三栋二单元三〇二", "【地点】"),
        # amounts and days
        ("1,258元买的，一千二百五十八块，¥1258.00", "约1,300元买的，约1,300元，约1,300元"),
        ("我付了359", "我付了约360元"),
        ("大概约500块", "约500元"),
        ("11月3号下单，2026年11月4日付的", "11月下单，11月付的"),
        ("昨天晚上8点20点的，三天前", "昨天点的，三天前"),
    ],
)
def test_what_tells_a_person_is_taken_out(text: str, expected: str) -> None:
    cleaned = ANONYMISER.clean(text)
    assert cleaned == expected
    assert list(remains(cleaned, FACTS, {"order_id": "2026100212345678", "nickname": "老周的相机铺"})) == []


@pytest.mark.parametrize(
    "text",
    [
        "付款七天没有发货，卖家说没货，让我把原因改成不想要了",
        "高清大图里没有划痕，先安抚",
        "签收48小时内提出，打12315投诉",
        "老师，老板娘，马桶盖，白色的车",
        "苹果13 128G 九成新，A7M4",
    ],
)
def test_what_the_case_is_about_stays(text: str) -> None:
    assert ANONYMISER.clean(text) == text
    assert list(remains(text, FACTS)) == []


def test_a_number_of_a_model_goes_where_it_could_be_anybodys() -> None:
    assert ANONYMISER.clean("显卡RTX3060") == "显卡RTX【编号】"


def test_amounts_keep_two_figures() -> None:
    told = ["1258", "一千二百五十八块", "359元", "68.5", "9.9", "96", "12850", "没有"]
    expected = ["约1,300元", "约1,300元", "约360元", "约70元", "不到10元", "约100元", "约13,000元", None]
    assert [rounded(words) for words in told] == expected


def test_what_is_left_is_named() -> None:
    found = remains(
        "订单 20261002 1234 5678，电话138 0013 8000，写信到 a@b.com", FACTS, {"order_id": "2026100212345678"}
    )
    assert set(found) >= {"还留着案件里 order_id 的值", "“138 0013 8000”像电话", "“a@b.com”是邮箱"}


def test_a_rounded_amount_is_no_number() -> None:
    assert list(remains("约1,300元", FACTS)) == []
    assert list(remains("1300元", FACTS)) == ["“1300”是能认出人的数字"]


def test_what_only_a_reviewer_can_judge_is_listed() -> None:
    assert list(doubts("他在南京大学上学，今年19岁，【姓名】说的")) == [
        "机构“南京大学”要不要留",
        "年龄“19岁”要不要留",
        "有 1 处按人名换成了【姓名】，本来不是人名的请改回",
    ]
