"""Which procedure a case is in.

Several flows share issue types, so three things are weighed: the issue types of the case, the articles that answered,
and the words of the conversation against the words of each flow. What the case says of the procedure itself (its issue
type, steps taken, proofs and offers of one flow only) decides before all of these.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb_service.case import Case, IssueType
from kb_service.catalog import Catalog
from kb_service.content import Faq, Flow
from kb_service.records import ancestors
from kb_service.text import fold, sparse_terms

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Flags = NDArray[np.bool_]

_READ = 240  # characters from the end of the conversation
_ANSWERS = 8  # the best answers that count
_WORDS, _ARTICLES, _TYPES, _CUES = 0.7, 1.0, 0.3, 1.0  # weights of what speaks for a flow (chosen on the dev scripts)


class FlowChoice:
    """Chooses among the flows of one published version. Built once; afterwards nothing in it changes."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._flows = catalog.content.flows
        self._place = {flow.id: n for n, flow in enumerate(self._flows)}
        self._timed = [(n, flow) for n, flow in enumerate(self._flows) if flow.valid_from or flow.valid_until]
        self._of_type = _by_type(self._flows)
        self._holders = _holders(self._flows)
        parts = [_Parts.of(flow) for flow in self._flows]
        self._of_faq = {faq.id: _links(faq, parts) for faq in catalog.content.faqs}
        self._rows, self._weights = self._words()
        self._cues = [(n, re.compile("|".join(flow.cues))) for n, flow in enumerate(self._flows) if flow.cues]
        self._signals = [(n, frozenset(flow.signals)) for n, flow in enumerate(self._flows) if flow.signals]

    def choose(
        self,
        case: Case,
        issue_types: Sequence[IssueType],
        query: str,
        answers: Sequence[tuple[str, float]] = (),
        signals: Collection[str] = (),
        now: datetime | None = None,
    ) -> Flow | None:
        """The flow of the case; None where nothing speaks for any that is in force at `now` (None: at any time).

        `issue_types` best first, `query` what the conversation is about, `answers` ids with their confidence,
        `signals` what the customer has shown anywhere in the conversation.
        """
        if not self._flows:
            return None
        out = [n for n, flow in self._timed if now is not None and not flow.in_force(now)]
        allowed = self._allowed(case)
        allowed[out] = False
        if np.count_nonzero(allowed) == 1:
            return self._flows[int(allowed.argmax())]
        said = fold(query[-_READ:])
        scores = self._by_words(said) * _WORDS + self._by_answers(answers) * _ARTICLES
        scores += self._by_issue(issue_types) * _TYPES + self._by_cues(said, signals) * _CUES
        if case.party in ("buyer", "seller"):
            scores[[flow.party not in (case.party, "both") for flow in self._flows]] *= 0.5
        scores[out] = 0.0
        masked = np.where(allowed, scores + 1e-6, 0.0) if allowed.any() else scores
        best = int(masked.argmax())
        return self._flows[best] if masked[best] > (0.0 if allowed.any() else 0.15) else None

    def _allowed(self, case: Case) -> Flags:
        """The flows that the case itself leaves: of its issue type, and among them those with what has been done."""
        allowed = np.zeros(len(self._flows), bool)
        if case.issue_type:
            allowed[list(self._of_type.get(case.issue_type, ()))] = True
        taken = [("step", step.id) for step in case.steps_done]
        taken += [("offer", offer.id) for offer in case.offers]
        taken += [("evidence", name) for name in case.evidence]
        votes: Counter[int] = Counter(n for item in taken for n in self._holders.get(item, ()))
        if votes:
            most = max(votes.values())
            holding = [n for n, count in votes.items() if count == most]
            within = [n for n in holding if allowed[n]] or (holding if most > 1 or not case.issue_type else [])
            if within and (case.issue_type or len(within) < len(self._flows)):
                allowed[:] = False
                allowed[within] = True
        return allowed

    def _by_cues(self, said: str, signals: Collection[str]) -> Floats:
        found = np.zeros(len(self._flows))
        for n, cue in self._cues:
            found[n] += cue.search(said) is not None
        for n, wanted in self._signals:
            found[n] += not wanted.isdisjoint(signals)
        return found

    def _by_words(self, said: str) -> Floats:
        places, values = self._vector(sparse_terms(said), self._rows)
        found = (values @ self._weights[places]).astype(np.float64)
        return (found / found.max()) ** 2 if len(places) and found.max() > 0 else np.zeros(len(self._flows))

    def _by_answers(self, answers: Sequence[tuple[str, float]]) -> Floats:
        found = np.zeros(len(self._flows))
        for place, (answer, confidence) in enumerate(answers[:_ANSWERS]):
            for n, weight in self._links_of(answer).items():
                found[n] += weight * math.sqrt(confidence) * 0.7**place
        return found / max(1.0, float(found.max()))

    def _links_of(self, answer: str) -> dict[int, float]:
        policy = self._catalog.policies.get(answer.partition("#")[0])
        if policy is None:
            return self._of_faq.get(answer, {})
        citing = [n for n, flow in enumerate(self._flows) if answer in flow.policy_refs]
        return dict.fromkeys(citing, 1 / len(citing)) if citing else {}

    def _by_issue(self, issue_types: Sequence[IssueType]) -> Floats:
        found = np.zeros(len(self._flows))
        for issue in issue_types:
            for n in self._of_type.get(issue.id, ()):
                found[n] = max(found[n], issue.confidence)
        return found

    def _words(self) -> tuple[dict[str, int], Floats32]:
        """The mean of each flow's texts as TF-IDF vectors of length one (Rocchio, 1971), of length one itself."""
        texts = [(n, sparse_terms(text)) for n, flow in enumerate(self._flows) for text in self._texts(flow, n)]
        holding = Counter(term for _, terms in texts for term in terms)
        kept = [term for term, count in holding.items() if count > 1]
        rows = {term: row for row, term in enumerate(kept)}
        self._rarity = np.array([math.log(len(texts) / holding[term]) + 1 for term in kept], np.float32)
        sums = np.zeros((len(kept), len(self._flows)), np.float32)
        for n, terms in texts:
            places, values = self._vector(terms, rows)
            sums[places, n] += values
        length = np.sqrt((sums * sums).sum(axis=0, dtype=np.float32))
        return rows, (sums / np.maximum(length, 1e-9)).astype(np.float32)

    def _vector(self, terms: Counter[str], rows: dict[str, int]) -> tuple[list[int], Floats32]:
        found = [(row, count) for term, count in terms.items() if (row := rows.get(term)) is not None]
        places = [row for row, _ in found]
        values = np.log(np.array([count for _, count in found], np.float32) + 1) * self._rarity[places]
        length = math.sqrt(float(values @ values))
        return places, values / length if length else values

    def _texts(self, flow: Flow, number: int) -> Iterator[str]:
        """What is asked in the words of the articles that belong to a flow, and the flow's own words."""
        yield from (flow.title, flow.summary, *(one.when for one in flow.escalation))
        yield from (wanted.ask for wanted in flow.facts_to_collect if wanted.ask)
        for faq in self._catalog.content.faqs:
            if self._of_faq[faq.id].get(number, 0.0) >= 1.0:
                yield from (faq.title, *faq.questions, *faq.more_questions)


