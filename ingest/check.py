"""What makes content wrong although every file is well-formed: references, clashes, wording.

Each `_check_…` yields problems; `check` runs them all, those of `duplicates` and `literals` too, so that a writer sees
everything at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from ingest.duplicates import check_duplicates
from ingest.literals import check_literals
from ingest.load import Loaded, Place, load
from ingest.procedures import check_procedures
from ingest.render import KINDS, PLACEHOLDER, texts
from ingest.wording import check_wording
from kb_service.content import Content, Entry, Faq, Flow, FollowUpPlan, Policy, PriorityRule, Taxonomy, Template
from kb_service.errors import ContentError, Problem, suggest_name


def check(root: Path) -> Loaded:
    """Read the content at `root` and look for every defect; all are in `problems` of the result."""
    loaded = well_formed(root)
    if loaded.taxonomy is not None:
        loaded.problems += slow_problems(loaded)
    return loaded


def well_formed(root: Path) -> Loaded:
    """Read the content at `root` and look for what would keep it from being built: form, references, patterns."""
    loaded = load(root)
    if loaded.taxonomy is not None:
        for rule in (_check_vocabulary, _check_references, _check_placeholders, _check_clauses, _check_lexicon):
            loaded.problems += rule(loaded)
    return loaded


def slow_problems(loaded: Loaded) -> list[Problem]:
    """What is wrong with well-formed content: wording, near duplicates, literal numbers, procedures."""
    rules = (check_wording, check_duplicates, check_literals, check_procedures)
    return [problem for rule in rules for problem in rule(loaded)]


def checked_content(root: Path) -> Content:
    """The content at `root`; raises ContentError with all problems if there is one."""
    loaded = check(root)
    if loaded.problems:
        raise ContentError(loaded.problems)
    return loaded.content()


def _entries(loaded: Loaded) -> Iterator[tuple[Place, Entry]]:
    for entry in (*loaded.faqs, *loaded.policies, *loaded.templates, *loaded.flows):
        yield loaded.places[entry.id], entry


def _taxonomy(loaded: Loaded) -> Taxonomy:
    assert loaded.taxonomy is not None  # check() runs the rules only then
    return loaded.taxonomy


# ── vocabulary: every name that must come from the taxonomy


def _check_vocabulary(loaded: Loaded) -> Iterator[Problem]:
    taxonomy = _taxonomy(loaded)
    actors = {"buyer", "seller", "system", *taxonomy.roles, *taxonomy.departments}
    for place, entry in _entries(loaded):
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


# ── references from entry to entry, clause and fact


def _check_references(loaded: Loaded) -> Iterator[Problem]:
    clauses = {f"{policy.id}#{clause.id}" for policy in loaded.policies for clause in policy.clauses}
    kinds: dict[str, Collection[str]] = {
        "条款": clauses,
        "模板": {template.id for template in loaded.templates},
        "常见问题": {faq.id for faq in loaded.faqs},
        "事实": loaded.facts,
    }
    for place, entry in _entries(loaded):
        for path, kind, found in _references(entry):
            if found not in kinds[kind]:
                yield place.problem(path, "reference", _dangling(kind, found, kinds[kind]))
            elif kind == "常见问题" and found == entry.id:
                yield place.problem(path, "reference", "相关问题指向了自己；请删掉")
    for key, fact in loaded.facts.items():
        if fact.source and fact.source not in clauses:
            yield loaded.places["facts"].problem((key, "source"), "reference", _dangling("条款", fact.source, clauses))
    for n, confusable in enumerate(loaded.confusable):
        for m, found in enumerate(confusable.pair):
            if found not in kinds["常见问题"]:
                message = _dangling("常见问题", found, kinds["常见问题"])
                yield loaded.places["confusable"].problem((n, "pair", m), "reference", message)


def _dangling(kind: str, found: str, known: Collection[str]) -> str:
    return f"{kind}“{found}”不存在；{suggest_name(found, sorted(known)) or '请先写好它或删掉引用'}"


Reference = tuple[tuple[str | int, ...], str, str]


def _references(entry: Entry) -> Iterator[Reference]:
    """(path, kind referred to, id) for every reference field of an entry."""
    if isinstance(entry, Faq | Flow):
        yield from ((("policy_refs", n), "条款", ref) for n, ref in enumerate(entry.policy_refs))
        yield from ((("templates", n), "模板", ref) for n, ref in enumerate(entry.templates))
    if isinstance(entry, Faq):
        yield from ((("related", n), "常见问题", ref) for n, ref in enumerate(entry.related))
    if isinstance(entry, Flow):
        yield ("sla", "first_response"), "事实", entry.sla.first_response
        yield ("sla", "resolve"), "事实", entry.sla.resolve
        if entry.self_service:
            yield ("self_service",), "事实", entry.self_service
        for n, step in enumerate(entry.steps):
            if step.say:
                yield ("steps", n, "say"), "模板", step.say
            if step.policy:
                yield ("steps", n, "policy"), "条款", step.policy
        for n, offer in enumerate(entry.offers):
            if offer.limit:
                yield ("offers", n, "limit"), "事实", offer.limit
            if offer.policy:
                yield ("offers", n, "policy"), "条款", offer.policy


# ── placeholders in running text


def _check_placeholders(loaded: Loaded) -> Iterator[Problem]:
    clauses = {f"{policy.id}#{clause.id}" for policy in loaded.policies for clause in policy.clauses}
    known: Mapping[str, Collection[str]] = {
        "fact": loaded.facts,
        "clause": clauses,
        "slot": _taxonomy(loaded).slots,
    }
    for place, entry in _entries(loaded):
        for path, text in texts(entry):
            if "{{" in text or "}}" in text:
                for message in _placeholder_messages(text, known, isinstance(entry, Template | Flow)):
                    yield place.problem(path, "placeholder", message)


def _placeholder_messages(text: str, known: Mapping[str, Collection[str]], slots_allowed: bool) -> Iterator[str]:
    for match in PLACEHOLDER.finditer(text):
        kind, name = match["kind"], match["name"]
        if kind not in KINDS:
            yield f"不认识的占位符“{match[0]}”；{suggest_name(kind, KINDS)}"
        elif kind == "slot" and not slots_allowed:
            yield f"槽位“{match[0]}”只能写在模板和流程里；请改成文字"
        elif name not in known[kind]:
            label = {"fact": "事实", "clause": "条款", "slot": "槽位"}[kind]
            yield _dangling(label, name, known[kind])
    if "{{" in (rest := PLACEHOLDER.sub("", text)) or "}}" in rest:
        yield "占位符没有写完整；应为 {{fact:编号}}、{{clause:规则#条款}} 或 {{slot:名称}}"


# ── clauses, lexicon


def _check_clauses(loaded: Loaded) -> Iterator[Problem]:
    for policy in loaded.policies:
        place = loaded.places[policy.id]
        for (first, one), (second, other) in combinations(enumerate(policy.clauses), 2):
            line = place.located.line(("clauses", first))
            if one.id == other.id and one.overlaps(other):
                message = f"条款“{one.id}”与第 {line} 行的有效期重叠；给旧文加 valid_until，新文的 valid_from 与它相同"
                yield place.problem(("clauses", second), "clause-window", message)
            if one.id != other.id and one.number == other.number:
                message = f"“{one.number}”用了两次（第 {line} 行已用）；请顺延编号"
                yield place.problem(("clauses", second), "clause-number", message)
            if one.id == other.id and one.number != other.number:
                message = f"条款“{one.id}”的编号与第 {line} 行不同；同一条的新旧版本编号应一致"
                yield place.problem(("clauses", second), "clause-number", message)


def _check_lexicon(loaded: Loaded) -> Iterator[Problem]:
    keys: dict[str, Callable[[Any], tuple[str, ...]]] = {
        "terms": lambda item: (item.term,),
        "synonyms": lambda item: tuple(item),
        "emotions": lambda item: (item.pattern,),
        "emotion_examples": lambda item: item.texts,
        "phrases": lambda item: (item.phrase,),
        "cues": lambda item: (f"{item.pattern} → {item.shows}",),
        "numbers": lambda item: (" ".join(filter(None, (item.type, item.before, item.pattern, item.after))),),
        "goods": lambda item: (*item.words, *item.patterns),
        "festivals": lambda item: item.names,
        "places": lambda item: (item,),
        "tones": lambda item: (item.pattern,),
        "promises": lambda item: (item.pattern,),
        "misspoken": lambda item: item.examples,
    }
    for name, key_of in keys.items():
        seen: dict[str, int] = {}
        place = loaded.places.get(f"lexicon/{name}")
        for n, item in enumerate(loaded.lexicon.get(name, [])):
            assert place is not None
            for word in key_of(item):
                if word in seen:
                    message = f"“{word}”已经写在第 {place.located.line((seen[word],))} 行；请删掉一处"
                    yield place.problem((n,), "lexicon-duplicate", message)
                seen.setdefault(word, n)
            if name == "promises" or (name in ("emotions", "cues", "tones") and item.regex):
                yield from _regex_problem(place, (n, "pattern"), item.pattern)
            if name == "phrases" and item.regex:
                yield from _regex_problem(place, (n, "phrase"), item.phrase)
            if name == "phrases" and item.unless:
                yield from _regex_problem(place, (n, "unless"), item.unless)
            for path, pattern in _patterns(name, item):
                yield from _regex_problem(place, (n, *path), pattern)


def _patterns(name: str, item: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The regular expressions of an entry that has them whatever it says, each with its place in the entry."""
    if name == "numbers":
        yield from (((field,), found) for field in ("pattern", "before", "after") if (found := getattr(item, field)))
    if name == "goods":
        for field in ("patterns", "unless"):
            yield from (((field, n), pattern) for n, pattern in enumerate(getattr(item, field)))


def _regex_problem(place: Place, path: tuple[str | int, ...], pattern: str) -> Iterator[Problem]:
    try:
        re.compile(pattern)
    except re.error as error:
        yield place.problem(path, "regex", f"正则表达式写错了：{error}；不需要正则时去掉 regex: true")
