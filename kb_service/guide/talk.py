"""Which facts a conversation has already yielded: stated by the customer, given as an answer, or declined.

Every pattern is content: a slot says how it is asked for and how it is stated (see `content.Slot`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from kb_service.case import CaseFact, FactType
from kb_service.content import Slot, SlotRequest
from kb_service.records import SlotType

Lacks = Callable[[str], object]  # a customer's text, folded -> true if it says that something cannot be given

NEAR = 16  # characters on either side of a fact in which a slot's words must stand
_FACTS: dict[SlotType, tuple[FactType, ...]] = {
    "order_no": ("order_no",),
    "tracking_no": ("tracking_no",),
    "amount": ("amount",),
    "date": ("time", "duration"),
    "datetime": ("time", "duration"),
    "phone_tail": ("phone_tail",),
}
_SHAPES: dict[SlotType, str] = {  # what answers a question for such a slot, where no fact is found
    "order_no": r"\d{8,}",
    "tracking_no": r"[a-z0-9]{8,}",
    "amount": r"\d|[一二两三四五六七八九十百千万]",
    "date": r"\d|[今昨前]|刚|周|月|上午|下午",
    "datetime": r"\d|[今昨前]|刚|周|月|上午|下午",
    "phone_tail": r"(?<!\d)\d{4}(?!\d)",
}


class Turn(NamedTuple):
    """A message of the conversation with its place in it, its text folded."""

    place: int
    role: str
    text: str
    image: bool


class Talk(NamedTuple):
    """A conversation, oldest turn first, and the facts found in it."""

    turns: Sequence[Turn]
    facts: Sequence[CaseFact]
    lacks: Lacks


def known_slots(
    wanted_slots: Sequence[SlotRequest], slots: Mapping[str, Slot], given: Collection[str], talk: Talk
) -> tuple[frozenset[str], frozenset[str]]:
    """The slots that are known, `given` or said, and those that the customer was asked for and does not give."""
    known, declined = set(given), set[str]()
    said = [turn for turn in talk.turns if turn.role == "customer"]
    for wanted in wanted_slots:
        if wanted.slot in given:
            continue
        slot = slots[wanted.slot]
        reply = _reply(slot, talk.turns)
        if _stated(wanted, slot, said, talk.facts) or (reply and _answered(slot, reply, talk)):
            known.add(wanted.slot)
        elif reply and lacking(reply, talk):
            declined.add(wanted.slot)
    return frozenset(known), frozenset(declined)


def _stated(wanted: SlotRequest, slot: Slot, said: Sequence[Turn], facts: Sequence[CaseFact]) -> bool:
    """Whether the customer has stated it of their own accord."""
    patterns = wanted.said_by or slot.said_by
    if patterns and any(any_of(patterns).search(turn.text) for turn in said if not turn.image):
        return True
    if wanted.said_by:
        return False
    texts = {turn.place: turn.text for turn in said}
    return any(_is_about(fact, slot, texts.get(fact.span.message)) for fact in _of_kind(slot, facts))


def _of_kind(slot: Slot, facts: Sequence[CaseFact]) -> list[CaseFact]:
    kinds = slot.facts or _FACTS.get(slot.type, ())
    return [fact for fact in facts if fact.type in kinds] if kinds else []


def _is_about(fact: CaseFact, slot: Slot, text: str | None) -> bool:
    """Whether a fact of the right kind states this slot: no words are asked for, or they stand close by."""
    if text is None:
        return False
    nearby = text[max(0, fact.span.start - NEAR) : fact.span.end + NEAR]
    return not slot.near or any_of(slot.near).search(nearby) is not None


def _reply(slot: Slot, turns: Sequence[Turn]) -> list[Turn]:
    """What the customer said after the agent last asked for a slot."""
    for n in range(len(turns) - 1, -1, -1):
        if turns[n].role == "agent" and any_of(slot.asked_by).search(turns[n].text):
            return until_agent(turns[n + 1 :])
    return []


def until_agent(turns: Sequence[Turn]) -> list[Turn]:
    """What the customer says from the beginning of `turns` until the agent speaks again."""
    found: list[Turn] = []
    for turn in turns:
        if turn.role == "agent" and found:
            break
        if turn.role == "customer":
            found.append(turn)
    return found


def _answered(slot: Slot, reply: Sequence[Turn], talk: Talk) -> bool:
    """A typed slot is answered by a fact of its kind or by what looks like one, any other by words not declining."""
    places = {turn.place for turn in reply}
    if slot.type in _SHAPES:
        return any(fact.span.message in places for fact in _of_kind(slot, talk.facts)) or any(
            any_of((_SHAPES[slot.type],)).search(turn.text) for turn in reply
        )
    return any(turn.text.strip() for turn in reply) and not lacking(reply, talk)


def lacking(reply: Sequence[Turn], talk: Talk) -> bool:
    """Whether a reply says that something cannot or will not be given."""
    return bool(talk.lacks(_text(reply)))


def _text(turns: Sequence[Turn]) -> str:
    return " ".join(turn.text for turn in turns)


@lru_cache(maxsize=4096)
def any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all of them; of none one that matches nothing. They are content, checked when published."""
    return re.compile("|".join(patterns) or r"(?!)")
