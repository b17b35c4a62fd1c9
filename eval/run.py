"""Golden questions through the service's own pipeline: outcomes per question, measures per slice, history."""

from __future__ import annotations

import json
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from eval.measures import auroc, calibration_error, false_answers, macro_f1, ranking_measures
from ingest.golden import GoldenQuestion
from kb_service.contract import SuggestResponse
from kb_service.encoder import load_encoder
from kb_service.errors import KnowledgeBaseError
from kb_service.knowledge import Knowledge, open_version
from kb_service.records import Record
from kb_service.retrieve import Ranking
from kb_service.settings import Settings
from kb_service.suggest import rank_case, suggest
from kb_service.versions import read_pointer

DEPTH = 10  # entries of a ranking that are kept and measured
FIRST = 4  # answers among which both of two issues should stand
CITING = 3  # answers among whose citations the clause in force should stand
SINGLE = "single issue"  # the slices that ask one answerable thing
RESTRICTED = "restricted audience"  # asked by the desk; what answers is hidden from the public
_APART = ("two_issues", "point_in_time", "out_of_scope")


class Outcome(Record):
    """What one question got.

    `cited`: whether the expected clause is cited, `in_force`: in the wording then in force. `leaked`: whether a public
    asker finds what only the desk may see.
    """

    id: str
    slice: str
    text: str
    expected: tuple[str, ...]
    ranking: tuple[str, ...]
    confidence: float
    status: str
    issue_type: str | None
    templates: tuple[str, ...]
    related: tuple[str, ...]
    cited: bool | None = None
    in_force: bool | None = None
    clean_hit: bool | None = None
    leaked: bool | None = None
    milliseconds: float
    parts: tuple[dict[str, float | None], ...] = ()

    @property
    def hit(self) -> bool:
        """Whether the first entry answers."""
        return bool(self.ranking) and self.ranking[0] in self.expected


class Run(Record):
    """One evaluation: where it comes from, its measures by slice, its outcomes."""

    name: str
    date: str
    set: str
    commit: str
    kb_version: str
    content_hash: str
    model: str
    settings: dict[str, Any]
    measures: dict[str, dict[str, float]]
    outcomes: tuple[Outcome, ...] = ()


def run_golden(questions: Sequence[GoldenQuestion], settings: Settings, name: str, path: Path) -> Run:
    """Ask every question of the published version. A question that fails raises; it never scores 0."""
    knowledge = open_version(settings, read_pointer(settings.home), load_encoder(settings))
    outcomes = [
        _ask(knowledge, question) for question in tqdm(questions, desc="评测", unit="题", leave=False, disable=None)
    ]
    return Run(
        name=name,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        set=path.as_posix(),
        commit=_commit(),
        kb_version=knowledge.version,
        content_hash=knowledge.manifest.content_hash,
        model=f"{knowledge.manifest.encoder} {knowledge.manifest.encoder_fingerprint[:12]}",
        settings={"encoder": settings.encoder, "model": settings.model},
        measures=measure(questions, outcomes, knowledge),
        outcomes=tuple(outcomes),
    )


def _ask(knowledge: Knowledge, question: GoldenQuestion) -> Outcome:
    request = question.request(DEPTH)
    begun = time.perf_counter()
    response = suggest(knowledge, request)
    milliseconds = (time.perf_counter() - begun) * 1000
    ranking = rank_case(knowledge, request)  # also what `suggest` held back for want of confidence
    cited, in_force = _citation(question, response)
    types = response.understanding.issue_types if response.understanding else []
    return Outcome(
        id=question.id,
        slice=question.slice,
        text=question.asked,
        expected=tuple(sorted(question.answers)),
        ranking=tuple(hit.entry for hit in ranking.entries),
        confidence=ranking.entries[0].confidence if ranking.entries else 0.0,
        status=response.status,
        issue_type=types[0].id if types else None,
        templates=tuple(template.id for template in response.templates),
        related=tuple(item.id for item in response.related),
        cited=cited,
        in_force=in_force,
        clean_hit=_clean_hit(knowledge, question),
        leaked=_leaked(knowledge, question),
        milliseconds=round(milliseconds, 3),
        parts=_parts(ranking),
    )


