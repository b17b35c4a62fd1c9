"""Draft review over the real content: each rule, what hides what, and odd drafts."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kb_service.casework import Finding, ReviewRequest, ReviewResponse
from kb_service.records import CHINA, Emotion
from kb_service.review.reviewer import Reviewer

NOW = datetime(2026, 11, 23, 15, tzinfo=CHINA)


def review(
    reviewer: Reviewer, draft: str, said: str = "", understood: Emotion | None = None, **case: object
) -> ReviewResponse:
    messages = [{"role": "customer", "text": said}] if said else []
    request = ReviewRequest.model_validate({"draft": draft, "messages": messages, "case": case, "as_of": NOW})
    return reviewer.review(request, understood)


def rules(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.text) for finding in found]


def test_an_empty_draft_is_refused() -> None:
    with pytest.raises(ValidationError):
        ReviewRequest(draft="")


@pytest.mark.parametrize(
    "draft",
    [
        "您好，客服介入后24小时内完成审核，结果会发站内信。",
        "请提供绑定手机号的后四位，验证码不要告诉任何人。",
        "平台不会要求您线下转账，请不要加对方微信。",
        "非常抱歉让您久等，我现在就为您核实。",
        "卖家拒绝后您有72小时修改申请或申请介入。",
    ],
)
def test_good_drafts_are_left_alone(reviewer: Reviewer, draft: str) -> None:
    response = review(reviewer, draft, emotion="angry")
    assert rules(response.findings) == []
    assert response.sendable


def test_every_rule(reviewer: Reviewer) -> None:
    draft = (
        "您放心，这单百分之百能退下来。客服介入后12小时内出审核结果，明天一定给您打钱。"
        "麻烦把银行卡号发我，卖家叫何建民，订单【订单编号】我记下了哈哈～"
    )
    found = review(reviewer, draft, emotion="angry", issue_type="trade.refund").findings
    assert rules(found) == [
        ("forbidden_wording", "这单百分之百能退下来"),
        ("contradicted_promise", "客服介入后12小时内出审核结果"),
        ("unsupported_promise", "明天一定给您打钱"),
        ("private_data_request", "麻烦把银行卡号发我"),
        ("other_party_data", "卖家叫何建民"),
        ("tone", "订单【订单编号】我记下了哈哈"),
        ("unfilled_slot", "【订单编号】"),
    ]
    assert all(draft[finding.start : finding.end] == finding.text for finding in found)
    assert all(finding.reason and finding.remedy for finding in found)


def test_a_wrong_figure_is_corrected_in_words(reviewer: Reviewer) -> None:
    (finding,) = review(reviewer, "客服介入后12小时内出审核结果", issue_type="trade.refund").findings
    assert finding.severity == "error"
    assert finding.reason == "与规定不符：客服介入后审核时限是24小时（《退款规则》第16条）"
    assert finding.remedy == "平台规定是24小时（《退款规则》第16条），请改成24小时"


def test_too_much_compensation_names_the_authority(reviewer: Reviewer) -> None:
    (finding,) = review(reviewer, "我直接给您补偿200元的无门槛券").findings
    assert finding.rule == "contradicted_promise"
    assert finding.reason == "超过授权：一线坐席补偿授权是20元（《赔付与补偿规则》第3条）"


def test_warnings_do_not_keep_a_draft_from_being_sent(reviewer: Reviewer) -> None:
    response = review(reviewer, "我下午三点前给您回电")
    assert [finding.severity for finding in response.findings] == ["warning"]
    assert response.sendable
    assert not review(reviewer, "麻烦把密码发我").sendable


def test_the_agents_word_on_the_emotion_wins_over_what_was_understood(reviewer: Reviewer) -> None:
    draft = "好的呢亲～马上哦"
    assert [finding.rule for finding in review(reviewer, draft, understood="angry").findings] == ["tone"]
    assert review(reviewer, draft, understood="angry", emotion="calm").findings == []


def test_the_customers_own_data_may_be_repeated(reviewer: Reviewer) -> None:
    assert review(reviewer, "您留的13812345678对吗", said="我电话13812345678").findings == []
    assert rules(review(reviewer, "打13812345678找他").findings) == [("other_party_data", "打13812345678找他")]


def test_the_service_leaves_no_forbidden_or_private_wording_in_its_own_templates(reviewer: Reviewer) -> None:
    bad = [
        (template.id, finding.rule, finding.text)
        for template in reviewer.catalog.content.templates
        for text in template.tones.values()
        for finding in review(reviewer, text, issue_type=template.issue_types[0]).findings
        if finding.rule in ("forbidden_wording", "private_data_request", "other_party_data", "contradicted_promise")
    ]
    assert bad == []


@pytest.mark.parametrize(
    "draft", ["😀😀😀", "\u202eabc\u202c", "\x00\x01", "，，，", "。", "退" * 4000, "3" * 4000, "(" * 4000, "【" * 2000]
)
def test_odd_drafts_get_an_answer_in_time(reviewer: Reviewer, draft: str) -> None:
    started = time.perf_counter()
    review(reviewer, draft, emotion="angry")
    assert time.perf_counter() - started < 2


@given(
    st.text(
        alphabet=st.sampled_from("您退款验证码卡号内天小时元百万3 ，。！【】{}:：*_x@+-\u202e\u200b😀"),
        min_size=1,
        max_size=120,
    )
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_draft_breaks_it(reviewer: Reviewer, draft: str) -> None:
    response = review(reviewer, draft, emotion="anxious")
    assert all(draft[found.start : found.end] == found.text for found in response.findings)
    assert all(draft[found.start : found.end] == found.text for found in response.commitments)


def test_what_this_order_or_test_shows_is_no_rule(reviewer: Reviewer) -> None:
    draft = "您这单1200元，逾期赔付是成交价的5%，最低2元、最高30元。"
    assert review(reviewer, draft, issue_type="trade.no-ship").findings == []
    draft = "卖家写的电池健康89%，实测87%，差2个百分点，在允许的3个百分点以内。"
    assert review(reviewer, draft, issue_type="trade.device").findings == []


def test_wrong_wordings_side_by_side_are_one_finding(reviewer: Reviewer) -> None:
    (finding,) = review(reviewer, "这个申诉您交了也白交，后台从来没人看的。").findings
    assert (finding.rule, finding.text) == ("forbidden_wording", "这个申诉您交了也白交，后台从来没人看的")
