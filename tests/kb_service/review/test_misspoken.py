"""Clauses that sound like the examples, learned from a handful."""

from __future__ import annotations

from kb_service.lexicon import Misspoken
from kb_service.review.misspoken import Suspicion, clauses, grams

BLAME = Misspoken(reason="指责客户", better="我们看看怎么补救。", examples=("您自己没看清怪得了谁",))
WEIGHTS = {"": -1.0, "怪得": 15.0, "得了谁": 15.0}


def test_without_weights_or_examples_nothing_is_suspect() -> None:
    assert list(Suspicion({}, [BLAME]).suspects("这能怪得了谁呢")) == []
    harmless = Misspoken(harmless=True, examples=("这不怪您，怪得了谁",))
    assert list(Suspicion(WEIGHTS, [harmless]).suspects("这能怪得了谁呢")) == []


def test_a_suspect_clause_is_marked_with_the_group_it_is_nearest_to() -> None:
    text = "您好，这能怪得了谁呢，我查一下"
    (suspect,) = Suspicion(WEIGHTS, [BLAME]).suspects(text)
    assert (text[suspect.start : suspect.end], suspect.group.reason) == ("这能怪得了谁呢", "指责客户")


def test_short_clauses_are_not_judged() -> None:
    assert list(clauses("怪得了谁，好")) == []


def test_numbers_are_alike() -> None:
    assert (
        grams("等3天")
        == grams("等15天")
        == {"^", "等", "0", "天", "$", "^等", "等0", "0天", "天$", "^等0", "等0天", "0天$"}
    )
