"""Scripted cases: whether the first action is what a good desk lead expects, turn by turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field

from ingest.jsonl import read_rows
from kb_service.case import Case, Message, OfferMade, StepDone
from kb_service.contract import SuggestRequest, SuggestResponse
from kb_service.records import Emotion, Party, Record

Respond = Callable[[SuggestRequest], SuggestResponse]


class Said(Record):
    """A message of a script; of an image the recognised text."""

    role: Literal["customer", "agent", "system"]
    text: str
    kind: Literal["text", "voice", "image"] = "text"


class Known(Record):
    """What the agent's tool knows at a turn; `refused` are offers."""

    party: Party | None = None
    issue_type: str | None = None
    slots: dict[str, str] = {}
    evidence: tuple[str, ...] = ()
    steps_done: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    emotion: Emotion | None = None
    history: tuple[str, ...] = ()
    authority: str = "agent"

    def case(self) -> Case:
        """The same in the contract's words."""
        return Case(
            party=self.party,
            issue_type=self.issue_type,
            slots=self.slots,
            evidence=list(self.evidence),
            steps_done=[StepDone(id=name) for name in self.steps_done],
            offers=[OfferMade(id=name, outcome="refused") for name in self.refused],
            emotion=self.emotion,
            history=list(self.history),
            authority=self.authority,
        )


class Expected(Record):
    """An acceptable next action."""

    type: str
    id: str


class ScriptTurn(Record):
    """The messages since the turn before, what the tool knows, and what should come next."""

    messages: tuple[Said, ...]
    case: Known = Known()
    expect: tuple[Expected, ...] = Field(min_length=1)


class Script(Record):
    """One case through one flow."""

    id: str
    flow: str
    provenance: str = ""
    turns: tuple[ScriptTurn, ...] = Field(min_length=1)

    def requests(self) -> Iterator[SuggestRequest]:
        """What the service is asked at each turn: the whole conversation so far."""
        messages: list[Message] = []
        for turn in self.turns:
            messages += [Message(role=said.role, text=said.text, kind=said.kind) for said in turn.messages]
            yield SuggestRequest(messages=list(messages), case=turn.case.case())


class Miss(NamedTuple):
    """A turn whose first action was not expected, or whose flow was not found."""

    script: str
    turn: int
    flow: str | None
    expected: tuple[str, ...]
    found: str


class GuidanceResult(NamedTuple):
    """Shares of turns: first action as expected, flow as expected; `by_flow` of the first; the misses."""

    turns: int
    next_action: float
    flow: float
    by_flow: dict[str, float]
    misses: tuple[Miss, ...]


def read_scripts(path: Path) -> list[Script]:
    """The scripts of a JSONL file. Raises KnowledgeBaseError naming the line that cannot be read."""
    return read_rows(path, Script.model_validate)


def evaluate_guidance(path: Path, respond: Respond) -> GuidanceResult:
    """Run every script; a call that fails raises. Raises KnowledgeBaseError for a set that cannot be read."""
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    flows: list[bool] = []
    misses: list[Miss] = []
    for script in read_scripts(path):
        for number, (turn, request) in enumerate(zip(script.turns, script.requests(), strict=True), 1):
            response = respond(request)
            first = response.actions[0] if response.actions else None
            found = f"{first.type}:{first.id}" if first else "none"
            wanted = tuple(f"{one.type}:{one.id}" for one in turn.expect)
            flow = response.guidance.flow if response.guidance else None
            hits[script.flow].append(found in wanted)
            flows.append(flow == script.flow)
            if found not in wanted or flow != script.flow:
                misses.append(Miss(script.id, number, flow, wanted, found))
    every = [hit for turns in hits.values() for hit in turns]
    by_flow = {name: sum(turns) / len(turns) for name, turns in sorted(hits.items())}
    return GuidanceResult(len(every), sum(every) / len(every), sum(flows) / len(flows), by_flow, tuple(misses))
