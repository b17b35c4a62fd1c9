"""What is kept of a suggest call, and of what people said of it afterwards. Personal data is masked already.

One `Asked` is one line of a JSONL export (`model_dump_json`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kb_service.contract import Status
from kb_service.records import Audience, Moment, Party, Record

OfferedAs = Literal["faq", "policy", "template", "related", "case"]
Event = Literal["shown", "copied", "sent", "edited", "rejected", "resolved"]


class Offered(Record):
    """An entry of the knowledge base in one suggestion: answers best first, templates, related questions, cases."""

    entry: str
    kind: OfferedAs = Field(description="An answer's kind, or the list that the entry stood in.")
    confidence: float | None = Field(default=None, description="Of an answer, 0..1; None for the others.")


class Feedback(Record):
    """What somebody did with one offered entry, or thought of it."""

    event: Event
    entry: str
    reason: str = ""
    at: Moment
    final_text: str = Field(default="", description="What was sent in the end.")
    csat: Annotated[int, Field(ge=1, le=5)] | None = Field(default=None, description="The customer's mark.")


class Asked(Record):
    """One suggest call, and the feedback to it, oldest first."""

    id: str = Field(description="The suggestion_id.")
    at: Moment
    kb_version: str
    status: Status
    query: str = Field(description="What was searched for.")
    confidence: float | None = Field(description="Of the best entry, offered or held back; None if there was none.")
    issue_type: str | None
    answers: tuple[Offered, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    stage: str | None = None
    channel: str | None = None
    party: Party | None = None
    audience: Audience = "agent"
