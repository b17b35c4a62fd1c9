"""Every defect a writer can make is named with file, line, field and remedy; all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.check import check, checked_content
from kb_service.errors import ContentError
from tests.conftest import ROOT, SMALL
from tests.ingest.edits import edit, problems

NO_SHIP = "faq/no-ship.md"


def test_the_small_content_is_clean() -> None:
    assert problems(SMALL) == []


def test_the_real_content_is_clean_and_of_the_promised_size() -> None:
    content = checked_content(ROOT / "content")
    assert len(content.faqs) >= 280
    assert len(content.policies) >= 26
    assert sum(len(policy.clauses) for policy in content.policies) >= 360
    assert len(content.templates) >= 200
    assert len(content.flows) >= 36
    assert len(content.facts) >= 90


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            NO_SHIP,
            "steps: [diagnose, resolve]",
            "steps: [diagnose, resovle]",
            "content/faq/no-ship.md:5  steps.1：taxonomy.yaml 里没有“resovle”；是不是想写“resolve”？  [vocabulary]",
        ),
        (
            NO_SHIP,
            "issue_type: trade.refund",
            "isue_type: trade.refund",
            "content/faq/no-ship.md:4  isue_type：不认识的字段“isue_type”；是不是想写“issue_type”？  [schema]",
        ),
        (
            NO_SHIP,
            "party: buyer",
            "party: byer",
            "content/faq/no-ship.md:6  party：不能是 “byer”；是不是想写“buyer”？  [schema]",
        ),
        (
            NO_SHIP,
            "review_by: 2027-03-31",
            "review_by: 明年三月",
            "content/faq/no-ship.md:17  review_by：不是日期：“明年三月”；请写成 2026-03-01  [schema]",
        ),
        (
            NO_SHIP,
            "trade-rules#ship-window]",
            "trade-rules#ship-windw]",
            "content/faq/no-ship.md:13  policy_refs.0：条款“trade-rules#ship-windw”不存在；"
            "是不是想写“trade-rules#ship-window”？  [reference]",
        ),
        (
            NO_SHIP,
            "{{fact:path.refund}}",
            "{{fact:path.refnd}}",
            "content/faq/no-ship.md:23  sections.1.text：事实“path.refnd”不存在；"
            "是不是想写“path.refund”？  [placeholder]",
        ),
        (
            NO_SHIP,
            "{{fact:path.refund}}",
            "{{fact:path.refund}",
            "content/faq/no-ship.md:23  sections.1.text：占位符没有写完整；"
            "应为 {{fact:编号}}、{{clause:规则#条款}} 或 {{slot:名称}}  [placeholder]",
        ),
        (
            NO_SHIP,
            "## 处理步骤",
            "## 处理步聚",
            "content/faq/no-ship.md:22  不认识的小节“处理步聚”；是不是想写“处理步骤”？  [heading]",
        ),
        (
            "faq/theft.md",
            "账号被别人登录了",
            "卖家不发货怎么办？",
            "content/faq/theft.md:8  questions.0：问法“卖家不发货怎么办？”与 content/faq/no-ship.md:10"
            "（trade.refund.no-ship）重复；每种问法只能属于一篇，也只写一次  [phrasing]",
        ),
        (
            "faq/theft.md",
            "id: account.theft.emergency",
            "id: trade.refund.no-ship",
            "content/faq/theft.md:2  id：id“trade.refund.no-ship”已经被 content/faq/no-ship.md:2 用了；请换一个"
            "  [duplicate-id]",
        ),
        (
            "policy/trade-rules.md",
            " valid_until=2026-03-01",
            "",
            "content/policy/trade-rules.md:14  clauses.1：条款“ship-window”与第 11 行的有效期重叠；"
            "给旧文加 valid_until，新文的 valid_from 与它相同  [clause-window]",
        ),
        (
            "templates/lock.md",
            "我们不会向您索要密码或验证码。",
            "请提供一下您的验证码。",
            "content/templates/lock.md:13  tones.neutral：“请提供一下您的验证码”在索要敏感信息；"
            "只能核对绑定手机号后四位  [privacy]",
        ),
        (
            "templates/lock.md",
            "为保护资金",
            "这不归我管，为保护资金",
            "content/templates/lock.md:16  tones.firm：含禁用语“不归我管”（推诿）；可改为：我来帮您转给负责的同事。"
            "  [forbidden-phrase]",
        ),
        (
            "flows/no-ship.yaml",
            "owner: agent",
            "owner: agnet",
            "content/flows/no-ship.yaml:14  steps.0.owner：taxonomy.yaml 里没有“agnet”；"
            "是不是想写“agent”？  [vocabulary]",
        ),
    ],
)
def test_a_defect_is_named_where_it_stands(content: Path, file: str, old: str, new: str, expected: str) -> None:
    edit(content, file, old, new)
    assert expected in problems(content)


def test_bad_yaml_names_the_line(content: Path) -> None:
    edit(content, NO_SHIP, "party: buyer", "party: [buyer")
    found = [problem for problem in check(content).problems if problem.rule == "yaml"]
    assert [(problem.file, problem.line) for problem in found] == [("content/faq/no-ship.md", 6)]


def test_all_problems_are_reported_together(content: Path) -> None:
    edit(content, NO_SHIP, "party: buyer", "party: byer")
    edit(content, "faq/theft.md", "steps: [diagnose]", "steps: [nowhere]")
    edit(content, "policy/trade-rules.md", "### 第2条 到账时间 {#arrival}", "### 到账时间")
    with pytest.raises(ContentError) as caught:
        checked_content(content)
    assert {problem.rule for problem in caught.value.problems} >= {"schema", "vocabulary", "clause", "reference"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "trade.refund.no-shop: [一句话]\n",
            "content/phrasings/more.yaml:1  trade.refund.no-shop：常见问题“trade.refund.no-shop”不存在；"
            "是不是想写“trade.refund.no-ship”？  [reference]",
        ),
        (
            "trade.activity.spring: [卖家不发货怎么办]\n",
            "content/phrasings/more.yaml:1  trade.activity.spring.0：问法“卖家不发货怎么办”与 content/faq/no-ship.md:10"
            "（trade.refund.no-ship）重复；每种问法只能属于一篇，也只写一次  [phrasing]",
        ),
        ("- 一句话\n", 'content/phrasings/more.yaml:1  应为键值对，实际是 ["一句话"]  [schema]'),
    ],
)
def test_further_phrasings_are_checked_too(content: Path, text: str, expected: str) -> None:
    (content / "phrasings").mkdir(exist_ok=True)
    (content / "phrasings" / "more.yaml").write_text(text, "utf-8")
    assert expected in problems(content)


def test_a_file_where_nothing_reads_it_is_a_problem(content: Path) -> None:
    (content / "faq" / "lost.yaml").write_text("id: a\n", "utf-8")
    assert [problem.rule for problem in check(content).problems] == ["layout"]


def test_a_file_that_is_not_utf8_says_so(content: Path) -> None:
    (content / "faq" / "gbk.md").write_bytes("---\nid: 乱码\n---\n".encode("gbk"))
    assert ["不是 UTF-8 编码" in problem for problem in problems(content)] == [True]


def test_a_missing_content_folder_says_what_to_do(tmp_path: Path) -> None:
    assert "内容目录不存在" in problems(tmp_path / "nowhere")[0]


def test_a_warning_never_to_ask_is_not_a_demand(content: Path) -> None:
    edit(content, "templates/lock.md", "我们不会向您索要密码或验证码。", "请勿向任何人提供验证码。")
    assert problems(content) == []
