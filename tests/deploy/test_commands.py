"""Commands of the deployment files that can run without an engine and a cluster do run here."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.deploy.reading import CONTAINERS, DEPLOY, compose, stages


class Health(BaseHTTPRequestHandler):
    """Answers every path with the status in the server's `answer`."""

    def do_GET(self) -> None:
        self.send_response(getattr(self.server, "answer", 200) if self.path in ("/readyz", "/healthz") else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def health() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def health_check(place: str, port: int) -> list[str]:
    """The command that says whether a container is well, asking another port."""
    if place == "image":
        usual, command = "8000", json.loads(stages()["service"].values_of("HEALTHCHECK")[0].partition("CMD ")[2])
    else:
        usual = "8000" if place == "kb" else "6333"
        command = compose()["services"][place]["healthcheck"]["test"][1:]
    command = [part.replace(usual, str(port)) for part in command]
    return [sys.executable, *command[1:]] if command[0] == "python" else command


PLACES = ["image", "kb", "qdrant-1"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("answer", "well"), [(200, True), (503, False)])
def test_health_checks_tell_well_from_unwell(health: HTTPServer, place: str, answer: int, well: bool) -> None:
    health.answer = answer  # type: ignore[attr-defined]
    command = health_check(place, health.server_port)
    assert (subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0) == well


@pytest.mark.parametrize("place", PLACES)
def test_health_checks_fail_when_nothing_listens(free_port: int, place: str) -> None:
    command = health_check(place, free_port)
    assert subprocess.run(command, capture_output=True, timeout=10, check=False).returncode != 0


@pytest.mark.parametrize(
    ("host", "founder", "expected"),
    [
        ("qdrant-0", "qdrant-0", "--uri http://qdrant-0.qdrant-nodes:6335"),
        (
            "qdrant-2",
            "qdrant-0",
            "--bootstrap http://qdrant-0.qdrant-nodes:6335 --uri http://qdrant-2.qdrant-nodes:6335",
        ),
        (
            "qdrant-0",
            "qdrant-1",
            "--bootstrap http://qdrant-1.qdrant-nodes:6335 --uri http://qdrant-0.qdrant-nodes:6335",
        ),
    ],
)
def test_the_founder_founds_the_cluster_and_the_others_join_it(
    host: str, founder: str, expected: str, tmp_path: Path
) -> None:
    done = start_qdrant(tmp_path, HOSTNAME=host, FOUNDER=founder, QDRANT__SERVICE__API_KEY="key")
    assert (done.returncode, done.stdout) == (0, expected + "\n")


def test_qdrant_does_not_start_without_a_key(tmp_path: Path) -> None:
    done = start_qdrant(tmp_path, HOSTNAME="qdrant-0", FOUNDER="qdrant-0", QDRANT__SERVICE__API_KEY="")
    assert done.returncode != 0
    assert "QDRANT_API_KEY in the secret kb-secrets is empty" in done.stderr


def start_qdrant(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The start of a node, with a program that prints its arguments in place of Qdrant's."""
    program = folder / "entrypoint.sh"
    program.write_text('#!/bin/sh\necho "$@"\n', "utf-8")
    program.chmod(0o755)
    environment["PATH"] = os.environ["PATH"]
    command = CONTAINERS["qdrant"]["command"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image's folder: the entry point, and a model."""
    (tmp_path / "bin").mkdir()
    shutil.copy(DEPLOY / "entrypoint.sh", tmp_path / "bin" / "entrypoint")
    (tmp_path / "models" / "m").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    return tmp_path


def enter(image: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "KB_HOME": str(image / "home")}
    start = ["sh", str(image / "bin" / "entrypoint"), *command]
    return subprocess.run(start, env=environment, capture_output=True, text=True, check=False)


def test_the_entry_point_links_the_images_model_into_the_home(image: Path) -> None:
    for _ in range(2):
        done = enter(image, "sh", "-c", 'echo "$0 $@"; exit 3', "a", "b c")
        assert (done.returncode, done.stdout, done.stderr) == (3, "a b c\n", "")
        assert (image / "home" / "models").readlink() == image / "models"


def test_the_entry_point_leaves_models_of_the_home_alone_and_replaces_a_dead_link(image: Path) -> None:
    models = image / "home" / "models"
    models.symlink_to("/nowhere")
    enter(image, "true")
    assert models.readlink() == image / "models"
    models.unlink()
    models.mkdir()
    enter(image, "true")
    assert list(models.iterdir()) == []
    assert not models.is_symlink()
