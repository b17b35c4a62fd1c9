"""Which procedure: what the case says decides, then what speaks for each flow."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from kb_service.case import Case, IssueType, OfferMade, StepDone
from kb_service.catalog import Catalog
from kb_service.content import Content
from kb_service.guide.flow_choice import FlowChoice
from tests.kb_service.desk import real_catalog


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return real_catalog()


@pytest.fixture(scope="module")
def choice(catalog: Catalog) -> FlowChoice:
    return FlowChoice(catalog)


def chosen(
    choice: FlowChoice,
    query: str,
    case: Case | None = None,
    types: Sequence[IssueType] = (),
    answers: Sequence[tuple[str, float]] = (),
    signals: Collection[str] = (),
) -> str | None:
    flow = choice.choose(case or Case(), types, query, answers, signals)
    return flow.id.removeprefix("flow.") if flow else None


def test_no_flow_where_nothing_speaks_for_one(choice: FlowChoice, catalog: Catalog) -> None:
    assert chosen(choice, "") is None
    assert chosen(choice, "\u202e😀") is None
    without = Catalog(
        content=Content.model_validate(catalog.content.model_dump() | {"flows": (), "desk": {}}), points=()
    )
    assert chosen(FlowChoice(without), "卖家不发货") is None


def test_words_alone_find_the_procedure(choice: FlowChoice) -> None:
    assert chosen(choice, "约好上门取件，快递员一直没来") == "shipping.pickup"
    assert chosen(choice, "提现三天了还没到卡里") == "usage.withdraw-not-arrived"


def test_of_flows_that_share_a_type_the_conversation_decides(choice: FlowChoice) -> None:
    case = Case(issue_type="trade.refund")
    assert chosen(choice, "还没发货不想要了", case) == "refund.before-ship"
    assert chosen(choice, "显示退款成功，卡里没收到钱", case) == "refund.not-arrived"
    assert chosen(choice, "卖家拒绝了我的退款申请", case) == "refund.platform-intervention"


def test_an_answer_speaks_for_the_flow_that_it_belongs_to(choice: FlowChoice) -> None:
    types = [IssueType(id="account.fraud", label="", confidence=0.8)]
    assert chosen(choice, "这个怎么办", types=types, answers=[("account.fraud.threatened", 0.9)]) == "risk.harassment"
    assert (
        chosen(choice, "这个怎么办", types=types, answers=[("account.fraud.screen-share", 0.9)])
        == "risk.phishing-emergency"
    )


def test_the_issue_type_of_the_case_beats_the_words(choice: FlowChoice) -> None:
    assert chosen(choice, "提现三天了还没到卡里", Case(issue_type="logistics.pickup")) == "shipping.pickup"


def test_steps_and_offers_of_one_flow_pin_it(choice: FlowChoice) -> None:
    steps = Case(steps_done=[StepDone(id="race-ship")])
    assert chosen(choice, "提现三天了还没到卡里", steps) == "refund.before-ship"
    offers = Case(offers=[OfferMade(id="remote-unlock", outcome="refused")])
    assert chosen(choice, "提现三天了还没到卡里", offers) == "quality.device-lock-refurb"
    both = Case(issue_type="trade.refund", steps_done=[StepDone(id="soothe"), StepDone(id="check-status")])
    assert chosen(choice, "不知道", both) == "refund.not-arrived"


def test_ids_that_no_flow_has_pin_nothing(choice: FlowChoice) -> None:
    case = Case(steps_done=[StepDone(id="no-such-step")], evidence=["no-such-proof"])
    assert chosen(choice, "提现三天了还没到卡里", case) == "usage.withdraw-not-arrived"


def test_a_signal_speaks_for_the_flow_that_names_it(choice: FlowChoice) -> None:
    types = [IssueType(id="usage.system", label="", confidence=0.5)]
    assert chosen(choice, "付款页打开是空白的", types=types) == "usage.system-incident"
    assert chosen(choice, "付款页空白，群里大家都一样", types=types, signals={"group"}) == "desk.incident"
