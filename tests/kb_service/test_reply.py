"""Reply templates: which come, in which order, and how their blanks are filled."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.check import checked_content
from kb_service.case import Case, Feeling, MissingSlot, Understanding
from kb_service.catalog import Catalog
from kb_service.content import Desk, Template, ToneRule
from kb_service.contract import ReplyTemplate, SuggestRequest
from kb_service.index import Scope
from kb_service.records import Audience, Emotion, Party, Tone
from kb_service.reply import SMS, Replying, choose_templates, fill, for_channel
from tests.conftest import SMALL
from tests.kb_service.desk import understood

NOW = datetime(2026, 11, 23, tzinfo=UTC)

DESK = Desk(tones=(ToneRule(tone="soothing", emotions=("angry",)), ToneRule(tone="firm", emotions=("threatening",))))
CONTENT = checked_content(SMALL).model_copy(update={"desk": DESK})
CATALOG = Catalog(content=CONTENT, points=())


def template(name: str, **values: Any) -> Template:
    given: dict[str, Any] = {
        "title": name,
        "purpose": "steps",
        "stage": "resolve",
        "issue_types": ["trade.refund"],
        "party": "both",
        "owner": "trade-team",
        "review_by": date(2027, 3, 31),
        "tones": {"neutral": "好的。"},
    }
    return Template.model_validate({"id": name} | given | values)


def replying(understanding: Understanding, audience: Audience = "agent", **values: Any) -> Replying:
    request = SuggestRequest(query="退款", audience=audience, **values)
    return Replying(understanding, Scope(audience, NOW, NOW), request, "s1")


def chosen(
    *templates: Template,
    linked: tuple[str, ...] = (),
    issue_types: tuple[str, ...] = ("trade.refund",),
    case: Case | None = None,
    audience: Audience = "agent",
    exclude: tuple[str, ...] = (),
    said_by: Party | None = None,
) -> list[str]:
    catalog = Catalog(content=CONTENT.model_copy(update={"templates": templates}), points=())
    understanding = understood([], *issue_types).model_copy(update={"party": said_by})
    reply = replying(understanding, audience, case=case or Case(), exclude_ids=list(exclude))
    return [found.id for found in choose_templates(catalog, linked, reply)]


def filled(
    slots: dict[str, str],
    emotion: Emotion = "calm",
    tone: Tone | None = None,
    channel: str | None = None,
    said: dict[str, str] | None = None,
    **tones: str,
) -> ReplyTemplate:
    """`slots` are those that the agent set, `said` those that were only read from the customer's words."""
    understanding = understood([], slots=(said or {}) | slots)
    understanding = understanding.model_copy(update={"emotion": Feeling(label=emotion, score=1)})
    written = template("tpl.one", tones={"neutral": "好的。"} | tones) if tones else TWO_BLANKS
    return fill(written, replying(understanding, tone=tone, case=Case(channel=channel, slots=slots)), CATALOG)


# ── what never comes


@pytest.mark.parametrize(
    ("audience", "visible"),
    [("public", ["p"]), ("agent", ["a", "p"]), ("senior", ["a", "p", "s"])],
)
def test_templates_above_the_reader_never_come_even_linked(audience: Audience, visible: list[str]) -> None:
    three = [template("a"), template("p", audience="public"), template("s", audience="senior")]
    assert chosen(*three, audience=audience) == visible
    assert sorted(chosen(*three, audience=audience, linked=("s", "a", "p"))) == visible


@pytest.mark.parametrize(
    ("party", "visible"),
    [("buyer", ["b", "x"]), ("seller", ["s", "x"]), ("both", ["b", "s", "x"]), (None, ["b", "s", "x"])],
)
def test_templates_for_the_other_party_never_come_even_linked(party: Party | None, visible: list[str]) -> None:
    three = [template("b", party="buyer"), template("s", party="seller"), template("x")]
    assert chosen(*three, case=Case(party=party), said_by=party) == visible
    assert sorted(chosen(*three, case=Case(party=party), linked=("s", "b"))) == visible


def test_excluded_templates_never_come_even_linked() -> None:
    assert chosen(template("a"), template("b"), linked=("a",), exclude=("a",)) == ["b"]


