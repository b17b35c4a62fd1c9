"""Texts cut into pieces, each with a mark: what a reply was filled with, what a change took and brought."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from kb_service.contract import ReplyTemplate

_TOKEN = re.compile(r"[A-Za-z]+|\d+|\s+|.", re.S)
_ALIKE = 0.3  # lines that have less than this in common are shown one after the other
_AROUND = 2  # lines that are the same and shown on either side of what differs


class Piece(NamedTuple):
    """A stretch of text and what it is."""

    text: str
    mark: Literal["", "filled", "missing", "gone", "came"] = ""


def filled_pieces(reply: ReplyTemplate) -> list[Piece]:
    """The text of a reply with its blanks marked; a value that the template itself also says is marked there too."""
    missing = [f"【{slot.label}】" for slot in reply.missing_slots]
    values = [value for value in reply.filled.values() if len(value) > 1]
    wanted = "|".join(re.escape(text) for text in sorted({*missing, *values}, key=len, reverse=True))
    if not wanted:
        return [Piece(reply.text)]
    parts = re.split(f"({wanted})", reply.text)
    return [
        Piece(part, ("missing" if part in missing else "filled") if n % 2 else "")
        for n, part in enumerate(parts)
        if part
    ]


def changed_pieces(old: str, new: str) -> list[Piece]:
    """The new text with what went and what came; of what is the same, the lines around it, to tell the place."""
    return list(_changed(old.splitlines(keepends=True), new.splitlines(keepends=True)))


def _changed(old: list[str], new: list[str]) -> Iterator[Piece]:
    for action, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, came = old[start:end], new[new_start:new_end]
        if action == "equal":
            yield Piece(_shortened(gone))
        elif len(gone) == len(came):
            for one, other in zip(gone, came, strict=True):
                yield from _line(one, other)
        else:
            yield from (Piece(line, "gone") for line in gone)
            yield from (Piece(line, "came") for line in came)


def _shortened(lines: list[str]) -> str:
    return "".join(lines if len(lines) <= _AROUND * 2 + 1 else [*lines[:_AROUND], "…\n", *lines[-_AROUND:]])


def _line(old: str, new: str) -> Iterator[Piece]:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE:
        yield Piece(old, "gone")
        yield Piece(new, "came")
        return
    for action, start, end, new_start, new_end in matcher.get_opcodes():
        if action == "equal":
            yield Piece("".join(before[start:end]))
            continue
        if gone := "".join(before[start:end]):
            yield Piece(gone, "gone")
        if came := "".join(after[new_start:new_end]):
            yield Piece(came, "came")
