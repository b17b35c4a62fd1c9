"""What makes procedures wrong although every file is well-formed: flows, slots and the desk's own rules.

Steps that cannot be told apart, patterns that do not compile or match everything, names that nothing defines, text
messages that are too long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import get_args

from ingest.loaded import Loaded, Place
from ingest.render import PLACEHOLDER, clause_labels, texts
from ingest.rules.patterns import pattern_fault
from kb_service.case import FactType
from kb_service.content import Escalation, Flow, FollowUpPlan, Taxonomy
from kb_service.errors import Problem, suggest_name

SMS_LIMIT = 70  # characters of a text message, as it is sent
Path = tuple[str | int, ...]
Named = tuple[Path, str, Collection[str]]


def check_procedures(loaded: Loaded) -> Iterator[Problem]:
    """All defects of flows, slots and desk rules. Needs the taxonomy."""
    taxonomy = loaded.taxonomy
    assert taxonomy is not None  # `check` calls this only then
    for flow in loaded.flows:
        yield from _check_flow(loaded, flow, taxonomy)
    yield from _check_faqs(loaded)
    yield from _check_slots(loaded, taxonomy)
    yield from _check_messages(loaded, _writer(loaded, taxonomy))
    if "desk" in loaded.places:
        yield from _check_desk(loaded, loaded.places["desk"], taxonomy)


def _check_flow(loaded: Loaded, flow: Flow, taxonomy: Taxonomy) -> Iterator[Problem]:
    place = loaded.places[flow.id]
    for field, names in _ids(flow):
        for n, name in enumerate(names):
            if name in names[:n]:
                first = place.located.line((*field, names.index(name)))
                message = f"“{name}”在第 {first} 行已经用过；同一流程里每个编号只用一次"
                yield place.problem((*field, n), "duplicate-id", message)
    yield from _patterns(place, ("cues",), flow.cues)
    for n, wanted in enumerate(flow.facts_to_collect):
        yield from _patterns(place, ("facts_to_collect", n, "said_by"), wanted.said_by)
    named = [(("signals", n), name, taxonomy.signals) for n, name in enumerate(flow.signals)]
    yield from _unknown(place, [*named, *_escalation_names(("escalation",), flow.escalation, taxonomy, loaded)])
    for n, escalation in enumerate(flow.escalation):
        yield from _patterns(place, ("escalation", n, "cues"), escalation.cues)


def _ids(flow: Flow) -> Iterator[tuple[Path, list[str]]]:
    yield ("steps",), [step.id for step in flow.steps]
    yield ("offers",), [offer.id for offer in flow.offers]
    yield ("facts_to_collect",), [wanted.slot for wanted in flow.facts_to_collect]
    for party, proofs in flow.evidence.items():
        yield ("evidence", party), [proof.id for proof in proofs]


def _escalation_names(
    path: Path, escalations: Sequence[Escalation], taxonomy: Taxonomy, loaded: Loaded
) -> Iterator[Named]:
    for n, one in enumerate(escalations):
        yield from (((*path, n, "signals", m), name, taxonomy.signals) for m, name in enumerate(one.signals))
        if one.amount_from:
            yield (*path, n, "amount_from"), one.amount_from, loaded.facts


def _check_faqs(loaded: Loaded) -> Iterator[Problem]:
    """Articles that flows name: they exist, and each is named once."""
    known = {faq.id for faq in loaded.faqs}
    holder: dict[str, str] = {}
    for flow in loaded.flows:
        place = loaded.places[flow.id]
        for n, name in enumerate(flow.faqs):
            yield from _unknown(place, [(("faqs", n), name, known)])
            if name in holder:
                message = f"“{name}”已经归在流程“{holder[name]}”；一篇常见问题只归一个流程"
                yield place.problem(("faqs", n), "flow-faq", message)
            holder.setdefault(name, flow.id)


def _check_slots(loaded: Loaded, taxonomy: Taxonomy) -> Iterator[Problem]:
    place = loaded.places["taxonomy"]
    for name, slot in taxonomy.slots.items():
        path: Path = ("slots", name)
        yield from _unknown(
            place, [((*path, "facts", n), kind, get_args(FactType)) for n, kind in enumerate(slot.facts)]
        )
        for field in ("asked_by", "near", "said_by"):
            yield from _patterns(place, (*path, field), getattr(slot, field))


def _check_desk(loaded: Loaded, place: Place, taxonomy: Taxonomy) -> Iterator[Problem]:
    desk = loaded.desk
    named: list[Named] = [*_escalation_names(("ladder",), desk.ladder, taxonomy, loaded)]
    named += [(("ladder", n, "to"), rung.to, taxonomy.roles) for n, rung in enumerate(desk.ladder)]
    if desk.repeat_times:
        named.append((("repeat_times",), desk.repeat_times, loaded.facts))
    for n, plan in enumerate(desk.follow_ups):
        named += [(("follow_ups", n, "stages", m), name, taxonomy.stages) for m, name in enumerate(plan.stages)]
    yield from _unknown(place, named)
    yield from _check_placeholders(loaded, place, taxonomy)
    yield from _check_plans(place, desk.follow_ups, _writer(loaded, taxonomy))


def _check_placeholders(loaded: Loaded, place: Place, taxonomy: Taxonomy) -> Iterator[Problem]:
    known: dict[str, Collection[str]] = {
        "fact": loaded.facts,
        "clause": clause_labels(tuple(loaded.policies)),
        "slot": taxonomy.slots,
    }
    for path, text in texts(loaded.desk):
        for match in PLACEHOLDER.finditer(text):
            if match["name"] not in known.get(match["kind"], ()):
                yield place.problem(path, "placeholder", f"占位符“{match[0]}”没有对应的内容；请核对编号")


def _check_plans(place: Place, plans: Sequence[FollowUpPlan], written: Callable[[str], str]) -> Iterator[Problem]:
    for n, plan in enumerate(plans):
        for m, attempt in enumerate(plan.attempts):
            path: Path = ("follow_ups", n, "attempts", m, "text")
            if attempt.channel == "sms":
                yield from _too_long(place, path, written(attempt.text))
    if plans and _conditions(plans[-1]):
        message = "最后一个回访方案不能有条件，否则有的案件没有方案；请在最后加一个不写条件的"
        yield place.problem(("follow_ups", len(plans) - 1), "follow-up", message)


def _check_messages(loaded: Loaded, written: Callable[[str], str]) -> Iterator[Problem]:
    """Templates for text messages: what is too long loses its last sentences when it is sent."""
    for template in loaded.templates:
        for tone, text in template.tones.items() if "sms" in template.channels else ():
            found = _too_long(loaded.places[template.id], ("tones", tone), written(text), text.splitlines()[0])
            yield from found


def _too_long(place: Place, path: Path, sent: str, near: str = "") -> Iterator[Problem]:
    if len(sent) > SMS_LIMIT:
        message = f"短信发出时是 {len(sent)} 个字，最多 {SMS_LIMIT} 个；请精简，细节放到站内信"
        yield place.problem(path, "sms-length", message, near)


def _conditions(plan: FollowUpPlan) -> bool:
    stated = (plan.issue_types, plan.emotions, plan.signals, plan.stages, plan.contacts_from, plan.incident)
    return any(stated)


def _writer(loaded: Loaded, taxonomy: Taxonomy) -> Callable[[str], str]:
    """The text as it is sent: facts and clauses written out, a slot as its label in brackets."""
    clauses = clause_labels(tuple(loaded.policies))

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if match["kind"] == "fact" and name in loaded.facts:
            return loaded.facts[name].display
        if match["kind"] == "slot" and name in taxonomy.slots:
            return f"【{taxonomy.slots[name].label}】"
        return clauses.get(name, match[0])

    return lambda text: PLACEHOLDER.sub(value, text)


def _unknown(place: Place, named: Sequence[Named]) -> Iterator[Problem]:
    for path, found, known in named:
        if found not in known:
            message = f"没有“{found}”；{suggest_name(found, sorted(known)) or '请先登记或改用已有的'}"
            yield place.problem(path, "vocabulary", message)


def _patterns(place: Place, path: Path, patterns: Sequence[str]) -> Iterator[Problem]:
    for n, pattern in enumerate(patterns):
        if fault := pattern_fault(pattern):
            yield place.problem((*path, n), "regex", fault)
