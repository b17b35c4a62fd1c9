"""Are the gaps found? Events with known gaps, made by asking the published version, through the real `kb-content gaps`.

About 2,000 events: the messages of a set (on topics that the content does not cover, single questions and chatter) and
golden questions, some of them asked again until there are so many. What agents do with an answer is simulated, seeded:

- an answer to a question that the content does not cover, or a wrong one, is rejected in 70 % of the cases: in half of
  these the first answer only, else all of them. In the other 30 % nobody says anything;
- a right first answer is rejected in 5 % and copied or sent in 75 %; if only a later one is right, that one is sent in
  60 % and the first rejected in 20 %;
- nobody reacts to what is offered for chatter.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Self

from pydantic import model_validator

from ingest.gaps.find import Found, find_gaps
from ingest.golden import GoldenQuestion, read_golden
from ingest.jsonl import read_rows
from ingest.load import load
from kb_service.contract import SuggestRequest, SuggestResponse
from kb_service.encoder import load_encoder
from kb_service.errors import KnowledgeBaseError
from kb_service.events.export import read_events
from kb_service.events.records import Asked, Event, Feedback, Offered
from kb_service.knowledge import Knowledge, open_version
from kb_service.records import Record
from kb_service.settings import Settings
from kb_service.suggest import searchable, searched_turns, suggest
from kb_service.versions import read_pointer

EVENTS = 2_000
SEED = 20261123
START = datetime(2026, 11, 1, tzinfo=UTC)
LEAST = 3  # messages of a topic that the group which recovers it must hold; and they are more than half of it
CONTENT = Path("content")


class Message(Record):
    """A row of a set: a topic in words, or a message on a topic, on something single, or on nothing."""

    text: str
    cluster: str | None
    kind: Literal["topic", "gap", "single", "chatter"]

    @property
    def id(self) -> str:
        """Unique in its set."""
        return f"{self.kind}:{self.text}"

    @model_validator(mode="after")
    def _clustered(self) -> Self:
        if (self.cluster is None) != (self.kind in ("single", "chatter")):
            raise ValueError("topic 和 gap 必须有 cluster，single 和 chatter 不能有")
        return self


@dataclass(frozen=True)
class TopicResult:
    """A topic: its messages, those that failed, those in groups of which it is the largest part, how many these are.

    `rank` is that of the group with most of its messages. It is recovered by a group that holds `LEAST` of them, and
    less of everything else.
    """

    name: str
    messages: int
    failed: int
    grouped: int
    groups: int
    rank: int | None
    recovered: bool


@dataclass(frozen=True)
class GapsReport:
    """How well the groups that were reported match the topics.

    `purity`: share of the largest topic in the groups whose largest part is a topic, by messages; `purity_all`: the
    same over all groups, where those of anything else count 0. `false`: groups that are no topic, by what they are.
    `agreement`: Spearman's correlation of the topics' messages and the ranks of their groups.
    """

    events: int
    topics: tuple[TopicResult, ...]
    reported: int
    purity: float
    purity_all: float
    false: dict[str, int]
    agreement: float | None

    @property
    def recovered(self) -> int:
        """Topics of which some group holds enough, and little else."""
        return sum(topic.recovered for topic in self.topics)

    @property
    def coverage(self) -> float:
        """Share of all messages on topics that stand in a group of their topic."""
        return sum(topic.grouped for topic in self.topics) / sum(topic.messages for topic in self.topics)

    def __str__(self) -> str:
        agreement = "-" if self.agreement is None else f"{self.agreement:.2f}"
        false = ", ".join(f"{kind} {count}" for kind, count in sorted(self.false.items())) or "none"
        rows = [
            f"| {topic.name} | {topic.messages} | {topic.failed} | {topic.grouped} | {topic.groups} "
            f"| {topic.rank or '-'} | {'yes' if topic.recovered else 'no'} |"
            for topic in self.topics
        ]
        return "\n".join(
            [
                f"events {self.events}, groups reported {self.reported}",
                f"recovered {self.recovered} of {len(self.topics)}",
                f"purity {self.purity:.3f} of the groups that are a topic, {self.purity_all:.3f} of all groups",
                f"coverage {self.coverage:.3f}, false groups: {false}, rank agreement {agreement}",
                "",
                "| topic | messages | failed | grouped | groups | rank | recovered |",
                "|---|---|---|---|---|---|---|",
                *rows,
            ]
        )


def evaluate_gaps(messages: Path, settings: Settings, count: int = EVENTS, content: Path = CONTENT) -> GapsReport:
    """Ask, simulate, find, score. The golden questions are those of the same split, beside the set.

    `content` is the folder that was published. Raises KnowledgeBaseError if a set cannot be read or nothing is
    published, and ContentError.
    """
    rows = read_rows(messages, Message.model_validate)
    if not any(row.kind == "gap" for row in rows):
        raise KnowledgeBaseError(f"评测集 {messages} 里没有 kind 是 gap 的行")
    knowledge = open_version(settings, read_pointer(settings.home), load_encoder(settings))
    split = "test" if messages.stem.endswith("_test") else "dev"
    golden = read_golden(messages.with_name(f"{split}.jsonl"))
    with TemporaryDirectory(prefix="kb-gaps-") as folder:
        export = Path(folder) / "events.jsonl"
        with export.open("w", encoding="utf-8") as file:
            for asked in simulated(rows, golden, knowledge, count):
                file.write(asked.model_dump_json() + "\n")
        events = list(read_events(export))
        survey = find_gaps(events, knowledge, settings, load(content).content())
    return scored([row for row in rows if row.kind != "topic"], events, survey.gaps, knowledge)


def simulated(
    rows: Sequence[Message], golden: Sequence[GoldenQuestion], knowledge: Knowledge, count: int = EVENTS
) -> Iterator[Asked]:
    """The events, in an order of chance. The ids begin with the kind of question."""
    chance = random.Random(SEED)
    items: list[tuple[str, SuggestRequest, frozenset[str]]] = [
        (row.kind, SuggestRequest(query=row.text), frozenset()) for row in rows if row.kind != "topic"
    ]
    covered = [(_kind(one), one.request(limit=5), frozenset(one.answers)) for one in golden]
    chance.shuffle(covered)
    items += covered[: max(0, count - len(items))]
    items += chance.choices(covered, k=max(0, count - len(items)))
    chance.shuffle(items)
    for number, (kind, request, right) in enumerate(items):
        at = START + timedelta(minutes=number)
        yield _asked(f"{kind}-{number}", at, request, suggest(knowledge, request), right, chance)


def _kind(question: GoldenQuestion) -> str:
    return "outside" if question.slice == "out_of_scope" else "covered"


def _asked(
    name: str,
    at: datetime,
    request: SuggestRequest,
    response: SuggestResponse,
    right: frozenset[str],
    chance: random.Random,
) -> Asked:
    entries = [answer.id for answer in response.answers]
    silent = name.startswith("chatter")
    return Asked(
        id=name,
        at=at,
        kb_version=response.kb_version,
        status=response.status,
        query=searchable(searched_turns(request)),
        confidence=response.answers[0].confidence if response.answers else None,
        issue_type=None,
        answers=tuple(Offered(entry=one.id, kind=one.kind, confidence=one.confidence) for one in response.answers),
        feedback=() if silent else tuple(_feedback(entries, right, at, chance)),
    )


def _feedback(entries: Sequence[str], right: frozenset[str], at: datetime, chance: random.Random) -> Iterator[Feedback]:
    if not entries:
        return
    luck, good = chance.random(), [entry for entry in entries if entry in right]
    said: list[tuple[Event, str]] = []
    if not good:
        said = [("rejected", entry) for entry in (entries[:1] if luck < 0.35 else entries)] if luck < 0.7 else []
    elif good[0] == entries[0]:
        said = [("rejected" if luck < 0.05 else "copied" if luck < 0.4 else "sent", good[0])] if luck < 0.8 else []
    elif luck < 0.8:
        said = [("sent", good[0]) if luck < 0.6 else ("rejected", entries[0])]
    for event, entry in said:
        yield Feedback(event=event, entry=entry, at=at)


def scored(rows: Sequence[Message], events: Sequence[Asked], gaps: Sequence[Found], knowledge: Knowledge) -> GapsReport:
    """Compare groups, best ranked first, with the topics of the messages."""
    topics = {_shown(row.text, knowledge): row.cluster or row.kind for row in rows}
    kinds = {_shown(asked.query, knowledge): asked.id.partition("-")[0] for asked in events}
    named = {row.cluster for row in rows if row.cluster}
    groups = [Counter(topics.get(text, kinds.get(text, "?")) for text in gap.questions) for gap in gaps]
    claims = [group.most_common(1)[0][0] for group in groups]
    claimed = [group for group, claim in zip(groups, claims, strict=True) if claim in named]
    ranked = list(zip(range(1, len(groups) + 1), groups, claims, strict=True))
    results = []
    for name in sorted(named):
        own = [(rank, group) for rank, group, claim in ranked if claim == name]
        results.append(
            TopicResult(
                name=name,
                messages=sum(row.cluster == name for row in rows),
                failed=_failed(name, topics, events, knowledge),
                grouped=sum(group[name] for _, group in own),
                groups=len(own),
                rank=max(own, key=lambda pair: (pair[1][name], -pair[0]))[0] if own else None,
                recovered=any(group[name] >= LEAST and 2 * group[name] > group.total() for _, group in own),
            )
        )
    return GapsReport(
        events=len(events),
        topics=tuple(results),
        reported=len(groups),
        purity=_share(claimed),
        purity_all=_share(groups, named),
        false=dict(Counter(claim for claim in claims if claim not in named)),
        agreement=_agreement([topic for topic in results if topic.rank is not None]),
    )


def _shown(text: str, knowledge: Knowledge) -> str:
    """A message as the gaps show it."""
    return searchable([knowledge.understander.masked(searchable([text]))]).strip()


def _failed(name: str, topics: dict[str, str], events: Sequence[Asked], knowledge: Knowledge) -> int:
    from ingest.gaps.failures import failure_of

    return sum(
        failure_of(asked) is not None and topics.get(_shown(asked.query, knowledge)) == name
        for asked in events
        if asked.id.startswith("gap-")
    )


def _share(groups: Sequence[Counter[str]], named: set[str] | None = None) -> float:
    total = sum(group.total() for group in groups)
    most = [group.most_common(1)[0] for group in groups]
    return sum(count for name, count in most if named is None or name in named) / total if total else 0.0


def _agreement(topics: Sequence[TopicResult]) -> float | None:
    from scipy.stats import spearmanr

    if len({topic.messages for topic in topics}) < 2:
        return None
    return float(spearmanr([topic.messages for topic in topics], [-(topic.rank or 0) for topic in topics]).statistic)
