"""How well drafts are reviewed: findings against those that a person marked.

A finding is right when a marked one of the same rule overlaps it. Forbidden and risky wording count as one rule: the
line between them is the editors'.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from pydantic import model_validator

from ingest.jsonl import read_rows
from kb_service.case import Case, Message
from kb_service.casework import Finding, ReviewRequest, ReviewRule
from kb_service.records import CHINA, Emotion, Moment, Party, Record
from kb_service.review.reviewer import Reviewer

AS_OF = datetime(2026, 11, 23, 12, tzinfo=CHINA)  # drafts are reviewed as of this moment, so that the figures stay


class MarkedFinding(Record):
    """A defect as a person marked it: `text` is a stretch of the draft."""

    rule: ReviewRule
    text: str


class _Said(Record):
    role: str
    text: str


class _Case(Record):
    party: Party | None = None
    order_time: Moment | None = None
    slots: dict[str, str] = {}
    emotion: Emotion | None = None
    issue_type: str | None = None
    messages: tuple[_Said, ...] = ()


class MarkedDraft(Record):
    """A draft, its case, and all its defects."""

    id: str
    draft: str
    case: _Case
    findings: tuple[MarkedFinding, ...]
    provenance: str

    @model_validator(mode="after")
    def _findings_stand_in_the_draft(self) -> Self:
        for marked in self.findings:
            if marked.text not in self.draft:
                raise ValueError(f"“{marked.text}”不在 draft 里")
        return self

    def request(self) -> ReviewRequest:
        """The draft as the service gets it."""
        case = self.case
        return ReviewRequest.model_validate(
            {
                "draft": self.draft,
                "messages": [Message(role=said.role, text=said.text) for said in case.messages],
                "case": Case(
                    party=case.party,
                    order_time=case.order_time,
                    slots=case.slots,
                    emotion=case.emotion,
                    issue_type=case.issue_type,
                ),
                "as_of": AS_OF,
            }
        )


@dataclass(frozen=True)
class Rates:
    """Precision and recall over counted findings; 1.0 where there is nothing to find or nothing was found."""

    right: int
    found: int
    caught: int
    marked: int

    @property
    def precision(self) -> float:
        """Share of the findings that are right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the marked defects that were found."""
        return self.caught / self.marked if self.marked else 1.0


@dataclass(frozen=True)
class ReviewReport:
    """Rates over all and by rule, every error in words, and the clean drafts that were objected to."""

    drafts: int
    overall: Rates
    rules: dict[str, Rates]
    errors: list[str] = field(repr=False)
    disturbed: list[str] = field(repr=False)
    clean: int = 0


def read_drafts(path: Path) -> list[MarkedDraft]:
    """The drafts of a JSONL file. Raises KnowledgeBaseError naming the line that cannot be read."""
    return read_rows(path, MarkedDraft.model_validate)


def evaluate_review(path: Path, reviewer: Reviewer) -> ReviewReport:
    """Review every draft of a set. Raises KnowledgeBaseError if the set cannot be read."""
    right, found, caught, marked = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    errors, disturbed, drafts = [], [], read_drafts(path)
    for draft in drafts:
        findings = reviewer.review(draft.request()).findings
        for finding in findings:
            rule = _group(finding.rule)
            good = any(_meets(draft.draft, finding, one) for one in draft.findings)
            found[rule] += 1
            right[rule] += good
            if not good:
                errors.append(f"{draft.id} 误报 {rule}：“{finding.text}”（{finding.reason}）")
        for one in draft.findings:
            rule = _group(one.rule)
            hit = any(_meets(draft.draft, finding, one) for finding in findings)
            marked[rule] += 1
            caught[rule] += hit
            if not hit:
                errors.append(f"{draft.id} 漏报 {rule}：“{one.text}”")
        if findings and not draft.findings:
            disturbed.append(draft.id)
    rules = {rule: Rates(right[rule], found[rule], caught[rule], marked[rule]) for rule in sorted(found | marked)}
    overall = Rates(right.total(), found.total(), caught.total(), marked.total())
    clean = sum(not draft.findings for draft in drafts)
    return ReviewReport(len(drafts), overall, rules, errors, disturbed, clean)


def _group(rule: str) -> str:
    return "wording" if rule in ("forbidden_wording", "risky_wording") else rule


def _meets(draft: str, finding: Finding, marked: MarkedFinding) -> bool:
    if _group(finding.rule) != _group(marked.rule):
        return False
    start = draft.find(marked.text)
    while start >= 0:
        if finding.start < start + len(marked.text) and start < finding.end:
            return True
        start = draft.find(marked.text, start + 1)
    return False
