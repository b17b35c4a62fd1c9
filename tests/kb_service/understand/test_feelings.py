"""The emotion now: patterns alone, the trained model, several turns, odd input."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.emotions import Training, train
from ingest.load import load
from kb_service.lexicon import EmotionExamples, EmotionPattern, Lexicon
from kb_service.understand.cues import Said
from kb_service.understand.feelings import CALM, EMOTIONS, READ, FeelingModel, Feelings, grams, softmax
from tests.conftest import ROOT

PATTERNS = (
    EmotionPattern(pattern="气死", emotion="angry", score=0.9),
    EmotionPattern(pattern="谢谢", emotion="calm", score=0.6),
    EmotionPattern(pattern="不想活", emotion="threatening", score=1.0),
)


@lru_cache
def lexicon() -> Lexicon:
    return Lexicon.model_validate(load(ROOT / "content").lexicon)


@lru_cache
def trained() -> Training:
    return train(lexicon())


@lru_cache
def feelings() -> Feelings:
    return Feelings(lexicon(), trained().model)


def said(*texts: str) -> list[Said]:
    return [Said.of(number, text) for number, text in enumerate(texts)]


@pytest.mark.parametrize("turns", [[], said(""), said(" \n", "")])
def test_a_customer_who_said_nothing_is_calm(turns: list[Said]) -> None:
    assert feelings().feel(turns) == CALM


def test_without_examples_the_patterns_decide() -> None:
    plain = Feelings(Lexicon(emotions=PATTERNS))
    felt = plain.feel(said("我要被你们气死了"))
    assert (felt.label, felt.spans) == ("angry", ((0, 5, 7),))
    assert plain.feel(said("查下物流")).label == "calm"


def test_a_certain_pattern_decides_against_all_else() -> None:
    assert Feelings(Lexicon(emotions=PATTERNS)).feel(said("谢谢，我不想活了"))[:2] == ("threatening", 1.0)
    assert feelings().feel(said("好的谢谢，请问怎么退款，我不想活了")).label == "threatening"


def test_the_newest_turn_weighs_most() -> None:
    assert feelings().feel(said("什么破平台，一群骗子！", "好的，钱到账了，谢谢您")).label == "calm"
    assert feelings().feel(said("请问怎么退款", "你们是瞎了吗，凭什么扣我的钱！")).label == "angry"


def test_a_turn_of_mere_data_does_not_wipe_out_the_anger_before() -> None:
    felt = feelings().feel(said("你们这群骗子，凭什么不退我钱！！", "凭什么！什么垃圾平台！", "嗯"))
    assert felt.label == "angry"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("请问怎么修改收货地址呀，谢谢", "calm"),
        ("明天就要用了，快递还停在半路，怎么办啊", "anxious"),
        ("什么破平台，退个款要等一个月，你们是干什么吃的！", "angry"),
        ("算了，不折腾了，以后不会再来了", "disappointed"),
        ("今天不退钱我就打12315，再发到网上让大家看看", "threatening"),
        ("憑什麼扣我的錢，你們這群騙子", "angry"),
    ],
)
def test_plain_cases(text: str, label: str) -> None:
    felt = feelings().feel(said(text))
    assert felt.label == label
    assert 0.2 <= felt.score <= 1


def test_spans_are_words_of_the_original_text_also_far_into_a_long_story() -> None:
    text = "。" * 900 + "這就是你們的態度？氣死我了"
    felt = feelings().feel(said("你好", text))
    assert felt.label == "angry"
    assert "氣死我了" in {text[start:end] for message, start, end in felt.spans if message == 1}


def test_where_no_pattern_hits_the_telling_words_are_shown() -> None:
    text = "鞋底都磨平了，卖家还写只试穿过一次，你们就让他这么卖？"
    felt = feelings().feel(said(text))
    assert felt.label == "calm" or all(text[start:end].strip("，。？") for _, start, end in felt.spans)


def test_grams_mark_the_ends_and_treat_numbers_alike() -> None:
    assert sorted(grams("退 12")) == sorted(["^", "退", " ", "0", "$", "^退", "退 ", " 0", "0$", "^退 ", "退 0", " 0$"])
    assert sorted(grams("退\u200b \n345")) == sorted(grams("退 12"))


def test_softmax_adds_up_to_one() -> None:
    assert softmax([1.0, 1.0], (), 2.0) == [0.5, 0.5]
    assert sum(softmax([3.0, -2.0, 0.5], [0.1, 0.0, 0.0], 6.0)) == pytest.approx(1.0)


def test_the_model_survives_the_catalog() -> None:
    model = trained().model
    again = FeelingModel.model_validate_json(model.model_dump_json())
    assert again == model
    assert len(model.grams) == len(model.idf) == len(model.weights)
    assert len(model.patterns) == len(EMOTIONS)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=120), st.sampled_from(["😡" * 60, "？" * 40, "\u202eabc", "\x00\x1b", "急" * 4_000])
        ),
        max_size=5,
    )
)
def test_odd_input_has_a_sane_answer(texts: list[str]) -> None:
    felt = feelings().feel(said(*texts))
    assert felt.label in EMOTIONS
    assert 0 <= felt.score <= 1
    assert all(0 <= start < end <= len(texts[message]) for message, start, end in felt.spans)


def test_only_the_end_of_a_turn_is_read() -> None:
    assert Feelings(Lexicon(emotions=PATTERNS)).feel(said("气死" + "。" * READ)).label == "calm"


def test_examples_of_one_emotion_train_nothing() -> None:
    only = Lexicon(emotion_examples=(EmotionExamples(emotion="calm", texts=("你好", "请问在吗")),))
    assert train(only).model == FeelingModel()
