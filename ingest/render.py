"""Writes facts and clause references out: `{{fact:refund.review_hours}}` becomes `24小时`.

`{{slot:order_id}}` is left in templates and flows; the reply fills it from the case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel

from kb_service.content import Content, Fact, Policy

PLACEHOLDER = re.compile(r"\{\{\s*(?P<kind>[a-z]+)\s*:\s*(?P<name>[^{}]*?)\s*\}\}")
# Blanks that a writer typed beside a fact for legibility; Chinese has none there once it is written out.
_BLANK_BEFORE = re.compile(r"(?<=[\u3400-\u9fff，。；：、]) (?=\{\{(?:fact|clause):)")
_BLANK_AFTER = re.compile(r"(?P<placeholder>\{\{(?:fact|clause):[^{}]*\}\}) (?=[\u3400-\u9fff])")
KINDS = ("fact", "clause", "slot")

Model = TypeVar("Model", bound=BaseModel)


def clause_labels(policies: tuple[Policy, ...]) -> dict[str, str]:
    """Clause reference -> how a text cites it, e.g. `《退款规则》第12条`."""
    return {
        f"{policy.id}#{clause.id}": f"《{policy.title}》{clause.number}"
        for policy in policies
        for clause in policy.clauses
    }


def render_content(content: Content) -> Content:
    """The content with every fact and clause reference written out. The references must have been checked."""
    write_out = _writer(content.facts, clause_labels(content.policies))
    changed = {
        name: _map_text(getattr(content, name), write_out)
        for name in ("faqs", "policies", "templates", "flows", "cases", "desk")
    }
    return content.model_copy(update=changed)


def texts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of a record with its path inside it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from texts(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, (*path, key))
    elif isinstance(value, tuple):
        for n, item in enumerate(value):
            yield from texts(item, (*path, n))


def _writer(facts: dict[str, Fact], clauses: dict[str, str]) -> Callable[[str], str]:
    def replace(match: re.Match[str]) -> str:
        if match["kind"] == "fact":
            return facts[match["name"]].display
        if match["kind"] == "clause":
            return clauses[match["name"]]
        return f"{{{{slot:{match['name']}}}}}"

    def write_out(text: str) -> str:
        if "{{" not in text:
            return text
        return PLACEHOLDER.sub(replace, _BLANK_AFTER.sub(r"\g<placeholder>", _BLANK_BEFORE.sub("", text)))

    return write_out


def _map_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, BaseModel):
        return value.model_copy(
            update={name: _map_text(getattr(value, name), change) for name in type(value).model_fields}
        )
    if isinstance(value, dict):
        return {key: _map_text(item, change) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_map_text(item, change) for item in value)
    return value
