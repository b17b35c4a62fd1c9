"""Gap -> draft article in the content's own format, and the golden questions that it will have to answer.

What only an editor can say stays empty, so that the check names it: nothing is published by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.gaps.find import Found, Near
from ingest.golden import GoldenQuestion, Slice, split_of
from ingest.sounds import slug
from kb_service.text import char_grams, fold

MOST = 8  # questions of a draft, and questions held out
LEAST = 3  # questions that an article needs
ALIKE = 0.7  # of a question's character pairs: no golden question may share more with a phrasing of the article
SHORT, LONG = 6, 60  # characters: slices of golden questions
HINTS = {
    "结论": "一两句话直接回答：能不能、谁来做、多久",
    "处理步骤": "客户或坐席按顺序做什么，写清页面路径；期限和金额写进 facts.yaml 再引用",
    "注意事项": "例外、常见误解；没有就删掉这一节",
}


@dataclass(frozen=True)
class Drafted:
    """What is written for a gap: the article with its id, path and phrasings, and the golden questions with theirs."""

    article: str
    path: str
    text: str
    questions: tuple[str, ...]
    golden_path: str
    golden: tuple[GoldenQuestion, ...]


def drafted(found: Found, folder: Path) -> Drafted | None:
    """The draft of a gap; None if its questions are too few, or too much alike, to fill both parts.

    `folder` is where drafts are kept; a name that is taken there gets the gap's id as well.
    """
    questions, held = _parted(found.questions)
    if len(questions) < LEAST or not held:
        return None
    article = _article(found, folder)
    return Drafted(
        article=article,
        path=_path(article),
        text="\n".join(_lines(article, found, questions)) + "\n",
        questions=questions,
        golden_path=f"golden/{article}.{split_of(article)}.jsonl",
        golden=tuple(_golden(number, text, article, found) for number, text in enumerate(held, start=1)),
    )


def source_of(gap: str) -> str:
    """What the `source` of an article says that closes a gap, whatever its id became."""
    return f"kb-content gaps {gap}"


def why(near: Near) -> str:
    """Why an entry that is near does not answer."""
    refused = f"，被拒绝或没帮上 {near.refused} 次" if near.refused else ""
    return f"平均把握 {near.confidence:.2f}{refused}"


def _parted(texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Questions for the article and questions held out: what an article needs first, then turn about.

    The most central come first. A question that nearly stands in the other part goes to neither.
    """
    article: list[str] = []
    held: list[str] = []
    for text in texts:
        part, other = (article, held) if len(article) < max(LEAST, len(held) + 1) else (held, article)
        alike = any(max(_shared(text, one), _shared(one, text)) > ALIKE for one in other)
        if len(part) < MOST and not alike:
            part.append(text)
    return tuple(article), tuple(held)


def _shared(text: str, other: str) -> float:
    """The share of a text's character pairs that stand in another."""
    grams = char_grams(fold(text))
    return len(grams & char_grams(fold(other))) / len(grams) if grams else 0.0


def _article(found: Found, folder: Path) -> str:
    name = f"{found.issue_type or 'gap'}.{slug('-'.join(found.words[:2]), 40) or found.id}"
    return f"{name}-{found.id}" if (folder / _path(name)).exists() else name


def _path(article: str) -> str:
    return f"faq/{article.partition('.')[0]}/{article.replace('.', '-')}.md"


def _golden(number: int, text: str, article: str, found: Found) -> GoldenQuestion:
    kind: Slice = "short" if len(text) <= SHORT else "long_story" if len(text) > LONG else "plain"
    return GoldenQuestion(
        id=f"gap-{found.id}-{number}",
        split=split_of(article),
        slice=kind,
        text=text,
        relevant={article: 2},
        issue_types=(found.issue_type,) if found.issue_type else (),
        provenance=f"asked by customers, unanswered; held out of the draft by {source_of(found.id)}",
    )


def _lines(article: str, found: Found, questions: Sequence[str]) -> Iterator[str]:
    yield "---"
    yield f"# 缺口 {found.id}：{found.volume} 次没有答好。逐项填好、删掉注释，再移到 content/ 下。"
    yield f"id: {article}"
    yield f"title: {_text(questions[0])}  # 待改：写成一个清楚的问题"
    yield f"issue_type: {found.issue_type}  # 待确认：按最接近的条目猜的，也可能都不是"
    yield "product_categories: [any]"
    yield "steps:  # 待填：taxonomy.yaml 里的阶段，例如 [diagnose, resolve]"
    yield "party:  # 待填：buyer、seller 或 both"
    yield "audience: public  # 待确认：只给坐席看的写 agent"
    yield "questions:  # 客户原话，个人信息已隐去；不是问这件事的删掉，golden 里的也一样"
    yield from (f"  - {_text(text)}" for text in questions)
    yield "policy_refs: []"
    yield "templates: []"
    yield "related: []"
    yield f"source: {source_of(found.id)}  # 请保留：编号可以改，复测靠这一行认出本文"
    yield "owner:  # 待填：负责的团队，例如 trade-team"
    yield "review_by:  # 待填：哪天之前复核，例如 2027-03-31"
    yield "# 最接近的条目。其中一篇其实已经回答了的，不要写新文章：给它加问法，再在 gaps.json 里把 article 改成它。"
    yield from (f"# - {one.entry}《{one.title}》：{why(one)}" for one in found.near)
    yield "# 各节写什么："
    yield from (f"# - {heading}：{hint}" for heading, hint in HINTS.items())
    yield "---"
    for heading in HINTS:
        yield f"## {heading}"
        yield ""


def _text(value: str) -> str:
    """A text as YAML, whatever customers typed."""
    return json.dumps(value, ensure_ascii=False)
