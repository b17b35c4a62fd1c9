"""What to do next: refusals and precedence first, then the procedure in its order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb_service.case import Case, Incident, Message, OfferMade, StepDone, Understanding
from kb_service.catalog import Catalog
from kb_service.content import Content
from kb_service.guide.procedure import NO_GUIDANCE, Guide, Guided
from kb_service.records import CHINA
from tests.kb_service.desk import NOW, agent, customer, fact, image, incident, real_catalog, understood

SHIP = "trade.no-ship"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return real_catalog()


@pytest.fixture(scope="module")
def guide(catalog: Catalog) -> Guide:
    return Guide(catalog)


def run(
    guide: Guide,
    case: Case,
    said: list[Message],
    understanding: Understanding | None = None,
    signals: tuple[str, ...] = (),
    incidents: tuple[Incident, ...] = (),
) -> Guided:
    """The flow is chosen from the words, then guides."""
    known = understanding or understood(said)
    flow = guide.flow(case, known.issue_types, known.effective_query, signals=signals)
    return guide.guide(flow, case, said, known, signals, NOW, incidents)


def done(*names: str) -> list[StepDone]:
    return [StepDone(id=name) for name in names]


def first(guided: Guided) -> tuple[str, str]:
    return guided.actions[0].type, guided.actions[0].id


def kinds(guided: Guided) -> list[tuple[str, str]]:
    return [(action.type, action.id) for action in guided.actions]


def test_without_flows_there_is_nothing_to_do(catalog: Catalog) -> None:
    empty = Content.model_validate(catalog.content.model_dump() | {"flows": (), "desk": {}})
    said = customer("付了款三天没发货")
    guided = run(Guide(Catalog(content=empty, points=())), Case(), said, understood(said, SHIP))
    assert guided == NO_GUIDANCE


def test_one_question_at_a_time_in_the_order_of_the_flow(guide: Guide) -> None:
    said = customer("付完钱七天啦，连个单号影子都没有")
    facts = [fact("duration", "七天", "P7D", said)]
    guided = run(guide, Case(party="buyer"), said, understood(said, SHIP, facts=facts))
    assert guided.flow is not None
    assert guided.flow.id == "flow.shipping.not-shipped"
    assert first(guided) == ("ask", "order_id")
    assert guided.actions[0].sendable
    assert guided.actions[0].text == "麻烦您提供一下订单编号，在“订单详情”页点“复制”就可以发给我。"
    assert [kind for kind, _ in kinds(guided)].count("ask") == 1


def test_what_was_asked_for_and_cannot_be_given_is_not_asked_again(guide: Guide) -> None:
    said = [*customer("付完钱七天啦，卖家一直不发货"), agent("请发一下订单编号"), *customer("我找不到，不知道在哪看")]
    case = Case(party="buyer", issue_type=SHIP, slots={"order_time": "七天前"})
    assert ("ask", "order_id") not in kinds(run(guide, case, said, understood(said)))


def test_a_question_that_would_ask_for_private_data_is_never_put(catalog: Catalog) -> None:
    content = catalog.content.model_dump()
    content["taxonomy"]["slots"]["order_id"]["ask"] = "请把您的身份证号发给我。"
    other = Guide(Catalog(content=Content.model_validate(content), points=()))
    guided = run(other, Case(issue_type=SHIP), customer("卖家不发货"))
    assert not any("身份证" in action.text for action in guided.actions if action.type == "ask")


def test_what_protects_the_customer_comes_before_any_question(guide: Guide) -> None:
    said = customer("有个自称客服的叫我共享屏幕，他还在线上")
    guided = run(guide, Case(), said, understood(said, "account.fraud"))
    assert first(guided) == ("step", "cut-off")
    assert kinds(guided)[1][0] == "ask"


def test_required_proof_of_whoever_asks_is_wanted_next(guide: Guide) -> None:
    said = customer("收到的桌子有两道大口子，说好九五新")
    case = Case(
        party="buyer",
        issue_type="trade.quality",
        slots={"order_id": "2026103100027741", "flaw_desc": "划痕", "sign_time": "前天"},
    )
    guided = run(guide, case, said, understood(said))
    assert first(guided) == ("evidence", "overall-photo")
    assert guided.actions[0].owner == "buyer"
    assert guided.guidance is not None
    gaps = [(gap.party, gap.id) for gap in guided.guidance.evidence_gaps if gap.required]
    assert gaps == [("buyer", "overall-photo"), ("buyer", "flaw-photo"), ("seller", "refuse-reason")]

    shown = [*said, agent("请拍一张整体照"), image("书桌全景 整体照片")]
    assert first(run(guide, case, shown, understood(shown))) == ("evidence", "flaw-photo")


def test_a_proof_that_cannot_be_given_stays_a_gap_but_is_not_asked_again(guide: Guide) -> None:
    case = Case(
        party="seller",
        issue_type="logistics.pickup",
        slots={"order_id": "1", "problem_desc": "取件没来"},
    )
    said = [*customer("约了上午取件没人来"), agent("麻烦截一下寄件订单的页面"), *customer("截不了图，手机坏了")]
    guided = run(guide, case, said, understood(said))
    assert first(guided) == ("step", "check")
    assert guided.guidance is not None
    assert "send-order" in [gap.id for gap in guided.guidance.evidence_gaps]


def test_steps_follow_with_owner_deadline_and_the_clause_of_the_time_of_order(guide: Guide) -> None:
    said = [*customer("没发货不想要了"), agent("我看一下")]
    slots = {"order_id": "1", "refund_reason": "不想要了"}
    case = Case(party="buyer", issue_type="trade.refund", slots=slots, steps_done=done("check-scan", "guide-apply"))
    guided = run(guide, case, said, understood(said))
    action = guided.actions[0]
    assert (action.type, action.id, action.owner) == ("wait", "seller-handle", "seller")
    assert action.policy == "《退款规则》第4条 未发货退款"
    assert action.due == NOW + timedelta(hours=int(action.deadline.removesuffix("小时")))
    assert guided.guidance is not None
    assert guided.guidance.stage == "resolve"


def test_a_department_takes_over_with_the_time_to_expect(guide: Guide) -> None:
    slots = {"order_id": "1", "refund_amount": "286", "phone_tail": "4417", "refund_time": "上周四"}
    steps = done("soothe", "check-status", "within-limit", "give-flow-no")
    case = Case(issue_type="trade.refund", slots=slots, evidence=["refund-detail"], steps_done=steps)
    said = [*customer("退款成功了钱没到"), agent("好的")]
    guided = run(guide, case, said, understood(said))
    assert kinds(guided)[:2] == [("step", "payment-trace"), ("handover", "payment")]
    assert "支付结算部" in guided.actions[1].text


def test_after_a_refusal_the_next_offer_within_authority_then_whoever_may_grant_more(guide: Guide) -> None:
    slots = {"order_id": "1", "order_time": "七天前", "problem_desc": "不发货"}
    steps = done("receive", "check-window", "not-due", "overdue-guide")
    said = [*customer("卖家一直不发货"), agent("我替您催卖家"), *customer("催有啥用，不要催了")]

    def refused(*names: str, authority: str = "agent") -> tuple[str, str]:
        offers = [OfferMade(id=name, outcome="refused") for name in names]
        case = Case(issue_type=SHIP, slots=slots, steps_done=steps, offers=offers, authority=authority)
        return first(run(guide, case, said, understood(said)))

    assert refused("urge") == ("offer", "agreed-date")
    assert refused("urge", "agreed-date", "full-refund") == ("escalate", "senior")
    assert refused("urge", "agreed-date", "full-refund", authority="senior") == ("offer", "goodwill")
    assert refused("urge", "agreed-date", "full-refund", "goodwill", authority="senior") == ("escalate", "supervisor")


def test_offers_above_the_authority_are_not_shown(guide: Guide) -> None:
    said = customer("卖家一直不发货")
    names = [name for kind, name in kinds(run(guide, Case(issue_type=SHIP), said, understood(said))) if kind == "offer"]
    assert names == ["urge", "agreed-date", "full-refund"]


def test_an_escalation_that_the_newest_words_show_comes_first(guide: Guide) -> None:
    slots = {"order_id": "1", "item_title": "平板", "sign_time": "昨天", "problem_desc": "锁着"}
    said = [*customer("平板要前任账号密码"), agent("我来联系卖家"), *customer("他说要给他转两百才解锁")]
    guided = run(guide, Case(issue_type="trade.device", slots=slots), said, understood(said))
    assert first(guided) == ("escalate", "risk")
    assert guided.actions[0].due == NOW + timedelta(minutes=5)

    told = [*said, agent("已转风控"), *customer("好的")]
    later = run(guide, Case(issue_type="trade.device", slots=slots), told, understood(told))
    assert first(later) != ("escalate", "risk")
    assert ("escalate", "risk") in kinds(later)


def test_a_case_that_keeps_returning_goes_one_rung_up(guide: Guide) -> None:
    said = [*customer("又来了，还是没发货"), agent("我看看")]
    twice, once = Case(issue_type=SHIP, history=["来过", "又来过"]), Case(issue_type=SHIP, history=["来过"])
    assert first(run(guide, twice, said, understood(said))) == ("escalate", "senior")
    assert first(run(guide, once, said, understood(said))) == ("ask", "order_id")
    again = twice.model_copy(update={"authority": "supervisor"})
    assert first(run(guide, again, said, understood(said))) == ("escalate", "joint")


def test_a_burst_is_announced_before_all_else(guide: Guide) -> None:
    said = customer("付款页打不开")
    burst = incident("flow.desk.incident", notice="付款页故障，正在处理，请勿重复付款。")
    guided = run(guide, Case(), said, understood(said, "usage.system"), ("group",), (burst,))
    assert first(guided) == ("notify", "flow.desk.incident")
    assert guided.actions[0].text == "付款页故障，正在处理，请勿重复付款。"
    assert "技术部" in guided.actions[0].label
    assert not guided.actions[0].sendable
    assert guided.actions[0].template == "tpl.desk.incident-notice"
    assert kinds(guided)[1] == ("offer", "inform")
    assert ("offer", "batch-comp") not in kinds(guided)  # a joint meeting decides on that
    assert guided.guidance is not None
    assert guided.guidance.follow_up is not None
    assert guided.guidance.follow_up.scenario == "突发事件恢复后回访"


def test_when_all_is_done_the_closing_checks_remain(guide: Guide, catalog: Catalog) -> None:
    flow = catalog.flows["flow.refund.before-ship"]
    slots = {"order_id": "1", "refund_reason": "不想要了"}
    steps = done(*(step.id for step in flow.steps))
    said = [*customer("没发货不想要了"), agent("退了")]
    case = Case(party="buyer", issue_type="trade.refund", slots=slots, steps_done=steps)
    guided = run(guide, case, said, understood(said))
    assert first(guided) == ("close", "closing")
    assert guided.actions[0].requires == list(flow.closing_checks)


def test_self_service_is_for_calm_first_contacts_only(guide: Guide) -> None:
    said = customer("没发货不想要了怎么退")
    calm, angry = understood(said, "trade.refund"), understood(said, "trade.refund", emotion="angry")
    assert ("self_service", "path.refund_apply") in kinds(run(guide, Case(), said, calm))
    for case, understanding in ((Case(), angry), (Case(history=["来过"]), calm)):
        assert "self_service" not in [kind for kind, _ in kinds(run(guide, case, said, understanding))]


def test_responsibility_is_cited_as_it_stood_at_the_time_of_order(guide: Guide, catalog: Catalog) -> None:
    said = customer("没发货不想要了")
    before = Case(issue_type="trade.refund", order_time=NOW.replace(year=2020))
    guided = run(guide, before, said, understood(said))
    assert guided.guidance is not None
    assert guided.guidance.responsibility == []
    guided = run(guide, Case(issue_type="trade.refund"), said, understood(said))
    assert guided.guidance is not None
    assert guided.guidance.responsibility
    assert guided.guidance.record_effect
    assert guided.guidance.closing_checks


def test_the_same_call_says_the_same(guide: Guide) -> None:
    said = customer("卖家一直不发货")
    once = run(guide, Case(), said, understood(said, SHIP))
    assert run(guide, Case(), said, understood(said, SHIP)) == once


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(
        st.text(max_size=60) | st.sampled_from(["\u202e钱呢\u200b", "😀😀", "\x00", "没" * 4000]), max_size=6
    ),
    roles=st.lists(st.sampled_from(["customer", "agent", "system"]), min_size=6, max_size=6),
    names=st.lists(st.text(min_size=1, max_size=20), max_size=3),
)
def test_odd_input_gets_a_sane_answer(guide: Guide, texts: list[str], roles: list[str], names: list[str]) -> None:
    said = [Message.model_validate({"role": role, "text": text}) for role, text in zip(roles, texts, strict=False)]
    case = Case(steps_done=done(*names), evidence=names, authority="nobody", opened_at=NOW.astimezone(CHINA))
    guided = run(guide, case, said, understood(said, SHIP))
    assert guided.flow is None or guided.actions
