"""What differs between two published versions, entry by entry and word by word.

A catalog holds texts with the facts written out, so a fact that changes would change every text that states it. Such
texts are told apart: the fact is shown once, and they are only named.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from kb_service.catalog import Catalog
from kb_service.content import Clause, Content, Entry, Fact, Policy
from kb_service.errors import VersionBroken
from kb_service.records import Kind, Record
from kb_service.versions import read_manifest, versions_dir

Found = Literal["added", "removed", "changed"]
Texts = dict[str, str]  # dotted path inside a record -> text
# What tells the items of a list apart, so that one put in between does not change all that follow.
_NAMES = ("id", "slot", "heading", "when")


class Field(Record):
    """One text inside a record that differs; `old` or `new` is empty where it was added or removed."""

    path: str
    old: str
    new: str


class Change(Record):
    """One entry, clause wording or fact that differs.

    `id` of a clause is `policy#clause`, with `@` and the day from which it holds where it states one. `facts` are the
    changed facts that it states; with `facts` and no `fields`, nothing but those has changed in it.
    """

    kind: Kind | Literal["clause", "fact"]
    id: str
    title: str
    found: Found
    fields: tuple[Field, ...] = ()
    facts: tuple[str, ...] = ()


class Shared(Record):
    """Items of a shared file (a list of the lexicon, the desk, the taxonomy) that were added, removed or changed."""

    name: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class Difference(Record):
    """All that differs between two published versions."""

    old: str
    new: str
    entries: tuple[Change, ...]
    clauses: tuple[Change, ...]
    facts: tuple[Change, ...]
    shared: tuple[Shared, ...]
    learned: bool  # whether what is searched or trained on differs (phrasings, examples), which no reader sees

    def stating(self, fact: str) -> tuple[str, ...]:
        """The ids of the entries and clauses that changed because they state this fact."""
        return tuple(change.id for change in (*self.clauses, *self.entries) if fact in change.facts)


def difference(home: Path, old: str, new: str) -> Difference:
    """Compare two published versions by id. Raises VersionBroken."""
    return compare((old, read_catalog(home, old)), (new, read_catalog(home, new)))


def read_catalog(home: Path, version: str) -> Catalog:
    """The catalog of a published version. Raises VersionBroken if it is damaged or another program's."""
    manifest = read_manifest(home, version)
    try:
        data = (versions_dir(home) / version / "catalog.json").read_bytes()
        if hashlib.sha256(data).hexdigest() != manifest.files["catalog.json"]:
            raise VersionBroken(f"版本 {version} 的文件 catalog.json 被改动过，不能比较")
        return Catalog.model_validate_json(data)
    except (OSError, KeyError, ValidationError) as error:
        raise VersionBroken(f"版本 {version} 的目录缺失或与本程序不兼容，不能比较") from error


def compare(one: tuple[str, Catalog], other: tuple[str, Catalog]) -> Difference:
    """Compare two catalogs, each given with the id of its version."""
    (old_id, old_catalog), (new_id, new_catalog) = one, other
    old, new = old_catalog.content, new_catalog.content
    facts = tuple(_changes("fact", old.facts, new.facts, _fact_texts, lambda fact: fact.label))
    swap = _Swap(old.facts, new.facts)
    before, after = ({entry.id: entry for entry in content.entries} for content in (old, new))
    entries = _changes("entry", before, after, _entry_texts, lambda entry: entry.title, swap)
    clauses = _changes("clause", _wordings(old), _wordings(new), _texts, lambda c: f"{c.number} {c.title}", swap)
    return Difference(
        old=old_id,
        new=new_id,
        entries=tuple(entries),
        clauses=tuple(clauses),
        facts=facts,
        shared=tuple(_shared(old, new)),
        learned=_learned(old_catalog) != _learned(new_catalog),
    )


def _learned(catalog: Catalog) -> object:
    return catalog.points, catalog.sounds, catalog.feelings, catalog.misspoken


def _changes(
    kind: Literal["entry", "clause", "fact"],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    texts_of: Any,
    title_of: Any,
    swap: _Swap | None = None,
) -> Iterator[Change]:
    for name in (*new, *(name for name in old if name not in new)):
        record = new.get(name) or old[name]
        of = record.kind if kind == "entry" else kind
        if name not in old or name not in new:
            yield Change(kind=of, id=name, title=title_of(record), found="removed" if name in old else "added")
        elif old[name] != new[name]:
            before, after = texts_of(old[name]), texts_of(new[name])
            fields, through = [], set[str]()
            for path in dict.fromkeys((*before, *after)):
                was, now = before.get(path, ""), after.get(path, "")
                stated = swap.facts_between(was, now) if swap and was and now else frozenset()
                through |= stated
                if was != now and not stated:
                    fields.append(Field(path=path, old=was, new=now))
            if fields or through:
                facts = tuple(sorted(through))
                title = title_of(record)
                yield Change(kind=of, id=name, title=title, found="changed", fields=tuple(fields), facts=facts)


