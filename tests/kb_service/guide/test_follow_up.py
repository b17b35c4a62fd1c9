"""Which follow-up plan fits."""

from __future__ import annotations

import pytest

from kb_service.content import FollowUpAttempt, FollowUpPlan
from kb_service.guide.follow_up import choose_plan, follow_up
from kb_service.records import Emotion
from tests.kb_service.desk import real_catalog

ATTEMPT = FollowUpAttempt(channel="in-app", when="次日", text="您好，订单 {{slot:order_id}} 到账了吗？")


def plan(name: str, **conditions: object) -> FollowUpPlan:
    return FollowUpPlan.model_validate(
        {"id": name, "scenario": name, "attempts": [ATTEMPT], "care_question": "好了吗？", **conditions}
    )


def chosen(*plans: FollowUpPlan, **case: object) -> str | None:
    given = {"issue_type": "trade.refund", "emotion": "calm", "signals": (), "stage": "resolve", "contacts": 0}
    found = choose_plan(plans, **{**given, "in_burst": False, **case})  # type: ignore[arg-type]
    return found.id if found else None


def test_without_a_fitting_plan_there_is_none() -> None:
    assert chosen() is None
    assert chosen(plan("upset", emotions=["angry"])) is None


@pytest.mark.parametrize(
    ("conditions", "case"),
    [
        ({"issue_types": ["trade"]}, {"issue_type": "usage.coupon"}),
        ({"emotions": ["angry", "threatening"]}, {"emotion": "anxious"}),
        ({"signals": ["harm"]}, {"signals": ("group",)}),
        ({"stages": ["dispute"]}, {"stage": "resolve"}),
        ({"contacts_from": 2}, {"contacts": 1}),
        ({"incident": True}, {"in_burst": False}),
    ],
)
def test_every_stated_condition_must_fit(conditions: dict[str, object], case: dict[str, object]) -> None:
    assert chosen(plan("first", **conditions), plan("last"), **case) == "last"


def test_the_first_that_fits_is_taken_and_a_type_includes_all_below_it() -> None:
    assert chosen(plan("first", issue_types=["trade"]), plan("last")) == "first"


def test_the_plan_is_worded_for_the_case() -> None:
    worded = follow_up(plan("last"), lambda text: (text.replace("{{slot:order_id}}", "88"), True))
    assert worded.attempts[0].text == "您好，订单 88 到账了吗？"
    assert worded.coupon == ""


@pytest.mark.parametrize(
    ("issue_type", "emotion", "expected"),
    [
        ("account.theft", "calm", "account-theft"),
        ("trade.refund", "angry", "very-upset"),
        ("trade.refund", "calm", "refund-waiting"),
        ("logistics.lost", "anxious", "lost-parcel"),
        ("usage.publish", "calm", "simple-solved"),
    ],
)
def test_the_desks_own_plans(issue_type: str, emotion: Emotion, expected: str) -> None:
    plans = real_catalog().content.desk.follow_ups
    found = choose_plan(plans, issue_type, emotion, (), "resolve", 0, False)
    assert found is not None
    assert found.id == expected
    assert {attempt.channel for attempt in found.attempts} >= {"in-app"}
