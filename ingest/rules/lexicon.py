"""Words that stand twice in a file of the lexicon, and regular expressions that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ingest.loaded import Loaded, Place
from ingest.rules.patterns import pattern_fault
from kb_service.errors import Problem


def check_lexicon(loaded: Loaded) -> Iterator[Problem]:
    """Words that stand twice and patterns that cannot be read."""
    keys: dict[str, Callable[[Any], tuple[str, ...]]] = {
        "terms": lambda item: (item.term,),
        "synonyms": lambda item: tuple(item),
        "plain": lambda item: item.official,
        "emotions": lambda item: (item.pattern,),
        "emotion_examples": lambda item: item.texts,
        "phrases": lambda item: (item.phrase,),
        "cues": lambda item: (f"{item.pattern} → {item.shows}",),
        "numbers": lambda item: (" ".join(filter(None, (item.type, item.before, item.pattern, item.after))),),
        "goods": lambda item: (*item.words, *item.patterns),
        "festivals": lambda item: item.names,
        "places": lambda item: (item,),
        "tones": lambda item: (item.pattern,),
        "promises": lambda item: (item.pattern,),
        "misspoken": lambda item: item.examples,
    }
    for name, key_of in keys.items():
        seen: dict[str, int] = {}  # word -> its line
        place = loaded.places.get(f"lexicon/{name}")
        for n, item in enumerate(loaded.lexicon.get(name, [])):
            assert place is not None
            for word in key_of(item):
                # Within one item that spreads over lines the second stands below the first.
                line = place.line((n,), word, after=seen.get(word, 0))
                if word in seen:
                    message = f"“{word}”已经写在第 {seen[word]} 行；请删掉一处"
                    yield Problem(place.file, line, str(n), "lexicon-duplicate", message)
                seen.setdefault(word, line)
            if name == "promises" or (name in ("emotions", "cues", "tones") and item.regex):
                yield from _regex_problem(place, (n, "pattern"), item.pattern)
            if name == "phrases" and item.regex:
                yield from _regex_problem(place, (n, "phrase"), item.phrase)
            if name == "phrases" and item.unless:
                yield from _regex_problem(place, (n, "unless"), item.unless)
            for path, pattern in _patterns(name, item):
                yield from _regex_problem(place, (n, *path), pattern)


def _patterns(name: str, item: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The regular expressions of an entry that has them whatever it says, each with its place in the entry."""
    if name == "numbers":
        yield from (((field,), found) for field in ("pattern", "before", "after") if (found := getattr(item, field)))
    if name == "goods":
        for field in ("patterns", "unless"):
            yield from (((field, n), pattern) for n, pattern in enumerate(getattr(item, field)))


def _regex_problem(place: Place, path: tuple[str | int, ...], pattern: str) -> Iterator[Problem]:
    if fault := pattern_fault(pattern, optional=path[-1] in ("before", "after")):
        yield place.problem(path, "regex", fault)
