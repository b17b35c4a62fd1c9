"""Mutilates content files, by a seed: what editors, editors' tools, merges, disks and vandals do to them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

Damage = Callable[[Random, bytes], bytes]
_FIELD = re.compile(rb"^([ -]*[\w.-]+:)(.*)$", re.M)
_NUMBER = re.compile(rb"\d+")
_STRANGE = (
    "\x00", "\x07", "\x1b[2J", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffe", "\U0010ffff", "\t", "\x0c",
    "{{fact:", "{{{{", "}}", "{{slot:a{{b}}}}", "<!-- waive", "<!-- waive x: y --> <!--", "```", "~~~~", "「", "**",
    "---\n", "...\n", "&a *a", "|", ": ", "# ", "\n## ", "\n### 第1条 {#}", "{#x valid_from=}",
    "\n- - - -", "%s%(a)s", "\\",
)  # fmt: skip
_VALUES = (
    "", "null", "~", "[]", "{}", "[[1]]", "{a: {b: c}}", "true", "no", "0", "-1", "1e400", ".inf", ".nan",
    "0x7fffffffffffffffff", "0x" + "f" * 5000, "1_000", "9" * 5000, "2026-02-30", "2026-03-01", "0001-01-01",
    "9999-12-31", "2026-03-01T25:00:00Z", "12:30:45",
    "!!binary aGk=", "!!binary ?", "!!set {a}", "!!omap [a: 1]", "!!timestamp x", "!!int x", "!!float x", "!!bool x",
    "!!python/object/apply:os.system [ls]", "!!python/name:os.system", "!x y", "*nowhere", "&a [*a]", "&a {b: *a}",
    "{<<: {id: x}}", "{? [a]: b}", "|\n", ">-\n x", "'", '"', '"\\ud800"', '"\\x00"', "[a, b", "{a: b",
    "@x", "%x", "`x`", "a: b: c",
)  # fmt: skip
_PATTERNS = (
    "(a+)+$", "(a|a)*$", "(.*)*x", "(?:(?:a*)*)*b", "([a-z]+)*1", "(x+x+)+y", "(", "[", "*", "(?P<a>x)(?P<a>y)",
    "(?<=a+)b",     "\\", "a{99999999999}", "(?:a{1000}){1000}", "((((" * 50, "(?i)a|(?s)b", "\\p{L}", "(?R)", "(?#",
    "[z-a]", "x" * 1999,
)  # fmt: skip
_NAMES = (
    b"\xff\xfe.md",
    b"a\nb.md",
    b"a b'\"$(ls).md",
    b"..md",
    b".md",
    b"%s.md",
    "🐟.md".encode(),
    b"x" * 240 + b".md",
    b"A.MD",
)


def _flipped(rng: Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(min(len(found), rng.randint(1, 20))):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def _cut(rng: Random, data: bytes) -> bytes:
    return data[: rng.randint(0, len(data))]


def _lines_changed(rng: Random, data: bytes) -> bytes:
    """Lines deleted, doubled or swapped, indented or taken out: bad merges."""
    lines = data.splitlines(keepends=True) or [b""]
    for _ in range(rng.randint(1, 4)):
        one, other, how = rng.randrange(len(lines)), rng.randrange(len(lines)), rng.randrange(5)
        if how == 0 and len(lines) > 1:
            del lines[one]
        elif how == 1:
            lines.insert(other, lines[one])
        elif how == 2:
            lines[one], lines[other] = lines[other], lines[one]
        else:
            lines[one] = b"  " + lines[one] if how == 3 else lines[one].lstrip()
    return b"".join(lines)


def _put(rng: Random, data: bytes, more: bytes) -> bytes:
    place = rng.randint(0, len(data))
    return data[:place] + more + data[place:]


def _strange(rng: Random, data: bytes) -> bytes:
    """Characters that mean something to somebody; also a lone surrogate, which UTF-8 must not hold."""
    return _put(rng, data, rng.choice([*(text.encode() for text in _STRANGE), b"\xed\xa0\x80", b"\xc0\x80"]))


def _other_value(rng: Random, data: bytes) -> bytes:
    """A field with a value of another type."""
    fields = list(_FIELD.finditer(data))
    if not fields:
        return data
    field = rng.choice(fields)
    return data[: field.end(1)] + b" " + rng.choice(_VALUES).encode() + data[field.end() :]


def _other_number(rng: Random, data: bytes) -> bytes:
    numbers = list(_NUMBER.finditer(data))
    if not numbers:
        return data
    found = rng.choice(numbers)
    other = rng.choice([b"0", b"-1", b"1" + b"0" * 400, b"9" * 5000, b"1.5", b"1e999", b"\xef\xbc\x99", "九".encode()])
    return data[: found.start()] + other + data[found.end() :]


def _other_pattern(rng: Random, data: bytes) -> bytes:
    """Regular expressions that are wrong or that explode, wherever patterns stand."""
    pattern = "'" + rng.choice(_PATTERNS).replace("'", "''") + "'"
    item = f"- {{pattern: {pattern}, emotion: angry, score: 0.5, regex: true}}\n"
    cue = f"\ncues: [{pattern}]\n"
    return data + rng.choice([item, cue, f"- {{pattern: {pattern}}}\n"]).encode()


def _nested(rng: Random, data: bytes) -> bytes:
    depth = rng.choice([50, 500, 5000, 100_000])
    more = rng.choice(
        [
            b"[" * depth,
            b"{a: " * depth,
            b"- " * depth,
            b"> " * depth,
            b"(" * depth,
            b"x: [" + b"[" * depth + b"]" * depth + b"]",
        ]
    )
    return (
        _put(rng, data, more) if rng.random() < 0.5 else data.partition(b"\n")[0] + b"\nextra: " + more + b"\n" + data
    )


def _bomb(rng: Random, data: bytes) -> bytes:
    """Aliases of aliases: a few lines that stand for billions of values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, rng.choice([3, 9, 30]))]
    bomb = ("\n".join(lines) + "\n").encode()
    return data.replace(b"---\n", b"---\n" + bomb, 1) if data.startswith(b"---\n") else bomb + data


