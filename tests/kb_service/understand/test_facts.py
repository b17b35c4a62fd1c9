"""Facts and personal data of messages, with the real lexicon; values worked out by hand."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.load import load
from kb_service.lexicon import Lexicon, NumberPattern
from kb_service.records import CHINA
from kb_service.understand.facts import FactFinder, mask
from tests.conftest import ROOT

AT = datetime(2026, 11, 23, 10, 30, tzinfo=CHINA)  # a Monday
FINDER = FactFinder(load(ROOT / "content").content().lexicon)


def found(text: str) -> list[tuple[str, str, str]]:
    """Type, text and value of everything found in a message said at `AT`."""
    return [(item.type, item.text, item.value) for item in FINDER.find(text, AT)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "在吗",
        "😡😡😡",
        "评分从4.9掉到4.3",
        "鞋码42.5的写成43",
        "应用版本8.14.2，一点发布就闪退",
        "房间里第3排第7个柜子",
        "电池健康度只剩79%了",
        "验证码 830174 是不是你们发的",
        "工单号 TK20261130-0457 催一下",
        "尺寸写120×60×75",
        "三天两头改规则",
        "催了八百遍",
        "一共12件，少了3件",
        "打了110报警，也打了12315",
        "千万别信，万一是骗子呢",
        "收不到短信，手机号换了",
        "退一半行不行",
        "好几天了，几百块的事",
        "银行卡尾号8899",
    ],
)
def test_what_only_looks_like_a_fact_is_none(text: str) -> None:
    assert found(text) == []


def test_a_lexicon_without_words_finds_what_needs_none() -> None:
    facts = FactFinder(Lexicon()).find("昨天付了30块，电话13800138000", AT)
    assert [(item.type, item.value) for item in facts] == [
        ("time", "2026-11-22"),
        ("amount", "30"),
        ("phone", "13800138000"),
    ]


def test_all_facts_of_a_message_in_order_with_offsets() -> None:
    text = "昨天收到的羽绒服，说是九成新，花了我468块，等了三天，订单号2026112012345678，尾号1234"
    assert found(text) == [
        ("time", "昨天", "2026-11-22"),
        ("goods", "羽绒服", "羽绒服"),
        ("condition", "九成新", "九成新"),
        ("amount", "468块", "468"),
        ("duration", "三天", "P3D"),
        ("order_no", "2026112012345678", "2026112012345678"),
        ("phone_tail", "1234", "1234"),
    ]
    assert all(text[item.start : item.end] == item.text for item in FINDER.find(text, AT))


def test_traditional_and_full_width_text_keeps_its_own_characters() -> None:
    assert found("電話是１３８ ００１３ ８０００，後天退兩百塊") == [
        ("phone", "１３８ ００１３ ８０００", "13800138000"),
        ("time", "後天", "2026-11-25"),
        ("amount", "兩百塊", "200"),
    ]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("退我359", ("amount", "359", "359")),
        ("骗了我2.3万", ("amount", "2.3万", "23000")),
        ("谈好一百来块", ("amount", "一百来块", "100")),
        ("手表7600，走时慢", ("amount", "7600", "7600")),
        ("11.28寄回去的", ("time", "11.28", "2026-11-28")),
        ("11/19就签收了", ("time", "11/19", "2026-11-19")),
        ("中通75133098820476", ("tracking_no", "75133098820476", "75133098820476")),
        ("他发的是 ea602817344cn", ("tracking_no", "ea602817344cn", "EA602817344CN")),
        ("手机后四位 5678", ("phone_tail", "5678", "5678")),
        ("全是95新", ("condition", "95新", "95新")),
        ("加他zhaguo_shifu聊", ("wechat", "zhaguo_shifu", "zhaguo_shifu")),
        ("QQ2900417735", ("wechat", "2900417735", "2900417735")),
        ("发我tao.shou@126.com", ("email", "tao.shou@126.com", "tao.shou@126.com")),
    ],
)
def test_one_fact(text: str, fact: tuple[str, str, str]) -> None:
    assert fact in found(text)


def test_details_are_the_carrier_and_the_category() -> None:
    details = {item.text: item.detail for item in FINDER.find("显卡SF1234567890123没到", AT)}
    assert details == {"显卡": "digital.computer", "SF1234567890123": "顺丰速运"}


def test_a_list_of_tails_is_found_whole() -> None:
    assert [value for kind, _, value in found("尾号6602、8190、0027，要留8190那个") if kind == "phone_tail"] == [
        "6602",
        "8190",
        "0027",
    ]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("身份证11010519491231002X！", "身份证110***********002X！"),
        ("卡6222 0212 0011 3345 677退不了", "卡***************5677退不了"),
        ("打138-0013-8000", "打138****8000"),
        ("座机010-62345678", "座机010****5678"),
        ("邮箱abc@qq.com收", "邮箱a***@qq.com收"),
        ("微信hao_1234聊", "微信h***聊"),
        ("寄到杭州市拱墅区莫干山路1088号锦绣苑12幢", "寄到杭州市拱墅区***"),
        ("订单2026112012345678退300元", "订单2026112012345678退300元"),
    ],
)
def test_masking_hides_personal_data_only(text: str, masked: str) -> None:
    assert mask(text, FINDER.find_personal(text)) == masked


def test_personal_data_is_the_same_with_or_without_facts() -> None:
    text = "昨天付了300元，电话13800138000，订单2026112012345678"
    both = [item for item in FINDER.find(text, AT) if item.type == "phone"]
    assert FINDER.find_personal(text) == both


def test_an_editors_pattern_needs_what_stands_around_it() -> None:
    pattern = NumberPattern(type="amount", pattern="{number}", before="彩礼", after="(?!个)")
    finder = FactFinder(Lexicon(numbers=(pattern,)))
    assert [item.value for item in finder.find("彩礼88888退我，彩礼3个", AT)] == ["88888"]


@given(st.text(max_size=300))
def test_any_text_is_searched_without_error_and_offsets_fit(text: str) -> None:
    facts = FINDER.find(text, AT)
    assert all(text[item.start : item.end] == item.text for item in facts)
    assert all(one.end <= other.start for one, other in pairwise(facts))
    mask(text, facts)


@given(st.text(alphabet="0123456789 -.年月日号点分天周前后半百千万元块三五十x:/", max_size=80))
def test_odd_numerals_do_no_harm(text: str) -> None:
    FINDER.find(text, AT)


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "一", "三天前", "路1号", "13月40日", "99999999年前", "\u202e1", "\u0000二百"]
)
def test_four_thousand_characters(piece: str) -> None:
    FINDER.find((piece * 4_000)[:4_000], AT)


@pytest.mark.parametrize(
    ("text", "kind", "words", "value"),
    [
        ("琴日收到", "time", "琴日", "2026-11-22"),
        ("国庆节前一天买的", "time", "国庆节前一天", "2026-09-30"),
        ("中秋后第二天收到", "time", "中秋后第二天", "2026-09-26"),
        ("等咗三日都冇人理", "duration", "三日", "P3D"),
        ("一年零三个月就坏", "duration", "一年零三个月", "P1Y3M"),
        ("退返四千蚊", "amount", "四千蚊", "4000"),
        ("五块八毛八", "amount", "五块八毛八", "5.88"),
        ("三十五一斤", "amount", "三十五", "35"),
        ("尾号六六零二", "phone_tail", "六六零二", "6602"),
        ("小号wxid_m3k9tt08挂着", "wechat", "wxid_m3k9tt08", "wxid_m3k9tt08"),
        ("单号 78 1234 5678 9012", "tracking_no", "78 1234 5678 9012", "78123456789012"),
    ],
)
def test_what_dialect_and_rare_forms_say(text: str, kind: str, words: str, value: str) -> None:
    assert found(text) == [(kind, words, value)]


@pytest.mark.parametrize("text", ["发明早就有了", "如今早就坏了", "我看我就是个二百五", "1000万像素", "打8/10分"])
def test_their_neighbours_are_no_facts(text: str) -> None:
    assert found(text) == []
