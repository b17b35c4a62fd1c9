"""What the questions' character pairs sound like, so that typing errors by sound can be matched.

The only module that knows pypinyin. Serving needs no more than the table.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable

from kb_service.catalog import Sounds

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # single characters need none, and they take 0.1 s to import
from pypinyin import lazy_pinyin

_WORD = re.compile(r"[A-Za-z0-9]+|[\u3400-\u9fff]+")
COMMON = 3  # documents that have a pair; a rarer one may itself be a typing error


# The 3,755 everyday characters (GB 2312, level 1, rows 16 to 55): a typing error need not stand in any document.
_EVERYDAY = frozenset(
    bytes((row + 0xA0, cell + 0xA0)).decode("gb2312", "ignore") for row in range(16, 56) for cell in range(1, 95)
) - {""}


def sounds_of(documents: Iterable[Counter[str]]) -> Sounds:
    """The table for documents given as their sparse terms."""
    frequency = Counter(term for terms in documents for term in terms if len(term) == 2 and not term.isascii())
    common = sorted(pair for pair, count in frequency.items() if count >= COMMON)
    # The first reading of each character alone: the same for question and document, which is all that matters.
    characters = _EVERYDAY | {character for pair in frequency for character in pair}
    readings = {character: lazy_pinyin(character)[0] for character in sorted(characters)}
    return Sounds(readings=readings, known="".join(sorted(frequency)), common="".join(common))


def slug(text: str, longest: int = 60) -> str:
    """An id made of what a text sounds like: syllables, Latin words and digits joined by hyphens; may be empty.

    >>> slug("电子商务法"), slug("iPhone 13 怎么退？")
    ('dian-zi-shang-wu-fa', 'iphone-13-zen-me-tui')
    """
    parts = [part.lower() for run in _WORD.findall(text) for part in (lazy_pinyin(run) if not run.isascii() else [run])]
    while len("-".join(parts)) > longest:
        parts.pop()
    return "-".join(parts)


def everyday_readings() -> dict[str, str]:
    """Everyday character -> how it is first read, without its tone."""
    return {character: lazy_pinyin(character)[0] for character in sorted(_EVERYDAY)}
