"""The ticket note: complete, in its fixed order, personal data masked everywhere."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb_service.case import Case, Clocks, OfferMade, Promise, StepDone, Wish
from kb_service.catalog import Catalog
from kb_service.guide.note import QUOTED, Edition, write_note
from kb_service.guide.procedure import Guide, Guided
from tests.kb_service.desk import NOW, agent, customer, fact, real_catalog, understood

PHONE = "13812348000"


def mask(text: str) -> str:
    return re.sub(r"(?<!\d)(\d{3})\d{4}(\d{4})(?!\d)", r"\1****\2", text)


def edition(catalog: Catalog) -> Edition:
    return Edition("v1", catalog.content.taxonomy, mask)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return real_catalog()


@pytest.fixture(scope="module")
def guide(catalog: Catalog) -> Guide:
    return Guide(catalog)


def test_an_empty_case_gives_every_heading(catalog: Catalog) -> None:
    said = customer("")
    note = write_note(edition(catalog), Case(), said, understood(said), Guided(None, [], None), NOW)
    assert note.text.splitlines() == [
        "【客户诉求】无",
        "【问题类型】无（优先级 P3，情绪：平静）",
        "【关键信息】无",
        "【证据】无",
        "【处理经过】无",
        "【方案与承诺】无",
        "【结果】处理中",
        "【下一时限】无",
    ]
    assert note.next_deadline is None
    assert note.evidence_gaps == []


def test_a_full_case(catalog: Catalog, guide: Guide) -> None:
    said = [*customer(f"卖家一直不发货，我电话{PHONE}，三天前付的"), agent("好的")]
    case = Case(
        id="C-1",
        party="buyer",
        issue_type="trade.no-ship",
        slots={"order_id": "2026102800033419", "problem_desc": f"卖家不发货，联系 {PHONE}"},
        evidence=["seller-words"],
        steps_done=[
            StepDone(id="check-window", operator="0721", at=NOW - timedelta(minutes=5), reason=f"客户 {PHONE} 催")
        ],
        offers=[OfferMade(id="urge", outcome="refused")],
        promises=[
            Promise(text=f"回电 {PHONE}", due=NOW + timedelta(hours=2)),
            Promise(text="昨天给答复", due=NOW - timedelta(hours=2)),
        ],
    )
    understanding = understood(
        said, "trade.no-ship", emotion="angry", facts=[fact("duration", "三天", "P3D", said)], slots=case.slots
    ).model_copy(update={"wish": Wish(id="ship", label="催发货", confidence=0.9)})
    flow = guide.flow(case, [], understanding.effective_query)
    guided = guide.guide(flow, case, said, understanding, (), NOW)
    clocks = Clocks(first_response_due=None, resolve_due=NOW + timedelta(hours=9), overdue=[])
    note = write_note(edition(catalog), case, said, understanding, guided, NOW, clocks, f"已告知 {PHONE}")
    assert note.text.splitlines() == [
        "【客户诉求】催发货；卖家不发货，联系 138****8000",
        "【问题类型】trade.no-ship（优先级 P3，情绪：愤怒）",
        "【关键信息】订单编号：2026102800033419；三天",
        "【证据】已有：卖家说没货、加价、让改退款原因的聊天记录",
        "【处理经过】核对时限和例外（2026-11-23 14:55，0721，原因：客户 138****8000 催）",
        "【方案与承诺】催发货（客户拒绝）；承诺：回电 138****8000，2026-11-23 17:00 前；"
        "承诺：昨天给答复，2026-11-23 13:00 前，已逾期",
        "【结果】已告知 138****8000",
        "【下一时限】2026-11-23 17:00",
    ]
    assert [promise.status for promise in note.promises] == ["open", "overdue"]
    assert PHONE not in note.model_dump_json()


def test_long_words_are_masked_before_they_are_cut(catalog: Catalog) -> None:
    said = customer("啊" * (QUOTED - 5) + PHONE + "再说一句")
    note = write_note(edition(catalog), Case(), said, understood(said), Guided(None, [], None), NOW)
    assert "【客户诉求】" + "啊" * (QUOTED - 5) + "138**…" in note.text


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=200), reason=st.text(max_size=50), name=st.text(min_size=1, max_size=20))
def test_odd_input_is_written_down(catalog: Catalog, text: str, reason: str, name: str) -> None:
    said = customer(text)
    case = Case(steps_done=[StepDone(id=name, reason=reason)], evidence=[name], offers=[OfferMade(id=name)])
    note = write_note(edition(catalog), case, said, understood(said), Guided(None, [], None), NOW)
    assert note.text.startswith("【客户诉求】")
