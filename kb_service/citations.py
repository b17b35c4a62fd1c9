"""How clauses are cited: their names, their wordings as evidence."""

from __future__ import annotations

from datetime import datetime

from kb_service.catalog import Catalog, may_see
from kb_service.content import Clause, Policy
from kb_service.contract import Citation
from kb_service.index import Scope


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
