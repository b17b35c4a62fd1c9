"""Numbers and windows of the wordings of a policy's clauses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from ingest.load import Loaded
from kb_service.errors import Problem


def check_clauses(loaded: Loaded) -> Iterator[Problem]:
    """Clause numbers used twice, and wordings of one clause that are in force together or numbered apart."""
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
