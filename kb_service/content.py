"""What editors write, typed: the records of the knowledge base, before and after publishing.

`ingest.load` makes these from files; a published catalog carries the same types with facts and clause references
already written out. All are frozen, and unknown keys are errors.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")  # content dates are Beijing midnights; no DST since 1991

EntryId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=80)]
ClauseRef = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+#[a-z0-9-]+$")]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
LongPattern = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=8000, strip_whitespace=True)]
Kind = Literal["faq", "policy", "template", "flow"]
Audience = Literal["public", "agent", "senior"]
Party = Literal["buyer", "seller", "both"]
Tone = Literal["neutral", "soothing", "firm"]
SlotType = Literal["text", "order_no", "tracking_no", "amount", "date", "datetime", "phone_tail", "url", "count"]
Emotion = Literal["calm", "anxious", "angry", "disappointed", "threatening"]

AUDIENCES: tuple[Audience, ...] = ("public", "agent", "senior")  # each sees all that the ones before it see


def visible_audiences(reader: Audience) -> tuple[Audience, ...]:
    """The audience labels that a reader of this level may see, lowest first."""
    return AUDIENCES[: AUDIENCES.index(reader) + 1]


def ancestors(dotted: str) -> tuple[str, ...]:
    """A dotted id and all that stand above it, highest first.

    >>> ancestors("trade.refund")
    ('trade', 'trade.refund')
    """
    parts = dotted.split(".")
    return tuple(".".join(parts[: n + 1]) for n in range(len(parts)))


def above(dotted: str) -> str:
    """The label that entries below `dotted` carry, so that asking for the higher category finds them."""
    return f"{dotted}.*"


def _moment(value: Any) -> Any:
    """A date means Beijing midnight; a time without an offset is Beijing time."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value  # pydantic words the error
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=CHINA)
    if isinstance(value, date):
        return datetime.combine(value, time(), CHINA)
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]


class Record(BaseModel):
    """Frozen, and strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Validity(Record):
    """A half-open window of time: from `valid_from` (inclusive) to `valid_until` (exclusive); None is unbounded."""

    valid_from: Moment | None = None
    valid_until: Moment | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_until 必须晚于 valid_from；请检查两个日期")
        return self

    def in_force(self, at: datetime) -> bool:
        """Whether this is valid at the moment `at` (aware)."""
        return (not self.valid_from or self.valid_from <= at) and (not self.valid_until or at < self.valid_until)

    def overlaps(self, other: Validity) -> bool:
        """Whether some moment lies in both windows."""
        start, end = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return (self.valid_from or start) < (other.valid_until or end) and (other.valid_from or start) < (
            self.valid_until or end
        )


class Entry(Validity):
    """What every article, policy, template and flow has."""

    id: EntryId
    title: ShortText
    audience: Audience = "agent"
    owner: ShortText
    review_by: date


class Section(Record):
    """One `##` section of an article: heading, Markdown text, and who may read it."""

    heading: ShortText
    text: LongText
    audience: Audience


class Faq(Entry):
    """One situation and its answer. `questions` are the phrasings, each indexed on its own.

    `more_questions` come from `content/phrasings`: they are never shown and only widen what the article is found by.
    """

    kind: Literal["faq"] = "faq"
    issue_type: str
    product_categories: tuple[str, ...] = ("any",)
    steps: tuple[str, ...] = Field(min_length=1)
    party: Party
    questions: tuple[ShortText, ...] = Field(min_length=3, max_length=30)
    more_questions: tuple[ShortText, ...] = ()
    not_questions: tuple[ShortText, ...] = ()
    policy_refs: tuple[ClauseRef, ...] = ()
    templates: tuple[EntryId, ...] = ()
    related: tuple[EntryId, ...] = ()
    sections: tuple[Section, ...] = Field(min_length=1)


class Clause(Validity):
    """One wording of one numbered clause; the same id may stand several times with windows that do not overlap."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    number: ShortText
    title: ShortText
    chapter: ShortText
    text: LongText


class Policy(Entry):
    """A rule book: numbered clauses with stable ids and validity windows."""

    kind: Literal["policy"] = "policy"
    issue_types: tuple[str, ...] = Field(min_length=1)
    clauses: tuple[Clause, ...] = Field(min_length=1)


class Template(Entry):
    """A reply in several tones; `{{slot:…}}` marks what the case has to fill in."""

    kind: Literal["template"] = "template"
    purpose: str
    stage: str
    issue_types: tuple[str, ...] = Field(min_length=1)
    party: Party
    channels: tuple[str, ...] = ("chat",)
    tones: dict[Tone, LongText]


