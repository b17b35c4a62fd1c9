"""The deployment files, read: what the tests of this folder ask of."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from dockerfile_parse import DockerfileParser

from kb_service.api.routes import router
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
CLUSTER = DEPLOY / "kubernetes"
FOLDERS = [CLUSTER, CLUSTER / "publish"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ROUTES = {getattr(route, "path", "") for route in router.routes}
QDRANT_ROUTES = {"/livez", "/readyz"}
SECRETS = {"QDRANT_API_KEY": "0123456789abcdef", "POSTGRES_PASSWORD": "fedcba9876543210"}
OURS = ("kb", "publish")  # the containers that are built here


class Kind(NamedTuple):
    """A Kubernetes object and the file that it is in."""

    file: Path
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.body['kind']}/{self.body['metadata']['name']}"


def kinds() -> list[Kind]:
    files = [file for folder in FOLDERS for file in sorted(folder.glob("*.yaml")) if file.name != "kustomization.yaml"]
    return [Kind(file, body) for file in files for body in yaml.safe_load_all(file.read_text("utf-8"))]


KINDS = kinds()
PODS = {kind.name: kind.body["spec"]["template"]["spec"] for kind in KINDS if "template" in kind.body.get("spec", {})}
CONTAINERS = {box["name"]: box for pod in PODS.values() for box in pod["containers"]}


@functools.cache
def compose() -> dict[str, Any]:
    """The compose file with the secrets put in, as compose itself would."""
    text = COMPOSE.read_text("utf-8").replace("${PORT:-8000}", "8000")
    filled = re.sub(r"\$\{(\w+):\?[^}]+\}", lambda found: SECRETS[found[1]], text).replace("$$", "$")
    loaded: dict[str, Any] = yaml.safe_load(filled)
    return loaded


class Stage(NamedTuple):
    """A stage of the Dockerfile: what it starts from, and its instructions."""

    start: str
    instructions: list[tuple[str, str]]

    def values_of(self, name: str) -> list[str]:
        return [value for instruction, value in self.instructions if instruction == name]


@functools.cache
def stages() -> dict[str, Stage]:
    """The stages by name, in the order of the file."""
    found: dict[str, Stage] = {}
    parsed = DockerfileParser(path=str(ROOT / "Dockerfile"))
    for step in parsed.structure:
        if step["instruction"] == "FROM":
            start, _, name = step["value"].partition(" AS ")
            found[name] = Stage(start, [])
        elif step["instruction"] != "COMMENT":
            list(found.values())[-1].instructions.append((step["instruction"], step["value"]))
    return found


def lineage(name: str) -> list[Stage]:
    """A stage and those that it starts from, the first one first."""
    stage = stages().get(name)
    return [*lineage(stage.start), stage] if stage else []


def local_addresses(text: str) -> list[tuple[str, str]]:
    """Port and path of each local address in a command."""
    return re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", text)
