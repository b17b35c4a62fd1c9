"""The difference between two versions and the record of publications, as editors read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from ingest.differences import Change, Difference, Field, Shared
from ingest.publications import Impact, Publication
from kb_service.records import CHINA

_KINDS = {"faq": "常见问题", "policy": "规则", "template": "模板", "flow": "流程", "case": "案例", "clause": "条款"}
_MARKS = {"added": "+", "removed": "-", "changed": "~"}
_TOKEN = re.compile(r"[A-Za-z]+|\d+|\s+|.", re.S)
_ALIKE = 0.3  # lines that have less than this in common are shown one below the other
_AROUND = 12  # characters shown on either side of what differs
_MOST = 8  # items of a shared file that are named


def difference_text(difference: Difference) -> str:
    """Everything that differs, facts first, as text."""
    lines = [f"{difference.old} → {difference.new}"]
    lines += _facts(difference)
    for kind in ("clause", "policy", "faq", "template", "flow", "case"):
        changes = [c for c in (*difference.clauses, *difference.entries) if c.kind == kind]
        lines += _group(kind, [change for change in changes if change.fields or not change.facts])
    lines += [line for part in difference.shared for line in _shared(part)]
    if len(lines) == 1:
        hidden = "看得见的内容没有变化，只有检索和训练用的说法（phrasings/、emotion_examples.yaml）变了"
        lines.append(hidden if difference.learned else "没有区别")
    return "\n".join(lines)


def _facts(difference: Difference) -> Iterator[str]:
    for n, fact in enumerate(difference.facts):
        if n == 0:
            yield f"\n事实（{_count(difference.facts)}）"
        value = next((field for field in fact.fields if field.path == "value"), None)
        shown = f"：{value.old} → {value.new}" if value else ""
        yield f"{_MARKS[fact.found]} {fact.id}  {fact.title}{shown}"
        yield from (line for field in fact.fields if field is not value for line in _field(field))
        if stating := difference.stating(fact.id):
            yield f"    写到它的 {len(stating)} 处随之改变：{'、'.join(stating)}"


def _group(kind: str, changes: Sequence[Change]) -> Iterator[str]:
    if changes:
        yield f"\n{_KINDS[kind]}（{_count(changes)}）"
    for change in changes:
        yield f"{_MARKS[change.found]} {change.id}  {change.title}"
        yield from (line for field in change.fields for line in _field(field))


def _count(changes: Sequence[Change]) -> str:
    names = (("added", "新增"), ("changed", "修改"), ("removed", "删除"))
    counts = [(name, sum(change.found == found for change in changes)) for found, name in names]
    return "，".join(f"{name} {count}" for name, count in counts if count)


def _field(field: Field) -> Iterator[str]:
    """The lines of a text that differ; inside a line, what went as `[-…-]` and what came as `{+…+}`."""
    old, new = field.old.splitlines(), field.new.splitlines()
    yield f"    {field.path}："
    for action, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if action == "equal":
            continue
        gone, came = old[start:end], new[new_start:new_end]
        if len(gone) == len(came):
            for one, other in zip(gone, came, strict=True):
                yield from (f"      {line}" for line in _line(one, other))
        else:
            yield from (f"      - {line}" for line in gone)
            yield from (f"      + {line}" for line in came)


def _line(old: str, new: str) -> list[str]:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return [f"- {old}", f"+ {new}"]
    steps = matcher.get_opcodes()
    parts = []
    for n, (action, start, end, new_start, new_end) in enumerate(steps):
        gone, came = "".join(before[start:end]), "".join(after[new_start:new_end])
        if action == "equal":
            parts.append(_shortened(gone, n == 0, n == len(steps) - 1))
        else:
            parts.append((f"[-{gone}-]" if gone else "") + (f"{{+{came}+}}" if came else ""))
    return [f"~ {''.join(parts)}"]


def _shortened(text: str, first: bool, last: bool) -> str:
    """What is the same, cut to what stands beside the differences."""
    if len(text) <= 2 * _AROUND + 1:
        return text
    left, right = "" if first else text[:_AROUND], "" if last else text[-_AROUND:]
    return f"{left}…{right}"


def _shared(part: Shared) -> Iterator[str]:
    """`lexicon.terms：+2 鱼小铺、验货宝`."""
    groups = [(mark, items) for mark, items in (("+", part.added), ("~", part.changed), ("-", part.removed)) if items]
    yield f"\n{part.name}（{'，'.join(f'{mark}{len(items)}' for mark, items in groups)}）"
    for mark, items in groups:
        more = f" 等 {len(items)} 项" if len(items) > _MOST else ""
        named = "、".join(item for item in items[:_MOST] if item)
        yield f"{mark} {named}{more}".rstrip()


def publication_text(publication: Publication, current: bool) -> str:
    """One publication of the record: a line, and below it what changed."""
    words = {"built": "发布", "reactivated": "重新启用", "rolled_back": "回滚"}
    at = f"{publication.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    mark = "*" if current else " "
    commit = publication.commit or "—"
    head = f"{mark} {at}  {words[publication.action]} {publication.version}  提交 {commit}  {publication.who}"
    return f"{head}\n    {_impact(publication)}"


def _impact(publication: Publication) -> str:
    if publication.previous is None:
        return "之前没有可用的版本"
    if publication.impact is None:
        return f"相对 {publication.previous}：没有比较（版本读不了，或发布中断后还没有补记）"
    return f"相对 {publication.previous}：{_touched(publication.impact) or '看得见的内容没有变化'}"


def _touched(impact: Impact) -> str:
    names = {
        "faqs": "常见问题",
        "clauses": "条款",
        "facts": "事实",
        "policies": "规则",
        "templates": "模板",
        "flows": "流程",
        "cases": "案例",
    }
    parts = [f"{name} {touched}" for field, name in names.items() if str(touched := getattr(impact, field))]
    return "，".join([*parts, *impact.shared])