class SlotRequest(Record):
    """A fact that a flow collects; `ask` overrides the slot's own question, `said_by` all that shows it stated."""

    slot: str
    ask: ShortText | None = None
    required: bool = True
    said_by: tuple[LongText, ...] = ()


class Evidence(Record):
    """One proof that a party has to give, and how to get it."""

    id: EntryId
    label: ShortText
    how: ShortText
    required: bool = True


class FlowStep(Record):
    """One step of a procedure: who does what, by when, on which clause, saying what."""

    id: EntryId
    stage: str
    title: ShortText
    owner: str
    action: LongText
    deadline: ShortText
    say: EntryId | None = None
    policy: ClauseRef | None = None
    urgent: bool = False  # protects the customer; comes before any question


class Offer(Record):
    """One rung of the offers ladder; `authority` is the lowest role that may grant it, `limit` a fact id."""

    id: EntryId
    label: ShortText
    authority: str
    text: LongText
    limit: str | None = None
    policy: ClauseRef | None = None


class Escalation(Record):
    """When to hand the case on, to which role or department, and within what time.

    `cues` are patterns (regular expressions) of the customer's words that show it, `signals` those of the taxonomy,
    `amount_from` a fact: an amount that the customer names and that reaches it. `urgent`: before any question.
    """

    when: ShortText
    cues: tuple[LongText, ...] = ()
    signals: tuple[str, ...] = ()
    amount_from: str = ""
    urgent: bool = False
    to: str
    within: ShortText


class ServiceLevel(Record):
    """Fact ids of the two clocks of a case."""

    first_response: str
    resolve: str


class Flow(Entry):
    """The procedure of an issue type.

    Where several share a type, `cues` (patterns of the customer's words), `signals` of the taxonomy and `faqs`
    (articles that lead to it, where shared templates and clauses do not tell) speak for it.
    """

    kind: Literal["flow"] = "flow"
    issue_types: tuple[str, ...] = Field(min_length=1)
    party: Party
    summary: LongText
    cues: tuple[LongText, ...] = ()
    signals: tuple[str, ...] = ()
    faqs: tuple[EntryId, ...] = ()
    facts_to_collect: tuple[SlotRequest, ...] = ()
    evidence: dict[Literal["buyer", "seller"], tuple[Evidence, ...]] = {}
    steps: tuple[FlowStep, ...] = Field(min_length=1)
    offers: tuple[Offer, ...] = ()
    escalation: tuple[Escalation, ...] = ()
    sla: ServiceLevel
    closing_checks: tuple[ShortText, ...] = ()
    follow_up: tuple[ShortText, ...] = ()
    record_effect: tuple[ShortText, ...] = ()
    self_service: str | None = None
    departments: tuple[str, ...] = ()
    policy_refs: tuple[ClauseRef, ...] = ()
    templates: tuple[EntryId, ...] = ()


class Fact(Record):
    """One number, duration, amount or menu path; `source` is the clause that sets it."""

    label: ShortText
    kind: Literal["duration", "amount", "ratio", "count", "path", "text"]
    value: int | float | ShortText
    unit: str = ""
    source: ClauseRef | None = None

    @property
    def display(self) -> str:
        """How the fact reads inside a sentence, e.g. `48小时`."""
        return f"{self.value}{self.unit}"


class Slot(Record):
    """A blank of a template: its name to people, its type, and the question that obtains it.

    Patterns (regular expressions) tell where a conversation stands: `asked_by` what an agent says who asks for it,
    `said_by` what a customer says who states it. A fact states it too: of the kinds `facts`, or else of the slot's
    type; where `near` is given, only with such words close by.
    """

    label: ShortText
    type: SlotType
    ask: ShortText
    facts: tuple[str, ...] = ()
    asked_by: tuple[LongText, ...] = ()
    near: tuple[LongText, ...] = ()
    said_by: tuple[LongText, ...] = ()


class Taxonomy(Record):
    """The closed vocabularies that all other records choose from: id -> Chinese label."""

    issue_types: dict[str, str]
    stages: dict[str, str]
    parties: dict[str, str]
    audiences: dict[str, str]
    roles: dict[str, str]
    departments: dict[str, str]
    tones: dict[str, str]
    channels: dict[str, str]
    purposes: dict[str, str]
    product_categories: dict[str, str]
    wishes: dict[str, str] = {}
    signals: dict[str, str] = {}
    order_statuses: dict[str, str] = {}
    slots: dict[str, Slot]


class Term(Record):
    """A word that the segmenter must keep whole."""

    term: ShortText
    meaning: str = ""
    freq: int | None = None


