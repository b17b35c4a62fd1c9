"""What a reply template may not say: the rules by which the service reviews drafts, before anybody can send it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.load import Loaded
from kb_service.errors import Problem
from kb_service.lexicon import Lexicon, RiskPhrase
from kb_service.review.private import private_demands
from kb_service.review.wording import Wording
from kb_service.text import fold_in_place


def check_wording(loaded: Loaded) -> Iterator[Problem]:
    """Templates with one tone only, with forbidden wording, or that ask for private data."""
    phrases = [phrase for phrase in loaded.lexicon.get("phrases", []) if phrase.level == "forbidden"]
    wording = Wording(Lexicon(phrases=tuple(phrase for phrase in phrases if _compiles(phrase))))
    for template in loaded.templates:
        place = loaded.places[template.id]
        if len(template.tones) < 2:
            yield place.problem((), "tones", "至少写两种语气：neutral 之外再加 soothing 或 firm")
        for tone, text in template.tones.items():
            for bad in wording.bad(fold_in_place(text)):
                said, phrase = text[bad.start : bad.end], bad.phrase
                message = f"含禁用语“{said}”（{phrase.reason}）；可改为：{phrase.better}"
                yield place.problem(("tones", tone), "forbidden-phrase", message, said)
            for demand in private_demands(text):
                said = text[demand.start : demand.end]
                message = f"“{said}”在索要敏感信息；只能核对绑定手机号后四位"
                yield place.problem(("tones", tone), "privacy", message, said)


def _compiles(phrase: RiskPhrase) -> bool:
    """Whether its patterns can be used; `ingest.check` names those that cannot."""
    try:
        re.compile(phrase.phrase if phrase.regex else "")
        re.compile(phrase.unless)
    except re.error:
        return False
    return True
