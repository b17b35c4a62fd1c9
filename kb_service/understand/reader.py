"""What a case is about, read from its messages and fields: facts, personal data, emotion, wish, party, slots.

`hear` reads the messages before anything is searched; `understand` adds what the answers tell. What the agent set in
the case wins everywhere, and is named in `overridden`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from kb_service.case import (
    Case,
    CaseFact,
    Feeling,
    IssueType,
    Message,
    MissingSlot,
    PersonalData,
    PictureText,
    Priority,
    TextSpan,
    Understanding,
    Wish,
)
from kb_service.content import Content, Slot
from kb_service.records import Emotion, Party, SlotType
from kb_service.text import char_grams, fold, script_of
from kb_service.understand.cues import Said
from kb_service.understand.facts import FactFinder
from kb_service.understand.feelings import NO_MODEL, FeelingModel, Feelings, Felt
from kb_service.understand.found import PERSONAL, Found, mask, masked
from kb_service.understand.wishes import Cues, CuesRead

READ = 30  # messages from the end that are read for facts; a longer conversation has said them again
NEAR = 16  # characters on either side of a fact in which a slot's words must stand
CREDIBLE = 10_000_000  # yuan; whoever names more is joking or has mistyped
SURE = 0.5  # score of an emotion from which priority, tone and review act on it
SHOWN = 3  # stretches of words at most that show one issue type
_KINDS: dict[SlotType, tuple[str, ...]] = {
    "order_no": ("order_no",),
    "tracking_no": ("tracking_no",),
    "amount": ("amount",),
    "date": ("time",),
    "datetime": ("time",),
    "phone_tail": ("phone_tail",),
}


class Heard(NamedTuple):
    """The messages of a case, read. `found` are (message, finding) of what customers and agents wrote."""

    messages: Sequence[Message]
    customer: tuple[Said, ...]
    found: tuple[tuple[int, Found], ...]
    felt: Felt
    cues: CuesRead

    @property
    def answered(self) -> bool:
        """Whether an agent has said anything."""
        return any(message.role == "agent" for message in self.messages)

    @property
    def signals(self) -> frozenset[str]:
        """The signals of the taxonomy that the customer shows."""
        return frozenset(signal.id for signal in self.cues.signals)

    @property
    def last_words(self) -> str:
        """What the customer said last."""
        return self.messages[self.customer[-1].message].text if self.customer else ""

    def amounts(self) -> list[float]:
        """The amounts of money that were named, in yuan; not what nobody has."""
        named = [float(item.value) for _, item in self.found if item.type == "amount" and _is_number(item.value)]
        return [amount for amount in named if amount <= CREDIBLE]


class Understander:
    """Reads the cases of one published version. Built once; safe to share between threads."""

    def __init__(self, content: Content, feelings: FeelingModel = NO_MODEL) -> None:
        lexicon, self._taxonomy = content.lexicon, content.taxonomy
        self.facts = FactFinder(lexicon)
        self._feelings = Feelings(lexicon, feelings)
        self._cues = Cues(lexicon, self._taxonomy)
        self.signals_of = self._cues.signals_of
        self._slots = _fillable(self._taxonomy.slots)
        script_of("體")  # loads its dictionaries now, not in the first call

    def hear(self, messages: Sequence[Message], now: datetime) -> Heard:
        """Read a conversation, oldest message first. `now` (aware) dates the messages that carry no time."""
        said = [Said.of(n, message.text) for n, message in enumerate(messages) if message.role == "customer"]
        recent = [(n, message) for n, message in enumerate(messages) if message.role != "system"][-READ:]
        found = [(n, item) for n, message in recent for item in self.facts.find(message.text, message.ts or now)]
        recent_said = said[-READ:]
        return Heard(messages, tuple(said), tuple(found), self._feelings.feel(said), self._cues.read(recent_said))

    def masked(self, text: str) -> str:
        """The text without personal data."""
        return mask(text, self.facts.find_personal(text))

    def understand(
        self,
        heard: Heard,
        case: Case,
        query: str,
        issue_types: Sequence[IssueType],
        priority: Priority | None,
        pictures: Sequence[PictureText] = (),
    ) -> Understanding:
        """All that is known of the case."""
        slots = self.slots(heard) | {name: value for name, value in case.slots.items() if value.strip()}
        return Understanding(
            effective_query=query,
            script=script_of(" ".join(heard.messages[said.message].text for said in heard.customer)),
            party=self.party(heard, case),
            issue_types=list(issue_types),
            wish=self._wish(heard, case),
            emotion=feeling(heard, case),
            facts=[_fact(n, item) for n, item in heard.found if item.type not in PERSONAL],
            personal_data=[_personal(n, item) for n, item in heard.found if item.type in PERSONAL],
            slots=slots,
            missing_slots=[],
            priority=priority,
            overridden=overridden(case),
            pictures=list(pictures),
        )

    def party(self, heard: Heard, case: Case) -> Party | None:
        """Which side the customer is on: what the agent set, else what their words show."""
        return case.party or heard.cues.party

    def slots(self, heard: Heard) -> dict[str, str]:
        """Slot values that the customer stated, the newest of several; a fact fills the slot with the nearest words."""
        stated = [(n, item) for n, item in heard.found if heard.messages[n].role == "customer"]
        texts = {said.message: said.folded for said in heard.customer}
        values: dict[str, str] = {}
        for n, item in stated:
            name = self._slot_of(item, texts[n])
            if name is not None:
                values[name] = f"{item.value}元" if item.type == "amount" else item.value
            if item.type == "tracking_no" and item.detail and "carrier" in self._taxonomy.slots:
                values["carrier"] = item.detail
        return values

    def _slot_of(self, item: Found, folded: str) -> str | None:
        fitting = [
            (distance, name)
            for name, slot in self._slots.items()
            if item.type in slot.kinds and (distance := slot.distance(folded, item.start, item.end)) is not None
        ]
        return min(fitting)[1] if fitting else None

    def issue_types(self, heard: Heard, case: Case, found: Iterable[tuple[IssueType, str]]) -> list[IssueType]:
        """The case's own issue type first, if it is set, then those of the answers with the words that show them.

        `found` are issue types, best first, each with the phrasing that was matched.
        """
        known = [issue.model_copy(update={"spans": shared_spans(heard.customer, text)}) for issue, text in found]
        if case.issue_type is None:
            return known
        label = self._taxonomy.issue_types[case.issue_type]
        rest = [issue for issue in known if issue.id != case.issue_type]
        spans = [span for issue in known if issue.id == case.issue_type for span in issue.spans]
        return [IssueType(id=case.issue_type, label=label, confidence=1.0, spans=spans), *rest]

    def _wish(self, heard: Heard, case: Case) -> Wish | None:
        labels = self._taxonomy.wishes
        if case.wish is not None:
            return Wish(id=case.wish, label=labels[case.wish], confidence=1.0)
        shown = heard.cues.wish
        if shown is None:
            return None
        return Wish(id=shown.id, label=labels[shown.id], confidence=shown.score, spans=text_spans(shown.spans))

    def missing(self, wanted: Iterable[str]) -> list[MissingSlot]:
        """Slots that the case does not fill, and how to ask for each."""
        slots = self._taxonomy.slots
        return [
            MissingSlot(slot=name, label=slots[name].label, type=slots[name].type, ask=slots[name].ask)
            for name in wanted
        ]


def feeling(heard: Heard, case: Case) -> Feeling:
    """How the customer feels: what the agent set, else what was read."""
    if case.emotion is not None:
        return Feeling(label=case.emotion, score=1.0)
    return Feeling(label=heard.felt.label, score=heard.felt.score, spans=text_spans(heard.felt.spans))


def mood(felt: Feeling) -> Emotion:
    """The emotion to act on: an unsure one counts as calm, so that nobody is escalated or soothed by mistake."""
    return felt.label if felt.score >= SURE else "calm"


def overridden(case: Case) -> list[str]:
    """The fields of the understanding that the agent set by hand."""
    fields = ("party", "issue_type", "wish", "emotion", "priority")
    return [name for name in fields if getattr(case, name) is not None] + (["slots"] if case.slots else [])


def text_spans(spans: Iterable[tuple[int, int, int]]) -> list[TextSpan]:
    """Spans of the contract from (message, start, end)."""
    return [TextSpan(message=message, start=start, end=end) for message, start, end in spans]


def shared_spans(said: Sequence[Said], phrasing: str) -> list[TextSpan]:
    """The longest stretches of the customer's words whose character pairs the phrasing has, newest turn first."""
    pairs = {pair for pair in char_grams(fold(phrasing)) if len(pair) == 2}
    found: list[tuple[int, int, int]] = []
    for turn in reversed(said):
        start = None
        for place in range(len(turn.folded)):
            inside = turn.folded[place : place + 2] in pairs
            if inside and start is None:
                start = place
            if not inside and start is not None:
                found.append((turn.message, start, place + 1))
                start = None
        if len(found) >= SHOWN:
            break
    return text_spans(sorted(sorted(found, key=lambda span: span[1] - span[2])[:SHOWN]))