class EmotionPattern(Record):
    """A word, or with `regex` a pattern, that shows an emotion; `score` is its strength in 0..1."""

    pattern: ShortText
    emotion: Emotion
    score: float = Field(ge=0, le=1)
    regex: bool = False


class EmotionExamples(Record):
    """Messages of customers who feel so; the emotion classifier is trained on them."""

    emotion: Emotion
    texts: tuple[LongText, ...] = Field(min_length=1)


class RiskPhrase(Record):
    """A wording that must not (`forbidden`) or should not (`risky`) be sent, why, and what to say instead.

    With `regex` the phrase is a pattern. Where the pattern `unless` occurs in the same clause, the wording is harmless.
    """

    phrase: LongText
    level: Literal["forbidden", "risky"]
    reason: ShortText
    better: LongText
    regex: bool = False
    unless: str = ""


class Cue(Record):
    """A word, or with `regex` a pattern, of the customer that shows a wish or a signal of the taxonomy."""

    pattern: ShortText
    shows: str
    score: float = Field(default=1.0, ge=0, le=1)
    regex: bool = False


class NumberPattern(Record):
    """How a fact looks that is known by its form (regular expression); `detail` names the carrier.

    `order_no` and `tracking_no` are matched against a whole number, in capitals and without separators; `other` is a
    number that is neither, nor personal data. The rest is searched for in running text, folded: between `before` and
    `after` (regular expressions as well) where the form alone does not tell; `{number}` in a pattern is any numeral
    and `{goods}` in `before` and `after` goods that were found. `none` is text that only looks like a fact.
    """

    type: Literal["order_no", "tracking_no", "other", "phone_tail", "wechat", "condition", "amount", "time", "none"]
    pattern: LongPattern
    before: LongPattern | None = None
    after: LongPattern | None = None
    detail: str = ""


