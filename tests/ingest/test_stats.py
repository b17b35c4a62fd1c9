"""`kb-content stats`: the tables and the gaps of the small content, counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.cli import main
from ingest.load import load
from ingest.stats import Count, coverage, gaps, report
from kb_service.content import Content
from tests.conftest import SMALL
from tests.ingest.edits import edit

REPORT = """\
## 总数

| 类别 | 数量 |
| --- | ---: |
| 常见问题 | 7 |
| 问法 | 21，另有不展示的 2、不回答的 4 |
| 规则 | 1 |
| 条款 | 3，其中已定失效日的 1 |
| 模板 | 2 |
| 流程 | 1 |
| 事实 | 4 |

## 问题类型 × 类别
加号之后是写给上级类型、也适用的；“缺”是要补的。

| 问题类型 | 常见问题 | 问法 | 规则 | 模板 | 流程 |
| --- | ---: | ---: | ---: | ---: | ---: |
| trade.refund 退款 | 3 | 10 | 1 | 1 | 1 |
| trade.activity 活动 | 1 **缺** | 3 | 0 | 0 | 0 **缺** |
| account.theft 账号被盗 | 2 **缺** | 7 | 0 | 1 | 0 **缺** |
| logistics.damage 破损 | 1 **缺** | 3 | 0 | 0 | 0 **缺** |

## 问题类型 × 阶段
每格：模板数 / 流程步骤数。

| 问题类型 | 问题诊断 | 解决方案实施 |
| --- | ---: | ---: |
| trade.refund 退款 | 0 / 0 | 1 / 1 |
| trade.activity 活动 | 0 / 0 | 0 / 0 |
| account.theft 账号被盗 | 1 / 0 | 0 / 0 |
| logistics.damage 破损 | 0 / 0 | 0 / 0 |

## 缺口
- trade.activity 活动：常见问题 1 篇，至少要 3 篇
- trade.activity 活动：没有流程
- account.theft 账号被盗：常见问题 2 篇，至少要 3 篇
- account.theft 账号被盗：没有流程
- logistics.damage 破损：常见问题 1 篇，至少要 3 篇
- logistics.damage 破损：没有流程
"""


def only_refunds(content: Content) -> Content:
    """The content as if refunds were all that people ask about."""
    types = {name: label for name, label in content.taxonomy.issue_types.items() if name in ("trade", "trade.refund")}
    return content.model_copy(update={"taxonomy": content.taxonomy.model_copy(update={"issue_types": types})})


def test_content_that_cannot_be_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--content", str(tmp_path / "nowhere")]) == 1
    assert "内容目录不存在；请用 --content 指定，或在项目根目录运行  [layout]" in capsys.readouterr().err


def test_the_report_of_the_small_content(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--content", str(SMALL)]) == 0
    assert capsys.readouterr().out == REPORT


def test_a_stage_that_a_flow_reaches_without_a_template_is_a_gap(content: Path) -> None:
    edit(content, "flows/no-ship.yaml", "stage: resolve", "stage: diagnose")
    lines = report(load(content).content()).splitlines()
    assert "| trade.refund 退款 | 0 / 1 **缺** | 1 / 0 |" in lines
    assert "- trade.refund 退款：流程有“问题诊断”的步骤，没有这个阶段的模板" in lines


def test_what_is_written_for_a_type_above_serves_the_types_below(content: Path) -> None:
    edit(content, "flows/no-ship.yaml", "issue_types: [trade.refund]", "issue_types: [trade]")
    edit(content, "templates/no-ship.md", "issue_types: [trade.refund]", "issue_types: [trade, trade.activity]")
    refund, activity, *_ = coverage(load(content).content())
    assert (refund.templates, refund.flows) == (Count(0, 1), Count(0, 1))
    assert (activity.templates, activity.flows) == (Count(1, 0), Count(0, 1))
    assert str(refund.stages["resolve"].templates) == "0+1"
    assert activity.stages["resolve"].steps == 1


def test_content_without_gaps_says_so() -> None:
    content = only_refunds(load(SMALL).content())
    assert list(gaps(coverage(content), content.taxonomy.stages)) == []
    assert report(content).endswith("## 缺口\n没有缺口")
