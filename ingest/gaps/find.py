"""Events -> gaps: failed questions, asked again, grouped, ranked by volume times failure."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.gaps.asking import Open, ask_again, question_vectors
from ingest.gaps.cluster import Phrasings, groups, most_central
from ingest.gaps.failures import Failure, failed_questions
from ingest.progress import stage
from kb_service.answers import MEDIUM
from kb_service.content import Content
from kb_service.events.records import Asked
from kb_service.knowledge import Knowledge
from kb_service.settings import Settings
from kb_service.text import fold

SMALLEST = 3  # different questions of a gap
LONGEST = 120  # characters of a question; longer stories tell of several things, and join no group
SAME = 0.3  # of the smaller one's questions, for a group to be a gap of an earlier run
WORDS = 4  # typical words shown of a gap
NEAREST = 3  # entries shown of a gap


@dataclass(frozen=True)
class Near:
    """An entry that comes near to a gap: mean confidence over its questions, and in how many events it was refused."""

    entry: str
    title: str
    confidence: float
    refused: int


@dataclass(frozen=True)
class Found:
    """One gap: its questions, the most central first, how they failed, its typical words and nearest entries.

    `more` is how many other questions are near, and may ask the same.
    """

    id: str
    questions: tuple[str, ...]
    failures: Counter[Failure]
    score: float
    words: tuple[str, ...]
    near: tuple[Near, ...]
    issue_type: str
    more: int = 0

    @property
    def volume(self) -> int:
        """How many events."""
        return self.failures.total()


@dataclass(frozen=True)
class Survey:
    """Gaps, the worst first, and what became of all the other events.

    `misled` counts, by article, those in no gap to which the present version finds that article with confidence, though
    it did not help: the article answers badly, or the question is another one.
    """

    gaps: tuple[Found, ...]
    events: int
    failed: int
    fragments: int
    answered: int
    outside: int
    misled: Counter[str]
    scattered: int


def find_gaps(
    events: Iterable[Asked],
    knowledge: Knowledge,
    settings: Settings,
    content: Content,
    known: Sequence[tuple[str, Sequence[str]]] = (),
) -> Survey:
    """The gaps that events show. `known` are the gaps of earlier runs with their questions: they keep their ids.

    `content` is what was published, with the phrasings that a published version does not keep. Raises VectorIndexError,
    and what reading the events raises.
    """
    with stage("读事件"):
        failed = failed_questions(events, knowledge.understander.masked)
    with stage(f"用现在的版本再问一遍 {len(failed.questions)} 个问题"):
        still = ask_again(failed.questions, knowledge, settings)
    with stage(f"归并 {len(still.open)} 个没有答案的问题"):
        found = _gaps(still.open, knowledge, phrasings_of(content, knowledge, settings), known)
    grouped = {text for gap in found for text in gap.questions}
    left = [one for one in still.open if one.question.text not in grouped]
    misled: Counter[str] = Counter()
    for one in left:
        if _confidence([one]) >= MEDIUM:
            misled[one.nearest[0][0]] += len(one.question.failures)
    return Survey(
        gaps=tuple(sorted(found, key=lambda gap: (-gap.score, gap.id))),
        events=failed.events,
        failed=failed.fragments + sum(len(question.failures) for question in failed.questions),
        fragments=failed.fragments,
        answered=still.answered,
        outside=still.outside,
        misled=misled,
        scattered=sum(len(one.question.failures) for one in left) - misled.total(),
    )


def phrasings_of(content: Content, knowledge: Knowledge, settings: Settings) -> Phrasings:
    """All ways of asking that the articles hold, with their vectors."""
    pairs = [(fold(text), faq.id) for faq in content.faqs for text in (faq.title, *faq.questions, *faq.more_questions)]
    texts = [text for text, _ in pairs]
    return Phrasings(texts, [article for _, article in pairs], question_vectors(texts, knowledge, settings))


def _gaps(
    questions: Sequence[Open], knowledge: Knowledge, phrasings: Phrasings, known: Sequence[tuple[str, Sequence[str]]]
) -> list[Found]:
    """The groups that the present version does not answer, on average."""
    short = [one for one in questions if len(one.question.text) <= LONGEST]
    if not short:
        return []
    texts = [one.question.text for one in short]
    proposed = groups(np.stack([one.vector for one in short]), texts, phrasings, SMALLEST)
    unanswered = [group for group in proposed if _confidence([short[n] for n in group.core]) < MEDIUM]
    cores = [[short[n] for n in group.core] for group in unanswered]
    names = _names(cores, known)
    rare = _Rarity(knowledge, phrasings.texts)
    pairs = zip(cores, unanswered, strict=True)
    return [_gap(names.get(n, ""), core, len(group.near), rare) for n, (core, group) in enumerate(pairs)]


def _names(found: Sequence[Sequence[Open]], known: Sequence[tuple[str, Sequence[str]]]) -> dict[int, str]:
    """Number of a group -> the known gap that it is: they share the most questions, and enough of the smaller one."""
    pairs = []
    for number, group in enumerate(found):
        texts = {one.question.text for one in group}
        for name, before in known:
            shared = len(texts & set(before))
            if shared >= SAME * min(len(texts), len(before)) and shared:
                pairs.append((-shared, name, number))
    names: dict[int, str] = {}
    for _, name, number in sorted(pairs):
        if number not in names and name not in names.values():
            names[number] = name
    return names


def _confidence(found: Sequence[Open]) -> float:
    """That the present version answers, over the questions of a group; 0..1."""
    return float(np.mean([one.nearest[0][1] if one.nearest else 0.0 for one in found]))


class _Rarity:
    """How rare words are in what the content already asks."""

    def __init__(self, knowledge: Knowledge, phrasings: Sequence[str]) -> None:
        self.knowledge = knowledge
        self._counts = Counter(word for text in phrasings for word in set(knowledge.segmenter.words(text)))
        self._all = len(phrasings)

    def typical(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The words that stand in several of the texts and in few phrasings."""
        counts = Counter(word for text in texts for word in set(self.knowledge.segmenter.words(text)) if len(word) > 1)
        scored = {
            word: count * np.log((self._all + 1) / (self._counts[word] + 1)) ** 2
            for word, count in counts.items()
            if count > 1 and "*" not in word and not word.isdigit()
        }
        return tuple(sorted(scored, key=lambda word: (-scored[word], word))[:WORDS])


