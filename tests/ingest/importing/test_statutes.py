"""Statutes: articles found, placed and dated; nothing of the wording lost; citable and found once published."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ingest.check import check
from ingest.importing.drafts import Known, statute_drafts
from ingest.importing.markdown import read_markdown
from ingest.importing.statutes import is_statute, phrase, read_statute
from ingest.publish import publish
from kb_service.article import article
from kb_service.contract import Filters, SearchRequest
from kb_service.encoder import Encoder
from kb_service.knowledge import open_version
from kb_service.search import search
from kb_service.settings import Settings
from kb_service.versions import read_pointer

LAW = """# 中华人民共和国集市法

2020年1月5日 通过

## 第一章 总 则

第一条 为了规范集市，制定本法。

第二条 本法所称经营者，是指在集市出售物品的人。

经营者应当诚信。

## 第二章 买卖

### 第一节 一般规定

第三条 经营者搭售物品的，应当提请注意，不得有下列行为：

（一）默认勾选；

（二）七日内拒绝退货。

第三条之一 押金应当及时退还。

### 第二节 附则

第十条 本法自2020年6月1日起施行。
"""


def statute(text: str = LAW, file: str = "集市法.md"):  # type: ignore[no-untyped-def]
    return read_statute(read_markdown(file, text))


def test_a_page_that_only_mentions_articles_is_no_statute() -> None:
    assert not is_statute(read_markdown("a.md", "根据第十条 和第十一条，\n\n第十条 说了什么"))
    assert is_statute(read_markdown("a.md", LAW))


def test_articles_numbers_chapters_places() -> None:
    found = statute()
    assert (found.title, found.full_title) == ("集市法", "中华人民共和国集市法")
    assert [(a.number, a.id, a.chapter, a.place) for a in found.articles] == [
        ("第一条", "1", "第一章 总则", "第7行"),
        ("第二条", "2", "第一章 总则", "第9行"),
        ("第三条", "3", "第二章 买卖 > 第一节 一般规定", "第17行"),
        ("第三条之一", "3-1", "第二章 买卖 > 第一节 一般规定", "第23行"),
        ("第十条", "10", "第二章 买卖 > 第二节 附则", "第27行"),
    ]


def test_all_paragraphs_of_an_article_are_kept() -> None:
    articles = statute().articles
    assert articles[1].text == "本法所称经营者，是指在集市出售物品的人。\n\n经营者应当诚信。"
    assert articles[2].text.endswith("不得有下列行为：\n\n（一）默认勾选；\n\n（二）七日内拒绝退货。")
    assert statute().head == ("2020年1月5日 通过",)


@pytest.mark.parametrize(
    ("file", "head", "expected"),
    [
        ("集市法.md", "2020年1月5日 通过", date(2020, 6, 1)),
        ("集市法.md", "2021年3月2日 第一次修正", date(2021, 3, 2)),
        ("集市法(2022-04-01).md", "2020年1月5日 通过", date(2022, 4, 1)),
        ("集市法(2019-12-28).md", "2020年1月5日 通过", date(2020, 6, 1)),
    ],
)
def test_in_force_since_the_latest_date_that_shaped_this_wording(file: str, head: str, expected: date) -> None:
    found = statute(LAW.replace("2020年1月5日 通过", head), file)
    assert found.valid_from == expected
    assert bool(found.doubt) == (expected != date(2020, 6, 1))


def test_no_date_anywhere_is_left_to_the_editor() -> None:
    found = statute(LAW.replace("自2020年6月1日起施行", "公布后施行").replace("2020年1月5日 通过", ""))
    assert (found.valid_from, found.doubt) == (None, "原文没有写从哪天起施行；请填写")


def test_dates_in_chinese_numerals() -> None:
    assert statute(LAW.replace("2020年6月1日", "二〇二〇年十月一日")).valid_from == date(2020, 10, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("经营者应当明码标价。其他规定。", "经营者应当明码标价"),
        ("违反本法规定，经营者搭售商品的，处罚款。", "经营者搭售商品的，处罚款"),
        ("经营者（含个人）应当诚信；", "经营者应当诚信"),
        (
            "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十",
            "一二三四五六七八九十一二三四五六七八九十一二三四五六七…",
        ),
    ],
)
def test_the_title_of_an_article_is_its_first_phrase(text: str, expected: str) -> None:
    assert phrase(text) == expected


def test_plain_text_and_emphasis_are_read_alike() -> None:
    bare = "集市法\n第一章　总则\n　　**第一条**　甲。\n　　第二条　乙。\n　　第三条　丙，依照第一条 办理。\n"
    found = statute(bare, "集市法.txt")
    assert [(a.id, a.chapter, a.text) for a in found.articles] == [
        ("1", "第一章 总则", "甲。"),
        ("2", "第一章 总则", "乙。"),
        ("3", "第一章 总则", "丙，依照第一条 办理。"),
    ]


def test_what_the_editor_has_to_say_is_named_by_the_check(content: Path) -> None:
    (draft,) = statute_drafts(read_markdown("集市法.md", LAW), Known())
    (content / draft.path).write_text(draft.text, "utf-8")
    assert [str(problem).partition("；")[0] for problem in sorted(check(content).problems)] == [
        "content/policy/ji-shi-fa.md:4  issue_types：应为列表，实际是 null",
        "content/policy/ji-shi-fa.md:6  owner：应为文字，实际是 null",
        "content/policy/ji-shi-fa.md:7  review_by：不是日期：null",
    ]


def test_published_articles_are_cited_and_found(content: Path, home: Settings, encoder: Encoder) -> None:
    known = Known("trade", "legal-team", date(2099, 1, 1))
    (draft,) = statute_drafts(read_markdown("集市法.md", LAW), known)
    (content / draft.path).write_text(draft.text, "utf-8")
    (content / "lexicon" / "plain.yaml").write_text("- {official: [搭售], plain: [捆绑, 自动勾上]}\n", "utf-8")
    faq = content / "faq" / "theft.md"
    faq.write_text(faq.read_text("utf-8") + "\n依据 {{clause:ji-shi-fa#3-1}}。\n", "utf-8")
    publish(content, home)
    knowledge = open_version(home, read_pointer(home.home), encoder)
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert article(knowledge, "ji-shi-fa#3-1", "public", now).text == "押金应当及时退还。"
    assert "依据《集市法》第三条之一。" in article(knowledge, "account.theft.emergency", "agent", now).text
    assert (
        article(knowledge, "ji-shi-fa#3", "public", now).title
        == "《集市法》第三条 经营者搭售物品的，应当提请注意，不得有下列行为"
    )

    def first(query: str) -> str:
        hits = search(knowledge, SearchRequest(query=query, filters=Filters(kinds=["policy"]), limit=1)).hits
        return hits[0].id

    assert first("集市法第三条之一") == "ji-shi-fa#3-1"
    assert first("《集市法》第 10 条怎么说") == "ji-shi-fa#10"
    assert first("页面自动勾上了一样我没要的") == "ji-shi-fa#3"
    assert first("交易规则第二条") == "trade-rules#arrival"
