"""The ticket note: what a case is about and how it stands, for whoever takes it up next. Personal data is masked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from kb_service.case import Case, CaseFact, Clocks, Feeling, Message, OfferMade, Promise, StepDone, Understanding
from kb_service.casework import NotePromise, NoteResponse
from kb_service.content import Flow, Taxonomy
from kb_service.guide.procedure import Guided
from kb_service.records import CHINA, Emotion

Mask = Callable[[str], str]  # a text -> the same with personal data masked

QUOTED = 120  # characters of the customer's own words
_FEELS: dict[Emotion, str] = {
    "calm": "平静",
    "anxious": "焦急",
    "angry": "愤怒",
    "disappointed": "失望",
    "threatening": "扬言投诉或曝光",
}
_OUTCOMES: dict[Literal["offered", "accepted", "refused"], str] = {
    "offered": "已提出，待客户答复",
    "accepted": "客户接受",
    "refused": "客户拒绝",
}
_NONE = "无"


class Edition(NamedTuple):
    """What a note is written with: the version's id, its vocabulary, and how it masks personal data."""

    version: str
    taxonomy: Taxonomy
    mask: Mask


def write_note(
    edition: Edition,
    case: Case,
    messages: Sequence[Message],
    understanding: Understanding,
    guided: Guided,
    now: datetime,
    clocks: Clocks | None = None,
    result: str = "",
) -> NoteResponse:
    """The structured note of a case at `now`, and the same in Chinese under fixed headings."""
    mask = edition.mask
    promises = [_promise(promise, mask, now) for promise in case.promises]
    guidance, priority = guided.guidance, understanding.priority
    assert priority is not None  # only a public audience is not told, and it gets no notes
    note = NoteResponse(
        kb_version=edition.version,
        case_id=case.id,
        issue_types=understanding.issue_types,
        wish=understanding.wish,
        emotion=understanding.emotion,
        level=priority.level,
        facts=[_masked_fact(fact, mask) for fact in understanding.facts],
        evidence=list(case.evidence),
        evidence_gaps=guidance.evidence_gaps if guidance else [],
        steps=[_masked_step(step, mask) for step in case.steps_done],
        offers=case.offers,
        promises=promises,
        result=mask(result.strip()),
        next_deadline=_next_deadline(promises, clocks, now),
        text="",
    )
    writer = _Writer(edition.taxonomy, guided.flow, understanding, mask)
    return note.model_copy(update={"text": "\n".join(writer.lines(note, messages))})


def _promise(promise: Promise, mask: Mask, now: datetime) -> NotePromise:
    overdue = promise.due is not None and promise.due < now
    return NotePromise(text=mask(promise.text), due=promise.due, status="overdue" if overdue else "open")


def _masked_fact(fact: CaseFact, mask: Mask) -> CaseFact:
    return fact.model_copy(update={"text": mask(fact.text), "value": mask(fact.value)})


def _masked_step(step: StepDone, mask: Mask) -> StepDone:
    return step.model_copy(update={"reason": mask(step.reason)})


def _next_deadline(promises: Sequence[NotePromise], clocks: Clocks | None, now: datetime) -> datetime | None:
    """The nearest moment that is still to come; None if there is none."""
    due = [promise.due for promise in promises] + ([clocks.resolve_due] if clocks else [])
    return min((moment for moment in due if moment is not None and moment >= now), default=None)


class _Writer:
    """Words the note. Ids are written as the flow and the taxonomy call them."""

    def __init__(self, taxonomy: Taxonomy, flow: Flow | None, understanding: Understanding, mask: Mask) -> None:
        self._taxonomy = taxonomy
        self._understanding = understanding
        self._mask = mask
        self._steps = {step.id: step.title for step in flow.steps} if flow else {}
        self._offers = {offer.id: offer.label for offer in flow.offers} if flow else {}
        proofs = (proof for group in flow.evidence.values() for proof in group) if flow else ()
        self._proofs = {proof.id: proof.label for proof in proofs}

    def lines(self, note: NoteResponse, messages: Sequence[Message]) -> Iterator[str]:
        """A line per heading; a heading without content says so."""
        types = "、".join(issue.label for issue in note.issue_types)
        yield f"【客户诉求】{self._wants(note, messages)}"
        yield f"【问题类型】{types or _NONE}（优先级 {note.level}，情绪：{_feels(note.emotion)}）"
        yield f"【关键信息】{'；'.join(self._known(note.facts)) or _NONE}"
        yield f"【证据】{self._evidence(note)}"
        yield f"【处理经过】{'；'.join(map(self._step, note.steps)) or _NONE}"
        yield f"【方案与承诺】{'；'.join([*map(self._offer, note.offers), *map(_promised, note.promises)]) or _NONE}"
        yield f"【结果】{note.result or '处理中'}"
        yield f"【下一时限】{_time(note.next_deadline) if note.next_deadline else _NONE}"

    def _wants(self, note: NoteResponse, messages: Sequence[Message]) -> str:
        said = " ".join(turn.text.strip() for turn in messages if turn.role == "customer" and turn.kind != "image")
        told = self._understanding.slots.get("problem_desc", "").strip() or said
        words = self._mask(told)  # masked before it is cut: half a number is not found
        words = words if len(words) <= QUOTED else f"{words[:QUOTED]}…"
        return "；".join(filter(None, (note.wish.label if note.wish else "", words))) or _NONE

    def _known(self, facts: Sequence[CaseFact]) -> Iterator[str]:
        """The slots by their labels, then facts that no slot holds; each value once."""
        values = set[str]()
        for name, value in self._understanding.slots.items():
            slot = self._taxonomy.slots.get(name)
            if slot and name != "problem_desc" and value.strip():
                values.add(value.strip())
                yield f"{slot.label}：{self._mask(value.strip())}"
        for text in dict.fromkeys(fact.text for fact in facts if fact.type != "goods"):
            if not any(text in value for value in values):
                yield text

    def _evidence(self, note: NoteResponse) -> str:
        there = "、".join(self._proofs.get(name, name) for name in note.evidence)
        missing = "、".join(gap.label for gap in note.evidence_gaps if gap.required)
        return (
            "；".join(filter(None, (f"已有：{there}" if there else "", f"还缺：{missing}" if missing else ""))) or _NONE
        )

    def _step(self, step: StepDone) -> str:
        who = "，".join(filter(None, (_time(step.at) if step.at else "", step.operator or "")))
        reason = f"，原因：{step.reason}" if step.reason else ""
        return f"{self._steps.get(step.id, step.id)}" + (f"（{who}{reason}）" if who or reason else "")

    def _offer(self, offer: OfferMade) -> str:
        return f"{self._offers.get(offer.id, offer.id)}（{_OUTCOMES[offer.outcome]}）"


def _promised(promise: NotePromise) -> str:
    due = f"，{_time(promise.due)} 前" if promise.due else ""
    return f"承诺：{promise.text}{due}{'，已逾期' if promise.status == 'overdue' else ''}"


def _feels(feeling: Feeling) -> str:
    return _FEELS[feeling.label]


def _time(at: datetime) -> str:
    """Beijing time."""
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"
