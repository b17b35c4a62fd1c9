"""The suggest call on the small knowledge base: answers, what a reader may see, time, conversation, templates."""

from __future__ import annotations

from datetime import datetime

import pytest

from kb_service.case import Case, Message
from kb_service.contract import Filters, SuggestRequest, SuggestResponse
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA
from kb_service.suggest import effective_query, suggest


def ask(knowledge: Knowledge, query: str, **values: object) -> SuggestResponse:
    return suggest(knowledge, SuggestRequest(query=query, **values))


def day(year: int, month: int, date: int) -> datetime:
    return datetime(year, month, date, 12, tzinfo=CHINA)


# ── answers


def test_a_question_gets_its_answer_first(knowledge: Knowledge) -> None:
    found = ask(knowledge, "付款三天了卖家还没发货，想退钱")
    best = found.answers[0]
    assert (found.status, best.id, best.kind, best.band) == ("answered", "trade.refund.no-ship", "faq", "high")
    assert best.text.startswith("## 结论\n卖家48小时内没有发货")
    faq = knowledge.catalog.faqs[best.id]
    assert best.matched_phrase in (faq.title, *faq.questions)
    assert best.citations[0].title == "《交易规则》第1条 发货时限"
    assert all(best.text[span.start : span.end] for span in best.highlights)
    assert found.understanding is not None
    assert found.understanding.issue_types[0].id == "trade.refund"
    assert found.kb_version == knowledge.version
    assert found.answers == sorted(found.answers, key=lambda answer: -answer.confidence) or best.confidence > 0.5


def test_traditional_characters_find_the_same_and_nothing_shown_changes(knowledge: Knowledge) -> None:
    simplified, traditional = ask(knowledge, "卖家不发货怎么办"), ask(knowledge, "賣家不發貨怎麼辦")
    assert [answer.id for answer in traditional.answers] == [answer.id for answer in simplified.answers]
    assert traditional.answers[0].text == simplified.answers[0].text
    assert traditional.understanding is not None
    assert traditional.understanding.effective_query == "賣家不發貨怎麼辦"


def test_an_exact_phrasing_is_certain(knowledge: Knowledge) -> None:
    best = ask(knowledge, "卖家不发货怎么办", explain=True).answers[0]
    assert best.confidence > 0.95
    assert best.scores is not None
    assert (best.scores.dense_scaled, best.scores.sparse_scaled) == (1.0, 1.0)
    assert best.scores.dense == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("query", ["？？？！！", "😀😀😀", "\u200b\u202e", "   "])
def test_nothing_to_search_for_is_no_answer(knowledge: Knowledge, query: str) -> None:
    found = ask(knowledge, query)
    assert (found.status, found.reason, found.answers) == ("no_answer", "没有可以检索的文字", [])


@pytest.mark.parametrize("query", ["今天天气怎么样", "帮我写一首关于秋天的诗", "asdf qwer zxcv", "how do I cook rice"])
def test_what_the_knowledge_base_does_not_cover_is_not_answered(knowledge: Knowledge, query: str) -> None:
    found = ask(knowledge, query)
    assert found.status != "answered"
    assert found.reason


def test_eight_thousand_characters_are_answered(knowledge: Knowledge) -> None:
    story = "我在你们平台买了一个手机壳，付了钱卖家一直不发货，催了好几遍也没有用，现在想要退款。"
    found = ask(knowledge, (story * 200)[:8000])
    assert found.answers[0].id == "trade.refund.no-ship"


def test_english_is_answered_or_declined_but_never_an_error(knowledge: Knowledge) -> None:
    found = ask(knowledge, "The seller has not shipped my order, I want a refund")
    assert found.status in ("answered", "low_confidence", "no_answer")


# ── what a reader may see


def test_internal_notes_never_reach_the_public(knowledge: Knowledge) -> None:
    public = ask(knowledge, "卖家不发货怎么办", audience="public")
    agent = ask(knowledge, "卖家不发货怎么办", audience="agent")
    assert "内部备注" not in public.model_dump_json()
    assert "内部备注" in agent.answers[0].text
    sought = ask(knowledge, "同一卖家第三次逾期转交易运营部", audience="public", include=["answers", "related"])
    assert "第三次逾期" not in sought.model_dump_json()


@pytest.mark.parametrize(("audience", "visible"), [("public", False), ("agent", False), ("senior", True)])
def test_articles_above_the_reader_are_not_found(knowledge: Knowledge, audience: str, visible: bool) -> None:
    found = ask(knowledge, "被盗资金怎么追", audience=audience)
    assert ("account.theft.fund-trace" in [answer.id for answer in found.answers]) is visible


def test_the_party_hides_what_concerns_the_other(knowledge: Knowledge) -> None:
    question = "买家说东西碎了要我赔"
    as_buyer = ask(knowledge, question, case=Case(party="buyer"))
    as_seller = ask(knowledge, question, case=Case(party="seller"))
    assert as_seller.answers[0].id == "logistics.damage.seller-packing"
    assert "logistics.damage.seller-packing" not in [answer.id for answer in as_buyer.answers]


