"""What nobody may say to a customer: the rules by which the service reviews drafts, before anybody can send it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from ingest.loaded import Loaded
from ingest.rules.patterns import pattern_fault
from ingest.rules.readable import Readable, readable_texts
from kb_service.content import Faq
from kb_service.errors import Problem
from kb_service.lexicon import Lexicon, RiskPhrase
from kb_service.review.private import private_demands
from kb_service.review.wording import Wording
from kb_service.text import fold_in_place

# Every word for private data has one of these; the others need not be read closely, which saves half the time.
_SENSITIVE = re.compile(
    r"证|卡|码|密|口令|脸|镜头|户口|护照|账[号户]|手持|(?:手机|电话).{0,6}(?:完整|全|11|十一|号)|(?:完整|全).{0,4}号"
)
# An article also speaks of what customers and swindlers do; such a clause asks for nothing.
_TOLD = re.compile(r"(?<![请让叫])(?<!要求)客户(?:主动)?发来|没给|没有给|删掉|[的者时]$")
_FOR_AGENTS = re.compile(
    r"内部(?:备注|说明|注意|使用|处理|参考)|(?:仅|只)(?:限|供|给|对)?(?:坐席|客服|内部)(?:可见|看|参考|使用|知晓|掌握)"
    r"|坐席(?:备注|注意|须知)|(?:不要|别|不得|不能|勿|不可|不必)(?:主动)?(?:告诉|告知|透露给?|说给|念给|发给)(?:客户|用户|买卖?家)"
    r"|不得?外传|勿外传|不对外(?:说|讲|公布|透露)|对外(?:不说|统一口径)"
)


def check_wording(loaded: Loaded) -> Iterator[Problem]:
    """Templates with one tone; forbidden wording, demands for private data, notes for agents where all can read."""
    for template in loaded.templates:
        if len(template.tones) < 2:
            message = "至少写两种语气：neutral 之外再加 soothing 或 firm"
            yield loaded.places[template.id].problem((), "tones", message)
    phrases = [phrase for phrase in loaded.lexicon.get("phrases", []) if phrase.level == "forbidden"]
    usable = tuple(phrase for phrase in phrases if _compiles(phrase))
    strict = Wording(Lexicon(phrases=usable))
    # Patterns are made for replies; rules and articles, which speak of what is not allowed, would often match.
    fixed = Wording(Lexicon(phrases=tuple(phrase for phrase in usable if not phrase.regex)))
    found = list(readable_texts(loaded))
    for passage in found:
        if passage.spoken:
            yield from _forbidden(passage, strict)
        if _SENSITIVE.search(passage.text):
            yield from _private(passage)
    told = [passage for passage in found if not passage.spoken and passage.place.file.endswith(".yaml")]
    for passage in _holding(fixed, told):
        yield from _forbidden(passage, fixed)
    yield from _notes(loaded)


def _holding(wording: Wording, found: Sequence[Readable]) -> Iterator[Readable]:
    """Those that hold a bad wording; read as one text, since one by one they take half a second."""
    starts = list(accumulate((len(passage.text) + 1 for passage in found), initial=0))
    joined = fold_in_place("\n".join(passage.text for passage in found))
    for number in sorted({bisect_right(starts, bad.start) - 1 for bad in wording.bad(joined)}):
        yield found[number]


def _forbidden(passage: Readable, wording: Wording) -> Iterator[Problem]:
    for bad in wording.bad(fold_in_place(passage.text)):
        said, phrase = passage.text[bad.start : bad.end], bad.phrase
        message = f"含禁用语“{said}”（{phrase.reason}）；可改为：{phrase.better}"
        yield passage.problem("forbidden-phrase", message, said)


def _private(passage: Readable) -> Iterator[Problem]:
    for demand in private_demands(passage.text):
        said = passage.text[demand.start : demand.end]
        if passage.spoken or not _TOLD.search(said):
            message = f"“{said}”在索要敏感信息；只能核对绑定手机号后四位"
            yield passage.problem("privacy", message, said)


def _notes(loaded: Loaded) -> Iterator[Problem]:
    """What is for agents in a section that customers read."""
    for faq in loaded.faqs:
        for n, section in enumerate(_public_sections(faq)):
            for line in section.splitlines():
                if not line.startswith("#") and (match := _FOR_AGENTS.search(line)):
                    message = f"“{match[0]}”是写给坐席的，而这一小节客户也看得到；请移到“## 内部备注”"
                    yield loaded.places[faq.id].problem(("sections", n, "text"), "internal-note", message, line)


def _public_sections(faq: Faq) -> Sequence[str]:
    """The texts of the article's sections, those that customers do not read left empty."""
    open_to_all = faq.audience == "public"
    return [section.text if open_to_all and section.audience == "public" else "" for section in faq.sections]


def _compiles(phrase: RiskPhrase) -> bool:
    """Whether its patterns can be used; `ingest.check` names those that cannot."""
    patterns = (phrase.phrase if phrase.regex else "", phrase.unless)
    return not any(pattern_fault(pattern) for pattern in patterns if pattern)
