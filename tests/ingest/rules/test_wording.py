"""What nobody may say to a customer, wherever it stands: templates, flows, articles."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.edits import edit, problems

FLOW, NO_SHIP = "flows/no-ship.yaml", "faq/no-ship.md"
DEMAND = "在索要敏感信息；只能核对绑定手机号后四位  [privacy]"


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            NO_SHIP,
            "2. 等待卖家处理",
            "2. 请客户提供身份证号，等待卖家处理",
            f"24  sections.1.text：“2. 请客户提供身份证号”{DEMAND}",
        ),
        (
            FLOW,
            "action: 发送退款路径",
            "action: 让客户把验证码发给您，发送退款路径",
            f"15  steps.0.action：“让客户把验证码发给您”{DEMAND}",
        ),
        (
            FLOW,
            "  - {slot: order_id}",
            "  - {slot: order_id, ask: 请把银行卡号发给我}",
            f"9  facts_to_collect.0.ask：“请把银行卡号发给我”{DEMAND}",
        ),
        (
            FLOW,
            "  - {slot: order_id}",
            "  - {slot: order_id, ask: 这不归我管}",
            "9  facts_to_collect.0.ask：含禁用语“不归我管”（推诿）；可改为：我来帮您转给负责的同事。"
            "  [forbidden-phrase]",
        ),
        (
            FLOW,
            "action: 发送退款路径",
            "action: 告诉客户“这不归我管”",
            "15  steps.0.action：含禁用语“不归我管”（推诿）；可改为：我来帮您转给负责的同事。  [forbidden-phrase]",
        ),
        (
            NO_SHIP,
            "2. 等待卖家处理",
            "2. 不要告诉客户，等待卖家处理",
            "24  sections.1.text：“不要告诉客户”是写给坐席的，而这一小节客户也看得到；"
            "请移到“## 内部备注”  [internal-note]",
        ),
    ],
)
def test_it_is_named_where_it_stands(content: Path, file: str, old: str, new: str, expected: str) -> None:
    edit(content, file, old, new)
    assert problems(content) == [f"content/{file}:{expected}"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (NO_SHIP, "2. 等待卖家处理", "2. 客服不会要您的验证码，等待卖家处理"),
        (NO_SHIP, "同一卖家第三次", "客户主动发来身份证的，请他撤回。同一卖家第三次"),
        (NO_SHIP, "同一卖家第三次", "仅坐席可见：同一卖家第三次"),
        ("faq/theft.md", "立即在安全中心", "不要告诉客户风控规则，立即在安全中心"),  # an article for agents
    ],
)
def test_what_asks_for_nothing_and_what_agents_alone_read_passes(content: Path, file: str, old: str, new: str) -> None:
    edit(content, file, old, new)
    assert problems(content) == []
