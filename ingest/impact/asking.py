"""Golden questions asked of a content that is not published: built beside, in a home of its own, in its own process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.golden import GoldenQuestion
from kb_service.content import Content
from kb_service.contract import SuggestRequest
from kb_service.settings import Settings

DEPTH = 10  # entries of a ranking that are kept
_VERSION = "20000101T000000-00000000"  # the only version of its home


@dataclass(frozen=True)
class Question:
    """Something to ask, by an id."""

    id: str
    request: SuggestRequest


Rankings = dict[str, tuple[str, ...]]  # question id -> entries, best first


def golden(questions: Sequence[GoldenQuestion]) -> list[Question]:
    """Golden questions as they are asked."""
    return [Question(question.id, question.request(DEPTH)) for question in questions]


@contextmanager
def askers(settings: Settings) -> Iterator[Callable[[Content, Sequence[Question]], Future[Rankings]]]:
    """A function that starts asking a content, as written; two at a time. The builds share the caches of `settings`.

    Forked: start before threads are. The future raises ModelError or PublishError.
    """
    context = multiprocessing.get_context("fork")
    with TemporaryDirectory(prefix="kb-impact-") as folder, ProcessPoolExecutor(2, context) as pool:
        count = iter(range(10**6))

        def ask(content: Content, questions: Sequence[Question]) -> Future[Rankings]:
            home = Path(folder) / str(next(count))
            return pool.submit(_ask, content, tuple(questions), settings, home)

        yield ask


def _ask(content: Content, questions: Sequence[Question], settings: Settings, home: Path) -> Rankings:
    from ingest.beside import build_beside, own_home
    from kb_service.knowledge import open_version
    from kb_service.suggest import rank_case

    own = own_home(settings, home)
    knowledge = open_version(own, _VERSION, build_beside(lambda: content, own, _VERSION))
    return {
        question.id: tuple(hit.entry for hit in rank_case(knowledge, question.request).entries)
        for question in questions
    }