class _Swap:
    """Tells whether one text becomes another when nothing but the values of changed facts is written anew."""

    def __init__(self, old: Mapping[str, Fact], new: Mapping[str, Fact]) -> None:
        self._moved: dict[str, dict[str, list[str]]] = {}  # old value -> new value -> facts
        for name in sorted(old.keys() & new.keys()):
            was, now = old[name].display, new[name].display
            if was != now:
                self._moved.setdefault(was, {}).setdefault(now, []).append(name)
        values = "|".join(re.escape(value) for value in sorted(self._moved, key=len, reverse=True))
        self._value = re.compile(rf"(?<!\d)(?:{values})") if values else None

    def facts_between(self, was: str, now: str) -> frozenset[str]:
        """The facts whose values make all the difference between two texts; none if anything else differs."""
        if was == now or self._value is None:
            return frozenset()
        places = list(self._value.finditer(was))
        pattern, end = "", 0
        for place in places:
            others = "|".join(re.escape(value) for value in (place[0], *self._moved[place[0]]))
            pattern += f"{re.escape(was[end : place.start()])}({others})"
            end = place.end()
        match = re.fullmatch(pattern + re.escape(was[end:]), now)
        if match is None:
            return frozenset()
        written = zip(places, match.groups(), strict=True)
        return frozenset(name for place, value in written for name in self._moved[place[0]].get(value, ()))


# ── records as texts


def _entry_texts(entry: Entry) -> Texts:
    """A policy's clauses are compared on their own."""
    if isinstance(entry, Policy):
        entry = entry.model_copy(update={"clauses": ()})
    return _texts(entry)


def _fact_texts(fact: Fact) -> Texts:
    return {"value": fact.display, "label": fact.label, "kind": fact.kind, "source": fact.source or ""}


def _texts(record: BaseModel) -> Texts:
    return {path: text for path, text in _flat(record, "") if text}


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text of a value with its path; the items of a list by their names, plain lists one item a line."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _flat(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}")
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        for n, item in enumerate(value):
            yield from _flat(item, f"{path}.{_name(item, n)}")
    elif isinstance(value, tuple):
        yield path, "\n".join(map(str, value))
    else:
        yield path, "" if value is None else str(value)


def _name(item: BaseModel, number: int) -> str:
    return next((str(getattr(item, name)) for name in _NAMES if hasattr(item, name)), str(number))


def _wordings(content: Content) -> dict[str, Clause]:
    """Clause wordings by name. A wording keeps its name when it is closed: that changes only its end."""
    return {
        f"{policy.id}#{clause.id}" + (f"@{clause.valid_from:%Y-%m-%d}" if clause.valid_from else ""): clause
        for policy in content.policies
        for clause in policy.clauses
    }


def _shared(old: Content, new: Content) -> Iterator[Shared]:
    """The shared files, by the items of their lists and tables."""
    before, after = dict(_items(old)), dict(_items(new))
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name, {}), after.get(name, {})
        found = Shared(
            name=name,
            added=tuple(key for key in now if key not in was),
            removed=tuple(key for key in was if key not in now),
            changed=tuple(key for key in now if key in was and was[key] != now[key]),
        )
        if found.added or found.removed or found.changed:
            yield found


def _items(content: Content) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "elsewhere", dict(content.elsewhere)
    for name, part in (("lexicon", content.lexicon), ("desk", content.desk), ("taxonomy", content.taxonomy)):
        for field in type(part).model_fields:
            yield f"{name}.{field}", _keyed(getattr(part, field))


def _keyed(value: Any) -> dict[str, Any]:
    """The items of a list or table by what a reader knows them by; a single value by nothing."""
    if isinstance(value, dict):
        return value
    return {_known_by(item): item for item in value} if isinstance(value, tuple) else {"": value}


def _known_by(item: Any) -> str:
    if isinstance(item, BaseModel):
        names = [name for name in ("id", "pattern") if hasattr(item, name)] or list(type(item).model_fields)
        return _known_by(getattr(item, names[0]))
    return "、".join(map(str, item)) if isinstance(item, tuple) else str(item)
