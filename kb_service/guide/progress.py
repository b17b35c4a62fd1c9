"""Where a case stands in its procedure: what is known, proved, done, refused, and what calls for a higher level.

Read from the case and the conversation. Every pattern is content: slots say how they are asked for and stated,
escalations by which words they show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple

from kb_service.case import Case, CaseFact, Message, Understanding
from kb_service.content import Escalation, Evidence, Fact, Flow, Slot
from kb_service.guide.talk import Lacks, Talk, Turn, any_of, known_slots, lacking, until_agent
from kb_service.text import char_grams, fold, fold_aligned

SignalsOf = Callable[[str], Collection[str]]  # a customer's text, folded -> the signals of the taxonomy that it shows
Speaker = Literal["buyer", "seller"]

RECENT = 60  # messages that are read for questions and their replies
_RESOLVING = ("resolve", "dispute", "follow-up")  # stages in which solutions are on the table
LACKS, REFUSES, DEMANDS = "lacks_it", "refusal", "wants_compensation"  # signals of the taxonomy that matter here


class Progress(NamedTuple):
    """The state of a case in a flow. `declined` are slots, `withheld` proofs that the customer was asked for and cannot
    or will not give.

    `rejects`: the customer has just turned down a solution or asked for more. `shown`: signals of the newest words;
    `now_shown` the escalations that these call for, `earlier_shown` those that earlier words called for.
    """

    party: Speaker
    answered: bool
    resolving: bool
    known: frozenset[str]
    declined: frozenset[str]
    evidence: frozenset[str]
    withheld: frozenset[str]
    done: frozenset[str]
    refused: frozenset[str]
    rejects: bool
    shown: frozenset[str]
    now_shown: tuple[Escalation, ...]
    earlier_shown: tuple[Escalation, ...]


def read_progress(
    flow: Flow,
    slots: dict[str, Slot],
    case: Case,
    messages: Sequence[Message],
    understanding: Understanding,
    signals_of: SignalsOf,
    lacks: Lacks,
    limits: Mapping[str, Fact] = MappingProxyType({}),
) -> Progress:
    """The state of the case. Messages oldest first; facts and slots are those of `understanding`.

    `limits`: the knowledge base's facts by id, for escalations from an amount on.
    """
    first = max(0, len(messages) - RECENT)
    turns = [
        Turn(n, said.role, fold_aligned(said.text), said.kind == "image")
        for n, said in enumerate(messages[first:], first)
    ]
    party = _party(flow, case, understanding)
    done = frozenset(step.id for step in case.steps_done)
    answered = any(turn.role == "agent" for turn in turns)
    stages = {step.stage for step in flow.steps if step.id in done}
    newest = _newest(turns)
    fresh = " ".join(turn.text for turn in newest)
    shown = signals_of(fresh) if fresh else ()
    given = {name for name, value in {**understanding.slots, **case.slots}.items() if value.strip()}
    talk = Talk(turns, understanding.facts, lacks)
    known, declined = known_slots(flow.facts_to_collect, slots, given, talk)
    words = " ".join(turn.text for turn in turns if turn.role == "customer" and turn not in newest)
    now_shown = _shown(flow.escalation, fresh, shown)
    earlier = (*_shown(flow.escalation, words, ()), *_reached(flow, understanding.facts, limits))
    wanted = flow.evidence.get(party, ())
    asked_for = any_of(tuple(pattern for one in flow.facts_to_collect for pattern in slots[one.slot].asked_by))
    evidence = _evidence(wanted, case, newest, asked_for, talk)
    return Progress(
        party=party,
        answered=answered,
        resolving=bool(stages.intersection(_RESOLVING)) or bool(case.offers),
        known=known,
        declined=declined,
        evidence=evidence,
        withheld=_withheld(wanted, evidence, asked_for, talk),
        done=done | ({flow.steps[0].id} if answered and flow.steps[0].stage == "reception" else set()),
        refused=frozenset(offer.id for offer in case.offers if offer.outcome != "accepted"),
        rejects=_rejects(case, shown),
        shown=frozenset(shown),
        now_shown=now_shown,
        earlier_shown=tuple(one for one in dict.fromkeys(earlier) if one not in now_shown),
    )


def _newest(turns: Sequence[Turn]) -> list[Turn]:
    """What the customer has said since the agent spoke."""
    found: list[Turn] = []
    for turn in reversed(turns):
        if turn.role == "agent" and found:
            break
        if turn.role == "customer":
            found.append(turn)
    return found[::-1]


def _party(flow: Flow, case: Case, understanding: Understanding) -> Speaker:
    for party in (case.party, understanding.party, flow.party):
        if party == "buyer" or party == "seller":
            return party
    return "buyer"


# ── evidence and escalation


def _evidence(
    wanted: Sequence[Evidence], case: Case, newest: Sequence[Turn], asked_for: re.Pattern[str], talk: Talk
) -> frozenset[str]:
    """Proofs that are there: those of the case, and what the customer's pictures show.

    A picture is the proof whose name its text, and the request before it, share most with; where nothing is shared, the
    first required one that is missing. Once the case lists proofs, only the newest pictures are read: the tool knows of
    the others. A picture that answers a question of the flow is no proof.
    """
    found = set(case.evidence)
    for turn in newest if found else talk.turns:
        if turn.image and turn.role == "customer":
            before = _before(turn, talk.turns)
            best = _shows(turn.text, before, wanted if case.evidence else _missing(wanted, found))
            if best is not None and not (asked_for.search(before) and not _common(before, best)):
                found.add(best.id)
    return frozenset(found)


def _withheld(
    wanted: Sequence[Evidence], found: Collection[str], asked_for: re.Pattern[str], talk: Talk
) -> frozenset[str]:
    """Proofs that the agent has asked for and the customer cannot give: not asked for again."""
    withheld = set[str]()
    for n, turn in enumerate(talk.turns):
        missing = _missing(wanted, {*found, *withheld})
        if missing and turn.role == "agent" and not asked_for.search(turn.text):
            reply = until_agent(talk.turns[n + 1 :])
            if reply and not any(said.image for said in reply) and lacking(reply, talk):
                best = _shows("", turn.text, missing)
                withheld.update([best.id] if best else [])
    return frozenset(withheld)


def _missing(wanted: Sequence[Evidence], found: Collection[str]) -> list[Evidence]:
    return [proof for proof in wanted if proof.id not in found]


def _before(turn: Turn, turns: Sequence[Turn]) -> str:
    """What the agent said last before a turn."""
    return next((said.text for said in reversed(turns) if said.place < turn.place and said.role == "agent"), "")


def _common(said: str, proof: Evidence) -> bool:
    return len(char_grams(said) & _grams(proof.label)) > 1


def _shows(picture: str, before: str, proofs: Sequence[Evidence]) -> Evidence | None:
    if not proofs:
        return None
    pairs, asked = char_grams(picture), char_grams(before)
    scored = [(len(pairs & _grams(proof.label)) + 2 * len(asked & _grams(proof.label)), proof) for proof in proofs]
    best, proof = max(scored, key=lambda item: (item[0], item[1].required))
    return proof if best else next((proof for proof in proofs if proof.required), None)


def _rejects(case: Case, shown: Collection[str]) -> bool:
    """Whether an answer to a refusal is due: the last offer was refused, here or in the tool, or more is demanded."""
    last = case.offers[-1].outcome if case.offers else None
    return last == "refused" or (last == "offered" and REFUSES in shown) or DEMANDS in shown


def _shown(escalations: Sequence[Escalation], said: str, signals: Collection[str]) -> tuple[Escalation, ...]:
    if not said:
        return ()
    return tuple(
        one
        for one in escalations
        if any(name in signals for name in one.signals) or (one.cues and any_of(one.cues).search(said))
    )


def _reached(flow: Flow, facts: Sequence[CaseFact], limits: Mapping[str, Fact]) -> Iterator[Escalation]:
    """Escalations from an amount on that the customer has named."""
    named = [amount for fact in facts if fact.type == "amount" and (amount := _yuan(fact.value)) is not None]
    for one in flow.escalation:
        limit = limits.get(one.amount_from)
        if limit is not None and named and max(named) >= float(limit.value):
            yield one


def _yuan(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None  # a range or an open amount reaches nothing


@lru_cache(maxsize=2048)
def _grams(label: str) -> frozenset[str]:
    return frozenset(char_grams(fold(label)))
