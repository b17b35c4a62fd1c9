"""Problems as text for people, and as JSON, GitHub annotations and SARIF for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Literal
from urllib.parse import quote

from ingest.rules.registry import RULES, refusing
from kb_service.errors import Problem

Format = Literal["text", "json", "github", "sarif"]
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def written(problems: Sequence[Problem], form: Format) -> str:
    """All problems in the order of their places, in one of the formats."""
    writers: dict[Format, Callable[[Sequence[Problem]], str]] = {
        "text": _text,
        "json": _json,
        "github": _github,
        "sarif": _sarif,
    }
    return writers[form](sorted(problems))


def _text(problems: Sequence[Problem]) -> str:
    lines = [f"{problem}{'' if _grave(problem) else '  （提醒）'}" for problem in problems]
    if errors := len(refusing(problems)):
        lines.append(f"\n共 {errors} 个问题；全部改好之前不会发布任何内容。")
    if warnings := len(problems) - len(refusing(problems)):
        lines.append(f"\n共 {warnings} 处提醒，不影响发布。")
    return "\n".join(lines)


def _json(problems: Sequence[Problem]) -> str:
    rows = [
        {
            "file": problem.file,
            "line": problem.line,
            "field": problem.field,
            "rule": problem.rule,
            "level": RULES[problem.rule].level,
            "message": problem.message,
        }
        for problem in problems
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def _github(problems: Sequence[Problem]) -> str:
    """Workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions."""

    def escaped(text: str, *more: str) -> str:
        for mark in ("%", "\r", "\n", *more):
            text = text.replace(mark, f"%{ord(mark):02X}")
        return text

    def line(problem: Problem) -> str:
        place = f"file={escaped(problem.file, ':', ',')},line={problem.line},title={problem.rule}"
        words = f"{problem.field}：{problem.message}" if problem.field else problem.message
        return f"::{RULES[problem.rule].level} {place}::{escaped(words)}"

    return "\n".join(map(line, problems))


def _sarif(problems: Sequence[Problem]) -> str:
    """SARIF 2.1.0 (OASIS), one run; the rules are listed whether or not they were broken."""
    rules = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.title},
            "help": {"text": f"docs/editors.md#{rule.id}"},  # helpUri would have to be absolute
            "defaultConfiguration": {"level": rule.level},
        }
        for rule in RULES.values()
    ]
    driver = {"name": "kb-content check", "rules": rules}
    run = {"tool": {"driver": driver}, "results": [_result(problem) for problem in problems]}
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _result(problem: Problem) -> dict[str, Any]:
    location = {"artifactLocation": {"uri": quote(problem.file)}, "region": {"startLine": problem.line}}
    words = f"{problem.field}：{problem.message}" if problem.field else problem.message
    return {
        "ruleId": problem.rule,
        "level": RULES[problem.rule].level,
        "message": {"text": words},
        "locations": [{"physicalLocation": location}],
    }


def _grave(problem: Problem) -> bool:
    return RULES[problem.rule].level == "error"
