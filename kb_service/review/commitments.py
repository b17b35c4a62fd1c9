"""The promise ledger: every deadline, amount and outcome of a draft, held against the facts in force.

A figure that equals a statement about the same thing is supported. One that differs from the statement about just this
thing, while no statement like it has the draft's figure, is contradicted. All else is unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple

from kb_service.catalog import Catalog
from kb_service.lexicon import PromiseCue
from kb_service.review.figures import Figure, Moment, due_after, figures, moments
from kb_service.review.statements import Match, Statement, Statements, equal, terms

# Chosen on sentences of the reply templates with right and wrong figures (templates left out of the index) and on
# eval/golden/review_dev.jsonl.
SAME = 0.6  # score beside the best match from which a statement with the draft's figure bears it out
SURE = 0.18  # score from which a statement is about just this thing
FAINT, CLEAR = 0.14, 2.5  # score from which it is, with amounts, where it has so many times that of any other
ASSURED = 0.36  # score below which a guarantee or a compensation is the agent's promise rather than a rule put wrongly
OWN = 0.5  # the same for a time in which the agent has something done
COUNTED = 1.4  # times as sure where things are counted: `一次`, `两张` are said of anything
NEAR, BEFORE, STATED, AFTER, EARLIER, CASE = 1.0, 0.6, 0.35, 0.2, 0.3, 0.25  # weights of words by where they stand

MOST = 100  # promises of one draft; more are no draft, and each costs half a millisecond

Support = Literal["supported", "contradicted", "unknown"]
Kind = Literal["deadline", "amount", "outcome"]

_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*")
_CLAUSE = re.compile(r"(?:[^，、,：:～~]|(?<=\d):(?=\d))+")
_AGO = re.compile(r"\s*[之以]?前(?![须请要内])|\s*多?了|\s*来(?!电)")
_PAST = re.compile(r"(?:已经?|等了|拖了|过去|近|第|上|这|那|同|用了|花了|浪费|占用您|笑|花|[您我又白干都]等|绕)\s*$")
_TOLD = re.compile(r"[您你](?:是|已经?|刚).*[的了]\W*$")  # 您是交付后两小时内反馈的
_RATE = re.compile(r"一(?:天|日|周|年|个月|星期)(?!之?以?内|后|左右|就|给)")  # 一天能擦亮一次
_ONE = re.compile(r"一\w")
_LIMIT = re.compile(r"(?:最多|只能?|限|仅|共|可以?|能|机会|再)\w{0,4}$")
_WHOLE = re.compile(r"\w{0,2}(?:补贴|报销|赔|补偿|承担|垫)")  # 全额 says an amount only of what has a cap
_THIS = re.compile(  # what this order, thing or test has; a rule would go on: 以上, 以内
    r"(?:这一?[单笔台件](?:订单|商品)?(?:的?(?:实付|成交价?|金额|货款|标价))?(?:是|为|共)?|实付(?:款|了)?|实测(?:是|为|出)?|测(?:得|出来?)"
    r"|(?:卖家|页面|详情页?|描述里?)(?:上)?(?:写|标|填)(?:的|着|了)?\w{0,6}|拍下价(?:是|为)?|标价(?:是|为)?)\s*$"
)
_RULE = re.compile(r"\s*(?:以|及|或|起|封顶|上限|的?(?:要|应|须|才))")
_GAP = re.compile(r"^\W*(?:实际|一共|总共|只|正好|相)?(?:差|少|多)(?:了|出)?\s*$")
_NOW = re.compile(r"现在|新规|现行|如今|目前|之后下|以后下|新的规")
_OTHERS_PAY = re.compile(r"快递|承运|物流公司|保险|卖家|买家|对方|银行|厂家|商家")


class Promise(NamedTuple):
    """What a draft states or promises at [start, end): its words, and how it stands to the facts.

    `given` is whether it is a promise to the customer and not a quotation of a rule; `over` whether it is more than the
    agent may grant.
    """

    start: int
    end: int
    kind: Kind
    status: Support
    statement: Statement | None
    due: datetime | None
    given: bool
    over: bool = False


class Part(NamedTuple):
    """A clause of a sentence, [start, end), and the sentence's."""

    start: int
    end: int
    sentence_start: int
    sentence_end: int


class Speech(NamedTuple):
    """A draft, folded in place, and what helps to understand it: words of the case, amounts that it already knows."""

    text: str
    context: str
    known: frozenset[float]
    at: datetime
    order_time: datetime
    authority: str
    issue_type: str | None = None


