"""Two runs over the same questions: what changed, question by question, then the means with p-values."""

from __future__ import annotations

from collections.abc import Callable

from eval.measures import interval, paired_p
from eval.run import DEPTH, Outcome, Run
from kb_service.errors import KnowledgeBaseError

MEASURES: dict[str, Callable[[Outcome], float]] = {
    "hit@1": lambda outcome: float(place(outcome) == 1),
    "hit@3": lambda outcome: float(place(outcome) <= 3),
    f"mrr@{DEPTH}": lambda outcome: 1 / place(outcome) if place(outcome) <= DEPTH else 0.0,
}
SHOWN = 40  # questions whose place changed


def place(outcome: Outcome) -> int:
    """The place of the first entry that answers, from 1; one more than the depth if there is none."""
    return next((n for n, entry in enumerate(outcome.ranking, 1) if entry in outcome.expected), DEPTH + 1)


def compare(old: Run, new: Run) -> str:
    """Markdown: rank changes by question, largest first, then means. Raises KnowledgeBaseError if the sets differ."""
    before = {outcome.id: outcome for outcome in old.outcomes if outcome.expected}
    after = {outcome.id: outcome for outcome in new.outcomes if outcome.expected}
    if before.keys() != after.keys():
        odd = sorted(before.keys() ^ after.keys())[0]
        raise KnowledgeBaseError(f"两次评测的题目不同（例如 {odd}）；请用同一个评测集各跑一次再比较")
    moved = [(place(before[name]), place(after[name]), name) for name in before]
    changed = sorted(
        (row for row in moved if row[0] != row[1]), key=lambda row: (-abs(1 / row[0] - 1 / row[1]), row[2])
    )
    lines = [
        f"# {old.name} -> {new.name}",
        "",
        f"{len(before)} questions; {sum(new < old for old, new, _ in changed)} better, "
        f"{sum(new > old for old, new, _ in changed)} worse",
        "",
        "| question | place | text | first before | first after |",
        "|---|---|---|---|---|",
    ]
    for was, now, name in changed[:SHOWN]:
        one, other = before[name], after[name]
        firsts = " | ".join(item.ranking[0] if item.ranking else "—" for item in (one, other))
        lines.append(f"| {name} | {was} -> {now} | {one.text[:40].replace('|', '/')} | {firsts} |")
    lines += ["", "| measure | before | after | difference (95 % interval) | p |", "|---|---|---|---|---|"]
    for label, value in MEASURES.items():
        ones, others = [value(before[name]) for name in before], [value(after[name]) for name in before]
        low, high = interval([b - a for a, b in zip(ones, others, strict=True)])
        means = sum(ones) / len(ones), sum(others) / len(others)
        lines.append(
            f"| {label} | {means[0]:.3f} | {means[1]:.3f} | {means[1] - means[0]:+.3f} ({low:+.3f} … {high:+.3f}) | "
            f"{paired_p(ones, others):.4f} |"
        )
    return "\n".join(lines)
