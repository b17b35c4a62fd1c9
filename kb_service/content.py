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
    """A fact that a flow collects; `ask` overrides the slot's own question."""

    slot: str
    ask: ShortText | None = None
    required: bool = True


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


class Offer(Record):
    """One rung of the offers ladder; `authority` is the lowest role that may grant it, `limit` a fact id."""

    id: EntryId
    label: ShortText
    authority: str
    text: LongText
    limit: str | None = None
    policy: ClauseRef | None = None


class Escalation(Record):
    """When to hand the case on, to which role or department, and within what time."""

    when: ShortText
    to: str
    within: ShortText


class ServiceLevel(Record):
    """Fact ids of the two clocks of a case."""

    first_response: str
    resolve: str


class Flow(Entry):
    """The procedure of an issue type."""

    kind: Literal["flow"] = "flow"
    issue_types: tuple[str, ...] = Field(min_length=1)
    party: Party
    summary: LongText
    facts_to_collect: tuple[SlotRequest, ...] = ()
    evidence: dict[Literal["buyer", "seller"], tuple[Evidence, ...]] = {}
    steps: tuple[FlowStep, ...] = Field(min_length=1)
    offers: tuple[Offer, ...] = ()
    escalation: tuple[Escalation, ...] = ()
    sla: ServiceLevel
    closing_checks: tuple[ShortText, ...] = ()
    follow_up: tuple[ShortText, ...] = ()
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
    """A blank of a template: its name to people, its type, and the question that obtains it."""

    label: ShortText
    type: SlotType
    ask: ShortText


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


class RiskPhrase(Record):
    """A wording that must not (`forbidden`) or should not (`risky`) be sent, why, and what to say instead."""

    phrase: ShortText
    level: Literal["forbidden", "risky"]
    reason: ShortText
    better: LongText


class Lexicon(Record):
    """Words: for the segmenter, for widening a query, for emotions, and for checking replies."""

    terms: tuple[Term, ...] = ()
    synonyms: tuple[tuple[ShortText, ...], ...] = ()
    emotions: tuple[EmotionPattern, ...] = ()
    phrases: tuple[RiskPhrase, ...] = ()


class Elsewhere(Record):
    """Examples of what people ask and this knowledge base does not answer, so that it can say so."""

    label: ShortText
    questions: tuple[ShortText, ...] = Field(min_length=1)


class Content(Record):
    """A whole knowledge base."""

    taxonomy: Taxonomy
    facts: dict[str, Fact]
    lexicon: Lexicon
    elsewhere: dict[EntryId, Elsewhere] = {}
    faqs: tuple[Faq, ...]
    policies: tuple[Policy, ...]
    templates: tuple[Template, ...]
    flows: tuple[Flow, ...]

    @property
    def entries(self) -> tuple[Faq | Policy | Template | Flow, ...]:
        """All entries that have an id of their own."""
        return (*self.faqs, *self.policies, *self.templates, *self.flows)