def parts(text: str) -> Iterator[Part]:
    """The clauses of a text, in order."""
    for sentence in _SENTENCE.finditer(text):
        for clause in _CLAUSE.finditer(sentence[0]):
            start, end = sentence.start() + clause.start(), sentence.start() + clause.end()
            yield Part(start, end, *sentence.span())


def about(text: str, part: Part, figure: Figure, context: str, wide: bool = True) -> dict[str, float]:
    """The words that say what a figure is about, weighted: its clause, the case, and if `wide` what stands around.

    What precedes in the sentence sets the topic, less so where it has a figure of its own to be about.
    """
    own = f"{text[part.start : figure.start]} {text[figure.end : part.end]}"
    areas = [(NEAR, own)]
    if wide:
        before = _CLAUSE.findall(text, part.sentence_start, part.start)
        areas += [(STATED if next(figures(clause), None) else BEFORE, clause) for clause in reversed(before)]
        areas.append((EARLIER, text[max(0, part.sentence_start - 40) : part.sentence_start]))
    areas += [(CASE, context), (AFTER, text[part.end : part.sentence_end])]
    found: dict[str, float] = {}
    for weight, area in areas:
        for term in terms(area):
            found[term] = max(found.get(term, 0.0), weight)
    return found


class Verdict(NamedTuple):
    """How a figure stands to the statements about the same thing, the one that says so, and how near that is."""

    status: Support
    statement: Statement | None = None
    score: float = 0.0


UNKNOWN = Verdict("unknown")


def judge(figure: Figure, matches: Sequence[Match]) -> Verdict:
    """Hold a figure against the statements that may be about the same thing, best first."""
    if not matches:
        return UNKNOWN
    best = matches[0]
    like = next((match for match in matches if equal(match.statement.figure, figure)), None)
    if like and like.score >= SAME * best.score:
        return Verdict("supported", like.statement, like.score)
    alone = len(matches) < 2 or best.score >= CLEAR * matches[1].score
    least = FAINT if alone and figure.dimension == "yuan" else SURE
    sure = best.score >= least * (COUNTED if figure.dimension == "count" else 1)
    capped = figure.value < math.inf or "上限" in best.statement.label
    return Verdict("contradicted", best.statement, best.score) if sure and capped else UNKNOWN


