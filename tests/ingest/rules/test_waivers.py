"""Waivers except one line from one rule, need a reason, and are no part of what is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.check import check, checked_content
from ingest.rules.registry import RULES, refusing
from tests.ingest.edits import edit, problems

ARRIVAL = "faq/bank-arrival.md"
FLOW = "flows/no-ship.yaml"
FORM = "应写成 <!-- waive 规则名: 理由 -->，YAML 和头信息里写成 # waive 规则名: 理由  [waiver]"
FIVE_DAYS = "退回银行卡的退款五个工作日内到账。"
WAIVED = f"{FIVE_DAYS} <!-- waive literal-number: 测试用的豁免 -->"
LITERAL = (
    "直接写了“五个工作日”；请在 facts.yaml 登记并写成 {{fact:编号}}，"
    "只是举例或固定说法的，在行末写 <!-- waive literal-number: 理由 -->  [literal-number]"
)


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("<!-- waive literal-number: -->", f"豁免没有写对；{FORM}"),
        ("<!-- waive literal-number 固定说法 -->", f"豁免没有写对；{FORM}"),
        ("<!-- waive: literal-number 固定说法 -->", f"豁免没有写对；{FORM}"),
        ("<!-- literal: 固定说法 -->", f"豁免没有写对；{FORM}"),
        ("<!-- waive literal-number: 没有结束的注释", f"豁免没有写对；{FORM}"),
        ("# waive literal-number: 这里不是 YAML", f"这里写的豁免不会被识别；{FORM}"),
        (
            "<!-- waive literal-nubmer: 固定说法 -->",
            "没有规则“literal-nubmer”；是不是想写“literal-number”？  [waiver]",
        ),
        ("<!-- waive reference: 以后再写 -->", "规则“reference”不能豁免：不改正就无法发布  [waiver]"),
    ],
)
def test_a_waiver_that_excepts_nothing_is_named_beside_what_it_should_except(
    content: Path, comment: str, expected: str
) -> None:
    edit(content, ARRIVAL, WAIVED, f"{FIVE_DAYS} {comment}")
    found = problems(content)
    assert f"content/{ARRIVAL}:14  {LITERAL}" in found
    assert f"content/{ARRIVAL}:14  {expected}" in found


def test_a_waiver_that_is_not_needed_is_a_warning(content: Path) -> None:
    edit(content, ARRIVAL, "五个工作日内到账", "很快到账")
    found = check(content).problems
    assert [str(problem) for problem in found] == [
        f"content/{ARRIVAL}:14  第 14 行没有违反“literal-number”，不需要豁免；请删掉  [unused-waiver]"
    ]
    assert refusing(found) == []


def test_a_second_waiver_of_the_same_line_is_not_needed(content: Path) -> None:
    edit(content, ARRIVAL, WAIVED, f"<!-- waive literal-number: 又一个 -->\n{WAIVED}")
    assert problems(content) == [
        f"content/{ARRIVAL}:15  第 15 行没有违反“literal-number”，不需要豁免；请删掉  [unused-waiver]"
    ]


@pytest.mark.parametrize(
    "deadline",
    [
        'deadline: "48小时 # waive literal-number: 引号里的不是注释"',
        "deadline: 48小时#waive literal-number：前面没有空格",
        "deadline: >-\n      48小时\n      # waive literal-number: 多行文字里的不是注释",
    ],
)
def test_what_is_text_in_yaml_is_no_waiver(content: Path, deadline: str) -> None:
    edit(content, FLOW, "deadline: 当次会话内", deadline)
    assert "literal-number" in {problem.rule for problem in check(content).problems}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (FLOW, "deadline: 当次会话内", "deadline: 48小时  # waive literal-number: 演练用的固定值"),
        (FLOW, "deadline: 当次会话内", "# waive literal-number: 演练用的固定值\n    deadline: 48小时"),
        (FLOW, "deadline: 当次会话内", '"deadline": "48小时#"  # waive literal-number: 引号之后'),
        (ARRIVAL, WAIVED, f"<!-- waive literal-number: 写在上一行 -->\n{FIVE_DAYS}"),
        (ARRIVAL, WAIVED, f"<!-- waive literal-number: 隔着空行 -->\n\n{FIVE_DAYS}"),
        (ARRIVAL, WAIVED, f"很快：\n\n| 方式 | 时间 |\n|---|---|\n| 银行卡 | 五个工作日内 | {WAIVED[18:]}"),
        (ARRIVAL, WAIVED, WAIVED.replace("\n", "\r\n")),
    ],
)
def test_a_waiver_excepts_its_line_or_the_one_below(content: Path, file: str, old: str, new: str) -> None:
    edit(content, file, old, new)
    assert problems(content) == []


def test_several_waivers_of_one_line(content: Path) -> None:
    spoken, privacy, phrase = "这不归我管，请把验证码发给我。", "waive privacy: 举例", "waive forbidden-phrase: 举例"
    edit(content, "templates/lock.md", "请马上在安全中心", f"{spoken}请马上在安全中心")
    assert [problem.rule for problem in check(content).problems] == ["forbidden-phrase", "privacy"]
    edit(content, "templates/lock.md", spoken, f"<!-- {privacy} -->\n<!-- {phrase} -->\n{spoken}")
    assert problems(content) == []
    edit(content, "templates/lock.md", f"<!-- {privacy} -->\n<!-- {phrase} -->\n", "")
    edit(content, "templates/lock.md", "密码或验证码。", f"密码或验证码。 <!-- {privacy} --> <!-- {phrase} -->")
    assert problems(content) == []


def test_front_matter_is_yaml(content: Path) -> None:
    edit(content, "faq/theft.md", "账号被别人登录了", "拍下三天了还没发货能退钱")
    (found,) = check(content).problems
    assert found.rule == "near-duplicate-phrasing"
    lines = (content / "faq/theft.md").read_text("utf-8").split("\n")
    lines[found.line - 1] += "  # waive near-duplicate-phrasing: 两边都要能找到"
    (content / "faq/theft.md").write_text("\n".join(lines), "utf-8")
    assert problems(content) == []


def test_a_waiver_is_not_published(content: Path) -> None:
    edit(content, "faq/no-ship.md", "\n2. 等待", "\n<!-- waive literal-number: 单独一行 -->\n2. 等待 48小时 后")
    published = checked_content(content)
    clause = next(clause for clause in published.policies[0].clauses if clause.id == "arrival")
    assert clause.text == "退款退回银行卡的，五个工作日内到账。"
    sections = {faq.id: [section.text for section in faq.sections] for faq in published.faqs}
    assert sections["trade.refund.bank-arrival"] == [FIVE_DAYS]
    assert sections["trade.refund.no-ship"][1] == (
        "1. 打开「{{fact:path.refund}}」，原因选“卖家未发货”。\n"
        "2. 等待 48小时 后卖家处理，依据 {{clause:trade-rules#ship-window}}。"
    )


def test_what_a_build_needs_cannot_be_waived() -> None:
    assert {name for name, rule in RULES.items() if not rule.waivable} >= {"yaml", "schema", "reference", "regex"}