def _clean_hit(knowledge: Knowledge, question: GoldenQuestion) -> bool | None:
    """Whether the same question without its errors would have been answered first."""
    if question.clean is None:
        return None
    request = question.model_copy(update={"text": question.clean}).request(1)
    return rank_case(knowledge, request).entries[0].entry in question.answers


def _leaked(knowledge: Knowledge, question: GoldenQuestion) -> bool | None:
    """Whether the same question, asked by the public, finds an entry of a higher audience."""
    if question.audience is None:
        return None
    request = question.model_copy(update={"audience": "public"}).request(DEPTH)
    found = {hit.entry for hit in rank_case(knowledge, request).entries}
    faqs = knowledge.catalog.faqs
    return any(faqs[entry].audience != "public" for entry in found & faqs.keys())


def _citation(question: GoldenQuestion, response: SuggestResponse) -> tuple[bool | None, bool | None]:
    """Whether an expected clause is cited by the first answers, and whether in the wording that was in force."""
    if question.wording is None:
        return None, None
    wording = "".join(question.wording.split())
    texts = [
        "".join(citation.text.split())
        for answer in response.answers[:CITING]
        for citation in answer.citations
        if citation.clause in question.answers
    ]
    return bool(texts), any(text.startswith(wording) for text in texts) if texts else None


def _parts(ranking: Ranking) -> tuple[dict[str, float | None], ...]:
    names = ("dense", "sparse", "fused", "dense_lead", "sparse_lead", "confidence")
    return tuple(
        {name: None if (value := getattr(hit, name)) is None else round(value, 4) for name in names}
        for hit in ranking.entries[:3]
    )


def measure(
    questions: Sequence[GoldenQuestion], outcomes: Sequence[Outcome], knowledge: Knowledge
) -> dict[str, dict[str, float]]:
    """Slice -> measure -> value. `all` holds what needs answerable and out-of-scope questions together."""
    found: dict[str, dict[str, float]] = {}
    by_slice: defaultdict[str, list[tuple[GoldenQuestion, Outcome]]] = defaultdict(list)
    for question, outcome in zip(questions, outcomes, strict=True):
        by_slice[question.slice].append((question, outcome))
        if question.audience and question.slice not in _APART:
            by_slice[RESTRICTED].append((question, outcome))
        if question.slice not in _APART:
            by_slice[SINGLE].append((question, outcome))
    for name, pairs in sorted(by_slice.items()):
        found[name] = _slice_measures(pairs)
    found["all"] = _abstention(outcomes) | _assistance(questions, outcomes, knowledge)
    return found


def _slice_measures(pairs: Sequence[tuple[GoldenQuestion, Outcome]]) -> dict[str, float]:
    values: dict[str, float] = {"questions": len(pairs)}
    if pairs[0][0].slice == "out_of_scope":
        values["answered"] = _mean(outcome.status == "answered" for _, outcome in pairs)
        return values
    judged = {question.id: dict(question.relevant) for question, _ in pairs}
    rankings = {outcome.id: outcome.ranking for _, outcome in pairs}
    for name, per_question in ranking_measures(judged, rankings).items():
        values[name] = _mean(per_question.values())
    if any(outcome.clean_hit is not None for _, outcome in pairs):
        both = [(outcome.hit, outcome.clean_hit) for _, outcome in pairs if outcome.clean_hit is not None]
        values["hit@1 if clean"] = _mean(clean for _, clean in both)
        values["loss"] = values["hit@1 if clean"] - _mean(hit for hit, _ in both)
    if all(outcome.leaked is not None for _, outcome in pairs):
        values["found by the public"] = _mean(outcome.leaked for _, outcome in pairs)
    if pairs[0][0].slice == "two_issues":
        values[f"both@{FIRST}"] = _mean(
            len(set(outcome.ranking[:FIRST]) & question.answers) > 1 for question, outcome in pairs
        )
    if pairs[0][0].slice == "point_in_time":
        cited = [outcome for _, outcome in pairs if outcome.cited]
        values["clause cited"] = _mean(bool(outcome.cited) for _, outcome in pairs)
        values["in force if cited"] = _mean(bool(outcome.in_force) for outcome in cited)
    return values


