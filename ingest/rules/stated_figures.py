"""Figures that contradict a fact: written out beside it, or taken from another fact than the one that is meant."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.render import PLACEHOLDER
from ingest.rules.matters import Floats, Matters, Spoken
from ingest.rules.passages import Passage, Path, Sentence, folded, line_of, sentences
from kb_service.content import Fact
from kb_service.errors import Problem
from kb_service.review.figures import Figure, figures
from kb_service.review.statements import equal, same_unit

# Chosen on the content of 2026-11-23 with its facts exchanged for others, and on eval/golden/contradictions_dev.yaml.
CLEARLY = 4.8  # by how much another fact must suit better than the one that is written
SURE, COUNTED = 6.5, 6.5  # how well a fact must suit a figure that is written out; one of things counted
HERE = 1.5  # a fact that the same passage states elsewhere suits so much less

_CLAUSE = re.compile(r"[^，、：,:|]+")
_BESIDE = 12  # characters on either side of a figure
_BEFORE, _AFTER, _ABOUT, _EARLIER = 0.5, 0.25, 0.4, 0.2  # weights of words that do not stand in the figure's clause

_NUMERAL = re.compile(r"[\d零〇一二两三四五六七八九十百千万半当]")
_MORE = re.compile(
    r"(?P<day>当[天日](?:之?内|就|即|会)|24点前)|(?P<half>一半|对半|五五)|(?P<fold>[一二三四五六七八九])折|千分之(?P<thousandth>[一二三四五六七八九])"
)
_WITHIN = re.compile(r"\s*(?:的时间|时间)?\s*(?:之?内|以内|之?后|为限|起|完成|到账|有效)")
_LIMIT = re.compile(
    r"(?:最多|至多|最长|不超过|只能|仅能|仅限|限|只有|总共|一共|共|上限|不得超过|可以?(?:申请|修改|延长|复检|领|用))\w{0,4}$"
)
_TALK = re.compile(r"(?:[这那上第前花用等费过近]|已经?)\s*$|七天无理由|[一二]两")
_OVER = re.compile(r"\s*(?:以上|多次|前(?!须)|一次|的(?!机会))")
# A length of time in which things are counted is no deadline.
_COUNTING = re.compile(
    r"\s*内(?:累计|被|有|已|又|再|第)*(?:满|达|补(?!充)|逾期|认定|爽约|第?[一二三]次|\s*\{\{fact:[\w.]*(?:times|count|customers|orders|tickets))|\s*(?:的)?订单"
)
_PERIOD = re.compile(r"周期|统计|累计|时段|窗口|近|清除|观察|间隔")
_FROM = re.compile(r"(?:低于|不到|达到|超过|满|高于|不足)\s*$")  # what an amount is compared with is no fee


class Stated(NamedTuple):
    """A figure that a passage states, by a fact or written out (`fact` is empty), and the words around it."""

    passage: Passage
    sentence: Sentence
    start: int
    end: int
    fact: str
    figure: Figure

    @property
    def text(self) -> str:
        """As it is written."""
        return self.sentence.text[self.start : self.end]

    @property
    def block(self) -> tuple[str, Path, str]:
        """What it stands in: a sentence or a table."""
        return self.passage.place.file, self.passage.path, self.sentence.block

    @property
    def spoken(self) -> Spoken:
        """The words around it, other figures by facts left out."""
        text = PLACEHOLDER.sub(_blanks, self.sentence.text)
        left, right, about = text[: self.start], text[self.end :], self.passage.about
        before = PLACEHOLDER.sub(" ", self.sentence.before)
        if self.sentence.is_row:
            own = f"{left} {right}"
            return Spoken([(1.0, own)], [(1.0, own)], [(1.0, own), (_BEFORE, before), (_ABOUT, about)])
        clause = next((match for match in _CLAUSE.finditer(text) if match.start() <= self.start < match.end()), None)
        first, last = clause.span() if clause else (self.start, self.end)
        own = f"{text[first : self.start]} {text[self.end : last]}"
        wide = [(1.0, own), (_BEFORE, text[:first]), (_AFTER, text[last:]), (_ABOUT, about), (_EARLIER, before[-40:])]
        beside = [(1.0, re.sub(" +", " ", left)[-_BESIDE:]), (1.0, re.sub(" +", " ", right)[:_BESIDE])]
        return Spoken([(1.0, own)], beside, wide)


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match[0])


def figure_of(fact: Fact) -> Figure | None:
    """The figure of a fact; None if it has none, as menu paths."""
    return None if fact.kind == "path" else next(figures(folded(fact.display)), None)


def stated(found: Sequence[Passage], facts: Mapping[str, Figure]) -> Iterator[Stated]:
    """Every figure of the passages, in order."""
    for passage in found:
        for sentence in sentences(passage.text):
            text = sentence.text
            for match in PLACEHOLDER.finditer(text) if "{{" in text else ():
                if match["name"] in facts:
                    yield Stated(passage, sentence, *match.span(), match["name"], facts[match["name"]])
            rest = PLACEHOLDER.sub(_blanks, text)
            if _NUMERAL.search(rest):
                rest = folded(rest)
                for figure in (*figures(rest), *_more(rest)):
                    if _states(figure, rest):
                        yield Stated(passage, sentence, figure.start, figure.end, "", figure)


def _more(text: str) -> Iterator[Figure]:
    """Figures that drafts hardly ever have: `当天内`, `一半`, `八折`."""
    for match in _MORE.finditer(text):
        if match["day"]:
            yield Figure("time", 86_400.0, "当天", *match.span())
        elif match["half"]:
            yield Figure("percent", 50.0, "", *match.span())
        else:
            digit = "零一二三四五六七八九".index(match["fold"] or match["thousandth"])
            yield Figure("percent", digit * 10.0 if match["fold"] else digit / 10.0, "", *match.span())


def _states(figure: Figure, text: str) -> bool:
    """Whether a figure limits something: `一次`, `一张`, `两位` are mostly said of anything."""
    own, before, after = text[figure.start : figure.end], text[: figure.start], text[figure.end :]
    if (
        before.count("“") > before.count("”")
        or figure.value == math.inf
        or _TALK.search(before)
        or _TALK.search(own + after[:3])
        or _OVER.match(after)
    ):
        return False
    if own[0].isdigit() or figure.dimension in ("yuan", "percent") or figure.unit == "当天":
        return True
    if figure.dimension == "count":
        return figure.value > 1 or _LIMIT.search(before) is not None
    return own[0] != "一" or _WITHIN.match(after) is not None or _LIMIT.search(before) is not None


class _Known(NamedTuple):
    """All facts with a figure, and which of them can be compared and are equal."""

    names: Sequence[str]
    facts: Mapping[str, Fact]
    figures: Sequence[Figure]

    def like(self, figure: Figure) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(comparable with the figure, equal to it)"""
        kinds = {(known.dimension, known.unit): known for known in self.figures}
        alike = {kind for kind, known in kinds.items() if same_unit(figure, known)}
        comparable = np.array([(known.dimension, known.unit) in alike for known in self.figures])
        equals = [fits and equal(figure, known) for fits, known in zip(comparable, self.figures, strict=True)]
        return comparable, np.array(equals, bool)


