"""What the knowledge base says of every figure, so that a figure in a draft can be held against it.

A figure is recognised by the words around it: character n-grams (text.sparse_terms says why), weighted by how few facts
share them, against each fact's label and the sentences of the content that state it.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb_service.catalog import Catalog
from kb_service.content import Clause, Fact, Policy
from kb_service.review.figures import Figure, figures
from kb_service.text import fold_in_place

SINGLE = 0.5  # weight of a character beside that of a pair: order changes (审核完, 审完), characters stay
LABEL = 0.4  # share of the label in a fact's score; the rest is that of its nearest sentence
UNSAID = 0.5  # share of its score that a fact keeps where nothing of its label is said anywhere
SAME_UNIT = 1.15  # a fact counts more where it is put in the same unit: who errs in the figure seldom errs in that
HOME, NEAR = 1.35, 1.15  # a fact counts more in a case of its policy's issue type, and of its first level
CANDIDATES = 12  # statements that a figure is held against

_BESIDE = re.compile(r"（[^）]*）")  # what a label says beside its subject: from when it counts
_PEOPLE = {"位": "人", "名": "人"}
Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]


class Statement(NamedTuple):
    """A fact as it stands at some time: its figure, how it reads, and the clause wording that sets it."""

    fact: str
    label: str
    figure: Figure
    text: str
    source: tuple[Policy, Clause] | None


class Match(NamedTuple):
    """A statement that may be about the same thing, and how much it is, 0..1."""

    statement: Statement
    score: float


@dataclass(frozen=True, slots=True)
class _Wording:
    """A fact under one clause wording; None as `statement` where the wording says nothing of it."""

    source: tuple[Policy, Clause] | None
    statement: Statement | None


def terms(text: str) -> Counter[str]:
    """Pairs and single characters of a folded text; Latin and digits are left out, they are the figures themselves."""
    counts: Counter[str] = Counter()
    previous = ""
    for character in text:
        if "\u3400" <= character <= "\u9fff":
            counts[character] += 1
            if previous:
                counts[previous + character] += 1
            previous = character
        else:
            previous = ""
    return counts


def same_unit(one: Figure, other: Figure) -> bool:
    """Whether two figures can be compared: three days and three working days cannot be equal, but they can clash."""
    times = ("time", "workdays")
    if one.dimension == "count" == other.dimension:
        return _PEOPLE.get(one.unit, one.unit) == _PEOPLE.get(other.unit, other.unit)
    return one.dimension == other.dimension or (one.dimension in times and other.dimension in times)


def equal(one: Figure, other: Figure) -> bool:
    """Whether two comparable figures are the same."""
    return one.dimension == other.dimension and math.isclose(one.value, other.value, rel_tol=1e-6)


class Statements:
    """All facts of a version with a figure, found by the words around a figure. Built once, safe to share."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._facts = {name: fact for name, fact in catalog.content.facts.items() if fact.kind not in ("path", "text")}
        self._wordings = {name: wordings for name, fact in self._facts.items() if (wordings := self._read(name, fact))}
        self._names = list(self._wordings)
        groups = [self._sentences(name) for name in self._names]
        self._weight = _weights(groups)
        # One row a sentence, those of a fact together; row 0 of a fact is its label.
        self._rows, self._shares = self._postings([sentence for group in groups for sentence in group])
        self._starts = np.cumsum([0, *(len(group) for group in groups)])
        figure_of = [
            next(found.statement for found in self._wordings[name] if found.statement).figure for name in self._names
        ]
        self._units = np.array([figure.unit for figure in figure_of])
        self._kinds = {
            kind: np.array([same_unit(figure, kind) for figure in figure_of]) for kind in _samples(figure_of)
        }

        self._label_rows, self._label_shares = self._spelled(
            [_BESIDE.sub("", self._facts[name].label) for name in self._names]
        )
        self._boosts = {issue: self._boost(issue) for issue in catalog.content.taxonomy.issue_types}

    def _boost(self, issue: str) -> Floats:
        """How much more each fact counts in a case of an issue type."""
        policies, top = self._catalog.policies, issue.partition(".")[0]
        found = np.ones(len(self._names))
        for number, name in enumerate(self._names):
            policy = policies.get((self._facts[name].source or "").partition("#")[0])
            types = policy.issue_types if policy else ()
            if issue in types:
                found[number] = HOME
            elif any(of.partition(".")[0] == top for of in types):
                found[number] = NEAR
        return found

    def _read(self, name: str, fact: Fact) -> list[_Wording]:
        """The fact under each wording of its clause, or once if it has no clause."""
        current = next(figures(fold_in_place(fact.display)), None)
        if current is None:
            return []
        now = Statement(name, fact.label, current, fact.display, None)
        wordings = self._catalog.clauses.get(fact.source or "", ())
        holding = [found for found in wordings if fact.display in found[1].text]
        if not holding:
            return [_Wording(None, now)]
        place = _place(current, holding[-1][1])
        read = []
        for source in wordings:
            if source in holding:
                read.append(_Wording(source, now._replace(source=source)))
            else:
                read.append(_Wording(source, _earlier(now, source, place)))
        return read

    def _sentences(self, name: str) -> list[Counter[str]]:
        label = terms(fold_in_place(self._facts[name].label))
        return [label, *(terms(fold_in_place(mention)) for mention in self._catalog.mentions.get(name, ()))]

    def _postings(self, rows: list[Counter[str]]) -> tuple[dict[str, Numbers], dict[str, Floats]]:
        """For each term the rows that have it and its share of each row's vector of length 1."""
        found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, counts in enumerate(rows):
            length = math.sqrt(sum(self._weight[term] ** 2 for term in counts)) or 1.0
            for term in counts:
                found[term].append((number, self._weight[term] / length))
        return (
            {term: np.array([number for number, _ in pairs]) for term, pairs in found.items()},
            {term: np.array([share for _, share in pairs]) for term, pairs in found.items()},
        )

    def _spelled(self, labels: list[str]) -> tuple[dict[str, Numbers], dict[str, Floats]]:
        """For each character the labels that have it and its share of each label; the shares of a label sum to 1."""
        found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, label in enumerate(labels):
            weights = {term: self._weight[term] for term in terms(fold_in_place(label)) if len(term) == 1}
            whole = sum(weights.values()) or 1.0
            for term, weight in weights.items():
                found[term].append((number, weight / whole))
        return (
            {term: np.array([number for number, _ in pairs]) for term, pairs in found.items()},
            {term: np.array([share for _, share in pairs]) for term, pairs in found.items()},
        )

    def matches(
        self, figure: Figure, about: Mapping[str, float], said: str, at: datetime, issue: str | None = None
    ) -> list[Match]:
        """Statements of the figure's kind that are about the same thing, best first.

        `about` are weighted terms, `said` is all that is said anywhere, `issue` the case's issue type.
        """
        query = {term: share * self._weight[term] for term, share in about.items() if term in self._weight}
        alike = next((mask for kind, mask in self._kinds.items() if same_unit(kind, figure)), None)
        if not query or alike is None:
            return []
        scores = (
            np.where(self._units == figure.unit, SAME_UNIT, 1.0)
            * self._scores(query)
            * (UNSAID + (1 - UNSAID) * self._covered(said))
        )
        if issue in self._boosts:
            scores = scores * self._boosts[issue]
        best = np.argsort(-np.where(alike, scores, 0.0), kind="stable")[:CANDIDATES]
        statements = (
            (self.at(self._names[number], at), float(scores[number])) for number in best if scores[number] > 0
        )
        found = [Match(statement, score) for statement, score in statements if statement]
        return [match for match in found if same_unit(match.statement.figure, figure)]

    def _scores(self, query: Mapping[str, float]) -> Floats:
        """How near each fact is: the cosine with its label and that with its nearest sentence, mixed."""
        rows = np.concatenate([self._rows[term] for term in query])
        parts = np.concatenate([weight * self._shares[term] for term, weight in query.items()])
        length = math.sqrt(sum(weight * weight for weight in query.values()))
        cosines = np.bincount(rows, parts, minlength=int(self._starts[-1])) / length
        nearest = np.maximum.reduceat(cosines, self._starts[:-1])
        scores: Floats = LABEL * cosines[self._starts[:-1]] + (1 - LABEL) * nearest
        return scores

    def _covered(self, said: str) -> Floats:
        """How much of each fact's label occurs in a text, 0..1."""
        known = [character for character in set(said) if character in self._label_rows]
        if not known:
            return np.zeros(len(self._names))
        rows = np.concatenate([self._label_rows[character] for character in known])
        shares = np.concatenate([self._label_shares[character] for character in known])
        return np.bincount(rows, shares, minlength=len(self._names)).astype(np.float64)

    def at(self, name: str, at: datetime) -> Statement | None:
        """A fact as it stands at a moment; None if no wording in force states it."""
        for wording in self._wordings.get(name, ()):
            if wording.source is None or wording.source[1].in_force(at):
                return wording.statement
        return None