def _abstention(outcomes: Sequence[Outcome]) -> dict[str, float]:
    answerable = [outcome for outcome in outcomes if outcome.expected]
    outside = [outcome for outcome in outcomes if not outcome.expected]
    values = {
        "ece": calibration_error([o.confidence for o in outcomes], [o.hit for o in outcomes]),
        "ms p50": sorted(o.milliseconds for o in outcomes)[len(outcomes) // 2],
    }
    if outside and answerable:
        inside = [o.confidence for o in answerable]
        values["auroc"] = auroc([o.confidence for o in outcomes], [bool(o.expected) for o in outcomes])
        values["false answers@0.9"] = false_answers(inside, [o.confidence for o in outside], 0.9)
    return values


def _assistance(
    questions: Sequence[GoldenQuestion], outcomes: Sequence[Outcome], knowledge: Knowledge
) -> dict[str, float]:
    """Templates, related questions and issue types, over the questions that were answered or judged."""
    faqs = knowledge.catalog.faqs
    templates, related, expected, found = [], [], [], []
    for question, outcome in zip(questions, outcomes, strict=True):
        if question.templates and question.slice not in _APART:
            templates.append(bool(outcome.templates) and outcome.templates[0] in question.templates)
        answers = [entry for entry in sorted(question.answers) if entry in faqs]
        if answers and question.slice not in _APART:
            near = {other for entry in answers for other in faqs[entry].related} | question.relevant.keys()
            related += [name in near for name in outcome.related]
        if question.issue_types and question.slice not in _APART:
            found.append(outcome.issue_type or "")
            expected.append(found[-1] if found[-1] in question.issue_types else question.issue_types[0])
    values = {}
    if templates:
        values["first template acceptable"] = _mean(templates)
    if expected:
        values["related useful"] = _mean(related)
        values["issue type F1"] = macro_f1(expected, found)
        values["issue type F1, first level"] = macro_f1(
            *([name.split(".")[0] for name in x] for x in (expected, found))
        )
    return values


def _mean(values: Iterable[float | bool | None]) -> float:
    numbers = [float(value or 0) for value in values]
    return sum(numbers) / len(numbers) if numbers else 0.0


# ── keeping runs: a row of history is committed, outcomes stay on the machine


def save_run(run: Run, history: Path, folder: Path) -> None:
    """Append the run's row to the history, and keep its outcomes for `compare` and `report`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{run.name}.json").write_text(run.model_dump_json(), encoding="utf-8")
    with history.open("a", encoding="utf-8") as file:
        file.write(json.dumps(run.model_dump(exclude={"outcomes"}, mode="json"), ensure_ascii=False) + "\n")


def load_run(name: str, folder: Path) -> Run:
    """A kept run by name. Raises KnowledgeBaseError naming those there are."""
    path = folder / f"{name}.json"
    if not path.is_file():
        known = "、".join(sorted(other.stem for other in folder.glob("*.json"))) or "（无）"
        raise KnowledgeBaseError(f"没有评测“{name}”的记录；有的是：{known}。先运行 kb-eval run --name {name}")
    return Run.model_validate_json(path.read_bytes())


def read_history(history: Path) -> list[Run]:
    """All rows, oldest first; empty if there is no history yet."""
    if not history.is_file():
        return []
    return [Run.model_validate_json(line) for line in history.read_text("utf-8").splitlines() if line.strip()]


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def table(run: Run, only: Callable[[str], bool] = lambda _: True) -> str:
    """The measures as a Markdown table, a slice a row."""
    names = ["questions", "hit@1", "hit@3", "mrr@10", "ndcg@10", "recall@10"]
    lines = [f"| slice | {' | '.join(names)} | also |", "|---" * (len(names) + 2) + "|"]
    for name, values in run.measures.items():
        if name == "all" or not only(name):
            continue
        also = ", ".join(f"{key} {value:.3f}" for key, value in values.items() if key not in names)
        cells = [f"{values[key]:.3f}" if key in values and key != "questions" else "" for key in names[1:]]
        lines.append(f"| {name} | {values['questions']:.0f} | {' | '.join(cells)} | {also} |")
    lines += ["", *(f"- {key}: {value:.3f}" for key, value in run.measures["all"].items())]
    return "\n".join(lines)
