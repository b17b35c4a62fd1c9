"""Skeletons of new entries: every required field, empty where only a writer knows, each with what to write there."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from ingest.importing.drafts import scalar
from ingest.load import load
from ingest.loaded import Loaded
from kb_service.errors import EditError, suggest_name
from kb_service.records import EntryId, ancestors

Kind = Literal["faq", "policy", "template", "flow"]

_FAQ = """---
id: {id}
title: {title}
issue_type: {issue_type}
product_categories: [any]
steps:  # 待填：taxonomy.yaml 里的阶段，例如 [diagnose, resolve]
party:  # 待填：buyer、seller 或 both
audience: agent  # 用户也可以看的改成 public，只给资深坐席的改成 senior
questions: []  # 待填：8 到 14 条客户真会打出来的话，有长有短，每条换一个角度
not_questions: []  # 容易混进来、但属于别的文章的问法
policy_refs: []  # 依据的条款，例如 [refund-rules#seller-response]
templates: []  # 可以发给客户的模板，例如 [tpl.refund.no-ship-guide]
related: []  # 相关文章的编号
owner:  # 待填：负责的团队，例如 trade-team
review_by:  # 待填：哪天之前复核，例如 2027-03-31
# 正文：结论一到两句话，先给答案；处理步骤写成编号列表。
# 数字和路径写成 {{{{fact:编号}}}}，条款写成 {{{{clause:规则#条款}}}}。
# 还可以加：## 所需凭证、## 备选方案、## 注意事项、## 内部备注（用户看不到）。
---
## 结论

## 处理步骤
"""
_POLICY = """---
id: {id}
title: {title}
issue_types: []  # 待填：taxonomy.yaml 里的问题类型，例如 [trade.refund]
audience: public
owner:  # 待填：负责的团队，例如 trade-team
review_by:  # 待填：哪天之前复核，例如 2027-03-31
valid_from:  # 从哪天起生效，例如 2026-12-01；不写表示一直有效
# 每条写成“### 第1条 标题 {{#短名}}”，短名永不改名；以后改条款用 kb-content amend {id}#短名 --from 日期。
---
## 第一章 总则
"""
_TEMPLATE = """---
id: {id}
title: {title}
purpose:  # 待填：taxonomy.yaml 里的 purposes，例如 steps
stage:  # 待填：taxonomy.yaml 里的阶段，例如 resolve
issue_types: []  # 待填：例如 [trade.refund]
party:  # 待填：buyer、seller 或 both
channels: [chat]
owner:  # 待填：负责的团队，例如 trade-team
review_by:  # 待填：哪天之前复核，例如 2027-03-31
# 每种语气是完整的一条回复，能直接发送；neutral 必写，soothing、firm 至少再写一种。槽位写成 {{{{slot:order_id}}}}。
---
## neutral

