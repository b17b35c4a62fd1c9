"""How to stay in touch after a case: which plan of the desk fits, and its words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from kb_service.case import ContactAttempt, FollowUp
from kb_service.content import FollowUpPlan
from kb_service.records import Emotion, ancestors

Filled = Callable[[str], tuple[str, bool]]  # a text -> the text with its slots filled, and whether none is blank


def choose_plan(
    plans: Sequence[FollowUpPlan],
    issue_type: str,
    emotion: Emotion,
    signals: Collection[str],
    stage: str,
    contacts: int,
    in_burst: bool,
) -> FollowUpPlan | None:
    """The first plan all of whose stated conditions fit; `contacts` counts earlier ones on the same matter."""
    types = ancestors(issue_type)
    return next(
        (
            plan
            for plan in plans
            if (not plan.issue_types or any(name in types for name in plan.issue_types))
            and (not plan.emotions or emotion in plan.emotions)
            and (not plan.signals or any(name in signals for name in plan.signals))
            and (not plan.stages or stage in plan.stages)
            and contacts >= (plan.contacts_from or 0)
            and (in_burst or not plan.incident)
        ),
        None,
    )


def follow_up(plan: FollowUpPlan, filled: Filled) -> FollowUp:
    """The plan in the case's words."""
    attempts = [ContactAttempt(channel=a.channel, when=a.when, text=filled(a.text)[0]) for a in plan.attempts]
    return FollowUp(
        scenario=plan.scenario, attempts=attempts, care_question=filled(plan.care_question)[0], coupon=plan.coupon
    )
