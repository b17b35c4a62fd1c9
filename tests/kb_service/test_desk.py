"""Review, note and queue as calls over a loaded version: what they refuse, mask, count and put first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kb_service.case import Case, Message, OfferMade, Promise, StepDone
from kb_service.casework import (
    MAX_CASES,
    NoteRequest,
    NoteResponse,
    QueueCase,
    QueueRequest,
    QueueResponse,
    ReviewRequest,
    ReviewResponse,
)
from kb_service.contract import SuggestRequest
from kb_service.desk import case_note, order_queue, review_draft
from kb_service.errors import InvalidRequest, RequestError, UnknownValue
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA
from kb_service.suggest import suggest
from kb_service.urgency.bursts import Bursts, burst_rule
from tests.kb_service.desk import agent, customer

NOW = datetime(2026, 11, 23, 15, tzinfo=CHINA)
HOUR = timedelta(hours=1)
NO_SHIP, THEFT = "卖家不发货怎么办", "我的号不是我本人在用"
PHONE, CARD = "13812345678", "11010519491231002X"


def review(knowledge: Knowledge, draft: str, *said: str, **case: Any) -> ReviewResponse:
    return review_draft(knowledge, ReviewRequest(draft=draft, messages=customer(*said), case=Case(**case), as_of=NOW))


def note(knowledge: Knowledge, *messages: Message | str, result: str = "", **case: Any) -> NoteResponse:
    turns = [message if isinstance(message, Message) else customer(message)[0] for message in messages]
    return case_note(knowledge, NoteRequest(messages=turns, case=Case(**case), result=result, as_of=NOW))


def queue(knowledge: Knowledge, *cases: QueueCase, bursts: Bursts | None = None, **values: Any) -> QueueResponse:
    return order_queue(knowledge, QueueRequest(cases=list(cases), as_of=NOW, **values), bursts)


def waiting(name: str, query: str = NO_SHIP, answered: bool = False, **case: Any) -> QueueCase:
    return QueueCase(id=name, query=query, case=Case(**case), answered=answered)


def rules(found: QueueResponse) -> dict[str, list[str]]:
    return {place.id: [reason.rule for reason in place.reasons] for place in found.places}


@pytest.fixture
def bursts(staffed: Knowledge) -> Bursts:
    rule = burst_rule(staffed.catalog.content.desk, staffed.catalog.content.facts)
    assert rule is not None
    return Bursts(rule)


# ── refusals


@pytest.mark.parametrize(
    ("case", "error", "field"),
    [
        ({"stage": "resovle"}, UnknownValue, "case.stage"),
        ({"steps_done": [StepDone(id="guied")]}, UnknownValue, "case.steps_done.0"),
        ({"slots": {"order": "1"}}, UnknownValue, "case.slots.order"),
        ({"order_time": NOW + HOUR}, InvalidRequest, "case.order_time"),
        ({"opened_at": NOW - 2 * HOUR, "order_time": NOW - HOUR}, InvalidRequest, "case.opened_at"),
    ],
)
def test_all_three_calls_refuse_what_suggest_refuses(
    staffed: Knowledge, case: dict[str, Any], error: type[RequestError], field: str
) -> None:
    with pytest.raises(error) as reviewed:
        review(staffed, "您好", **case)
    with pytest.raises(error) as noted:
        note(staffed, NO_SHIP, **case)
    with pytest.raises(error) as queued:
        queue(staffed, waiting("a"), waiting("b", **case))
    assert (reviewed.value.field, noted.value.field, queued.value.field) == (field, field, f"cases.1.{field}")


def test_a_case_may_stand_in_the_queue_once(staffed: Knowledge) -> None:
    with pytest.raises(InvalidRequest) as caught:
        queue(staffed, waiting("a"), waiting("b"), waiting("a", THEFT))
    assert (caught.value.field, str(caught.value)) == ("cases", "工单编号“a”出现了多次；每个工单只列一次")


@pytest.mark.parametrize(
    "values",
    [
        {"cases": []},
        {"cases": [{"id": f"c{n}", "query": "a"} for n in range(MAX_CASES + 1)]},
        {"cases": [{"id": "a"}]},
        {"cases": [{"id": "", "query": "a"}]},
        {"cases": [{"id": "a", "query": "a", "messages": [{"role": "customer", "text": "a"}]}]},
        {"cases": [{"id": "a", "query": "a"}], "staff": 0},
        {"cases": [{"id": "a", "query": "a"}], "handling_minutes": 0},
        {"cases": [{"id": "a", "query": "a"}], "handling_minutes": float("nan")},
        {"cases": [{"id": "a", "query": "a"}], "handling_minutes": float("inf")},
    ],
)
def test_a_queue_that_cannot_be(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QueueRequest.model_validate(values)


# ── review


def test_a_review_names_what_is_wrong_and_how_long_it_took(staffed: Knowledge) -> None:
    found = review(staffed, "这个不归我管")
    assert (found.sendable, found.kb_version) == (False, staffed.version)
    assert [(item.rule, item.start, item.end) for item in found.findings] == [("forbidden_wording", 2, 6)]
    assert found.timings["total"] > 0


def test_a_review_needs_no_conversation(staffed: Knowledge) -> None:
    assert review(staffed, "您好，我马上为您查看。").sendable


@pytest.mark.parametrize("draft", ["😀" * 4_000, "\u202e\u200b", "\x00\x07", "退" * 4_000, " "])
def test_odd_drafts_are_reviewed(staffed: Knowledge, draft: str) -> None:
    found = review(staffed, draft, "😀", "\x00", "")
    assert all(0 <= item.start < item.end <= len(draft) for item in found.findings)


# ── note


def test_personal_data_is_masked_everywhere_in_a_note(staffed: Knowledge) -> None:
    found = note(
        staffed,
        f"{NO_SHIP}，我叫张三，电话{PHONE}，身份证{CARD}，住浙江省杭州市西湖区文三路100号3幢201",
        agent(f"好的，{PHONE}对吗"),
        result=f"已回电{PHONE}",
        steps_done=[StepDone(id="guide", reason=f"客户留了{CARD}")],
        promises=[Promise(text=f"明天打{PHONE}")],
        slots={"item_title": f"手机，联系{PHONE}"},
    )
    text = found.model_dump_json()
    assert PHONE not in text
    assert CARD not in text
    assert "文三路" not in text
    assert "138****5678" in found.text
    assert found.result == "已回电138****5678"


PROSE = st.text("卖家不发货退款电话号是我的，。：😀\u202e\u200b \n", max_size=60)


@given(PROSE, PROSE, st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_phone_number_inside_any_prose_is_masked(staffed: Knowledge, before: str, after: str, phone: str) -> None:
    found = note(staffed, f"{before}{phone}{after}", result=f"{after}{phone}{before}")
    assert phone not in found.model_dump_json()


def test_a_note_keeps_the_cases_own_id_level_and_deadlines(staffed: Knowledge) -> None:
    found = note(
        staffed,
        f"{NO_SHIP}，想退款，退6000元，气死我了",
        id="T-1",
        opened_at=NOW - 2 * HOUR,
        steps_done=[StepDone(id="guide")],
        offers=[OfferMade(id="urge", outcome="refused")],
        promises=[Promise(text="今天回电", due=NOW - HOUR), Promise(text="明天退款", due=NOW + 30 * HOUR)],
    )
    assert (found.case_id, found.level, found.emotion.label) == ("T-1", "P1", "angry")
    assert found.wish is not None
    assert (found.wish.id, [issue.id for issue in found.issue_types]) == ("refund", ["trade.refund"])
    assert [(promise.text, promise.status) for promise in found.promises] == [
        ("今天回电", "overdue"),
        ("明天退款", "open"),
    ]
    assert found.next_deadline == NOW + 22 * HOUR  # the closure, before the second promise
    assert [gap.id for gap in found.evidence_gaps] == ["order-page"]
    assert "引导退款" in found.text
    assert "催促卖家" in found.text


@pytest.mark.parametrize("text", ["", "😀", "\u202e\u200b\x00", "退" * 4_000])
def test_a_note_of_odd_words_has_every_heading(staffed: Knowledge, text: str) -> None:
    found = note(staffed, text, agent(text))
    assert found.text.count("【") >= 8
    assert found.text.splitlines()[0].startswith("【客户诉求】")


# ── queue


def test_levels_first_then_what_is_overdue_and_every_place_says_why(staffed: Knowledge) -> None:
    found = queue(
        staffed,
        waiting("plain"),
        waiting("late", opened_at=NOW - 25 * HOUR),
        waiting("theft", THEFT),
        waiting("harm", f"{NO_SHIP}，卖家要上门打我"),
        waiting("fresh", opened_at=NOW),
    )
    assert [(place.id, place.place, place.level) for place in found.places] == [
        ("harm", 1, "P0"),
        ("theft", 2, "P1"),
        ("late", 3, "P2"),
        ("fresh", 4, "P3"),
        ("plain", 5, "P3"),
    ]
    assert found.backlog == 5
    assert rules(found) == {
        "harm": ["harm", "level", "no-deadline"],
        "theft": ["theft", "level", "no-deadline"],
        "late": ["resolve-overdue", "first-overdue", "level", "overdue"],
        "fresh": ["level", "will-be-late"],  # its half minute is over before anybody is free
        "plain": ["level", "no-deadline"],
    }
    assert [place.wait_minutes for place in found.places] == [0, 6, 12, 18, 24]


def test_more_staff_shortens_the_wait(staffed: Knowledge) -> None:
    found = queue(staffed, *(waiting(f"c{n}") for n in range(4)), staff=2, handling_minutes=10)
    assert [place.wait_minutes for place in found.places] == [0, 0, 10, 10]


def test_what_the_agent_set_places_the_case(staffed: Knowledge) -> None:
    found = queue(staffed, waiting("theft", THEFT), waiting("set", priority="P0"))
    assert [place.id for place in found.places] == ["set", "theft"]
    assert rules(found)["set"][0] == "set-by-agent"


def test_the_first_clock_of_an_answered_case_has_stopped(staffed: Knowledge) -> None:
    opened = NOW - HOUR
    found = queue(
        staffed,
        waiting("open", opened_at=opened),
        waiting("flagged", opened_at=opened, answered=True),
        QueueCase(id="seen", messages=[*customer(NO_SHIP), agent("您好")], case=Case(opened_at=opened)),
    )
    overdue = {place.id: place.clocks.overdue for place in found.places}
    assert overdue == {"open": ["first_response"], "flagged": [], "seen": []}
    assert [name for name, why in rules(found).items() if "first-overdue" in why] == ["open"]


def test_the_id_of_the_queue_is_the_cases(staffed: Knowledge, bursts: Bursts) -> None:
    queue(staffed, waiting("a", id="x"), waiting("b", id="x"), waiting("c", id="x"), bursts=bursts)
    assert bursts.counts() == {"trade.refund": 3}


def test_a_burst_in_the_queue_is_an_incident_with_masked_samples(staffed: Knowledge, bursts: Bursts) -> None:
    assert queue(staffed, waiting("a"), waiting("b"), bursts=bursts).incidents == []
    said = [agent("您好"), *customer(f"{NO_SHIP}，电话{PHONE}"), agent("请稍等")]
    found = queue(staffed, QueueCase(id="c", messages=said), bursts=bursts)
    (incident,) = found.incidents
    assert (incident.issue_type, incident.cases, incident.flow) == ("trade.refund", 3, "flow.desk.incident")
    assert f"{NO_SHIP}，电话138****5678" in incident.samples
    assert PHONE not in incident.model_dump_json()


def test_suggest_and_queue_count_the_same_case_once(staffed: Knowledge, bursts: Bursts) -> None:
    for name in ("a", "b"):
        suggest(staffed, SuggestRequest(query=NO_SHIP, case=Case(id=name)), bursts=bursts)
    assert queue(staffed, waiting("a"), waiting("b"), bursts=bursts).incidents == []
    assert [item.cases for item in queue(staffed, waiting("c"), bursts=bursts).incidents] == [3]


def test_without_a_counter_the_queue_has_no_incidents(staffed: Knowledge) -> None:
    assert queue(staffed, *(waiting(f"c{n}") for n in range(5))).incidents == []


@pytest.mark.parametrize("query", ["", "😀😀", "\u202e\u200b", "\x00", "退" * 8_000])
def test_odd_cases_have_a_place(staffed: Knowledge, bursts: Bursts, query: str) -> None:
    found = queue(staffed, waiting("odd", query), waiting("plain"), bursts=bursts)
    assert {place.id for place in found.places} == {"odd", "plain"}
