"""Reply templates: which come, in which order, and how their blanks are filled."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ingest.check import checked_content
from kb_service.catalog import Catalog
from kb_service.content import Audience, Party, Taxonomy, Template
from kb_service.contract import Case, MissingSlot
from kb_service.index import Scope
from kb_service.reply import choose_templates, fill
from tests.conftest import SMALL

NOW = datetime(2026, 11, 23, tzinfo=UTC)

CONTENT = checked_content(SMALL)


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


def chosen(
    *templates: Template,
    linked: tuple[str, ...] = (),
    issue_types: tuple[str, ...] = ("trade.refund",),
    case: Case | None = None,
    audience: Audience = "agent",
    exclude: tuple[str, ...] = (),
) -> list[str]:
    catalog = Catalog(content=CONTENT.model_copy(update={"templates": templates}), points=())
    scope = Scope(audience, NOW, NOW)
    return [found.id for found in choose_templates(catalog, linked, issue_types, case or Case(), scope, exclude)]


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
    assert chosen(*three, case=Case(party=party)) == visible
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


# ── blanks

ORDER = MissingSlot(slot="order_id", label="订单编号", type="order_no", ask="请提供订单编号。")
AMOUNT = MissingSlot(slot="refund_amount", label="退款金额", type="amount", ask="请问退多少？")
TAXONOMY: Taxonomy = CONTENT.taxonomy
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
    found = fill(TWO_BLANKS, "neutral", slots, TAXONOMY, "r1")
    assert found.text == "订单 【订单编号】 退 【退款金额】，单号 【订单编号】。"
    assert (found.sendable, found.filled, found.missing_slots) == (False, {}, [ORDER, AMOUNT])


def test_one_blank_left_is_still_not_sendable() -> None:
    found = fill(TWO_BLANKS, "neutral", {"order_id": "A1"}, TAXONOMY, "r1")
    assert found.text == "订单 A1 退 【退款金额】，单号 A1。"
    assert (found.sendable, found.filled, found.missing_slots) == (False, {"order_id": "A1"}, [AMOUNT])


def test_a_full_reply_is_sendable_and_names_only_what_it_used() -> None:
    slots = {"order_id": " A1 ", "refund_amount": "12.50", "tracking_no": "SF1"}
    found = fill(TWO_BLANKS, "neutral", slots, TAXONOMY, "r1")
    assert found.text == "订单 A1 退 12.50，单号 A1。"
    assert (found.sendable, found.missing_slots) == (True, [])
    assert found.filled == {"order_id": "A1", "refund_amount": "12.50"}
    assert (found.id, found.record_id, found.title, found.tone) == ("tpl.two", "r1", "两个空", "neutral")


@pytest.mark.parametrize("value", ["{{slot:refund_amount}}", r"\1\g<0>", "【订单编号】"])
def test_what_the_case_says_is_written_out_as_it_is(value: str) -> None:
    found = fill(TWO_BLANKS, "neutral", {"order_id": value, "refund_amount": "1"}, TAXONOMY, "r1")
    assert found.text == f"订单 {value} 退 1，单号 {value}。"
    assert found.filled["order_id"] == value


def test_a_tone_that_is_not_written_falls_back_to_neutral() -> None:
    assert fill(TWO_BLANKS, "soothing", {}, TAXONOMY, "r1").tone == "neutral"
    firm = fill(TWO_BLANKS, "firm", {}, TAXONOMY, "r1")
    assert (firm.tone, firm.text, firm.sendable) == ("firm", "请等待。", True)
