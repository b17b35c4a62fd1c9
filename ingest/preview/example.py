"""What the form of a page says: who reads, as of when, and the example case that fills the templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from pydantic import ValidationError

from kb_service.content import Taxonomy
from kb_service.contract import SuggestRequest
from kb_service.errors import InvalidRequest
from kb_service.records import AUDIENCES, CHINA, Audience, SlotType
from kb_service.validation import explain

# What a blank holds unless the form says otherwise. Free text stays blank, so that the gap is seen.
_SAMPLES: dict[SlotType, str] = {
    "order_no": "2026112300012345",
    "tracking_no": "SF1234567890123",
    "amount": "128元",
    "phone_tail": "6688",
    "url": "https://example.com/item/1",
    "count": "3",
}
_SINCE_ORDER = timedelta(days=3)  # of the example case


class Blank(NamedTuple):
    """A slot of the form: what it is called, and what it holds."""

    slot: str
    label: str
    value: str


@dataclass(frozen=True)
class Example:
    """The form as it was sent. Dates are `2026-03-01`, Beijing midnight; empty means now, anybody, the desk's choice.

    `order_time` and `slots` are None and absent where nothing was sent: then samples stand in.
    """

    audience: Audience
    as_of: str
    order_time: str | None
    party: str
    channel: str
    tone: str
    slots: dict[str, str]

    def at(self) -> datetime:
        """The moment of asking. Raises InvalidRequest."""
        return _midnight(self.as_of, "as_of") or datetime.now(CHINA)

    def ordered(self) -> str:
        """The day of the order; empty if the case has none."""
        return f"{self.at() - _SINCE_ORDER:%Y-%m-%d}" if self.order_time is None else self.order_time

    def blanks(self, names: Iterable[str], taxonomy: Taxonomy) -> list[Blank]:
        """The slots of the form for texts that use the slots `names`."""
        return [
            Blank(name, taxonomy.slots[name].label, self.slots.get(name, self._sample(taxonomy.slots[name].type)))
            for name in dict.fromkeys(names)
        ]

    def _sample(self, kind: SlotType) -> str:
        if kind in ("date", "datetime"):
            day = self.ordered() or f"{self.at():%Y-%m-%d}"
            return day if kind == "date" else f"{day} 10:00"
        return _SAMPLES.get(kind, "")

    def request(self, query: str, blanks: Iterable[Blank] = (), limit: int = 5) -> SuggestRequest:
        """The suggest call of this case. Raises InvalidRequest."""
        case = {
            "order_time": self.ordered() or None,
            "party": self.party or None,
            "channel": self.channel or None,
            "slots": {blank.slot: blank.value for blank in blanks if blank.value},
        }
        values = {
            "query": query,
            "audience": self.audience,
            "as_of": _midnight(self.as_of, "as_of"),
            "tone": self.tone or None,
            "case": case,
            "limit": limit,
        }
        try:
            return SuggestRequest.model_validate(values)
        except ValidationError as error:
            detail = error.errors()[0]
            keys = tuple(detail["loc"])
            field = ".".join(map(str, keys))
            raise InvalidRequest(f"{field}：{explain(detail, SuggestRequest, keys)}", field) from error

    def link(self, path: str, **changed: str) -> str:
        """`path` with this form, some fields changed."""
        sent = {"audience": self.audience, "as_of": self.as_of, "party": self.party, "channel": self.channel}
        sent |= {"tone": self.tone, **{f"slot.{name}": value for name, value in self.slots.items()}} | changed
        kept = {name: value for name, value in sent.items() if value or name.startswith("slot.")}
        if self.order_time is not None:
            kept["order_time"] = self.order_time
        return f"{path}?{urlencode(kept)}"


def read_example(sent: Mapping[str, str]) -> Example:
    """The form from the parameters of an address. Raises InvalidRequest."""
    wanted = sent.get("audience") or "agent"
    audience = next((one for one in AUDIENCES if one == wanted), None)
    if audience is None:
        raise InvalidRequest(f"audience 的值“{wanted}”不对；可用的有：{'、'.join(AUDIENCES)}", "audience")
    example = Example(
        audience=audience,
        as_of=sent.get("as_of", ""),
        order_time=sent.get("order_time"),
        party=sent.get("party", ""),
        channel=sent.get("channel", ""),
        tone=sent.get("tone", ""),
        slots={name[5:]: value for name, value in sent.items() if name.startswith("slot.")},
    )
    _midnight(example.as_of, "as_of")
    _midnight(example.order_time or "", "order_time")
    return example


def _midnight(day: str, field: str) -> datetime | None:
    if not day:
        return None
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=CHINA)
    except ValueError:
        raise InvalidRequest(f"{field} 的值“{day}”不是日期；请写成 2026-03-01", field) from None
