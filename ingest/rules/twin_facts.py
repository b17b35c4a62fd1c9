"""Two facts for the same thing with different values; facts that the clause which sets them does not state."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ingest.loaded import Loaded
from ingest.render import PLACEHOLDER
from ingest.rules.stated_figures import figure_of
from kb_service.content import Fact
from kb_service.errors import Problem
from kb_service.review.statements import equal, same_unit

SAME = 0.87  # share of characters that two labels of one thing have in common; those of different things reach 0.83
STRANGE = 0.6  # the same where the clause of one of them does not state it
SAME_CLAUSE = 0.4  # the same where, besides, both name the same clause
SAME_WAY = 0.75  # the same for menu paths, those of buyers and of sellers apart

_FORMS = str.maketrans(
    {
        "没": "未",
        "却": "",
        "后": "",
        "的": "",
        "之": "",
        "时": "期",
        "限": "期",
        "内": "",
        "报": "上",
        "与": "和",
        "最": "",
    }
)
_SIDES = ("我买到的", "我卖出的", "卖家")
_BESIDE = re.compile(r"（[^）]*）")


def check_twin_facts(loaded: Loaded, where: Mapping[str, str]) -> Iterator[Problem]:
    """`where` names each fact's place in a message."""
    place = loaded.places.get("facts")
    if place is None:
        return
    stated = {
        f"{policy.id}#{clause.id}": {match["name"] for match in PLACEHOLDER.finditer(clause.text)}
        for policy in loaded.policies
        for clause in policy.clauses
        if clause.valid_until is None
    }
    names = [name for name, fact in loaded.facts.items() if fact.kind != "text"]
    letters = {name: _letters(loaded.facts[name].label) for name in names}
    strange = {name for name in names if name not in stated.get(loaded.facts[name].source or "", ())}
    for one, other, like in _alike(names, [letters[name] for name in names]):
        if like >= _least(loaded.facts, one, other, strange) and _differ(loaded.facts[one], loaded.facts[other]):
            wrong, right = (one, other) if one in strange and other not in strange else (other, one)
            yield place.problem((wrong,), "contradiction", _message(loaded.facts, wrong, right, where))


def _alike(names: Sequence[str], letters: Sequence[frozenset[str]]) -> Iterator[tuple[str, str, float]]:
    """(earlier, later, share of characters in common) of the pairs that may be one thing."""
    alphabet = {character: n for n, character in enumerate(sorted(frozenset().union(*letters)))}
    has = np.zeros((len(names), len(alphabet)), np.float32)
    for n, found in enumerate(letters):
        has[n, [alphabet[character] for character in found]] = 1
    shared, size = has @ has.T, has.sum(axis=1)
    like = np.triu(shared / np.maximum(size[:, None] + size - shared, 1), 1)
    yield from ((names[n], names[m], float(like[n, m])) for n, m in np.argwhere(like >= SAME_CLAUSE).tolist())


def _least(facts: Mapping[str, Fact], one: str, other: str, strange: set[str]) -> float:
    """How like the labels of two facts of one thing are at least."""
    first, second = facts[one], facts[other]
    if first.kind == "path" or second.kind == "path":
        sides = {side for fact in (first, second) for side in _SIDES if side in f"{fact.label}{fact.value}"}
        return SAME_WAY if len(sides) < 2 else math.inf
    if one not in strange and other not in strange:
        return SAME
    return SAME_CLAUSE if first.source == second.source is not None else STRANGE


def _message(facts: Mapping[str, Fact], wrong: str, right: str, where: Mapping[str, str]) -> str:
    return (
        f"“{facts[wrong].label}”是“{facts[wrong].display}”，"
        f"而 {where[right]}“{facts[right].label}”是“{facts[right].display}”，"
        "像是同一件事；请只留一个，确实是两回事的把名称写得分得开，或写 waive"
    )


def _letters(label: str) -> frozenset[str]:
    return frozenset(_BESIDE.sub("", label).translate(_FORMS))


def _differ(one: Fact, other: Fact) -> bool:
    if one.kind == "path" == other.kind:
        return one.value != other.value
    first, second = figure_of(one), figure_of(other)
    return first is not None and second is not None and same_unit(first, second) and not equal(first, second)
