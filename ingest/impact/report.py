"""An assessment as Markdown, for a merge request and for reading in a terminal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ingest.dependents import DESK, Dependent
from ingest.impact.assess import Impact, Radius
from ingest.impact.effect import Moved, Quality
from ingest.impact.retrievability import Found

KINDS = {
    "fact": "事实",
    "clause": "条款",
    "policy": "规则",
    "faq": "常见问题",
    "template": "模板",
    "flow": "流程",
    "elsewhere": "知识库之外",
    "lexicon": "词典",
    DESK: "desk.yaml",
    "taxonomy": "taxonomy.yaml",
}
_SHOWN = 8  # names in one cell; the rest is counted


def report(impact: Impact, base: str) -> str:
    """The whole assessment; `base` says what the change is compared with."""
    parts = [f"# 改动的影响（与 {base} 比较）", _summary(impact)]
    if impact.changes.names:
        parts += [_radius(impact), _rankings(impact), _retrievability(impact), _quality(impact.quality)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _summary(impact: Impact) -> str:
    if not impact.changes.names:
        return "内容没有变化。"
    counts = [
        f"{label} {len(names)} 处（{_by_kind(names)}）"
        for label, names in (
            ("新增", impact.changes.added),
            ("修改", impact.changes.changed),
            ("删除", impact.changes.removed),
        )
        if names
    ]
    verdict = "达到质量门槛。" if impact.passes else "**低于质量门槛，合并前请先处理。**"
    return "；".join(counts) + "。" + (verdict if impact.quality else "没有评测集，未评质量。")


def _by_kind(names: Sequence[str]) -> str:
    counts: defaultdict[str, int] = defaultdict(int)
    for name in names:
        counts[KINDS[name.partition(":")[0]]] += 1
    return "、".join(f"{kind} {count}" for kind, count in counts.items())


# ── what hangs on it


def _radius(impact: Impact) -> str:
    lines = [
        "## 牵连到什么",
        "",
        "| 改动 | 直接牵连 | 间接牵连 | 评测题（dev） | 近 30 天的回答 |",
        "|---|---|---|---|---|",
    ]
    for radius in impact.radii:
        direct = [dependent for dependent in radius.dependents if dependent.direct]
        further = [dependent for dependent in radius.dependents if not dependent.direct]
        cells = (
            _changed(impact, radius),
            _names(direct, impact.titles),
            _names(further, impact.titles),
            _some(list(radius.questions)),
            "—" if radius.recent is None else str(radius.recent),
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += _in_full(impact)
    if impact.uncounted:
        lines += ["", f"近 30 天的回答没有统计：{impact.uncounted}"]
    return "\n".join(lines)


def _in_full(impact: Impact) -> Iterator[str]:
    """What the cells had no room for, folded away."""
    for radius in impact.radii:
        if len(radius.dependents) > _SHOWN:
            title = f"{_name(radius.name, impact.titles)}：牵连的全部 {len(radius.dependents)} 处"
            yield f"\n<details><summary>{title}</summary>\n"
            yield from (f"- {_name(one.name, impact.titles)}{_way(one)}" for one in radius.dependents)
            yield "\n</details>"


def _way(dependent: Dependent) -> str:
    """How a change reaches what does not name it itself."""
    return "" if dependent.direct else f"（经 `{dependent.path[-1].partition(':')[2]}`）"


def _changed(impact: Impact, radius: Radius) -> str:
    changes, (kind, _, key) = impact.changes, radius.name.partition(":")
    way = "新增" if radius.name in changes.added else "删除" if radius.name in changes.removed else "修改"
    text = f"{way}{_name(radius.name, impact.titles)}"
    if kind == "fact" and key in changes.old_facts and key in changes.new_facts:
        text += f"：{changes.old_facts[key].display} → {changes.new_facts[key].display}"
    return text


def _name(name: str, titles: dict[str, str]) -> str:
    kind, _, key = name.partition(":")
    title = titles.get(key, "")
    return KINDS[kind] if not key else f"{KINDS[kind]} `{key}`{f' {title}' if title else ''}".replace("|", "｜")


def _names(dependents: Sequence[Dependent], titles: dict[str, str]) -> str:
    return _some([_name(dependent.name, titles) for dependent in dependents])


def _some(names: Sequence[str]) -> str:
    """The first few, a line each, and how many more."""
    if not names:
        return "—"
    more = [f"等 {len(names)} 处"] if len(names) > _SHOWN else []
    return "<br>".join([*names[:_SHOWN], *more])


# ── what it does to rankings


def _rankings(impact: Impact) -> str:
    lost = [one for one in impact.moved if one.lost]
    won = [one for one in impact.moved if one.won]
    other = len(impact.moved) - len(lost) - len(won)
    lines = [
        "## 排第一的换了谁",
        "",
        f"dev 题中 {len(impact.moved)} 道换了第一：答错了 {len(lost)} 道，答对了 {len(won)} 道，其余 {other} 道。",
    ]
    for (winner, phrasing), group in _by_thief(lost).items():
        taken = "、".join(dict.fromkeys(f"`{one.before}`" for one in group))
        by = f"（新问法“{phrasing}”）" if phrasing else ""
        lines += ["", f"- `{winner}`{by} 从 {taken} 抢走 {len(group)} 道题的第一："]
        lines += [f"  - {one.question.id}“{_short(one.question.asked)}”：{_places(one)}" for one in group]
    if impact.strays:
        lines += ["", "加到已有文章的新问法，改动前排第一的是别的内容；请确认没有放错地方："]
        lines += [f"- “{one.phrasing.text}”（`{one.phrasing.entry}`）：原来是 `{one.winner}`" for one in impact.strays]
    if won:
        lines += ["", "答对了的："]
        lines += [
            f"- {one.question.id}“{_short(one.question.asked)}”：{_places(one)}，现在是 `{one.after}`" for one in won
        ]
    return "\n".join(lines)


def _by_thief(lost: Sequence[Moved]) -> dict[tuple[str, str | None], list[Moved]]:
    groups: defaultdict[tuple[str, str | None], list[Moved]] = defaultdict(list)
    for one in lost:
        groups[one.after, one.by].append(one)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def _places(one: Moved) -> str:
    before, after = (f"第 {place}" if place else "前十之外" for place in (one.place_before, one.place_after))
    return f"正确答案 {before} → {after}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _retrievability(impact: Impact) -> str:
    if not impact.changes.new_articles():
        return ""
    lines = ["## 新文章找得到吗", "", "每篇留出三分之一的问法不写进去，再用它们来问：", ""]
    for article in impact.changes.new_articles():
        found = [one for one in impact.found if one.held_out.article == article]
        lines.append(f"- `{article}`：{_found(found)}")
        lines += [f"  - 没进前三：“{one.held_out.text}”，排第一的是 `{one.instead}`" for one in found if not _near(one)]
    return "\n".join(lines)


def _found(found: Sequence[Found]) -> str:
    first = sum(one.place == 1 for one in found)
    near = sum(_near(one) for one in found)
    return f"{len(found)} 句中 {first} 句排第一，{near} 句进前三"


def _near(one: Found) -> bool:
    return one.place is not None and one.place <= 3


# ── the gate


def _quality(rows: Sequence[Quality]) -> str:
    if not rows:
        return ""
    lines = ["## 质量", "", "| 评测集 | 切片 | 指标 | 改动前 | 改动后 | 门槛 | |", "|---|---|---|---|---|---|---|"]
    lines += list(_rows(rows))
    lines += ["", "其余指标由 `kb-eval gate` 在发布后检查。"]
    return "\n".join(lines)


def _rows(rows: Sequence[Quality]) -> Iterator[str]:
    for row in rows:
        floor = "—" if row.floor is None else f"≥ {row.floor:.3f}"
        verdict = "" if row.floor is None else "通过" if row.holds else "**不通过**"
        yield f"| {row.set} | {row.slice} | {row.measure} | {row.before:.3f} | {row.after:.3f} | {floor} | {verdict} |"