@pytest.mark.parametrize(
    ("category", "visible"), [("digital.phone", True), ("digital", True), ("digital.camera", False), ("books", False)]
)
def test_the_category_hides_what_is_for_others(knowledge: Knowledge, category: str, visible: bool) -> None:
    asked = ask(knowledge, "手机激活锁解不开", case=Case(product_category=category))
    filtered = ask(knowledge, "手机激活锁解不开", filters=Filters(product_categories=[category]))
    for found in (asked, filtered):
        assert ("trade.refund.phone-lock" in [answer.id for answer in found.answers]) is visible


def test_the_time_of_order_governs_clauses_and_as_of_the_articles(knowledge: Knowledge) -> None:
    found = ask(knowledge, "卖家不发货怎么办", as_of=day(2026, 6, 1), case=Case(order_time=day(2026, 1, 1)))
    assert "72 小时" in found.answers[0].citations[0].text


def test_excluded_ids_are_not_offered_again(knowledge: Knowledge) -> None:
    found = ask(knowledge, "卖家不发货怎么办", exclude_ids=["trade.refund.no-ship", "tpl.refund.no-ship"])
    offered = {answer.id for answer in found.answers} | {item.id for item in found.related}
    assert "trade.refund.no-ship" not in offered
    assert "tpl.refund.no-ship" not in [template.id for template in found.templates]
    named = {action.template for action in ask(knowledge, "卖家不发货怎么办").actions} - {None}
    assert named
    left = ask(knowledge, "卖家不发货怎么办", exclude_ids=sorted(filter(None, named))).actions
    assert {action.template for action in left} == {None}


# ── time


def test_an_expired_article_is_found_only_as_of_its_time(knowledge: Knowledge) -> None:
    question = "春季免运费在哪报名"
    assert "trade.activity.spring" not in ask(knowledge, question).model_dump_json()
    then = ask(knowledge, question, as_of=day(2025, 4, 1))
    assert then.answers[0].id == "trade.activity.spring"


def test_the_clause_of_the_time_of_order_is_cited(knowledge: Knowledge) -> None:
    now = ask(knowledge, "卖家不发货怎么办").answers[0]
    old = ask(knowledge, "卖家不发货怎么办", case=Case(order_time=day(2026, 2, 28))).answers[0]
    assert "48小时" in now.citations[0].text
    assert "72 小时" in old.citations[0].text
    assert old.citations[0].valid_until == datetime(2026, 3, 1, tzinfo=CHINA)
    assert now.warnings == []
    assert old.warnings == ["《交易规则》第1条 发货时限：按下单时的旧条款引用，正文写的是现行规定，以引用的条款为准"]


# ── conversation


def turns(*texts: tuple[str, str]) -> SuggestRequest:
    return SuggestRequest(messages=[Message(role=role, text=text) for role, text in texts])


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((("customer", "退款多久到账"), ("agent", "到银行卡吗"), ("customer", "对的")), "退款多久到账 到银行卡吗 对的"),
        ((("customer", "卖家不发货"), ("system", "已转人工"), ("customer", "能退吗")), "卖家不发货 能退吗"),
        ((("customer", "甲" * 300), ("agent", "乙" * 90), ("customer", "丙" * 20)), f"{'乙' * 90} {'丙' * 20}"),
        ((("agent", "您好，请问有什么可以帮您？"),), ""),
        ((("customer", "我的号被盗了怎么办"), ("agent", "请稍等")), "我的号被盗了怎么办 请稍等"),
    ],
)
def test_the_effective_query(messages: tuple[tuple[str, str], ...], expected: str) -> None:
    assert effective_query(turns(*messages)) == expected


# ── templates and related


def test_the_linked_template_comes_filled_in_the_wanted_tone(knowledge: Knowledge) -> None:
    case = Case(party="buyer", slots={"order_id": "A123"})
    found = ask(knowledge, "卖家不发货怎么办", case=case, tone="soothing").templates[0]
    assert (found.id, found.tone, found.sendable) == ("tpl.refund.no-ship", "soothing", True)
    assert found.text == "让您久等了，订单 A123 我已经查到，可以马上申请退款。"
    assert found.filled == {"order_id": "A123"}


def test_a_blank_is_never_sendable_and_says_how_to_ask(knowledge: Knowledge) -> None:
    found = ask(knowledge, "卖家不发货怎么办", case=Case(slots={"order_id": "A123"})).templates[0]
    assert found.sendable is False
    assert "金额 【退款金额】" in found.text
    assert "{{" not in found.text
    assert [(slot.slot, slot.label, slot.ask) for slot in found.missing_slots] == [
        ("refund_amount", "退款金额", "请问退多少？")
    ]


def test_a_missing_tone_falls_back_to_neutral_and_says_so(knowledge: Knowledge) -> None:
    found = ask(knowledge, "账号被别人登录了", tone="soothing").templates[0]
    assert (found.id, found.tone) == ("tpl.account.lock", "neutral")


def test_related_names_its_origin_and_never_repeats_an_answer(knowledge: Knowledge) -> None:
    found = ask(knowledge, "卖家不发货怎么办", limit=1)
    assert ("trade.refund.bank-arrival", "authored") in [(item.id, item.origin) for item in found.related]
    assert not {item.id for item in found.related} & {answer.id for answer in found.answers}


def test_only_what_is_included_is_returned(knowledge: Knowledge) -> None:
    found = ask(knowledge, "卖家不发货怎么办", include=["templates"])
    assert found.templates
    assert (found.answers, found.related, found.understanding) == ([], [], None)
