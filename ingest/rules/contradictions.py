"""Typed facts that contradict each other: figures, who pays, menu paths, and two facts for the same thing."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.loaded import Loaded
from ingest.rules.menu_paths import check_menu_paths
from ingest.rules.passages import passages
from ingest.rules.payers import check_payers
from ingest.rules.stated_figures import check_stated_figures
from ingest.rules.twin_facts import check_twin_facts
from kb_service.errors import Problem


def check_contradictions(loaded: Loaded) -> Iterator[Problem]:
    """Every place at which the content says otherwise than a fact, a clause or another place does."""
    found = list(passages(loaded))
    where = _where(loaded)
    yield from check_stated_figures(found, loaded.facts, where)
    yield from check_menu_paths(found, loaded.facts, where)
    yield from check_payers(found)
    yield from check_twin_facts(loaded, where)


def _where(loaded: Loaded) -> dict[str, str]:
    """Fact id -> how a message names its place: the clause that sets it, or its line in facts.yaml."""
    clauses: dict[str, str] = {}
    for policy in loaded.policies:
        place = loaded.places[policy.id]
        for n, clause in enumerate(policy.clauses):
            if clause.valid_until is None:
                line = place.located.line(("clauses", n))
                clauses[f"{policy.id}#{clause.id}"] = f"《{policy.title}》{clause.number}（{place.file}:{line}，fact "
    found = {}
    for name, fact in loaded.facts.items():
        place = loaded.places["facts"]
        source = clauses.get(fact.source or "")
        found[name] = f"{source}{name}）" if source else f"{place.file}:{place.located.line((name,))}（fact {name}）"
    return found
