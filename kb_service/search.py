"""The search call: keywords -> ranked hits, or a category -> its entries."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace

from kb_service.answers import answer
from kb_service.catalog import Catalog
from kb_service.contract import SearchRequest, SearchResponse
from kb_service.index import Scope
from kb_service.knowledge import Knowledge
from kb_service.retrieve import Ranked, Ranking, retrieve
from kb_service.scope import check_filters, question_scope
from kb_service.text import has_words


def search(knowledge: Knowledge, request: SearchRequest, degraded: Sequence[str] = ()) -> SearchResponse:
    """Ranked hits for keywords, or the entries of a category. Raises RequestError or VectorIndexError."""
    started = time.perf_counter()
    check_filters(knowledge.catalog, request.filters)
    scope = question_scope(request)
    showing = uuid.uuid4().hex
    if has_words(request.query):
        ranking = retrieve(knowledge.searchable, request.query, scope, request.limit)
    elif request.query.strip():
        ranking = Ranking([], {})  # punctuation only: nothing to look for
    else:
        ranking = Ranking(_listing(knowledge, scope, request.limit), {})
    words = knowledge.segmenter.words(request.query)
    hits = [answer(knowledge, hit, scope, words, showing, request) for hit in ranking.entries]
    timings = ranking.timings | {"total": (time.perf_counter() - started) * 1000}
    return SearchResponse(kb_version=knowledge.version, degraded=list(degraded), timings=rounded(timings), hits=hits)


def _listing(knowledge: Knowledge, scope: Scope, limit: int) -> list[Ranked]:
    """The entries inside a scope without a query, as hits without scores."""
    points = {point.entry: point for point in reversed(knowledge.catalog.points)}
    clause_parts = _clauses_in_force(knowledge.catalog, scope)
    names = sorted(knowledge.index.entries(replace(scope, kinds=scope.kinds or ("faq", "policy")), limit))
    found = []
    for name in names:
        point = points[name]
        if point.role == "clause":
            point = point._replace(part=clause_parts[name])
        found.append(Ranked(name, point, None, None, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    return found


def _clauses_in_force(catalog: Catalog, scope: Scope) -> dict[str, int]:
    return {
        f"{policy.id}#{clause.id}": part
        for policy in catalog.content.policies
        for part, clause in enumerate(policy.clauses)
        if clause.in_force(scope.clause_time)
    }


def rounded(timings: dict[str, float]) -> dict[str, float]:
    """Milliseconds to three places."""
    return {name: round(value, 3) for name, value in timings.items()}
