"""The contract of the feedback call."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from kb_service.case import Contract
from kb_service.events.records import Event


class FeedbackRequest(Contract):
    """What became of one item of a suggestion."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "record_id": "d2159746319c495087efcaa6918baabe.trade.refund.no-ship",
                    "event": "rejected",
                    "reason": "客户的订单已经发货，说的不是这件事",
                }
            ]
        }
    )

    record_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="As it stood beside the answer, template or related question."
    )
    event: Event
    reason: Annotated[str, StringConstraints(max_length=500)] = Field(default="", description="Why, in words.")
    final_text: Annotated[str, StringConstraints(max_length=4_000)] = Field(
        default="", description="What was sent in the end."
    )
    csat: int | None = Field(default=None, ge=1, le=5, description="The customer's mark, 5 is best.")


class FeedbackResponse(Contract):
    """The feedback is in the store."""

    recorded: Literal[True] = True
