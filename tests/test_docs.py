"""Documentation as tests: what it names exists, and what exists is named."""

from __future__ import annotations

import argparse
import ast
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

import eval.cli
import ingest.cli
from ingest.check import check
from ingest.rules.registry import RULES
from kb_service import case, casework, contract
from kb_service.api.routes import calls, router
from kb_service.case import Case, Contract, Message
from kb_service.casework import NoteRequest, QueueRequest, ReviewRequest
from kb_service.contract import SearchRequest, SuggestRequest
from kb_service.errors import KnowledgeBaseError
from kb_service.events import feedback
from kb_service.events.feedback import FeedbackRequest
from kb_service.settings import Settings
from tests.conftest import ROOT
from tests.ingest.edits import TODAY

README = (ROOT / "README.md").read_text("utf-8")
API = (ROOT / "docs" / "api.md").read_text("utf-8")
EDITORS = (ROOT / "docs" / "editors.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "content" / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]


# ── README


def test_the_settings_table_is_the_settings() -> None:
    found = re.findall(r"^\| `(KB_[A-Z_]+)` \|(.*?)\|(.*?)\|$", README, re.M)
    rows = {name: (default.strip(" `"), meaning.strip()) for name, default, meaning in found}
    expected = {
        f"KB_{name.upper()}": (str(field.default), field.description) for name, field in Settings.model_fields.items()
    }
    assert rows == expected


def test_every_route_is_named() -> None:
    for path in routes():
        assert path in README
        assert path in API


def test_the_readmes_articles_exist() -> None:
    loaded = check(ROOT / "content")
    assert loaded.taxonomy is not None
    known = loaded.places.keys() | loaded.taxonomy.issue_types.keys()
    named = set(re.findall(r'"id": "((?:trade|tpl)\.[a-z.-]+)"', README))
    assert len(named) >= 3
    assert named - known == set()


def test_the_writers_guide_says_that_the_content_is_invented() -> None:
    guide = (ROOT / "content" / "README.md").read_text("utf-8")
    assert "虚构" in guide
    assert "不是任何真实平台的规则" in guide


# ── commands, settings and links, on all pages


def verbs(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The verbs of a command line, `model build` for a verb below a verb."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                deeper = [f"{name} {verb}" for verb in verbs(below)]
                yield from deeper or [name]


@pytest.mark.parametrize(("program", "parser"), [("kb-content", ingest.cli._parser), ("kb-eval", eval.cli._parser)])
def test_every_verb_is_named_and_every_named_verb_exists(
    program: str, parser: Callable[[], argparse.ArgumentParser]
) -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    exist = set(verbs(parser()))
    assert {verb for verb in exist if f"{program} {verb}" not in text} == set()
    named = set(re.findall(rf"`(?:\S+/)?{program} ([a-z]+)", text)) | set(
        re.findall(rf"^ {{4}}(?:\S+/)?{program} ([a-z]+)", text, re.M)
    )
    assert named - {verb.partition(" ")[0] for verb in exist} == set()


def test_every_named_setting_exists() -> None:
    named = {name for page in PAGES for name in re.findall(r"\bKB_[A-Z_]+\b", page.read_text("utf-8"))}
    assert named - {f"KB_{name.upper()}" for name in Settings.model_fields} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_resolve(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text("utf-8")), link


def anchors(text: str) -> set[str]:
    """The anchors that a page's headings get: lower case, blanks to hyphens, other marks dropped."""
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


# ── docs/api.md


def routes() -> dict[str, str]:
    """Path -> method of every route."""
    found = [route for route in (*router.routes, *calls.routes) if isinstance(route, APIRoute)]
    return {route.path.replace(":path", ""): min(route.methods or ()) for route in found}


def test_every_error_name_is_listed_with_its_status() -> None:
    def tree(error: type[KnowledgeBaseError]) -> Iterator[tuple[str, int]]:
        yield error.name, error.status
        for child in error.__subclasses__():
            yield from tree(child)

    section = API.partition("\n## Errors\n")[2].partition("\n## ")[0]
    listed = [(name, int(status)) for name, status in re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \|", section, re.M)]
    assert sorted(listed) == sorted(set(tree(KnowledgeBaseError)))


def test_the_calls_are_valid_and_name_what_exists() -> None:
    known = check(ROOT / "content")
    assert known.taxonomy is not None
    bodies: dict[str, type[BaseModel]] = {
        "/v1/suggest": SuggestRequest,
        "/v1/search": SearchRequest,
        "/v1/feedback": FeedbackRequest,
        "/v1/review": ReviewRequest,
        "/v1/cases/note": NoteRequest,
        "/v1/queue": QueueRequest,
    }
    commands = [shlex.split(line) for line in API.splitlines() if line.startswith("curl ")]
    assert len(commands) >= 8
    for command in commands:
        path = next(part for part in command if part.startswith("http")).removeprefix("http://127.0.0.1:8000")
        if "-d" in command:
            bodies[path].model_validate_json(command[command.index("-d") + 1])
        elif path.startswith("/v1/articles/"):
            entry = path.removeprefix("/v1/articles/").partition("?")[0]
            assert entry.partition("%23")[0] in known.places
        else:
            assert routes()[path] == "GET"
    named = re.findall(r'"id": "((?:trade|tpl|refund)[a-z.-]+)(?:#[a-z-]+)?"', API)
    assert {name for name in named if name not in known.places} - known.taxonomy.issue_types.keys() == set()


def test_the_answers_have_the_fields_of_the_contract() -> None:
    items = [item for module in (contract, case, casework, feedback) for item in vars(module).values()]
    models = [item for item in items if isinstance(item, type) and issubclass(item, Contract)]
    fields = {name for model in models for name in model.model_fields}
    taxonomy = check(ROOT / "content").taxonomy
    assert taxonomy is not None
    others = {
        "encode",
        "search",
        "rank",
        "understand",
        "guide",
        "total",
        "encoder",
        "index_breaker",
    } | taxonomy.slots.keys()
    blocks = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", API, re.M | re.S)]
    assert len(blocks) >= 6
    assert {key for block in blocks for key in keys(block)} - fields - others == set()


def keys(value: Any) -> Iterator[str]:
    """Every key in a JSON value."""
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from keys(item)


def test_the_effect_of_every_field_of_a_case_is_told() -> None:
    rows = " ".join(line.split("|")[1] for line in API.splitlines() if line.startswith("| `"))
    models = (("case", Case), ("messages[]", Message))
    fields = {f"`{where}.{name}`" for where, model in models for name in model.model_fields}
    assert {field for field in fields if field not in rows} == {"`messages[].role`"}  # its values say it


# ── docs/editors.md

RULE_EXAMPLES: list[tuple[str, str]] = re.findall(r"^### `([a-z-]+)`\n.*?^```diff\n(.*?)^```$", EDITORS, re.M | re.S)


def reported_rules() -> set[str]:
    """The rule ids in the code: plain words among the arguments of whatever makes a problem."""
    found = set()
    for path in sorted((ROOT / "ingest").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) >= 2:
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name in ("Problem", "problem", "add"):
                    given = [str(item.value) for item in node.args if isinstance(item, ast.Constant)]
                    found |= {item for item in given if re.fullmatch(r"[a-z]+(-[a-z]+)*", item)}
    return found


def test_every_rule_is_explained_and_every_explained_rule_exists() -> None:
    explained = re.findall(r"^### `([a-z-]+)`$", EDITORS, re.M)
    assert sorted(explained) == sorted(RULES)
    assert reported_rules() - RULES.keys() == set()
    assert [rule for rule, _ in RULE_EXAMPLES] == explained


@pytest.mark.parametrize(("rule", "example"), RULE_EXAMPLES, ids=[rule for rule, _ in RULE_EXAMPLES])
def test_the_bad_example_of_a_rule_is_reported(rule: str, example: str, content: Path) -> None:
    make_worse(content, example)
    assert rule in {problem.rule for problem in check(content, TODAY).problems}


def make_worse(content: Path, example: str) -> None:
    """Undo an edit of the page in the small content: `+` lines become `-` lines. Without `@@ file` a file is moved."""
    lines = example.splitlines()
    file = next((line.removeprefix("@@ ") for line in lines if line.startswith("@@ ")), None)
    bad, good = ("\n".join(line[1:] for line in lines if line[0] == mark) for mark in "-+")
    if file is None:
        (content / good).rename(content / bad)
        return
    path = content / file
    if not path.exists():
        path.write_text(good, "utf-8")
        assert check(content).problems == []
    text = path.read_text("utf-8")
    if good.startswith("saved as "):
        path.write_bytes(text.encode(bad.removeprefix("saved as ")))
        return
    assert text.count(good) == 1
    path.write_text(text.replace(good, bad), "utf-8")


def test_the_problem_line_that_is_explained_is_what_the_check_prints(content: Path) -> None:
    reading = EDITORS.partition("## Reading a problem")[2]
    line = re.findall(r"^ {4}(content/\S+:\d+ .*)$", reading, re.M)[0]
    make_worse(content, dict(RULE_EXAMPLES)["vocabulary"])
    assert [str(problem) for problem in check(content).problems] == [line]


# ── docs/glossary.md


def test_every_identifier_of_the_glossary_is_in_the_code() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| [^|]+ \|$", glossary, re.M)
    identifiers = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert len(identifiers) > 50
    sources = [path for folder in ("kb_service", "ingest", "eval") for path in (ROOT / folder).rglob("*.py")]
    words = {word for path in sources for word in re.findall(r"\w+", path.read_text("utf-8"))}
    assert identifiers - words == set()
