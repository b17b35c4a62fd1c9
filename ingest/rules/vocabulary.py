"""Every name that must come from the taxonomy, or from the facts and flows that desk rules name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ingest.loaded import Loaded
from kb_service.content import CaseRecord, Entry, Faq, Flow, FollowUpPlan, Policy, PriorityRule, Taxonomy, Template
from kb_service.errors import Problem, suggest_name


def check_vocabulary(loaded: Loaded) -> Iterator[Problem]:
    """Names that the taxonomy, the facts or the flows lack."""
    taxonomy = loaded.known_taxonomy
    actors = {"buyer", "seller", "system", *taxonomy.roles, *taxonomy.departments}
    for place, entry in loaded.placed_entries():
        for path, found, known in _vocabulary(entry, taxonomy, actors):
            if found not in known:
                message = (
                    f"taxonomy.yaml 里没有“{found}”；{suggest_name(found, sorted(known)) or '请先登记或改用已有的'}"
                )
                yield place.problem(path, "vocabulary", message)
    for name in taxonomy.issue_types:
        parent = name.rpartition(".")[0]
        if parent and parent not in taxonomy.issue_types:
            message = f"上级“{parent}”不存在；请先登记上级"
            yield loaded.places["taxonomy"].problem(("issue_types", name), "vocabulary", message)

    for name, path, found, known in _desk_vocabulary(loaded, taxonomy):
        if found not in known:
            message = f"没有“{found}”；{suggest_name(found, sorted(known)) or '请先登记或改用已有的'}"
            yield loaded.places[name].problem(path, "vocabulary", message)
    yield from _facts(loaded)


_UNITS = {
    "duration": ("秒", "分钟", "小时", "天", "个工作日", "周", "个月", "年"),
    "ratio": ("%",),
    "amount": ("元", "万元"),
}  # of counts any unit may be


def _facts(loaded: Loaded) -> Iterator[Problem]:
    """Facts whose value or unit is not of their kind."""
    for name, fact in loaded.facts.items():
        place = loaded.places["facts"]
        if fact.kind in ("path", "text"):
            if not isinstance(fact.value, str):
                message = f"kind 是 {fact.kind}，value 应为文字，实际是 {fact.value}"
                yield place.problem((name, "value"), "schema", message)
        elif isinstance(fact.value, str):
            message = f"kind 是 {fact.kind}，value 应为数字，实际是“{fact.value}”；单位写在 unit 里"
            yield place.problem((name, "value"), "schema", message)
        elif not fact.unit or fact.unit not in _UNITS.get(fact.kind, (fact.unit,)):
            known = f"；可用的有：{'、'.join(_UNITS[fact.kind])}" if fact.kind in _UNITS else "；请补上"
            yield place.problem((name, "unit"), "schema", f"kind 是 {fact.kind}，unit 不能是“{fact.unit}”{known}")


Named = tuple[tuple[str | int, ...], str, Collection[str]]


def _desk_vocabulary(
    loaded: Loaded, taxonomy: Taxonomy
) -> Iterator[tuple[str, tuple[str | int, ...], str, Collection[str]]]:
    """(file, path, name found, names allowed) of desk.yaml, cues and goods."""
    for n, cue in enumerate(loaded.lexicon.get("cues", [])):
        yield "lexicon/cues", (n, "shows"), cue.shows, {*taxonomy.wishes, *taxonomy.signals}
    for n, goods in enumerate(loaded.lexicon.get("goods", [])):
        yield "lexicon/goods", (n, "category"), goods.category, taxonomy.product_categories
    conditional: dict[str, Sequence[PriorityRule | FollowUpPlan]] = {
        "priorities": loaded.desk.priorities,
        "follow_ups": loaded.desk.follow_ups,
    }
    for field, rules in conditional.items():
        for n, rule in enumerate(rules):
            for m, found in enumerate(rule.issue_types):
                yield "desk", (field, n, "issue_types", m), found, taxonomy.issue_types
            for m, found in enumerate(rule.signals):
                yield "desk", (field, n, "signals", m), found, taxonomy.signals
    for n, plan in enumerate(loaded.desk.follow_ups):
        for m, attempt in enumerate(plan.attempts):
            yield "desk", ("follow_ups", n, "attempts", m, "channel"), attempt.channel, taxonomy.channels
    for field in ("burst_window", "burst_cases", "first_response", "resolve"):
        if found := getattr(loaded.desk, field):
            yield "desk", (field,), found, loaded.facts
    for n, rule in enumerate(loaded.desk.priorities):
        for field in ("amount_from", "contacts_from"):
            if isinstance(found := getattr(rule, field), str):
                yield "desk", ("priorities", n, field), found, loaded.facts
    for role, found in loaded.desk.compensation.items():
        yield "desk", ("compensation", role), role, taxonomy.roles
        yield "desk", ("compensation", role), found, loaded.facts
    if loaded.desk.burst_flow:
        yield "desk", ("burst_flow",), loaded.desk.burst_flow, {flow.id for flow in loaded.flows}


def _vocabulary(entry: Entry, taxonomy: Taxonomy, actors: Collection[str]) -> Iterator[Named]:
    """(path, name found, names allowed) for every closed-vocabulary field of an entry."""

    def each(field: str, values: tuple[str, ...], known: Collection[str]) -> Iterator[Named]:
        yield from (((field, n), value, known) for n, value in enumerate(values))

    if isinstance(entry, Faq):
        yield ("issue_type",), entry.issue_type, taxonomy.issue_types
        yield from each("product_categories", entry.product_categories, taxonomy.product_categories)
        yield from each("steps", entry.steps, taxonomy.stages)
    if isinstance(entry, CaseRecord):
        yield ("issue_type",), entry.issue_type, taxonomy.issue_types
        yield from each("product_categories", entry.product_categories, taxonomy.product_categories)
        yield from ([(("wish",), entry.wish, taxonomy.wishes)] if entry.wish else [])
    if isinstance(entry, Policy | Template | Flow):
        yield from each("issue_types", entry.issue_types, taxonomy.issue_types)
    if isinstance(entry, Template):
        yield ("stage",), entry.stage, taxonomy.stages
        yield ("purpose",), entry.purpose, taxonomy.purposes
        yield from each("channels", entry.channels, taxonomy.channels)
    if isinstance(entry, Flow):
        for n, wanted in enumerate(entry.facts_to_collect):
            yield ("facts_to_collect", n, "slot"), wanted.slot, taxonomy.slots
        for n, step in enumerate(entry.steps):
            yield ("steps", n, "stage"), step.stage, taxonomy.stages
            yield ("steps", n, "owner"), step.owner, actors
        for n, offer in enumerate(entry.offers):
            yield ("offers", n, "authority"), offer.authority, taxonomy.roles
        for n, escalation in enumerate(entry.escalation):
            yield ("escalation", n, "to"), escalation.to, {*taxonomy.roles, *taxonomy.departments}
        yield from each("departments", entry.departments, taxonomy.departments)
