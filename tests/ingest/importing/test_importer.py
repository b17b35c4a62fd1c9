"""Import as editors run it: tables and pages become drafts, nothing is overwritten, every file is accounted for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from ingest.check import check
from ingest.cli import main
from ingest.importing.answers import arranged
from ingest.importing.drafts import Known, scalar
from ingest.importing.importer import import_files
from ingest.importing.overlay import check_with_drafts
from ingest.importing.page import Block
from ingest.importing.tables import MOST_ROWS
from ingest.source import read_yaml

KNOWN = Known("trade.refund", "trade-team", date(2027, 3, 31))


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "drafts"


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "a.csv",
            "编号,名称,价格\n1,2,3\n",
            "a.csv：看不出哪一列是问题、哪一列是答案；请把第一行改成表头，写上“问题”“答案”（还可以有“相似问法”）",
        ),
        (
            "a.csv",
            "问题,答案\n" + "a,b\n" * MOST_ROWS,
            "a.csv：有 5001 行，超过 5000 行；请先筛选，或拆成几个文件分批导入",
        ),
        (
            "a.csv",
            "问题,答案\n" + "".join(f"问{n},答{n}\n" for n in range(501)),
            "a.csv：会生成 501 篇草稿，超过 500 篇；请先筛选合并，或拆成几个文件分批导入",
        ),
    ],
)
def test_tables_that_cannot_be_imported(
    tmp_path: Path, content: Path, into: Path, name: str, text: str, message: str
) -> None:
    (read,) = import_files([written(tmp_path / name, text)], content, into, KNOWN)
    assert (read.refused, read.drafts) == (message, ())
    assert not into.exists()


def test_a_page_without_articles_is_no_policy(tmp_path: Path, content: Path, into: Path) -> None:
    (read,) = import_files([written(tmp_path / "a.md", "# 题\n\n文")], content, into, KNOWN, "policy")
    expected = "a.md：找不到“第一条……第二条……”这样编号的条；去掉 --kind policy 可以按常见问题导入"
    assert read.refused == expected


def test_rows_with_one_answer_become_one_draft(tmp_path: Path, content: Path, into: Path) -> None:
    answer = '"1、打开订单\n2、点修改\n注意：付款后不能改"'
    rows = [
        "问题,相似问法,答案,分类",
        f"怎么改价？,改价在哪;能改价吗,{answer},交易",
        f"怎样改价格,,{answer},",
        "没答案的,,,\n",
    ]
    table = "\n".join(rows)
    (read,) = import_files([written(tmp_path / "qa.csv", table)], content, into, KNOWN)
    assert read.left_out == ("没有问题或没有答案的 1 行（第 8 行）",)
    (draft,) = read.drafts
    assert (into / draft.path).read_text("utf-8") == (
        "---\nid: trade.refund.zen-me-gai-jia\ntitle: 怎么改价？\nissue_type: trade.refund\n"
        "steps:  # 待填：taxonomy.yaml 里的阶段，例如 [diagnose, resolve]\nparty:  # 待填：buyer、seller 或 both\n"
        "audience: agent  # 用户也可以看的改成 public\nquestions:\n  - 怎样改价格\n  - 改价在哪\n  - 能改价吗\n"
        "owner: trade-team\nreview_by: 2027-03-31\nsource: qa.csv 第2、5行\n# 分类：交易\n---\n"
        "## 结论\n\n## 处理步骤\n1. 打开订单\n2. 点修改\n\n## 注意事项\n付款后不能改\n"
    )
    assert [(problem.line, problem.rule) for problem in sorted(check_with_drafts(content, into))] == [
        (5, "schema"),
        (6, "schema"),
        (17, "heading"),
    ]


def test_workbooks_merged_cells_formulas_hidden_sheets(tmp_path: Path, content: Path, into: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "退款"
    sheet.append(["标准问", "答案", "备注"])
    sheet.append(["怎么退款", "点申请退款", "=1+1"])
    sheet.append(["退款入口在哪", None, None])
    sheet.merge_cells("B2:B3")
    hidden = book.create_sheet("旧")
    hidden.sheet_state = "hidden"
    hidden.append(["怎么开票", "联系客服"])
    book.save(tmp_path / "qa.xlsx")
    (read,) = import_files([tmp_path / "qa.xlsx"], content, into, KNOWN)
    assert [draft.title for draft in read.drafts] == ["怎么退款", "怎么开票"]
    assert "source: qa.xlsx 工作表“退款” 第2、3行" in read.drafts[0].text
    assert read.left_out == ("没有结果的公式 1 处（退款；请在 Excel 里打开并保存一次）", "工作表“旧”是隐藏的，也读了")


def test_a_far_corner_cell_is_refused_not_walked_to(tmp_path: Path, content: Path, into: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active["XFD1048576"] = "x"
    book.save(tmp_path / "far.xlsx")
    (read,) = import_files([tmp_path / "far.xlsx"], content, into, KNOWN)
    assert (
        read.refused == "far.xlsx 工作表“Sheet”：范围有 1048576 行 16384 列，太大；请删掉多余的空行空列，或拆成几个文件"
    )


def test_a_long_page_is_split_at_its_questions(tmp_path: Path, content: Path, into: Path) -> None:
    page = (
        "# 帮助\n\n欢迎。\n\n## 怎么退货？\n\n点退货。\n\n### 需要的材料\n\n- 照片\n\n"
        "## 多久到账\n\n三天，电话 13812345678。\n"
    )
    (read,) = import_files([written(tmp_path / "help.md", page)], content, into, KNOWN)
    assert [(draft.title, draft.id) for draft in read.drafts] == [
        ("怎么退货？", "trade.refund.zen-me-tui-huo"),
        ("多久到账", "trade.refund.duo-jiu-dao-zhang"),
    ]
    assert "# 原文开头：欢迎。\n" in read.drafts[0].text
    assert "## 所需凭证\n- 照片\n" in read.drafts[0].text
    assert "138****5678" in read.drafts[1].text
    assert read.left_out == ("个人信息 1 处（已遮盖，请核对）",)


def test_a_second_import_writes_nothing_twice(tmp_path: Path, content: Path, into: Path) -> None:
    path = written(tmp_path / "help.md", "# 怎么退货？\n\n点退货。\n")
    import_files([path], content, into, KNOWN)
    before = {file: file.read_bytes() for file in into.rglob("*.md")}
    (again,) = import_files([path], content, into, KNOWN)
    assert (again.drafts, again.left_out) == ((), ("以前导入过的 1 条",))
    assert {file: file.read_bytes() for file in into.rglob("*.md")} == before


def test_nothing_of_an_answer_is_lost() -> None:
    blocks = [
        Block("先说结论。", "1"),
        Block("## 假标题", "2"),
        Block("背景", "3", 2),
        Block("很长的说明。" * 50, "4"),
        Block("办理步骤", "5", 2),
        Block("①去\n②办", "6"),
    ]
    assert arranged(blocks) == [
        ("结论", "先说结论。\n\n**假标题**"),
        ("处理步骤", "1. 去\n2. 办"),
        ("注意事项", "**背景**\n\n" + "很长的说明。" * 50),
    ]


@pytest.mark.parametrize(
    "text", ["是", "a: b", "- x", "yes", "12", "2026-01-01", "“引号”", '"x"', "#号", "{{fact:a}}", "怎么办？"]
)
def test_any_text_survives_as_a_yaml_value(text: str) -> None:
    assert read_yaml("a", f"title: {scalar(text)}").value == {"title": text}


def test_the_verb_tells_what_was_read_and_what_is_left(
    tmp_path: Path, content: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written(tmp_path / "help.md", "# 怎么退货？\n\n点退货。\n")
    bad = written(tmp_path / "empty.md", "")
    options = ["--content", str(content), "--into", str(into), "--issue-type", "trade.refund"]
    assert main(["import", str(good), str(bad), *options]) == 1
    told = capsys.readouterr()
    assert told.err == "没有导入：empty.md：文件是空的\n"
    assert told.out.startswith(
        f"{good}：1 篇草稿\n\n写在 {into}/ 下，共 1 篇。还要做的有 5 处：\n{into}/faq/trade/zen-me-tui-huo.md:5  steps"
    )
    assert main(["check", "--content", str(content), "--drafts", str(into)]) == 1
    assert check(content).problems == []