def check_stated_figures(
    found: Sequence[Passage], facts: Mapping[str, Fact], where: Mapping[str, str]
) -> Iterator[Problem]:
    """Figures that speak of the matter of a fact and differ from it. `where` names each fact's place in a message."""
    figure_by = {name: figure for name, fact in facts.items() if (figure := figure_of(fact))}
    said = list(stated(found, figure_by))
    names = sorted({one.fact for one in said if one.fact})
    if not names:
        return
    known = _Known(names, facts, [figure_by[name] for name in names])
    for one, name in _contradicting(said, known):
        fact = facts[name]
        written = (
            f"{facts[one.fact].display}”（{one.fact}，{facts[one.fact].label}）" if one.fact else f"{one.text.strip()}”"
        )
        message = (
            f"这里是“{written}，而 {where[name]}“{fact.label}”是“{fact.display}”；"
            f"说的是同一件事的，请写成 {{{{fact:{name}}}}}，确实是两回事的写 waive"
        )
        passage = one.passage
        yield passage.place.problem(passage.path, "contradiction", message, line_of(passage.text, one.sentence.text))


def _contradicting(said: Sequence[Stated], known: _Known) -> Iterator[tuple[Stated, str]]:
    suits = suitability(said, known.names, known.facts)
    at = {name: n for n, name in enumerate(known.names)}
    by_figure: dict[tuple[str, float, str], tuple[NDArray[np.bool_], NDArray[np.bool_]]] = {}
    beside: defaultdict[object, Counter[str]] = defaultdict(Counter)
    for one in said:
        beside[one.block][one.fact] += 1
        beside[one.passage.place.file, one.passage.path][one.fact] += 1
    for row, one in zip(suits, said, strict=True):
        if _rests(one, known.facts):
            continue
        key = one.figure[:3]
        comparable, same = by_figure.setdefault(key, known.like(one.figure)) if key not in by_figure else by_figure[key]
        whole, row = row, row.copy()
        here = [at[name] for name in _others(beside[one.passage.place.file, one.passage.path], one)]
        row[here] -= HERE
        said_beside = [at[name] for name in _others(beside[one.block], one)]
        against = np.where(comparable & ~same, row, -np.inf)
        against[said_beside] = -np.inf
        for best in np.argsort(-against)[:4].tolist():
            if against[best] > -np.inf and _fits(one, known.facts[known.names[best]]):
                break
        else:
            continue
        alike = same.copy()
        alike[said_beside] = False
        if one.fact:
            alike[at[one.fact]] = True
        if against[best] < row[alike].max(initial=-np.inf):
            continue
        if one.fact:
            nearer = (whole[here] > against[best]).any()  # the passage is about what it states elsewhere
            sure = against[best] - row[at[one.fact]] >= CLEARLY + HERE * nearer
        else:
            sure = against[best] >= (COUNTED if one.figure.dimension == "count" else SURE)
        if sure:
            yield one, known.names[best]


