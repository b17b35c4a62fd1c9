"""Reply templates for a case: which ones, in which tone, filled with what the case knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kb_service.catalog import Catalog, may_see
from kb_service.content import Taxonomy, Template, Tone
from kb_service.contract import Case, MissingSlot, ReplyTemplate
from kb_service.index import Scope

_SLOT = re.compile(r"\{\{slot:([^{}]+)\}\}")


def choose_templates(
    catalog: Catalog,
    linked: Sequence[str],
    issue_types: Sequence[str],
    case: Case,
    scope: Scope,
    exclude: Sequence[str],
) -> list[Template]:
    """Templates that fit the case, best first.

    `linked` are ids that the answers name, best answer first; `issue_types` are the answers' types. The channel of the
    case counts most, then its stage, then a link. Templates for the other party, or not in force, never come.
    """
    order = {name: place for place, name in reversed(list(enumerate(linked)))}
    pool = {name: catalog.templates[name] for name in linked}
    for issue_type in issue_types:
        pool |= {template.id: template for template in catalog.templates_by_issue.get(issue_type, ())}
    fitting = [
        template
        for template in pool.values()
        if template.id not in exclude
        and may_see(scope.audience, template.audience)
        and template.in_force(scope.now)
        and (case.party in (None, "both") or template.party in (case.party, "both"))
    ]

    def rank(template: Template) -> tuple[bool, bool, int, int, str]:
        issue = min((issue_types.index(name) for name in template.issue_types if name in issue_types), default=99)
        return (
            (case.channel or "chat") not in template.channels,
            case.stage is not None and template.stage != case.stage,
            order.get(template.id, len(order)),
            issue,
            template.id,
        )

    return sorted(fitting, key=rank)


def fill(template: Template, tone: Tone, slots: Mapping[str, str], taxonomy: Taxonomy, record_id: str) -> ReplyTemplate:
    """The template's text in `tone` (neutral if it has no such), with the blanks filled from `slots`."""
    chosen = tone if tone in template.tones else "neutral"
    filled: dict[str, str] = {}
    missing: dict[str, MissingSlot] = {}

    def value(match: re.Match[str]) -> str:
        name = match[1]
        slot = taxonomy.slots[name]
        given = slots.get(name, "").strip()
        if given:
            filled[name] = given
            return given
        missing[name] = MissingSlot(slot=name, label=slot.label, type=slot.type, ask=slot.ask)
        return f"【{slot.label}】"

    text = _SLOT.sub(value, template.tones[chosen])
    return ReplyTemplate(
        id=template.id,
        record_id=record_id,
        title=template.title,
        tone=chosen,
        text=text,
        filled=filled,
        missing_slots=list(missing.values()),
        sendable=not missing,
    )
