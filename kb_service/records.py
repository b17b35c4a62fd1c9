"""What all records of the content share: strictness, ids, texts, closed vocabularies, moments and windows of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")  # content dates are Beijing midnights; no DST since 1991

EntryId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=80)]
ClauseRef = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+#[a-z0-9-]+$")]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
LongPattern = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=8000, strip_whitespace=True)]
Kind = Literal["faq", "policy", "template", "flow", "case"]
Audience = Literal["public", "agent", "senior"]
Party = Literal["buyer", "seller", "both"]
Tone = Literal["neutral", "soothing", "firm"]
SlotType = Literal["text", "order_no", "tracking_no", "amount", "date", "datetime", "phone_tail", "url", "count"]
Emotion = Literal["calm", "anxious", "angry", "disappointed", "threatening"]

AUDIENCES: tuple[Audience, ...] = ("public", "agent", "senior")  # each sees all that the ones before it see


def visible_audiences(reader: Audience) -> tuple[Audience, ...]:
    """The audience labels that a reader of this level may see, lowest first."""
    return AUDIENCES[: AUDIENCES.index(reader) + 1]


def ancestors(dotted: str) -> tuple[str, ...]:
    """A dotted id and all that stand above it, highest first.

    >>> ancestors("trade.refund")
    ('trade', 'trade.refund')
    """
    parts = dotted.split(".")
    return tuple(".".join(parts[: n + 1]) for n in range(len(parts)))


def above(dotted: str) -> str:
    """The label that entries below `dotted` carry, so that asking for the higher category finds them."""
    return f"{dotted}.*"


def _moment(value: Any) -> Any:
    """A date means Beijing midnight; a time without an offset is Beijing time."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value  # pydantic words the error
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=CHINA)
    if isinstance(value, date):
        return datetime.combine(value, time(), CHINA)
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]


class Record(BaseModel):
    """Frozen, and strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Validity(Record):
    """A half-open window of time: from `valid_from` (inclusive) to `valid_until` (exclusive); None is unbounded."""

    valid_from: Moment | None = None
    valid_until: Moment | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_until 必须晚于 valid_from；请检查两个日期")
        return self

    def in_force(self, at: datetime) -> bool:
        """Whether this is valid at the moment `at` (aware)."""
        return (not self.valid_from or self.valid_from <= at) and (not self.valid_until or at < self.valid_until)

    def overlaps(self, other: Validity) -> bool:
        """Whether some moment lies in both windows."""
        start, end = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return (self.valid_from or start) < (other.valid_until or end) and (other.valid_from or start) < (
            self.valid_until or end
        )
