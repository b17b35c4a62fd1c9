"""The queue before the store: calls never wait, nothing personal is kept, what is lost is counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kb_service.errors import EventsUnavailable, RecordNotFound
from kb_service.events.export import read_events
from kb_service.events.feedback import FeedbackRequest
from kb_service.events.recorder import MOST, Recorder, Suggested
from kb_service.events.records import Asked
from kb_service.events.store import EventStore
from kb_service.understand.reader import Understander
from tests.kb_service.desk import real_catalog
from tests.kb_service.events.conftest import Postgres, asked

AWAY = "反馈没有记下：事件数据库暂时用不了；请稍后再试"


def suggested(name: str, *turns: str) -> Suggested:
    return Suggested(
        id=name,
        at=datetime.now(UTC),
        kb_version="v",
        status="answered",
        turns=turns or ("卖家不发货怎么办",),
        confidence=0.9,
        issue_type="trade.refund",
        offered=(("trade.refund.no-ship", "faq", 0.9), ("tpl.refund.no-ship", "template", None)),
        stage=None,
        channel=None,
        party=None,
        audience="agent",
    )


def rejected(name: str, entry: str = "trade.refund.no-ship", reason: str = "", final_text: str = "") -> FeedbackRequest:
    return FeedbackRequest(record_id=f"{name}.{entry}", event="rejected", reason=reason, final_text=final_text)


def eventually(holds: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def kept(url: str) -> list[Asked]:
    return list(read_events(url))


@pytest.fixture
def recorder(url: str) -> Iterator[Recorder]:
    made = Recorder(url, 180, lambda text: text)
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite file in a folder that is not there yet: a database that is away."""
    return tmp_path / "away" / "events.sqlite"


# ── refusals


@pytest.mark.parametrize("record", ["b.trade.refund.no-ship", "a.trade.refund", "a", ".", "a.trade.refund.no-ship "])
def test_feedback_to_what_was_not_shown(recorder: Recorder, record: str) -> None:
    recorder.note(suggested("a"))
    with pytest.raises(RecordNotFound) as caught:
        recorder.give(FeedbackRequest(record_id=record, event="shown"))
    assert caught.value.field == "record_id"
    assert str(caught.value) == (
        f"没有记录“{record}”；请原样使用 /v1/suggest 返回的 record_id，超过 180 天的记录已经删除"
    )


def test_while_the_database_is_away_feedback_is_refused_and_suggestions_wait(file: Path) -> None:
    recorder = Recorder(f"sqlite:///{file}", 180, lambda text: text)
    recorder.note(suggested("a"))
    assert eventually(lambda: bool(recorder.degraded))
    assert recorder.degraded == ["events: 数据库写不进去，1 条在等，已丢弃 0 条；原因见日志"]
    with pytest.raises(EventsUnavailable, match=AWAY):
        recorder.give(rejected("a"))
    file.parent.mkdir()
    assert eventually(lambda: not recorder.degraded)
    recorder.give(rejected("a"))
    recorder.close()
    assert [(one.id, len(one.feedback)) for one in kept(f"sqlite:///{file}")] == [("a", 1)]


