"""Golden questions: what cannot be read is named by line, what is wrong by id; and ours are in order."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from eval.golden import Phrasings, check_sets, problems
from ingest.check import checked_content
from ingest.golden import GoldenQuestion, Split, read_golden, split_of
from kb_service.case import Case, Message
from kb_service.errors import ContentError, KnowledgeBaseError
from kb_service.records import CHINA
from tests.conftest import ROOT, SMALL

SETS = [ROOT / "eval" / "golden" / f"{split}.jsonl" for split in ("dev", "test")]
# Their SHA-1 sums are well known: …1b93eb12 is even, …9cd0d89d (FIPS 180) is odd.
DEV_ENTRY, TEST_ENTRY = "The quick brown fox jumps over the lazy dog", "abc"


def row(**values: Any) -> dict[str, Any]:
    """One line of a set: an in-scope dev question, unless `values` say otherwise."""
    given = {"id": "q1", "split": "dev", "slice": "plain", "text": "能退吗", "relevant": {DEV_ENTRY: 2}}
    return {**given, "provenance": "test", **values}


def question(**values: Any) -> GoldenQuestion:
    return GoldenQuestion.model_validate(row(**values))


def written(folder: Path, *lines: str) -> Path:
    path = folder / "set.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


# ── the reader's refusals


def test_a_set_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeBaseError) as caught:
        read_golden(tmp_path / "none.jsonl")
    assert str(caught.value) == f"读不了评测集 {tmp_path}/none.jsonl：No such file or directory"


def test_an_empty_set(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(KnowledgeBaseError) as caught:
        read_golden(path)
    assert str(caught.value) == f"评测集 {path} 是空的"


@pytest.mark.parametrize("line", ["{", ""])
def test_a_line_that_is_no_json(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, json.dumps(row()), line)
    with pytest.raises(KnowledgeBaseError) as caught:
        read_golden(path)
    reason = {
        "{": "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        "": "Expecting value: line 1 column 1 (char 0)",
    }
    assert str(caught.value) == f"评测集 {path} 第 2 行有误：{reason[line]}"


def test_a_number_that_is_used_twice(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps(row()), json.dumps(row(id="q2")), json.dumps(row(text="别的")))
    with pytest.raises(KnowledgeBaseError) as caught:
        read_golden(path)
    assert str(caught.value) == f"评测集 {path} 第 3 行的编号 q1 已经用过；请换一个"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"split": "train"}, "split"),
        ({"slice": "plian"}, "slice"),
        ({"relevant": {"a": 3}}, "relevant.a"),
        ({"relevant": None}, "relevant"),
        ({"audience": "boss"}, "audience"),
        ({"messages": [{"role": "bot", "text": "x"}], "text": ""}, "messages.0.role"),
        ({"txt": "x"}, "txt"),
    ],
)
def test_a_line_with_a_wrong_field_is_named_with_its_field(tmp_path: Path, values: dict[str, Any], field: str) -> None:
    path = written(tmp_path, json.dumps(row(id="q0")), json.dumps(row(**values)))
    with pytest.raises(KnowledgeBaseError) as caught:
        read_golden(path)
    first, _, rest = str(caught.value).partition("\n")
    assert first == f"评测集 {path} 第 2 行有误：1 validation error for GoldenQuestion"
    assert rest.splitlines()[0] == field


@pytest.mark.parametrize("values", [{"text": ""}, {"messages": [{"role": "customer", "text": "能退吗"}]}])
def test_a_question_is_a_text_or_a_conversation(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="text 与 messages 必须写一个，也只能写一个"):
        question(**values)


def test_a_set_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(json.dumps(row(), ensure_ascii=False).encode("gbk"))
    with pytest.raises(KnowledgeBaseError, match=f"读不了评测集 {path}"):
        read_golden(path)


# ── what is read


def test_questions_are_read_in_order(tmp_path: Path) -> None:
    turns = [{"role": "agent", "text": "您好"}, {"role": "customer", "text": "多久到账"}]
    path = written(tmp_path, json.dumps(row()), json.dumps(row(id="q2", text="", messages=turns)))
    found = read_golden(path)
    assert [(question.id, question.asked) for question in found] == [("q1", "能退吗"), ("q2", "多久到账")]


def test_what_answers_is_graded_two() -> None:
    assert question(relevant={"a": 2, "b": 1, "c": 2}).answers == {"a", "c"}
    assert question(slice="out_of_scope", relevant={}).answers == set()


def test_a_question_as_the_service_gets_it() -> None:
    plain = question().request()
    assert (plain.query, plain.messages, plain.case, plain.audience) == ("能退吗", [], Case(), "agent")
    assert (plain.limit, plain.explain) == (10, True)
    assert question(audience="senior").request(3).audience == "senior"
    assert question(audience="senior").request(3).limit == 3
    turns = [{"role": "agent", "text": "您好"}, {"role": "customer", "text": "多久到账"}]
    talk = question(text="", messages=turns, order_time="2026-01-01T12:00:00+08:00", audience="public").request()
    assert talk.query is None
    assert talk.messages == [Message(role="agent", text="您好"), Message(role="customer", text="多久到账")]
    assert (talk.case, talk.audience) == (Case(order_time=datetime(2026, 1, 1, 12, tzinfo=CHINA)), "public")


@pytest.mark.parametrize(
    ("entry", "split"),
    [
        (DEV_ENTRY, "dev"),  # 2fd4e1c6 7a2d28fc ed849ee1 bb76e739 1b93eb12
        (TEST_ENTRY, "test"),  # a9993e36 4706816a ba3e2571 7850c26c 9cd0d89d
        ("", "test"),  # da39a3ee 5e6b4b0d 3255bfef 95601890 afd80709
    ],
)
def test_an_entrys_split_is_the_parity_of_its_sha1(entry: str, split: Split) -> None:
    assert split_of(entry) == split


def test_the_closest_phrasing_by_hand() -> None:
    known = Phrasings([("a", "退款多久到账"), ("b", "怎么退款"), ("c", "OK")])
    # 退款多快 has the pairs 退款 款多 多快: two of them in a, one in b
    assert known.closest("退款多快") == (2 / 3, "a", "退款多久到账")
    assert known.closest("怎麼退款？") == (1.0, "b", "怎么退款")  # traditional script is the same question
    assert known.closest("ok") == (1.0, "c", "OK")
    assert known.closest("发货") == (0.0, "", "")
    assert known.closest("？！") == (0.0, "", "")


# ── the checker's messages

KNOWN = {DEV_ENTRY, TEST_ENTRY}
TEMPLATES = {"tpl.a"}
PHRASINGS = Phrasings([("a", "退款多久到账"), ("b", "账号被盗了怎么办")])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"relevant": {DEV_ENTRY: 2, "gone": 1}}, "q1：没有条目 gone"),
        ({"templates": ["tpl.a", "tpl.gone"]}, "q1：没有模板 tpl.gone"),
        ({"relevant": {}}, "q1：out_of_scope 的题没有相关条目，别的题至少有一个"),
        ({"slice": "out_of_scope"}, "q1：out_of_scope 的题没有相关条目，别的题至少有一个"),
        ({"split": "test"}, f"q1：{DEV_ENTRY} 的题应放在 dev"),
        ({"relevant": {TEST_ENTRY: 2}}, f"q1：{TEST_ENTRY} 的题应放在 test"),
        ({"slice": "short", "text": "七个字就太长了"}, "q1：short 的题最多 6 个字"),
        (
            {"text": "退款多久到"},  # all four pairs
            "q1：“退款多久到”有 100% 的字对出自 a 的问法“退款多久到账”；请换个说法",
        ),
        (
            {"text": "", "messages": [{"role": "customer", "text": "账号被盗"}, {"role": "customer", "text": "怎么"}]},
            "q1：“怎么”有 100% 的字对出自 b 的问法“账号被盗了怎么办”；请换个说法",
        ),
    ],
)
def test_what_is_wrong_with_a_question(values: dict[str, Any], expected: str) -> None:
    assert problems([question(**values)], PHRASINGS, KNOWN, TEMPLATES) == [expected]


@pytest.mark.parametrize(
    "values",
    [
        {"templates": ["tpl.a"]},
        {"slice": "out_of_scope", "relevant": {}},
        {"slice": "short", "text": "能退吗亲亲亲"},
        {"relevant": {DEV_ENTRY: 2, TEST_ENTRY: 2}},  # one answer of this split is enough
        {"split": "test", "relevant": {DEV_ENTRY: 1}},  # what only helps binds to no split
        {"text": "退款多久"},  # two of its three pairs are in one phrasing, 67 %
    ],
)
def test_what_is_in_order(values: dict[str, Any]) -> None:
    few = Phrasings([("a", "退款多难"), ("b", "多久")])
    assert problems([question(**values)], few, KNOWN, TEMPLATES) == []


def test_every_problem_of_every_question_is_told() -> None:
    two = [question(relevant={"gone": 2}, split=_other("gone")), question(id="q2", relevant={}, templates=["no"])]
    assert problems(two, PHRASINGS, KNOWN, TEMPLATES) == [
        "q1：没有条目 gone",
        f"q1：gone 的题应放在 {split_of('gone')}",
        "q2：没有模板 no",
        "q2：out_of_scope 的题没有相关条目，别的题至少有一个",
    ]


def _other(entry: str) -> str:
    return "dev" if split_of(entry) == "test" else "test"


# ── sets against content


def test_content_with_problems_is_refused(tmp_path: Path, content: Path) -> None:
    (content / "facts.yaml").unlink()
    with pytest.raises(ContentError, match="缺少这个文件"):
        check_sets([written(tmp_path, json.dumps(row()))], content)


def test_a_set_is_checked_against_articles_clauses_templates_and_all_phrasings(tmp_path: Path) -> None:
    entries = ["trade.refund.no-ship", "trade-rules#arrival", "trade-rules#gone"]
    templates = ["tpl.account.lock", "tpl.gone"]
    lines = [
        row(id=f"q{n}", text=f"另{n}", relevant={entry: 2}, split=split_of(entry), templates=templates[: n + 1])
        for n, entry in enumerate(entries)
    ]
    hidden = "付完钱三天了人家根本没寄"  # from phrasings/all.yaml
    lines.append(row(id="q3", text=hidden, relevant={entries[0]: 2}, split=split_of(entries[0])))
    assert check_sets([written(tmp_path, *(json.dumps(line) for line in lines))], SMALL) == [
        "q1：没有模板 tpl.gone",
        "q2：没有条目 trade-rules#gone",
        "q2：没有模板 tpl.gone",
        f"q3：“{hidden}”有 100% 的字对出自 trade.refund.no-ship 的问法“{hidden}”；请换个说法",
    ]


def test_our_sets_are_in_order_with_our_content() -> None:
    assert check_sets(SETS, ROOT / "content") == []


def test_each_file_holds_its_split_and_no_number_stands_in_both() -> None:
    dev, test = (read_golden(path) for path in SETS)
    assert {question.split for question in dev} == {"dev"}
    assert {question.split for question in test} == {"test"}
    assert not {question.id for question in dev} & {question.id for question in test}
    assert not {question.asked for question in dev if question.text} & {question.asked for question in test}


def test_no_out_of_scope_question_repeats_an_indexed_one() -> None:
    content = checked_content(ROOT / "content")
    phrasings = Phrasings((name, text) for name, group in content.elsewhere.items() for text in group.questions)
    asked = [question for path in SETS for question in read_golden(path) if question.slice == "out_of_scope"]
    assert problems(asked, phrasings, set(), set()) == []
