"""The checks before an installation, run as the script that they are."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / "kb_service" / "preflight.py"


def run(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """The script in a process of its own; `before` is code that runs first."""
    code = f"import runpy, sys\n{before}\nsys.argv[1:] = {list(arguments)!r}\n"
    code += f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


@pytest.fixture
def fresh(tmp_path: Path) -> Any:
    """The module from a folder where nothing is installed yet."""
    copy = tmp_path / "kb_service" / "preflight.py"
    copy.parent.mkdir()
    shutil.copy(SCRIPT, copy)
    spec = importlib.util.spec_from_file_location("fresh_preflight", copy)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("version", "shown"), [((3, 10, 14), "3.10"), ((3, 6, 15), "3.6"), ((3, 14, 0), "3.14")])
def test_a_python_too_old_or_too_new_is_one_sentence(version: tuple[int, ...], shown: str) -> None:
    done = run("8000", before=f"sys.version_info = {version!r}")
    assert done.stderr == (
        f"需要 Python 3.11 到 3.13，当前是 {shown}；请安装 3.11，或用 PYTHON=python3.11 make run 指定。\n"
    )
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "80.5", "", "²"])
def test_a_port_that_is_none_is_one_sentence(port: str) -> None:
    done = run(port)
    assert done.stderr == f"PORT={port} 不是端口号；请用 1 到 65535 的整数，例如 PORT=8001 make run。\n"
    assert (done.returncode, done.stdout) == (1, "")


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(str(port))
        assert done.stderr == f"端口 {port} 用不了（Address already in use）；请换一个，例如 PORT=8001 make run。\n"
        assert (done.returncode, done.stdout) == (1, "")
    assert run(str(port)).returncode == 0  # the port was the only thing in the way


def test_too_little_disk_is_one_sentence_before_the_first_installation_only(fresh: Any, tmp_path: Path) -> None:
    assert fresh.INSTALL_BYTES == 4 * 2**30
    fresh.INSTALL_BYTES = 2**70  # no disk has as much
    assert re.fullmatch(
        rf"磁盘空间不足：首次安装约需 4 GiB，{re.escape(str(tmp_path))} 只剩 \d+\.\d GiB；请清理后再试。",
        fresh.problem(),
    )
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "installed").touch()
    assert fresh.problem() is None


def test_when_all_is_well_it_says_nothing() -> None:
    done = run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_runs_on_whatever_python_there_is() -> None:
    tree = ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 4))
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert names <= {"os", "shutil", "socket", "sys"}
    assert not [node.lineno for node in nodes if isinstance(node, ast.ImportFrom | ast.JoinedStr | ast.AnnAssign)]
    assert not [node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.returns]
