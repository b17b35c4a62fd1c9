"""References from entry to entry, clause and fact: in fields, and as placeholders in running text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from ingest.loaded import Loaded
from ingest.render import KINDS, PLACEHOLDER, texts
from kb_service.content import CaseRecord, Entry, Faq, Flow, Template
from kb_service.errors import Problem, suggest_name

_LISTS = ("policy_refs", "templates", "related")
# Also one with single or full-width brackets, a full-width colon, or none at all.
_LIKE_A_PLACEHOLDER = re.compile(r"[{｛]{2}|[}｝]{2}|(?<![a-z])(?:fact|clause|slot)s?\s*[:：]\s*[a-z]")


def check_references(loaded: Loaded) -> Iterator[Problem]:
    """Fields that name a clause, template, article or fact that does not exist."""
    clauses = {f"{policy.id}#{clause.id}" for policy in loaded.policies for clause in policy.clauses}
    kinds: dict[str, Collection[str]] = {
        "条款": clauses,
        "模板": {template.id for template in loaded.templates},
        "常见问题": {faq.id for faq in loaded.faqs},
        "事实": loaded.facts,
    }
    for place, entry in loaded.placed_entries():
        for path, kind, found in references(entry):
            if found not in kinds[kind]:
                yield place.problem(path, "reference", _dangling(kind, found, kinds[kind]))
            elif kind == "常见问题" and found == entry.id:
                yield place.problem(path, "reference", "相关问题指向了自己；请删掉")
            elif (field := path[0]) in _LISTS and found in getattr(entry, str(field))[: int(path[1])]:
                yield place.problem(path, "reference", f"“{found}”在同一个列表里写了两次；请删掉一处")
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


def references(entry: Entry) -> Iterator[Reference]:
    """(path, kind referred to, id) for every reference field of an entry."""
    if isinstance(entry, Faq | Flow):
        yield from ((("policy_refs", n), "条款", ref) for n, ref in enumerate(entry.policy_refs))
        yield from ((("templates", n), "模板", ref) for n, ref in enumerate(entry.templates))
    if isinstance(entry, CaseRecord):
        yield from ((("policy_refs", n), "条款", ref) for n, ref in enumerate(entry.policy_refs))
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


def check_placeholders(loaded: Loaded) -> Iterator[Problem]:
    """Placeholders in running text that are incomplete, out of place, or name nothing."""
    clauses = {f"{policy.id}#{clause.id}" for policy in loaded.policies for clause in policy.clauses}
    known: Mapping[str, Collection[str]] = {
        "fact": loaded.facts,
        "clause": clauses,
        "slot": loaded.known_taxonomy.slots,
    }
    for place, entry in loaded.placed_entries():
        for path, text in texts(entry):
            if _LIKE_A_PLACEHOLDER.search(text):
                for near, message in _placeholder_messages(text, known, isinstance(entry, Template | Flow)):
                    yield place.problem(path, "placeholder", message, near)


def _placeholder_messages(
    text: str, known: Mapping[str, Collection[str]], slots_allowed: bool
) -> Iterator[tuple[str, str]]:
    """(words at which it stands, message) for every placeholder that means nothing."""
    for match in PLACEHOLDER.finditer(text):
        kind, name = match["kind"], match["name"]
        if kind not in KINDS:
            yield match[0], f"不认识的占位符“{match[0]}”；{suggest_name(kind, KINDS)}"
        elif kind == "slot" and not slots_allowed:
            yield match[0], f"槽位“{match[0]}”只能写在模板和流程里；请改成文字"
        elif name not in known[kind]:
            label = {"fact": "事实", "clause": "条款", "slot": "槽位"}[kind]
            yield match[0], _dangling(label, name, known[kind])
    for line in text.splitlines():
        if _LIKE_A_PLACEHOLDER.search(PLACEHOLDER.sub("", line)):
            yield line, "占位符没有写完整；应为 {{fact:编号}}、{{clause:规则#条款}} 或 {{slot:名称}}"
