"""What people read: every text of the content except what serves matching (phrasings, patterns) and ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from ingest.loaded import Loaded, Place
from kb_service.content import Entry, Faq, Flow, Policy, Template
from kb_service.errors import Problem

Reader = Literal["customer", "agent"]
Path = tuple[str | int, ...]


class Readable(NamedTuple):
    """A text that somebody reads, who that is, and where it stands. `spoken`: said to a customer as it is."""

    place: Place
    path: Path
    text: str
    reader: Reader
    spoken: bool = False

    def problem(self, rule: str, message: str, near: str = "") -> Problem:
        """A problem at the line of this text that holds `near`."""
        return self.place.problem(self.path, rule, message, near)


def readable_texts(loaded: Loaded) -> Iterator[Readable]:
    """All texts that people read. Earlier wordings of clauses, being history, are left out."""
    for place, entry in loaded.placed_entries():
        yield Readable(place, ("title",), entry.title, "agent")
        yield from _entry(place, entry)
    yield from _vocabulary(loaded)
    if "desk" in loaded.places:
        yield from _desk(loaded, loaded.places["desk"])


def _entry(place: Place, entry: Entry) -> Iterator[Readable]:
    if isinstance(entry, Faq):
        for n, section in enumerate(entry.sections):
            open_to_all = entry.audience == "public" and section.audience == "public"
            yield Readable(place, ("sections", n, "text"), section.text, "customer" if open_to_all else "agent")
    elif isinstance(entry, Policy):
        for n, clause in enumerate(entry.clauses):
            if clause.valid_until is None or clause.valid_until == entry.valid_until:
                yield Readable(place, ("clauses", n), clause.title, "customer")
                yield Readable(place, ("clauses", n, "text"), clause.text, "customer")
    elif isinstance(entry, Template):
        for tone, text in entry.tones.items():
            yield Readable(place, ("tones", tone), text, "customer", spoken=True)
    elif isinstance(entry, Flow):
        yield from _flow(place, entry)


def _flow(place: Place, flow: Flow) -> Iterator[Readable]:
    yield Readable(place, ("summary",), flow.summary, "agent")
    for n, wanted in enumerate(flow.facts_to_collect):
        yield Readable(place, ("facts_to_collect", n, "ask"), wanted.ask or "", "customer", spoken=True)
    for party, proofs in flow.evidence.items():
        for n, proof in enumerate(proofs):  # the request for a proof is made of both
            words = f"{proof.label}，{proof.how}"
            yield Readable(place, ("evidence", party, n), words, "customer", spoken=True)
    for n, step in enumerate(flow.steps):
        yield Readable(place, ("steps", n, "title"), step.title, "agent")
        yield Readable(place, ("steps", n, "action"), step.action, "agent")
        yield Readable(place, ("steps", n, "deadline"), step.deadline, "agent")
    for n, offer in enumerate(flow.offers):
        yield Readable(place, ("offers", n, "label"), offer.label, "agent")
        yield Readable(place, ("offers", n, "text"), offer.text, "customer", spoken=True)
    for n, escalation in enumerate(flow.escalation):
        yield Readable(place, ("escalation", n, "when"), escalation.when, "agent")
    for name in ("closing_checks", "follow_up", "record_effect"):
        for n, text in enumerate(getattr(flow, name)):
            yield Readable(place, (name, n), text, "agent")


def _vocabulary(loaded: Loaded) -> Iterator[Readable]:
    """Labels and questions of the taxonomy, labels and words of facts, what tells confusable articles apart."""
    taxonomy, place = loaded.known_taxonomy, loaded.places["taxonomy"]
    for field in type(taxonomy).model_fields:
        for name, label in getattr(taxonomy, field).items():
            if isinstance(label, str):
                yield Readable(place, (field, name), label, "agent")
    for name, slot in taxonomy.slots.items():
        yield Readable(place, ("slots", name, "label"), slot.label, "agent")
        yield Readable(place, ("slots", name, "ask"), slot.ask, "customer", spoken=True)
    for name, fact in loaded.facts.items():
        yield Readable(loaded.places["facts"], (name, "label"), fact.label, "agent")
        yield Readable(loaded.places["facts"], (name, "value"), str(fact.value), "customer")
    for n, confusable in enumerate(loaded.confusable):
        yield Readable(loaded.places["confusable"], (n, "difference"), confusable.difference, "agent")


def _desk(loaded: Loaded, place: Place) -> Iterator[Readable]:
    for n, plan in enumerate(loaded.desk.follow_ups):
        path: Path = ("follow_ups", n)
        yield Readable(place, (*path, "scenario"), plan.scenario, "agent")
        yield Readable(place, (*path, "care_question"), plan.care_question, "customer", spoken=True)
        yield Readable(place, (*path, "coupon"), plan.coupon, "agent")
        for m, attempt in enumerate(plan.attempts):
            yield Readable(place, (*path, "attempts", m, "text"), attempt.text, "customer", spoken=True)
    for n, rung in enumerate(loaded.desk.ladder):
        yield Readable(place, ("ladder", n, "when"), rung.when, "agent")
    for n, rule in enumerate(loaded.desk.priorities):
        yield Readable(place, ("priorities", n, "reason"), rule.reason, "agent")
