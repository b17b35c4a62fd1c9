"""Golden questions: what is asked, and which entries answer it.

`dev` may choose constants, `test` only reports; an article's questions are all in one of the two (`split_of`).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from ingest.jsonl import read_rows
from kb_service.case import Case, Message
from kb_service.contract import SuggestRequest
from kb_service.records import Audience, Record

ANSWERS = 2  # the grade of an entry that answers the question; 1 only helps

Split = Literal["dev", "test"]
Slice = Literal[
    "plain",
    "colloquial",
    "short",
    "long_story",
    "spoken",
    "typo_sound",
    "typo_shape",
    "traditional",
    "mixed_latin",
    "upset",
    "two_issues",
    "multi_turn",
    "near_miss",
    "point_in_time",
    "out_of_scope",
]


class Turn(Record):
    """One message of a conversation."""

    role: Literal["customer", "agent", "system"]
    text: str


class GoldenQuestion(Record):
    """One judged question: `text`, or `messages` whose last turn is asked.

    `relevant` maps entry ids (an article, or `policy#clause`) to grades; empty is out of scope. `issue_types` are those
    of the answers, any of which is right for a question of one issue. `templates` are the replies that may be sent
    first; None where nobody judged that. `clean` is the same question without its typing errors or in simplified
    script. `audience` says who asks where it is not a public question. `order_time` is the time of order for
    point-in-time questions, `wording` the beginning of the clause then in force.
    """

    id: str
    split: Split
    slice: Slice
    text: str = ""
    messages: tuple[Turn, ...] = ()
    relevant: dict[str, Literal[1, 2]]
    issue_types: tuple[str, ...] = ()
    templates: tuple[str, ...] | None = None
    audience: Audience | None = None
    order_time: datetime | None = None
    wording: str | None = None
    clean: str | None = None
    looks_like: str | None = None
    kind: str | None = None
    provenance: str

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if bool(self.text) == bool(self.messages):
            raise ValueError("text 与 messages 必须写一个，也只能写一个")
        return self

    @property
    def answers(self) -> set[str]:
        """The entries that answer it."""
        return {entry for entry, grade in self.relevant.items() if grade == ANSWERS}

    @property
    def asked(self) -> str:
        """What is asked: the text, or the last turn."""
        return self.text or self.messages[-1].text

    def request(self, limit: int = 10) -> SuggestRequest:
        """The question as the service gets it. Who asks a public question sees what agents see."""
        case = Case(order_time=self.order_time)
        audience = self.audience or "agent"
        if self.text:
            return SuggestRequest(query=self.text, case=case, audience=audience, limit=limit, explain=True)
        messages = [Message(role=turn.role, text=turn.text) for turn in self.messages]
        return SuggestRequest(messages=messages, case=case, audience=audience, limit=limit, explain=True)


def read_golden(path: Path) -> list[GoldenQuestion]:
    """The questions of a JSONL file. Raises KnowledgeBaseError naming the line that cannot be read."""
    return read_rows(path, GoldenQuestion.model_validate)


def split_of(entry: str) -> Split:
    """The split that an entry's questions belong to: by its id alone, so that new entries fall into place."""
    return "dev" if int(hashlib.sha1(entry.encode()).hexdigest(), 16) % 2 == 0 else "test"
