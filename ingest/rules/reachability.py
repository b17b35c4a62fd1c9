"""What nothing leads to: templates that nothing offers, facts that nothing states, blanks that nobody asks about.

Articles need no link, since any question may find them by their phrasings; and any case may come to a flow through its
issue types. Templates without a link come up for their issue types only after all that are linked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.loaded import Loaded
from ingest.render import PLACEHOLDER, texts
from kb_service.content import Flow, Policy, Slot
from kb_service.errors import Problem

# Kinds of slots that any message fills in which such a thing stands (`kb_service.understand.reader`).
_FOUND = ("order_no", "tracking_no", "amount", "phone_tail")
_FILLED_BY_AGENTS = "请填写"  # how the question of a slot begins that agents fill of their own knowledge


def check_reachability(loaded: Loaded) -> Iterator[Problem]:
    """Templates that nothing names, facts that nothing uses, slots of templates that no flow collects."""
    yield from _templates(loaded)
    yield from _facts(loaded)
    yield from _slots(loaded)


def _templates(loaded: Loaded) -> Iterator[Problem]:
    named = {name for faq in loaded.faqs for name in faq.templates}
    for flow in loaded.flows:
        named |= {*flow.templates, *(step.say or "" for step in flow.steps)}
    for template in loaded.templates:
        if template.id not in named:
            message = "没有文章、流程或步骤用到这个模板，坐席很难看到它；请把它写进相关文章或流程的 templates，或删掉"
            yield loaded.places[template.id].problem(("id",), "unreachable", message)


def _facts(loaded: Loaded) -> Iterator[Problem]:
    used = set(_named_facts(loaded))
    for name, fact in loaded.facts.items():
        if name not in used:
            message = f"没有内容用到事实“{name}”（{fact.label}）；请用上它，或删掉"
            yield loaded.places["facts"].problem((name,), "unreachable", message)


def _named_facts(loaded: Loaded) -> Iterator[str]:
    """The facts that texts in force state, and those that flows and desk rules name."""
    for _, entry in loaded.placed_entries():
        for path, text in texts(entry):
            closed = isinstance(entry, Policy) and path[0] == "clauses" and entry.clauses[int(path[1])].valid_until
            if "{{" in text and not closed:
                yield from (match["name"] for match in PLACEHOLDER.finditer(text) if match["kind"] == "fact")
        if isinstance(entry, Flow):
            yield from (entry.sla.first_response, entry.sla.resolve, entry.self_service or "")
            yield from (offer.limit or "" for offer in entry.offers)
            yield from (escalation.amount_from for escalation in entry.escalation)
    for _, text in texts(loaded.desk):
        yield text  # its fields hold ids of facts
        yield from (match["name"] for match in PLACEHOLDER.finditer(text) if match["kind"] == "fact")


def _slots(loaded: Loaded) -> Iterator[Problem]:
    slots = loaded.known_taxonomy.slots
    collected = {wanted.slot for flow in loaded.flows for wanted in flow.facts_to_collect}
    collected |= {name for name, slot in slots.items() if slot.ask.startswith(_FILLED_BY_AGENTS)}
    collected |= set(_found_anywhere(slots))
    for template in loaded.templates:
        for tone, text in template.tones.items():
            for match in PLACEHOLDER.finditer(text):
                name = match["name"]
                if match["kind"] == "slot" and name in slots and name not in collected:
                    message = (
                        f"槽位“{name}”（{slots[name].label}）没有流程收集，模板总会缺这一项；"
                        "请把它加进相关流程的 facts_to_collect，或换掉这个槽位"
                    )
                    place = loaded.places[template.id]
                    yield place.problem(("tones", tone), "slot-not-collected", message, match[0])


def _found_anywhere(slots: Mapping[str, Slot]) -> Iterator[str]:
    """The slots that the service fills whatever stands beside: of each kind the first that asks for no words near."""
    taken: set[str] = set()
    for name, slot in slots.items():
        if slot.type in _FOUND and not slot.near and slot.type not in taken:
            taken.add(slot.type)
            yield name
