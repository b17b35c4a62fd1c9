"""The contract of suggest, search, articles and errors. Shared by the pipeline and the routes.

Offsets count Unicode code points. Times carry an offset; a time without one is Beijing time.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from kb_service.case import (
    MAX_MESSAGES,
    Action,
    Case,
    Clocks,
    Contract,
    Guidance,
    Id,
    Incident,
    Message,
    MissingSlot,
    Text,
    Understanding,
)
from kb_service.content import Outcome
from kb_service.records import Audience, Moment, Party, Tone

MAX_BODY = 8_388_608  # bytes; pictures come as base64

Part = Literal["answers", "templates", "related", "precedents", "understanding", "actions"]
Status = Literal["answered", "low_confidence", "no_answer"]
Band = Literal["high", "medium", "low"]


class Filters(Contract):
    """Narrow the search. An issue type or category includes all that stand below it."""

    issue_types: list[Id] = Field(default_factory=list, max_length=20)
    product_categories: list[Id] = Field(default_factory=list, max_length=20)
    kinds: list[Literal["faq", "policy", "case"]] = Field(default_factory=list, max_length=2)
    party: Party | None = None

    @field_validator("kinds")
    @classmethod
    def _cases_apart(cls, kinds: list[str]) -> list[str]:
        if "case" in kinds and len(kinds) > 1:
            raise ValueError("案例（case）与常见问题、规则的把握不能相比；请单独查：kinds 只写 case")
        return kinds


class Question(Contract):
    """What suggest and search have in common."""

    audience: Audience = Field(default="agent", description="Who will read the result: public < agent < senior.")
    as_of: Moment | None = Field(
        default=None, description="Answer as of this moment: only what was valid then. Default: now."
    )
    filters: Filters = Field(default_factory=Filters)
    limit: int = Field(default=5, ge=1, le=50, description="How many answers at most.")
    exclude_ids: list[Id] = Field(
        default_factory=list, max_length=200, description="Ids not to be offered (again): articles, clauses, templates."
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
    messages: list[Message] = Field(
        default_factory=list, max_length=MAX_MESSAGES, description="The conversation, oldest first."
    )
    case: Case = Field(default_factory=Case)
    include: list[Part] = Field(
        default=["answers", "templates", "related", "precedents", "understanding", "actions"],
        min_length=1,
        description="What to return.",
    )
    tone: Tone | None = Field(
        default=None,
        description="Wanted tone; without it the customer's emotion decides. A template without it is neutral.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> SuggestRequest:
        if (self.query is None) == (not self.messages):
            raise ValueError("query 和 messages 必须且只能给一个；对话用 messages，单个问题用 query")
        return self

    @model_validator(mode="after")
    def _answers_are_no_cases(self) -> SuggestRequest:
        if "case" in self.filters.kinds:
            raise ValueError("相似案例总在 precedents 里，不是答案；filters.kinds 只能写 faq、policy")
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
    """One ranked answer: an article, or a clause; a search for cases gives cases."""

    id: str
    record_id: str = Field(description="Handle of this very showing, for feedback.")
    kind: Literal["faq", "policy", "case"]
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


class ReplyTemplate(Contract):
    """A reply, filled from the case and the conversation.

    `sendable` is true only when nothing is left blank, and no amount or time rests on the customer's word alone.
    """

    id: str
    record_id: str
    title: str
    tone: Tone
    channel: str = Field(description="The channel that the text is fitted to.")
    text: str = Field(description="A blank that is not filled reads 【label】; empty if the channel cannot take it.")
    filled: dict[str, str]
    unverified: list[str] = Field(description="Amounts and times that only the customer stated; check before sending.")
    missing_slots: list[MissingSlot]
    sendable: bool


class Related(Contract):
    """A neighbouring question: linked by an editor, or similar by content."""

    id: str
    record_id: str
    question: str
    origin: Literal["authored", "similar"]


class Precedent(Contract):
    """A closed case like this one, without anybody in it. It shows how one was decided; it binds nobody."""

    id: str
    record_id: str = Field(description="Handle of this very showing, for feedback.")
    title: str
    text: str = Field(description="Markdown.")
    outcome: Outcome = Field(description="What became of the customer's wish.")
    confidence: float = Field(description="Estimated probability that the two cases are alike, 0..1.")
    citations: list[Citation] = Field(description="The clauses it was decided by, in the wording for this case.")
    warnings: list[str] = Field(description="Such as a clause that had another wording then.")


class SuggestResponse(Contract):
    """Status 200 also when there is no answer: `status` says so and `reason` why."""

    suggestion_id: str
    kb_version: str
    status: Status
    reason: str | None
    degraded: list[str] = Field(description="What is not as it should be; empty when all is well.")
    timings: dict[str, float] = Field(description="Milliseconds by step.")
    understanding: Understanding | None = None
    answers: list[Answer] = Field(default_factory=list)
    templates: list[ReplyTemplate] = Field(default_factory=list)
    related: list[Related] = Field(default_factory=list)
    precedents: list[Precedent] = Field(default_factory=list, description="Closed cases like this one, for agents.")
    actions: list[Action] = Field(default_factory=list, description="What to do; the first is the next thing to do.")
    guidance: Guidance | None = None
    sla: Clocks | None = None
    incidents: list[Incident] = Field(
        default_factory=list, description="Bursts of like cases that this one belongs to."
    )


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
    kind: Literal["faq", "policy", "clause", "template", "flow", "case"]
    kb_version: str
    title: str
    visibility: Audience
    issue_types: list[str]
    valid_from: Moment | None
    valid_until: Moment | None
    owner: str
    review_by: str
    text: str = ""
    questions: list[str] = Field(default_factory=list)
    citations: list[Citation] = Field(default_factory=list)
    templates: list[str] = Field(default_factory=list)
    related: list[str] = Field(default_factory=list)
    clauses: list[ClauseVersion] = Field(default_factory=list)
    tones: dict[Tone, str] = Field(default_factory=dict)
    flow: dict[str, object] | None = None
    outcome: Outcome | None = Field(default=None, description="Of a case.")


class ErrorDetail(Contract):
    """`name` is stable, for programs; `message` says what to do, for people."""

    name: str
    message: str
    field: str = ""


class ErrorResponse(Contract):
    """Every error has this shape; `errors` lists all defects of the request."""

    error: ErrorDetail
    errors: list[ErrorDetail] = Field(default_factory=list)
