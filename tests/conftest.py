"""Fixtures: a small real knowledge base, published once with the real model and the real engine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ingest.check import checked_content
from ingest.mentions import mentions_of
from ingest.misspoken import examples_of, learn
from ingest.publish import publish
from ingest.render import render_content
from kb_service.api.app import create_app
from kb_service.catalog import Catalog
from kb_service.encoder import Encoder, load_encoder
from kb_service.knowledge import Knowledge, open_version
from kb_service.review.reviewer import Reviewer
from kb_service.settings import Settings, load_settings
from kb_service.versions import read_pointer

ROOT = Path(__file__).resolve().parent.parent
SMALL = ROOT / "tests" / "small"
STAFFED = ROOT / "tests" / "staffed"  # laid over the small content: a desk, signals, wishes, numbers, goods


def make_settings(home: Path, **values: object) -> Settings:
    """Settings for a home of its own, with the project's model."""
    models = home / "models"
    if not models.exists():
        home.mkdir(parents=True, exist_ok=True)
        models.symlink_to(ROOT / load_settings().home / "models")
    return Settings(home=home, poll_seconds=0.05, **values)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a home in which the small content is published. Tests must not publish there."""
    chosen = make_settings(tmp_path_factory.mktemp("home"))
    publish(SMALL, chosen)
    return chosen


@pytest.fixture(scope="session")
def encoder(settings: Settings) -> Encoder:
    """The default encoder."""
    return load_encoder(settings)


@pytest.fixture(scope="session")
def knowledge(settings: Settings, encoder: Encoder) -> Knowledge:
    """The published small content, loaded."""
    return open_version(settings, read_pointer(settings.home), encoder)


@pytest.fixture(scope="session")
def client(settings: Settings) -> Iterator[TestClient]:
    """The application over the small content."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as found:
        yield found


@pytest.fixture(scope="session")
def staffed_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a home in which the small content with a desk is published. Tests must not publish there."""
    folder = Path(shutil.copytree(SMALL, tmp_path_factory.mktemp("staffed") / "content"))
    shutil.copytree(STAFFED, folder, dirs_exist_ok=True)
    chosen = make_settings(tmp_path_factory.mktemp("staffed-home"))
    publish(folder, chosen)
    return chosen


@pytest.fixture(scope="session")
def staffed(staffed_settings: Settings, encoder: Encoder) -> Knowledge:
    """The published small content with a desk, loaded: what a case can be worked with."""
    return open_version(staffed_settings, read_pointer(staffed_settings.home), encoder)


@pytest.fixture
def staffed_client(staffed_settings: Settings) -> Iterator[TestClient]:
    """The application over the small content with a desk; no case has come in yet."""
    with TestClient(create_app(staffed_settings), raise_server_exceptions=False) as found:
        yield found


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """Settings of an empty home that a test may do anything to."""
    return make_settings(tmp_path / "home")


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the small content that a test may edit."""
    return Path(shutil.copytree(SMALL, tmp_path / "content"))


@pytest.fixture(scope="session")
def reviewer() -> Reviewer:
    """Draft review over the real content, without an index: it needs none."""
    written = checked_content(ROOT / "content")
    content = render_content(written)
    return Reviewer(
        Catalog(content=content, points=(), mentions=mentions_of(written), misspoken=learn(examples_of(content))),
        "real",
    )
