"""What a conversation has yielded of the slots: stated, answered, declined."""

from __future__ import annotations

import re

from kb_service.case import CaseFact, Message
from kb_service.content import Slot, SlotRequest
from kb_service.guide.talk import Talk, Turn, known_slots
from kb_service.text import fold_aligned
from tests.kb_service.desk import agent, customer, fact

SLOTS = {
    "order_id": Slot(label="订单编号", type="order_no", ask="订单编号？", asked_by=("订单(?:编号|号)",)),
    "sign_time": Slot(label="签收时间", type="datetime", ask="几时签收？", asked_by=("签收",), near=("收到|签收|拿",)),
    "nickname": Slot(label="昵称", type="text", ask="昵称？", asked_by=("昵称",), said_by=("昵称(?:是|叫)",)),
    "item": Slot(label="商品", type="text", ask="哪件？", facts=("goods",), asked_by=("哪件",)),
}
LACKS = re.compile("没有|不知道|找不到").search


def known(wanted: str, said: list[Message], *facts: CaseFact, said_by: tuple[str, ...] = ()) -> str:
    """`known`, `declined` or `open`."""
    turns = [Turn(n, one.role, fold_aligned(one.text), one.kind == "image") for n, one in enumerate(said)]
    request = SlotRequest(slot=wanted, said_by=said_by)
    have, declined = known_slots([request], SLOTS, (), Talk(turns, facts, LACKS))
    return "known" if wanted in have else "declined" if wanted in declined else "open"


def test_nothing_is_known_of_silence() -> None:
    assert known("order_id", []) == "open"
    assert known("nickname", [agent("请问昵称是？")]) == "open"


def test_a_typed_slot_is_known_from_a_fact_of_its_type() -> None:
    said = customer("订单2026110300018842 没收到")
    assert known("order_id", said) == "open"
    assert known("order_id", said, fact("order_no", "2026110300018842", "2026110300018842", said)) == "known"


def test_a_fact_counts_only_near_the_slots_own_words() -> None:
    bought, got = customer("前天付的钱"), customer("前天收到的")
    assert known("sign_time", bought, fact("time", "前天", "2026-11-21", bought)) == "open"
    assert known("sign_time", got, fact("time", "前天", "2026-11-21", got)) == "known"


def test_an_answer_needs_no_such_words() -> None:
    said = [agent("哪天签收的？"), *customer("前天，没确认呢")]
    assert known("sign_time", said, fact("time", "前天", "2026-11-21", said, 1)) == "known"
    assert known("sign_time", [agent("哪天签收的？"), *customer("11-21")]) == "known"
    assert known("sign_time", [agent("哪天签收的？"), *customer("你猜")]) == "open"


def test_words_answer_a_question_for_words_unless_they_decline() -> None:
    assert known("nickname", [agent("会员昵称是？"), *customer("山里的风铃")]) == "known"
    assert known("nickname", [agent("会员昵称是？"), *customer("不知道哎")]) == "declined"
    assert known("nickname", customer("我昵称叫山里的风铃")) == "known"
    assert known("nickname", customer("山里的风铃")) == "open"


def test_a_slot_may_name_the_kind_of_fact_that_states_it() -> None:
    said = customer("旧相机镜头没了")
    assert known("item", said, fact("goods", "相机镜头", "相机镜头", said)) == "known"


def test_what_a_flow_itself_asks_for_replaces_the_slots_own_patterns() -> None:
    said = customer("旧相机没了")
    camera = fact("goods", "相机", "相机", said)
    assert known("item", said, camera, said_by=("[a-z]+\\d+",)) == "open"
    assert known("item", customer("星澜P11"), said_by=("[a-z]+\\d+",)) == "known"


def test_the_last_question_counts() -> None:
    said = [agent("昵称？"), *customer("不知道"), agent("再想想，昵称？"), *customer("想起来了，风铃")]
    assert known("nickname", said) == "known"
