"""The input: a closed case as the ticket system exports it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, ValidationError, model_validator

from kb_service.casework import NoteRequest
from kb_service.content import Outcome
from kb_service.errors import ArchiveRefused
from kb_service.records import Moment
from kb_service.validation import explain

Side = Literal["buyer", "seller", "agent"]
Words = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(min_length=2, max_length=60, strip_whitespace=True)]


class ClosedCase(NoteRequest):
    """A case as for the ticket note, and how it ended. `case.id` is needed: no case is archived twice."""

    model_config = ConfigDict(json_schema_extra={"examples": []})

    done: Words = Field(description="What was done, in the words of whoever closed it; a line a step.")
    result: Words = Field(description="How it ended.")
    outcome: Outcome = Field(description="What became of the customer's wish.")
    csat: Annotated[int, Field(ge=1, le=5)] | None = Field(default=None, description="The customer's mark, 5 is best.")
    closed_at: Moment
    people: dict[Side, list[Name]] = Field(
        default_factory=dict, description="Names and nicknames by side. All of them become 买家, 卖家 or 客服."
    )

    @model_validator(mode="after")
    def _identified(self) -> ClosedCase:
        if self.case.id is None:
            raise ValueError("缺少 case.id（工单编号）：同一个案件不能归档两次，要靠它认出来")
        earlier = {"下单时间 case.order_time": self.case.order_time, "开单时间 case.opened_at": self.case.opened_at}
        for label, moment in earlier.items():
            if moment and moment > self.closed_at:
                raise ValueError(f"{label} 晚于结案时间 closed_at；请核对")
        return self


def read_case(path: Path) -> ClosedCase:
    """The case in a JSON file. Raises ArchiveRefused with everything that is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ArchiveRefused(f"没有文件 {path}") from None
    except OSError as error:
        raise ArchiveRefused(f"读不了 {path}：{error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ArchiveRefused(f"{path} 不是 UTF-8 的 JSON：{error}；样子见 docs/examples/closed-case.json") from error
    try:
        return ClosedCase.model_validate(data)
    except ValidationError as error:
        lines = [
            f"{path}  {'.'.join(map(str, detail['loc'])) or '整个文件'}：{explain(detail, ClosedCase, detail['loc'])}"
            for detail in error.errors()
        ]
        raise ArchiveRefused("\n".join([f"没有归档，案件文件有 {len(lines)} 处问题：", *lines])) from error
