"""Options that several verbs share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

# What `add_subparsers` returns; argparse keeps the class private.
Verbs = Any


def content_option(verb: argparse.ArgumentParser) -> None:
    """`--content FOLDER`, `content` unless given."""
    verb.add_argument("--content", type=Path, default=Path("content"), help="内容目录（默认 content）")
