"""The API's contract: what callers send and what they get. Shared by the pipeline and the routes.

Offsets count Unicode code points. Times carry an offset; a time without one is Beijing time.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from kb_service.content import Audience, Moment, Party, SlotType, Tone

MAX_QUERY = 8_000  # characters
MAX_MESSAGES = 200
MAX_BODY = 1_048_576  # bytes

Text = Annotated[str, StringConstraints(max_length=MAX_QUERY)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=160)]
Part = Literal["answers", "templates", "related", "understanding"]
Status = Literal["answered", "low_confidence", "no_answer"]
Band = Literal["high", "medium", "low"]


class Contract(BaseModel):
    """Strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(Contract):
    """One turn of the conversation."""

    role: Literal["customer", "agent", "system"]
    text: Annotated[str, StringConstraints(max_length=4_000)] = Field(
        description="What was said; for voice the transcript, for image the recognised text."
    )
    ts: Moment | None = Field(default=None, description="When it was said.")
    kind: Literal["text", "voice", "image"] = "text"


class Case(Contract):
    """What the agent tool knows of the case. All optional."""

    id: Id | None = Field(default=None, description="The tool's own case id; echoed in logs only.")
    stage: Id | None = Field(default=None, description="Stage id of the taxonomy; templates of this stage come first.")
    party: Party | None = Field(default=None, description="Who is asking. Hides what concerns the other party only.")
    channel: Id | None = Field(default=None, description="Channel id; templates written for it come first.")
    order_status: Id | None = Field(default=None, description="Accepted for later use; changes nothing yet.")
    order_time: Moment | None = Field(
        default=None, description="Time of order. Clauses are cited as they stood then; articles as they stand now."
    )
    product_category: Id | None = Field(default=None, description="Category id; hides what is for other categories.")
    opened_at: Moment | None = Field(default=None, description="Accepted for later use; changes nothing yet.")
    history: list[Text] = Field(
        default=[], max_length=50, description="Earlier contacts. Accepted for later use; changes nothing yet."
    )
    slots: dict[Id, Annotated[str, StringConstraints(max_length=500)]] = Field(
        default={}, max_length=50, description="Known facts by slot id; fill the templates."
    )


class Filters(Contract):
    """Narrow the search. An issue type or category includes all that stand below it."""

    issue_types: list[Id] = Field(default=[], max_length=20)
    product_categories: list[Id] = Field(default=[], max_length=20)
    kinds: list[Literal["faq", "policy"]] = Field(default=[], max_length=2)
    party: Party | None = None


class Question(Contract):
    """What suggest and search have in common."""

    audience: Audience = Field(default="agent", description="Who will read the result: public < agent < senior.")
    as_of: Moment | None = Field(
        default=None, description="Answer as of this moment: only what was valid then. Default: now."
    )
    filters: Filters = Filters()
    limit: int = Field(default=5, ge=1, le=50, description="How many answers at most.")
    exclude_ids: list[Id] = Field(
        default=[], max_length=200, description="Ids not to be offered (again): articles, clauses, templates."
    )
    explain: bool = Field(default=False, description="Add the parts of every score.")


class SuggestRequest(Question):
    """A case in progress. Either `query` or `messages` is required."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "messages": [
                        {"role": "customer", "text": "你好"},
                        {"role": "agent", "text": "您好，请问有什么可以帮您？"},
                        {"role": "customer", "text": "拍下三天了卖家一直不发货，能退钱吗"},
                    ],
                    "case": {"party": "buyer", "stage": "resolve", "slots": {"order_id": "2026112300012345"}},
                    "tone": "soothing",
                },
                {"query": "卖家不发货怎么退款", "limit": 3, "include": ["answers"], "explain": True},
            ]
        }
    )

    query: Text | None = Field(default=None, description="The question itself, when there is no conversation.")
    messages: list[Message] = Field(default=[], max_length=MAX_MESSAGES, description="The conversation, oldest first.")
    case: Case = Case()
    include: list[Part] = Field(
        default=["answers", "templates", "related", "understanding"], min_length=1, description="What to return."
    )
    tone: Tone = Field(default="neutral", description="Wanted tone; a template without it answers in neutral.")

    @model_validator(mode="after")
    def _one_source(self) -> SuggestRequest:
        if (self.query is None) == (not self.messages):
            raise ValueError("query 和 messages 必须且只能给一个；对话用 messages，单个问题用 query")
        return self


class SearchRequest(Question):
    """A keyword search, or with filters and without `query` a listing of a category."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"query": "退货运费", "limit": 5},
                {"filters": {"issue_types": ["trade.refund"], "kinds": ["faq"]}, "limit": 10},
            ]
        }
    )

    query: Text = ""

    @model_validator(mode="after")
    def _something(self) -> SearchRequest:
        if not self.query.strip() and self.filters == Filters():
            raise ValueError("query 为空时至少要给一个 filters 条件；例如 issue_types")
        return self


