"""The search call: keywords -> ranked hits, or a category -> its entries."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace

from kb_service.answers import answer
from kb_service.catalog import Catalog, PointRef
from kb_service.citations import named_clauses
from kb_service.contract import SearchRequest, SearchResponse
from kb_service.index import Scope
from kb_service.knowledge import Knowledge, Searchable
from kb_service.retrieve import DENSE_SHARE, Ranked, Ranking, nearest_cases, query_terms, retrieve
from kb_service.scope import check_filters, question_scope
from kb_service.text import fold, has_words

# Of the fusion where only clauses are searched: no clause has the many phrasings that make the words of an article the
# better leg. Chosen on statutes_dev.jsonl with 60 % of lexicon/plain.yaml left out: hit@3 0.85, against 0.81 at 0.35.
CLAUSES_DENSE_SHARE = 0.5


def search(knowledge: Knowledge, request: SearchRequest, degraded: Sequence[str] = ()) -> SearchResponse:
    """Ranked hits for keywords, or the entries of a category. Raises RequestError or VectorIndexError."""
    started = time.perf_counter()
    check_filters(knowledge.catalog, request.filters)
    scope = question_scope(request)
    showing = uuid.uuid4().hex
    if "case" in request.filters.kinds:
        ranking = _cases(knowledge, request, scope)
    elif has_words(request.query):
        share = CLAUSES_DENSE_SHARE if request.filters.kinds == ["policy"] else DENSE_SHARE
        ranking = retrieve(knowledge.searchable, request.query, scope, request.limit, share)
        if named := named_clauses(knowledge.catalog, request.query):
            ranking = replace(ranking, entries=_named_first(knowledge, named, ranking.entries, scope)[: request.limit])
    elif request.query.strip():
        ranking = Ranking([], {})  # punctuation only: nothing to look for
    else:
        ranking = Ranking(_listing(knowledge.searchable, knowledge.catalog, scope, request.limit), {})
    words = knowledge.segmenter.words(request.query)
    hits = [answer(knowledge, hit, scope, words, showing, request) for hit in ranking.entries]
    timings = ranking.timings | {"total": (time.perf_counter() - started) * 1000}
    return SearchResponse(kb_version=knowledge.version, degraded=list(degraded), timings=rounded(timings), hits=hits)


def _cases(knowledge: Knowledge, request: SearchRequest, scope: Scope) -> Ranking:
    """The closed cases of the archive that fit, likest first; without a query in order of their ids."""
    source = knowledge.searchable_cases
    if source is None:
        return Ranking([], {})
    if not request.query.strip():
        return Ranking(_listing(source, knowledge.catalog, scope, request.limit), {})
    if not has_words(request.query):
        return Ranking([], {})
    folded = fold(request.query)
    vector = source.encoder.encode([folded], "query")[0]
    return Ranking(nearest_cases(source, vector, scope, request.limit, query_terms(folded, source.sounds)), {})


def _named_first(knowledge: Knowledge, named: Sequence[str], ranked: Sequence[Ranked], scope: Scope) -> list[Ranked]:
    """The clauses that the question cites, as far as they are in scope, before what was found by its words."""
    inside = set(
        knowledge.index.entries(replace(scope, kinds=scope.kinds or ("policy",)), len(knowledge.catalog.points))
    )
    parts, known = _clauses_in_force(knowledge.catalog, scope), {hit.entry: hit for hit in ranked}
    first = [
        replace(known[name], confidence=1.0)
        if name in known
        else Ranked(name, PointRef(name, "clause", parts[name]), None, None, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
        for name in named
        if name in inside
    ]
    return [*first, *(hit for hit in ranked if hit.entry not in named)]


def _listing(source: Searchable, catalog: Catalog, scope: Scope, limit: int) -> list[Ranked]:
    """The entries inside a scope without a query, as hits without scores."""
    points = {point.entry: point for point in reversed(source.points)}
    clause_parts = _clauses_in_force(catalog, scope)
    names = sorted(source.index.entries(replace(scope, kinds=scope.kinds or ("faq", "policy")), limit))
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
