"""Wording and tone against a lexicon of a few lines."""

from __future__ import annotations

from kb_service.lexicon import Lexicon, RiskPhrase, ToneCue
from kb_service.review.wording import Wording


def phrase(
    text: str, level: str = "forbidden", reason: str = "推诿", unless: str = "", regex: bool = False
) -> RiskPhrase:
    values = {
        "phrase": text,
        "level": level,
        "reason": reason,
        "better": "我来跟进。",
        "unless": unless,
        "regex": regex,
    }
    return RiskPhrase.model_validate(values)


LEXICON = Lexicon(
    phrases=(
        phrase("不归我管"),
        phrase("尽快处理", "risky", "没有时间点", unless="请"),
        phrase("谁[让叫]您", regex=True, reason="指责客户"),
        phrase("您自己", regex=True, reason="指责客户"),
    ),
    tones=(
        ToneCue(pattern="哈{2,}|[～~]", shows="breezy", regex=True),
        ToneCue(pattern="知道了", shows="curt"),
        ToneCue(pattern="抱歉", shows="sympathy"),
    ),
)
WORDING = Wording(LEXICON)


def bad(text: str) -> list[str]:
    return [text[found.start : found.end] for found in WORDING.bad(text)]


def test_without_a_lexicon_nothing_is_bad() -> None:
    empty = Wording(Lexicon())
    assert empty.bad("不归我管，知道了") == []
    assert empty.clashes("知道了", "angry") == []


def test_a_word_is_marked_as_it_stands_and_a_pattern_with_its_clause() -> None:
    assert bad("这个不归我管。") == ["不归我管"]
    assert bad("东西坏了，谁让您不看清楚，先这样") == ["谁让您不看清楚"]


def test_neighbouring_clauses_of_one_kind_are_one_finding() -> None:
    assert bad("谁叫您急着付，您自己要付的") == ["谁叫您急着付，您自己要付的"]


def test_unless_makes_a_wording_harmless_in_its_clause_only() -> None:
    assert bad("请尽快处理") == []
    assert bad("请稍等，我尽快处理") == ["尽快处理"]


def test_tone_counts_only_for_an_upset_customer_and_without_sympathy() -> None:
    assert WORDING.clashes("知道了，等等", None) == []
    assert WORDING.clashes("知道了，等等", "calm") == []
    assert WORDING.clashes("抱歉，知道了", "angry") == []
    (clash,) = WORDING.clashes("查到了，知道了，等等", "angry")
    assert (clash.start, clash.end, clash.shows) == (4, 7, "curt")


def test_neighbouring_cheerful_clauses_are_one_clash() -> None:
    text = "哈哈没事的～马上好～订单在查。"
    assert [text[clash.start : clash.end] for clash in WORDING.clashes(text, "anxious")] == ["哈哈没事的～马上好～"]