def test_without_a_link_or_an_issue_type_there_is_nothing() -> None:
    assert chosen(template("a"), issue_types=()) == []
    assert chosen(template("a"), issue_types=("account.theft",)) == []


# ── order


def test_linked_ones_come_first_in_the_order_of_the_answers() -> None:
    four = [template(name) for name in "abcd"]
    assert chosen(*four, linked=("d", "b", "d")) == ["d", "b", "a", "c"]


def test_a_link_brings_a_template_of_another_issue_type() -> None:
    other = template("z", issue_types=["account.theft"])
    assert chosen(template("a"), other, linked=("z",)) == ["z", "a"]


def test_the_best_answers_issue_type_comes_first_and_ids_break_ties() -> None:
    three = [
        template("a", issue_types=["trade.activity"]),
        template("c", issue_types=["trade.refund"]),
        template("b", issue_types=["trade.activity", "trade.refund"]),
    ]
    assert chosen(*three, issue_types=("trade.refund", "trade.activity")) == ["b", "c", "a"]


def test_a_higher_issue_type_brings_all_below_it() -> None:
    below, exact = template("a", issue_types=["trade.refund"]), template("b", issue_types=["trade"])
    assert chosen(below, exact, issue_types=("trade",)) == ["b", "a"]


def test_the_cases_stage_counts_more_than_a_link_and_its_channel_more_than_both() -> None:
    linked = template("a", stage="diagnose")
    staged = template("b", stage="resolve")
    written = template("c", stage="diagnose", channels=["sms"])
    three = (linked, staged, written)
    assert chosen(*three, linked=("a",)) == ["a", "b", "c"]  # without a channel, those for chat first
    assert chosen(*three, linked=("a",), case=Case(stage="resolve")) == ["b", "a", "c"]
    assert chosen(*three, linked=("a",), case=Case(stage="resolve", channel="sms")) == ["c", "b", "a"]


def test_the_party_that_was_understood_comes_first_and_hides_nobody() -> None:
    three = [template("a", party="buyer"), template("b", party="seller"), template("c")]
    assert chosen(*three, said_by="seller") == ["b", "c", "a"]
    assert chosen(*three, said_by="buyer") == ["a", "c", "b"]
    assert chosen(*three, said_by="seller", linked=("a",)) == ["a", "b", "c"]  # a link counts more
    sms = Case(channel="sms")  # but not where few templates are at hand
    assert chosen(*three, said_by="seller", linked=("a",), case=sms) == ["b", "c", "a"]
    assert chosen(*three, said_by="seller", case=Case(party="buyer")) == ["c", "a"]  # what was set hides


# ── blanks

ORDER = MissingSlot(slot="order_id", label="订单编号", type="order_no", ask="请提供订单编号。")
AMOUNT = MissingSlot(slot="refund_amount", label="退款金额", type="amount", ask="请问退多少？")
TWO_BLANKS = template(
    "tpl.two",
    title="两个空",
    tones={
        "neutral": "订单 {{slot:order_id}} 退 {{slot:refund_amount}}，单号 {{slot:order_id}}。",
        "firm": "请等待。",
    },
)


@pytest.mark.parametrize("slots", [{}, {"order_id": ""}, {"order_id": " \n\t", "refund_amount": "\u3000"}])
def test_a_blank_reads_as_its_label_is_asked_for_once_and_is_never_sendable(slots: dict[str, str]) -> None:
    found = filled(slots)
    assert found.text == "订单 【订单编号】 退 【退款金额】，单号 【订单编号】。"
    assert (found.sendable, found.filled, found.missing_slots) == (False, {}, [ORDER, AMOUNT])


def test_one_blank_left_is_still_not_sendable() -> None:
    found = filled({"order_id": "A1"})
    assert found.text == "订单 A1 退 【退款金额】，单号 A1。"
    assert (found.sendable, found.filled, found.missing_slots) == (False, {"order_id": "A1"}, [AMOUNT])


