"""What the content has for each issue type, kind by kind and stage by stage, and which gaps matter; as Markdown.

An entry written for a type above, such as a template for all of `trade`, serves the types below it as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kb_service.content import Content, Flow, Policy, Template
from kb_service.records import ancestors

Typed = TypeVar("Typed", Policy, Template, Flow)

FEWEST_FAQS = 3  # articles that every leaf of the issue types needs


@dataclass(frozen=True)
class Count:
    """How many entries name the issue type itself (`own`) and how many only a type above it."""

    own: int
    above: int = 0

    def __str__(self) -> str:
        return f"{self.own}+{self.above}" if self.above else str(self.own)

    def __bool__(self) -> bool:
        return bool(self.own or self.above)


@dataclass(frozen=True)
class StageCoverage:
    """One stage of an issue type: its templates, and the steps that its flows take there."""

    templates: Count
    steps: int


@dataclass(frozen=True)
class Coverage:
    """What there is for one issue type that has none below it; `stages` has every stage of the taxonomy."""

    issue_type: str
    label: str
    faqs: int
    phrasings: int
    policies: Count
    templates: Count
    flows: Count
    stages: Mapping[str, StageCoverage]


@dataclass(frozen=True)
class Gap:
    """An empty cell that matters: `column` is `faq`, `flow` or a stage."""

    issue_type: str
    column: str
    message: str


def coverage(content: Content) -> tuple[Coverage, ...]:
    """One row for every leaf of the issue types, in the order of the taxonomy."""
    types = content.taxonomy.issue_types
    leaves = [name for name in types if not any(other.startswith(f"{name}.") for other in types)]
    return tuple(_row(content, name) for name in leaves)


def _row(content: Content, issue_type: str) -> Coverage:
    faqs = [faq for faq in content.faqs if faq.issue_type == issue_type]
    templates = _serving(content.templates, issue_type)
    flows = _serving(content.flows, issue_type)
    return Coverage(
        issue_type,
        content.taxonomy.issue_types[issue_type],
        len(faqs),
        sum(len(faq.questions) + len(faq.more_questions) for faq in faqs),
        _count(_serving(content.policies, issue_type), issue_type),
        _count(templates, issue_type),
        _count(flows, issue_type),
        {
            stage: StageCoverage(
                _count([template for template in templates if template.stage == stage], issue_type),
                sum(step.stage == stage for flow in flows for step in flow.steps),
            )
            for stage in content.taxonomy.stages
        },
    )


def _serving(entries: Sequence[Typed], issue_type: str) -> list[Typed]:
    wanted = set(ancestors(issue_type))
    return [entry for entry in entries if wanted.intersection(entry.issue_types)]


def _count(entries: Sequence[Policy | Template | Flow], issue_type: str) -> Count:
    own = sum(issue_type in entry.issue_types for entry in entries)
    return Count(own, len(entries) - own)


def gaps(rows: Sequence[Coverage], stages: Mapping[str, str]) -> Iterator[Gap]:
    """The gaps that matter: fewer than `FEWEST_FAQS` articles, no flow, no template for a stage that a flow reaches."""
    for row in rows:
        if row.faqs < FEWEST_FAQS:
            yield Gap(row.issue_type, "faq", f"常见问题 {row.faqs} 篇，至少要 {FEWEST_FAQS} 篇")
        if not row.flows:
            yield Gap(row.issue_type, "flow", "没有流程")
        for stage, cell in row.stages.items():
            if cell.steps and not cell.templates:
                yield Gap(row.issue_type, stage, f"流程有“{stages[stage]}”的步骤，没有这个阶段的模板")


def report(content: Content) -> str:
    """Totals, both tables of coverage and the gaps, as one Markdown text."""
    rows, stages = coverage(content), content.taxonomy.stages
    found = list(gaps(rows, stages))
    labels = {row.issue_type: f"{row.issue_type} {row.label}" for row in rows}
    lines = [f"- {labels[gap.issue_type]}：{gap.message}" for gap in found]
    return "\n".join(
        [
            "## 总数",
            *_table(["类别", "数量"], _totals(content)),
            "## 问题类型 × 类别",
            "加号之后是写给上级类型、也适用的；“缺”是要补的。",
            *_table(
                ["问题类型", "常见问题", "问法", "规则", "模板", "流程"], [_kinds(row, labels, found) for row in rows]
            ),
            "## 问题类型 × 阶段",
            "每格：模板数 / 流程步骤数。",
            *_table(["问题类型", *stages.values()], [_stages(row, labels, found) for row in rows]),
            "## 缺口",
            *(lines or ["没有缺口"]),
        ]
    )


def _totals(content: Content) -> list[list[str]]:
    clauses = [clause for policy in content.policies for clause in policy.clauses]
    closed = sum(clause.valid_until is not None for clause in clauses)
    shown = sum(len(faq.questions) for faq in content.faqs)
    hidden = sum(len(faq.more_questions) for faq in content.faqs)
    elsewhere = sum(len(group.questions) for group in content.elsewhere.values())
    return [
        ["常见问题", str(len(content.faqs))],
        ["问法", f"{shown}，另有不展示的 {hidden}、不回答的 {elsewhere}"],
        ["规则", str(len(content.policies))],
        ["条款", f"{len(clauses)}，其中已定失效日的 {closed}"],
        ["模板", str(len(content.templates))],
        ["流程", str(len(content.flows))],
        ["事实", str(len(content.facts))],
    ]


def _kinds(row: Coverage, labels: Mapping[str, str], found: Sequence[Gap]) -> list[str]:
    return [
        labels[row.issue_type],
        _marked(row, "faq", str(row.faqs), found),
        str(row.phrasings),
        str(row.policies),
        str(row.templates),
        _marked(row, "flow", str(row.flows), found),
    ]


def _stages(row: Coverage, labels: Mapping[str, str], found: Sequence[Gap]) -> list[str]:
    cells = [_marked(row, stage, f"{cell.templates} / {cell.steps}", found) for stage, cell in row.stages.items()]
    return [labels[row.issue_type], *cells]


def _marked(row: Coverage, column: str, text: str, found: Sequence[Gap]) -> str:
    missing = any((gap.issue_type, gap.column) == (row.issue_type, column) for gap in found)
    return f"{text} **缺**" if missing else text


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table with a blank line before and after."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return ["", *(f"| {' | '.join(row)} |" for row in (head, rule, *rows)), ""]
