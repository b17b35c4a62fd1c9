"""Which kind of index a version has, and what is loaded for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kb_service.encoder import Encoder
from kb_service.errors import VectorIndexError
from kb_service.index.edge import EdgeStore
from kb_service.index.stores import store_to_fill
from kb_service.settings import Settings
from tests.conftest import ROOT


def test_without_the_client_a_server_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, encoder: Encoder, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "qdrant_client", None)
    settings = Settings(index="server", qdrant_url="http://127.0.0.1:1")
    with pytest.raises(VectorIndexError) as caught:
        store_to_fill(settings, "v1", tmp_path, encoder)
    assert str(caught.value) == "用 Qdrant 服务需要 qdrant-client；请运行 pip install 'kb-service[server]'"


def test_by_default_a_version_has_its_index_in_its_folder(encoder: Encoder, tmp_path: Path) -> None:
    assert isinstance(store_to_fill(Settings(), "v1", tmp_path, encoder), EdgeStore)


def test_edge_loads_no_client() -> None:
    code = "import sys, kb_service.api.app, ingest.publish, ingest.build; print('qdrant_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
