"""Gaps over the small content: which events count, what is written, and when a gap is closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.cli import main
from ingest.gaps.drafting import ALIKE, drafted, source_of
from ingest.gaps.failures import Failure, failed_questions, failure_of
from ingest.gaps.find import find_gaps
from ingest.gaps.memory import Gap, Memory, read_memory, write_memory
from ingest.gaps.replay import replay
from ingest.gaps.report import replay_text
from ingest.gaps.run import run
from ingest.golden import read_golden, split_of
from ingest.load import load
from kb_service.contract import Status
from kb_service.errors import KnowledgeBaseError
from kb_service.events.records import Asked, Event, Feedback, Offered
from kb_service.knowledge import Knowledge
from kb_service.settings import Settings
from tests.conftest import SMALL

AT = datetime(2026, 11, 20, tzinfo=UTC)
FINGERPRINT = [
    "指纹登录怎么开启",
    "换了手机指纹登录用不了",
    "能不能用指纹解锁应用",
    "指纹识别老是失败进不去，我电话 13812345678",
    "想关掉指纹登录",
    "新录的指纹登录不认",
    "打开应用要按指纹，怎么设置",
]


def asked(
    query: str,
    status: Status = "no_answer",
    answers: Sequence[str] = (),
    said: Sequence[tuple[Event, str]] = (),
    csat: int | None = None,
) -> Asked:
    """An event."""
    return Asked(
        id=query,
        at=AT,
        kb_version="v",
        status=status,
        query=query,
        confidence=None,
        issue_type=None,
        answers=tuple(Offered(entry=entry, kind="faq") for entry in answers),
        feedback=tuple(Feedback(event=event, entry=entry, at=AT, csat=csat) for event, entry in said),
    )


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (asked("q"), "no_answer"),
        (asked("q", "low_confidence", ["a"]), "low_confidence"),
        (asked("q", "low_confidence", ["a"], [("sent", "a")]), None),
        (asked("q", "answered", ["a"]), None),
        (asked("q", "answered", ["a", "b"], [("rejected", "a")]), "rejected"),
        (asked("q", "answered", ["a", "b"], [("rejected", "b")]), None),
        (asked("q", "answered", ["a", "b"], [("rejected", "a"), ("sent", "b")]), None),
        (asked("q", "answered", ["a"], [("sent", "a")], csat=2), "unsatisfied"),
        (asked("q", "answered", ["a"], [("sent", "a")], csat=3), None),
    ],
)
def test_what_counts_as_a_failure(event: Asked, expected: Failure | None) -> None:
    assert failure_of(event) == expected


def test_the_same_words_are_one_question_masked_and_fragments_are_only_counted(knowledge: Knowledge) -> None:
    events = [
        asked("电话 13812345678，指纹怎么开？"),
        asked("电话13812345678 指纹怎么开", "answered", ["a"], [("rejected", "a")]),
        asked("在吗"),
        asked("！！！"),
        asked("卖家不发货怎么办", "answered", ["a"]),
    ]
    failed = failed_questions(events, knowledge.understander.masked)
    (question,) = failed.questions
    assert "13812345678" not in question.text
    assert question.failures == ("no_answer", "rejected")
    assert question.faulted == {"a"}
    assert question.weight == 2.0
    assert (failed.events, failed.fragments) == (5, 2)


def test_a_run_drafts_a_gap_once_and_keeps_its_id(knowledge: Knowledge, settings: Settings, tmp_path: Path) -> None:
    events = [asked(text) for text in FINGERPRINT] + [asked("卖家不发货怎么办"), asked("今天天气真不错")]
    text = run(events, knowledge, settings, load(SMALL).content(), tmp_path, top=5)
    assert text.splitlines()[0] == (
        "共 9 次提问，9 次没有答好：7 次归成 1 个缺口，0 次零散，0 次有把握地给了文章却没帮上，"
        "1 次现在已能回答，1 次与平台无关，0 次只有片言只语。"
    )
    (gap,) = read_memory(tmp_path).gaps
    assert (gap.status, gap.volume, gap.score) == ("drafted", 7, 7.0)
    draft = tmp_path / gap.draft
    written = draft.read_text("utf-8")
    assert f"id: {gap.article}\n" in written
    assert f"source: {source_of(gap.id)} " in written
    assert "13812345678" not in "".join(path.read_text("utf-8") for path in tmp_path.rglob("*.*"))
    golden = read_golden(tmp_path / gap.golden)
    assert {question.split for question in golden} == {split_of(gap.article)}
    assert not {question.text for question in golden} & set(gap.questions)
    draft.write_text("填好了", "utf-8")
    run(events, knowledge, settings, load(SMALL).content(), tmp_path, top=5)
    assert [one.id for one in read_memory(tmp_path).gaps] == [gap.id]
    assert draft.read_text("utf-8") == "填好了"


def test_an_article_given_with_confidence_that_did_not_help_is_named_and_is_no_gap(
    knowledge: Knowledge, settings: Settings, tmp_path: Path
) -> None:
    article = "trade.refund.no-ship"
    events = [
        asked(text, "answered", [article], [("rejected", article)])
        for text in ("卖家不发货怎么办", "拍下三天了还没发货能退钱吗")
    ]
    text = run(events, knowledge, settings, load(SMALL).content(), tmp_path, top=5)
    assert text.splitlines()[2:] == [
        "",
        "答得不好的已有文章（不是缺口：改文章，或在 not_questions 里写明哪些不归它）：",
        f"    2 次  {article}《{knowledge.catalog.faqs[article].title}》",
    ]


def test_a_draft_holds_out_questions_that_it_does_not_nearly_contain(
    knowledge: Knowledge, settings: Settings, tmp_path: Path
) -> None:
    (found,) = find_gaps([asked(text) for text in FINGERPRINT], knowledge, settings, load(SMALL).content()).gaps
    made = drafted(found, tmp_path)
    assert made
    assert len(made.questions) >= 3
    assert made.golden
    pairs = [(one.text, other) for one in made.golden for other in made.questions]
    assert all(_shared(text, other) <= ALIKE for text, other in pairs)


def _shared(text: str, other: str) -> float:
    from kb_service.text import char_grams, fold

    grams = char_grams(fold(text))
    return len(grams & char_grams(fold(other))) / len(grams)


def test_a_gap_is_closed_only_by_answers_of_its_article_and_reopens(knowledge: Knowledge, tmp_path: Path) -> None:
    row = '{{"id":"g-1","split":"dev","slice":"plain","text":"{}","relevant":{{"x":2}},"provenance":"p"}}\n'
    (tmp_path / "golden.jsonl").write_text(row.format("拍下三天了还没发货能退钱吗"), "utf-8")
    gap = Gap(
        id="g1", status="drafted", volume=5, score=5, found=(), article="trade.refund.no-ship", golden="golden.jsonl"
    )
    closed = replay(Memory(gaps=(gap,)), knowledge, tmp_path)
    assert replay_text(closed) == (
        f"版本 {knowledge.version}\ng1  1/1  关闭  trade.refund.no-ship\n1 个缺口，关闭 1 个。"
    )
    (tmp_path / "golden.jsonl").write_text(row.format("指纹登录怎么开启"), "utf-8")
    again = replay(closed, knowledge, tmp_path)
    assert again.gaps[0].status == "drafted"
    assert "g1  0/1（上次 1/1）  未关闭" in replay_text(again)


def test_a_broken_memory_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "gaps.json").write_text('{"gaps": [{"id": "g1"}]}', "utf-8")
    with pytest.raises(KnowledgeBaseError, match=r"gaps\.json  gaps\.0\.volume：.*；改好它，或从 git 里取回"):
        read_memory(tmp_path)


def test_the_memory_is_read_as_it_was_written(tmp_path: Path) -> None:
    memory = Memory(gaps=(Gap(id="g1", volume=1, score=1, found=("问",)),))
    write_memory(memory, tmp_path)
    assert read_memory(tmp_path) == memory


def test_the_verb_names_an_export_that_is_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KB_HOME", str(settings.home))
    verb = ["gaps", "--drafts", str(tmp_path)]
    assert main([*verb, "--events", str(tmp_path / "none.jsonl"), "--content", str(SMALL)]) == 1
    assert f"读不了事件文件 {tmp_path}/none.jsonl" in capsys.readouterr().err
