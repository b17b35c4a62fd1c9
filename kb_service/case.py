"""The contract's case side: what a caller says of a case, and what the service makes of it.

Offsets count Unicode code points of one message; `message` is its place in the request (a `query` is message 0).
Times carry an offset; a time without one is Beijing time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from kb_service.records import Emotion, Moment, Party, SlotType

MAX_TEXT = 8_000  # characters
MAX_MESSAGES = 200

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=160)]
Level = Literal["P0", "P1", "P2", "P3"]
Script = Literal["simplified", "traditional", "mixed", "latin", "other"]
FactType = Literal["order_no", "tracking_no", "amount", "time", "duration", "goods", "condition", "phone_tail"]
PersonalType = Literal["id_card", "bank_card", "phone", "email", "wechat", "address"]
ActionType = Literal[
    "ask", "evidence", "step", "wait", "offer", "self_service", "handover", "escalate", "notify", "follow_up", "close"
]


class Contract(BaseModel):
    """Strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(Contract):
    """One turn of the conversation."""

    role: Literal["customer", "agent", "system"]
    text: Annotated[str, StringConstraints(max_length=4_000)] = Field(
        default="", description="What was said; for voice the transcript, for image the recognised text."
    )
    ts: Moment | None = Field(default=None, description="When it was said.")
    kind: Literal["text", "voice", "image"] = "text"
    picture: str | None = Field(
        default=None,
        description="For image: PNG, JPEG or WebP, base64, up to 1.5 MiB and 12 megapixels, four a request. "
        "Its text is read and put behind `text`.",
    )

    @model_validator(mode="after")
    def _picture_is_an_image(self) -> Message:
        if self.picture is not None and self.kind != "image":
            raise ValueError("带 picture 的消息 kind 必须是 image")
        return self


class StepDone(Contract):
    """A step of the flow that has been taken."""

    id: Id
    operator: Id | None = None
    at: Moment | None = None
    reason: Annotated[str, StringConstraints(max_length=500)] = ""


class OfferMade(Contract):
    """An offer of the flow's ladder that has been put to the customer."""

    id: Id
    outcome: Literal["offered", "accepted", "refused"] = "offered"
    at: Moment | None = None


class Promise(Contract):
    """Something an agent has promised, with the moment it falls due."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    due: Moment | None = None


class Case(Contract):
    """What the agent tool knows of the case. All optional. What is set here wins over what is understood."""

    id: Id | None = Field(default=None, description="The tool's own case id; tells cases apart when counting bursts.")
    stage: Id | None = Field(default=None, description="Stage id of the taxonomy; templates of this stage come first.")
    party: Party | None = Field(default=None, description="Who is asking. Hides what concerns the other party only.")
    channel: Id | None = Field(default=None, description="Channel id; templates written for it come first.")
    issue_type: Id | None = Field(default=None, description="Issue type id; decides the flow.")
    wish: Id | None = Field(default=None, description="Wish id of the taxonomy.")
    emotion: Emotion | None = Field(default=None, description="How the customer feels.")
    priority: Level | None = Field(default=None, description="Level set by hand.")
    authority: Id = Field(default="agent", description="Role id of whoever handles the case; limits the offers.")
    order_status: Id | None = Field(
        default=None, description="Order status id of the taxonomy. Checked; nothing depends on it yet."
    )
    order_time: Moment | None = Field(
        default=None, description="Time of order. Clauses are cited as they stood then; articles as they stand now."
    )
    product_category: Id | None = Field(default=None, description="Category id; hides what is for other categories.")
    opened_at: Moment | None = Field(default=None, description="When the case was opened; the clocks run from here.")
    history: list[Text] = Field(
        default_factory=list, max_length=50, description="Earlier contacts on the same matter, oldest first."
    )
    slots: dict[Id, Annotated[str, StringConstraints(max_length=500)]] = Field(
        default_factory=dict, max_length=50, description="Known facts by slot id; fill the templates."
    )
    evidence: list[Id] = Field(
        default_factory=list, max_length=50, description="Evidence ids of the flow that are there."
    )
    steps_done: list[StepDone] = Field(
        default_factory=list, max_length=100, description="Steps of the flow that were taken."
    )
    offers: list[OfferMade] = Field(default_factory=list, max_length=50, description="Offers put to the customer.")
    promises: list[Promise] = Field(default_factory=list, max_length=50, description="What has been promised so far.")


class TextSpan(Contract):
    """A stretch of one message, [start, end)."""

    message: int
    start: int
    end: int


class IssueType(Contract):
    """An issue type of the case, and the words that show it."""

    id: str
    label: str
    confidence: float
    spans: list[TextSpan] = Field(default_factory=list)


class Wish(Contract):
    """What the customer wants done."""

    id: str
    label: str
    confidence: float
    spans: list[TextSpan] = Field(default_factory=list)


class Feeling(Contract):
    """The customer's emotion: strength 0..1, and the words that show it."""

    label: Emotion
    score: float
    spans: list[TextSpan] = Field(default_factory=list)