def test_a_full_reply_is_sendable_and_names_only_what_it_used() -> None:
    slots = {"order_id": " A1 ", "refund_amount": "12.50", "tracking_no": "SF1"}
    found = filled(slots)
    assert found.text == "订单 A1 退 12.50，单号 A1。"
    assert (found.sendable, found.missing_slots) == (True, [])
    assert found.filled == {"order_id": "A1", "refund_amount": "12.50"}
    assert (found.id, found.record_id, found.title, found.tone) == ("tpl.two", "s1.tpl.two", "两个空", "neutral")


def test_a_sum_that_only_the_customer_named_has_to_be_verified_before_it_is_sent() -> None:
    found = filled({"order_id": "A1"}, said={"refund_amount": "12.50元"})
    assert found.text == "订单 A1 退 12.50元，单号 A1。"
    assert (found.unverified, found.missing_slots, found.sendable) == (["refund_amount"], [], False)
    stated = filled({"refund_amount": "12.50元"}, said={"order_id": "A1"})  # an order number proves itself
    assert (stated.unverified, stated.sendable) == ([], True)
    both = filled({"order_id": "A1", "refund_amount": "9元"}, said={"refund_amount": "12.50元"})
    assert (both.text, both.sendable) == ("订单 A1 退 9元，单号 A1。", True)


@pytest.mark.parametrize("value", ["{{slot:refund_amount}}", r"\1\g<0>", "【订单编号】"])
def test_what_the_case_says_is_written_out_as_it_is(value: str) -> None:
    found = filled({"order_id": value, "refund_amount": "1"})
    assert found.text == f"订单 {value} 退 1，单号 {value}。"
    assert found.filled["order_id"] == value


def test_a_tone_that_is_not_written_falls_back_to_neutral() -> None:
    assert filled({}, tone="soothing").tone == "neutral"
    firm = filled({}, tone="firm")
    assert (firm.tone, firm.text, firm.sendable) == ("firm", "请等待。", True)


# ── tone


@pytest.mark.parametrize(
    ("emotion", "tone"),
    [("calm", "neutral"), ("disappointed", "neutral"), ("angry", "soothing"), ("threatening", "firm")],
)
def test_the_tone_follows_the_emotion_as_the_desk_says(emotion: Emotion, tone: Tone) -> None:
    found = filled({}, emotion, soothing="抱歉。", firm="请等待。")
    assert (found.tone, found.text) == (tone, {"neutral": "好的。", "soothing": "抱歉。", "firm": "请等待。"}[tone])


def test_the_tone_that_was_asked_for_wins_over_the_emotion() -> None:
    assert filled({}, "angry", tone="firm", soothing="抱歉。", firm="请等待。").text == "请等待。"
    assert filled({}, "angry", tone="neutral", soothing="抱歉。").text == "好的。"


# ── channels


def test_a_reply_for_its_own_channel_is_left_alone() -> None:
    found = filled({}, neutral="「我的 > 订单」")
    assert (found.channel, found.text) == ("chat", "「我的 > 订单」")


def test_a_text_message_keeps_whole_sentences_up_to_seventy_characters() -> None:
    first, second = "甲" * 39 + "。", "乙" * 29 + "！"
    assert len(first + second) == SMS == 70
    assert filled({}, channel="sms", neutral=f"{first}\n{second}").text == first + second
    assert filled({}, channel="sms", neutral=f"{first}{second}丙。").text == first + second
    assert filled({}, channel="sms", neutral=f"{first}{second[1:]}{'丙' * 10}。丁。").text == first + second[1:]


def test_what_no_text_message_can_hold_is_not_sendable() -> None:
    found = filled({}, channel="sms", neutral="甲" * 71 + "。")
    assert (found.text, found.sendable, found.missing_slots) == ("", False, [])


def test_on_the_phone_a_menu_path_is_spoken() -> None:
    found = filled({}, channel="phone", neutral="请打开「我的 > 订单 > 申请退款」。\n再等一等。")
    assert found.text == "请打开我的，再点订单，再点申请退款。 再等一等。"


@given(st.text(max_size=300), st.sampled_from(["sms", "phone", "voice-bot", "chat", "in-app"]))
def test_no_text_breaks_a_channel(text: str, channel: str) -> None:
    found = for_channel(text, channel)
    assert channel != "sms" or (len(found) <= SMS and text.replace("\n", "").startswith(found))
