"""The same question asked of the published version and of the one that is not published yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ingest.preview.example import Example
from kb_service.contract import Answer, SuggestResponse
from kb_service.knowledge import Knowledge
from kb_service.suggest import suggest

SHOWN, DEPTH = 5, 20  # answers on the page; answers that are compared to tell where one went
MOST = 60  # questions at once
_SURER = 0.05  # a difference of confidence that is worth a word


class Marked(NamedTuple):
    """An answer: how it moved against the other version, if it did, and whether it reads otherwise there."""

    item: Answer
    mark: str
    edited: bool


@dataclass(frozen=True)
class Side:
    """What one version says."""

    response: SuggestResponse
    answers: tuple[Marked, ...]
    apart: frozenset[str]  # ids of templates and actions that the other version lacks or words otherwise

    @property
    def first(self) -> Answer | None:
        """The best answer."""
        return self.response.answers[0] if self.response.answers else None


@dataclass(frozen=True)
class Pair:
    """A question, and what both versions say; `differs` names the differences, if there are any."""

    question: str
    old: Side | None
    new: Side
    differs: tuple[str, ...]


def compare_answers(published: Knowledge | None, draft: Knowledge, question: str, example: Example) -> Pair:
    """Ask both. Raises RequestError for a question or case that cannot be asked."""
    request = example.request(question, limit=DEPTH)
    new = suggest(draft, request)
    if published is None:
        return Pair(question, None, _side(new, None, "新"), ())
    old = suggest(published, request)
    return Pair(question, _side(old, new, "不再给出"), _side(new, old, "新"), tuple(_differences(old, new)))


def _side(own: SuggestResponse, other: SuggestResponse | None, alone: str) -> Side:
    places = {one.id: place for place, one in enumerate(other.answers, 1)} if other else {}
    said = {one.id: _said(one) for one in other.answers} if other else {}
    marked = []
    for place, one in enumerate(own.answers[:SHOWN], 1):
        mark = ""
        if other and one.id not in places:
            mark = alone
        elif other and places[one.id] != place:
            mark = _moved(place, places[one.id], alone == "新")
        marked.append(Marked(one, mark, said.get(one.id, _said(one)) != _said(one)))
    return Side(own, tuple(marked), frozenset(_alone(own, other)))


def _moved(place: int, elsewhere: int, newer: bool) -> str:
    """On the newer side where it came from, on the older where it went."""
    if not newer:
        return f"→ 第 {elsewhere}"
    return f"{'↑' if place < elsewhere else '↓'} 原第 {elsewhere}"


def _alone(own: SuggestResponse, other: SuggestResponse | None) -> Iterator[str]:
    if other is None:
        return
    said = {(one.id, one.text) for one in other.templates}
    yield from (one.id for one in own.templates if (one.id, one.text) not in said)
    done = {(one.id, one.label, one.text) for one in other.actions}
    yield from (one.id for one in own.actions if (one.id, one.label, one.text) not in done)


def _differences(old: SuggestResponse, new: SuggestResponse) -> Iterator[str]:
    if old.status != new.status:
        yield "状态变了"
    before, after = [one.id for one in old.answers[:SHOWN]], [one.id for one in new.answers[:SHOWN]]
    if before[:1] != after[:1]:
        yield "第一答案换了"
    elif before != after:
        yield "名次有变"
    known = {one.id: one for one in old.answers}
    same = [(known[one.id], one) for one in new.answers[:SHOWN] if one.id in known]
    if any(_said(one) != _said(other) for one, other in same):
        yield "内容改了"
    if before[:1] == after[:1] and before and _surer(old, new):
        yield "把握变了"
    others: tuple[tuple[str, Callable[[SuggestResponse], object]], ...] = (
        ("模板变了", lambda one: [(template.id, template.text) for template in one.templates]),
        ("下一步变了", lambda one: [(action.id, action.text) for action in one.actions]),
    )
    yield from (name for name, of in others if of(old) != of(new))


def _said(one: Answer) -> tuple[str, str, Sequence[object]]:
    return one.title, one.text, one.citations


def _surer(old: SuggestResponse, new: SuggestResponse) -> bool:
    return abs(old.answers[0].confidence - new.answers[0].confidence) >= _SURER
