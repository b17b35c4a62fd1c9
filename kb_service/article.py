"""One entry in full, as a reader may see it at a given time."""

from __future__ import annotations

from datetime import datetime

from kb_service.catalog import Catalog, may_see
from kb_service.citations import citation, clause_title
from kb_service.content import CaseRecord, Clause, Entry, Faq, Flow, Policy, Template
from kb_service.contract import Article, Citation, ClauseVersion
from kb_service.errors import EntryNotFound
from kb_service.knowledge import Knowledge
from kb_service.records import Audience


def article(knowledge: Knowledge, entry: str, audience: Audience, at: datetime) -> Article:
    """The entry `entry` (an id, or `policy#clause`). Raises EntryNotFound also for what this reader may not see."""
    catalog = knowledge.catalog
    policy_id, mark, clause_id = entry.partition("#")
    record = (
        catalog.faqs.get(entry)
        or catalog.templates.get(entry)
        or catalog.flows.get(entry)
        or catalog.cases.get(entry)
        or catalog.policies.get(policy_id)
    )
    if record is None or not may_see(audience, record.audience) or not record.in_force(at):
        raise EntryNotFound(f"没有“{entry}”，或者它在该时间、该可见范围内不可用；请核对编号、audience 和 as_of", "id")
    head = Article(
        id=entry,
        kind=record.kind,
        kb_version=knowledge.version,
        title=record.title,
        visibility=record.audience,
        issue_types=[record.issue_type] if isinstance(record, Faq | CaseRecord) else list(record.issue_types),
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        owner=record.owner,
        review_by=record.review_by.isoformat(),
    )
    if isinstance(record, Policy):
        return head.model_copy(update=_policy(record, clause_id if mark else None, at))
    if isinstance(record, Faq):
        return head.model_copy(update=_faq(catalog, record, audience, at))
    if isinstance(record, CaseRecord):
        return head.model_copy(update=_case(catalog, record, audience, at))
    if isinstance(record, Template):
        return head.model_copy(update={"tones": record.tones})
    return head.model_copy(update=_flow(record))


def _faq(catalog: Catalog, faq: Faq, audience: Audience, at: datetime) -> dict[str, object]:
    return {
        "text": catalog.faq_text(faq.id, audience).text,
        "questions": list(faq.questions),
        "citations": _cited(catalog, faq, audience, at),
        "templates": list(faq.templates),
        "related": list(faq.related),
    }


def _case(catalog: Catalog, case: CaseRecord, audience: Audience, at: datetime) -> dict[str, object]:
    return {
        "text": catalog.case_text(case.id, audience).text,
        "citations": _cited(catalog, case, audience, at),
        "outcome": case.outcome,
    }


def _cited(catalog: Catalog, article: Faq | CaseRecord, audience: Audience, at: datetime) -> list[Citation]:
    found = filter(None, (catalog.clause_at(reference, at) for reference in article.policy_refs))
    return [citation(policy, clause) for policy, clause in found if may_see(audience, policy.audience)]


def _flow(flow: Flow) -> dict[str, object]:
    own = set(Flow.model_fields) - set(Entry.model_fields) - {"kind", "summary", "templates", "issue_types"}
    return {
        "text": flow.summary,
        "templates": list(flow.templates),
        "flow": flow.model_dump(mode="json", include=own),
    }


def _policy(policy: Policy, clause_id: str | None, at: datetime) -> dict[str, object]:
    """A whole policy as it stands at `at`, or every wording of one clause."""
    if clause_id is None:
        standing = [clause for clause in policy.clauses if clause.in_force(at)]
        return {
            "text": "\n\n".join(_as_markdown(standing)),
            "clauses": [_version(policy, clause, at) for clause in standing],
        }
    wordings = [clause for clause in policy.clauses if clause.id == clause_id]
    if not wordings:
        raise EntryNotFound(f"规则“{policy.id}”里没有条款“{clause_id}”；用 /v1/articles/{policy.id} 查看全部条款", "id")
    current = next((clause for clause in wordings if clause.in_force(at)), None)
    return {
        "kind": "clause",
        "title": clause_title(policy, current or wordings[0]),
        "text": current.text if current else "",
        "clauses": [_version(policy, clause, at) for clause in wordings],
    }


def _as_markdown(clauses: list[Clause]) -> list[str]:
    parts, chapter = [], ""
    for clause in clauses:
        if clause.chapter != chapter:
            chapter = clause.chapter
            parts.append(f"## {chapter}")
        parts.append(f"### {clause.number} {clause.title}\n{clause.text}")
    return parts


def _version(policy: Policy, clause: Clause, at: datetime) -> ClauseVersion:
    return ClauseVersion(
        id=f"{policy.id}#{clause.id}",
        title=clause_title(policy, clause),
        text=clause.text,
        valid_from=clause.valid_from,
        valid_until=clause.valid_until,
        in_force=clause.in_force(at),
    )
