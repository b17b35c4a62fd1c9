"""Lay questions about statutes that were imported: how well `/v1/search` finds the articles that answer them.

The statutes are not ours to keep: they are imported into a copy of the content, published into a home of its own,
asked, and gone again. `statutes_dev.jsonl` may choose constants and words, `statutes_test.jsonl` only reports.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import Field

from ingest.importing.drafts import Known, statute_drafts
from ingest.importing.foreign import read_page
from ingest.importing.statutes import is_statute
from ingest.jsonl import read_rows
from ingest.publish import publish
from kb_service.contract import Filters, SearchRequest
from kb_service.encoder import load_encoder
from kb_service.errors import KnowledgeBaseError
from kb_service.knowledge import Knowledge, open_version
from kb_service.records import Record
from kb_service.search import search
from kb_service.settings import Settings
from kb_service.versions import read_pointer

CONTENT = Path("content")
DEPTHS = (1, 3, 10)
_FILLED_IN = Known(issue_type="trade", owner="legal-team", review_by=date(2099, 12, 31))


class Provision(Record):
    """An article of a statute: the statute's short title, and the article's number."""

    law: str
    article: int


class StatuteQuestion(Record):
    """A lay question and the articles each of which answers it, best first."""

    id: str
    text: str
    relevant: tuple[Provision, ...] = Field(min_length=1)
    note: str = ""


@dataclass(frozen=True)
class StatuteResult:
    """`hits` is name of a ranking -> share of questions answered within 1, 3 and 10; `missed`: not within 3."""

    questions: int
    articles: int
    hits: Mapping[str, tuple[float, ...]]
    missed: tuple[tuple[str, str, str], ...]  # question id, its text, what came first

    def __str__(self) -> str:
        head = [f"{self.questions} 个问题，{self.articles} 条法条", "", "| 在哪里找 | hit@1 | hit@3 | hit@10 |"]
        rows = [f"| {name} | {' | '.join(f'{value:.3f}' for value in found)} |" for name, found in self.hits.items()]
        missed = [f"- {name} {text} → {first}" for name, text, first in self.missed]
        return "\n".join([*head, "|---|---|---|---|", *rows, "", f"没有排进规则前三的 {len(missed)} 个：", *missed])


def evaluate_statutes(questions: Path, laws: Path, settings: Settings) -> StatuteResult:
    """Import the statutes in the folder `laws` beside our content, publish, and ask.

    Raises KnowledgeBaseError where the folder has no statutes or a question names an article that none has.
    """
    rows = read_rows(questions, StatuteQuestion.model_validate)
    with TemporaryDirectory(prefix="statutes-") as scratch:
        root = Path(shutil.copytree(CONTENT, Path(scratch) / "content"))
        statutes = dict(imported(laws, root))
        known = _home(Path(scratch) / "home", settings)
        publish(root, known)
        knowledge = open_version(known, read_pointer(known.home), load_encoder(known))
        return _measured(knowledge, rows, statutes)


def imported(laws: Path, root: Path) -> Iterator[tuple[str, str]]:
    """Write a policy for each statute in `laws` into the content at `root`; yields its title and id."""
    found = False
    for path in sorted(laws.glob("*.md")):
        page = read_page(path)
        if is_statute(page):
            found = True
            (draft,) = statute_drafts(page, _FILLED_IN)
            (root / draft.path).write_text(draft.text, encoding="utf-8")
            yield draft.title, draft.id
    if not found:
        raise KnowledgeBaseError(f"{laws} 里没有法规（第一条、第二条……的 Markdown）；请用 --laws 指定目录")


def _home(home: Path, settings: Settings) -> Settings:
    """A home of its own, with the models and what is already embedded."""
    home.mkdir()
    (home / "models").symlink_to((settings.home / "models").resolve())
    if settings.cache_dir.exists():
        (home / settings.cache_dir.name).symlink_to(settings.cache_dir.resolve())
    return settings.model_copy(update={"home": home})


def _measured(knowledge: Knowledge, rows: Sequence[StatuteQuestion], statutes: Mapping[str, str]) -> StatuteResult:
    own = {f"{name}#{clause.id}" for name in statutes.values() for clause in knowledge.catalog.policies[name].clauses}
    ranks: dict[str, list[int]] = {"全部内容": [], "规则（平台的和法规）": [], "只在法规里": []}
    missed = []
    for row in rows:
        wanted = {f"{statutes.get(item.law)}#{item.article}" for item in row.relevant}
        if strangers := wanted - own:
            raise KnowledgeBaseError(f"{row.id}：没有法条 {sorted(strangers)[0]}；请核对 law 和 article")
        policies = _asked(knowledge, row.text, Filters(kinds=["policy"]))
        for found, entries in zip(
            ranks.values(),
            (_asked(knowledge, row.text, Filters()), policies, [entry for entry in policies if entry in own]),
            strict=True,
        ):
            found.append(_rank(entries, wanted))
        if _rank(policies, wanted) > DEPTHS[1]:
            missed.append((row.id, row.text, policies[0] if policies else "—"))
    hits = {
        name: tuple(sum(rank <= depth for rank in found) / len(rows) for depth in DEPTHS)
        for name, found in ranks.items()
    }
    return StatuteResult(len(rows), len(own), hits, tuple(missed))


def _asked(knowledge: Knowledge, text: str, filters: Filters) -> list[str]:
    return [hit.id for hit in search(knowledge, SearchRequest(query=text, filters=filters, limit=50)).hits]


def _rank(entries: Sequence[str], wanted: set[str]) -> int:
    """The place of the first wanted entry, from 1; past all depths where there is none."""
    return next((place for place, entry in enumerate(entries, 1) if entry in wanted), DEPTHS[-1] + 1)
