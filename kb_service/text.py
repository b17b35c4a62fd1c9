"""Chinese text for matching: normalisation, segmentation, sparse terms, highlights.

The only module that knows jieba and OpenCC. What is folded here serves matching only; nothing folded is ever shown.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal
from zlib import crc32

import jieba
import opencc

jieba.setLogLevel(logging.WARNING)

_RUN = re.compile(r"[a-z0-9]+(?:[.\-][a-z0-9]+)*|[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@lru_cache(maxsize=1)
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def fold(text: str) -> str:
    """Text as matching sees it: NFKC, traditional to simplified, lower case, no invisible characters.

    >>> fold("賣家　不發貨，ＯＫ？")
    '卖家 不发货,ok?'
    """
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).lower()
    return plain if plain.isascii() else _to_simplified().convert(plain)


class _InPlace(dict[int, str]):
    """Code point -> its folded letter, digit or Chinese character; all else stays."""

    def __missing__(self, point: int) -> str:
        folded = fold(chr(point))
        self[point] = folded if len(folded) == 1 and folded.isalnum() else chr(point)
        return self[point]


_in_place = _InPlace()
_TYPED = re.compile(r"[?!;()]|(?<!\d)[,:]|[,:](?!\d)")
_FULL = str.maketrans("?!;(),:", "？！；（），：")


def fold_in_place(text: str) -> str:
    """Like `fold`, but every character stays at its offset, and punctuation is as Chinese is written.

    For patterns that people write as they write Chinese; `fold_aligned` is for those that programs compose.

    >>> fold_in_place("賣 ３件,不發貨?12:30")
    '卖 3件，不发货？12:30'
    """
    return _TYPED.sub(lambda match: match[0].translate(_FULL), text.translate(_in_place))


class _Aligned(dict[int, str]):
    """Code point -> its folded character; filled as characters are met."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        plain = unicodedata.normalize("NFKC", character).lower()
        if _INVISIBLE.match(character) or character in _DECORATION:
            folded = HIDDEN
        elif len(plain) != 1:
            folded = character
        else:
            folded = plain if plain.isascii() else _to_simplified().convert(plain)
        self[point] = folded if len(folded) == 1 else character
        return self[point]


HIDDEN = "\u200b"  # what every invisible character becomes in aligned text
_DECORATION = "\ufe0f\u20e3"  # make a digit an emoji
_aligned = _Aligned()


def fold_aligned(text: str) -> str:
    """Like `fold`, but character by character, so that every offset is one of the given text too.

    Characters that fold to several stay as they are; invisible ones become `HIDDEN`.

    >>> fold_aligned("賣　３５０")
    '卖 350'
    """
    return text.lower() if text.isascii() and text.isprintable() else text.translate(_aligned)


@lru_cache(maxsize=1)
def _to_traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


@lru_cache(maxsize=16_384)
def _script(character: str) -> str:
    """Which script only has this character: `t`raditional, `s`implified, `l`atin; `h` both Chinese ones, else empty."""
    if character.isascii():
        return "l" if character.isalpha() else ""
    if not _RUN.match(character):
        return ""
    if _to_simplified().convert(character) != character:
        return "t"
    return "s" if _to_traditional().convert(character) != character else "h"


def script_of(text: str) -> Literal["simplified", "traditional", "mixed", "latin", "other"]:
    """The script that a text is written in. Latin only without any Chinese; mixed where both Chinese ones are used.

    >>> script_of("賣家不發貨"), script_of("卖家ok"), script_of("OK!"), script_of("😀")
    ('traditional', 'simplified', 'latin', 'other')
    """
    counts = Counter(map(_script, text))
    if not counts["t"] and not counts["s"]:
        return "simplified" if counts["h"] else "latin" if counts["l"] else "other"
    if min(counts["t"], counts["s"]) * 4 > max(counts["t"], counts["s"]):
        return "mixed"
    return "traditional" if counts["t"] > counts["s"] else "simplified"


