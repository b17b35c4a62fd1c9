"""What editors write, typed: the records of the knowledge base, before and after publishing.

`ingest.load` makes these from files; a published catalog carries the same types with facts and clause references
already written out. All are frozen, and unknown keys are errors. Words and patterns are in `lexicon`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from kb_service.lexicon import Lexicon
from kb_service.records import (
    Audience,
    ClauseRef,
    Emotion,
    EntryId,
    LongText,
    Party,
    Record,
    ShortText,
    SlotType,
    Tone,
    Validity,
)


class Entry(Validity):
    """What every article, policy, template and flow has."""

    id: EntryId
    title: ShortText
    audience: Audience = "agent"
    owner: ShortText
    review_by: date
    source: ShortText | None = None  # where an imported entry came from: file, and the place in it


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
    source: ShortText | None = None  # place in the policy's source, e.g. `第57行`


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


Outcome = Literal["granted", "partly", "refused", "withdrawn", "handed_on"]
Month = Annotated[str, StringConstraints(pattern=r"^20\d{2}-(?:0[1-9]|1[0-2])$")]


class CaseRecord(Entry):
    """A closed case without anybody in it, kept as a precedent. Only a reviewed one can be found.

    `ordered` and `closed` are months, no days: `ordered` tells which wordings of the clauses it was decided by.
    """

    kind: Literal["case"] = "case"
    audience: Literal["agent", "senior"] = "agent"
    issue_type: str
    product_categories: tuple[str, ...] = ("any",)
    party: Party
    wish: str | None = None
    outcome: Outcome
    csat: Annotated[int, Field(ge=1, le=5)] | None = None
    ordered: Month | None = None
    closed: Month
    policy_refs: tuple[ClauseRef, ...] = ()
    sections: tuple[Section, ...] = Field(min_length=1)
    reviewed_by: ShortText | None = None
    reviewed_on: date | None = None

    @property
    def reviewed(self) -> bool:
        """Whether somebody has signed that nobody can be told from it."""
        return self.reviewed_by is not None and self.reviewed_on is not None


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
    cases: tuple[CaseRecord, ...] = ()

    @property
    def entries(self) -> tuple[Faq | Policy | Template | Flow | CaseRecord, ...]:
        """All entries that have an id of their own."""
        return (*self.faqs, *self.policies, *self.templates, *self.flows, *self.cases)