def test_what_does_not_fit_into_the_queue_is_dropped_and_counted(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(f"sqlite:///{file}", 180, lambda text: text)
    assert eventually(lambda: bool(recorder.degraded))
    for number in range(MOST + 12):
        recorder.note(suggested(str(number)))
    assert recorder.degraded == [f"events: 数据库写不进去，{MOST} 条在等，已丢弃 12 条；原因见日志"]
    file.parent.mkdir()
    assert eventually(lambda: recorder.degraded == ["events: 刚才来不及写或写不进去，已丢弃 12 条；原因见日志"])
    recorder.close()
    assert len(kept(f"sqlite:///{file}")) == MOST
    assert [record.message for record in caplog.records][1:] == [
        "events: written again; 12 suggestions dropped since the start"
    ]


def test_closing_without_a_database_says_what_is_lost(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(f"sqlite:///{file}", 180, lambda text: text)
    recorder.note(suggested("a"))
    recorder.close()
    assert caplog.messages[-1] == "events: 1 suggestions were not written before the end"


def test_a_row_that_the_database_never_takes_does_not_hold_up_the_others(url: str, recorder: Recorder) -> None:
    recorder.note(suggested("a"))
    with pytest.raises(RecordNotFound):
        recorder.give(rejected("none"))  # written by now
    recorder.note(suggested("a"))
    with pytest.raises(RecordNotFound):
        recorder.give(rejected("none"))
    recorder.note(suggested("b"))
    recorder.give(rejected("b"))
    assert recorder.degraded == ["events: 刚才来不及写或写不进去，已丢弃 1 条；原因见日志"]
    assert [one.id for one in kept(url)] == ["a", "b"]


# ── keeping


def test_a_suggestion_is_kept_with_what_it_offered(url: str, recorder: Recorder) -> None:
    recorder.note(suggested("a", "订单2026111600012345的卖家", "还没发货"))
    recorder.close()
    (one,) = kept(url)
    assert (one.id, one.query, one.status, one.confidence) == ("a", "订单 的卖家 还没发货", "answered", 0.9)
    assert [(offer.entry, offer.kind, offer.confidence) for offer in one.answers] == [
        ("trade.refund.no-ship", "faq", 0.9),
        ("tpl.refund.no-ship", "template", None),
    ]
    assert abs(datetime.now(UTC) - one.at) < timedelta(minutes=1)


def test_feedback_finds_a_suggestion_that_is_still_in_the_queue(url: str, recorder: Recorder) -> None:
    for number in range(50):
        recorder.note(suggested(str(number)))
        recorder.give(rejected(str(number), reason="不合适"))
        recorder.give(rejected(str(number), reason="不合适"))
    assert [[given.reason for given in one.feedback] for one in kept(url)] == [["不合适"]] * 50


def test_closing_writes_what_waits(url: str, recorder: Recorder) -> None:
    for number in range(1_000):
        recorder.note(suggested(str(number)))
    recorder.close()
    assert len(kept(url)) == 1_000
    assert recorder.degraded == []


def test_a_server_that_goes_away_and_comes_back_loses_nothing(postgres: Postgres) -> None:
    url = postgres.new_database()
    recorder = Recorder(url, 180, lambda text: text)
    recorder.note(suggested("a"))
    recorder.give(rejected("a"))
    postgres.stop()
    with pytest.raises(EventsUnavailable, match=AWAY):
        recorder.give(rejected("a", reason="又一次"))
    recorder.note(suggested("b"))
    assert eventually(lambda: recorder.degraded == ["events: 数据库写不进去，1 条在等，已丢弃 0 条；原因见日志"])
    postgres.start()
    assert eventually(lambda: not recorder.degraded)
    recorder.give(rejected("b"))
    recorder.close()
    assert [(one.id, len(one.feedback)) for one in kept(url)] == [("a", 1), ("b", 1)]


def test_old_events_are_forgotten_at_the_start(url: str) -> None:
    store = EventStore(url)
    store.prepare()
    store.add([asked("old", day=1), asked("new", day=2).model_copy(update={"at": datetime.now(UTC)})])
    store.close()
    recorder = Recorder(url, 30, lambda text: text)
    assert eventually(lambda: [one.id for one in kept(url)] == ["new"])
    recorder.close()


# ── nothing personal

SECRETS = {
    "phone": "13812345678",
    "phone in groups": "138 1234-5678",
    "phone in numerals": "幺三八一二三四五六七八",
    "full-width phone": "１３８１２３４５６７８",
    "identity card": "110101199003071233",
    "bank card": "6222021234567890128",
    "email": "zhangsan12345678@example.com",
    "wechat": "微信号zhangsan_888",
    "address": "上海市浦东新区世纪大道100号3栋502室",
    "order": "2026111600012345",
    "full-width order": "２０２６１１１６０００１２３４５",
    "parcel": "SF1234567890123",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_nothing_personal_reaches_the_database(tmp_path: Path, secret: str) -> None:
    url = f"sqlite:///{tmp_path / 'events.sqlite'}"
    recorder = Recorder(url, 180, Understander(real_catalog().content).masked)
    recorder.note(suggested("a", "您好，您的联系方式是？", f"我的是{secret}，请尽快退款"))
    said = f"已联系{secret}，请客户等候"
    recorder.give(rejected("a", reason=said, final_text=said))
    recorder.close()
    (one,) = kept(url)
    assert one.query.startswith("您好，您的联系方式是？ 我的是")
    assert one.query.endswith("，请尽快退款")
    for text in (one.feedback[0].reason, one.feedback[0].final_text):
        assert text.startswith("已联系")
        assert text.endswith("，请客户等候")
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode("utf-8", "ignore")
    core = secret.removeprefix("微信号")
    assert "请尽快退款" in written
    assert core not in written
    assert core[-8:] not in written or secret == SECRETS["email"]  # the domain of an address may stay


def test_the_character_that_postgresql_does_not_take_is_left_out(url: str, recorder: Recorder) -> None:
    recorder.note(suggested("a", "\0退\0款"))
    recorder.give(rejected("a", reason="\0"))
    assert recorder.degraded == []
    assert [(one.query, one.feedback[0].reason) for one in kept(url)] == [("退款", "")]
