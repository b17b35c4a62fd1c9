"""Every kind of validation error, in words that tell what was found and what to do."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from kb_service.validation import explain, field_names, shorten


class Parcel(BaseModel):
    """A small model with a field of every type that the project uses."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, StringConstraints(min_length=2, max_length=5)] = "包裹"
    code: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")] = "a"
    count: Annotated[int, Field(ge=1, le=9)] = 1
    weight: FiniteFloat = 1.0
    signed: bool = False
    tags: Annotated[list[str], Field(min_length=1, max_length=2)] = ["a"]
    names: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    party: Literal["buyer", "seller"] = "buyer"
    grade: Literal[1, 2] = 1
    day: date = date(2026, 3, 1)
    at: datetime = datetime(2026, 3, 1)  # noqa: DTZ001
    since: AwareDatetime | None = None
    five: Annotated[int, Field(multiple_of=5)] = 5
    number: UUID | None = None
    inner: Inner | None = None
    inners: list[Inner] = []
    by_name: dict[str, Inner] = {}


class Inner(BaseModel):
    """What a parcel holds."""

    model_config = ConfigDict(extra="forbid")

    amount: int
    currency: str = ""

    @field_validator("currency")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ("", "CNY"):
            raise ValueError("只收人民币；请写 CNY")
        return value


def messages(value: object) -> list[str]:
    """The explanations of all that is wrong with a value."""
    with pytest.raises(ValidationError) as caught:
        Parcel.model_validate(value)
    return [explain(detail, Parcel, tuple(detail["loc"])) for detail in caught.value.errors()]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("title", 15, "应为文字，实际是 15；请写成文字，必要时加引号"),
        ("title", None, "应为文字，实际是 null；请写成文字，必要时加引号"),
        ("title", "", "内容为空或太短（至少 2 个字）；请补全"),
        ("title", "一二三四五六", "太长（最多 5 个字，实际 6）；请精简"),
        ("code", "A1", "格式不对：“A1”；应符合 ^[a-z]+$"),
        ("count", [], "应为整数，实际是 []"),
        ("count", "二", "应为整数，实际是 “二”"),
        ("count", 1.5, "应为整数，实际是 1.5"),
        ("count", 0, "不能小于 1，实际是 0"),
        ("count", 10, "不能大于 9，实际是 10"),
        ("weight", [], "应为数字，实际是 []"),
        ("weight", "重", "应为数字，实际是 “重”"),
        ("weight", float("inf"), "必须是有限的数，实际是 Infinity"),
        ("signed", [], "应为 true 或 false，实际是 []"),
        ("signed", "也许", "应为 true 或 false，实际是 “也许”"),
        ("tags", "a", "应为列表，实际是 “a”；每项一行，以“- ”开头，或写成 […]"),
        ("tags", [], "至少要有 1 项，实际 0 项；请补充"),
        ("tags", ["a", "b", "c"], "最多 2 项，实际 3 项；请删减"),
        ("names", "a", "应为列表，实际是 “a”；每项一行，以“- ”开头，或写成 […]"),
        ("labels", ["a"], '应为键值对，实际是 ["a"]'),
        ("party", "byer", "不能是 “byer”；是不是想写“buyer”？"),
        ("party", "x", "不能是 “x”；可用的有：buyer、seller。"),
        ("party", None, "不能是 null；可用的有：buyer、seller。"),
        ("grade", 3, "不能是 3；可用的有：1、2。"),
        ("day", "明年三月", "不是日期：“明年三月”；请写成 2026-03-01"),
        ("day", "2026-02-30", "不是日期：“2026-02-30”；请写成 2026-03-01"),
        ("day", [], "不是日期：[]；请写成 2026-03-01"),
        ("at", "昨天", "不是日期或时间：“昨天”；请写成 2026-03-01 或 2026-03-01T08:00:00+08:00"),
        ("at", [], "不是日期或时间：[]；请写成 2026-03-01 或 2026-03-01T08:00:00+08:00"),
        ("since", "2026-03-01T08:00:00", "时间缺少时区：“2026-03-01T08:00:00”；请写成 2026-03-01T08:00:00+08:00"),
        ("inner", 3, "应为键值对，实际是 3"),
        ("inner", {}, "缺少必填字段；请补上"),
        ("inner", {"amount": 1, "currency": "USD"}, "只收人民币；请写 CNY"),
        ("tittle", "x", "不认识的字段“tittle”；是不是想写“title”？"),
        ("完全无关", "x", "不认识的字段“完全无关”；请删掉"),  # too many fields to list them all
        ("inner", {"amount": 1, "x": 1}, "不认识的字段“x”；可用的有：amount、currency。"),
        ("inners", [{"amount": 1, "amonut": 1}], "不认识的字段“amonut”；是不是想写“amount”？"),
        ("by_name", {"甲": {"amount": 1, "amonut": 1}}, "不认识的字段“amonut”；是不是想写“amount”？"),
        ("five", 7, "Input should be a multiple of 5（实际是 7）"),  # a kind without words of ours
    ],
)
def test_what_was_found_and_what_to_do(field: str, value: object, expected: str) -> None:
    assert messages({field: value}) == [expected]


def test_every_defect_is_explained() -> None:
    assert messages({"count": 0, "party": "x", "more": 1}) == [
        "不能小于 1，实际是 0",
        "不能是 “x”；可用的有：buyer、seller。",
        "不认识的字段“more”；请删掉",
    ]


def test_a_body_that_is_no_json() -> None:
    with pytest.raises(ValidationError) as caught:
        Parcel.model_validate_json("{")
    assert explain(caught.value.errors()[0], Parcel, ()) == (
        "请求体不是合法的 JSON：EOF while parsing an object at line 1 column 1"
    )


def test_a_body_that_is_no_object() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Parcel).validate_python(3, from_attributes=True)
    assert explain(caught.value.errors()[0], Parcel, ()) == "应为键值对（JSON 对象），实际是 3"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("短", "“短”"),
        ("x" * 58, f"“{'x' * 58}”"),
        ("x" * 59, f"“{'x' * 56}…"),
        ({"键": [1, None, True]}, '{"键": [1, null, true]}'),
        (date(2026, 3, 1), '"2026-03-01"'),
        (["长" * 70], f'["{"长" * 55}…'),
    ],
)
def test_values_are_shown_in_at_most_sixty_characters(value: Any, expected: str) -> None:
    assert shorten(value) == expected
    assert len(expected) <= 60


def test_the_fields_at_a_place_inside_a_model() -> None:
    inner = ["amount", "currency"]
    assert field_names(Parcel, ())[:3] == ["title", "code", "count"]
    assert field_names(Parcel, ("inner",)) == inner
    assert field_names(Parcel, ("inners", 0)) == inner
    assert field_names(Parcel, ("by_name", "甲")) == inner
    assert field_names(Inner, ("nowhere",)) == inner