def _huge(rng: Random, data: bytes) -> bytes:
    return _put(rng, data, rng.choice([
        b"x" * 1_000_000, "退款".encode() * 200_000, b"\n## \xe7\xbb\x93\xe8\xae\xba\n" * 100_000,
        b"\n- x" * 100_000, b"| a " * 100_000, b"`" * 100_000,
        b"*" * 100_000, b"{{fact:" * 50_000, b"<!--" * 50_000,
        b"\n" * 300_000, b" " * 300_000, b"k: v\n" * 50_000,
    ]))  # fmt: skip


def _recoded(rng: Random, data: bytes) -> bytes:
    """Saved by another editor: other line ends, other encodings, a byte order mark, nothing at all."""
    text = data.decode("utf-8", "replace")
    return rng.choice([
        data.replace(b"\n", b"\r\n"), data.replace(b"\n", b"\r"), b"\xef\xbb\xbf" + data, text.encode("utf-16"),
        b"\n\n", b"",         text.encode("gbk", "replace"), text.encode("utf-32"), data.upper(),
        data.replace(b" ", b"\xc2\xa0"), data.replace(b" ", b"\t"), data * 2,
    ])  # fmt: skip


_DAMAGES: tuple[Damage, ...] = (
    _flipped, _cut, _lines_changed, _strange, _other_value, _other_value, _other_value, _other_number, _other_pattern,
    _nested, _bomb, _huge, _recoded,
)  # fmt: skip


@contextmanager
def mutilated(root: Path, rng: Random, donors: Sequence[tuple[Path, str]]) -> Iterator[str]:
    """Content at `root` with one file mutilated, while this lasts; what was done, in words.

    `donors` are files with their path inside a content folder: one of them is put there first. The file itself may
    also become a folder, a link to itself or a pipe, or get a strange name.
    """
    donor, name = rng.choice(donors)
    path = root / name
    before = path.read_bytes() if path.exists() else None
    fate = rng.random()
    strange: Path | None = None
    try:
        if fate < 0.06:
            path.unlink(missing_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            what = _put_something_else(rng, path)
        else:
            data, done = donor.read_bytes(), []
            for damage in rng.choices(_DAMAGES, k=rng.choice([1, 1, 1, 2, 3])):
                data = damage(rng, data)
                done.append(damage.__name__.strip("_"))
            if fate < 0.1:
                strange = path.parent / os.fsdecode(rng.choice(_NAMES))
                done.append("name")
            target = strange or path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            what = "+".join(done)
        yield f"{name}: {what}"
    finally:
        if strange:
            strange.unlink(missing_ok=True)
        _remove(path)
        if before is not None:
            path.write_bytes(before)


def _put_something_else(rng: Random, path: Path) -> str:
    kind = rng.choice(["folder", "loop", "dangling", "pipe", "unreadable", "device"])
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "unreadable":
        path.write_bytes(b"x")
        path.chmod(0)  # says nothing to root
    else:
        path.symlink_to({"loop": str(path), "dangling": "/nowhere/at/all", "device": "/dev/zero"}[kind])
    return kind


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.is_symlink() or path.exists():
        path.unlink()
