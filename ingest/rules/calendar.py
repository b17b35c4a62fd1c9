"""What becomes wrong by the calendar alone: entries that are over or soon over and still linked, reviews overdue.

These are warnings, as no day may keep content from being published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from ingest.loaded import Loaded, Place
from ingest.render import PLACEHOLDER, texts
from ingest.rules.references import references
from kb_service.content import Policy
from kb_service.errors import Problem
from kb_service.records import CHINA, Validity

SOON = timedelta(days=30)
_SHOWN = 3  # links that a message names
_Links = Mapping[str, Sequence[str]]


def check_calendar(loaded: Loaded) -> Iterator[Problem]:
    """Entries and clauses that are over or soon over although others link to them, and reviews that are overdue."""
    links = _links(loaded)
    for place, entry in loaded.placed_entries():
        if entry.review_by < loaded.today:
            message = f"应在 {entry.review_by} 前复查，已经过期；请复查内容并改写 review_by"
            yield place.problem(("review_by",), "review-overdue", message)
        named = links[entry.id]
        if isinstance(entry, Policy):
            named = [link for clause in entry.clauses for link in links[f"{entry.id}#{clause.id}"]]
        yield from _over(loaded, place, ("valid_until",), f"“{entry.title}”", entry, named)
    for policy in loaded.policies:
        if policy.valid_until is None:
            yield from _clauses(loaded, policy, links)


def _clauses(loaded: Loaded, policy: Policy, links: _Links) -> Iterator[Problem]:
    last = {clause.id: n for n, clause in sorted(enumerate(policy.clauses), key=lambda pair: _end(pair[1]))}
    for name, n in last.items():
        clause = policy.clauses[n]
        title = f"《{policy.title}》{clause.number}（{clause.title}）"
        yield from _over(loaded, loaded.places[policy.id], ("clauses", n), title, clause, links[f"{policy.id}#{name}"])


def _end(validity: Validity) -> datetime:
    return validity.valid_until or datetime.max.replace(tzinfo=CHINA)


def _over(
    loaded: Loaded, place: Place, path: tuple[str | int, ...], title: str, window: Validity, links: Sequence[str]
) -> Iterator[Problem]:
    if window.valid_until is None or not links:
        return
    until = window.valid_until.astimezone(CHINA).date()
    if until > loaded.today + SOON:
        return
    unique = list(dict.fromkeys(links))
    where = "、".join(unique[:_SHOWN]) + (f" 等 {len(unique)} 处" if len(unique) > _SHOWN else "")
    if until <= loaded.today:
        message = f"{title}已在 {until} 失效，但 {where} 还链到它；请改链到现行的内容，或延长有效期"
        yield place.problem(path, "expired-link", message)
    else:
        message = f"{title}将在 {until} 失效，而 {where} 链到它；请在那之前改链，或延长有效期"
        yield place.problem(path, "expiring-link", message)


def _links(loaded: Loaded) -> _Links:
    """Entry id or clause reference -> `file:line` of everything in force that links to it."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for place, entry in loaded.placed_entries():
        if _over_at(entry, loaded.today):
            continue
        for path, _, name in references(entry):
            if name != entry.id:
                found[name].append(f"{place.file}:{place.line(path)}")
        for path, text in texts(entry):
            for match in PLACEHOLDER.finditer(text) if "{{clause" in text else ():
                if not (isinstance(entry, Policy) and _closed(entry, path, loaded.today)):
                    found[match["name"]].append(f"{place.file}:{place.line(path, match[0])}")
    for key, fact in loaded.facts.items():
        if fact.source:
            found[fact.source].append(f"{loaded.places['facts'].file}:{loaded.places['facts'].line((key,))}")
    return found


def _closed(policy: Policy, path: tuple[str | int, ...], today: date) -> bool:
    return path[0] == "clauses" and _over_at(policy.clauses[int(path[1])], today)


def _over_at(validity: Validity, today: date) -> bool:
    return validity.valid_until is not None and validity.valid_until.astimezone(CHINA).date() <= today
