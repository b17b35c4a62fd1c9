"""Scripted cases: read strictly, run turn by turn, misses named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.guidance import evaluate_guidance, read_scripts
from kb_service.case import Action, Guidance
from kb_service.contract import SuggestRequest, SuggestResponse
from kb_service.errors import KnowledgeBaseError

SCRIPT = {
    "id": "guide-1",
    "flow": "flow.a",
    "turns": [
        {"messages": [{"role": "customer", "text": "你好"}], "expect": [{"type": "ask", "id": "order_id"}]},
        {
            "messages": [{"role": "agent", "text": "单号？"}, {"role": "customer", "text": "8"}],
            "case": {"refused": ["urge"], "steps_done": ["look"]},
            "expect": [{"type": "step", "id": "look"}, {"type": "close", "id": "closing"}],
        },
    ],
}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def respond(request: SuggestRequest) -> SuggestResponse:
    """Asks for the order number at first, then wants to close; it says that the flow is `flow.a`, then `flow.b`."""
    start = len(request.messages) == 1
    action = Action(type="ask", id="order_id", label="", text="") if start else _CLOSE
    guidance = Guidance(
        flow="flow.a" if start else "flow.b",
        title="",
        stage="",
        evidence_gaps=[],
        departments=[],
        responsibility=[],
        record_effect=[],
        closing_checks=[],
        follow_up=None,
    )
    return SuggestResponse(
        suggestion_id="",
        kb_version="",
        status="answered",
        reason=None,
        degraded=[],
        timings={},
        actions=[action],
        guidance=guidance,
    )


_CLOSE = Action(type="close", id="closing", label="", text="")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "是空的"),
        ("{", "第 1 行有误"),
        ('{"id": "a", "flow": "b", "turns": []}', "第 1 行有误"),
        ("\udcff", "读不了评测集"),
    ],
)
def test_a_set_that_cannot_be_read_raises(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(KnowledgeBaseError, match=expected):
        read_scripts(path)
    with pytest.raises(KnowledgeBaseError, match="读不了评测集"):
        read_scripts(tmp_path / "none.jsonl")


def test_each_turn_sends_the_whole_conversation_so_far(tmp_path: Path) -> None:
    first, second = next(iter(read_scripts(write(tmp_path / "set.jsonl", SCRIPT)))).requests()
    assert [message.text for message in first.messages] == ["你好"]
    assert [message.text for message in second.messages] == ["你好", "单号？", "8"]
    assert [(offer.id, offer.outcome) for offer in second.case.offers] == [("urge", "refused")]


def test_shares_and_misses(tmp_path: Path) -> None:
    other = {**SCRIPT, "id": "guide-2", "flow": "flow.c", "turns": SCRIPT["turns"][:1]}
    found = evaluate_guidance(write(tmp_path / "set.jsonl", SCRIPT, other), respond)
    assert (found.turns, found.next_action) == (3, 1.0)
    assert found.flow == pytest.approx(1 / 3)
    assert found.by_flow == {"flow.a": 1.0, "flow.c": 1.0}
    assert [(miss.script, miss.turn, miss.flow, miss.found) for miss in found.misses] == [
        ("guide-1", 2, "flow.b", "close:closing"),
        ("guide-2", 1, "flow.a", "ask:order_id"),
    ]
