"""Passages: heading path on each, tables with their header, nothing lost."""

from __future__ import annotations

from ingest.split import passages


def test_a_short_section_is_one_passage_under_its_path() -> None:
    assert passages("退款 > 结论", "可以退。") == ["退款 > 结论\n可以退。"]


def test_a_long_table_repeats_its_header() -> None:
    rows = "\n".join(f"| 情形{n} | {'责任说明' * 6} |" for n in range(20))
    found = passages("责任", f"| 情形 | 责任 |\n|---|---|\n{rows}", limit=200)
    assert len(found) > 2
    assert all("| 情形 | 责任 |\n|---|---|\n" in passage for passage in found)
    assert sum(passage.count("责任说明责任") > 0 for passage in found) == len(found)
    assert all(f"| 情形{n} |" in "\n".join(found) for n in range(20))


def test_a_long_paragraph_is_cut_between_sentences_and_keeps_every_character() -> None:
    sentences = [f"第{n}句说明卖家应当在规定时间内发货并填写真实单号。" for n in range(30)]
    found = passages("发货", "".join(sentences), limit=120)
    assert all(len(passage) <= 120 + len("发货\n") for passage in found)
    assert all(passage.endswith("。") for passage in found)
    assert "".join(passage.removeprefix("发货\n") for passage in found) == "".join(sentences)


def test_no_passage_is_a_heading_alone() -> None:
    found = passages("甲", "### 小标题\n\n" + "正文。" * 200, limit=100)
    assert not any(passage.removeprefix("甲\n").strip() == "### 小标题" for passage in found)
