"""One entry in full."""

from __future__ import annotations

from datetime import datetime

import pytest

from kb_service.article import article
from kb_service.errors import EntryNotFound
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA

NOW = datetime(2026, 11, 23, tzinfo=CHINA)
OLD = datetime(2026, 1, 1, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("entry", "audience"),
    [
        ("no.such", "senior"),
        ("account.theft.fund-trace", "agent"),
        ("trade.activity.spring", "senior"),
        ("trade-rules#nothing", "agent"),
        ("tpl.refund.no-ship", "public"),
    ],
)
def test_what_is_not_there_or_not_for_this_reader_is_not_found(knowledge: Knowledge, entry: str, audience: str) -> None:
    with pytest.raises(EntryNotFound):
        article(knowledge, entry, audience, NOW)  # type: ignore[arg-type]


def test_an_faq(knowledge: Knowledge) -> None:
    found = article(knowledge, "trade.refund.no-ship", "public", NOW)
    assert (found.kind, found.title) == ("faq", "卖家一直不发货，怎么退款？")
    assert "内部备注" not in found.text
    assert found.citations[0].clause == "trade-rules#ship-window"
    assert found.related == ["trade.refund.bank-arrival"]


def test_a_policy_as_it_stands(knowledge: Knowledge) -> None:
    now, then = (article(knowledge, "trade-rules", "public", at) for at in (NOW, OLD))
    assert "48小时" in now.text
    assert "72 小时" not in now.text
    assert "72 小时" in then.text
    assert [clause.id for clause in now.clauses] == ["trade-rules#ship-window", "trade-rules#arrival"]


def test_a_clause_shows_every_wording(knowledge: Knowledge) -> None:
    found = article(knowledge, "trade-rules#ship-window", "public", NOW)
    assert (found.kind, found.title) == ("clause", "《交易规则》第1条 发货时限")
    assert "48小时" in found.text
    assert [version.in_force for version in found.clauses] == [True, False]


def test_a_template_and_a_flow(knowledge: Knowledge) -> None:
    template = article(knowledge, "tpl.refund.no-ship", "agent", NOW)
    assert set(template.tones) == {"neutral", "soothing"}
    flow = article(knowledge, "flow.refund.no-ship", "agent", NOW)
    assert flow.flow is not None
    assert flow.flow["steps"][0]["action"] == "发送退款路径，时限48小时。"  # type: ignore[index]
    assert "title" not in flow.flow
