"""The gate: what quality has to stay above, as rows of `conditions.yaml`. A failed run raises, never scores 0."""

from __future__ import annotations

from pathlib import Path

from eval.assist import evaluate_assist
from eval.run import run_golden
from ingest.conditions import Condition
from ingest.golden import Split, read_golden
from kb_service.errors import KnowledgeBaseError
from kb_service.settings import Settings

ASSIST: dict[str, Split] = {"assist-dev": "dev", "assist-test": "test"}  # what a row may name in place of a set


def gate(conditions: list[Condition], settings: Settings, full: bool) -> tuple[bool, str]:
    """(whether all hold, the table). Raises KnowledgeBaseError for a set or a measure that does not exist."""
    chosen = [condition for condition in conditions if full or not condition.full]
    runs: dict[str, dict[str, dict[str, float]]] = {}
    lines = ["| set | slice | measure | expected | tolerance | found | |", "|---|---|---|---|---|---|---|"]
    passed = True
    for row in chosen:
        if row.set not in runs:
            runs[row.set] = _measures(row.set, settings)
        try:
            value = runs[row.set][row.slice][row.measure]
        except KeyError as error:
            raise KnowledgeBaseError(f"{row.set} 没有 {row.slice} 的 {row.measure}；请改正 conditions.yaml") from error
        holds = row.holds(value)
        passed &= holds
        wanted = f"{'≤' if row.at_most else '≥'} {row.expected:.3f} | {row.tolerance:.3f}"
        verdict = "ok" if holds else "**fails**"
        lines.append(f"| {row.set} | {row.slice} | {row.measure} | {wanted} | {value:.3f} | {verdict} |")
    return passed, "\n".join(lines)


def _measures(name: str, settings: Settings) -> dict[str, dict[str, float]]:
    """Slice -> measure -> value, of a golden set by its path, or of all sets of `kb-eval assist` for one split."""
    if name in ASSIST:
        return {"all": {row.measure: row.found for row in evaluate_assist(ASSIST[name], settings)}}
    path = Path(name)
    return run_golden(read_golden(path), settings, "gate", path).measures
