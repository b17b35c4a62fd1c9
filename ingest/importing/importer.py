"""Foreign files -> draft files beside the content. Nothing that exists is changed; every file is accounted for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ingest.files import content_files
from ingest.importing.answers import Question, questions_of
from ingest.importing.drafts import Draft, Known, faq_draft, names_for, scalar, statute_drafts
from ingest.importing.foreign import ENDINGS, read_foreign
from ingest.importing.page import Block, Page
from ingest.importing.statutes import is_statute
from ingest.importing.tables import questions_of_table
from ingest.load import load
from ingest.loaded import Loaded
from kb_service.errors import ForeignFileError
from kb_service.lexicon import Lexicon
from kb_service.understand.facts import FactFinder
from kb_service.understand.found import mask

MOST_DRAFTS = 500  # of one file; an editor has to read each
_ID = re.compile(r"^id:\s*(\S+)", re.M)
_SOURCE = re.compile(r"^source:\s*(.+?)\s*$", re.M)

Kind = Literal["faq", "policy"]


@dataclass(frozen=True)
class Read:
    """What became of one foreign file: its drafts, what was left out, and why nothing came of it, if so."""

    file: str
    drafts: tuple[Draft, ...] = ()
    left_out: tuple[str, ...] = ()
    refused: str = ""


def import_files(
    paths: Sequence[Path], content: Path, into: Path, known: Known, kind: Kind | None = None
) -> list[Read]:
    """Read foreign files and write their drafts below `into`. A file that cannot be read does not stop the others.

    `kind` is told where it cannot be recognised: numbered articles become a policy, all else articles.
    """
    loaded = load(content)
    ids, sources = _existing(loaded, content, into)
    masked = _masking(loaded)
    done = []
    for path in _files(paths):
        try:
            read = _read(path, known, kind, ids, sources, masked)
        except ForeignFileError as error:
            done.append(Read(str(path), refused=str(error)))
            continue
        for draft in read.drafts:
            _write(into / draft.path, draft.text)
        ids |= {draft.id for draft in read.drafts}
        done.append(read)
    return done


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files named, and those of a folder that have an ending which can be read."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
        else:
            yield path


def _existing(loaded: Loaded, content: Path, into: Path) -> tuple[set[str], set[str]]:
    """The ids that are taken, in the content and among earlier drafts, and the sources that were imported before."""
    texts = [path.read_text("utf-8", errors="replace") for path in (*content_files(content), *content_files(into))]
    ids = {name for name in loaded.places if "/" not in name}
    ids |= {match[1] for text in texts for match in _ID.finditer(text)}
    return ids, {match[1] for text in texts for match in _SOURCE.finditer(text)}


def _masking(loaded: Loaded) -> Callable[[str], tuple[str, int]]:
    finder = FactFinder(Lexicon.model_validate(loaded.lexicon))

    def masked(text: str) -> tuple[str, int]:
        found = finder.find_personal(text)
        return mask(text, found), len(found)

    return masked


def _read(
    path: Path,
    known: Known,
    kind: Kind | None,
    ids: set[str],
    sources: set[str],
    masked: Callable[[str], tuple[str, int]],
) -> Read:
    foreign = read_foreign(path)
    if isinstance(foreign, Page) and kind != "faq" and is_statute(foreign):
        drafts = statute_drafts(foreign, known)
        if taken := [draft.id for draft in drafts if draft.id in ids]:
            raise ForeignFileError(f"{path.name}：规则“{taken[0]}”已经有了；要重新导入，请先移走或删掉原来的文件")
        return Read(str(path), tuple(drafts), foreign.left_out)
    if kind == "policy":
        raise ForeignFileError(
            f"{path.name}：找不到“第一条……第二条……”这样编号的条；去掉 --kind policy 可以按常见问题导入"
        )
    questions, left_out = _questions(foreign)
    fresh = [question for question in questions if scalar(question.place[:120]) not in sources]
    if len(fresh) > MOST_DRAFTS:
        raise ForeignFileError(
            f"{path.name}：会生成 {len(fresh)} 篇草稿，超过 {MOST_DRAFTS} 篇；请先筛选合并，或拆成几个文件分批导入"
        )
    if len(fresh) < len(questions):
        left_out.append(f"以前导入过的 {len(questions) - len(fresh)} 条")
    cleaned = [_without_personal(question, masked) for question in fresh]
    if hidden := sum(count for _, count in cleaned):
        left_out.append(f"个人信息 {hidden} 处（已遮盖，请核对）")
    shown = [question for question, _ in cleaned]
    names = names_for(shown, known, ids)
    return Read(
        str(path), tuple(faq_draft(q, known, name) for q, name in zip(shown, names, strict=True)), tuple(left_out)
    )


def _questions(foreign: Page | list) -> tuple[list[Question], list[str]]:  # type: ignore[type-arg]
    if isinstance(foreign, Page):
        return questions_of(foreign), list(foreign.left_out)
    found, left_out = [], []
    for table in foreign:
        questions, skipped = questions_of_table(table)
        found += questions
        left_out += skipped
    return found, left_out


def _without_personal(question: Question, masked: Callable[[str], tuple[str, int]]) -> tuple[Question, int]:
    """The question with phone numbers, addresses and the like masked, and how many there were."""
    count = 0

    def hide(text: str) -> str:
        nonlocal count
        hidden, found = masked(text)
        count += found
        return hidden

    blocks = tuple(Block(hide(block.text), block.place, block.level) for block in question.blocks)
    shown = replace(
        question,
        title=hide(question.title),
        phrasings=tuple(map(hide, question.phrasings)),
        blocks=blocks,
        remarks=tuple(map(hide, question.remarks)),
    )
    return shown, count


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise ForeignFileError(f"{path} 已经存在，没有覆盖；请先移走或改名") from error