class Ledger:
    """Finds the promises of a draft. Built once per version, safe to share."""

    def __init__(self, catalog: Catalog) -> None:
        self._statements = Statements(catalog)
        cues = catalog.content.lexicon.promises
        self._service, self._assurance, self._outcome, self._compensation, self._own, self._exempt = (
            _any_of(cues, shows) for shows in ("service", "assurance", "outcome", "compensation", "own", "exempt")
        )
        self._caps: Mapping[str, str] = catalog.content.desk.compensation
        self._inward = frozenset(self._caps.values())  # what agents may grant is no rule for customers

    def promises(self, speech: Speech) -> Iterator[Promise]:
        """What the draft states or promises, in order; of the first MOST figures and moments at the most."""
        return islice(self._all(speech), MOST)

    def _all(self, speech: Speech) -> Iterator[Promise]:
        times = list(moments(speech.text, speech.at))
        for part in parts(speech.text):
            clause = speech.text[part.start : part.end]
            inside = [_moved(figure, part.start) for figure in figures(clause)]
            named = [time for time in times if part.start <= time.start < part.end and not _overlaps(time, inside)]
            yield from self._stated(speech, part, clause, inside)
            yield from self._timed(speech.text, part, named)
            measured = any(figure.dimension != "count" for figure in inside)
            if not measured and not named and self._outcome.search(clause) and not self._exempt.search(clause):
                yield Promise(*_trim(speech.text, part), "outcome", "unknown", None, None, given=True)

    def _stated(self, speech: Speech, part: Part, clause: str, found: Sequence[Figure]) -> Iterator[Promise]:
        """The quantities of a clause."""
        assured = self._assurance.search(clause) is not None
        foretold = self._outcome.search(clause) is not None
        own = self._own.search(clause) is not None and self._exempt.search(clause) is None
        least = OWN if own else ASSURED
        for figure in found:
            if _not_ours(speech, part, figure):
                continue
            timed = figure.dimension in ("time", "workdays")
            pays = figure.dimension in ("yuan", "percent") and self._compensation.search(clause) is not None
            given = self._given(clause) or (pays and self._exempt.search(clause) is None)
            verdict = self._judged(speech, part, figure)
            promised = timed and (assured or foretold or own) and verdict.score < least
            if promised or (assured and verdict.status == "supported"):
                verdict = UNKNOWN  # no rule bears out a guarantee
            cap = self._cap(speech, figure) if pays and given and not _OTHERS_PAY.search(clause) else None
            if cap and verdict.score < ASSURED:
                verdict = Verdict("contradicted" if figure.value > cap.figure.value else "supported", cap)
            yield Promise(
                *_trim(speech.text, part),
                "deadline" if timed else "amount",
                verdict.status,
                verdict.statement,
                due_after(figure, speech.at) if timed and given else None,
                given and (timed or pays or assured),
                over=cap is not None and verdict.statement == cap,
            )

    def _judged(self, speech: Speech, part: Part, figure: Figure) -> Verdict:
        """As the rules stood at the time of order; what is said to be the rule now, as they stand now."""
        found = self._held(speech, part, figure, speech.order_time)
        if found.status != "contradicted":
            return found
        if found.statement and _told_beside(speech.text, part, figure, found.statement):
            return UNKNOWN
        now = _NOW.search(speech.text, part.sentence_start, part.end) is not None
        for at in (speech.order_time, speech.at) if now else (speech.order_time,):
            for wide in (True, False):  # a clause may be about something else than the sentence that it stands in
                again = self._held(speech, part, figure, at, wide)
                if again.status == "supported":
                    return again
        return found

    def _held(self, speech: Speech, part: Part, figure: Figure, at: datetime, wide: bool = True) -> Verdict:
        words = about(speech.text, part, figure, speech.context, wide)
        said = speech.text + speech.context
        matches = self._statements.matches(figure, words, said, at, speech.issue_type)
        return judge(figure, [match for match in matches if match.statement.fact not in self._inward])

    def _timed(self, text: str, part: Part, named: Sequence[Moment]) -> Iterator[Promise]:
        """The points of time of a clause; no fact can bear them out."""
        if named and self._given(text[part.start : part.end]):
            yield Promise(*_trim(text, part), "deadline", "unknown", None, named[-1].at, given=True)

    def _given(self, clause: str) -> bool:
        """Whether the clause promises the customer something."""
        if self._assurance.search(clause):
            return True
        given = self._service.search(clause) or self._outcome.search(clause)
        return given is not None and self._exempt.search(clause) is None

    def _cap(self, speech: Speech, figure: Figure) -> Statement | None:
        """The most that whoever handles the case may promise."""
        name = self._caps.get(speech.authority)
        return self._statements.at(name, speech.order_time) if name and figure.dimension == "yuan" else None


def _any_of(cues: Iterable[PromiseCue], shows: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{cue.pattern})" for cue in cues if cue.shows == shows) or r"(?!)")


def _told_beside(text: str, part: Part, figure: Figure, statement: Statement) -> bool:
    """Whether another clause of the sentence has the statement's own figure: then this one is of something else."""
    others = (_moved(other, part.sentence_start) for other in figures(text[part.sentence_start : part.sentence_end]))
    return any(
        not part.start <= other.start < part.end and equal(other, statement.figure)
        for other in others
        if other.start != figure.start
    )


def _moved(figure: Figure, by: int) -> Figure:
    return figure._replace(start=figure.start + by, end=figure.end + by)


def _overlaps(time: Moment, found: Iterable[Figure]) -> bool:
    return any(time.start < figure.end and figure.start < time.end for figure in found)


def _not_ours(speech: Speech, part: Part, figure: Figure) -> bool:
    """Whether a figure tells of the customer's own case: what is past, or a number that the case already has."""
    before, own, after = (
        speech.text[part.start : figure.start],
        speech.text[figure.start : figure.end],
        speech.text[figure.end : part.end],
    )
    if _TOLD.search(before + own + after):
        return True
    if (_THIS.search(before) and not _RULE.match(after)) or (_GAP.match(before) and not after.strip()):
        return True
    if figure.dimension == "percent":
        return figure.value == 100 and figure.unit == ""
    if figure.value == math.inf:
        return _WHOLE.match(after) is None
    if figure.dimension in ("time", "workdays"):
        return (
            own == "半天"
            or _AGO.match(after) is not None
            or _PAST.search(before) is not None
            or bool(_RATE.match(own + after))
        )
    if figure.dimension == "count":
        return own == "百分" or _PAST.search(before) is not None or bool(_ONE.match(own) and not _LIMIT.search(before))
    return figure.value in speech.known


def _trim(text: str, part: Part) -> tuple[int, int]:
    """The clause without blanks around it."""
    clause = text[part.start : part.end]
    return part.start + len(clause) - len(clause.lstrip()), part.start + len(clause.rstrip(" 。！？!?；;\n"))
