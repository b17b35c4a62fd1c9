"""The compose file and the Kubernetes objects: schemas, settings, secrets, limits, references."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml

from kb_service.settings import Settings, load_settings
from tests.conftest import ROOT
from tests.deploy.reading import (
    CLUSTER,
    COMPOSE,
    CONTAINERS,
    DEPLOY,
    FOLDERS,
    KINDS,
    OURS,
    PODS,
    QDRANT_ROUTES,
    ROUTES,
    SECRETS,
    Kind,
    compose,
    local_addresses,
)
from tests.test_docs import anchors

# ── schemas


def test_the_compose_file_is_valid() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")


@pytest.mark.parametrize("release", ["1.30", "1.37"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_object_is_valid(kind: Kind, release: str) -> None:
    kubernetes_validate.validate(kind.body, release, strict=True)


def test_a_misspelt_field_would_be_noticed() -> None:
    broken = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kb"}, "spec": {"selectors": {"app": "kb"}}}
    with pytest.raises(kubernetes_validate.ValidationError, match="selectors"):
        kubernetes_validate.validate(broken, "1.37", strict=True)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_kustomization_lists_every_file(folder: Path) -> None:
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(file.name for file in folder.glob("*.yaml"))


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_kustomize_renders_all_of_it(tmp_path: Path) -> None:
    shutil.copytree(CLUSTER, tmp_path, dirs_exist_ok=True)
    (tmp_path / "secrets.env").write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()), "utf-8")
    rendered: list[dict[str, Any]] = []
    for folder in (tmp_path, tmp_path / "publish"):
        done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True)
        rendered += yaml.safe_load_all(done.stdout)
    assert sorted(body["kind"] for body in rendered) == sorted([*(kind.body["kind"] for kind in KINDS), "Secret"])
    assert {body["metadata"].get("namespace") for body in rendered if body["kind"] != "Namespace"} == {"kb"}


# ── settings and secrets


def cluster_environment(name: str) -> dict[str, str]:
    """What the cluster gives a container, its references filled in as Kubernetes does."""
    values: dict[str, str] = dict(next(kind.body["data"] for kind in KINDS if kind.name == "ConfigMap/kb-settings"))
    for entry in CONTAINERS[name]["env"]:
        if "valueFrom" in entry:
            values[entry["name"]] = SECRETS[entry["valueFrom"]["secretKeyRef"]["key"]]
        else:
            values[entry["name"]] = re.sub(r"\$\((\w+)\)", lambda found: values[found[1]], entry["value"])
    return values


ENVIRONMENTS: dict[str, dict[str, str]] = {
    **{f"compose {name}": compose()["services"][name]["environment"] for name in OURS},
    **{f"cluster {name}": cluster_environment(name) for name in OURS},
}


@pytest.mark.parametrize("place", ENVIRONMENTS)
def test_the_settings_exist_and_are_accepted(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ENVIRONMENTS[place]
    known = {f"KB_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in given if name.startswith("KB_")} - known == set()
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.index == "server"
    assert settings.qdrant_url == "http://qdrant:6333"
    if place.endswith("kb"):
        assert settings.events_url == f"postgresql://kb:{SECRETS['POSTGRES_PASSWORD']}@postgres:5432/kb"


def test_every_setting_that_is_named_anywhere_exists() -> None:
    files = [ROOT / "Dockerfile", *(path for path in DEPLOY.rglob("*") if path.is_file())]
    named = {name for file in files for name in re.findall(r"\bKB_[A-Z_]+\b", file.read_text("utf-8"))}
    assert named - {f"KB_{name.upper()}" for name in Settings.model_fields} == set()


def test_compose_and_cluster_agree() -> None:
    for name in OURS:
        in_cluster = ENVIRONMENTS[f"cluster {name}"]
        assert ENVIRONMENTS[f"compose {name}"] == {key: in_cluster[key] for key in in_cluster if key.startswith("KB_")}
    images = {service["image"] for service in compose()["services"].values()}
    assert images == {box["image"] for box in CONTAINERS.values()}


def test_no_secret_is_in_a_file() -> None:
    assert re.findall(r"^(\w+)=(.*)$", (DEPLOY / ".env.example").read_text("utf-8"), re.M) == [
        (name, "") for name in SECRETS
    ]
    ignored = (DEPLOY / ".gitignore").read_text("utf-8").split()
    assert {".env", "secrets.env"} <= set(ignored)
    secret = re.compile(r"(KEY|PASSWORD|TOKEN)$")
    raw = yaml.safe_load(COMPOSE.read_text("utf-8"))
    written = [pair for service in raw["services"].values() for pair in service["environment"].items()]
    written += [(entry["name"], entry.get("value", "${")) for box in CONTAINERS.values() for entry in box["env"]]
    assert [name for name, value in written if secret.search(name) and not value.startswith("${")] == []
    assert [kind.name for kind in KINDS if kind.body["kind"] == "Secret"] == []


def test_what_is_referred_to_exists() -> None:
    names = {kind.name for kind in KINDS}
    assert "PersistentVolumeClaim/kb-home" in names
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for pod in PODS.values()
        for volume in pod["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert {f"PersistentVolumeClaim/{claim}" for claim in claims} <= names
    sets = {kind.body["spec"]["serviceName"] for kind in KINDS if kind.body["kind"] == "StatefulSet"}
    given = ENVIRONMENTS["cluster kb"]
    hosts = {urlsplit(given[name]).hostname for name in ("KB_QDRANT_URL", "KB_EVENTS")}
    assert {f"Service/{name}" for name in sets | hosts} <= names
    keys = set(re.findall(r"name: kb-secrets, key: (\w+)", "".join(kind.file.read_text("utf-8") for kind in KINDS)))
    assert keys == set(SECRETS)


# ── how the containers run


def test_images_are_pinned() -> None:
    images = [box["image"] for box in CONTAINERS.values()] + [s["image"] for s in compose()["services"].values()]
    assert [image for image in images if not re.search(r":v?\d+\.\d+[\w.-]*$", image)] == []


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_has_limits_and_no_rights(name: str) -> None:
    box = CONTAINERS[name]
    pod = next(pod for pod in PODS.values() if box in pod["containers"])
    assert box["resources"]["limits"].keys() == box["resources"]["requests"].keys() == {"cpu", "memory"}
    assert box["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)


@pytest.mark.parametrize("name", compose()["services"])
def test_a_compose_service_has_limits_and_no_rights(name: str) -> None:
    service = compose()["services"][name]
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert name == "publish" or "healthcheck" in service


@pytest.mark.parametrize("name", OURS)
def test_private_copies_are_private_to_a_container(name: str) -> None:
    """Their folders are named by process id: another container would take them for those of a dead process."""
    mounts = {mount["mountPath"]: mount["name"] for mount in CONTAINERS[name]["volumeMounts"]}
    assert (mounts["/var/lib/kb"], mounts["/var/lib/kb/serving"]) == ("home", "scratch")
    assert any(mount.startswith("/var/lib/kb/serving:") for mount in compose()["services"][name]["tmpfs"])


def test_probes_ask_routes_that_exist() -> None:
    probes = [
        (name, box[probe]["httpGet"], {port["name"]: port["containerPort"] for port in box["ports"]})
        for name, box in CONTAINERS.items()
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        if "httpGet" in box.get(probe, {})
    ]
    assert len(probes) == 6
    for name, request, ports in probes:
        assert request["path"] in (ROUTES if name in OURS else QDRANT_ROUTES)
        assert ports[request["port"]] == (8000 if name in OURS else 6333)
    assert CONTAINERS["kb"]["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert CONTAINERS["kb"]["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert local_addresses(" ".join(compose()["services"]["kb"]["healthcheck"]["test"])) == [("8000", "/readyz")]


def test_policies_open_ports_that_are_listened_on() -> None:
    listened = {port["containerPort"] for box in CONTAINERS.values() for port in box.get("ports", [])} | {53}
    opened = {
        port["port"]
        for kind in KINDS
        if kind.body["kind"] == "NetworkPolicy"
        for way in ("ingress", "egress")
        for rule in kind.body["spec"].get(way, [])
        for port in rule["ports"]
    }
    assert opened == listened


# ── the page


def test_the_pages_commands_name_files_that_exist_and_its_links_resolve() -> None:
    text = (DEPLOY / "README.md").read_text("utf-8")
    named = set(re.findall(r"\bdeploy/[\w./-]*\w", text)) - {"deploy/.env", "deploy/kubernetes/secrets.env"}
    assert {name for name in named if not (ROOT / name).exists()} == set()
    for name, _, anchor in (link.partition("#") for link in re.findall(r"\]\(([^)\s]+)\)", text)):
        page = DEPLOY / (name or "README.md")
        assert page.exists()
        assert not anchor or anchor in anchors(page.read_text("utf-8"))
