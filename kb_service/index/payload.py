"""What every engine keeps beside a point, and a scope as conditions on it: written once, translated by each engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from kb_service.index import PointFacets, Scope, window
from kb_service.records import AUDIENCES

# Every field that `narrowing` names. Without an index a filter costs ten times the search itself: 40 ms, not 3 ms.
INDEXED: dict[str, Literal["keyword", "integer"]] = {
    "audience": "keyword",
    "party": "keyword",
    "kind": "keyword",
    "entry": "keyword",
    "issue_types": "keyword",
    "product_categories": "keyword",
    "valid_from": "integer",
    "valid_until": "integer",
}


class AnyOf(NamedTuple):
    """The field holds at least one of the values."""

    field: str
    values: tuple[str, ...]


class Above(NamedTuple):
    """The field is greater than the limit."""

    field: str
    limit: float


class AtMost(NamedTuple):
    """The field is the limit or less."""

    field: str
    limit: float


Condition = AnyOf | Above | AtMost


class Narrowing(NamedTuple):
    """Points that meet every condition of `must`, and no group of `must_not` as a whole."""

    must: tuple[Condition, ...]
    must_not: tuple[tuple[Condition, ...], ...]


def payload(facets: PointFacets) -> dict[str, str | int | list[str]]:
    """What is kept beside a point."""
    start, end = window(facets.validity)
    return {
        "kind": facets.kind,
        "entry": facets.entry,
        "audience": facets.audience,
        "party": facets.party,
        "issue_types": list(facets.issue_types),
        "product_categories": list(facets.product_categories),
        "valid_from": start,
        "valid_until": end,
    }


def narrowing(scope: Scope) -> Narrowing:
    """The scope as conditions.

    What most points satisfy is written as the exclusion of the few that do not: the same points, at two thirds of the
    cost (0.95 ms against 1.24 ms for both legs at 6,500 points).
    """
    wanted = (
        ("product_categories", scope.product_categories),
        ("issue_types", scope.issue_types),
        ("kind", scope.kinds),
    )
    return Narrowing(tuple(AnyOf(field, values) for field, values in wanted if values), tuple(_excluded(scope)))


def _excluded(scope: Scope) -> Iterator[tuple[Condition, ...]]:
    hidden = tuple(label for label in AUDIENCES if label not in scope.audiences)
    if hidden:
        yield (AnyOf("audience", hidden),)
    if scope.party and scope.party != "both":
        yield (AnyOf("party", ("seller" if scope.party == "buyer" else "buyer",)),)
    if scope.exclude:
        yield (AnyOf("entry", tuple(dict.fromkeys(scope.exclude))),)
    if scope.now == scope.clause_time:
        for outside in _outside(scope.now.timestamp()):
            yield (outside,)
        return
    for kind, moment in (("faq", scope.now), ("policy", scope.clause_time)):
        for outside in _outside(moment.timestamp()):
            yield AnyOf("kind", (kind,)), outside


def _outside(moment: float) -> tuple[Condition, Condition]:
    """The two ways of not being valid at a moment (epoch seconds): not yet, and no longer."""
    return Above("valid_from", moment), AtMost("valid_until", moment)
