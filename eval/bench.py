"""Speed, measured in one run on one machine: our service, the bare encoder, and the libraries' tutorial way.

Times of shared machines drift, so what is compared is measured in turn (A B A B …) and read as a ratio.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import psutil

from eval.index_bench import index_rows
from eval.timing import Row, ms, p99, timed
from eval.tutorial import TutorialRetriever
from ingest.build import index_units, unit_vectors
from ingest.embed import EmbeddingCache
from ingest.golden import read_golden
from kb_service.encoder import Encoder, load_encoder
from kb_service.knowledge import open_version
from kb_service.settings import Settings, load_settings
from kb_service.versions import read_pointer

CALLS = 400  # per row, after 30 that do not count
TUTORIAL_CALLS = 30
PORT = 18_765


def run_bench(root: Path, questions: Path) -> str:
    """Run everything, about four minutes; the Markdown table with machine and date."""
    texts = [question.text for question in read_golden(questions) if question.relevant and question.text]
    settings = load_settings()
    encoder = load_encoder(settings)
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as scratch:
        home, content = _workspace(Path(scratch), settings, root)
        rows = [_ingestion(content, home)]
        with _service(home) as (process, started):
            alone, single = _paired(encoder, texts)
            rows += _latency_rows(alone, single, _crowd(texts, clients=8))
            rows += _publishing(content, home)
            rows.append(Row("service start until ready", f"{started:.2f} s", "", "bar ≤ 3 s"))
            memory = psutil.Process(process.pid).memory_info().rss / 2**20
            rows.append(Row("resident memory of a worker", f"{memory:.0f} MiB", "", "bar ≤ 450 MiB"))
        bench = settings.model_copy(update={"home": home})
        rows += _tutorial(bench, encoder, texts, statistics.median(single))
        counts = open_version(bench, read_pointer(home), encoder).manifest.counts
        rows += index_rows(bench, encoder, texts, lambda environment: _publish(content, home, environment))
    return _markdown(rows, counts.model_dump())


def _workspace(scratch: Path, settings: Settings, root: Path) -> tuple[Path, Path]:
    """A home of its own with the real model, and a copy of the content that may be edited."""
    home, content = scratch / "home", scratch / "content"
    home.mkdir()
    (home / "models").symlink_to((settings.home / "models").resolve())
    shutil.copytree(root, content)
    return home, content


def _ingestion(content: Path, home: Path) -> Row:
    seconds = timed(lambda: _publish(content, home))
    points = json.loads(next((home / "versions").glob("*/manifest.json")).read_text("utf-8"))["counts"]["points"]
    return Row(
        f"ingestion from nothing, {points} units", f"{seconds:.1f} s", "", f"{points / seconds:.0f} units a second"
    )


def _publish(content: Path, home: Path, environment: Mapping[str, str] | None = None) -> None:
    command = [sys.executable, "-m", "ingest.cli", "publish", "--content", str(content)]
    subprocess.run(
        command, check=True, env=os.environ | {"KB_HOME": str(home)} | dict(environment or {}), capture_output=True
    )


@contextmanager
def _service(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """The real service on a port of its own, and the seconds from process start to its first readiness."""
    environment = os.environ | {"KB_HOME": str(home), "KB_PORT": str(PORT)}
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "kb_service.serve"], env=environment, stdout=subprocess.DEVNULL)
    try:
        while not _ready():
            if process.poll() is not None:
                raise RuntimeError("the service ended before it was ready")
            time.sleep(0.02)
        yield process, time.perf_counter() - begun
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _ready() -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False


class _Client:
    """One keep-alive connection."""

    def __init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)

    def suggest(self, text: str) -> bytes:
        body = json.dumps({"query": text}).encode()
        self.connection.request("POST", "/v1/suggest", body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"suggest failed: {answer.decode()}")
        return answer


def _paired(encoder: Encoder, texts: Sequence[str]) -> tuple[list[float], list[float]]:
    """Milliseconds of a bare encoder call and of a suggest over HTTP, in turn, on the same texts."""
    client = _Client()
    alone, served = [], []
    for number, text in enumerate(islice(cycle(texts), CALLS + 30)):
        bare = timed(lambda text=text: encoder.encode([text], "query")) * 1000  # type: ignore[misc]
        call = timed(lambda text=text: client.suggest(text)) * 1000  # type: ignore[misc]
        if number >= 30:
            alone.append(bare)
            served.append(call)
    return alone, served


def _crowd(texts: Sequence[str], clients: int) -> tuple[list[float], float]:
    """Milliseconds of each call with several clients at once, and the calls a second of all together."""
    taken: list[float] = []

    def work(offset: int) -> None:
        client = _Client()
        mine = islice(cycle(texts), offset, offset + CALLS // clients)
        taken.extend(timed(lambda text=text: client.suggest(text)) * 1000 for text in mine)  # type: ignore[misc]

    threads = [threading.Thread(target=work, args=(number * 17,)) for number in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, len(taken) / (time.perf_counter() - begun)


def _latency_rows(alone: list[float], single: list[float], crowd: tuple[list[float], float]) -> list[Row]:
    ratio = statistics.median(single) / statistics.median(alone)
    return [
        Row("bare encoder call", ms(statistics.median(alone)), ms(p99(alone)), "1"),
        Row(
            "/v1/suggest with everything included, over HTTP, 1 client",
            ms(statistics.median(single)),
            ms(p99(single)),
            f"{ratio:.2f} × encoder (bar ≤ 2)",
        ),
        Row(
            "/v1/suggest over HTTP, 8 clients",
            ms(statistics.median(crowd[0])),
            ms(p99(crowd[0])),
            f"{crowd[1]:.0f} calls a second",
        ),
    ]


def _publishing(content: Path, home: Path) -> list[Row]:
    """An edit until the running service answers with it, and a publish with nothing to do."""
    article = sorted((content / "faq").rglob("*.md"))[0]
    mark = f"修订{time.time_ns()}"
    article.write_text(article.read_text("utf-8").replace("## 结论\n", f"## 结论\n{mark}。", 1), "utf-8")
    identity = next(line for line in article.read_text("utf-8").splitlines() if line.startswith("id:"))[3:].strip()

    def edit_until_served() -> None:
        _publish(content, home)
        while not _served(identity, mark):
            time.sleep(0.02)

    edited = timed(edit_until_served)
    idle = timed(lambda: _publish(content, home))
    return [
        Row("publish after editing one article, until served", f"{edited:.2f} s", "", "bar ≤ 4 s"),
        Row("publish with nothing to do", f"{idle:.2f} s", "", "bar ≤ 1.5 s"),
    ]


def _served(identity: str, mark: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    connection.request("GET", f"/v1/articles/{identity}?audience=senior")
    return mark in connection.getresponse().read().decode()


def _tutorial(settings: Settings, encoder: Encoder, texts: Sequence[str], ours: float) -> list[Row]:
    knowledge = open_version(settings, read_pointer(settings.home), encoder)
    units = list(index_units(knowledge.catalog.content))
    cache = EmbeddingCache(settings.cache_dir / "embeddings.sqlite")
    vectors, _ = unit_vectors(units, encoder, cache)
    cache.close()
    retriever = TutorialRetriever(units, vectors, settings)
    taken = []
    for number, text in enumerate(islice(cycle(texts), TUTORIAL_CALLS + 3)):
        seconds = timed(lambda text=text: retriever.retrieve(text))  # type: ignore[misc]
        if number >= 3:
            taken.append(seconds * 1000)
    median = statistics.median(taken)
    relation = f"{median / ours:.0f} × our suggest (bar ≥ 8)"
    return [Row("tutorial way, same points, in process", ms(median), ms(p99(taken)), relation)]


def _markdown(rows: list[Row], counts: dict[str, int]) -> str:
    model = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), "unknown CPU")
    held = ", ".join(f"{value} {name}" for name, value in counts.items())
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench` (`kb-eval bench --write docs/benchmarks.md`), all rows in one run. Trust the ratios more",
        "than the times: what is compared is measured in turn, but machines differ and shared ones drift.",
        "",
        f"- date: {datetime.now(UTC).date().isoformat()}",
        f"- machine: {os.cpu_count()} cores, {model}; Python {platform.python_version()}",
        f"- content: {held}",
        "- questions: `eval/golden/dev.jsonl`, the answerable ones",
        "",
        "| what | median | p99 | relation |",
        "|---|---|---|---|",
        *(f"| {row.what} | {row.median} | {row.p99} | {row.relation} |" for row in rows),
        "",
        "The tutorial way is LlamaIndex's hybrid retriever over qdrant-client's local mode with SentenceTransformer on",
        "torch (`eval/tutorial.py`): the same points, vectors and sparse terms, called in process, without HTTP.",
        "",
        "The test server (`tests/kb_service/index/wire.py`) is some Python around the engine of edge, in a process",
        "of its own on the same cores. With `KB_QDRANT_URL` a real server is measured in its place.",
    ]
    return "\n".join(lines) + "\n"


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return []
