"""What the service understands, suggests to do and finds in drafts, measured: emotion, facts, guidance, review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from eval.emotion import evaluate_emotion
from eval.facts import evaluate_facts
from eval.guidance import evaluate_guidance
from eval.number_drill import number_drill
from eval.review import evaluate_review
from ingest.golden import Split
from kb_service.case import Message
from kb_service.encoder import load_encoder
from kb_service.knowledge import Knowledge, open_version
from kb_service.settings import Settings
from kb_service.suggest import suggest
from kb_service.versions import read_pointer

GOLDEN = Path("eval/golden")
SHOWN = 12  # errors of each kind that are listed


class Row(NamedTuple):
    """One measure: its bar, what was found, and the errors behind it."""

    measure: str
    bar: float
    at_most: bool
    found: float
    of: str
    errors: Sequence[str] = ()

    @property
    def met(self) -> bool:
        """Whether the bar is reached."""
        return self.found <= self.bar if self.at_most else self.found >= self.bar


def evaluate_assist(split: Split, settings: Settings) -> list[Row]:
    """All measures over the sets of one split, on the published version. Raises KnowledgeBaseError for a bad set."""
    knowledge = open_version(settings, read_pointer(settings.home), load_encoder(settings))
    return [
        *_emotion(GOLDEN / f"emotion_{split}.jsonl", knowledge),
        *_facts(GOLDEN / f"facts_{split}.jsonl", knowledge),
        *_review(GOLDEN / f"review_{split}.jsonl", knowledge),
        *_guidance(GOLDEN / f"guidance_{split}.jsonl", knowledge),
    ]


def assist_table(rows: Sequence[Row]) -> str:
    """The measures as a Markdown table, then the first errors of each."""
    lines = ["| measure | bar | found | of |", "|---|---|---|---|"]
    for row in rows:
        found = f"{row.found:.3f}" if row.met else f"**{row.found:.3f}**"
        lines.append(f"| {row.measure} | {'≤' if row.at_most else '≥'} {row.bar:g} | {found} | {row.of} |")
    for row in rows:
        if row.errors:
            lines += ["", f"### {row.measure}: the first of {len(row.errors)} errors", ""]
            lines += [f"- {error}" for error in row.errors[:SHOWN]]
    return "\n".join(lines)


def _emotion(path: Path, knowledge: Knowledge) -> list[Row]:
    def feel(text: str) -> str:
        return knowledge.understander.hear([Message(role="customer", text=text)], datetime.now(UTC)).felt.label

    result = evaluate_emotion(path, feel)
    errors = [f"{one.expected} read as {one.found}: {one.text}" for one in result.errors]
    return [Row("emotion, macro F1", 0.80, False, result.macro_f1, f"{result.rows} messages", errors)]


def _facts(path: Path, knowledge: Knowledge) -> list[Row]:
    lexicon = knowledge.catalog.content.lexicon
    scores, drill = evaluate_facts(path, lexicon), number_drill(lexicon)
    marks = scores.micro.right + scores.micro.missed
    return [
        Row("facts and personal data, micro F1", 0.95, False, scores.micro.f1, f"{marks} marks", scores.errors),
        Row("facts: values right", 0.95, False, scores.micro.value_accuracy, "found facts"),
        Row("personal numbers missed", 0, True, len(drill.misses), f"{drill.personal} generated", drill.misses),
        Row(
            "order and parcel numbers taken for personal data",
            0.01,
            True,
            drill.false_alarm_rate,
            f"{drill.others} generated",
            drill.false_alarms,
        ),
    ]


def _review(path: Path, knowledge: Knowledge) -> list[Row]:
    result = evaluate_review(path, knowledge.reviewer)
    return [
        Row(
            "review findings, precision",
            0.90,
            False,
            result.overall.precision,
            f"{result.drafts} drafts",
            result.errors,
        ),
        Row("review findings, recall", 0.85, False, result.overall.recall, f"{result.drafts} drafts"),
    ]


def _guidance(path: Path, knowledge: Knowledge) -> list[Row]:
    result = evaluate_guidance(path, lambda request: suggest(knowledge, request))
    errors = [
        f"{miss.script} turn {miss.turn}: {miss.found} instead of {', '.join(miss.expected)}" for miss in result.misses
    ]
    return [
        Row("guidance: the next thing to do", 0.90, False, result.next_action, f"{result.turns} turns", errors),
        Row("guidance: the right procedure", 0.90, False, result.flow, f"{result.turns} turns"),
    ]
