"""The words of actions: deadlines, clauses, blanks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kb_service.content import Escalation, FlowStep, SlotRequest
from kb_service.guide.actions import Names, Wording
from kb_service.records import CHINA
from tests.kb_service.desk import NOW, incident, real_catalog

STEP = FlowStep(id="look", stage="diagnose", title="核对", owner="agent", action="核对订单。", deadline="当次会话内")


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(real_catalog())


@pytest.mark.parametrize(
    ("deadline", "due"),
    [
        ("退款成功当日", None),
        ("解除后4小时内", None),
        ("48小时后再看", None),
        ("48小时", timedelta(hours=48)),
        ("30秒内", timedelta(seconds=30)),
        ("3个工作日", timedelta(days=3)),  # from a Monday
        ("5个工作日", timedelta(days=7)),
    ],
)
def test_a_deadline_that_is_a_length_of_time_falls_due(names: Names, deadline: str, due: timedelta | None) -> None:
    action = Wording(names, {}, NOW, NOW).step(STEP.model_copy(update={"deadline": deadline}))
    assert action.due == (NOW + due if due else None)
    assert action.deadline == deadline


def test_a_clause_is_cited_as_it_stood(names: Names) -> None:
    step = STEP.model_copy(update={"policy": "refund-rules#seller-response"})
    old = Wording(names, {}, datetime(2020, 1, 1, tzinfo=CHINA), NOW).step(step)
    new = Wording(names, {}, NOW, NOW).step(step)
    assert (old.policy, new.policy) == (None, "《退款规则》第11条 卖家处理时限")


def test_a_blank_is_named_and_keeps_the_text_from_being_sent(names: Names) -> None:
    wanted = SlotRequest(slot="sign_time", ask="订单 {{slot:order_id}} 是哪天签收的？")
    slot = names.taxonomy.slots["sign_time"]
    blank, filled = Wording(names, {}, NOW, NOW), Wording(names, {"order_id": "88"}, NOW, NOW)
    assert (blank.ask(wanted, slot).text, blank.ask(wanted, slot).sendable) == (
        "订单 【订单编号】 是哪天签收的？",
        False,
    )
    assert (filled.ask(wanted, slot).text, filled.ask(wanted, slot).sendable) == ("订单 88 是哪天签收的？", True)


def test_whoever_acts_decides_between_step_and_wait(names: Names) -> None:
    say = Wording(names, {}, NOW, NOW)
    kinds = {owner: say.step(STEP.model_copy(update={"owner": owner})).type for owner in ("agent", "seller", "risk")}
    assert kinds == {"agent": "step", "seller": "wait", "risk": "step"}


def test_an_escalation_says_why_to_whom_and_how_soon(names: Names) -> None:
    action = Wording(names, {}, NOW, NOW).escalate(Escalation(when="客户要求主管", to="supervisor", within="30分钟"))
    assert action.text == "原因：客户要求主管。写好摘要转客服主管，告知客户预计 30分钟 接手或答复。"
    assert action.due == NOW + timedelta(minutes=30)


def test_a_burst_without_a_notice_tells_its_evidence(names: Names) -> None:
    flow = real_catalog().flows["flow.desk.incident"]
    action = Wording(names, {}, NOW, NOW).notify(flow, incident(flow.id))
    assert action.text == "30分钟内6位客户反映“系统故障”，最早 15:00"
