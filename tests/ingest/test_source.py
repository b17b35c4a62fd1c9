"""YAML and Markdown with the line of everything."""

from __future__ import annotations

import pytest

from ingest.source import blocks, comments, headings, read_yaml, split_front_matter


def test_bad_yaml_is_a_problem_with_its_line_not_an_exception() -> None:
    found = read_yaml("a.yaml", "id: x\ntitle: [a, b\nparty: buyer\n")
    assert found.value is None
    assert [(problem.line, problem.rule) for problem in found.problems] == [(2, "yaml")]  # where the bracket was opened


def test_a_key_written_twice_names_both_lines() -> None:
    found = read_yaml("a.yaml", "id: x\ntitle: a\nid: y\n")
    assert [str(problem) for problem in found.problems] == [
        "a.yaml:3  id：键“id”写了两次（第一次在第 1 行）；删掉一个  [yaml]"
    ]
    assert found.value == {"id": "x", "title": "a"}


def test_an_unquoted_placeholder_says_to_quote_it() -> None:
    found = read_yaml("a.yaml", "deadline: {{fact:a.b}}\n")
    assert "加英文引号" in found.problems[0].message


def test_lines_of_nested_values() -> None:
    found = read_yaml("a.yaml", "a:\n  b:\n    - x\n    - y\n", first_line=10)
    assert found.line(("a", "b", 1)) == 13
    assert found.line(("a", "missing")) == 10


def test_missing_front_matter() -> None:
    located, body, line = split_front_matter("a.md", "## 结论\n好\n")
    assert located.value is None
    assert located.problems[0].rule == "front-matter"
    assert (body, line) == ("## 结论\n好\n", 1)


def test_front_matter_and_body_keep_their_lines() -> None:
    located, body, line = split_front_matter("a.md", "---\nid: x\n---\n## 结论\n好\n")
    assert located.value == {"id": "x"}
    assert located.line(("id",)) == 2
    assert (body, line) == ("## 结论\n好\n", 4)


def test_headings_inside_code_do_not_count() -> None:
    preamble, found = headings("前言\n## 甲\n```\n## 不是标题\n```\n## 乙\n文", 5, 2)
    assert preamble == "前言"
    assert [(heading.title, heading.line, heading.text_line) for heading in found] == [("甲", 6, 7), ("乙", 10, 11)]
    assert found[0].text == "```\n## 不是标题\n```"


def test_blocks_keep_tables_and_lists_whole() -> None:
    text = "一段\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. 甲\n2. 乙"
    assert [kind for kind, _ in blocks(text)] == ["paragraph", "table", "list"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a: 1\nb: "never closed\nc: 2\n', 2),
        ("a: 1\nb: {c: 1, d: 2\ne: 3\n", 2),
        ("a: 1\nb 2\nc: 3\n", 2),
        ("a: 1\n b: 2\n", 2),
        ("a: 1\nb: x: y\n", 2),
    ],
)
def test_bad_yaml_is_named_where_it_begins(text: str, line: int) -> None:
    assert [problem.line for problem in read_yaml("a.yaml", text).problems] == [line]


def test_comments_are_what_is_outside_of_texts() -> None:
    text = 'a: 1  # one\nb: "x # no"  # two # three\nc: y#no\nd: |\n  # no\n# four\n'
    assert list(comments(text)) == [(1, " one"), (2, " two # three"), (6, " four")]
    assert list(comments('a: "1\n# x\n')) == []
