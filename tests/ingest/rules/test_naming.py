"""Ids are formed as the writing guide says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.edits import edit, problems


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "faq/theft.md",
            "issue_type: account.theft",
            "issue_type: trade.refund",
            "4  issue_type：id“account.theft.emergency”不以问题类型“trade.refund”开头；两处必有一处写错了",
        ),
        (
            "flows/no-ship.yaml",
            "id: flow.refund.no-ship",
            "id: refund.no-ship",
            "1  id：id“refund.no-ship”应以“flow.”开头",
        ),
    ],
)
def test_an_id_that_is_formed_otherwise_is_named(content: Path, file: str, old: str, new: str, expected: str) -> None:
    edit(content, file, old, new)
    assert problems(content) == [f"content/{file}:{expected}  [naming]"]


def test_a_policy_is_named_as_its_file(content: Path) -> None:
    (content / "policy/trade-rules.md").rename(content / "policy/rules.md")
    assert problems(content) == [
        "content/policy/rules.md:2  id：规则的 id“trade-rules”与文件名“rules”不同；请改成一样  [naming]"
    ]
