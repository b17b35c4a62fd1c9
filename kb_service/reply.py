"""Reply templates for a case: which ones, in which tone, filled with what the case knows, fitted to its channel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from kb_service.case import MissingSlot, Understanding
from kb_service.catalog import Catalog, may_see
from kb_service.content import Template
from kb_service.contract import ReplyTemplate, SuggestRequest
from kb_service.index import Scope
from kb_service.records import Tone
from kb_service.understand.reader import mood

SMS = 70  # characters of one text message in Chinese (UCS-2)
_SLOT = re.compile(r"\{\{slot:([^{}]+)\}\}")


_TO_VERIFY = ("amount", "date", "datetime")  # slot types that must not go out on the customer's word alone
_SENTENCE = re.compile(r"[^。！？；!?;\n]*[。！？；!?;\n]?")


class Replying(NamedTuple):
    """Whom a reply is for: the case as understood, what may be shown, the request, the id of this suggestion.

    `stage` is where the case's procedure stands, for a case that does not say so itself.
    """

    understanding: Understanding
    scope: Scope
    request: SuggestRequest
    suggestion: str
    stage: str | None = None


def choose_templates(catalog: Catalog, linked: Sequence[str], reply: Replying) -> list[Template]:
    """Templates that fit the case, best first.

    `linked` are ids that the answers name, best answer first. The channel of the case counts most, then its stage, then
    a link, then the party that was understood. Templates for another party than the agent set, or not in force, never
    come.
    """
    case, scope = reply.request.case, reply.scope
    issue_types = [issue.id for issue in reply.understanding.issue_types]
    order = {name: place for place, name in reversed(list(enumerate(linked)))}
    pool = {name: catalog.templates[name] for name in linked}
    for issue_type in issue_types:
        pool |= {template.id: template for template in catalog.templates_by_issue.get(issue_type, ())}
    fitting = [
        template
        for template in pool.values()
        if template.id not in reply.request.exclude_ids
        and may_see(scope.audience, template.audience)
        and template.in_force(scope.now)
        and _suits(template, case.party)
    ]

    few = case.channel not in (None, "chat")  # of some issues only the other party's templates are for text messages

    def rank(template: Template) -> tuple[bool, bool, bool, int, bool, int, str]:
        issue = min((issue_types.index(name) for name in template.issue_types if name in issue_types), default=99)
        other_side = not _suits(template, reply.understanding.party)
        return (
            few and other_side,
            (case.channel or "chat") not in template.channels,
            case.stage is not None and template.stage != case.stage,
            order.get(template.id, len(order)),
            other_side,
            issue,
            template.id,
        )

    return sorted(fitting, key=rank)


def _suits(template: Template, party: str | None) -> bool:
    return party in (None, "both") or template.party in (party, "both")


def tone_of(catalog: Catalog, reply: Replying) -> Tone:
    """The tone that was asked for, else the one that the desk uses towards such an emotion at this stage."""
    if reply.request.tone:
        return reply.request.tone
    emotion, stage = mood(reply.understanding.emotion), reply.request.case.stage or reply.stage
    for rule in catalog.content.desk.tones:
        if (not rule.emotions or emotion in rule.emotions) and (not rule.stages or stage in rule.stages):
            return rule.tone
    return "neutral"


def fill(template: Template, reply: Replying, catalog: Catalog) -> ReplyTemplate:
    """The template in the fitting tone (neutral if it has no such), its blanks filled, fitted to the case's channel."""
    taxonomy, slots = catalog.content.taxonomy, reply.understanding.slots
    tone = tone_of(catalog, reply)
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
    stated = [name for name in filled if not reply.request.case.slots.get(name, "").strip()]
    unverified = [name for name in stated if taxonomy.slots[name].type in _TO_VERIFY]
    channel = reply.request.case.channel or "chat"
    fitted = text if channel in template.channels and not _too_long(text, channel) else for_channel(text, channel)
    return ReplyTemplate(
        id=template.id,
        record_id=f"{reply.suggestion}.{template.id}",
        title=template.title,
        tone=chosen,
        channel=channel,
        text=fitted,
        filled=filled,
        unverified=unverified,
        missing_slots=list(missing.values()),
        sendable=not missing and not unverified and bool(fitted),
    )


def _too_long(text: str, channel: str) -> bool:
    return channel == "sms" and len(text) > SMS


def for_channel(text: str, channel: str) -> str:
    """A reply written for another channel, as it can be sent or said on this one.

    A text message keeps whole sentences up to its length; what is spoken names the steps of a menu path one by one.
    Empty where not even the first sentence fits.
    """
    if channel == "sms":
        kept = ""
        for sentence in _SENTENCE.findall(text.replace("\n", "")):
            if len(kept) + len(sentence) > SMS:
                break
            kept += sentence
        return kept
    if channel in ("phone", "voice-bot"):
        return text.replace(" > ", "，再点").replace("「", "").replace("」", "").replace("\n", " ")
    return text