def _by_type(flows: Sequence[Flow]) -> dict[str, tuple[int, ...]]:
    """Issue type -> the flows that handle it, those that name it first before those that name it later.

    A type of the first level has the flows of all below it.
    """
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for n, flow in enumerate(flows):
        for place, name in enumerate(flow.issue_types):
            for above in ancestors(name):
                found[above].append((place, n))
    return {name: tuple(dict.fromkeys(n for _, n in sorted(pairs))) for name, pairs in found.items()}


def _holders(flows: Sequence[Flow]) -> dict[tuple[str, str], tuple[int, ...]]:
    """("step" | "offer" | "evidence", id) -> the flows that have it."""
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for n, flow in enumerate(flows):
        names = [("step", step.id) for step in flow.steps] + [("offer", offer.id) for offer in flow.offers]
        names += [("evidence", proof.id) for proofs in flow.evidence.values() for proof in proofs]
        for name in dict.fromkeys(names):
            found[name].append(n)
    return {name: tuple(numbers) for name, numbers in found.items()}


class _Parts(NamedTuple):
    """What ties articles to a flow: the templates and clauses that it uses."""

    flow: Flow
    templates: frozenset[str | None]
    clauses: frozenset[str | None]

    @classmethod
    def of(cls, flow: Flow) -> _Parts:
        """The parts of a flow."""
        said = frozenset((*flow.templates, *(step.say for step in flow.steps)))
        return cls(flow, said, frozenset((*flow.policy_refs, *(step.policy for step in flow.steps))))


def _links(faq: Faq, flows: Sequence[_Parts]) -> dict[int, float]:
    """How strongly an article belongs to each flow, 0..1: by shared templates, shared clauses and issue type."""
    found: dict[int, float] = {}
    for n, (flow, said, cited) in enumerate(flows):
        shared = 2.0 * len(said.intersection(faq.templates)) + 1.0 * len(cited.intersection(faq.policy_refs))
        if faq.issue_type in flow.issue_types:
            shared += 2.0 if flow.issue_types[0] == faq.issue_type else 1.0
        elif flow.issue_types[0].partition(".")[0] != faq.issue_type.partition(".")[0]:
            shared *= 0.5  # a desk procedure shares clauses with everything
        if shared:
            found[n] = shared
    most = max(found.values(), default=1.0)
    named = {n for n, parts in enumerate(flows) if faq.id in parts.flow.faqs}
    scaled = {n: weight / most * (0.5 if named else 1.0) for n, weight in found.items()}
    return {**scaled, **dict.fromkeys(named, 1.0)}
