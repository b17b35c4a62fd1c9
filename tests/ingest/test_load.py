"""Defects of form, file by file; what spans files is in test_check."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ingest.load import load
from kb_service.errors import ContentError
from kb_service.records import CHINA
from tests.conftest import SMALL

FAQ = """---
id: trade.refund.new
title: 新的一篇
issue_type: trade.refund
steps: [resolve]
party: both
questions: [问法一, 问法二, 问法三]
owner: trade-team
review_by: 2027-03-31
---
"""
TEMPLATE = """---
id: tpl.new
title: 新模板
purpose: steps
stage: resolve
issue_types: [trade.refund]
party: both
owner: trade-team
review_by: 2027-03-31
---
"""
POLICY = """---
id: new-rules
title: 新规则
issue_types: [trade.refund]
owner: trade-team
review_by: 2027-03-31
valid_from: 2025-03-01
valid_until: 2027-03-01
---
"""


def problems(content: Path) -> list[str]:
    return [str(problem) for problem in sorted(load(content).problems)]


def write(content: Path, file: str, text: str) -> None:
    (content / file).parent.mkdir(parents=True, exist_ok=True)
    (content / file).write_text(text, "utf-8")


# ── bodies


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("## 处理步骤\n退。", 11, "第一个小节必须是“## 结论”"),
        ("退。\n## 结论\n退。", 11, "正文要从“## 结论”开始；请把标题之前的文字移到某个小节里"),
        ("## 结论\n退。\n\n## 结论\n不退。", 14, "小节“结论”写了两次；请合并"),
        ("## 结论\n退。\n## 注意事项\n\n", 13, "小节“注意事项”是空的；请补上内容或删掉标题"),
        ("## 结论\n退。\n# 注意事项2\n有。", 13, "不认识的小节“注意事项2”；是不是想写“注意事项”？"),
        (
            "## 结论\n退。\n## FAQ\n有。",
            13,
            "不认识的小节“FAQ”；可用的有：结论、处理步骤、所需凭证、备选方案、注意事项、内部备注。",
        ),
    ],
)
def test_the_body_of_an_article(content: Path, body: str, line: int, message: str) -> None:
    write(content, "faq/new.md", FAQ + body)
    assert problems(content) == [f"content/faq/new.md:{line}  {message}  [heading]"]


@pytest.mark.parametrize(
    ("body", "line", "message", "rule"),
    [
        (
            "前言\n## 第一章 总则\n### 第1条 甲 {#a}\n文",
            10,
            "规则要从“## 第一章 …”开始；请把前面的文字移到某一条里",
            "heading",
        ),
        (
            "## 第一章 总则\n总的说\n### 第1条 甲 {#a}\n文",
            11,
            "“第一章 总则”下面的文字不属于任何一条；请加上条标题",
            "heading",
        ),
        (
            "## 第一章 总则\n### 第1条 甲 {#a}\n文\n### 第2条 乙\n文",
            13,
            "条标题应写成“### 第1条 标题 {#短名}”，实际是“第2条 乙”",
            "clause",
        ),
        (
            "### 第1条 甲 {#a}\n文\n## 第一章 总则\n### 第2条 乙 {#b}\n文",
            10,
            "这一条之前没有“## 第一章 …”；请补上章标题",
            "clause",
        ),
        (
            "## 第一章 总则\n### 第1条 甲 {#a valid_form=2026-01-01}\n文",
            11,
            "不认识的属性“valid_form=2026-01-01”；是不是想写“valid_from”？",
            "clause",
        ),
        (
            "## 第一章 总则\n### 第1条 甲 {#a valid_from=去年}\n文",
            11,
            "clauses.0.valid_from：不是日期或时间：“去年”；请写成 2026-03-01 或 2026-03-01T08:00:00+08:00",
            "schema",
        ),
        (
            "## 第一章 总则\n### 第1条 甲 {#a}\n",
            11,
            "clauses.0.text：内容为空或太短（至少 1 个字）；请补全",
            "schema",
        ),
        (
            "## 第一章 总则\n### 第1条 甲 {#A_1}\n文",
            11,
            "clauses.0.id：格式不对：“A_1”；应符合 ^[a-z0-9]+(-[a-z0-9]+)*$",
            "schema",
        ),
        (
            "## 第一章 总则\n### 第1条 甲 {#a valid_until=2025-01-01}\n文",  # before the policy itself begins
            11,
            "clauses.0：这一条的有效期与规则的有效期合起来是空的；请检查两处的 valid_from 和 valid_until",
            "clause-window",
        ),
    ],
)
def test_the_body_of_a_policy(content: Path, body: str, line: int, message: str, rule: str) -> None:
    write(content, "policy/new.md", POLICY + body + "\n## 附则\n### 第9条 末 {#z}\n文\n")
    assert problems(content) == [f"content/policy/new.md:{line}  {message}  [{rule}]"]


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("您好。\n## neutral\n好。", 11, "模板正文要从“## neutral”开始；请把前面的文字移到某个语气里"),
        ("## neutral\n好。\n## firn\n不。", 13, "不认识的语气“firn”；是不是想写“firm”？"),
        ("## neutral\n好。\n## neutral\n不。", 13, "语气“neutral”写了两次；请删掉一个"),
        ("## neutral\n好。\n## firm\n \n", 13, "语气“firm”是空的；请补上内容或删掉标题"),
        ("## firm\n不。", 11, "缺少“## neutral”；每个模板必须有中性语气"),
    ],
)
def test_the_body_of_a_template(content: Path, body: str, line: int, message: str) -> None:
    write(content, "templates/new.md", TEMPLATE + body)
    assert problems(content) == [f"content/templates/new.md:{line}  {message}  [heading]"]


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "faq/new.md",
            FAQ,
            [
                "2  sections：至少要有 1 项，实际 0 项；请补充  [schema]",
                "11  第一个小节必须是“## 结论”  [heading]",
            ],
        ),
        (
            "faq/new.md",
            FAQ + "可以退。\n",
            [
                "2  sections：至少要有 1 项，实际 0 项；请补充  [schema]",
                "11  正文要从“## 结论”开始；请把标题之前的文字移到某个小节里  [heading]",
                "11  第一个小节必须是“## 结论”  [heading]",
            ],
        ),
        ("policy/new.md", POLICY, ["2  clauses：至少要有 1 项，实际 0 项；请补充  [schema]"]),
        ("templates/new.md", TEMPLATE, ["11  缺少“## neutral”；每个模板必须有中性语气  [heading]"]),
    ],
)
def test_a_body_without_any_heading(content: Path, file: str, text: str, expected: list[str]) -> None:
    write(content, file, text)
    assert problems(content) == [f"content/{file}:{problem}" for problem in expected]


# ── front matter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\n---\n## 结论\n退。\n", "1  头信息是空的；请填写 id、title 等字段  [front-matter]"),
        (
            "## 结论\n退。\n",
            "1  缺少头信息：文件第一行必须是“---”，头信息之后再以“---”结束  [front-matter]",
        ),
        (
            FAQ.replace("owner:", "kind: faq\nowner:") + "## 结论\n退。\n",
            "8  kind：这个字段由正文或目录决定，不能写在头信息里；请删掉  [schema]",
        ),
        (
            FAQ.replace("owner:", "more_questions: [问法四]\nowner:") + "## 结论\n退。\n",
            "8  more_questions：这个字段由正文或目录决定，不能写在头信息里；请删掉  [schema]",
        ),
        (
            FAQ.replace("owner:", "sections: []\nowner:") + "## 结论\n退。\n",
            "8  sections：这个字段由正文或目录决定，不能写在头信息里；请删掉  [schema]",
        ),
        (
            FAQ.replace("owner: trade-team\n", "") + "## 结论\n退。\n",
            "2  owner：缺少必填字段；请补上  [schema]",
        ),
        (
            FAQ.replace("问法二, 问法三", "问法二") + "## 结论\n退。\n",
            "7  questions：至少要有 3 项，实际 2 项；请补充  [schema]",
        ),
    ],
)
def test_front_matter(content: Path, text: str, expected: str) -> None:
    write(content, "faq/new.md", text)
    assert problems(content) == [f"content/faq/new.md:{expected}"]


def test_windows_line_ends_and_byte_order_marks_are_read(content: Path) -> None:
    text = "\ufeff" + FAQ + "## 结论\n退。\n## 注意事项\n有。\n"
    (content / "faq" / "new.md").write_bytes(text.replace("\n", "\r\n").encode())
    taxonomy = content / "taxonomy.yaml"
    taxonomy.write_bytes(b"\xef\xbb\xbf" + taxonomy.read_bytes().replace(b"\n", b"\r\n"))
    loaded = load(content)
    assert loaded.problems == []
    entry = next(faq for faq in loaded.faqs if faq.id == "trade.refund.new")
    assert [(section.heading, section.text) for section in entry.sections] == [("结论", "退。"), ("注意事项", "有。")]
    assert loaded.places[entry.id].located.line(("sections", 1)) == 13


# ── YAML files


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("facts.yaml", "- a\n", ["1  应为“编号: {label: …}”的键值对  [schema]"]),
        ("facts.yaml", "a: 48\n", ["1  a：应为键值对，实际是 48  [schema]"]),
        (
            "facts.yaml",
            "a: {label: 时限, kind: duration, value: 48, units: 小时}\n",
            ["1  a.units：不认识的字段“units”；是不是想写“unit”？  [schema]"],
        ),
        ("elsewhere.yaml", "- 今天天气\n", ["1  应为“编号: {label: …, questions: […]}”的键值对  [schema]"]),
        ("elsewhere.yaml", "a:\n  label: 闲聊\n", ["1  a.questions：缺少必填字段；请补上  [schema]"]),
        ("lexicon/terms.yaml", "term: 擦亮\n", ["1  应为列表，每项一行，以“- ”开头  [schema]"]),
        (
            "lexicon/terms.yaml",
            "- {term: 擦亮}\n- {term: 验机, freqs: 3}\n",
            ["2  1.freqs：不认识的字段“freqs”；是不是想写“freq”？  [schema]"],
        ),
        (
            "lexicon/synonyms.yaml",
            "- [退款, 退钱]\n- 退货\n",
            ["2  1：应为列表，实际是 “退货”；每项一行，以“- ”开头，或写成 […]  [schema]"],
        ),
        (
            "lexicon/emotions.yaml",
            "- {pattern: 气, emotion: angry, score: 1.5}\n",
            ["1  0.score：不能大于 1.0，实际是 1.5  [schema]"],
        ),
        (
            "lexicon/phrases.yaml",
            "- {phrase: 不归我管, level: forbiden, reason: 推诿, better: 我来。}\n",
            ["1  0.level：不能是 “forbiden”；是不是想写“forbidden”？  [schema]"],
        ),
        ("flows/new.yaml", "- a\n", ['1  应为键值对，实际是 ["a"]  [schema]']),
        ("taxonomy.yaml", "", None),
    ],
)
def test_a_yaml_file_of_the_wrong_shape(content: Path, file: str, text: str, expected: list[str] | None) -> None:
    write(content, file, text)
    wanted = expected or ["1  应为键值对，实际是 null  [schema]"]
    assert problems(content) == [f"content/{file}:{problem}" for problem in wanted]


@pytest.mark.parametrize("file", ["taxonomy.yaml", "facts.yaml", "lexicon/terms.yaml"])
def test_a_shared_file_that_is_missing(content: Path, file: str) -> None:
    (content / file).unlink()
    assert problems(content) == [f"content/{file}:1  缺少这个文件；请新建  [layout]"]


def test_questions_asked_elsewhere_and_further_phrasings_may_be_missing(content: Path) -> None:
    (content / "elsewhere.yaml").unlink()
    (content / "phrasings" / "all.yaml").unlink()
    loaded = load(content)
    assert (loaded.problems, loaded.elsewhere) == ([], {})


@pytest.mark.parametrize("file", ["facts.yaml", "lexicon/terms.yaml", "elsewhere.yaml", "phrasings/all.yaml"])
def test_an_empty_file_is_an_empty_list(content: Path, file: str) -> None:
    write(content, file, "# 还没有内容\n")
    assert problems(content) == []


def test_phrasings_of_one_article_stand_in_one_place(content: Path) -> None:
    write(content, "phrasings/more.yaml", "\ntrade.refund.no-ship: [又一种问法]\n")
    assert problems(content) == [
        "content/phrasings/more.yaml:2  trade.refund.no-ship：“trade.refund.no-ship”在 content/phrasings/all.yaml:2 "
        "已经有了；请合并到一处  [phrasing]"
    ]


def test_an_id_is_used_once_among_all_kinds(content: Path) -> None:
    write(content, "templates/new.md", TEMPLATE.replace("tpl.new", "trade.refund.no-ship") + "## neutral\n好。\n")
    assert problems(content) == [
        "content/templates/new.md:2  id：id“trade.refund.no-ship”已经被 content/faq/no-ship.md:2 用了；请换一个"
        "  [duplicate-id]"
    ]


def test_what_cannot_be_read_is_named(content: Path) -> None:
    (content / "faq" / "folder.md").mkdir()
    (content / "flows" / "gone.yaml").symlink_to(content / "nowhere.yaml")
    assert problems(content) == [
        "content/faq/folder.md:1  不是普通文件（是目录、坏的链接或设备）；请删掉或换成文件  [layout]",
        "content/flows/gone.yaml:1  不是普通文件（是目录、坏的链接或设备）；请删掉或换成文件  [layout]",
    ]


# ── what comes of it


def test_content_with_problems_is_never_handed_on(content: Path) -> None:
    write(content, "faq/z.md", "")
    write(content, "faq/a.md", "")
    with pytest.raises(ContentError) as caught:
        load(content).content()
    files = [problem.file for problem in caught.value.problems]
    assert list(dict.fromkeys(files)) == ["content/faq/a.md", "content/faq/z.md"]
    assert str(caught.value).splitlines() == problems(content)


def test_a_clause_takes_its_policys_window_where_it_states_none(content: Path) -> None:
    clauses = (
        "## 第一章 总则\n### 第1条 甲 {#a}\n文\n### 第二条 乙 {#b valid_from=2026-01-01}\n文\n"
        "## 第二章 分则\n### 第3条 丙 {#c valid_until=2026-01-01T08:00:00+08:00}\n文\n"
    )
    write(content, "policy/new.md", POLICY + clauses)
    loaded = load(content)
    assert loaded.problems == []
    policy = next(found for found in loaded.policies if found.id == "new-rules")
    start, end, middle = (datetime(year, month, 1, tzinfo=CHINA) for year, month in ((2025, 3), (2027, 3), (2026, 1)))
    assert [(clause.number, clause.chapter, clause.valid_from, clause.valid_until) for clause in policy.clauses] == [
        ("第1条", "第一章 总则", start, end),
        ("第二条", "第一章 总则", middle, end),
        ("第3条", "第二章 分则", start, middle.replace(hour=8)),
    ]


def test_an_article_reads_as_it_was_written(content: Path) -> None:
    faq = next(found for found in load(content).faqs if found.id == "trade.refund.no-ship")
    assert faq.more_questions == ("付完钱三天了人家根本没寄",)
    assert [(section.heading, section.audience) for section in faq.sections] == [
        ("结论", "public"),
        ("处理步骤", "public"),
        ("内部备注", "agent"),
    ]
    loaded = load(SMALL).content()
    assert [template.id for template in loaded.templates] == ["tpl.account.lock", "tpl.refund.no-ship"]
    assert list(loaded.templates[1].tones) == ["neutral", "soothing"]
    assert loaded.lexicon.synonyms == (("退款", "退钱"),)