class CaseFact(Contract):
    """A fact found in a message. `value` is normalised: yuan, ISO 8601 times and durations, bare digits."""

    type: FactType
    text: str
    value: str
    detail: str = Field(default="", description="For a tracking number its carrier, for goods the product category.")
    span: TextSpan


class PersonalData(Contract):
    """Personal data found in a message; the text itself is not repeated, only its masked form."""

    type: PersonalType
    masked: str
    span: TextSpan


class Reason(Contract):
    """Why: a stable rule id for programs, words for people."""

    rule: str
    text: str


class Priority(Contract):
    """How urgent the case is, P0 first, and why."""

    level: Level
    score: float
    reasons: list[Reason]


class MissingSlot(Contract):
    """A blank that the case does not fill, and how to ask for it."""

    slot: str
    label: str
    type: SlotType
    ask: str


class PictureText(Contract):
    """A message as understood after its picture was read; the spans of this message are offsets into `text`."""

    message: int
    text: str = Field(description="The message's own text, then the picture's, line by line.")
    start: int = Field(description="Where the picture's text begins.")
    milliseconds: float


class Understanding(Contract):
    """What the case seems to be about. `overridden` names what the agent set by hand."""

    effective_query: str
    script: Script
    party: Party | None
    issue_types: list[IssueType]
    wish: Wish | None
    emotion: Feeling
    facts: list[CaseFact]
    personal_data: list[PersonalData]
    slots: dict[str, str] = Field(description="Slot values of the case, completed from the conversation.")
    missing_slots: list[MissingSlot]
    priority: Priority | None = Field(description="None for a public audience.")
    overridden: list[str]
    pictures: list[PictureText] = Field(default_factory=list, description="The messages that came with a picture.")


class Action(Contract):
    """One thing to do. `text` is ready to send where `sendable`, else it is for the agent only."""

    type: ActionType
    id: str
    label: str
    text: str
    sendable: bool = False
    template: str | None = Field(default=None, description="Template id that says it.")
    owner: str = Field(default="agent", description="Role, department or party that acts.")
    deadline: str = ""
    due: datetime | None = None
    requires: list[str] = Field(default_factory=list)
    policy: str | None = Field(default=None, description="How the clause in force for this case is cited.")


class EvidenceGap(Contract):
    """A proof that is still wanted."""

    id: str
    party: Literal["buyer", "seller"]
    label: str
    how: str
    required: bool


class ContactAttempt(Contract):
    """One attempt of a follow-up: through which channel, when, saying what."""

    channel: str
    when: str
    text: str


class FollowUp(Contract):
    """How to stay in touch after the case: the scenario, attempts in order, the question to ask, a coupon if any."""

    scenario: str
    attempts: list[ContactAttempt]
    care_question: str
    coupon: str = ""


class Guidance(Contract):
    """The procedure of the case and where it stands."""

    flow: str
    title: str
    stage: str
    evidence_gaps: list[EvidenceGap]
    departments: list[str]
    responsibility: list[str] = Field(description="Clauses in force at the time of order that decide who answers.")
    record_effect: list[str] = Field(description="What the outcome does to the buyer's or seller's record.")
    closing_checks: list[str]
    follow_up: FollowUp | None


class Clocks(Contract):
    """When the first response and the closure are due; None where the start is unknown."""

    first_response_due: datetime | None
    resolve_due: datetime | None
    overdue: list[str]


class Incident(Contract):
    """Many customers, one cause: the evidence, and the flow that handles it."""

    issue_type: str
    label: str
    cases: int
    window_minutes: int
    first_seen: datetime
    last_seen: datetime
    usual: float = Field(description="Cases expected in a window of this length.")
    samples: list[str] = Field(description="Messages, personal data masked.")
    flow: str
    notice: str