def dictionary_words(candidates: Collection[str]) -> set[str]:
    """Those of the candidates that are words of jieba's dictionary; a tenth of a second, as it is not parsed.

    >>> sorted(dictionary_words({"申诉", "申素"}))
    ['申诉']
    """
    with jieba.get_dict_file() as file:
        lines = file.read().decode()
    return set(candidates).intersection(lines.split()[::3])  # each line is: word, frequency, part of speech


def has_words(text: str) -> bool:
    """Whether there is anything to search for: at least one letter, digit or CJK character after folding."""
    return _RUN.search(fold(text)) is not None


class Segmenter:
    """Cuts text into words. Safe to share between threads once built.

    `words` are added to jieba's dictionary (the lexicon's terms). `cache_dir` keeps jieba's parsed dictionary: the
    default, the system's temporary folder, is writable by others and would be unmarshalled.
    """

    def __init__(self, words: Iterable[str] = (), cache_dir: Path | None = None) -> None:
        self._jieba = jieba.Tokenizer()
        if cache_dir is not None:
            cache_dir.mkdir(parents=True, exist_ok=True)
            self._jieba.tmp_dir, self._jieba.cache_file = str(cache_dir), "jieba.cache"
        self._jieba.initialize()
        for word in words:
            self._jieba.add_word(fold(word))

    def words(self, text: str) -> list[str]:
        """The words of a text, folded: CJK runs cut by jieba, Latin and digit runs whole."""
        found: list[str] = []
        for run in _RUN.findall(fold(text)):
            found += [run] if run.isascii() else self._jieba.lcut(run, HMM=False)
        return found


def sparse_terms(text: str) -> Counter[str]:
    """Sparse terms with their frequency: CJK characters and pairs of neighbouring ones, Latin and digit runs whole.

    Character n-grams beat jieba's words, alone or added, on every set measured (docs/decisions/0004-ranking.md).
    """
    counts: Counter[str] = Counter()
    for run in _RUN.findall(fold(text)):
        if run.isascii():
            counts[run] += 1
        else:
            counts.update(run)
            counts.update(run[n : n + 2] for n in range(len(run) - 1))
    return counts


def term_id(term: str) -> int:
    """A term's place in the sparse vector: CRC-32 of its UTF-8 bytes, 0..2^32-1. No vocabulary has to be kept."""
    return crc32(term.encode())


def char_grams(folded: str) -> set[str]:
    """The distinct character pairs of a folded text, letters, digits and CJK only; single characters where alone."""
    found: set[str] = set()
    for run in _RUN.findall(folded):
        if run.isascii() or len(run) == 1:
            found.add(run)
        else:
            found.update(run[n : n + 2] for n in range(len(run) - 1))
    return found


def highlight_spans(text: str, folded: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where folded words of two or more characters stand in `text`: merged [start, end) in code points."""
    if len(folded) != len(text):
        return []  # a character that folds to several would shift every later span
    wanted = "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True) if len(word) > 1)
    if not wanted:
        return []
    merged: list[tuple[int, int]] = []
    for match in re.finditer(wanted, folded):
        if merged and match.start() <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(match.end(), merged[-1][1]))
        else:
            merged.append(match.span())
    return merged


def person_names(text: str) -> Iterator[tuple[int, int]]:
    """[start, end) of the words that look like a person's name. The first call takes half a second."""
    yield from ((start, end) for start, end, kind in _tagged(text) if kind.startswith("nr") and end - start > 1)


def places_and_bodies(text: str) -> list[tuple[str, str]]:
    """The names of places and of bodies (offices, schools, firms) in a text, each once, with which of the two it is."""
    kinds = {"ns": "地名", "nt": "机构"}
    found = ((kinds[kind], text[start:end]) for start, end, kind in _tagged(text) if kind in kinds)
    return list(dict.fromkeys(found))


def _tagged(text: str) -> Iterator[tuple[int, int, str]]:
    """[start, end) and part of speech of every word."""
    import jieba.posseg  # a quarter of a second that serving has no use for

    end = 0
    for word, kind in jieba.posseg.cut(text):
        start, end = end, end + len(word)
        yield start, end, kind
