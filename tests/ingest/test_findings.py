"""The formats of the check: each expected by hand."""

from __future__ import annotations

import json
from pathlib import Path

from ingest.check import check
from ingest.findings import written
from ingest.rules.registry import RULES
from kb_service.errors import Problem
from tests.conftest import ROOT

ERROR = Problem("content/faq/a.md", 5, "steps.1", "vocabulary", "没有“resovle”；100%，请改\n两行")
WARNING = Problem("content/faq/退款,到账.md", 2, "", "unused-waiver", "不需要豁免；请删掉")


def test_text_counts_what_keeps_content_back_and_what_does_not() -> None:
    assert written([WARNING, ERROR], "text") == (
        "content/faq/a.md:5  steps.1：没有“resovle”；100%，请改\n两行  [vocabulary]\n"
        "content/faq/退款,到账.md:2  不需要豁免；请删掉  [unused-waiver]  （提醒）\n"
        "\n共 1 个问题；全部改好之前不会发布任何内容。\n"
        "\n共 1 处提醒，不影响发布。"
    )


def test_json_has_a_row_for_each() -> None:
    assert json.loads(written([WARNING, ERROR], "json")) == [
        {
            "file": "content/faq/a.md",
            "line": 5,
            "field": "steps.1",
            "rule": "vocabulary",
            "level": "error",
            "message": "没有“resovle”；100%，请改\n两行",
        },
        {
            "file": "content/faq/退款,到账.md",
            "line": 2,
            "field": "",
            "rule": "unused-waiver",
            "level": "warning",
            "message": "不需要豁免；请删掉",
        },
    ]
    assert json.loads(written([], "json")) == []


def test_github_annotations_escape_what_ends_a_command_or_a_property() -> None:
    assert written([ERROR, WARNING], "github") == (
        "::error file=content/faq/a.md,line=5,title=vocabulary::steps.1：没有“resovle”；100%25，请改%0A两行\n"
        "::warning file=content/faq/退款%2C到账.md,line=2,title=unused-waiver::不需要豁免；请删掉"
    )
    assert written([], "github") == ""


def test_sarif_is_one_run_with_its_rules_and_results() -> None:
    report = json.loads(written([ERROR, WARNING], "sarif"))
    assert report.keys() == {"$schema", "version", "runs"}
    assert report["version"] == "2.1.0"
    (run,) = report["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "kb-content check"
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    assert driver["rules"][0] == {
        "id": "layout",
        "shortDescription": {"text": "文件放错位置或缺失"},
        "help": {"text": "docs/editors.md#layout"},
        "defaultConfiguration": {"level": "error"},
    }
    assert run["results"] == [
        {
            "ruleId": "vocabulary",
            "level": "error",
            "message": {"text": "steps.1：没有“resovle”；100%，请改\n两行"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "content/faq/a.md"},
                        "region": {"startLine": 5},
                    }
                }
            ],
        },
        {
            "ruleId": "unused-waiver",
            "level": "warning",
            "message": {"text": "不需要豁免；请删掉"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "content/faq/%E9%80%80%E6%AC%BE%2C%E5%88%B0%E8%B4%A6.md"},
                        "region": {"startLine": 2},
                    }
                }
            ],
        },
    ]
    assert json.loads(written([], "sarif"))["runs"][0]["results"] == []


def test_problems_of_any_content_can_be_written(tmp_path: Path) -> None:
    for content in (ROOT / "tests" / "small", tmp_path / "nowhere", tmp_path):
        found = check(content).problems
        assert len(json.loads(written(found, "json"))) == len(found)
        assert len(json.loads(written(found, "sarif"))["runs"][0]["results"]) == len(found)