## soothing
"""
_FLOW = """id: {id}
title: {title}
issue_types: []  # 待填：例如 [trade.refund]
party:  # 待填：buyer、seller 或 both
audience: agent
summary:  # 待填：一句话说明什么情况走这个流程
owner:  # 待填：负责的团队，例如 trade-team
review_by:  # 待填：哪天之前复核，例如 2027-03-31
facts_to_collect: []  # 按该问的先后写，例如 [{{slot: order_id}}]
evidence: {{}}  # 各要什么凭证，例如 {{buyer: [{{id: chat-record, label: 聊天记录截图, how: 聊天页导出}}]}}
steps: []  # 待填：每步写 id、stage、title、owner、action、deadline
offers: []  # 从低到高的方案，每个写 id、label、authority、text
escalation: []  # 什么时候（when）转给谁（to）、多久之内（within）
sla: {{first_response: {first_response}, resolve: {resolve}}}
closing_checks: []
policy_refs: []
templates: []
"""
_FORMS: dict[Kind, tuple[str, str, str]] = {  # what an id begins with, the folder, the text
    "faq": ("", "faq", _FAQ),
    "policy": ("", "policy", _POLICY),
    "template": ("tpl.", "templates", _TEMPLATE),
    "flow": ("flow.", "flows", _FLOW),
}


@dataclass(frozen=True)
class Skeleton:
    """A file to be written, and its text."""

    path: Path
    text: str


def skeleton(root: Path, kind: Kind, name: str, title: str) -> Skeleton:
    """The skeleton of entry `name` in the content at `root`; nothing is written.

    Raises EditError for an id that is taken, malformed, or not of this kind, and for a title that is too long.
    """
    loaded = load(root)
    _check_id(loaded, kind, name)
    if not 0 < len(title.strip()) <= 120:
        raise EditError(f"标题应有 1 到 120 字，实际 {len(title.strip())} 字")
    _, folder, form = _FORMS[kind]
    issue_type = _issue_type(loaded, name) if kind == "faq" else ""
    text = form.format(
        id=name,
        title=scalar(title.strip()),
        issue_type=issue_type,
        first_response=loaded.desk.first_response or " ",
        resolve=loaded.desk.resolve or " ",
    )
    slug, ending = name.rpartition(".")[2], "yaml" if kind == "flow" else "md"
    topic = "" if kind == "policy" else _topic(loaded, kind, name)
    path = root / folder / topic / f"{slug}.{ending}"
    if path.exists():
        raise EditError(f"{path} 已经存在，没有覆盖；请换一个编号")
    return Skeleton(path, text)


def write_skeleton(made: Skeleton) -> None:
    """Write it; an existing file is never replaced. Raises EditError."""
    made.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with made.path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(made.text)
    except FileExistsError as error:
        raise EditError(f"{made.path} 已经存在，没有覆盖；请换一个编号") from error


def _check_id(loaded: Loaded, kind: Kind, name: str) -> None:
    try:
        TypeAdapter(EntryId).validate_python(name)
    except ValidationError as error:
        raise EditError(f"编号“{name}”不合格：只用小写字母、数字、点和连字符，最长 80 个字符") from error
    if name in loaded.places:
        raise EditError(f"编号“{name}”已经被 {loaded.places[name].file} 用了；请换一个")
    start = _FORMS[kind][0]
    if not name.startswith(start) or name == start.rstrip("."):
        raise EditError(f"编号“{name}”应以“{start}”开头，例如 {start}{name}")
    if kind == "policy" and "." in name:
        raise EditError(f"规则的编号“{name}”不能有点；例如 {name.replace('.', '-')}")


def _issue_type(loaded: Loaded, name: str) -> str:
    """The issue type that the id begins with. Raises EditError where there is none, or nearly one."""
    known = loaded.taxonomy.issue_types if loaded.taxonomy else {}
    stem = name.rpartition(".")[0]
    found = [prefix for prefix in ancestors(stem) if prefix in known] if stem else []
    hint = "" if stem in known else suggest_name(stem or name, sorted(known))
    if not found or hint.startswith("是不是"):
        said = hint or "问题类型见 taxonomy.yaml"
        raise EditError(f"FAQ 的编号要以问题类型开头，再加点和短名（例如 trade.refund.slow）；“{name}”不是，{said}")
    return found[-1]


def _topic(loaded: Loaded, kind: Kind, name: str) -> str:
    """The folder in which entries with such ids are; the part of the id that says most about it where none is."""
    folder = _FORMS[kind][1]
    parts = name.removeprefix(_FORMS[kind][0]).split(".")[:-1]
    for depth in range(len(parts), 0, -1):
        stem = _FORMS[kind][0] + ".".join(parts[:depth]) + "."
        folders = Counter(
            match[1]
            for other, place in loaded.places.items()
            if other.startswith(stem) and (match := re.match(rf"[^/]+/{folder}/([^/]+)/", place.file))
        )
        if folders:
            return folders.most_common(1)[0][0]
    return parts[-1] if parts else "."
