"""What a case is about: what the agent set wins, slots come from the customer's words, spans count code points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_service.case import Case, IssueType, Message, Priority, TextSpan, Understanding
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA
from kb_service.understand.cues import Said
from kb_service.understand.reader import NEAR, READ, SHOWN, Understander, feeling, shared_spans
from tests.kb_service.desk import agent, customer, real_catalog

NOW = datetime(2026, 11, 23, 15, tzinfo=CHINA)  # a Monday
ORDER, OTHER_ORDER = "202611210012345678", "202611220012345678"
PLAIN = Priority(level="P3", score=0, reasons=[])


@pytest.fixture(scope="session")
def reader(staffed: Knowledge) -> Understander:
    return staffed.understander


@pytest.fixture(scope="session")
def real_reader() -> Understander:
    return Understander(real_catalog().content)


def understand(reader: Understander, messages: Sequence[Message], **case: Any) -> Understanding:
    heard = reader.hear(messages, NOW)
    chosen = Case(**case)
    return reader.understand(heard, chosen, "", reader.issue_types(heard, chosen, []), PLAIN)


def shown(found: Sequence[Any], messages: Sequence[Message]) -> list[str]:
    """The words that spans stand for."""
    spans = [item if isinstance(item, TextSpan) else item.span for item in found]
    return [messages[span.message].text[span.start : span.end] for span in spans]


# ── nobody, nothing


@pytest.mark.parametrize(
    "messages",
    [
        [],
        customer(""),
        customer(" \n\t\u3000"),
        customer("😀😀😀"),
        customer("\u202e\u200b\x00\x07"),
        [agent("我是卖家，气死我了，想退款，退99元")],
        [Message(role="system", text="我是卖家，气死我了，想退款，退99元")],
    ],
    ids=["none", "empty", "blank", "emoji", "controls", "agent", "system"],
)
def test_where_no_customer_says_anything_nothing_is_understood(reader: Understander, messages: list[Message]) -> None:
    found = understand(reader, messages)
    assert (found.party, found.wish, found.issue_types, found.slots) == (None, None, [], {})
    assert (found.emotion.label, found.emotion.spans, found.overridden) == ("calm", [], [])


def test_what_the_agent_says_is_a_fact_but_fills_no_slot(reader: Understander) -> None:
    found = understand(reader, [*customer("好的"), agent(f"订单 {ORDER} 退99元")])
    assert [(fact.type, fact.value) for fact in found.facts] == [("order_no", ORDER), ("amount", "99")]
    assert found.slots == {}


def test_a_note_of_the_system_is_not_read_at_all(reader: Understander) -> None:
    found = understand(reader, [Message(role="system", text=f"订单 {ORDER}，电话13812345678")])
    assert (found.facts, found.personal_data) == ([], [])


# ── what the agent set wins

SAID = customer("我是卖家，想退款，气死我了")


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("party", "buyer", lambda found: found.party),
        ("wish", "ship", lambda found: found.wish.id),
        ("emotion", "calm", lambda found: found.emotion.label),
        ("issue_type", "account.theft", lambda found: found.issue_types[0].id),
    ],
)
def test_what_the_agent_set_wins_and_is_named(reader: Understander, field: str, value: str, path: Any) -> None:
    before = understand(reader, SAID)
    assert (before.party, before.wish and before.wish.id, before.emotion.label) == ("seller", "refund", "angry")
    assert before.overridden == []
    found = understand(reader, SAID, **{field: value})
    assert (path(found), found.overridden) == (value, [field])


def test_what_was_set_is_certain_and_needs_no_words(reader: Understander) -> None:
    found = understand(reader, SAID, wish="ship", emotion="disappointed")
    assert found.wish is not None
    assert (found.wish.label, found.wish.confidence, found.wish.spans) == ("催发货", 1.0, [])
    assert (found.emotion.label, found.emotion.score, found.emotion.spans) == ("disappointed", 1.0, [])


def test_a_slot_of_the_case_wins_over_the_customers_words(reader: Understander) -> None:
    said = customer(f"订单 {ORDER}，退99元")
    found = understand(reader, said, slots={"order_id": "A1"})
    assert (found.slots, found.overridden) == ({"order_id": "A1", "refund_amount": "99元"}, ["slots"])


def test_a_blank_slot_of_the_case_hides_nothing(reader: Understander) -> None:
    assert understand(reader, customer(f"订单 {ORDER}"), slots={"order_id": " \n"}).slots == {"order_id": ORDER}


def test_all_that_was_set_is_named_in_one_order(reader: Understander) -> None:
    case = {"slots": {"order_id": "1"}, "priority": "P0", "emotion": "calm", "wish": "ship", "party": "buyer"}
    found = understand(reader, SAID, **case, issue_type="trade")
    assert found.overridden == ["party", "issue_type", "wish", "emotion", "priority", "slots"]


def test_the_issue_type_of_the_case_comes_first_with_the_words_that_were_found_for_it(reader: Understander) -> None:
    heard = reader.hear(customer("卖家不发货怎么办"), NOW)
    refund = IssueType(id="trade.refund", label="退款", confidence=0.7)
    theft = IssueType(id="account.theft", label="账号被盗", confidence=0.4)
    answers = [(theft, "有人盗了我的号"), (refund, "卖家不发货怎么办")]
    found = reader.issue_types(heard, Case(issue_type="trade.refund"), answers)
    assert [(issue.id, issue.confidence) for issue in found] == [("trade.refund", 1.0), ("account.theft", 0.4)]
    assert found[0].spans == [TextSpan(message=0, start=0, end=8)]
    assert found[1].spans == []


# ── slots from facts


def test_slots_with_words_of_their_own_need_them_near(reader: Understander) -> None:
    assert understand(reader, customer("付了99元")).slots == {}
    assert understand(reader, customer("退我99元")).slots == {"refund_amount": "99元"}
    assert understand(reader, customer("邮费12元")).slots == {"freight_amount": "12元"}
    assert understand(reader, customer(f"退{'吧' * NEAR}99元")).slots == {}  # a character too far
    assert understand(reader, customer(f"退{'吧' * (NEAR - 1)}99元")).slots == {"refund_amount": "99元"}


def test_an_amount_belongs_to_the_words_that_are_nearest(reader: Understander) -> None:
    slots = {"refund_amount": "99元", "freight_amount": "12元"}
    assert understand(reader, customer("退99元，运费12元")).slots == slots
    assert understand(reader, customer("运费12元，退99元")).slots == slots


def test_of_several_the_newest_counts(reader: Understander) -> None:
    said = customer(f"订单 {ORDER}，退99元", f"说错了，是 {OTHER_ORDER}", "退88元就行")
    assert understand(reader, said).slots == {"order_id": OTHER_ORDER, "refund_amount": "88元"}


def test_goods_and_the_carrier_of_a_parcel_are_slots(reader: Understander) -> None:
    said = customer("买的相机", "顺丰 SF1234567890123", "又寄了一个 YT2345678901234")
    assert understand(reader, said).slots == {
        "item_title": "相机",
        "tracking_no": "YT2345678901234",
        "carrier": "圆通速递",
    }


def test_what_was_said_before_the_last_messages_is_not_read_again(reader: Understander) -> None:
    said = [*customer(f"订单 {ORDER}"), *customer(*["催一下"] * READ)]
    assert understand(reader, said).slots == {}
    assert understand(reader, said[:-1]).slots == {"order_id": ORDER}


# ── absurd amounts: a sane answer, never an error


@pytest.mark.parametrize(
    ("text", "slots", "amounts"),
    [
        ("退0元", {"refund_amount": "0元"}, [0.0]),
        ("退-5块", {"refund_amount": "5元"}, [5.0]),  # a dash is a dash
        ("退99999999999999999元", {}, []),
        ("退1e308", {}, []),
        ("退1e308元", {}, []),
        ("退²元", {"refund_amount": "2元"}, [2.0]),
        ("退nan元", {}, []),
    ],
)
def test_absurd_amounts(reader: Understander, text: str, slots: dict[str, str], amounts: list[float]) -> None:
    assert understand(reader, customer(text)).slots == slots
    assert reader.hear(customer(text), NOW).amounts() == amounts


# ── spans


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("🤬🤬我要退１００元！", "１００元"),
        ("👨‍👩‍👧賣家欠我５００塊錢", "５００塊錢"),
        ("訂單號２０２６１１２１００１２３４５６７８謝謝", "２０２６１１２１００１２３４５６７８"),
        ("\u202e退\u200b99元\x07", "99元"),
        ("退99元", "99元"),
    ],
)
def test_facts_stand_where_their_spans_say(reader: Understander, text: str, fact: str) -> None:
    messages = [agent("请说"), *customer(text)]
    found = understand(reader, messages).facts
    assert [item.text for item in found] == [fact]
    assert (shown(found, messages), found[0].span.message) == ([fact], 1)


@pytest.mark.parametrize(
    ("text", "wish", "angry"),
    [
        ("😀我想退款，气死我了", "想退款", "气死我了"),
        ("我想退歀！氣死我了🤬", None, "氣死我了"),
        ("ＯＫ想退款", "想退款", None),
    ],
)
def test_wish_and_emotion_show_the_customers_own_characters(
    reader: Understander, text: str, wish: str | None, angry: str | None
) -> None:
    messages = [agent("您好"), *customer(text)]
    found = understand(reader, messages)
    assert shown(found.wish.spans if found.wish else [], messages) == ([wish] if wish else [])
    assert shown(found.emotion.spans, messages) == ([angry] if angry else [])


def test_a_time_is_counted_from_the_message_that_says_it(reader: Understander) -> None:
    old = Message(role="customer", text="昨天付的", ts=datetime(2026, 1, 5, 10, tzinfo=CHINA))
    found = understand(reader, [old, *customer("前天付的")])
    assert [fact.value for fact in found.facts] == ["2026-01-04", "2026-11-21"]


def test_the_words_of_an_issue_type_are_the_longest_shared_stretches() -> None:
    said = [Said.of(0, "退款"), Said.of(1, "卖家不发货 想退款啊 发货 退钱给我")]
    found = shared_spans(said, "卖家不发货怎么退款")
    assert len(found) <= SHOWN
    assert [(span.message, span.start, span.end) for span in found] == [(1, 0, 5), (1, 7, 9), (1, 11, 13)]
    assert shared_spans(said, "ＡＢＣ") == []
    assert shared_spans([], "退款") == []


# ── personal data


def test_personal_data_is_masked_and_its_place_is_named(reader: Understander) -> None:
    messages = customer("电话13812345678，身份证11010519491231002X，微信号wx_abc123，a.b@qq.com")
    found = understand(reader, messages)
    assert [(item.type, item.masked) for item in found.personal_data] == [
        ("phone", "138****5678"),
        ("id_card", "110***********002X"),
        ("email", "a***@qq.com"),
    ]
    assert shown(found.personal_data, messages) == ["13812345678", "11010519491231002X", "a.b@qq.com"]
    assert "13812345678" not in found.model_dump_json()
    assert found.facts == []
    assert reader.masked(messages[0].text) == "电话138****5678，身份证110***********002X，微信号wx_abc123，a***@qq.com"


def test_a_phone_number_of_the_agent_is_personal_data_too(reader: Understander) -> None:
    found = understand(reader, [agent("请拨打 13812345678")])
    assert [(item.type, item.span.message) for item in found.personal_data] == [("phone", 0)]


# ── any input

ODD = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("退元单号SF1380订我是卖家0123456789\u202e\u200b😀")
)


@given(st.lists(st.tuples(st.sampled_from(["customer", "agent", "system"]), ODD), max_size=6))
def test_no_conversation_breaks_it_and_every_span_is_right(
    real_reader: Understander, turns: list[tuple[Any, str]]
) -> None:
    messages = [Message(role=role, text=text) for role, text in turns]
    found = understand(real_reader, messages)
    assert shown(found.facts, messages) == [fact.text for fact in found.facts]
    spans = [*found.emotion.spans, *(found.wish.spans if found.wish else []), *(p.span for p in found.personal_data)]
    assert all(0 <= span.start < span.end <= len(messages[span.message].text) for span in spans)
    assert all(messages[span.message].role == "customer" for span in found.emotion.spans)
    assert feeling(real_reader.hear(messages, NOW), Case()) == found.emotion


@pytest.mark.parametrize("filler", ["退", "1", "一", "😀", "\u202e", "退99元，", "13812345678 ", "\n"])
def test_four_thousand_characters_are_read_in_time(real_reader: Understander, filler: str) -> None:
    text = (filler * 4_000)[:4_000]
    messages = customer(*[text] * 3)
    found = understand(real_reader, messages)
    assert shown(found.facts, messages) == [fact.text for fact in found.facts]
