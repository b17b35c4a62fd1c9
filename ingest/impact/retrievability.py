"""Whether a new article is found by a way of asking that it does not hold: some of its own are held out and asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ingest.impact.asking import DEPTH, Question, Rankings
from kb_service.content import Content, Faq
from kb_service.contract import SuggestRequest

EVERY = 3  # one phrasing in three is held out


class HeldOut(NamedTuple):
    """A way of asking that was taken out of its article."""

    article: str
    text: str

    @property
    def id(self) -> str:
        """Its id as a question."""
        return f"held-out:{self.article}:{self.text}"


class Found(NamedTuple):
    """The place of an article for a phrasing that it lacked, from 1; None: not among the first ten."""

    held_out: HeldOut
    place: int | None
    instead: str


def hold_out(content: Content, articles: Sequence[str]) -> tuple[Content, list[HeldOut]]:
    """The content with every third phrasing of these articles taken out, and those phrasings."""
    taken: list[HeldOut] = []
    faqs = []
    for faq in content.faqs:
        if faq.id in articles:
            asked = faq.questions[1::EVERY]
            taken += [HeldOut(faq.id, text) for text in asked]
            kept = tuple(text for text in faq.questions if text not in asked)
            faqs.append(faq.model_copy(update={"questions": kept}))
        else:
            faqs.append(faq)
    return content.model_copy(update={"faqs": tuple(faqs)}), taken


def asked(taken: Sequence[HeldOut], faqs: Sequence[Faq]) -> list[Question]:
    """The phrasings as questions of someone who may see the article."""
    audiences = {faq.id: faq.audience for faq in faqs}
    return [
        Question(one.id, SuggestRequest(query=one.text, audience=audiences[one.article], limit=DEPTH)) for one in taken
    ]


def places(taken: Sequence[HeldOut], rankings: Rankings) -> list[Found]:
    """Where each article was found."""
    found = []
    for one in taken:
        ranking = rankings[one.id]
        place = ranking.index(one.article) + 1 if one.article in ranking else None
        found.append(Found(one, place, ranking[0] if ranking and place != 1 else ""))
    return found