class _Fillable:
    """A slot that a fact fills by itself, with the words that must stand near; without words they are always near."""

    def __init__(self, slot: Slot, kinds: tuple[str, ...]) -> None:
        self.kinds = kinds
        self._near = re.compile("|".join(slot.near)) if slot.near else None

    def distance(self, folded: str, start: int, end: int) -> int | None:
        """Characters between a fact and the nearest of the slot's words; None where none stands near."""
        if self._near is None:
            return 0
        first = max(0, start - NEAR)
        found = [
            max(first + match.start() - end, start - first - match.end(), 0)
            for match in self._near.finditer(folded[first : end + NEAR])
        ]
        return min(found, default=None)


def _fillable(slots: dict[str, Slot]) -> dict[str, _Fillable]:
    """Slots that facts fill: those with words that must stand near, else the first one of each kind, times excepted."""
    found: dict[str, _Fillable] = {}
    taken: set[tuple[str, ...]] = set()
    for name, slot in slots.items():
        kinds = tuple(slot.facts) or _KINDS.get(slot.type, ())
        if kinds and (slot.near or (kinds not in taken and slot.type not in ("date", "datetime"))):
            found[name] = _Fillable(slot, kinds)
            taken.add(kinds)
    return found


def _fact(message: int, item: Found) -> CaseFact:
    span = TextSpan(message=message, start=item.start, end=item.end)
    return CaseFact(type=item.type, text=item.text, value=item.value, detail=item.detail, span=span)


def _personal(message: int, item: Found) -> PersonalData:
    span = TextSpan(message=message, start=item.start, end=item.end)
    return PersonalData(type=item.type, masked=masked(item), span=span)


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).isdigit()
