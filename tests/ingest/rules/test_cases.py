"""Cases: signed, nothing left to confirm, and nobody in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ingest.build import case_units
from ingest.check import check
from kb_service.errors import Problem

FILE = "cases/no-ship.md"


def edited(content: Path, old: str, new: str) -> list[Problem]:
    path = content / FILE
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")
    return check(content, date(2026, 11, 23)).problems


def test_a_case_without_a_reviewer_is_refused_and_not_indexed(content: Path) -> None:
    found = edited(content, "reviewed_by: 示例编辑部\n", "")
    assert [str(problem) for problem in found] == [
        "content/cases/no-ship.md:2  reviewed_by：案例没有审核人；对照原案件核对之后填 reviewed_by，"
        "没核对的放在 drafts/cases/  [case-review]"
    ]
    loaded = check(content)
    loaded.problems = []
    assert list(case_units(loaded.content())) == []


def test_a_review_needs_a_day_that_has_come(content: Path) -> None:
    found = edited(content, "reviewed_on: 2026-03-20", "reviewed_on: 2027-01-01")
    assert [problem.message for problem in found] == ["审核日期 2027-01-01 还没到；请核对"]


def test_open_questions_keep_a_case_back(content: Path) -> None:
    found = edited(content, "reviewed_by:", "# 请确认：年龄“19岁”要不要留\nreviewed_by:")
    assert [(problem.line, problem.rule) for problem in found] == [(13, "case-review")]


def test_personal_data_is_named_at_its_line(content: Path) -> None:
    found = edited(content, "全额退款，", "第一行\n全额退款到13812348000，")
    assert {(problem.line, problem.rule) for problem in found} == {(21, "case-privacy")}
    assert found[0].message.startswith("“13812348000”像电话；请换成【订单号】这样的说法")


def test_names_of_a_case_are_checked_like_all_others(content: Path) -> None:
    assert [problem.rule for problem in edited(content, "issue_type: trade.refund", "issue_type: trade.refunt")] == [
        "vocabulary"
    ]
    assert [problem.rule for problem in edited(content, "trade-rules#ship-window]", "trade-rules#ship-windw]")] == [
        "vocabulary",
        "reference",
    ]


def test_a_case_is_never_for_customers(content: Path) -> None:
    assert [problem.rule for problem in edited(content, "party: buyer", "party: buyer\naudience: public")] == ["schema"]
