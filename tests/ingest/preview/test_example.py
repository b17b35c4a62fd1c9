from __future__ import annotations

from datetime import datetime

import pytest

from ingest.preview.example import Blank, read_example
from kb_service.content import Slot, Taxonomy
from kb_service.errors import InvalidRequest
from kb_service.records import CHINA


@pytest.fixture
def taxonomy() -> Taxonomy:
    slots = {
        "order_id": Slot(label="订单编号", type="order_no", ask="？"),
        "order_time": Slot(label="下单时间", type="datetime", ask="？"),
        "reason": Slot(label="原因", type="text", ask="？"),
    }
    names = ("issue_types", "stages", "parties", "audiences", "roles", "departments", "tones", "channels", "purposes")
    return Taxonomy.model_validate({name: {} for name in (*names, "product_categories")} | {"slots": slots})


def test_a_slot_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"^case\.slots\.reason：太长（最多 500 个字"):
        read_example({}).request("退款", [Blank("reason", "原因", "很" * 501)])


def test_a_party_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"^case\.party："):
        read_example({"party": "carrier"}).request("退款")


def test_without_a_form_samples_stand_in(taxonomy: Taxonomy) -> None:
    example = read_example({"as_of": "2026-03-04"})
    assert example.at() == datetime(2026, 3, 4, tzinfo=CHINA)
    assert example.ordered() == "2026-03-01"
    assert example.blanks(["order_id", "order_time", "reason", "order_id"], taxonomy) == [
        Blank("order_id", "订单编号", "2026112300012345"),
        Blank("order_time", "下单时间", "2026-03-01 10:00"),
        Blank("reason", "原因", ""),
    ]


def test_what_the_form_says_counts_even_if_it_is_empty(taxonomy: Taxonomy) -> None:
    example = read_example({"order_time": "", "slot.order_id": "", "slot.reason": "没发货", "party": "buyer"})
    assert example.ordered() == ""
    blanks = example.blanks(["order_id", "reason"], taxonomy)
    assert blanks == [Blank("order_id", "订单编号", ""), Blank("reason", "原因", "没发货")]
    request = example.request("退款", blanks)
    assert (request.case.order_time, request.case.party, request.case.slots) == (None, "buyer", {"reason": "没发货"})


def test_a_link_keeps_the_form() -> None:
    example = read_example({"as_of": "2026-03-04", "slot.order_id": "", "order_time": ""})
    expected = "/entry/a?audience=public&as_of=2026-03-04&slot.order_id=&order_time="
    assert example.link("/entry/a", audience="public") == expected
