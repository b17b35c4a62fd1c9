"""Validation errors in words that tell the reader what was found and what to do.

Serves both the content files (`ingest.load`) and the API, so that the two speak alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from kb_service.errors import suggest_name

_TEMPLATES = {
    "missing": "缺少必填字段；请补上",
    "string_type": "应为文字，实际是 {found}；请写成文字，必要时加引号",
    "string_too_short": "内容为空或太短（至少 {min_length} 个字）；请补全",
    "string_too_long": "太长（最多 {max_length} 个字，实际 {length}）；请精简",
    "string_pattern_mismatch": "格式不对：{found}；应符合 {pattern}",
    "int_type": "应为整数，实际是 {found}",
    "int_parsing": "应为整数，实际是 {found}",
    "int_from_float": "应为整数，实际是 {found}",
    "float_type": "应为数字，实际是 {found}",
    "float_parsing": "应为数字，实际是 {found}",
    "bool_type": "应为 true 或 false，实际是 {found}",
    "bool_parsing": "应为 true 或 false，实际是 {found}",
    "list_type": "应为列表，实际是 {found}；每项一行，以“- ”开头，或写成 […]",
    "tuple_type": "应为列表，实际是 {found}；每项一行，以“- ”开头，或写成 […]",
    "dict_type": "应为键值对，实际是 {found}",
    "model_type": "应为键值对，实际是 {found}",
    "model_attributes_type": "应为键值对（JSON 对象），实际是 {found}",
    "too_short": "至少要有 {min_length} 项，实际 {actual_length} 项；请补充",
    "too_long": "最多 {max_length} 项，实际 {actual_length} 项；请删减",
    "date_from_datetime_parsing": "不是日期：{found}；请写成 2026-03-01",
    "date_type": "不是日期：{found}；请写成 2026-03-01",
    "date_parsing": "不是日期：{found}；请写成 2026-03-01",
    "datetime_type": "不是日期或时间：{found}；请写成 2026-03-01 或 2026-03-01T08:00:00+08:00",
    "datetime_parsing": "不是日期或时间：{found}；请写成 2026-03-01 或 2026-03-01T08:00:00+08:00",
    "datetime_from_date_parsing": "不是日期或时间：{found}；请写成 2026-03-01 或 2026-03-01T08:00:00+08:00",
    "timezone_aware": "时间缺少时区：{found}；请写成 2026-03-01T08:00:00+08:00",
    "greater_than_equal": "不能小于 {ge}，实际是 {found}",
    "less_than_equal": "不能大于 {le}，实际是 {found}",
    "finite_number": "必须是有限的数，实际是 {found}",
    "json_invalid": "请求体不是合法的 JSON：{error}",
}


def explain(error: ErrorDetails, model: type[BaseModel], keys: tuple[str | int, ...]) -> str:
    """One sentence for one pydantic error; `keys` is the path inside `model`, without discriminator parts."""
    kind, context = error["type"], dict(error.get("ctx") or {})
    found = shorten(error["input"])
    if kind == "extra_forbidden":
        return f"不认识的字段“{keys[-1]}”；{suggest_name(str(keys[-1]), field_names(model, keys[:-1])) or '请删掉'}"
    if kind in ("literal_error", "enum"):
        allowed = [part.strip(" '") for part in str(context.get("expected", "")).replace(" or ", ", ").split(",")]
        return f"不能是 {found}；{suggest_name(str(error['input']), allowed)}"
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    if kind == "string_too_long" and isinstance(error["input"], str):
        context["length"] = len(error["input"])
    template = _TEMPLATES.get(kind)
    return template.format(found=found, **context) if template else f"{error['msg']}（实际是 {found}）"


def shorten(value: Any) -> str:
    """The value as JSON-like text, cut to 60 characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str) if not isinstance(value, str) else f"“{value}”"
    except (ValueError, RecursionError):  # an integer of thousands of digits, lists hundreds deep
        text = f"无法显示的 {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "…"


def field_names(model: type[BaseModel], keys: tuple[str | int, ...]) -> list[str]:
    """The field names that are allowed at `keys` inside `model`."""
    for key in keys:
        if isinstance(key, str) and key in model.model_fields:
            model = next(_models(model.model_fields[key].annotation), model)
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
