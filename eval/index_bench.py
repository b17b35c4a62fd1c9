"""The index step alone: in process, on a Qdrant server, and what of the latter is only the way there and back.

The server is `KB_QDRANT_URL`; without one a small test server in a process of its own (tests/kb_service/index/wire.py),
which has the same engine and none of a server's speed in taking and giving JSON.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from eval.timing import Row, ms, p99, timed
from kb_service.encoder import Encoder
from kb_service.index import Scope, VectorIndex
from kb_service.knowledge import Knowledge, open_version
from kb_service.retrieve import POINTS_PER_LEG, query_terms
from kb_service.settings import Settings
from kb_service.text import fold
from kb_service.versions import read_pointer

CALLS, WARMING = 400, 30  # the latter do not count


def index_rows(
    settings: Settings, encoder: Encoder, texts: Sequence[str], publish: Callable[[Mapping[str, str]], None]
) -> list[Row]:
    """`publish` publishes into the home of the settings, with these variables set; edge has published there before."""
    near = open_version(settings, read_pointer(settings.home), encoder)
    with _server() as (url, name):
        there = settings.model_copy(update={"index": "server", "qdrant_url": url})
        publishing = timed(lambda: publish({"KB_INDEX": "server", "KB_QDRANT_URL": url}))
        far = open_version(there, read_pointer(settings.home), encoder)
        rows = [Row(f"publish onto {name}, vectors known", f"{publishing:.1f} s", "", "")]
        return rows + _compared(there, near, far, texts, name)


@contextmanager
def _server() -> Iterator[tuple[str, str]]:
    """Address and name of the server."""
    if url := os.environ.get("KB_QDRANT_URL"):
        yield url, "the Qdrant server"
        return
    command = [sys.executable, "-m", "tests.kb_service.index.wire"]
    root = Path(__file__).resolve().parent.parent
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), "the test server"
        process.communicate()  # its input ends


def _compared(settings: Settings, near: Knowledge, far: Knowledge, texts: Sequence[str], name: str) -> list[Row]:
    from kb_service.index.connection import Server  # its client is an extra

    questions = [_search(near, text) for text in islice(cycle(texts), CALLS + WARMING)]
    with closing(Server(settings)) as server:
        ways: list[tuple[str, Callable[[int], object]]] = [
            ("index step, edge", lambda number: questions[number](near.index)),
            (f"index step, {name} over REST", lambda number: questions[number](far.index)),
            (f"round trip to {name} alone", lambda number: server.call(lambda client: client.collection_exists("kb"))),
        ]
        alone: list[list[float]] = [[], [], []]
        for number in range(CALLS + WARMING):  # in turn: shared machines drift
            for taken, (_, ask) in zip(alone, ways, strict=True):
                taken.append(timed(lambda ask=ask, number=number: ask(number)) * 1000)  # type: ignore[misc]
        rows = []
        for taken, (what, ask) in zip(alone, ways, strict=True):
            kept = taken[WARMING:]
            ratio = statistics.median(kept) / statistics.median(alone[0][WARMING:])
            rows.append(Row(f"{what}, 1 client", ms(statistics.median(kept)), ms(p99(kept)), f"{ratio:.1f} × edge"))
            crowd, seconds = _crowd(ask, clients=8)
            each = f"{len(crowd) / seconds:.0f} a second"
            rows.append(Row(f"{what}, 8 clients", ms(statistics.median(crowd)), ms(p99(crowd)), each))
    return rows


def _search(knowledge: Knowledge, text: str) -> Callable[[VectorIndex], object]:
    """The index step of a question, encoded beforehand."""
    folded, now = fold(text), datetime.now(UTC)
    vector = knowledge.encoder.encode([folded], "query")[0]
    terms, scope = query_terms(folded, knowledge.catalog.sounds), Scope("agent", now, now)
    return lambda index: index.search(vector, terms, scope, POINTS_PER_LEG)


def _crowd(ask: Callable[[int], object], clients: int) -> tuple[list[float], float]:
    """Milliseconds of each call with several clients at once, and the seconds of all together."""
    taken: list[float] = []

    def work(first: int) -> None:
        taken.extend(timed(lambda n=n: ask(n)) * 1000 for n in range(first, CALLS, clients))  # type: ignore[misc]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    return taken, timed(lambda: _run(threads))


def _run(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
