"""Golden questions over our own content: what is asked, and which entries answer it.

`eval/golden/dev.jsonl` may choose constants, `eval/golden/test.jsonl` only reports. An article's questions are all in
one of the two (`split_of`). No question repeats an indexed phrasing (`shared_share`).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from eval.jsonl import read_rows
from kb_service.case import Case, Message
from kb_service.contract import SuggestRequest
from kb_service.records import Audience, Record
from kb_service.text import char_grams, fold

MAX_SHARED = 0.7  # of a question's character pairs may stand in one indexed phrasing
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


class Phrasings:
    """The indexed phrasings, to find the one that a question shares most with."""

    def __init__(self, phrasings: Iterable[tuple[str, str]]) -> None:
        """`phrasings` are (entry id, text)."""
        self._known = list(phrasings)
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        for number, (_, text) in enumerate(self._known):
            for gram in char_grams(fold(text)):
                self._holders[gram].append(number)

    def closest(self, question: str) -> tuple[float, str, str]:
        """(share of the question's character pairs that one phrasing holds, 0..1; that entry; that phrasing)."""
        grams = char_grams(fold(question))
        counts = Counter(number for gram in grams for number in self._holders.get(gram, ()))
        if not counts:
            return 0.0, "", ""
        number, shared = counts.most_common(1)[0]
        return shared / len(grams), *self._known[number]


def problems(
    questions: Sequence[GoldenQuestion], phrasings: Phrasings, known: set[str], templates: set[str]
) -> list[str]:
    """What is wrong with golden questions, each with the id: references, splits, slices, borrowed phrasings."""
    found = []
    for question in questions:
        name = question.id
        found += [f"{name}：没有条目 {entry}" for entry in question.relevant if entry not in known]
        found += [f"{name}：没有模板 {template}" for template in question.templates or () if template not in templates]
        if (question.slice == "out_of_scope") == bool(question.relevant):
            found.append(f"{name}：out_of_scope 的题没有相关条目，别的题至少有一个")
        strangers = [entry for entry in question.answers if split_of(entry) != question.split]
        if len(strangers) == len(question.answers) and question.answers:
            found.append(f"{name}：{strangers[0]} 的题应放在 {split_of(strangers[0])}")
        if question.slice == "short" and len(question.asked) > 6:
            found.append(f"{name}：short 的题最多 6 个字")
        share, entry, text = phrasings.closest(" ".join(turn.text for turn in question.messages) or question.text)
        if share > MAX_SHARED:
            found.append(f"{name}：“{question.asked}”有 {share:.0%} 的字对出自 {entry} 的问法“{text}”；请换个说法")
    return found


def check_sets(paths: Sequence[Path], root: Path) -> list[str]:
    """What is wrong with golden sets against the content at `root`. Raises ContentError or KnowledgeBaseError."""
    from ingest.check import checked_content  # here: reading questions alone needs no parser

    content = checked_content(root)
    indexed = [(faq.id, text) for faq in content.faqs for text in (faq.title, *faq.questions, *faq.more_questions)]
    indexed += [(name, text) for name, group in content.elsewhere.items() for text in group.questions]
    phrasings = Phrasings(indexed)
    known = {faq.id for faq in content.faqs}
    known |= {f"{policy.id}#{clause.id}" for policy in content.policies for clause in policy.clauses}
    templates = {template.id for template in content.templates}
    return [problem for path in paths for problem in problems(read_golden(path), phrasings, known, templates)]
