"""One run: find the gaps, remember them, draft the worst."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ingest.gaps.drafting import drafted
from ingest.gaps.find import Found, find_gaps
from ingest.gaps.memory import Gap, Memory, merged, read_memory, write_memory
from ingest.gaps.report import survey_text
from kb_service.content import Content
from kb_service.errors import KnowledgeBaseError
from kb_service.events.records import Asked
from kb_service.knowledge import Knowledge
from kb_service.settings import Settings


def run(
    events: Iterable[Asked], knowledge: Knowledge, settings: Settings, content: Content, folder: Path, top: int
) -> str:
    """Find gaps, write drafts and golden questions of the `top` worst below `folder`; the report.

    `content` is what was published, as editors have it. A draft is written once: what an editor made of it stays.
    Raises KnowledgeBaseError where nothing can be written.
    """
    memory = read_memory(folder)
    survey = find_gaps(events, knowledge, settings, content, [(gap.id, gap.texts) for gap in memory.gaps])
    gaps = {gap.id: gap for gap in merged(memory, survey.gaps).gaps}
    try:
        for found in survey.gaps[:top]:
            if not gaps[found.id].draft:
                gaps[found.id] = _with_draft(gaps[found.id], found, folder)
        memory = Memory(gaps=tuple(gaps.values()))
        write_memory(memory, folder)
    except OSError as error:
        raise KnowledgeBaseError(f"写不了 {error.filename}：{error.strerror}") from error
    return survey_text(survey, memory, knowledge, top)


def _with_draft(gap: Gap, found: Found, folder: Path) -> Gap:
    """The gap, its draft written if there are questions enough for one."""
    made = drafted(found, folder)
    if made is None:
        return gap
    rows = (question.model_dump_json(exclude_defaults=True) for question in made.golden)
    _write(folder / made.path, made.text)
    _write(folder / made.golden_path, "\n".join(rows) + "\n")
    update = {"status": "drafted", "article": made.article, "draft": made.path, "golden": made.golden_path}
    return gap.model_copy(update={**update, "questions": made.questions})


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
