"""Places that disagree on a fact are named with both; what only sounds alike passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.check import check
from ingest.load import load
from ingest.rules.contradictions import check_contradictions
from tests.conftest import ROOT
from tests.ingest.edits import edit

SHIP_WINDOW = "《交易规则》第1条（content/policy/trade-rules.md:11，fact trade.ship_hours）“发货时限”是“48小时”"
MEND = "说的是同一件事的，请写成 {{fact:trade.ship_hours}}，确实是两回事的写 waive  [contradiction]"


def found(content: Path) -> list[str]:
    return [str(problem) for problem in sorted(check_contradictions(load(content)))]


def extend(content: Path, file: str, text: str) -> None:
    path = content / file
    path.write_text(path.read_text("utf-8") + text, "utf-8")


@pytest.fixture
def rules(content: Path) -> Path:
    """The small content with rules on who pays, further facts and menus."""
    extend(
        content,
        "policy/trade-rules.md",
        "\n### 第3条 拒收 {#refuse}\n买家无故拒收的，退回运费由买家承担。\n"
        "\n### 第4条 举证 {#evidence}\n买卖双方应当在 {{fact:dispute.evidence_days}} 内提交凭证。\n",
    )
    extend(
        content,
        "facts.yaml",
        "dispute.evidence_days: {label: 举证期限, kind: duration, value: 3, unit: 天, source: trade-rules#evidence}\n"
        "path.password: {label: 修改登录密码, kind: path, value: 我的 > 设置 > 修改密码}\n"
        "path.sold: {label: 卖家处理退款, kind: path, value: 我的 > 我卖出的 > 退款处理}\n",
    )
    assert found(content) == []
    return content


@pytest.mark.parametrize("words", ["72小时", "两天半", "一周", "3-4 天", "1 个工作日"])
def test_a_figure_that_is_written_out_is_held_against_the_fact_of_its_matter(content: Path, words: str) -> None:
    edit(content, "faq/no-ship.md", "卖家 {{fact:trade.ship_hours}} 内", f"卖家 {words} 内")
    [problem] = found(content)
    assert problem.startswith("content/faq/no-ship.md:20  sections.0：这里是“")
    assert problem.endswith(f"而 {SHIP_WINDOW}；{MEND}")


def test_the_message_names_both_places(content: Path) -> None:
    edit(content, "faq/no-ship.md", "卖家 {{fact:trade.ship_hours}} 内", "卖家24小时内")
    assert found(content) == [f"content/faq/no-ship.md:20  sections.0：这里是“24小时”，而 {SHIP_WINDOW}；{MEND}"]


def test_a_waiver_of_another_rule_excuses_nothing(content: Path) -> None:
    line = "卖家 72小时 内没有发货，可以申请全额退款。"
    edit(content, "faq/no-ship.md", "卖家 {{fact:trade.ship_hours}} 内没有发货，可以申请全额退款。", line)
    edit(content, "faq/no-ship.md", line, f"{line} <!-- waive literal-number: 与页面一致 -->")
    assert [problem.rule for problem in check(content).problems if "no-ship.md" in problem.file][:1] == [
        "contradiction"
    ]


def test_another_fact_than_the_one_that_is_meant(rules: Path) -> None:
    edit(rules, "faq/no-ship.md", "卖家 {{fact:trade.ship_hours}} 内", "卖家 {{fact:dispute.evidence_days}} 内")
    assert found(rules) == [
        "content/faq/no-ship.md:20  sections.0：这里是“3天”（dispute.evidence_days，举证期限），而 "
        f"{SHIP_WINDOW}；{MEND}"
    ]


def test_who_pays(rules: Path) -> None:
    extend(rules, "faq/seller-packing.md", "\n## 注意事项\n买家无故拒收的，退回运费由卖家承担。\n")
    assert found(rules) == [
        "content/faq/seller-packing.md:16  sections.1：这里写费用由卖家承担，而 content/policy/trade-rules.md:22 "
        "同样的情况写费用由买家承担（“由买家承担”）；请核对条款后改成一致，确实是两回事的写 waive  [contradiction]"
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "买家无故拒收的，退回运费由买家承担。",
        "买家无故拒收的，退回运费不用您出。",  # said to the seller
        "商品不符而拒收的，退回运费由卖家承担。",  # the seller's doing
    ],
)
def test_who_pays_alike_or_in_another_case(rules: Path, sentence: str) -> None:
    extend(rules, "faq/seller-packing.md", f"\n## 注意事项\n{sentence}\n")
    assert found(rules) == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("「我的 > 账号 > 修改密码」", "我的 > 账号 > 修改密码"),
        ("“我的-账号-修改密码”", "我的 > 账号 > 修改密码"),
        ("「我的」→「安全」→「修改密码」", "我的 > 安全 > 修改密码"),
    ],
)
def test_another_way_through_the_menus(rules: Path, written: str, shown: str) -> None:
    extend(rules, "faq/theft.md", f"\n## 处理步骤\n1. 打开{written}，换一个新密码。\n")
    assert found(rules) == [
        f"content/faq/theft.md:17  sections.1：这里的菜单写成“{shown}”，"
        "而 content/facts.yaml:6（fact path.password）的“修改登录密码”是“我的 > 设置 > 修改密码”；"
        "请写成「{{fact:path.password}}」，确实是两回事的写 waive  [contradiction]"
    ]


def test_the_menu_of_the_other_party(rules: Path) -> None:
    extend(rules, "faq/theft.md", "\n## 处理步骤\n1. 买家在「{{fact:path.sold}}」提交。\n")
    assert found(rules) == [
        "content/faq/theft.md:17  sections.1：这里让买家走“我的 > 我卖出的 > 退款处理”"
        "（content/facts.yaml:7（fact path.sold），卖家处理退款），那是对方的入口；"
        "请换成这一方的路径，确实是两回事的写 waive  [contradiction]"
    ]


@pytest.mark.parametrize("way", ["我的 > 设置 > 修改密码", "设置 > 修改密码", "消息 > 系统通知", "登录-注册页"])
def test_ways_that_agree_and_ways_of_which_nothing_is_known(rules: Path, way: str) -> None:
    extend(rules, "faq/theft.md", f"\n## 处理步骤\n1. 打开「{way}」。\n")
    assert found(rules) == []


def test_two_facts_for_one_thing(rules: Path) -> None:
    extend(
        rules,
        "facts.yaml",
        "dispute.proof_hours: {label: 双方举证的时限, kind: duration, value: 48, unit: 小时, "
        "source: trade-rules#evidence}\n",
    )
    assert found(rules) == [
        "content/facts.yaml:8  dispute.proof_hours：“双方举证的时限”是“48小时”，而 《交易规则》第4条"
        "（content/policy/trade-rules.md:24，fact dispute.evidence_days）“举证期限”是“3天”，像是同一件事；"
        "请只留一个，确实是两回事的把名称写得分得开，或写 waive  [contradiction]"
    ]


def test_the_real_content_does_not_contradict_itself() -> None:
    assert found(ROOT / "content") == []
