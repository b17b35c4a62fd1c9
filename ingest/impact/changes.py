"""What changed between two contents, by name (see `ingest.dependents`)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from ingest.dependents import DESK, name_of
from kb_service.content import Content, Fact, Faq
from kb_service.text import fold


class Phrasing(NamedTuple):
    """One way of asking, and the article or group of out-of-scope questions that it belongs to."""

    entry: str
    text: str


@dataclass(frozen=True)
class Changes:
    """Names of what came, went and changed; `phrasings` are the ways of asking that came, `old_facts` as they were."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    phrasings: tuple[Phrasing, ...]
    old_facts: dict[str, Fact]
    new_facts: dict[str, Fact]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.added, *self.removed, *self.changed)

    def new_articles(self) -> tuple[str, ...]:
        """Ids of the articles that came."""
        return tuple(name.removeprefix("faq:") for name in self.added if name.startswith("faq:"))


def changes_between(old: Content, new: Content) -> Changes:
    """Compares the contents as written: where only a fact's value changed, only the fact is named."""
    before, after = _parts(old), _parts(new)
    asked = set(_phrasings(old))
    return Changes(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in after if name in before and before[name] != after[name]),
        phrasings=tuple(phrasing for phrasing in _phrasings(new) if phrasing not in asked),
        old_facts=old.facts,
        new_facts=new.facts,
    )


def _parts(content: Content) -> dict[str, object]:
    """Name -> what is compared. A clause stands for all its wordings, a policy for all but its clauses."""
    parts: dict[str, object] = {f"fact:{key}": fact for key, fact in content.facts.items()}
    for policy in content.policies:
        parts[name_of(policy)] = policy.model_dump(exclude={"clauses"})
        wordings: defaultdict[str, list[object]] = defaultdict(list)
        for clause in policy.clauses:
            wordings[f"clause:{policy.id}#{clause.id}"].append(clause)
        parts |= wordings
    parts |= {name_of(entry): entry for entry in (*content.faqs, *content.templates, *content.flows)}
    parts |= {f"elsewhere:{name}": group for name, group in content.elsewhere.items()}
    parts |= {f"lexicon:{name}": getattr(content.lexicon, name) for name in type(content.lexicon).model_fields}
    return parts | {DESK: content.desk, "taxonomy": content.taxonomy}


def _phrasings(content: Content) -> list[Phrasing]:
    found = [Phrasing(faq.id, fold(text)) for faq in content.faqs for text in _asked(faq)]
    found += [Phrasing(name, fold(text)) for name, group in content.elsewhere.items() for text in group.questions]
    return found


def _asked(faq: Faq) -> tuple[str, ...]:
    return (faq.title, *faq.questions, *faq.more_questions)
