"""Wish, side and signals, on a small lexicon by hand and on the real one."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.load import load
from kb_service.content import Taxonomy
from kb_service.lexicon import Cue, Lexicon
from kb_service.understand.cues import Said
from kb_service.understand.wishes import READ, Cues, Shown, party_of
from tests.conftest import ROOT


@lru_cache
def real() -> tuple[Lexicon, Taxonomy]:
    loaded = load(ROOT / "content")
    assert loaded.taxonomy is not None
    return Lexicon.model_validate(loaded.lexicon), loaded.taxonomy


@lru_cache
def real_cues() -> Cues:
    return Cues(*real())


def small(*cues: Cue) -> Cues:
    taxonomy = real()[1].model_copy(update={"wishes": {"refund": "退款", "ship": "发货"}, "signals": {"harm": "危险"}})
    return Cues(Lexicon(cues=cues), taxonomy)


CUES = (
    Cue(pattern="退款", shows="refund", score=0.5),
    Cue(pattern="退钱", shows="refund", score=0.8),
    Cue(pattern="发货", shows="ship", score=0.7),
    Cue(pattern="别过来", shows="harm", score=0.5),
    Cue(pattern="打我", shows="harm", score=0.9),
)


def test_nothing_said_shows_nothing() -> None:
    read = small(*CUES).read([])
    assert (read.wish, read.wishes, read.signals, read.party) == (None, (), (), None)


def test_the_strongest_hit_counts_whole_and_further_ones_a_little() -> None:
    read = small(*CUES).read([Said.of(3, "退钱！不退款不行")])
    assert read.wish == Shown("refund", 0.875, ((3, 0, 2), (3, 4, 6)))  # 0.8 + 0.15 x 0.5


def test_what_was_said_last_weighs_more() -> None:
    read = small(*CUES).read([Said.of(0, "快发货"), Said.of(2, "退款吧")])
    assert [(wish.id, wish.score) for wish in read.wishes] == [("refund", 0.5), ("ship", 0.42)]


def test_weak_words_alone_are_no_signal() -> None:
    cues = small(*CUES)
    assert cues.signals_of("别过来") == frozenset()
    assert cues.signals_of("他打我") == {"harm"}


def test_only_the_end_of_a_long_conversation_is_read() -> None:
    assert small(*CUES).read([Said.of(0, "退款" + "。" * READ)]).wish is None
    assert small(*CUES).read([Said.of(0, "。" * READ + "退款")]).wish == Shown("refund", 0.5, ((0, READ, READ + 2),))


@pytest.mark.parametrize(
    ("scores", "party"),
    [
        ({}, None),
        ({"harm": 1.0}, None),
        ({"party_buyer": 0.4}, "buyer"),
        ({"party_buyer": 0.4, "party_seller": 0.9}, "seller"),
        ({"party_buyer": 0.5, "party_seller": 0.5}, None),
    ],
)
def test_the_side_is_the_one_with_more_words_for_it(scores: dict[str, float], party: str | None) -> None:
    assert party_of([Shown(name, score, ()) for name, score in scores.items()]) == party


@pytest.mark.parametrize(
    ("text", "wish", "signal", "party"),
    [
        ("卖家一直不发货，到底什么时候发货", "ship", None, "buyer"),
        ("东西我不寄回了，仅退款行不行", "refund_only", None, None),
        ("尺码小了，能给我换大一码吗", "exchange", None, None),
        ("买家退回来的不是我那台，被他掉包了", None, "fake_evidence", "seller"),
        ("转人工，叫你们主管来", "human", "wants_supervisor", None),
        ("十块钱打发叫花子呢，误工费谁赔", "compensate", "refusal", None),
        ("没录开箱视频，也没拍照", None, "lacks_it", None),
        ("我刚转过去两千他就把我拉黑了", None, "ongoing", None),
        ("他说要来我家打我，我不敢出门", None, "harm", None),
        ("这个我都打了五次电话了", None, "repeat_contact", None),
        ("不止我一个，群里好多人都提不了现", None, "group", None),
        ("再不处理我就发抖音，打12315", None, "media", None),
        ("号被盗了，密码也被改了", "restore_account", "not_me", None),
        ("收到了謝謝，問題已經解決", None, "satisfied", None),
    ],
)
def test_the_real_cues(text: str, wish: str | None, signal: str | None, party: str | None) -> None:
    read = real_cues().read([Said.of(0, text)])
    assert wish is None or (read.wish and read.wish.id) == wish
    assert signal is None or signal in {found.id for found in read.signals}
    assert party is None or read.party == party


@pytest.mark.parametrize("text", ["全新跳楼价出一台电脑", "派出所在哪条路", "我五十八岁头一回用这个", "换小号登录"])
def test_what_only_looks_like_a_signal(text: str) -> None:
    assert not real_cues().signals_of(text) & {"harm", "minor", "legal_action"}


def test_every_wish_and_signal_has_words() -> None:
    lexicon, taxonomy = real()
    assert {*taxonomy.wishes, *taxonomy.signals} == {cue.shows for cue in lexicon.cues}


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=200), st.sampled_from(["😡" * 50, "\u202e退款", "\x00\x07", "。" * 4_000, ""])))
def test_odd_input_is_read(text: str) -> None:
    for found in (read := real_cues().read([Said.of(0, text)])).wishes + read.signals:
        assert 0 < found.score <= 1
        assert all(0 <= start < end <= len(text) for _, start, end in found.spans)