def _samples(figures_: Iterable[Figure]) -> list[Figure]:
    """One figure of each kind that can be compared."""
    found: list[Figure] = []
    for figure in figures_:
        if not any(same_unit(figure, known) for known in found):
            found.append(figure)
    return found


def _weights(groups: Iterable[list[Counter[str]]]) -> dict[str, float]:
    """Inverse frequency of each term among the facts; of single characters less."""
    facts = [set().union(*group) for group in groups]
    shared = Counter(term for fact in facts for term in fact)
    return {
        term: math.log(1 + len(facts) / count) * (SINGLE if len(term) == 1 else 1.0) for term, count in shared.items()
    }


def _place(figure: Figure, clause: Clause) -> int:
    """Which of the clause's figures of this kind it is, from 0."""
    alike = [found for found in figures(fold_in_place(clause.text)) if same_unit(found, figure)]
    return next((n for n, found in enumerate(alike) if equal(found, figure)), 0)


def _earlier(now: Statement, source: tuple[Policy, Clause], place: int) -> Statement | None:
    """What another wording says in the same place: `24小时` where the current one says `2小时`."""
    text = source[1].text
    alike = [found for found in figures(fold_in_place(text)) if same_unit(found, now.figure)]
    if place >= len(alike):
        return None
    figure = alike[place]
    return now._replace(figure=figure, text=text[figure.start : figure.end], source=source)
