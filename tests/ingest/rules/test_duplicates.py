"""Near copies are named with both places; what only looks alike, or is listed as confusable, passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.check import check
from ingest.rules.duplicates import FEWEST_PAIRS, similar_pairs
from tests.conftest import ROOT
from tests.ingest.edits import edit, problems

NEAR_NO_SHIP = (
    "questions.0：问法“拍下三天了还没发货能退钱”与 content/faq/no-ship.md:9（trade.refund.no-ship）的"
    "“拍下三天了还没发货能退钱吗”几乎一样（相似度 0.92）；请删掉较弱的一条，或改写成看得出差别的说法"
    "  [near-duplicate-phrasing]"
)
NEAR_ANSWER = (
    "content/faq/seller-packing.md:2  id：结论和处理步骤与 content/faq/phone-lock.md:2（trade.refund.phone-lock）"
    "几乎一样（相似度 0.59）；请合并成一篇，或写出各自的差别；确实是两回事的，在 confusable.yaml 登记这一对并写明区别"
    "  [near-duplicate-article]"
)


def copy_an_answer(content: Path, answer: str) -> None:
    """Give the article on locked phones nearly the answer of the one on packing."""
    edit(content, "faq/phone-lock.md", "有账号锁的手机不能正常使用，可以全额退款。", answer)


# Eleven pairs of characters, all among the twelve of the other: 11 / 12.
def test_a_near_copy_of_another_articles_phrasing_is_named_with_both_places(content: Path) -> None:
    edit(content, "faq/theft.md", "账号被别人登录了", "拍下三天了还没发货能退钱")
    assert problems(content) == [f"content/faq/theft.md:8  {NEAR_NO_SHIP}"]


def test_phrasings_that_are_never_shown_are_compared_too(content: Path) -> None:
    edit(content, "phrasings/all.yaml", "我登不上去了 有人在用我的号买东西", "拍下三天了，还没发货能退钱！")
    assert problems(content) == [
        "content/phrasings/all.yaml:4  account.theft.emergency.0：问法“拍下三天了，还没发货能退钱！”与 "
        "content/faq/no-ship.md:9（trade.refund.no-ship）的“拍下三天了还没发货能退钱吗”几乎一样（相似度 0.92）；"
        "请删掉较弱的一条，或改写成看得出差别的说法  [near-duplicate-phrasing]"
    ]


def test_questions_that_are_not_answered_are_compared_too(content: Path) -> None:
    edit(content, "elsewhere.yaml", "讲个笑话", "拍下三天了还没发货能退钱")
    assert problems(content) == [
        "content/elsewhere.yaml:3  chit-chat.questions.1：问法“拍下三天了还没发货能退钱”与 content/faq/no-ship.md:9"
        "（trade.refund.no-ship）的“拍下三天了还没发货能退钱吗”几乎一样（相似度 0.92）；"
        "请删掉较弱的一条，或改写成看得出差别的说法  [near-duplicate-phrasing]"
    ]


# 17 and 18 pairs of characters, 13 of them common: 13 / 22.
def test_an_article_with_the_nouns_swapped_is_named_with_both_places(content: Path) -> None:
    copy_an_answer(content, "包装合格的由快递公司赔付，包装不合格的由卖家承担。")
    assert problems(content) == [NEAR_ANSWER]


def test_another_fact_does_not_make_another_article(content: Path) -> None:
    copy_an_answer(content, "包装合格的由快递公司{{fact:trade.ship_hours}}赔付，包装不合格的由卖家承担。")
    assert problems(content) == [NEAR_ANSWER]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "- {pair: [trade.refund.phone-lok, account.theft.emergency], difference: 一句话}\n",
            "content/confusable.yaml:1  0.pair.0：常见问题“trade.refund.phone-lok”不存在；"
            "是不是想写“trade.refund.phone-lock”？  [reference]",
        ),
        (
            "- {pair: [account.theft.emergency, account.theft.emergency], difference: 一句话}\n",
            "content/confusable.yaml:1  0.pair：两个编号是同一篇；请写两篇不同的常见问题  [confusable]",
        ),
        (
            "- {pair: [trade.refund.no-ship, trade.refund.phone-lock], difference: 一句话}\n"
            "- {pair: [trade.refund.phone-lock, trade.refund.no-ship], difference: 另一句}\n",
            "content/confusable.yaml:2  1.pair：这一对已经写在第 1 行；请合并成一项  [confusable]",
        ),
        (
            "- {pair: [trade.refund.no-ship, trade.refund.phone-lock]}\n",
            "content/confusable.yaml:1  0.difference：缺少必填字段；请补上  [schema]",
        ),
        (
            "trade.refund.no-ship: 一句话\n",
            'content/confusable.yaml:1  应为列表，实际是 {"trade.refund.no-ship": "一句话"}；'
            "每项一行，以“- ”开头，或写成 […]  [schema]",
        ),
    ],
)
def test_a_wrong_list_of_confusable_pairs_is_refused(content: Path, text: str, expected: str) -> None:
    (content / "confusable.yaml").write_text(text, "utf-8")
    assert problems(content) == [expected]


def test_listed_articles_may_be_alike(content: Path) -> None:
    copy_an_answer(content, "包装合格的由快递公司赔付，包装不合格的由卖家承担。")
    pair = "- {pair: [logistics.damage.seller-packing, trade.refund.phone-lock], difference: 一句话}\n"
    (content / "confusable.yaml").write_text(pair, "utf-8")
    assert problems(content) == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("账号被别人登录了", "拍下三天了还没收到货能退款吗", "8 of 17 pairs in common"),
        ("账号被别人登录了, 有人盗了我的号", "有人盗了我的号买东西, 有人盗了我的号买东西吗", "one article"),
    ],
)
def test_what_asks_something_else_or_belongs_together_passes(content: Path, old: str, new: str, why: str) -> None:
    edit(content, "faq/theft.md", old, new)
    assert problems(content) == [], why


def test_short_phrasings_pass(content: Path) -> None:
    edit(content, "faq/theft.md", "账号被别人登录了", "卖家不发货了")
    edit(content, "faq/phone-lock.md", "手机激活锁解不开", "卖家不发货")
    assert problems(content) == []


def test_the_real_content_lists_its_confusable_pairs() -> None:
    loaded = check(ROOT / "content")
    assert loaded.problems == []
    assert len(loaded.confusable) >= 40


@pytest.mark.parametrize(
    ("texts", "threshold", "expected"),
    [
        ([], 0.7, []),
        (["", ""], 0.7, []),
        (["abcdef", "abcdef"], 0.7, []),  # five pairs are too few
        (["abcdefgh", "zzz", "abcdefgx"], 0.75, [(0, 2, 0.75)]),  # 6 of 8
        (["abcdefgh", "abcdefgx"], 0.76, []),
        (["ababababcdefg", "bababcdefg"], 1.0, [(0, 1, 1.0)]),  # ab ba bc cd de ef fg, however often
    ],
)
def test_similarity_by_hand(texts: list[str], threshold: float, expected: list[tuple[int, int, float]]) -> None:
    assert list(similar_pairs(texts, threshold)) == expected


@given(st.lists(st.text("abcdef", max_size=20), max_size=8), st.sampled_from([0.5, 0.6, 0.7, 0.85, 1.0]))
def test_no_similar_pair_is_missed(originals: list[str], threshold: float) -> None:
    texts = [*originals, *(text[2:] for text in originals), *(text.replace("a", "b") for text in originals)]
    sets = [{text[n : n + 2] for n in range(len(text) - 1)} for text in texts]
    expected = {
        (one, other)
        for other in range(len(sets))
        for one in range(other)
        if min(len(sets[one]), len(sets[other])) >= FEWEST_PAIRS
        and len(sets[one] & sets[other]) / len(sets[one] | sets[other]) >= threshold
    }
    assert {(one, other) for one, other, _ in similar_pairs(texts, threshold)} == expected
