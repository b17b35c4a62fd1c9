"""Goods: longest names, models, and words that mean no goods."""

from __future__ import annotations

from kb_service.lexicon import GoodsWords
from kb_service.understand.goods import GoodsFinder, spelled_out

FINDER = GoodsFinder(
    [
        GoodsWords(
            category="digital.phone",
            words=("手机", "[手机|钢化]膜"),
            patterns=(r"iphone ?\d{1,2}",),
            unless=("手机号",),
        ),
        GoodsWords(category="furniture", words=("沙发", "[实木|]沙发床")),
    ]
)


def found(text: str) -> list[str]:
    """The names found."""
    return [text[item.start : item.end] for item in FINDER.find(text)]


def test_nothing_in_words_that_mean_no_goods() -> None:
    assert found("换了手机号，东西没到") == []


def test_a_latin_name_is_not_a_piece_of_a_word() -> None:
    assert found("myiphone 13") == []


def test_the_longest_name_is_taken() -> None:
    assert found("实木沙发床和沙发，还有手机膜") == ["实木沙发床", "沙发", "手机膜"]


def test_a_model_and_what_it_is_are_one_name() -> None:
    assert found("iphone 13手机到了") == ["iphone 13手机"]


def test_choices_are_spelled_out() -> None:
    assert spelled_out("[蓝牙|无线|]耳机") == ["蓝牙耳机", "无线耳机", "耳机"]


BRANDED = GoodsFinder(
    [
        GoodsWords(
            category="appliance",
            words=("空调", "平板", "笔记本", "[游戏|]键盘", "风扇", "单反", "镜头"),
            brands=("格力", "小米", "联想", "腾龙", "marshall"),
            parts=("键盘", "风扇", "镜头"),
            unless=("{name}店",),
        )
    ]
)


def branded(text: str) -> list[str]:
    """The names found by a finder that knows brands and parts."""
    return [text[item.start : item.end] for item in BRANDED.find(text)]


def test_nothing_in_a_shop_of_goods() -> None:
    assert branded("空调店") == []


def test_a_part_of_goods_named_before_is_not_goods() -> None:
    assert branded("笔记本到了,键盘掉帽、风扇响") == ["笔记本"]


def test_a_part_is_goods_beside_others_alone_or_with_a_brand() -> None:
    assert branded("笔记本和键盘") == ["笔记本", "键盘"]
    assert branded("键盘掉帽") == ["键盘"]
    assert branded("单反和腾龙镜头") == ["单反", "腾龙镜头"]


def test_brand_and_model_belong_to_the_name() -> None:
    assert branded("一台格力kfr-35挂机空调") == ["格力kfr-35挂机空调"]
    assert branded("联想小新笔记本") == ["联想小新笔记本"]
    assert branded("小米平板5屏幕") == ["小米平板5"]
    assert branded("g502键盘") == ["g502键盘"]


def test_a_brand_does_not_reach_over_a_clause_or_a_count() -> None:
    assert branded("格力的师傅说空调坏了") == ["空调"]
    assert branded("格力空调2台") == ["格力空调"]


def test_goods_and_their_part_are_one_name() -> None:
    assert branded("单反镜头") == ["单反镜头"]
