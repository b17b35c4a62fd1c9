"""Drafts: files of the content's own format, with what could be recognised filled in.

What only an editor can say stays empty, with a hint beside it, so that the check names each such place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ingest.importing.answers import Question, arranged
from ingest.importing.page import Page
from ingest.importing.statutes import Statute, read_statute
from ingest.sounds import slug

HINTS = {
    "issue_type": "taxonomy.yaml 里的问题类型，例如 trade.refund",
    "issue_types": "taxonomy.yaml 里的问题类型，例如 [trade.refund]",
    "steps": "taxonomy.yaml 里的阶段，例如 [diagnose, resolve]",
    "party": "buyer、seller 或 both",
    "owner": "负责的团队，例如 trade-team",
    "review_by": "哪天之前复核，例如 2027-03-31",
    "valid_from": "从哪天起施行，例如 2019-01-01",
    "questions": "客户的问法，至少三条",
}
SHOWN = 120  # characters of a title, phrasing or source at most (`ShortText`)


@dataclass(frozen=True)
class Draft:
    """A content file to be written: its path below the content folder, the id in it, its title, and its text."""

    kind: Literal["faq", "policy"]
    path: str
    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Known:
    """What the editor says of everything imported; None is left to be filled in."""

    issue_type: str | None = None
    owner: str | None = None
    review_by: date | None = None


def statute_drafts(page: Page, known: Known) -> list[Draft]:
    """A statute as a policy. Its wording stays as it is; the check knows by `source` that it is not ours to mend."""
    statute = read_statute(page)
    name = slug(statute.title) or "statute"
    head = [
        "---",
        f"id: {name}",
        _field("title", statute.title),
        _field("issue_types", [known.issue_type] if known.issue_type else None),
        "audience: public",
        _field("owner", known.owner),
        _field("review_by", known.review_by),
        _field("valid_from", statute.valid_from) + (f"  # {statute.doubt}" if statute.doubt else ""),
        _field("source", page.file[:SHOWN]),
        *_comment([f"原文标题：{statute.full_title}", *statute.head]),
        "---",
    ]
    text = "\n".join([*head, *_clauses(statute)]).rstrip() + "\n"
    return [Draft("policy", f"policy/{name}.md", name, statute.title, text)]


def _clauses(statute: Statute) -> Iterator[str]:
    chapter = ""
    for article in statute.articles:
        if article.chapter != chapter:
            chapter = article.chapter
            yield from (f"## {chapter}", "")
        title = article.title.replace("{", "（").replace("}", "）")
        yield f"### {article.number} {title} {{#{article.id} source={article.place}}}"
        yield from (article.text, "")


def faq_draft(question: Question, known: Known, name: str) -> Draft:
    """A question and its answer as an article `name`; what fits no section is kept below 注意事项."""
    phrasings = [phrasing[:SHOWN] for phrasing in question.phrasings]
    cut = [f"太长，只取了前 {SHOWN} 字：{text}" for text in (question.title, *question.phrasings) if len(text) > SHOWN]
    head = [
        "---",
        f"id: {name}",
        _field("title", question.title[:SHOWN]),
        _field("issue_type", known.issue_type),
        _field("steps", None),
        _field("party", None),
        "audience: agent  # 用户也可以看的改成 public",
        *(
            ["questions:", *(f"  - {scalar(phrasing)}" for phrasing in phrasings)]
            if phrasings
            else [_field("questions", None)]
        ),
        _field("owner", known.owner),
        _field("review_by", known.review_by),
        _field("source", question.place[:SHOWN]),
        *_comment([*question.remarks, *cut]),
        "---",
    ]
    body = []
    for heading, text in arranged(question.blocks):
        body += [f"## {heading}", *([text] if text else []), ""]
    path = f"faq/{name.partition('.')[0]}/{name.rpartition('.')[2]}.md"
    return Draft("faq", path, name, question.title, "\n".join([*head, *body]).rstrip() + "\n")


def names_for(questions: Sequence[Question], known: Known, taken: Iterable[str]) -> list[str]:
    """An id for each question, made of the issue type and the title's sound; none that is taken."""
    used, found = set(taken), []
    for question in questions:
        stem = f"{known.issue_type or 'draft'}.{slug(question.title, 40) or 'entry'}"
        name, further = stem, 1
        while name in used:
            further += 1
            name = f"{stem}-{further}"
        used.add(name)
        found.append(name)
    return found


def _field(name: str, value: str | date | list[str] | None) -> str:
    """A line of front matter; without a value it is left empty, with what to write there as a comment."""
    if not value:
        return f"{name}:  # 待填：{HINTS[name]}"
    if isinstance(value, list):
        return f"{name}: [{', '.join(map(scalar, value))}]"
    return f"{name}: {value if isinstance(value, date) else scalar(value)}"


_PLAIN = re.compile(r"[A-Za-z\u4e00-\u9fff《“][\w（）《》“”、，。？！·/.+-]*(?: [\w（）《》“”、，。？！·/.+-]+)*")
_SPECIAL = re.compile(r"true|false|null|yes|no|on|off", re.I)


def scalar(text: str) -> str:
    """A text as a YAML value: as it is where that is safe, else in double quotes."""
    safe = _PLAIN.fullmatch(text) and not _SPECIAL.fullmatch(text)
    return text if safe else json.dumps(text, ensure_ascii=False)


def _comment(lines: Iterable[str]) -> Iterator[str]:
    yield from (f"# {line}" for text in lines for line in text.splitlines() if line.strip())
