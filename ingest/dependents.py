"""What hangs on what: the blast radius of a fact, a clause, a template or an article.

Names are `kind:id`: `fact:refund.review_hours`, `clause:refund-rules#arrival`, `template:…`, `faq:…`, `flow:…`, and
`desk` for the desk's own rules.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ingest.render import PLACEHOLDER, texts
from kb_service.content import Content, Desk, Entry, Faq, Flow, Policy, Template

DESK = "desk"


class Dependent(NamedTuple):
    """Something that hangs on a change: its name, and the names from the change to it, the change first."""

    name: str
    path: tuple[str, ...]

    @property
    def direct(self) -> bool:
        """Whether it names the changed thing itself."""
        return len(self.path) == 1


class Dependents:
    """Who states, cites, sends or leads to what, in one content as written (placeholders included)."""

    def __init__(self, content: Content) -> None:
        self._users: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for user, used in _edges(content):
            if user != used:
                self._users[used][user] = None

    def direct(self, name: str) -> tuple[str, ...]:
        """What names `name` itself, in the order of the content."""
        return tuple(self._users.get(name, ()))

    def of(self, names: Iterable[str]) -> list[Dependent]:
        """All that hangs on `names`, nearest first, by the shortest way; `names` themselves are left out."""
        found: dict[str, Dependent] = {}
        waiting: deque[tuple[str, tuple[str, ...]]] = deque((name, (name,)) for name in dict.fromkeys(names))
        seen = {name for name, _ in waiting}
        while waiting:
            name, path = waiting.popleft()
            for user in self._users.get(name, ()):
                if user not in seen:
                    seen.add(user)
                    found[user] = Dependent(user, path)
                    if _passes_on(name, user):
                        waiting.append((user, (*path, user)))
        return list(found.values())


def _passes_on(used: str, user: str) -> bool:
    """Whether what hangs on `user` is touched too: whoever cites a clause that states the fact, or sends the template.

    An article that is merely related to a changed one says nothing else because of it.
    """
    return user.startswith(("clause:", "template:")) and not used.startswith("faq:")


def _edges(content: Content) -> Iterator[tuple[str, str]]:
    """(user, used) for every reference and placeholder."""
    for policy in content.policies:
        yield from _policy_edges(policy)
    for entry in (*content.faqs, *content.templates, *content.flows):
        name = name_of(entry)
        yield from ((name, used) for used in _placeholders(entry))
        yield from ((name, used) for used in _named(entry))
    yield from ((DESK, used) for used in _placeholders(content.desk))
    yield from ((DESK, used) for used in _desk_facts(content.desk))
    for key, fact in content.facts.items():
        if fact.source:
            yield f"fact:{key}", f"clause:{fact.source}"


def name_of(entry: Entry) -> str:
    """The name of an article, template or flow."""
    kinds: Mapping[type[Entry], str] = {Faq: "faq", Template: "template", Flow: "flow", Policy: "policy"}
    return f"{kinds[type(entry)]}:{entry.id}"


def _policy_edges(policy: Policy) -> Iterator[tuple[str, str]]:
    for clause in policy.clauses:
        yield from ((f"clause:{policy.id}#{clause.id}", used) for used in _placeholders(clause))


def _placeholders(record: object) -> Iterator[str]:
    for _, text in texts(record):
        for match in PLACEHOLDER.finditer(text):
            if match["kind"] in ("fact", "clause"):
                yield f"{match['kind']}:{match['name']}"


def _named(entry: Entry) -> Iterator[str]:
    """What the fields of an article or a flow name."""
    if isinstance(entry, Faq | Flow):
        yield from (f"clause:{ref}" for ref in entry.policy_refs)
        yield from (f"template:{ref}" for ref in entry.templates)
    if isinstance(entry, Faq):
        yield from (f"faq:{ref}" for ref in entry.related)
    if isinstance(entry, Flow):
        yield from (f"faq:{ref}" for ref in entry.faqs)
        facts = [entry.sla.first_response, entry.sla.resolve, entry.self_service]
        facts += [offer.limit for offer in entry.offers] + [one.amount_from for one in entry.escalation]
        yield from (f"fact:{key}" for key in facts if key)
        yield from (f"template:{step.say}" for step in entry.steps if step.say)
        clauses = (*(step.policy for step in entry.steps), *(offer.policy for offer in entry.offers))
        yield from (f"clause:{ref}" for ref in clauses if ref)


def _desk_facts(desk: Desk) -> Iterator[str]:
    named = [desk.burst_window, desk.burst_cases, desk.first_response, desk.resolve, desk.repeat_times]
    named += desk.compensation.values()
    named += [rung.amount_from for rung in desk.ladder]
    for rule in desk.priorities:
        named += [value for value in (rule.amount_from, rule.contacts_from) if isinstance(value, str)]
    yield from (f"fact:{key}" for key in named if key)
