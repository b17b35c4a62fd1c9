"""Where a case stands: pictures as proofs, what is withheld, amounts that call for a higher level."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb_service.case import Case, CaseFact, Message, OfferMade, StepDone
from kb_service.catalog import Catalog
from kb_service.guide.progress import Progress, read_progress
from kb_service.text import fold_aligned
from tests.kb_service.desk import agent, customer, fact, image, real_catalog, understood

LACKS = re.compile("没有|截不了|找不到").search


def signals_of(text: str) -> frozenset[str]:
    return frozenset({"refusal"} if "不行" in text else ())


def progress(flow: str, said: Sequence[Message], case: Case | None = None, facts: Sequence[CaseFact] = ()) -> Progress:
    catalog: Catalog = real_catalog()
    content = catalog.content
    known = understood(said, facts=facts)
    flow_ = catalog.flows[f"flow.{flow}"]
    return read_progress(flow_, content.taxonomy.slots, case or Case(), said, known, signals_of, LACKS, content.facts)


def test_nothing_is_known_of_an_empty_conversation() -> None:
    found = progress("quality.not-as-described", [])
    assert (found.party, found.answered) == ("buyer", False)
    assert not found.known | found.evidence | found.done


def test_a_picture_is_the_proof_that_was_asked_for() -> None:
    said = [*customer("桌子有划痕"), agent("请拍一张问题部位近照"), image("木纹 划痕")]
    assert progress("quality.not-as-described", said).evidence == {"flaw-photo"}


def test_a_picture_that_shows_nothing_known_is_the_first_proof_missing() -> None:
    assert progress("quality.not-as-described", [*customer("桌子有划痕"), image("")]).evidence == {"overall-photo"}


def test_a_picture_that_answers_a_question_is_no_proof() -> None:
    said = [*customer("账号冻了"), agent("请看下站内信里写的原因"), image("请提交商品来源与发货凭证")]
    assert progress("account.freeze-review", said, Case(party="seller")).evidence == set()


def test_once_the_tool_lists_proofs_older_pictures_are_left_to_it() -> None:
    said = [*customer("桌子有划痕"), image("整体照"), agent("收到"), *customer("好")]
    assert progress("quality.not-as-described", said, Case(evidence=["flaw-photo"])).evidence == {"flaw-photo"}


def test_what_cannot_be_given_is_withheld_not_present() -> None:
    said = [*customer("取件没来"), agent("麻烦截一下寄件订单的页面"), *customer("截不了图")]
    found = progress("shipping.pickup", said, Case(party="seller"))
    assert found.evidence == set()
    assert found.withheld == {"send-order"}


def test_the_first_step_at_reception_is_done_once_the_agent_has_spoken() -> None:
    assert progress("desk.verify", customer("查余额")).done == set()
    assert progress("desk.verify", [*customer("查余额"), agent("好的")]).done == {"need"}  # `match` is reception too


def test_an_amount_that_reaches_the_limit_is_noted() -> None:
    said = customer("被转走了6000元")
    reached = progress("account.theft", said, facts=[fact("amount", "6000元", "6000", said)])
    below = progress("account.theft", said, facts=[fact("amount", "6000元", "4999", said)])
    assert ("supervisor" in [one.to for one in reached.earlier_shown], below.earlier_shown) == (True, ())
    odd = progress("account.theft", said, facts=[fact("amount", "6000元", "5000-6000", said)])
    assert odd.earlier_shown == ()


def test_a_refusal_counts_while_an_offer_is_open() -> None:
    said = [*customer("没发货"), agent("替您催"), *customer("不行")]
    none, offered = Case(), Case(offers=[OfferMade(id="urge")])
    accepted = Case(offers=[OfferMade(id="urge", outcome="accepted")])
    found = [progress("shipping.not-shipped", said, case).rejects for case in (none, offered, accepted)]
    assert found == [False, True, False]


def test_solutions_are_on_the_table_from_the_resolving_steps_on() -> None:
    said = customer("没发货")
    steps = [Case(steps_done=[StepDone(id=name)]) for name in ("check-window", "overdue-guide")]
    assert [progress("shipping.not-shipped", said, case).resolving for case in steps] == [False, True]


def test_text_is_folded_in_place() -> None:
    said = customer("賣家一直不發貨，訂單２０２６１１０３０００１８８４２")
    assert fold_aligned(said[0].text).startswith("卖家一直不发货")
    assert "problem_desc" in progress("shipping.not-shipped", said).known
