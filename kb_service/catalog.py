"""The published catalog: all records of a version, and the look-ups that answering needs.

`catalog.json` of a version folder is one `Catalog`. Facts and clause references are already written out in its texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Literal, NamedTuple

from pydantic import PrivateAttr

from kb_service.content import CaseRecord, Clause, Content, Faq, Flow, Policy, Section, Template
from kb_service.records import AUDIENCES, Audience, Record, ancestors
from kb_service.text import fold
from kb_service.understand.feelings import NO_MODEL, FeelingModel

ELSEWHERE = "elsewhere."  # how the ids of entries begin that stand for questions this knowledge base does not answer
PointRole = Literal["question", "passage", "clause", "document"]


class PointRef(NamedTuple):
    """What an index point stands for: part `part` of an entry (the id of an FAQ or case, or `policy#clause`).

    A question's part counts the title as 0 and the phrasings from 1; a passage's is its section; a clause's is its
    place among all wordings of the policy. A document is all ways of asking for an article, taken together.
    """

    entry: str
    role: PointRole
    part: int


class ShownText(NamedTuple):
    """A text as it is shown, and the same text folded for matching (see `text.fold`)."""

    text: str
    folded: str

    @classmethod
    def of(cls, text: str) -> ShownText:
        """Fold once; articles are shown far more often than they change."""
        return cls(text, fold(text))


class Sounds(Record):
    """How the questions' characters sound, and which pairs of them occur; pairs stand one after another in a string."""

    readings: dict[str, str]  # character -> pinyin without tone
    known: str  # all pairs of all documents
    common: str  # those that several documents have

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.known[n : n + 2] for n in range(0, len(self.known), 2))

    @cached_property
    def _by_sound(self) -> dict[tuple[str, str], list[str]]:
        found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for n in range(0, len(self.common), 2):
            pair = self.common[n : n + 2]
            found[self.readings[pair[0]], self.readings[pair[1]]].append(pair)
        return dict(found)

    def alike(self, pair: str) -> list[str]:
        """Common pairs that sound like a pair which no document has: `退宽` -> `退款`. Empty for a known pair."""
        if pair in self._known:
            return []
        first, second = (self.readings.get(character, "") for character in pair)
        return self._by_sound.get((first, second), [])


NO_SOUNDS = Sounds(readings={}, known="", common="")


class Catalog(Record):
    """All records of one version. `points[n]` says what index point `n` stands for.

    Cases have an index of their own, with `case_points`: in one index, each would change the weight of every word.
    """

    content: Content
    points: tuple[PointRef, ...]
    case_points: tuple[PointRef, ...] = ()
    sounds: Sounds = NO_SOUNDS
    feelings: FeelingModel = NO_MODEL
    mentions: dict[str, tuple[str, ...]] = {}  # fact id -> the words around each place where content states it
    misspoken: dict[str, float] = {}  # n-gram -> weight, see kb_service.review.misspoken
    _shown: dict[tuple[str, str | int], ShownText] = PrivateAttr(default_factory=dict)

    @cached_property
    def faqs(self) -> dict[str, Faq]:
        """FAQs by id."""
        return {faq.id: faq for faq in self.content.faqs}

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """Policies by id."""
        return {policy.id: policy for policy in self.content.policies}

    @cached_property
    def templates(self) -> dict[str, Template]:
        """Templates by id."""
        return {template.id: template for template in self.content.templates}

    @cached_property
    def flows(self) -> dict[str, Flow]:
        """Flows by id."""
        return {flow.id: flow for flow in self.content.flows}

    @cached_property
    def cases(self) -> dict[str, CaseRecord]:
        """Cases by id, reviewed ones only."""
        return {case.id: case for case in self.content.cases if case.reviewed}

    @cached_property
    def case_types(self) -> frozenset[str]:
        """The issue types of the cases, with all that stand above them."""
        return frozenset(name for case in self.cases.values() for name in ancestors(case.issue_type))

    @cached_property
    def flow_parts(self) -> dict[str, frozenset[str]]:
        """The ids of all flows' proofs, steps and offers, by the field of a case that names them."""
        flows = self.content.flows
        return {
            "evidence": frozenset(proof.id for flow in flows for proofs in flow.evidence.values() for proof in proofs),
            "steps_done": frozenset(step.id for flow in flows for step in flow.steps),
            "offers": frozenset(offer.id for flow in flows for offer in flow.offers),
        }

    @cached_property
    def templates_by_issue(self) -> dict[str, tuple[Template, ...]]:
        """Templates by issue type; each also under the ancestors of its types."""
        found: defaultdict[str, dict[str, Template]] = defaultdict(dict)
        for template in self.content.templates:
            for issue_type in template.issue_types:
                for name in ancestors(issue_type):
                    found[name][template.id] = template
        return {name: tuple(templates.values()) for name, templates in found.items()}

    @cached_property
    def clauses(self) -> dict[str, tuple[tuple[Policy, Clause], ...]]:
        """All wordings of each clause, by `policy#clause`."""
        found: defaultdict[str, list[tuple[Policy, Clause]]] = defaultdict(list)
        for policy in self.content.policies:
            for clause in policy.clauses:
                found[f"{policy.id}#{clause.id}"].append((policy, clause))
        return {reference: tuple(wordings) for reference, wordings in found.items()}

    def clause_at(self, reference: str, at: datetime) -> tuple[Policy, Clause] | None:
        """The wording of a clause that was in force at `at`, with its policy; None if there was none."""
        return next((found for found in self.clauses.get(reference, ()) if found[1].in_force(at)), None)

    def faq_text(self, faq: str, reader: Audience) -> ShownText:
        """The article's Markdown as this reader may see it: sections above the reader's level are left out."""
        return self._sections_text(faq, self.faqs[faq].sections, reader)

    def case_text(self, case: str, reader: Audience) -> ShownText:
        """The case's Markdown as this reader may see it."""
        return self._sections_text(case, self.cases[case].sections, reader)

    def _sections_text(self, entry: str, sections: Sequence[Section], reader: Audience) -> ShownText:
        key = (entry, reader)
        if key not in self._shown:
            shown = (section for section in sections if may_see(reader, section.audience))
            self._shown[key] = ShownText.of("\n\n".join(f"## {section.heading}\n{section.text}" for section in shown))
        return self._shown[key]

    def clause_text(self, policy: str, part: int) -> ShownText:
        """A clause wording, by its place among all wordings of the policy."""
        key = (policy, part)
        if key not in self._shown:
            self._shown[key] = ShownText.of(self.policies[policy].clauses[part].text)
        return self._shown[key]

    def point_text(self, point: PointRef) -> str:
        """The text that an index point stands for, as content has it; a document's is the article's title."""
        if point.role == "clause":
            return self.policies[point.entry.partition("#")[0]].clauses[point.part].text
        article = self.faqs.get(point.entry) or self.cases[point.entry]
        if point.role == "passage":
            return article.sections[point.part].text
        if point.role == "question" and point.part and isinstance(article, Faq):
            return article.questions[point.part - 1]
        return article.title


def may_see(reader: Audience, label: Audience) -> bool:
    """Whether a reader of one level may see something labelled with another."""
    return AUDIENCES.index(label) <= AUDIENCES.index(reader)


def stricter(one: Audience, other: Audience) -> Audience:
    """The higher of two audience labels."""
    return max(one, other, key=AUDIENCES.index)