class Festival(Record):
    """A day with a name: one `MM-DD`, or the full dates of the years that are known."""

    names: tuple[ShortText, ...] = Field(min_length=1)
    days: tuple[Annotated[str, StringConstraints(pattern=r"^(20\d\d-)?[01]\d-[0-3]\d$")], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _exist(self) -> Self:
        for day in self.days:
            try:
                date.fromisoformat(day if len(day) > 5 else f"2000-{day}")
            except ValueError:
                raise ValueError(f"没有“{day}”这一天；请写成“11-11”或“2026-02-17”") from None
        if len(self.days) > 1 and any(len(day) == 5 for day in self.days):
            raise ValueError("“月-日”只能写一个，表示每年都是这一天；每年不同的，写全每一年的日期")
        return self


class ToneCue(Record):
    """A wording of agents that is cheerful (`breezy`) or cold (`curt`), or that shows `sympathy`."""

    pattern: LongText
    shows: Literal["breezy", "curt", "sympathy"]
    regex: bool = False


class Misspoken(Record):
    """Examples of what agents should not say, for one reason; or, `harmless`, of what sounds alike and is right.

    Clauses of a draft that resemble the examples are pointed out, with `better` as a way to put it.
    """

    reason: ShortText = "可以这样说"
    better: LongText = "可以这样说"
    harmless: bool = False
    examples: tuple[LongText, ...] = Field(min_length=1)


class PromiseCue(Record):
    """A pattern (regular expression) by which a promise is told from other statements.

    `service`: someone will do or bring something for the customer. `assurance`: it is said to be certain. `outcome`: a
    result is promised, whatever the time. `compensation`: money or a coupon from the platform. `own`: the
    agent's own undertaking, which no rule for everybody speaks of. `exempt`: no promise at
    all, such as a condition, the past, or what the customer has to do.
    """

    pattern: LongText
    shows: Literal["service", "assurance", "outcome", "compensation", "own", "exempt"]


class GoodsWords(Record):
    """What goods of a category are called, in folded letters (see `text.fold`).

    `[a|b|]c` among the words stands for ac, bc and c. `patterns` are regular expressions of regular names of models;
    one with letters or digits is searched for only in text that has some.
    `brands` stand before a name and belong to it, with the model between them: `格力KFR-35挂机空调`.
    `parts` are names that mean a part when other goods have been named before: `笔记本……键盘掉帽`.
    `unless` are regular expressions of text in which these words mean no goods: `手机号`; `{name}` at their beginning
    stands for any name that has been found: `{name}店`.
    """

    category: str
    words: tuple[LongPattern, ...] = Field(min_length=1)
    patterns: tuple[LongPattern, ...] = ()
    brands: tuple[LongPattern, ...] = ()
    parts: tuple[LongPattern, ...] = ()
    unless: tuple[LongPattern, ...] = ()


class Lexicon(Record):
    """Words: for the segmenter, for widening a query, for emotions, and for checking replies."""

    terms: tuple[Term, ...] = ()
    synonyms: tuple[tuple[ShortText, ...], ...] = ()
    emotions: tuple[EmotionPattern, ...] = ()
    emotion_examples: tuple[EmotionExamples, ...] = ()
    phrases: tuple[RiskPhrase, ...] = ()
    cues: tuple[Cue, ...] = ()
    numbers: tuple[NumberPattern, ...] = ()
    goods: tuple[GoodsWords, ...] = ()
    festivals: tuple[Festival, ...] = ()
    places: tuple[ShortText, ...] = ()  # provinces and cities, without 省 and 市
    tones: tuple[ToneCue, ...] = ()
    promises: tuple[PromiseCue, ...] = ()
    misspoken: tuple[Misspoken, ...] = ()


class PriorityRule(Record):
    """Points for a case that fits all conditions which are stated; within a condition one match is enough.

    An issue type stands for those below it too. `reason` may hold `{amount}`, `{amount_from}`, `{contacts}`,
    `{contacts_from}` and `{late}` (by how much the clock of `overdue` is over).
    """

    id: EntryId
    points: float
    reason: ShortText
    issue_types: tuple[str, ...] = ()
    emotions: tuple[Emotion, ...] = ()
    signals: tuple[str, ...] = ()
    amount_from: float | str | None = None  # yuan, or a fact id
    contacts_from: int | str | None = None  # contacts on the same matter, this one included, or a fact id
    overdue: Literal["first_response", "resolve"] | None = None
    incident: bool = False  # only for cases of a burst


class FollowUpAttempt(Record):
    """One attempt to reach the customer: channel of the taxonomy, when, and what is said."""

    channel: str
    when: ShortText
    text: LongText


class FollowUpPlan(Record):
    """The follow-up of one scenario. The first plan of the list whose conditions fit is taken; the last has none."""

    id: EntryId
    scenario: ShortText
    issue_types: tuple[str, ...] = ()
    emotions: tuple[Emotion, ...] = ()
    signals: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()  # where the case stands
    contacts_from: int | None = None  # earlier contacts on the same matter
    incident: bool = False  # only for cases of a burst
    attempts: tuple[FollowUpAttempt, ...] = Field(min_length=1)
    care_question: ShortText
    coupon: str = ""


class ToneRule(Record):
    """How to speak to a customer who feels so, at these stages of the case; what is not stated always fits."""

    tone: Tone
    emotions: tuple[Emotion, ...] = ()
    stages: tuple[str, ...] = ()


class Desk(Record):
    """How the desk works, apart from single procedures: priorities, bursts of like cases, follow-up plans."""

    levels: dict[Literal["P0", "P1", "P2"], float] = {"P0": 80, "P1": 50, "P2": 25}  # points from which
    priorities: tuple[PriorityRule, ...] = ()
    burst_window: str = ""  # fact id: minutes
    burst_cases: str = ""  # fact id: how many cases make a suspected incident
    burst_flow: str = ""  # flow that handles it
    first_response: str = ""  # fact id of the clock where no flow is known
    resolve: str = ""  # likewise for closing the case
    ladder: tuple[Escalation, ...] = ()  # for any case, lowest role first: who takes over, and how soon
    repeat_times: str = ""  # fact id: with which contact on the same matter a case goes one rung up
    tones: tuple[ToneRule, ...] = ()  # the first that fits decides; neutral where none does
    follow_ups: tuple[FollowUpPlan, ...] = ()
    compensation: dict[str, str] = {}  # role -> fact id: what it may promise at most


class Elsewhere(Record):
    """Examples of what people ask and this knowledge base does not answer, so that it can say so."""

    label: ShortText
    questions: tuple[ShortText, ...] = Field(min_length=1)


class Content(Record):
    """A whole knowledge base."""

    taxonomy: Taxonomy
    facts: dict[str, Fact]
    lexicon: Lexicon
    desk: Desk = Desk()
    elsewhere: dict[EntryId, Elsewhere] = {}
    faqs: tuple[Faq, ...]
    policies: tuple[Policy, ...]
    templates: tuple[Template, ...]
    flows: tuple[Flow, ...]

    @property
    def entries(self) -> tuple[Faq | Policy | Template | Flow, ...]:
        """All entries that have an id of their own."""
        return (*self.faqs, *self.policies, *self.templates, *self.flows)
