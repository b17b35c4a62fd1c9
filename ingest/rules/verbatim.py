"""Words that are taken over as they stand: nobody here may mend a law, so rules about wording do not apply to it."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.loaded import Loaded
from ingest.rules.registry import RULES
from kb_service.errors import Problem


def in_our_words(loaded: Loaded, problems: Iterable[Problem]) -> list[Problem]:
    """The problems without those of sense inside the clauses of a policy that names its `source`.

    Its front matter is ours: that it is overdue for review, or has no owner, stays.
    """
    first = {
        (place := loaded.places[policy.id]).file: place.located.line(("clauses", 0))
        for policy in loaded.policies
        if policy.source
    }
    return [
        problem
        for problem in problems
        if problem.line < first.get(problem.file, problem.line + 1) or not RULES[problem.rule].waivable
    ]
