"""Facts and clause references written out; slots left for the reply."""

from __future__ import annotations

import pytest

from ingest.check import checked_content
from ingest.render import PLACEHOLDER, clause_labels, render_content, texts
from kb_service.content import Content, Fact
from tests.conftest import SMALL

CONTENT = checked_content(SMALL)


def with_answer(text: str) -> Content:
    """The small content with another text in the first section of its first article."""
    faq = CONTENT.faqs[0]
    section = faq.sections[0].model_copy(update={"text": text})
    return CONTENT.model_copy(update={"faqs": (faq.model_copy(update={"sections": (section,)}),)})


def answer(content: Content) -> str:
    return render_content(content).faqs[0].sections[0].text


@pytest.mark.parametrize("reference", ["fact:no.such", "clause:trade-rules#nothing"])
def test_an_unchecked_reference_is_an_error_and_never_a_gap(reference: str) -> None:
    with pytest.raises(KeyError, match=reference.partition(":")[2]):
        render_content(with_answer(f"请看 {{{{{reference}}}}}。"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("没有占位符，{ } 也照旧。", "没有占位符，{ } 也照旧。"),
        ("卖家 {{fact:trade.ship_hours}} 内发货。", "卖家48小时内发货。"),  # no blank between Chinese characters
        ("iPhone {{fact:trade.ship_hours}} ok", "iPhone 48小时 ok"),
        ("（{{fact:trade.ship_hours}}）， {{fact:trade.ship_hours}}", "（48小时），48小时"),
        ("{{fact:path.refund}}{{fact:trade.ship_hours}}", "我的 > 订单 > 申请退款48小时"),
        ("依据 {{clause:trade-rules#arrival}}", "依据《交易规则》第2条"),
        ("{{ fact : trade.ship_hours }}", "48小时"),
        ("订单 {{slot:order_id}}", "订单 {{slot:order_id}}"),
        ("订单 {{ slot : order_id }}", "订单 {{slot:order_id}}"),  # as the reply looks for it
    ],
)
def test_what_a_placeholder_becomes(text: str, expected: str) -> None:
    assert answer(with_answer(text)) == expected


def test_a_facts_value_is_not_expanded_again() -> None:
    fact = Fact(label="x", kind="text", value=r"{{fact:trade.ship_hours}} \1")
    content = with_answer("{{fact:x}}").model_copy(update={"facts": {**CONTENT.facts, "x": fact}})
    assert answer(content) == r"{{fact:trade.ship_hours}} \1"


def test_every_kind_of_entry_is_written_out_and_nothing_else_changes() -> None:
    rendered = render_content(CONTENT)
    no_ship = next(faq for faq in rendered.faqs if faq.id == "trade.refund.no-ship")
    assert no_ship.sections[1].text == (
        "1. 打开「我的 > 订单 > 申请退款」，原因选“卖家未发货”。\n2. 等待卖家处理，依据《交易规则》第1条。"
    )
    assert rendered.policies[0].clauses[0].text == "卖家应当自买家付款起48小时内发货。"
    template = next(found for found in rendered.templates if found.id == "tpl.refund.no-ship")
    assert template.tones["neutral"] == (
        "您好，订单 {{slot:order_id}} 可以在「我的 > 订单 > 申请退款」申请退款，金额 {{slot:refund_amount}}。"
    )
    assert rendered.flows[0].steps[0].action == "发送退款路径，时限48小时。"
    before, after = dict(texts(CONTENT)), dict(texts(rendered))
    assert {path for path in before if before[path] != after[path]} == {
        path for path, text in before.items() if "{{fact:" in text or "{{clause:" in text
    }
    assert (rendered.policies[0].review_by, rendered.faqs[0].id) == (
        CONTENT.policies[0].review_by,
        CONTENT.faqs[0].id,
    )


def test_the_content_that_was_given_stays_as_it_was() -> None:
    before = CONTENT.model_dump_json()
    assert render_content(CONTENT).model_dump_json() != before
    assert CONTENT.model_dump_json() == before


def test_a_clause_is_cited_by_policy_and_number_however_many_wordings_it_has() -> None:
    assert len(CONTENT.policies[0].clauses) == 3
    assert clause_labels(CONTENT.policies) == {
        "trade-rules#ship-window": "《交易规则》第1条",
        "trade-rules#arrival": "《交易规则》第2条",
    }


def test_every_text_comes_with_its_path() -> None:
    template = next(found for found in CONTENT.templates if found.id == "tpl.account.lock")
    assert sorted(texts(template), key=str) == [
        (("audience",), "agent"),
        (("channels", 0), "chat"),
        (("channels", 1), "sms"),
        (("id",), "tpl.account.lock"),
        (("issue_types", 0), "account.theft"),
        (("kind",), "template"),
        (("owner",), "account-team"),
        (("party",), "both"),
        (("purpose",), "steps"),
        (("stage",), "diagnose"),
        (("title",), "紧急锁定指引"),
        (("tones", "firm"), "为保护资金，请立即紧急锁定账号，锁定前不要转账。"),
        (("tones", "neutral"), "请马上在安全中心点“紧急锁定”。我们不会向您索要密码或验证码。"),
    ]


@pytest.mark.parametrize("text", ["{fact:a}", "{{Fact:a}}", "{{fact}}", "{{fact:a}", "{{fact:{a}}}"])
def test_what_is_no_placeholder(text: str) -> None:
    assert PLACEHOLDER.fullmatch(text) is None


def test_the_small_content_uses_every_kind() -> None:
    kinds = {match["kind"] for _, text in texts(CONTENT) for match in PLACEHOLDER.finditer(text)}
    assert kinds == {"fact", "clause", "slot"}
