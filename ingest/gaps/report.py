"""Gaps as an editor reads them: one screen, the worst first."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.gaps.drafting import why
from ingest.gaps.find import Found, Survey, title_of
from ingest.gaps.memory import Gap, Memory
from kb_service.knowledge import Knowledge

EXAMPLES = 3  # questions shown of a gap
BADLY = 5  # articles shown that answer badly
LONGEST = 34  # characters shown of a question
_STATUS = {"open": "问法还少，未起草", "drafted": "待补", "closed": "已关闭，又有人问"}
_FAILURES = {"no_answer": "没答上", "rejected": "被拒绝", "unsatisfied": "低分", "low_confidence": "把握小"}


def survey_text(survey: Survey, memory: Memory, knowledge: Knowledge, top: int) -> str:
    """The `top` worst gaps, where all the other events went, and the articles that often did not help."""
    known = {gap.id: gap for gap in memory.gaps}
    counts = (
        f"{sum(gap.volume for gap in survey.gaps)} 次归成 {len(survey.gaps)} 个缺口",
        f"{survey.scattered} 次零散",
        f"{survey.misled.total()} 次有把握地给了文章却没帮上",
        f"{survey.answered} 次现在已能回答",
        f"{survey.outside} 次与平台无关",
        f"{survey.fragments} 次只有片言只语",
    )
    lines = [f"共 {survey.events} 次提问，{survey.failed} 次没有答好：{'，'.join(counts)}。", ""]
    for rank, found in enumerate(survey.gaps[:top], start=1):
        lines += _gap_lines(rank, found, known[found.id])
    if len(survey.gaps) > top:
        lines.append(f"另有 {len(survey.gaps) - top} 个较小的缺口；用 --top {len(survey.gaps)} 全部列出。")
    return "\n".join([*lines, *_badly(survey, knowledge)])


def _badly(survey: Survey, knowledge: Knowledge) -> Iterator[str]:
    """Articles that the service was sure of, more than once in vain."""
    often = [(entry, count) for entry, count in survey.misled.most_common(BADLY) if count > 1]
    if often:
        yield from ("", "答得不好的已有文章（不是缺口：改文章，或在 not_questions 里写明哪些不归它）：")
    for entry, count in often:
        yield f"    {count} 次  {entry}《{_cut(title_of(entry, knowledge))}》"


def _gap_lines(rank: int, found: Found, gap: Gap) -> Iterator[str]:
    counts = "、".join(f"{_FAILURES[kind]} {count}" for kind, count in found.failures.most_common())
    words = " ".join(found.words) or "（无典型词）"
    yield f"{rank:>2}. {words}  {found.volume} 次（{counts}）  {gap.id} {_STATUS[gap.status]}"
    more = f"；另有约 {found.more} 条相近的" if found.more else ""
    yield "    问：" + "；".join(_cut(text) for text in found.questions[:EXAMPLES]) + more
    if found.near:
        nearest = found.near[0]
        yield f"    近：{nearest.entry}《{_cut(nearest.title)}》{why(nearest)}"
    if gap.draft:
        yield f"    稿：{gap.draft}"


def replay_text(memory: Memory) -> str:
    """The latest replay of every gap that has one."""
    rows = [gap for gap in memory.gaps if gap.replays]
    if not rows:
        return "没有起草过的缺口；先运行 kb-content gaps"
    lines = [f"版本 {rows[0].replays[-1].kb_version}"]
    for gap in rows:
        last, before = gap.replays[-1], gap.replays[:-1]
        was = f"（上次 {before[-1].passed}/{before[-1].asked}）" if before else ""
        state = "关闭" if gap.status == "closed" else "未关闭"
        lines.append(f"{gap.id}  {last.passed}/{last.asked}{was}  {state}  {gap.article}")
    closed = sum(gap.status == "closed" for gap in rows)
    return "\n".join([*lines, f"{len(rows)} 个缺口，关闭 {closed} 个。"])


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
