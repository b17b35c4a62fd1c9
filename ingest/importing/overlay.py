"""Drafts checked as if they were in the content already: both are laid into one folder for as long as it takes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.check import check
from ingest.files import content_files
from kb_service.errors import Problem


def check_with_drafts(content: Path, drafts: Path) -> list[Problem]:
    """The problems of the content with the drafts laid over it; those of a draft name the draft's own file."""
    with TemporaryDirectory(prefix="drafts-") as scratch:
        merged = Path(shutil.copytree(content, Path(scratch) / content.name))
        own = {path.relative_to(drafts).as_posix() for path in content_files(drafts)}
        for name in own:
            target = merged / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(drafts / name, target)
        problems = check(merged).problems
    prefix = f"{content.name}/"
    return [
        replace(problem, file=f"{drafts}/{problem.file.removeprefix(prefix)}")
        if problem.file.removeprefix(prefix) in own
        else problem
        for problem in problems
    ]
