"""A change of the small content, compared with what was committed before."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ingest.cli import main
from ingest.conditions import Condition
from ingest.golden import GoldenQuestion
from ingest.impact.assess import assess, content_at
from ingest.impact.report import report
from kb_service.errors import PublishError
from kb_service.settings import Settings
from tests.ingest.edits import edit

NEW = """---
id: trade.refund.courier-lost
title: 快递把东西弄丢了能退钱吗？
issue_type: trade.refund
steps: [diagnose]
party: buyer
audience: public
questions: [包裹在路上不见了, 快递公司说件丢了, 物流显示遗失怎么赔, 东西寄丢了找谁]
owner: trade-team
review_by: 2027-03-31
---
## 结论
快递弄丢的，可以申请全额退款。
"""


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def kept(content: Path) -> Path:
    """The small content, committed."""
    git(content.parent, "init", "-q")
    git(content.parent, "add", "content")
    git(content.parent, "commit", "-qm", "base")
    return content


def question(name: str, text: str, answer: str) -> GoldenQuestion:
    return GoldenQuestion(id=name, split="dev", slice="plain", text=text, relevant={answer: 2}, provenance="test")


def test_an_unknown_revision_is_refused(kept: Path) -> None:
    with (
        pytest.raises(PublishError, match=r"取不到 nowhere 时的内容：.*；请检查 --base 和 --content"),
        content_at(kept, "nowhere"),
    ):
        pass


def test_content_outside_git_is_refused(content: Path) -> None:
    with pytest.raises(PublishError, match="取不到 HEAD 时的内容"), content_at(content, "HEAD"):
        pass


def test_nothing_changed(kept: Path, home: Settings) -> None:
    with content_at(kept, "HEAD") as base:
        impact = assess(kept, base, {}, [], home)
    assert report(impact, "HEAD") == "# 改动的影响（与 HEAD 比较）\n\n内容没有变化。\n"


def test_what_a_change_does(kept: Path, home: Settings) -> None:
    edit(kept, "facts.yaml", "value: 48", "value: 36")
    edit(kept, "faq/theft.md", "有人盗了我的号", "盗号的人把余额转走了要退款")
    (kept / "faq" / "lost.md").write_text(NEW, "utf-8")
    asked = [
        question("q1", "下单两天了对方没动静，我要退款", "trade.refund.no-ship"),
        question("q2", "包裹在路上不见了怎么办", "trade.refund.no-ship"),
    ]
    floor = Condition(set="golden.jsonl", slice="single issue", measure="hit@1", expected=1.0, tolerance=0.1)
    with content_at(kept, "HEAD") as base:
        impact = assess(kept, base, {"golden.jsonl": asked}, [floor], home)

    assert impact.changes.added == ("faq:trade.refund.courier-lost",)
    assert impact.changes.changed == ("fact:trade.ship_hours", "faq:account.theft.emergency")
    fact = next(radius for radius in impact.radii if radius.name == "fact:trade.ship_hours")
    assert {one.name for one in fact.dependents if one.direct} >= {"faq:trade.refund.no-ship"}
    assert "q1" in fact.questions
    lost = [one for one in impact.moved if one.lost]
    assert [(one.question.id, one.after, one.by) for one in lost] == [
        ("q2", "trade.refund.courier-lost", "包裹在路上不见了")
    ]
    assert [one.held_out.text for one in impact.found] == ["快递公司说件丢了"]
    assert not impact.passes
    text = report(impact, "HEAD")
    assert "修改事实 `trade.ship_hours` 发货时限：48小时 → 36小时" in text
    assert (
        "- `trade.refund.courier-lost`（新问法“包裹在路上不见了”） 从 `trade.refund.no-ship` 抢走 1 道题的第一："
        in text
    )
    assert "| golden.jsonl | single issue | hit@1 | 1.000 | 0.500 | ≥ 0.900 | **不通过** |" in text


def test_the_command_writes_a_file_for_the_merge_request(
    kept: Path, home: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KB_HOME", str(home.home))
    output = kept.parent / "impact.md"
    assert main(["impact", "--content", str(kept), "--golden", "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"已写入 {output}\n"
    assert "内容没有变化" in output.read_text("utf-8")
