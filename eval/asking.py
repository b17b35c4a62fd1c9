"""The real service, asked without a pause while something is done to what it serves; every answer is judged."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Asked:
    """What the caller of the service has seen. `seen` is the version of the last answer."""

    calls: int = 0
    wrong: int = 0
    failed: int = 0
    seen: str = ""
    versions: set[str] = field(default_factory=set)


@contextmanager
def asked_without_pause(home: Path, words: Mapping[str, str]) -> Iterator[Asked]:
    """The real service on `home`, asked by one client until this ends.

    `words`: how the id of a version ends -> what its answer must have; it may grow meanwhile.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = os.environ | {"KB_HOME": str(home), "KB_PORT": str(port), "KB_POLL_SECONDS": "0.05"}
    command = [sys.executable, "-m", "kb_service.serve"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    asked, stop = Asked(), threading.Event()
    caller = threading.Thread(target=_ask, args=(port, words, asked, stop))
    try:
        while not _ready(port):
            if process.poll() is not None:
                raise RuntimeError("the service ended before it was ready")
            time.sleep(0.02)
        caller.start()
        yield asked
    finally:
        stop.set()
        if caller.ident:
            caller.join()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _ask(port: int, words: Mapping[str, str], asked: Asked, stop: threading.Event) -> None:
    """Ask until told to stop; each answer must be that of the version it names."""
    body = json.dumps({"query": "账号被盗了怎么紧急锁定？"}).encode()
    while not stop.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        asked.calls += 1
        try:
            connection.request("POST", "/v1/suggest", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        except OSError:
            asked.failed += 1
            continue
        finally:
            connection.close()
        if response.status != 200:
            asked.failed += 1
            continue
        found = json.loads(answer)
        asked.seen = found["kb_version"]
        asked.versions.add(asked.seen)
        word = words.get(asked.seen.rpartition("-")[2])
        asked.wrong += not (word and found["answers"] and word in found["answers"][0]["text"])
        time.sleep(0.02)
