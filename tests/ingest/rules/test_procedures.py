"""Defects of flows, slots and desk rules: each is named with file, field and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.check import check
from tests.ingest.edits import edit, problems

FLOW = "flows/no-ship.yaml"
DESK = """\
ladder:
  - {when: 反复来询, to: senior, within: "{{fact:trade.ship_hours}}"}
follow_ups:
  - id: simple
    scenario: 普通问题
    attempts:
      - {channel: sms, when: 次日, text: "您好，问题解决了吗？"}
    care_question: 解决了吗？
"""


@pytest.fixture
def desk(content: Path) -> Path:
    """The small content with desk rules, and the role and channel that they name."""
    (content / "desk.yaml").write_text(DESK, "utf-8")
    text = (content / "taxonomy.yaml").read_text("utf-8")
    for field, entry in (("roles", "senior: 资深坐席"), ("channels", "sms: 短信")):
        if entry not in text:
            text = text.replace(f"{field}: {{", f"{field}: {{{entry}, ")
    (content / "taxonomy.yaml").write_text(text, "utf-8")
    return content


def test_desk_rules_that_are_in_order_pass(desk: Path) -> None:
    assert problems(desk) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  - {slot: order_id}\n", "  - {slot: order_id}\n  - {slot: order_id}\n", "“order_id”在第 9 行已经用过"),
        ("  - {slot: order_id}\n", "  - {slot: order_id, said_by: ['(']}\n", "正则表达式写错了"),
        ("  - {slot: order_id}\n", "  - {slot: order_id, said_by: ['单号|']}\n", "什么文字都匹配"),
        ("  - {slot: order_id}\n", "  - {slot: order_id, ask: 请把身份证号发给我}\n", "在索要敏感信息"),
        ("templates: [tpl.refund.no-ship]\n", "cues: ['[']\n", "正则表达式写错了"),
        ("templates: [tpl.refund.no-ship]\n", "signals: [grup]\n", "没有“grup”"),
        ("templates: [tpl.refund.no-ship]\n", "faqs: [no.such-faq]\n", "没有“no.such-faq”"),
        (
            "templates: [tpl.refund.no-ship]\n",
            "escalation: [{when: 要主管, cues: ['*'], to: agent, within: 当日}]\n",
            "正则表达式写错了",
        ),
        (
            "templates: [tpl.refund.no-ship]\n",
            "escalation: [{when: 金额大, amount_from: no.fact, to: agent, within: 当日}]\n",
            "没有“no.fact”",
        ),
    ],
)
def test_a_slip_in_a_flow(content: Path, old: str, new: str, expected: str) -> None:
    edit(content, FLOW, old, new)
    found = problems(content)
    assert len(found) == 1, found
    assert found[0].startswith(f"content/{FLOW}:")
    assert expected in found[0]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("您好，问题解决了吗？", "您" * 71, "短信发出时是 71 个字，最多 70 个"),
        ("您好，问题解决了吗？", "您" * 60 + "{{fact:trade.ship_hours}}" * 5, "最多 70 个"),
        ("您好，问题解决了吗？", "请把验证码发给我", "在索要敏感信息"),
        ("{{fact:trade.ship_hours}}", "{{fact:trade.shp_hours}}", "没有对应的内容"),
        ("to: senior", "to: senor", "没有“senor”；是不是想写“senior”？"),
        ("    scenario: 普通问题\n", "    scenario: 普通问题\n    emotions: [angry]\n", "最后一个回访方案不能有条件"),
        ("    scenario: 普通问题\n", "    scenario: 普通问题\n    stages: [resovle]\n", "没有“resovle”"),
        ("ladder:", "repeat_times: no.fact\nladder:", "没有“no.fact”"),
    ],
)
def test_a_slip_in_the_desk_rules(desk: Path, old: str, new: str, expected: str) -> None:
    edit(desk, "desk.yaml", old, new)
    assert any(expected in found and found.startswith("content/desk.yaml:") for found in problems(desk)), problems(desk)


def test_an_article_belongs_to_one_flow(content: Path) -> None:
    name = next(iter(check(content).faqs)).id
    edit(content, FLOW, "templates: [tpl.refund.no-ship]\n", f"faqs: [{name}]\n")
    text = (content / FLOW).read_text("utf-8")
    (content / "flows/other.yaml").write_text(text.replace("id: flow.refund.no-ship", "id: flow.refund.other"), "utf-8")
    assert any("一篇常见问题只归一个流程" in found for found in problems(content))
