"""Terms with a wrong character and traditional characters, in what people read and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.edits import edit, problems

LOCK = "templates/lock.md"


@pytest.mark.parametrize(
    ("wrong", "term"),
    [
        ("擦量", "擦亮"),  # sounds alike
        ("察亮", "擦亮"),  # looks alike
        ("申请退欺", ""),  # neither sounds nor looks alike
        ("申请推款", "申请退款"),  # a menu name
        ("申清退款", ""),  # 清退 is a word
        ("帐号", "账号"),  # a word, but not here
    ],
)
def test_a_misspelt_term_is_named(content: Path, wrong: str, term: str) -> None:
    edit(content, LOCK, "请马上", f"可以{wrong}。请马上")
    expected = f"content/{LOCK}:13  tones.neutral：“{wrong}”疑似“{term}”的误写；请核对  [spelling]"
    assert problems(content) == ([expected] if term else [])


@pytest.mark.parametrize("text", ["请擦亮眼睛", "他擦凉席", "先擦，量一下"])
def test_what_is_a_word_there_passes(content: Path, text: str) -> None:
    edit(content, LOCK, "请马上", f"{text}。请马上")
    assert problems(content) == []


def test_customers_may_write_as_they_like(content: Path) -> None:
    edit(content, "faq/theft.md", "账号被别人登录了", "帳號被人擦量了")
    assert problems(content) == []


def test_traditional_characters_are_named_once_a_line(content: Path) -> None:
    edit(content, LOCK, "为保护资金，请立即", "為保護資金，請立即")
    assert problems(content) == [f"content/{LOCK}:16  tones.firm：“為護資請”是繁体字；请改成简体  [traditional]"]


def test_labels_of_facts_are_read_too(content: Path) -> None:
    edit(content, "facts.yaml", "label: 闭环", "label: 閉环")
    assert problems(content) == [
        "content/facts.yaml:3  desk.key_issue_hours.label：“閉”是繁体字；请改成简体  [traditional]"
    ]
