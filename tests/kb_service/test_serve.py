"""`kb-serve` as a process: starts, answers, stops; refuses in one sentence."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kb_service.settings import Settings

BLOCKED = ("torch", "transformers", "llama_index", "sentence_transformers", "sklearn", "yaml", "qdrant_client")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_taken_port_is_one_sentence(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "kb_service.serve"],
            env=os.environ | {"KB_PORT": str(port), "KB_HOME": str(settings.home)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr == f"不能监听 127.0.0.1:{port}（Address already in use）；换一个端口：PORT=8001 make run\n"


def test_bad_settings_are_listed(settings: Settings) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kb_service.serve"],
        env=os.environ | {"KB_PORT": "x", "KB_KEEP_VERSIONS": "0"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 2


def test_it_prints_a_call_that_works_when_pasted(settings: Settings) -> None:
    port = free_port()
    environment = os.environ | {"KB_PORT": str(port), "KB_HOME": str(settings.home), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kb_service.serve"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(4)]
        assert f"http://127.0.0.1:{port}/docs" in printed[0]
        answer = subprocess.run(shlex.split(printed[3]), capture_output=True, text=True, timeout=30, check=True)
        assert '"status":"answered"' in answer.stdout
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) in (0, -signal.SIGTERM)  # uvicorn passes the signal on after its shutdown
    assert not list((settings.home / "serving").glob(f"{process.pid}-*"))


def test_serving_loads_nothing_heavy(settings: Settings) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from fastapi.testclient import TestClient
from kb_service.api.app import create_app
from kb_service.settings import Settings
with TestClient(create_app(Settings(home=Path({str(settings.home)!r})))) as client:
    assert client.post("/v1/suggest", json={{"query": "退款"}}).status_code == 200
print(sorted(name for name in {BLOCKED!r} if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("verb", ["publish", "versions", "check"])
def test_a_verb_imports_only_what_it_needs(settings: Settings, verb: str, content: Path) -> None:
    begun = time.perf_counter()
    code = f"""
import sys
from ingest.cli import main
main([{verb!r}] + (["--content", {str(content)!r}] if {verb!r} != "versions" else []))
print(sorted(name for name in ("torch", "fastapi", "onnxruntime", "llama_index", "qdrant_edge") if name in sys.modules))
"""
    environment = os.environ | {"KB_HOME": str(settings.home)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]", time.perf_counter() - begun