def _gap(name: str, found: Sequence[Open], more: int, rare: _Rarity) -> Found:
    order = most_central(np.stack([one.vector for one in found]))
    questions = tuple(found[n].question.text for n in order)
    near = _near(found, rare.knowledge)
    return Found(
        id=name or "g" + hashlib.sha1(fold(questions[0]).encode()).hexdigest()[:6],
        questions=questions,
        failures=Counter(failure for one in found for failure in one.question.failures),
        score=sum(one.question.weight for one in found),
        words=rare.typical(questions),
        near=near,
        issue_type=_issue_type(near, rare.knowledge),
        more=more,
    )


def _near(found: Sequence[Open], knowledge: Knowledge) -> tuple[Near, ...]:
    total: defaultdict[str, float] = defaultdict(float)
    for one in found:
        for entry, confidence in one.nearest:
            total[entry] += confidence
    refused = Counter(entry for one in found for entry in one.question.faulted)
    best = sorted(total, key=lambda entry: (-total[entry], entry))[:NEAREST]
    return tuple(
        Near(entry, title_of(entry, knowledge), round(total[entry] / len(found), 2), refused[entry]) for entry in best
    )


def title_of(entry: str, knowledge: Knowledge) -> str:
    """What an entry is called."""
    faq = knowledge.catalog.faqs.get(entry)
    if faq:
        return faq.title
    policy, clause = knowledge.catalog.clauses[entry][0]
    return f"《{policy.title}》{clause.number} {clause.title}"


def _issue_type(near: Sequence[Near], knowledge: Knowledge) -> str:
    """The issue type of the nearest articles, each as much as its confidence; empty if there is none."""
    votes: defaultdict[str, float] = defaultdict(float)
    for one in near:
        faq = knowledge.catalog.faqs.get(one.entry)
        for name in [faq.issue_type] if faq else knowledge.catalog.policies[one.entry.partition("#")[0]].issue_types:
            votes[name] += one.confidence
    return min(votes, key=lambda name: (-votes[name], name), default="")
