"""The contract of review, ticket note and queue: what callers send and what they get.

Offsets count Unicode code points. Times carry an offset; a time without one is Beijing time.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from kb_service.case import (
    MAX_MESSAGES,
    Case,
    CaseFact,
    Clocks,
    Contract,
    EvidenceGap,
    Feeling,
    Id,
    Incident,
    IssueType,
    Level,
    Message,
    OfferMade,
    Reason,
    StepDone,
    Text,
    Wish,
)
from kb_service.contract import Citation
from kb_service.records import Audience, Moment

MAX_CASES = 100  # of a queue


class ReviewRequest(Contract):
    """A draft that an agent is about to send, and the case that it belongs to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "draft": "您放心，客服介入后12小时内一定退给您，麻烦把银行卡号发我一下。",
                    "case": {"party": "buyer", "emotion": "angry"},
                    "messages": [{"role": "customer", "text": "都几天了钱还没退，你们到底管不管"}],
                }
            ]
        }
    )

    draft: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
    messages: list[Message] = Field(
        default_factory=list, max_length=MAX_MESSAGES, description="The conversation, oldest first."
    )
    case: Case = Field(default_factory=Case)
    audience: Audience = Field(default="agent", description="Level of whoever sends the draft.")
    as_of: Moment | None = Field(default=None, description="Review as of this moment. Default: now.")


Severity = Literal["error", "warning"]
Support = Literal["supported", "contradicted", "unknown"]
ReviewRule = Literal[
    "forbidden_wording",
    "risky_wording",
    "private_data_request",
    "contradicted_promise",
    "unsupported_promise",
    "unfilled_slot",
    "other_party_data",
    "tone",
]


class Finding(Contract):
    """A defect of a draft; [start, end) are code points of the draft."""

    rule: ReviewRule
    severity: Severity
    start: int
    end: int
    text: str
    reason: str
    remedy: str


class Commitment(Contract):
    """Something that the draft promises, and whether a fact or clause bears it out."""

    start: int
    end: int
    text: str
    kind: Literal["deadline", "amount", "outcome"]
    status: Support
    fact: str | None = Field(default=None, description="Id of the fact that it was held against.")
    expected: str | None = Field(default=None, description="What that fact says.")
    citation: Citation | None = None
    due: Moment | None = Field(default=None, description="The deadline that sending the draft creates.")


class ReviewResponse(Contract):
    """`sendable` is false when a finding is an error."""

    kb_version: str
    sendable: bool
    findings: list[Finding]
    commitments: list[Commitment]
    timings: dict[str, float] = Field(description="Milliseconds by step.")


class NoteRequest(Contract):
    """A case to be written up for the ticket system."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "messages": [
                        {"role": "customer", "text": "付完钱七天了卖家一直不发货，我要退款，电话13812345678"},
                        {"role": "agent", "text": "我替您催一下卖家，今晚八点前给您答复。"},
                    ],
                    "case": {
                        "id": "T-20261123-0001",
                        "party": "buyer",
                        "opened_at": "2026-11-23T14:00:00+08:00",
                        "promises": [{"text": "今晚八点前答复", "due": "2026-11-23T20:00:00+08:00"}],
                    },
                    "result": "已催促卖家，等待发货",
                    "as_of": "2026-11-23T15:00:00+08:00",
                }
            ]
        }
    )

    messages: list[Message] = Field(min_length=1, max_length=MAX_MESSAGES)
    case: Case = Field(default_factory=Case)
    result: Annotated[str, StringConstraints(max_length=1_000)] = ""
    audience: Literal["agent", "senior"] = "agent"
    as_of: Moment | None = None


class NotePromise(Contract):
    """A promise of the case and how it stands at the time of the note."""

    text: str
    due: Moment | None
    status: Literal["open", "overdue"]


class NoteResponse(Contract):
    """The structured note; personal data is masked everywhere. `text` is the same in Chinese, ready to paste."""

    kb_version: str
    case_id: str | None
    issue_types: list[IssueType]
    wish: Wish | None
    emotion: Feeling
    level: Level
    facts: list[CaseFact]
    evidence: list[str] = Field(description="Proofs that are there.")
    evidence_gaps: list[EvidenceGap]
    steps: list[StepDone]
    offers: list[OfferMade]
    promises: list[NotePromise]
    result: str
    next_deadline: Moment | None
    text: str


class QueueCase(Contract):
    """An open case. Either `query` or `messages`."""

    id: Id
    query: Text | None = None
    messages: list[Message] = Field(default_factory=list, max_length=MAX_MESSAGES)
    case: Case = Field(default_factory=Case)
    answered: bool = Field(default=False, description="Whether an agent has answered at all.")

    @model_validator(mode="after")
    def _one_source(self) -> QueueCase:
        if (self.query is None) == (not self.messages):
            raise ValueError("query 和 messages 必须且只能给一个；对话用 messages，单个问题用 query")
        return self


class QueueRequest(Contract):
    """All open cases of a shift. Returns in which order to take them, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cases": [
                        {"id": "T-1", "query": "卖家一直不发货，能退钱吗"},
                        {
                            "id": "T-2",
                            "messages": [{"role": "customer", "text": "我的账号被别人登录了"}],
                            "case": {"opened_at": "2026-11-23T14:59:00+08:00", "emotion": "anxious"},
                        },
                    ],
                    "staff": 2,
                    "handling_minutes": 6,
                    "as_of": "2026-11-23T15:00:00+08:00",
                }
            ]
        }
    )

    cases: list[QueueCase] = Field(min_length=1, max_length=MAX_CASES)
    staff: int = Field(default=1, ge=1, le=10_000, description="Agents on shift.")
    handling_minutes: float = Field(default=6, gt=0, le=600, description="Minutes that one case takes one agent.")
    as_of: Moment | None = None


class QueuePlace(Contract):
    """A case's place in the queue and why it stands there."""

    id: str
    place: int
    level: Level
    score: float
    reasons: list[Reason]
    issue_type: str | None
    wait_minutes: float = Field(description="Time until an agent is free for it, at this backlog and staff.")
    clocks: Clocks


class QueueResponse(Contract):
    """Cases in the order in which they should be taken; bursts of like cases."""

    kb_version: str
    backlog: int
    places: list[QueuePlace]
    incidents: list[Incident]
