"""What each component is worth: the same questions, ranked without it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from eval.measures import auroc, paired_p
from ingest.golden import GoldenQuestion
from ingest.publish import publish
from kb_service.catalog import NO_SOUNDS
from kb_service.encoder import Encoder, load_encoder
from kb_service.index import Scope
from kb_service.knowledge import open_version
from kb_service.retrieve import DENSE_SHARE, retrieve
from kb_service.settings import Settings
from kb_service.suggest import effective_query
from kb_service.text import has_words
from kb_service.versions import read_pointer

_APART = ("two_issues", "point_in_time")


def _both_sides(question: GoldenQuestion) -> str:
    return effective_query(question.request())


def _last_turn(question: GoldenQuestion) -> str:
    return question.asked


@dataclass(frozen=True)
class Variant:
    """The service without one component: content files left out, another dense share, or another query."""

    name: str
    without: str = ""
    dense_share: float = DENSE_SHARE
    query: Callable[[GoldenQuestion], str] = _both_sides
    sounds: bool = True


VARIANTS = (
    Variant("everything"),
    Variant("without the dense leg", dense_share=0.0),
    Variant("without the sparse leg", dense_share=1.0),
    Variant("without content/phrasings", without="phrasings"),
    Variant("without content/elsewhere.yaml", without="elsewhere.yaml"),
    Variant("without pairs that sound alike", sounds=False),
    Variant("conversations by their last turn", query=_last_turn),
)


@dataclass(frozen=True)
class _Result:
    hits: dict[str, float]  # single-issue question -> 1 if the first entry answers
    auroc: float  # answerable against out of scope, by the confidence of the first entry


def ablate(questions: Sequence[GoldenQuestion], settings: Settings, root: Path) -> str:
    """A Markdown table: hit@1 over single-issue questions, difference and p-value, AUROC of the confidence."""
    encoder = load_encoder(settings)
    chosen = [question for question in questions if question.slice not in _APART]
    results = {variant.name: _measure(variant, chosen, encoder, settings, root) for variant in VARIANTS}
    whole = results["everything"]
    lines = ["| variant | hit@1 | difference | p | AUROC |", "|---|---|---|---|---|"]
    for name, found in results.items():
        mean, base = (sum(item.hits.values()) / len(item.hits) for item in (found, whole))
        difference, p = "", ""
        if found is not whole:
            difference = f"{mean - base:+.3f}"
            p = f"{paired_p([found.hits[key] for key in whole.hits], list(whole.hits.values())):.4f}"
        lines.append(f"| {name} | {mean:.3f} | {difference} | {p} | {found.auroc:.3f} |")
    return "\n".join(lines)


def _measure(
    variant: Variant, questions: Sequence[GoldenQuestion], encoder: Encoder, settings: Settings, root: Path
) -> _Result:
    with tempfile.TemporaryDirectory(prefix="kb-ablate-") as scratch:
        home, content = Path(scratch) / "home", Path(scratch) / "content"
        home.mkdir()
        for shared in ("models", "cache"):
            (home / shared).symlink_to((settings.home / shared).resolve())
        shutil.copytree(root, content)
        if variant.without:
            left_out = content / variant.without
            shutil.rmtree(left_out) if left_out.is_dir() else left_out.unlink()
        there = settings.model_copy(update={"home": home})
        publish(content, there)
        knowledge = open_version(there, read_pointer(home), encoder)
        source = knowledge.searchable if variant.sounds else replace(knowledge.searchable, sounds=NO_SOUNDS)
        now, hits, confidence, inside = datetime.now(UTC), {}, [], []
        for question in questions:
            text = variant.query(question)
            scope = Scope(question.audience or "agent", now, now)
            entries = retrieve(source, text, scope, 1, variant.dense_share).entries if has_words(text) else []
            confidence.append(entries[0].confidence if entries else 0.0)
            inside.append(bool(question.relevant))
            if question.relevant:
                hits[question.id] = float(bool(entries) and entries[0].entry in question.answers)
        return _Result(hits, auroc(confidence, inside))
