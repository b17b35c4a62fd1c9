"""What a publish learns from content, kept until its examples or the program change: training takes a second."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

Model = TypeVar("Model")


def learned(
    folder: Path, name: str, builder: str, examples: object, kind: type[Model], train: Callable[[], Model]
) -> Model:
    """The model `name` for these examples, from `folder` or trained anew.

    `builder` is the program's digest; only the newest model of a name is kept.
    """
    adapter = TypeAdapter(kind)
    digest = hashlib.sha256(builder.encode() + TypeAdapter(object).dump_json(examples)).hexdigest()[:32]
    path = folder / f"{name}-{digest}.json"
    if path.is_file():
        try:
            return adapter.validate_json(path.read_bytes())
        except ValidationError:
            path.unlink()  # cut off by a full disk or a crash
    model = train()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{name}-*.json"):
        old.unlink(missing_ok=True)
    with NamedTemporaryFile(dir=folder, prefix=f"{name}-", suffix=".tmp", delete=False) as unfinished:
        unfinished.write(adapter.dump_json(model))  # a name of its own: two builds may learn the same at once
    os.replace(unfinished.name, path)
    return model
