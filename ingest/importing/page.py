"""What every reader of a foreign format hands on: a page of blocks, each with its place in the original."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """A heading (`level` 1-6) or, with level 0, a paragraph, list, table or code block as Markdown.

    `place` says where it stands in the original, the way people count there: `第57行`, `第12段`.
    """

    text: str
    place: str
    level: int = 0


@dataclass(frozen=True)
class Page:
    """One foreign document. `left_out` names what Markdown cannot carry and drafts do not have, e.g. `图片 2 张`."""

    file: str
    blocks: tuple[Block, ...]
    left_out: tuple[str, ...] = ()
