"""Training the emotion classifier on a handful of examples."""

from __future__ import annotations

from ingest.emotions import train
from kb_service.lexicon import EmotionExamples, Lexicon
from kb_service.understand.cues import Said
from kb_service.understand.feelings import NO_MODEL, Feelings

EXAMPLES = Lexicon(
    emotion_examples=(
        EmotionExamples(emotion="calm", texts=("请问怎么退款", "请问怎么发货", "请问怎么查物流", "麻烦问下怎么退货")),
        EmotionExamples(emotion="angry", texts=("骗子平台退钱", "骗子卖家退钱", "一群骗子", "骗子，还不退钱")),
    )
)


def test_no_examples_no_model() -> None:
    assert train(Lexicon()).model == NO_MODEL


def test_what_was_learnt_is_told_from_other_words() -> None:
    feelings = Feelings(EXAMPLES, train(EXAMPLES).model)
    assert feelings.feel([Said.of(0, "请问怎么换货")]).label == "calm"
    assert feelings.feel([Said.of(0, "都是骗子")]).label == "angry"


def test_every_example_is_judged_without_itself() -> None:
    training = train(EXAMPLES)
    assert training.labels == ("calm",) * 4 + ("angry",) * 4
    assert training.left_out[:3] == ("calm",) * 3


def test_training_twice_gives_the_same_model() -> None:
    assert train(EXAMPLES).model == train(EXAMPLES).model


def test_a_gram_of_one_example_is_not_kept() -> None:
    assert "麻" not in train(EXAMPLES).model.grams
    assert "请问" in train(EXAMPLES).model.grams


def test_plain_questions_keep_short_requests_calm() -> None:
    heated = Feelings(EXAMPLES, train(EXAMPLES).model)
    calmed = Feelings(EXAMPLES, train(EXAMPLES, ("卖家退钱多久", "申请退钱", "退钱到哪")).model)
    found = [feelings.feel([Said.of(0, "卖家退钱")]).label for feelings in (heated, calmed)]
    assert found == ["angry", "calm"]
