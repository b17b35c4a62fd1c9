"""Which files are content, and whether any of them changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def content_files(root: Path) -> list[Path]:
    """Every file that is part of the content, in a stable order."""
    found = [
        root / "taxonomy.yaml",
        root / "facts.yaml",
        root / "elsewhere.yaml",
        root / "confusable.yaml",
        root / "desk.yaml",
        *sorted((root / "lexicon").glob("*.yaml")),
    ]
    for folder, pattern in (
        ("faq", "*.md"),
        ("phrasings", "*.yaml"),
        ("policy", "*.md"),
        ("templates", "*.md"),
        ("flows", "*.yaml"),
        ("cases", "*.md"),
    ):
        found += sorted((root / folder).rglob(pattern))
    return [path for path in found if path.is_file()]


def content_hash(root: Path) -> str:
    """A digest of names and bytes of all content files; equal means that nothing was changed."""
    digest = hashlib.sha256()
    for path in content_files(root):
        data = path.read_bytes()
        digest.update(os.fsencode(path.relative_to(root).as_posix()) + f"\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()
