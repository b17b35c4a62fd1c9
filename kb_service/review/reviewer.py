"""Checks a draft before it is sent: wording, private data, promises, blanks, tone. No encoder; milliseconds.

Each rule finds stretches of the draft; where two rules find the same stretch, the one that explains it best is kept.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from kb_service.casework import Commitment, Finding, ReviewRequest, ReviewResponse, ReviewRule, Severity
from kb_service.catalog import Catalog, may_see
from kb_service.citations import citation
from kb_service.records import CHINA, Audience, Emotion
from kb_service.review.blanks import blanks
from kb_service.review.commitments import Ledger, Promise, Speech
from kb_service.review.disclosure import disclosures
from kb_service.review.figures import figures
from kb_service.review.misspoken import Suspicion
from kb_service.review.private import private_demands
from kb_service.review.statements import Statement
from kb_service.review.wording import Wording
from kb_service.text import fold_in_place
from kb_service.understand.facts import PERSONAL, FactFinder

CONTEXT = 3  # last messages of the customer that say what the case is about

_UPSET = {"anxious": "着急", "angry": "生气", "disappointed": "失望", "threatening": "扬言投诉或曝光"}
# What explains a stretch better than its wording: a time or figure is told by the facts, a cold word by the feelings.
_BETTER: tuple[ReviewRule, ...] = ("private_data_request", "contradicted_promise", "unsupported_promise", "tone")
_WORDING: tuple[ReviewRule, ...] = ("forbidden_wording", "risky_wording")
_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?\n]*")
_WORD = re.compile(r"\w")
_GUARANTEE = "结果要以审核或责任认定为准，不能先许诺"


class Reviewer:
    """Reviews drafts against one published version. Built once per version, safe to share between threads."""

    def __init__(self, catalog: Catalog, version: str = "", facts: FactFinder | None = None) -> None:
        """`facts` finds personal data; without it one is built from the catalog."""
        self.catalog, self._version = catalog, version
        self._facts = facts or FactFinder(catalog.content.lexicon)
        self._wording = Wording(catalog.content.lexicon)
        self._ledger = Ledger(catalog)
        self._suspicion = Suspicion(catalog.misspoken, catalog.content.lexicon.misspoken)
        self._labels = frozenset(slot.label for slot in catalog.content.taxonomy.slots.values())

    def review(self, request: ReviewRequest, emotion: Emotion | None = None) -> ReviewResponse:
        """Findings and commitments of a draft. `emotion` is what was understood; what the case says wins."""
        started = time.perf_counter()
        now = (request.as_of or datetime.now(UTC)).astimezone(CHINA)
        text = fold_in_place(request.draft)
        promises = list(self._ledger.promises(self._speech(request, text, now)))
        found = [
            *self._promise_findings(request, promises),
            *self._wording_findings(request, text, request.case.emotion or emotion),
            *self._data_findings(request, text, now),
        ]
        best = list(_best(found))
        suspects = self._suspect_findings(request, text, best)
        findings = sorted(_together(request.draft, sorted([*best, *suspects], key=_place)), key=_place)
        return ReviewResponse(
            kb_version=self._version,
            sendable=not any(finding.severity == "error" for finding in findings),
            findings=findings,
            commitments=[self._commitment(request, promise) for promise in promises if _is_commitment(promise)],
            timings={"total": round((time.perf_counter() - started) * 1000, 2)},
        )

    def _speech(self, request: ReviewRequest, text: str, now: datetime) -> Speech:
        case = request.case
        said = [message.text for message in request.messages if message.role == "customer"]
        known = " ".join([*said, *case.history, *case.slots.values()])
        label = self.catalog.content.taxonomy.issue_types.get(case.issue_type or "", "")
        return Speech(
            text=text,
            context=fold_in_place(" ".join([*said[-CONTEXT:], label])),
            known=frozenset(figure.value for figure in figures(fold_in_place(known))),
            at=now,
            order_time=case.order_time or now,
            authority=case.authority,
            issue_type=case.issue_type,
        )

    def _promise_findings(self, request: ReviewRequest, promises: Iterable[Promise]) -> Iterator[Finding]:
        for promise in promises:
            if promise.status == "contradicted" and promise.statement:
                reason, remedy = _correction(promise, promise.statement, request.audience)
                yield _finding(request, "contradicted_promise", "error", promise.start, promise.end, reason, remedy)
            elif promise.status == "unknown" and promise.given:
                reason = {
                    "deadline": "没有条款规定这个时间，客户会当作承诺",
                    "amount": "没有条款规定这个金额，客户会当作承诺",
                    "outcome": _GUARANTEE,
                }[promise.kind]
                remedy = "请删去，或改成条款写明的时限和金额，并说明以审核结果为准"
                yield _finding(request, "unsupported_promise", "warning", promise.start, promise.end, reason, remedy)

    def _wording_findings(self, request: ReviewRequest, text: str, emotion: Emotion | None) -> Iterator[Finding]:
        for bad in self._wording.bad(text):
            forbidden = bad.phrase.level == "forbidden"
            rule: ReviewRule = "forbidden_wording" if forbidden else "risky_wording"
            severity: Severity = "error" if forbidden else "warning"
            yield _finding(
                request, rule, severity, bad.start, bad.end, bad.phrase.reason, f"可改为：{bad.phrase.better}"
            )
        for clash in self._wording.clashes(text, emotion):
            how = "语气太轻快" if clash.shows == "breezy" else "语气冷淡，像在打发人"
            reason = f"客户正{_UPSET[emotion or '']}，{how}，没有一句体谅的话"
            remedy = "请先说一句理解或致歉，再说下一步怎么办"
            yield _finding(request, "tone", "warning", clash.start, clash.end, reason, remedy)

    def _suspect_findings(self, request: ReviewRequest, text: str, found: Sequence[Finding]) -> Iterator[Finding]:
        """Clauses that only sound wrong; none in a sentence that has to be rewritten anyhow."""
        touched = [
            sentence.span()
            for sentence in _SENTENCE.finditer(text)
            if any(sentence.start() < finding.end and finding.start < sentence.end() for finding in found)
        ]
        for suspect in self._suspicion.suspects(text):
            if not any(start <= suspect.start < end for start, end in touched):
                reason, remedy = f"像是{suspect.group.reason}的说法", f"可以这样说：{suspect.group.better}"
                yield _finding(request, "risky_wording", "warning", suspect.start, suspect.end, reason, remedy)

    def _data_findings(self, request: ReviewRequest, text: str, now: datetime) -> Iterator[Finding]:
        for demand in private_demands(text):
            thing = request.draft[demand.start : demand.end]
            reason = "在向客户索要敏感信息" if demand.thing in thing.lower() else "在索要敏感信息"
            remedy = "请删去；核对身份只用绑定手机号后四位，证件和密码只由客户本人在页面里办理"
            yield _finding(request, "private_data_request", "error", demand.start, demand.end, reason, remedy)
        for start, end in blanks(text, self._labels):
            remedy = "请填上，或删去这一处再发送"
            yield _finding(request, "unfilled_slot", "error", start, end, "有没填的空", remedy)
        case = request.case
        customer = (message.text for message in request.messages if message.role == "customer")
        said = fold_in_place(" ".join([*customer, *case.history, *case.slots.values()]))
        personal = [found for found in self._facts.find(request.draft, now) if found.type in PERSONAL]
        for start, end in disclosures(text, said, personal):
            reason = "这是另一方的个人信息，客户没有提供过，不能告诉客户"
            remedy = "请删去；可以替客户在站内转达，需要时由司法机关依法调取"
            yield _finding(request, "other_party_data", "error", start, end, reason, remedy)

    def _commitment(self, request: ReviewRequest, promise: Promise) -> Commitment:
        statement = promise.statement
        source = statement.source if statement and promise.status != "unknown" else None
        shown = source if source and may_see(request.audience, source[0].audience) else None
        return Commitment(
            start=promise.start,
            end=promise.end,
            text=request.draft[promise.start : promise.end],
            kind=promise.kind,
            status=promise.status,
            fact=statement.fact if statement else None,
            expected=statement.text if statement else None,
            citation=citation(*shown) if shown else None,
            due=promise.due,
        )


def _is_commitment(promise: Promise) -> bool:
    """Figures that neither promise anything nor are held by any fact are no commitments."""
    return promise.given or promise.status != "unknown"


def _correction(promise: Promise, statement: Statement, audience: Audience) -> tuple[str, str]:
    """Why a figure is wrong, and the right one with its clause."""
    source = statement.source
    cited = f"（《{source[0].title}》{source[1].number}）" if source and may_see(audience, source[0].audience) else ""
    if promise.over:
        return (
            f"超过授权：{statement.label}是{statement.text}{cited}",
            f"请改成不超过{statement.text}，更高的请逐级申请",
        )
    reason = f"与规定不符：{statement.label}是{statement.text}{cited}"
    return reason, f"平台规定是{statement.text}{cited}，请改成{statement.text}"


def _finding(
    request: ReviewRequest, rule: ReviewRule, severity: Severity, start: int, end: int, reason: str, remedy: str
) -> Finding:
    return Finding(
        rule=rule, severity=severity, start=start, end=end, text=request.draft[start:end], reason=reason, remedy=remedy
    )


def _best(found: Iterable[Finding]) -> Iterator[Finding]:
    """Findings in order, without those that another explains better."""
    everything = list(found)
    kept = [finding for finding in everything if not any(_hides(other, finding) for other in everything)]
    for _, same in groupby(sorted(kept, key=_place), key=_place):
        yield next(same)


def _place(finding: Finding) -> tuple[int, int, str]:
    return finding.start, finding.end, finding.rule


def _together(draft: str, found: Iterable[Finding]) -> Iterator[Finding]:
    """Findings, given in order; wrong wordings that only a mark parts as one, with the reason of the surest."""
    held: Finding | None = None
    for finding in found:
        if finding.rule not in _WORDING:
            yield finding
        elif held and not _WORD.search(draft, held.end, finding.start):
            surest = finding if (finding.severity, held.severity) == ("error", "warning") else held
            end = max(held.end, finding.end)
            held = surest.model_copy(update={"start": held.start, "end": end, "text": draft[held.start : end]})
        else:
            if held:
                yield held
            held = finding
    if held:
        yield held


def _hides(one: Finding, other: Finding) -> bool:
    """A guarantee of a result without a time is told by its wording, if the lexicon has it."""
    if not (one.start < other.end and other.start < one.end):
        return False
    if other.rule in _WORDING:
        surer = one.rule == "forbidden_wording" and other.rule == "risky_wording"
        return surer or (one.rule in _BETTER and one.reason != _GUARANTEE)
    return other.reason == _GUARANTEE and one.rule == "forbidden_wording"