def _rests(one: Stated, facts: Mapping[str, Fact]) -> bool:
    """Whether nothing can be said against it: the deadline of a step, or a fact in the clause that sets it."""
    if one.passage.path[-1] in ("deadline", "within"):
        return True
    return one.fact != "" and facts[one.fact].source == one.passage.clause != ""


def _others(counts: Counter[str], one: Stated) -> Iterator[str]:
    return (name for name, count in counts.items() if name and count > (name == one.fact))


def _fits(one: Stated, fact: Fact) -> bool:
    """Whether the figure plays the part that the fact has."""
    before, after = one.sentence.text[: one.start], one.sentence.text[one.end :]
    if _COUNTING.match(after) and fact.kind == "duration":
        return _PERIOD.search(fact.label) is not None
    return not (_FROM.search(before) and fact.kind == "amount" and fact.label.endswith("费"))


def suitability(said: Sequence[Stated], names: Sequence[str], facts: Mapping[str, Fact]) -> Floats:
    """How well the words of each statement suit each fact."""
    at = {name: n for n, name in enumerate(names)}
    users: defaultdict[str, set[str]] = defaultdict(set)
    for one in said:
        users[one.fact].add(one.passage.place.file)
    return Matters(
        [one.spoken for one in said],
        np.array([at.get(one.fact, -1) for one in said]),
        [facts[name].label for name in names],
        [facts[name].source or "" for name in names],
        [len(users[name]) for name in names],
    ).suits([one.passage.cited for one in said])
