"""Events -> the questions that failed, each once, with its personal data masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from kb_service.case import MAX_TEXT
from kb_service.events.records import Asked
from kb_service.suggest import searchable
from kb_service.text import fold

Failure = Literal["no_answer", "rejected", "unsatisfied", "low_confidence"]

# How much one event counts. A customer with nothing or with a wrong answer is a failure; a doubtful answer that nobody
# spoke of may have helped.
WEIGHTS: dict[Failure, float] = {"no_answer": 1.0, "rejected": 1.0, "unsatisfied": 1.0, "low_confidence": 0.5}
TAKEN = {"copied", "sent", "edited", "resolved"}  # what agents do with an answer that is right
LOW_MARK = 2  # of 5 for satisfaction, and below: the customer was not helped
SHORTEST = 4  # letters, digits and characters; less is a fragment that no article can answer


@dataclass(frozen=True)
class Question:
    """One message as it was asked, by however many: a failure an event. `faulted` are the entries that were wrong."""

    text: str
    failures: tuple[Failure, ...]
    faulted: frozenset[str] = frozenset()

    @property
    def weight(self) -> float:
        """Volume times mean failure."""
        return sum(WEIGHTS[failure] for failure in self.failures)


@dataclass(frozen=True)
class Failed:
    """The questions that failed, of `events` events; `fragments` events had too few words to say anything."""

    questions: tuple[Question, ...]
    events: int
    fragments: int


def failed_questions(events: Iterable[Asked], mask: Callable[[str], str]) -> Failed:
    """The questions that were not answered, or not well. The same words, punctuation aside, are one question.

    `mask` hides personal data: exports of other systems may hold it; long numbers go too.
    """
    texts: dict[str, str] = {}
    failures: dict[str, list[Failure]] = {}
    faulted: dict[str, set[str]] = {}
    count = fragments = 0
    for asked in events:
        count += 1
        failure = failure_of(asked)
        if failure is None:
            continue
        text = searchable([mask(asked.query)])[:MAX_TEXT].strip()
        key = "".join(filter(str.isalnum, fold(text)))
        if len(key) < SHORTEST:
            fragments += 1
            continue
        texts.setdefault(key, text)
        failures.setdefault(key, []).append(failure)
        faulted.setdefault(key, set()).update(_faulted(asked))
    questions = [Question(texts[key], tuple(failures[key]), frozenset(faulted[key])) for key in texts]
    return Failed(tuple(questions), count, fragments)


def failure_of(asked: Asked) -> Failure | None:
    """How the service failed this customer; None if it did not, or if an answer was used."""
    answers = [offered.entry for offered in asked.answers if offered.kind in ("faq", "policy")]
    if any(said.csat is not None and said.csat <= LOW_MARK for said in asked.feedback):
        return "unsatisfied"
    if asked.status == "no_answer":
        return "no_answer"
    rejected = _said(asked, {"rejected"})
    if _said(asked, TAKEN) & set(answers) - rejected:
        return None
    if set(answers[:1]) & rejected:
        return "rejected"
    return "low_confidence" if asked.status == "low_confidence" else None


def _faulted(asked: Asked) -> set[str]:
    """Entries that did not help: rejected, or used for a customer who then gave a low mark."""
    low = {said.entry for said in asked.feedback if said.csat is not None and said.csat <= LOW_MARK}
    return _said(asked, {"rejected"}) | low


def _said(asked: Asked, events: set[str]) -> set[str]:
    return {said.entry for said in asked.feedback if said.event in events}
