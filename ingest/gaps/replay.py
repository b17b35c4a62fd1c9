"""The held-out questions of drafted gaps, asked of the published version: a gap is closed by answers, not by a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ingest.gaps.drafting import source_of
from ingest.gaps.memory import Gap, Memory, Replay
from ingest.golden import read_golden
from kb_service.contract import SuggestRequest
from kb_service.knowledge import Knowledge
from kb_service.suggest import suggest

PASS = 0.8  # of a gap's held-out questions
FIRST = 3  # answers among which the article must stand


def replay(memory: Memory, knowledge: Knowledge, folder: Path) -> Memory:
    """The memory after asking every drafted or closed gap's questions; a closed one that fails is open for work again.

    The questions are those that the editor left in the gap's file below `folder`. Raises KnowledgeBaseError if it
    cannot be read, or VectorIndexError.
    """
    return Memory(gaps=tuple(_replayed(gap, knowledge, folder) if gap.golden else gap for gap in memory.gaps))


def _replayed(gap: Gap, knowledge: Knowledge, folder: Path) -> Gap:
    questions = read_golden(folder / gap.golden)
    articles = {faq.id for faq in knowledge.catalog.content.faqs if faq.source == source_of(gap.id)} | {gap.article}
    passed = sum(_answered(question.text, articles, knowledge) for question in questions)
    result = Replay(at=datetime.now(UTC), kb_version=knowledge.version, passed=passed, asked=len(questions))
    status = "closed" if passed >= PASS * len(questions) else "drafted"
    return gap.model_copy(update={"status": status, "replays": (*gap.replays, result)})


def _answered(text: str, articles: set[str], knowledge: Knowledge) -> bool:
    response = suggest(knowledge, SuggestRequest(query=text, limit=FIRST, include=["answers"]))
    return response.status == "answered" and any(answer.id in articles for answer in response.answers)
