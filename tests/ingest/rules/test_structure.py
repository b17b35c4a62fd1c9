"""Headings, tables, numbered lists and pairs of marks: what does not come out as it was meant is named at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.edits import edit, problems

NO_SHIP = "faq/no-ship.md"
LAST = "2. 等待卖家处理，依据 {{clause:trade-rules#ship-window}}。"  # line 24 of the article


def said(line: int, message: str, file: str = NO_SHIP) -> list[str]:
    return [f"content/{file}:{line}  {message}  [structure]"]


@pytest.mark.parametrize(
    ("added", "line", "message"),
    [
        ("#### 之后", 25, "标题“之后”太深（4 级），这里最多 3 级；请改成正文，或提高一级"),
        ("### 内部备注\n转运营。", 25, "“内部备注”写成了 3 级标题，会并进上一小节、给客户看到；请写成“## 内部备注”"),
        ("##备选方案", 25, "“##”后面要有一个半角空格，否则不是标题"),
        ("正文\n----", 26, "“----”会把上一行变成标题；请删掉，或在上面空一行"),
        ("```\n代码", 25, "代码块没有结束；请在末尾补一行同样的“```”"),
        (
            "\n| 情形 | 退款 |\n| 未发货 | 全额 |",
            26,
            "表格缺少分隔行，或者被空行断开；表头下面一行应是“|---|---|”，各行之间不空行",
        ),
        (
            "\n| 情形 | 退款 |\n|---|---|\n| 未发货 全额 |",
            28,
            "表格这一行是 1 列，表头是 2 列；请补齐或删去多余的“|”",
        ),
        ("\n| 情形 | 退款 |\n|---|\n| 未发货 | 全额 |", 27, "表格这一行是 1 列，表头是 2 列；请补齐或删去多余的“|”"),
        ("4. 退款到账。", 25, "编号列表这里应是 3，实际是 4；请按顺序编号"),
        ("1. 退款到账。", 25, "编号列表这里应是 3，实际是 1；请按顺序编号"),
        ("3、退款到账。", 25, "“3、”不是编号列表；请写成“3. ”（半角句点加一个空格）"),
        ("2. 等待卖家处理，依据 {{clause:trade-rules#ship-window}}。", 25, ""),
        ("说明见**退款规则。", 25, "加粗的“**”没有成对；请补上或删掉一个"),
        ("打开「我的订单，再申请。", 25, "“「”没有成对；请补上另一半"),
        ("打开我的订单」，再申请。", 25, "“」”没有成对；请补上另一半"),
        ("选“卖家未发货「。”」", 25, "“「”没有成对；请补上另一半"),
        ("退款会到账。。", 25, "标点“。。”重复了；请留一个"),
        ("到账时间（待补充）。", 25, "“（待补充）”像是没写完；请补全"),
        ("<!-- 这句以后再改 -->", 25, "注释没有写完整，或者不是豁免；客户会看到它，请删掉"),
        ("<<<<<<< HEAD", 25, "这是合并冲突的标记；请选定一边的文字，删掉标记"),
    ],
)
def test_a_slip_is_named_where_it_stands(content: Path, added: str, line: int, message: str) -> None:
    edit(content, NO_SHIP, LAST, f"{LAST}\n{added}")
    found = problems(content)
    if message:
        assert found == said(line, message)
    else:  # written twice: both that it is there and that its number is wrong
        assert found == [
            *said(25, "与第 24 行相同；请删掉一处"),
            *said(25, "编号列表这里应是 3，实际是 2；请按顺序编号"),
        ]


@pytest.mark.parametrize(
    "added",
    [
        "   - 依据\n3. 退款到账。",
        "\n| 情形 | 退款 |\n|:---|---:|\n| 未发货 | 全额 |\n\n3. 退款到账。",
        "\n另一种情况：\n\n1. 找客服。\n2. 等结果。",
        "说明（见规则)：**“全额”**退款，3.5 分不算。",
        "| 情形 | 退款 |\n|---|---|\n| `a\\|b` | 全额 | <!-- waive structure: 测试 -->",
        "```\n## 不是标题\n| 也不是表格\n```",
    ],
)
def test_what_is_in_order_passes(content: Path, added: str) -> None:
    edit(content, NO_SHIP, LAST, f"{LAST}\n{added}")
    assert [found for found in problems(content) if "[unused-waiver]" not in found] == []


def test_a_template_has_no_headings_of_its_own(content: Path) -> None:
    edit(content, "templates/lock.md", "我们不会", "\n### 提醒\n我们不会")
    message = "标题“提醒”太深（3 级），这里最多 2 级；请改成正文，或提高一级"
    assert problems(content) == said(14, message, "templates/lock.md")


def test_clauses_are_numbered_on(content: Path) -> None:
    edit(content, "policy/trade-rules.md", "### 第2条", "### 第3条")
    message = "clauses.2：上一条是第1条，这里应是第2条，实际是“第3条”；请按顺序编号"
    assert problems(content) == said(18, message, "policy/trade-rules.md")


def test_pairs_are_looked_for_in_flows_too(content: Path) -> None:
    edit(content, "flows/no-ship.yaml", "action: 发送退款路径", "action: 发送「退款路径")
    message = "steps.0.action：“「”没有成对；请补上另一半"
    assert problems(content) == said(15, message, "flows/no-ship.yaml")
