"""Numbers and windows of the wordings of a policy's clauses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, pairwise
from math import inf

from ingest.loaded import Loaded, Place
from kb_service.content import Clause, Policy
from kb_service.errors import Problem
from kb_service.records import CHINA


def check_clauses(loaded: Loaded) -> Iterator[Problem]:
    """Clause numbers used twice, and wordings of one clause that are in force together or numbered apart."""
    for policy in loaded.policies:
        place = loaded.places[policy.id]
        yield from _gaps(place, policy)
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


def _gaps(place: Place, policy: Policy) -> Iterator[Problem]:
    """Times between two wordings of a clause in which neither is in force."""
    wordings: defaultdict[str, list[tuple[int, Clause]]] = defaultdict(list)
    for n, clause in enumerate(policy.clauses):
        wordings[clause.id].append((n, clause))
    for name, found in wordings.items():
        dated = sorted(found, key=lambda pair: pair[1].valid_from.timestamp() if pair[1].valid_from else -inf)
        for (_, earlier), (n, later) in pairwise(dated):
            if earlier.valid_until and later.valid_from and earlier.valid_until < later.valid_from:
                gap = (
                    f"{earlier.valid_until.astimezone(CHINA):%Y-%m-%d} 到 {later.valid_from.astimezone(CHINA):%Y-%m-%d}"
                )
                message = f"条款“{name}”从 {gap} 没有一版有效；新文的 valid_from 应与旧文的 valid_until 相同"
                yield place.problem(("clauses", n), "clause-window", message)
