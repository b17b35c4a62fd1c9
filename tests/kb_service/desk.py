"""The real content as a catalog without an index, and cases by hand: what the tests of guidance stand on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from ingest.check import checked_content
from ingest.render import render_content
from kb_service.case import (
    CaseFact,
    FactType,
    Feeling,
    Incident,
    IssueType,
    Message,
    Priority,
    TextSpan,
    Understanding,
)
from kb_service.catalog import Catalog
from kb_service.records import CHINA, Emotion
from tests.conftest import ROOT

NOW = datetime(2026, 11, 23, 15, tzinfo=CHINA)


@lru_cache(maxsize=1)
def real_catalog() -> Catalog:
    """The published content's records; nothing can be searched in it."""
    return Catalog(content=render_content(checked_content(ROOT / "content")), points=())


def customer(*texts: str) -> list[Message]:
    return [Message(role="customer", text=text) for text in texts]


def agent(text: str) -> Message:
    return Message(role="agent", text=text)


def image(text: str) -> Message:
    return Message(role="customer", kind="image", text=text)


def fact(kind: FactType, text: str, value: str, messages: Sequence[Message], message: int = 0) -> CaseFact:
    """A fact where `text` stands in a message."""
    start = messages[message].text.index(text)
    return CaseFact(
        type=kind, text=text, value=value, span=TextSpan(message=message, start=start, end=start + len(text))
    )


def understood(
    messages: Sequence[Message],
    *types: str,
    emotion: Emotion = "calm",
    facts: Sequence[CaseFact] = (),
    slots: dict[str, str] | None = None,
) -> Understanding:
    """An understanding with these issue types, best first."""
    return Understanding(
        effective_query=" ".join(message.text for message in messages),
        script="simplified",
        party=None,
        issue_types=[IssueType(id=name, label=name, confidence=0.9 - n / 10) for n, name in enumerate(types)],
        wish=None,
        emotion=Feeling(label=emotion, score=0.8),
        facts=list(facts),
        personal_data=[],
        slots=slots or {},
        missing_slots=[],
        priority=Priority(level="P3", score=0, reasons=[]),
        overridden=[],
    )


def incident(flow: str, notice: str = "") -> Incident:
    return Incident(
        issue_type="usage.system",
        label="系统故障",
        cases=6,
        window_minutes=30,
        first_seen=NOW,
        last_seen=NOW,
        usual=0.4,
        samples=[],
        flow=flow,
        notice=notice,
    )
