"""How clauses are cited: their names, their wordings as evidence, and which of them a text names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from kb_service.catalog import Catalog, may_see
from kb_service.content import Clause, Policy
from kb_service.contract import Citation
from kb_service.index import Scope
from kb_service.text import fold
from kb_service.understand.chinese_number import HAN, parse_number

_NUMBER = rf"(?:\d{{1,4}}|{HAN}{{1,7}})"
_CLAUSE_NUMBER = re.compile(rf"第\s*({_NUMBER})\s*条(?:\s*之\s*({_NUMBER}))?")


def clause_title(policy: Policy, clause: Clause) -> str:
    """How a clause is named in full, e.g. `《退款规则》第12条 卖家处理时限`."""
    return f"《{policy.title}》{clause.number} {clause.title}"


def citation(policy: Policy, clause: Clause) -> Citation:
    """A clause wording as evidence."""
    return Citation(
        policy=policy.id,
        clause=f"{policy.id}#{clause.id}",
        title=clause_title(policy, clause),
        text=clause.text,
        valid_from=clause.valid_from,
        valid_until=clause.valid_until,
    )


def cite(catalog: Catalog, reference: str, scope: Scope, at: datetime | None = None) -> Citation | None:
    """The clause wording in force for this case, if this reader may see it."""
    found = catalog.clause_at(reference, at or scope.clause_time)
    return citation(*found) if found and may_see(scope.audience, found[0].audience) else None


def named_clauses(catalog: Catalog, text: str) -> list[str]:
    """The clauses that a text cites by name and number, `policy#clause`: `电子商务法第十条`, `《退款规则》第 11 条`.

    A number belongs to the rule book named last before it. The lexicon's synonyms of a title name it too (`消法`).
    """
    folded = fold(text)
    found = []
    for match in _CLAUSE_NUMBER.finditer(folded):
        before = [(folded.rfind(name, 0, match.start()), len(name), policy) for name, policy in _titles(catalog)]
        position, _, policy = max(before, default=(-1, 0, ""))
        if position >= 0:
            found += [f"{policy}#{clause}" for clause, number in _numbers(catalog, policy) if number == _number(match)]
    return list(dict.fromkeys(found))


def _titles(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """What each rule book is called, folded, with its id."""
    for policy in catalog.content.policies:
        yield fold(policy.title), policy.id
        for group in catalog.content.lexicon.synonyms:
            if policy.title in group:
                yield from ((fold(name), policy.id) for name in group)


def _numbers(catalog: Catalog, policy: str) -> Iterator[tuple[str, tuple[int, int]]]:
    for clause in catalog.policies[policy].clauses:
        if match := _CLAUSE_NUMBER.match(fold(clause.number)):
            yield clause.id, _number(match)


def _number(match: re.Match[str]) -> tuple[int, int]:
    """The number of a clause, and that behind 之 or 0."""
    return int(parse_number(match[1]) or 0), int(parse_number(match[2] or "") or 0)
