"""Words and patterns that editors write: for the segmenter, for what customers say, and for what agents should not."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from kb_service.records import Emotion, LongPattern, LongText, Record, ShortText


class Term(Record):
    """A word that the segmenter must keep whole."""

    term: ShortText
    meaning: str = ""
    freq: int | None = None


class EmotionPattern(Record):
    """A word, or with `regex` a pattern, that shows an emotion; `score` is its strength in 0..1."""

    pattern: ShortText
    emotion: Emotion
    score: float = Field(ge=0, le=1)
    regex: bool = False


class EmotionExamples(Record):
    """Messages of customers who feel so; the emotion classifier is trained on them."""

    emotion: Emotion
    texts: tuple[LongText, ...] = Field(min_length=1)


class RiskPhrase(Record):
    """A wording that must not (`forbidden`) or should not (`risky`) be sent, why, and what to say instead.

    With `regex` the phrase is a pattern. Where the pattern `unless` occurs in the same clause, the wording is harmless.
    """

    phrase: LongText
    level: Literal["forbidden", "risky"]
    reason: ShortText
    better: LongText
    regex: bool = False
    unless: str = ""


class Cue(Record):
    """A word, or with `regex` a pattern, of the customer that shows a wish or a signal of the taxonomy."""

    pattern: ShortText
    shows: str
    score: float = Field(default=1.0, ge=0, le=1)
    regex: bool = False


class NumberPattern(Record):
    """How a fact looks that is known by its form (regular expression); `detail` names the carrier.

    `order_no` and `tracking_no` are matched against a whole number, in capitals and without separators; `other` is a
    number that is neither, nor personal data. The rest is searched for in running text, folded: between `before` and
    `after` (regular expressions as well) where the form alone does not tell; `{number}` in a pattern is any numeral
    and `{goods}` in `before` and `after` goods that were found. `none` is text that only looks like a fact.
    """

    type: Literal["order_no", "tracking_no", "other", "phone_tail", "wechat", "condition", "amount", "time", "none"]
    pattern: LongPattern
    before: LongPattern | None = None
    after: LongPattern | None = None
    detail: str = ""


class Festival(Record):
    """A day with a name: one `MM-DD`, or the full dates of the years that are known."""

    names: tuple[ShortText, ...] = Field(min_length=1)
    days: tuple[Annotated[str, StringConstraints(pattern=r"^(20\d\d-)?[01]\d-[0-3]\d$")], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _exist(self) -> Self:
        for day in self.days:
            try:
                date.fromisoformat(day if len(day) > 5 else f"2000-{day}")
            except ValueError:
                raise ValueError(f"没有“{day}”这一天；请写成“11-11”或“2026-02-17”") from None
        if len(self.days) > 1 and any(len(day) == 5 for day in self.days):
            raise ValueError("“月-日”只能写一个，表示每年都是这一天；每年不同的，写全每一年的日期")
        return self


class ToneCue(Record):
    """A wording of agents that is cheerful (`breezy`) or cold (`curt`), or that shows `sympathy`."""

    pattern: LongText
    shows: Literal["breezy", "curt", "sympathy"]
    regex: bool = False


class Misspoken(Record):
    """Examples of what agents should not say, for one reason; or, `harmless`, of what sounds alike and is right.

    Clauses of a draft that resemble the examples are pointed out, with `better` as a way to put it.
    """

    reason: ShortText = "可以这样说"
    better: LongText = "可以这样说"
    harmless: bool = False
    examples: tuple[LongText, ...] = Field(min_length=1)


class PromiseCue(Record):
    """A pattern (regular expression) by which a promise is told from other statements.

    `service`: someone will do or bring something for the customer. `assurance`: it is said to be certain. `outcome`: a
    result is promised, whatever the time. `compensation`: money or a coupon from the platform. `own`: the
    agent's own undertaking, which no rule for everybody speaks of. `exempt`: no promise at
    all, such as a condition, the past, or what the customer has to do.
    """

    pattern: LongText
    shows: Literal["service", "assurance", "outcome", "compensation", "own", "exempt"]


class GoodsWords(Record):
    """What goods of a category are called, in folded letters (see `text.fold`).

    `[a|b|]c` among the words stands for ac, bc and c. `patterns` are regular expressions of regular names of models;
    one with letters or digits is searched for only in text that has some.
    `brands` stand before a name and belong to it, with the model between them: `格力KFR-35挂机空调`.
    `parts` are names that mean a part when other goods have been named before: `笔记本……键盘掉帽`.
    `unless` are regular expressions of text in which these words mean no goods: `手机号`; `{name}` at their beginning
    stands for any name that has been found: `{name}店`.
    """

    category: str
    words: tuple[LongPattern, ...] = Field(min_length=1)
    patterns: tuple[LongPattern, ...] = ()
    brands: tuple[LongPattern, ...] = ()
    parts: tuple[LongPattern, ...] = ()
    unless: tuple[LongPattern, ...] = ()


class PlainWords(Record):
    """What people say instead of official words: a clause with one of `official` is found by all of `plain`."""

    official: tuple[ShortText, ...] = Field(min_length=1)
    plain: tuple[ShortText, ...] = Field(min_length=1)


class Lexicon(Record):
    """Words: for the segmenter, for widening a query, for emotions, and for checking replies."""

    terms: tuple[Term, ...] = ()
    synonyms: tuple[tuple[ShortText, ...], ...] = ()
    plain: tuple[PlainWords, ...] = ()
    emotions: tuple[EmotionPattern, ...] = ()
    emotion_examples: tuple[EmotionExamples, ...] = ()
    phrases: tuple[RiskPhrase, ...] = ()
    cues: tuple[Cue, ...] = ()
    numbers: tuple[NumberPattern, ...] = ()
    goods: tuple[GoodsWords, ...] = ()
    festivals: tuple[Festival, ...] = ()
    places: tuple[ShortText, ...] = ()  # provinces and cities, without 省 and 市
    tones: tuple[ToneCue, ...] = ()
    promises: tuple[PromiseCue, ...] = ()
    misspoken: tuple[Misspoken, ...] = ()
