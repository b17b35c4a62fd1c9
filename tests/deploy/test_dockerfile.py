"""The Dockerfile, read: it cannot be built where there is no engine."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tests.conftest import ROOT
from tests.deploy.reading import OURS, PODS, PROJECT, lineage, local_addresses, stages


def test_the_base_is_pinned_and_the_service_is_what_is_built_by_default() -> None:
    outside = {stage.start for stage in stages().values() if stage.start not in stages()}
    assert len(outside) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", outside.pop())
    assert list(stages())[-1] == "service"


def test_what_is_copied_exists_and_is_sent_to_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = set()
    for stage in stages().values():
        for value in stage.values_of("COPY"):
            *sources, _ = [part for part in shlex.split(value) if not part.startswith("--")]
            if "--from=" not in value:
                copied |= set(sources)
    assert copied == sent
    assert {name for name in copied if not (ROOT / name).exists()} == set()


def test_what_is_installed_exists_and_torch_stays_out_of_the_images() -> None:
    extras = PROJECT["optional-dependencies"]
    for name, stage in stages().items():
        for command in stage.values_of("RUN"):
            named = {extra for group in re.findall(r"'\.\[([\w,]+)\]'", command) for extra in group.split(",")}
            assert named <= extras.keys(), name
            assert ("pip install" in command) == ("-c requirements.lock" in command)
    for name in ("service", "publisher"):
        copied = [value for stage in lineage(name) for value in stage.values_of("COPY") if "--from=" in value]
        models, packages = sorted(copied, key=lambda value: "venv" in value)
        assert models == "--from=model /build/models models"
        source = packages.partition("--from=")[2].split()[0]
        installed = " ".join(command for stage in lineage(source) for command in stage.values_of("RUN"))
        assert "model" not in re.findall(r"\w+", "".join(re.findall(r"'\.\[([\w,]+)\]'", installed)))


@pytest.mark.parametrize(("name", "command"), [("service", ["kb-serve"]), ("publisher", ["kb-content", "publish"])])
def test_the_images_run_as_a_plain_user_what_is_installed(name: str, command: list[str]) -> None:
    family = lineage(name)
    settings = [entry for stage in family for value in stage.values_of("ENV") for entry in shlex.split(value)]
    assert {"KB_HOME=/var/lib/kb", "KB_HOST=0.0.0.0", "PYTHONDONTWRITEBYTECODE=1"} <= set(settings)
    (user,) = (value for stage in family for value in stage.values_of("USER"))
    pods = [pod["securityContext"] for pod in PODS.values() if pod["containers"][0]["name"] in OURS]
    assert {f"{context['runAsUser']}:{context['runAsGroup']}" for context in pods} == {user}
    assert json.loads(family[-1].values_of("CMD")[0]) == command
    assert command[0] in PROJECT["scripts"]


def test_the_service_is_asked_and_stopped_as_it_expects() -> None:
    stage = stages()["service"]
    assert stage.values_of("STOPSIGNAL") == ["SIGTERM"]
    assert stage.values_of("EXPOSE") == ["8000"]
    assert local_addresses(stage.values_of("HEALTHCHECK")[0]) == [("8000", "/healthz")]
