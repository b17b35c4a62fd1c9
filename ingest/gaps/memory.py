"""`gaps.json`: the gaps of earlier runs, so that each keeps its id, its draft and the results of its replays."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from ingest.gaps.find import Found
from kb_service.errors import KnowledgeBaseError
from kb_service.records import Record
from kb_service.validation import explain

Status = Literal["open", "drafted", "closed"]


class Replay(Record):
    """The held-out questions of a gap asked of a published version: so many passed."""

    at: datetime
    kb_version: str
    passed: int
    asked: int


class Gap(Record):
    """One gap. `article` answers it once it is published; `questions` stand in the draft.

    `draft` and `golden`, the file of the questions held out, are paths below the folder of drafts.
    """

    id: str
    status: Status = "open"
    volume: int = Field(description="Events of the latest run.")
    score: float
    found: tuple[str, ...] = Field(description="Questions of the latest run that found any.")
    article: str = ""
    draft: str = ""
    questions: tuple[str, ...] = ()
    golden: str = ""
    replays: tuple[Replay, ...] = ()

    @property
    def texts(self) -> list[str]:
        """All its questions, each once."""
        return list(dict.fromkeys((*self.questions, *self.found)))


class Memory(Record):
    """All gaps that are remembered."""

    gaps: tuple[Gap, ...] = ()


def read_memory(folder: Path) -> Memory:
    """What earlier runs wrote to `folder`; empty if there was none. Raises KnowledgeBaseError."""
    path = folder / "gaps.json"
    try:
        return Memory.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Memory()
    except OSError as error:
        raise KnowledgeBaseError(f"读不了 {path}：{error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        keys = tuple(first["loc"])
        where = ".".join(map(str, keys))
        raise KnowledgeBaseError(f"{path}  {where}：{explain(first, Memory, keys)}；改好它，或从 git 里取回") from error


def write_memory(memory: Memory, folder: Path) -> None:
    """Keep it, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "gaps.json.tmp"
    temporary.write_text(memory.model_dump_json(indent=1) + "\n", encoding="utf-8")
    temporary.replace(folder / "gaps.json")


def merged(memory: Memory, found: tuple[Found, ...]) -> Memory:
    """The memory after a run: gaps found again renewed, new ones added, those without draft and question forgotten."""
    before = {gap.id: gap for gap in memory.gaps}
    gaps = {name: gap.model_copy(update={"volume": 0, "score": 0.0}) for name, gap in before.items() if gap.draft}
    for one in found:
        renewed = {"volume": one.volume, "score": one.score, "found": one.questions}
        old = before.get(one.id)
        gaps[one.id] = old.model_copy(update=renewed) if old else Gap(id=one.id, **renewed)
    return Memory(gaps=tuple(gaps.values()))
