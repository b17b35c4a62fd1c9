"""The first page: what was changed against the published version, what is wrong, and everything by topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ingest.differences import Change, Difference, Shared
from ingest.preview.entry import Hanging, hanging
from ingest.preview.names import FOUND, KINDS, Link, entry_href, field_name, source_href
from ingest.preview.workshop import Draft
from kb_service.content import CaseRecord, Content, Faq, Flow, Template
from kb_service.errors import Problem


class Row(NamedTuple):
    """An entry in a list: whether it was changed and how, how many problems its file has."""

    link: Link
    found: str = ""  # 新增, 修改, 删除 or nothing
    how: str = ""
    problems: int = 0


class FactRow(NamedTuple):
    """A changed fact: what it said, what it says, and what hangs on it."""

    link: Link
    found: str
    old: str
    new: str
    hanging: tuple[Hanging, ...]


@dataclass(frozen=True)
class Changed:
    """Everything that differs from the published version. `through` changed only because a fact did."""

    entries: tuple[Row, ...]
    clauses: tuple[Row, ...]
    facts: tuple[FactRow, ...]
    through: tuple[Row, ...]
    shared: tuple[Shared, ...]
    learned: bool

    @property
    def any(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.entries or self.clauses or self.facts or self.through or self.shared or self.learned)


class Topic(NamedTuple):
    """An issue type of the first level, or the policies: its parts, each with its entries."""

    label: str
    parts: tuple[tuple[str, tuple[Row, ...]], ...]

    @property
    def size(self) -> int:
        """How many entries it has."""
        return sum(len(rows) for _, rows in self.parts)


def changed(draft: Draft) -> Changed | None:
    """What differs from the published version; None if there is none."""
    difference = draft.difference
    if difference is None:
        return None
    own = [change for change in difference.entries if change.fields or not change.facts]
    through = [change for change in (*difference.entries, *difference.clauses) if change.facts and not change.fields]
    order = list(FOUND)
    return Changed(
        entries=tuple(_row(change) for change in sorted(own, key=lambda change: order.index(change.found))),
        clauses=tuple(_row(change) for change in difference.clauses if change.fields or not change.facts),
        facts=tuple(_facts(draft, difference)),
        through=tuple(_row(change) for change in through),
        shared=difference.shared,
        learned=difference.learned,
    )


def _row(change: Change) -> Row:
    key = change.id.partition("@")[0]
    href = "" if change.found == "removed" else entry_href(key)
    how = "、".join(dict.fromkeys(field_name(field.path) for field in change.fields))
    return Row(Link(KINDS[change.kind], change.id, change.title, href), FOUND[change.found], how)


def _facts(draft: Draft, difference: Difference) -> Iterator[FactRow]:
    for change in difference.facts:
        name = f"fact:{change.id}"
        gone = change.found == "removed"
        href = "" if gone else source_href(draft.built.places[name])
        value = next((field for field in change.fields if field.path == "value"), None)
        facts = draft.knowledge.catalog.content.facts
        new = "" if gone else facts[change.id].display
        yield FactRow(
            Link(KINDS["fact"], change.id, change.title, href),
            FOUND[change.found],
            value.old if value else "",
            new,
            () if gone else tuple(hanging(draft, [name])),
        )


def topics(draft: Draft, problems: Sequence[Problem]) -> list[Topic]:
    """All entries by issue type, in the order of the taxonomy; the policies last."""
    content, built = draft.knowledge.catalog.content, draft.built
    wrong = Counter(problem.file for problem in problems)
    found = {change.id: FOUND[change.found] for change in (draft.difference.entries if draft.difference else ())}

    def row(entry: Faq | Template | Flow | CaseRecord) -> Row:
        link = Link(KINDS[entry.kind], entry.id, entry.title, entry_href(entry.id))
        return Row(link, found.get(entry.id, ""), problems=wrong[built.places[entry.id].file])

    grouped: dict[str, list[Row]] = {}
    entries: list[Faq | Template | Flow | CaseRecord] = [*content.faqs, *content.templates, *content.flows]
    for entry in [*entries, *content.cases]:
        grouped.setdefault(_issue_type(entry), []).append(row(entry))
    result = list(_topics(content, grouped))
    policies = tuple(
        Row(
            Link(KINDS["policy"], policy.id, policy.title, entry_href(policy.id)),
            found.get(policy.id, ""),
            problems=wrong[built.places[policy.id].file],
        )
        for policy in content.policies
    )
    return [*result, Topic("规则", (("", policies),))] if policies else result


def _issue_type(entry: Faq | Template | Flow | CaseRecord) -> str:
    return entry.issue_type if isinstance(entry, Faq | CaseRecord) else entry.issue_types[0]


def _topics(content: Content, grouped: dict[str, list[Row]]) -> Iterator[Topic]:
    labels = content.taxonomy.issue_types
    for top in dict.fromkeys(name.partition(".")[0] for name in labels):
        parts = [
            (labels[name], tuple(grouped[name])) for name in labels if name in grouped and name.partition(".")[0] == top
        ]
        if parts:
            yield Topic(labels.get(top, top), tuple(parts))
