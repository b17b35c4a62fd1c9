"""Clauses are cited by full name, in the wording of their time, to whoever may see them."""

from __future__ import annotations

from datetime import datetime

import pytest

from kb_service.catalog import Catalog
from kb_service.citations import cite, clause_title, named_clauses
from kb_service.index import Scope
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA, Audience

START = datetime(2025, 3, 1, tzinfo=CHINA)  # of the whole policy
TURN = datetime(2026, 3, 1, tzinfo=CHINA)  # the second wording takes over at this moment
NOW = datetime(2026, 11, 23, tzinfo=CHINA)


def scope(clause_time: datetime, audience: Audience = "public") -> Scope:
    return Scope(audience, NOW, clause_time)


def test_what_does_not_exist_is_not_cited(knowledge: Knowledge) -> None:
    assert cite(knowledge.catalog, "trade-rules#gone", scope(NOW)) is None
    assert cite(knowledge.catalog, "gone#ship-window", scope(NOW)) is None


@pytest.mark.parametrize(("audience", "visible"), [("public", False), ("agent", True), ("senior", True)])
def test_a_rule_above_the_reader_is_not_cited(knowledge: Knowledge, audience: Audience, visible: bool) -> None:
    content = knowledge.catalog.content
    policies = tuple(policy.model_copy(update={"audience": "agent"}) for policy in content.policies)
    inner = Catalog(content=content.model_copy(update={"policies": policies}), points=())
    assert (cite(inner, "trade-rules#arrival", scope(NOW, audience)) is not None) is visible


@pytest.mark.parametrize(
    ("at", "hours"),
    [(datetime(2026, 2, 28, 23, 59, 59, tzinfo=CHINA), "72 小时"), (TURN, "48小时"), (NOW, "48小时")],
)
def test_the_wording_of_the_time_is_cited_to_the_second(knowledge: Knowledge, at: datetime, hours: str) -> None:
    found = cite(knowledge.catalog, "trade-rules#ship-window", scope(at))
    assert found is not None
    assert hours in found.text
    assert (found.valid_from, found.valid_until) == ((START, TURN) if hours == "72 小时" else (TURN, None))


def test_another_moment_may_be_asked_for(knowledge: Knowledge) -> None:
    found = cite(knowledge.catalog, "trade-rules#ship-window", scope(NOW), at=datetime(2026, 1, 1, tzinfo=CHINA))
    assert found is not None
    assert "72 小时" in found.text


def test_a_clause_is_named_in_full(knowledge: Knowledge) -> None:
    policy, clause = knowledge.catalog.clauses["trade-rules#arrival"][0]
    assert clause_title(policy, clause) == "《交易规则》第2条 到账时间"
    found = cite(knowledge.catalog, "trade-rules#arrival", scope(NOW))
    assert found is not None
    assert (found.policy, found.clause, found.title) == (
        "trade-rules",
        "trade-rules#arrival",
        "《交易规则》第2条 到账时间",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第2条怎么说", []),  # of which rule book?
        ("交易规则怎么说", []),
        ("交易规则第9条", []),
        ("交易规则第2条", ["trade-rules#arrival"]),
        ("《交易规则》第 二 条和第一条", ["trade-rules#arrival", "trade-rules#ship-window"]),
        ("交易規則第２條", ["trade-rules#arrival"]),
        ("交易规则第二条之一", []),
    ],
)
def test_named_clauses(knowledge: Knowledge, text: str, expected: list[str]) -> None:
    assert named_clauses(knowledge.catalog, text) == expected