class Span(Contract):
    """A stretch of a text, [start, end) in Unicode code points."""

    start: int
    end: int


class Citation(Contract):
    """The wording of a clause that is in force for this case, usable as evidence."""

    policy: str
    clause: str
    title: str = Field(description="How the clause is cited, e.g. 《退款规则》第12条 卖家处理时限.")
    text: str
    valid_from: Moment | None
    valid_until: Moment | None


class ScoreParts(Contract):
    """How a score came about: raw cosine and BM25 of the best point, both rescaled to 0..1, and their mixture."""

    dense: float | None
    sparse: float | None
    dense_scaled: float
    sparse_scaled: float
    fused: float
    dense_lead: float = Field(description="Cosine above that of the best other entry, out-of-scope questions included.")
    sparse_lead: float = Field(description="BM25 above that of the best other entry, out-of-scope questions included.")


class Answer(Contract):
    """One ranked answer: an article, or a clause."""

    id: str
    record_id: str = Field(description="Handle of this very showing, for feedback.")
    kind: Literal["faq", "policy"]
    title: str
    text: str = Field(description="Markdown, only what the audience may see.")
    issue_types: list[str]
    confidence: float = Field(description="Estimated probability that this answers the question, 0..1.")
    band: Band
    matched_phrase: str = Field(description="The phrasing or passage that was nearest to the question.")
    highlights: list[Span] = Field(description="Words of the question in `text`.")
    citations: list[Citation]
    visibility: Audience
    warnings: list[str]
    scores: ScoreParts | None = None


class MissingSlot(Contract):
    """A blank that the case does not fill, and how to ask for it."""

    slot: str
    label: str
    type: SlotType
    ask: str


class ReplyTemplate(Contract):
    """A reply, filled from the case. `sendable` is true only when nothing is left blank."""

    id: str
    record_id: str
    title: str
    tone: Tone
    text: str = Field(description="A blank that is not filled reads 【label】.")
    filled: dict[str, str]
    missing_slots: list[MissingSlot]
    sendable: bool


class Related(Contract):
    """A neighbouring question: linked by an editor, or similar by content."""

    id: str
    record_id: str
    question: str
    origin: Literal["authored", "similar"]


class IssueType(Contract):
    """An issue type that the answers point to."""

    id: str
    label: str
    confidence: float


class Understanding(Contract):
    """What was searched for, and what the case seems to be about."""

    effective_query: str
    issue_types: list[IssueType]


class SuggestResponse(Contract):
    """Status 200 also when there is no answer: `status` says so and `reason` why."""

    suggestion_id: str
    kb_version: str
    status: Status
    reason: str | None
    degraded: list[str] = Field(description="What is not as it should be; empty when all is well.")
    timings: dict[str, float] = Field(description="Milliseconds by step.")
    understanding: Understanding | None = None
    answers: list[Answer] = []
    templates: list[ReplyTemplate] = []
    related: list[Related] = []


class SearchResponse(Contract):
    """Ranked hits, or the entries of a category in order of their ids."""

    kb_version: str
    degraded: list[str]
    timings: dict[str, float]
    hits: list[Answer]


class ClauseVersion(Contract):
    """One wording of a clause."""

    id: str
    title: str
    text: str
    valid_from: Moment | None
    valid_until: Moment | None
    in_force: bool


class Article(Contract):
    """One entry in full, as this reader may see it."""

    id: str
    kind: Literal["faq", "policy", "clause", "template", "flow"]
    kb_version: str
    title: str
    visibility: Audience
    issue_types: list[str]
    valid_from: Moment | None
    valid_until: Moment | None
    owner: str
    review_by: str
    text: str = ""
    questions: list[str] = []
    citations: list[Citation] = []
    templates: list[str] = []
    related: list[str] = []
    clauses: list[ClauseVersion] = []
    tones: dict[Tone, str] = {}
    flow: dict[str, object] | None = None


class ErrorDetail(Contract):
    """`name` is stable, for programs; `message` says what to do, for people."""

    name: str
    message: str
    field: str = ""


class ErrorResponse(Contract):
    """Every error has this shape; `errors` lists all defects of the request."""

    error: ErrorDetail
    errors: list[ErrorDetail] = []
