"""A case worked through the suggest call: priority, clocks, guidance, incidents, and what the public never sees."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_service.case import Case, Message, OfferMade, Priority
from kb_service.contract import SuggestRequest, SuggestResponse
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA
from kb_service.suggest import suggest
from kb_service.urgency.bursts import SAMPLE_LENGTH, Bursts, burst_rule
from tests.kb_service.desk import agent, customer

NOW = datetime(2026, 11, 23, 15, tzinfo=CHINA)
NO_SHIP, THEFT = "卖家不发货怎么办", "我的号不是我本人在用"


def work(
    knowledge: Knowledge,
    *messages: Message | str,
    bursts: Bursts | None = None,
    case: Case | None = None,
    **values: Any,
) -> SuggestResponse:
    turns = [message if isinstance(message, Message) else customer(message)[0] for message in messages]
    request = SuggestRequest(messages=turns, case=case or Case(), **{"as_of": NOW} | values)
    return suggest(knowledge, request, bursts=bursts)


@pytest.fixture
def bursts(staffed: Knowledge) -> Bursts:
    """No case has come in yet; three within half an hour are suspicious."""
    rule = burst_rule(staffed.catalog.content.desk, staffed.catalog.content.facts)
    assert rule is not None
    return Bursts(rule)


def priority(found: SuggestResponse) -> Priority:
    assert found.understanding is not None
    assert found.understanding.priority is not None
    return found.understanding.priority


def rules(found: SuggestResponse) -> list[str]:
    return [reason.rule for reason in priority(found).reasons]


def level(found: SuggestResponse) -> str:
    return priority(found).level


# ── the public


def test_the_public_gets_nothing_of_the_procedure_and_does_not_count(staffed: Knowledge, bursts: Bursts) -> None:
    for n in range(4):
        found = work(staffed, NO_SHIP, bursts=bursts, case=Case(id=f"case-{n}"), audience="public")
        assert (found.actions, found.guidance, found.sla, found.incidents) == ([], None, None, [])
        assert found.understanding is not None
        assert (found.understanding.missing_slots, found.understanding.priority) == ([], None)
    assert bursts.counts() == {}


def test_what_was_not_asked_for_is_not_returned_but_still_counts(staffed: Knowledge, bursts: Bursts) -> None:
    found = work(staffed, NO_SHIP, bursts=bursts, case=Case(id="c", opened_at=NOW), include=["answers"])
    assert (found.understanding, found.actions, found.guidance, found.sla, found.templates) == (
        None,
        [],
        None,
        None,
        [],
    )
    assert bursts.counts() == {"trade.refund": 1}


# ── priority


@pytest.mark.parametrize(
    ("text", "case", "expected", "level_"),
    [
        (NO_SHIP, Case(), [], "P3"),
        (THEFT, Case(), ["theft"], "P1"),
        (NO_SHIP, Case(issue_type="account.theft"), ["theft"], "P1"),
        (f"{NO_SHIP}，气死我了", Case(), ["upset"], "P2"),
        (f"{NO_SHIP}，气死我了", Case(emotion="calm"), [], "P3"),
        (f"{NO_SHIP}，退4999元", Case(), [], "P3"),
        (f"{NO_SHIP}，退5000元", Case(), ["key-amount"], "P2"),
        (NO_SHIP, Case(history=["催了一次", "又催了一次"]), ["repeated"], "P2"),
        (f"{NO_SHIP}，卖家要上门打我", Case(), ["harm"], "P0"),
        (NO_SHIP, Case(opened_at=NOW - timedelta(hours=25)), ["resolve-overdue", "first-overdue"], "P2"),
    ],
)
def test_the_level_and_why(staffed: Knowledge, text: str, case: Case, expected: list[str], level_: str) -> None:
    found = work(staffed, text, case=case)
    assert (rules(found), level(found)) == (expected, level_)


def test_the_reasons_say_the_numbers(staffed: Knowledge) -> None:
    found = work(staffed, f"{NO_SHIP}，退6000元", case=Case(opened_at=NOW - timedelta(hours=26)))
    assert [reason.text for reason in priority(found).reasons] == [
        "闭环已超时 2 小时",
        "涉及 6000 元，达到 5000 元",
        "首次响应已超时 1 天",
    ]


def test_a_level_set_by_hand_wins_and_what_the_rules_say_stands_behind(staffed: Knowledge) -> None:
    found = work(staffed, THEFT, case=Case(priority="P3"))
    assert (level(found), priority(found).score) == ("P3", 55)
    assert priority(found).reasons[0].text == "坐席设为 P3，规则算得 P1"
    assert found.understanding is not None
    assert (rules(found), found.understanding.overridden) == (["set-by-agent", "theft"], ["priority"])


@pytest.mark.parametrize("text", ["退99999999999999999元", "退-5块", "退0元", "退1e308元"])
def test_an_absurd_amount_makes_nothing_urgent(staffed: Knowledge, text: str) -> None:
    found = work(staffed, f"{NO_SHIP}，{text}")
    assert (found.answers[0].id, level(found)) == ("trade.refund.no-ship", "P3")


# ── clocks


def test_without_an_opening_there_are_no_clocks(staffed: Knowledge) -> None:
    found = work(staffed, NO_SHIP).sla
    assert found is not None
    assert (found.first_response_due, found.resolve_due, found.overdue) == (None, None, [])


@pytest.mark.parametrize(
    ("after", "messages", "overdue"),
    [
        (timedelta(seconds=30), [NO_SHIP], []),
        (timedelta(seconds=31), [NO_SHIP], ["first_response"]),
        (timedelta(seconds=31), [NO_SHIP, agent("您好")], []),
        (timedelta(hours=24), [NO_SHIP, agent("您好")], []),
        (timedelta(hours=24, seconds=1), [NO_SHIP, agent("您好")], ["resolve"]),
        (timedelta(hours=24, seconds=1), [NO_SHIP], ["first_response", "resolve"]),
    ],
)
def test_thirty_seconds_and_a_day_from_the_opening(
    staffed: Knowledge, after: timedelta, messages: list[Message | str], overdue: list[str]
) -> None:
    found = work(staffed, *messages, case=Case(opened_at=NOW), as_of=NOW + after).sla
    assert found is not None
    assert found.first_response_due == NOW + timedelta(seconds=30)
    assert found.resolve_due == NOW + timedelta(hours=24)
    assert found.overdue == overdue


# ── guidance


def test_the_flow_asks_for_one_thing_and_says_which_slots_are_missing(staffed: Knowledge) -> None:
    found = work(staffed, NO_SHIP, case=Case(party="buyer"))
    assert [(action.type, action.id) for action in found.actions][:3] == [
        ("ask", "order_id"),
        ("evidence", "order-page"),
        ("step", "guide"),
    ]
    assert found.understanding is not None
    assert [slot.slot for slot in found.understanding.missing_slots] == ["order_id"]
    assert found.guidance is not None
    assert found.guidance.flow == "flow.refund.no-ship"


def test_a_slot_that_the_customer_has_stated_is_not_asked_for(staffed: Knowledge) -> None:
    found = work(staffed, f"{NO_SHIP} 订单 202611210012345678")
    assert found.understanding is not None
    assert found.understanding.missing_slots == []
    assert "ask" not in [action.type for action in found.actions]
    assert found.templates[0].filled["order_id"] == "202611210012345678"


def offers(found: SuggestResponse) -> list[str]:
    return [action.id for action in found.actions if action.type == "offer"]


def test_offers_within_the_authority_without_those_refused_or_excluded(staffed: Knowledge) -> None:
    assert offers(work(staffed, NO_SHIP)) == ["urge", "coupon"]
    assert offers(work(staffed, NO_SHIP, case=Case(authority="senior"))) == ["urge", "coupon", "advance"]
    refused = Case(offers=[OfferMade(id="urge", outcome="refused")])
    assert offers(work(staffed, NO_SHIP, case=refused)) == ["coupon"]
    assert offers(work(staffed, NO_SHIP, exclude_ids=["urge", "coupon"])) == []


def test_a_conversation_without_a_customer_has_no_answer_and_no_action(staffed: Knowledge) -> None:
    found = work(staffed, agent("您好，请问有什么可以帮您？"))
    assert (found.status, found.answers, found.templates) == ("no_answer", [], [])
    assert found.understanding is not None
    assert (found.understanding.issue_types, level(found), found.guidance) == ([], "P3", None)


# ── replies


def test_the_tone_follows_the_emotion_unless_it_is_asked_for(staffed: Knowledge) -> None:
    angry = f"{NO_SHIP}，气死我了"
    assert work(staffed, NO_SHIP).templates[0].tone == "neutral"
    assert work(staffed, angry).templates[0].tone == "soothing"
    assert work(staffed, angry, case=Case(emotion="calm")).templates[0].tone == "neutral"
    assert work(staffed, angry, tone="firm").templates[0].tone == "firm"


def test_the_party_of_the_words_puts_its_templates_first(staffed: Knowledge) -> None:
    sms = Case(channel="sms")
    seller = work(staffed, f"我是卖家，{NO_SHIP}", case=sms)
    assert [item.id for item in seller.templates] == ["tpl.refund.seller", "tpl.refund.no-ship"]
    buyer = work(staffed, f"我是买家，{NO_SHIP}", case=sms)
    assert [item.id for item in buyer.templates] == ["tpl.refund.no-ship", "tpl.refund.seller"]
    set_by_hand = work(staffed, f"我是卖家，{NO_SHIP}", case=Case(party="buyer"))
    assert [item.id for item in set_by_hand.templates] == ["tpl.refund.no-ship"]


def test_a_text_message_is_short_and_a_call_has_no_brackets(staffed: Knowledge) -> None:
    slots = {"order_id": "202611210012345678", "refund_amount": "99元"}
    sms = work(staffed, NO_SHIP, case=Case(channel="sms", party="buyer", slots=slots)).templates[0]
    assert (sms.channel, len(sms.text) <= 70, sms.sendable) == ("sms", True, True)
    call = work(staffed, NO_SHIP, case=Case(channel="phone", party="buyer", slots=slots)).templates[0]
    assert "我的，再点订单，再点申请退款" in call.text
    assert "「" not in call.text


# ── many customers, one cause


def test_the_third_case_is_an_incident_and_its_notice_comes_first(staffed: Knowledge, bursts: Bursts) -> None:
    for n in range(2):
        before = work(staffed, NO_SHIP, bursts=bursts, case=Case(id=f"case-{n}"))
        assert (before.incidents, before.actions[0].type) == ([], "ask")
    found = work(staffed, NO_SHIP, bursts=bursts, case=Case(id="case-2"))
    (incident,) = found.incidents
    assert (incident.issue_type, incident.cases, incident.window_minutes) == ("trade.refund", 3, 30)
    assert incident.notice == "30 分钟内有 3 位客户反馈“退款”（平时约 0 位），疑似突发事件，请先上报再答复"
    assert (found.actions[0].type, found.actions[0].id, found.actions[0].sendable) == (
        "notify",
        "flow.desk.incident",
        False,
    )
    assert found.actions[0].label == "疑似突发事件：通知主管、技术部"
    assert (rules(found), level(found)) == (["incident"], "P1")


def test_the_same_case_counts_once_and_one_without_id_never(staffed: Knowledge, bursts: Bursts) -> None:
    for _ in range(4):
        assert work(staffed, NO_SHIP, bursts=bursts, case=Case(id="case-0")).incidents == []
        assert work(staffed, NO_SHIP, bursts=bursts).incidents == []
    assert bursts.counts() == {"trade.refund": 1}


def test_a_case_of_another_kind_hears_nothing_of_the_incident(staffed: Knowledge, bursts: Bursts) -> None:
    for n in range(3):
        work(staffed, NO_SHIP, bursts=bursts, case=Case(id=f"case-{n}"))
    found = work(staffed, THEFT, bursts=bursts, case=Case(id="case-3"))
    assert (found.incidents, rules(found)) == ([], ["theft"])


def test_a_case_that_nobody_can_place_is_not_counted(staffed: Knowledge, bursts: Bursts) -> None:
    for n in range(4):
        work(staffed, "今天天气怎么样", bursts=bursts, case=Case(id=f"case-{n}"))
    assert bursts.counts() == {}


def test_without_a_counter_there_are_no_incidents(staffed: Knowledge) -> None:
    assert [work(staffed, NO_SHIP, case=Case(id=f"case-{n}")).incidents for n in range(4)] == [[], [], [], []]


@pytest.mark.parametrize("filler", [0, SAMPLE_LENGTH - len(NO_SHIP) - 5])
def test_the_samples_of_an_incident_are_masked_before_they_are_cut(
    staffed: Knowledge, bursts: Bursts, filler: int
) -> None:
    for n in range(3):
        text = f"{NO_SHIP}{'。' * filler}13812345678 编号{n}"
        found = work(staffed, text, bursts=bursts, case=Case(id=f"case-{n}"))
    (incident,) = found.incidents
    assert incident.samples
    assert all(len(sample) <= SAMPLE_LENGTH for sample in incident.samples)
    assert all("1381" not in sample for sample in incident.samples)
    assert "13812345678" not in incident.model_dump_json()


# ── long conversations


def test_two_hundred_messages_are_worked(staffed: Knowledge) -> None:
    turns = [*customer(f"{NO_SHIP}，订单 202611210012345678"), agent("请稍等")] * 100
    assert len(turns) == 200
    found = work(staffed, *turns, case=Case(opened_at=NOW))
    assert found.answers[0].id == "trade.refund.no-ship"
    assert found.understanding is not None
    assert found.understanding.slots == {"order_id": "202611210012345678"}


@pytest.mark.parametrize(
    "text", ["😀" * 4_000, "\u202e" * 4_000, "\x00\x07\x1b[2J", "\u200b\u200c\ufeff", "退" * 4_000]
)
def test_odd_text_is_worked_like_any_other(staffed: Knowledge, bursts: Bursts, text: str) -> None:
    found = work(staffed, text, bursts=bursts, case=Case(id="case-0", opened_at=NOW))
    assert found.understanding is not None
    assert found.status in ("no_answer", "low_confidence", "answered")
    assert level(found) == "P3"


@given(
    st.lists(st.tuples(st.sampled_from(["customer", "agent", "system"]), st.text(max_size=80)), min_size=1, max_size=5)
)
def test_no_conversation_breaks_a_call(staffed: Knowledge, turns: list[tuple[Any, str]]) -> None:
    messages = [Message(role=role, text=text) for role, text in turns]
    found = work(staffed, *messages, case=Case(opened_at=NOW))
    assert SuggestResponse.model_validate_json(found.model_dump_json()) == found
