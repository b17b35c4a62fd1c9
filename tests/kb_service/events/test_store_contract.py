"""What every event store does, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from kb_service.errors import EventsRefused, EventsUnavailable
from kb_service.events.records import Asked, Feedback
from kb_service.events.store import PAGE, EventStore
from tests.kb_service.events.conftest import Postgres, asked


@pytest.fixture
def store(url: str) -> Iterator[EventStore]:
    opened = EventStore(url)
    opened.prepare()
    yield opened
    opened.close()


def said(minute: int, **values: object) -> Feedback:
    given = {"event": "sent", "entry": "trade.refund.no-ship", "at": datetime(2026, 3, 1, 12, minute, tzinfo=UTC)}
    return Feedback.model_validate(given | values)


# ── refusals


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://kb:geheim@host:port/db", "事件数据库的地址读不懂；例如 postgresql://用户:密码@主机:5432/库"),
        ("postgresql+nosuch://kb@/db", "事件数据库的地址读不懂；例如 postgresql://用户:密码@主机:5432/库"),
        ("sqlite+pysqlcipher:///events.sqlite", "缺少数据库驱动 pysqlcipher3；PostgreSQL 请安装 kb-service[postgres]"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused_at_once(url: str, message: str) -> None:
    with pytest.raises(EventsUnavailable) as caught:
        EventStore(url)
    assert str(caught.value) == message


def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(EventsUnavailable) as caught:
        EventStore("postgresql://kb:geheim@127.0.0.1:1/db").prepare()
    assert str(caught.value).startswith("postgresql+psycopg://kb:***@127.0.0.1:1/db 用不了：")
    assert "geheim" not in str(caught.value)


def test_without_its_tables_it_is_unavailable(url: str) -> None:
    with pytest.raises(EventsUnavailable, match="suggestions"):
        list(EventStore(url).read())


def test_a_suggestion_that_is_there_already_is_refused_and_so_is_its_batch(store: EventStore) -> None:
    store.add([asked("a")])
    with pytest.raises(EventsRefused) as caught:
        store.add([asked("b", query="电话 138"), asked("a")])
    assert "138" not in str(caught.value)
    assert [one.id for one in store.read()] == ["a"]


def test_feedback_to_what_was_not_offered_is_not_kept(store: EventStore) -> None:
    store.add([asked("a")])
    assert not store.give("b", said(1))
    assert not store.give("a", said(1, entry="trade.refund"))
    assert list(store.read()) == [asked("a")]


# ── keeping and reading


def test_what_is_kept_comes_back(store: EventStore) -> None:
    bare = Asked(
        id="b",
        at=datetime(2026, 3, 1, 20, 30, tzinfo=timezone(timedelta(hours=8))),
        kb_version="v",
        status="no_answer",
        query="",
        confidence=None,
        issue_type=None,
        audience="public",
    )
    store.add([asked("a", query="急😀'\"%；\n換貨"), bare])
    sent, rated = said(1, final_text="您好，已为您催发货"), said(2, event="resolved", csat=5, reason="客户满意")
    assert store.give("a", rated)
    assert store.give("a", sent)
    found = list(store.read())
    assert found == [asked("a", query="急😀'\"%；\n換貨").model_copy(update={"feedback": (sent, rated)}), bare]
    assert found[1].at.isoformat() == "2026-03-01T12:30:00+00:00"


def test_the_same_feedback_twice_is_kept_once(store: EventStore) -> None:
    store.add([asked("a")])
    assert store.give("a", said(1, reason="不合适"))
    assert store.give("a", said(9, reason="不合适"))  # said again later
    assert store.give("a", said(3, reason="另一个理由"))
    assert store.give("a", said(4, reason="不合适", entry="tpl.refund.no-ship"))
    (one,) = store.read()
    assert [(given.at.minute, given.entry, given.reason) for given in one.feedback] == [
        (1, "trade.refund.no-ship", "不合适"),
        (3, "trade.refund.no-ship", "另一个理由"),
        (4, "tpl.refund.no-ship", "不合适"),
    ]


def test_more_than_a_page_is_read_in_order_each_once(store: EventStore) -> None:
    names = [f"{number:04}" for number in range(2 * PAGE + 1)]  # all of one moment: told apart by their ids
    store.add([asked(name) for name in reversed(names[:PAGE])])
    store.add([asked(name) for name in names[PAGE:]])
    store.add([asked("earlier", day=1).model_copy(update={"at": datetime(2026, 2, 1, tzinfo=UTC)})])
    assert [one.id for one in store.read()] == ["earlier", *names]


def test_what_is_old_is_forgotten_with_its_feedback(store: EventStore) -> None:
    store.add([asked("old", day=1), asked("new", day=3)])
    assert store.give("old", said(1))
    assert store.give("new", said(1))
    assert store.forget(datetime(2026, 3, 2, tzinfo=UTC)) == 1
    assert [(one.id, len(one.answers), len(one.feedback)) for one in store.read()] == [("new", 3, 1)]
    store.add([asked("old", day=1)])
    assert [(one.id, len(one.answers), len(one.feedback)) for one in store.read()] == [("old", 3, 0), ("new", 3, 1)]


def test_preparing_again_changes_nothing(store: EventStore, url: str) -> None:
    store.add([asked("a")])
    other = EventStore(url)
    other.prepare()
    assert list(other.read()) == [asked("a")]
    other.close()


def test_a_server_that_was_away_is_used_again(postgres: Postgres) -> None:
    store = EventStore(postgres.new_database())
    store.prepare()
    store.add([asked("a")])
    postgres.stop()
    with pytest.raises(EventsUnavailable):
        store.add([asked("b")])
    postgres.start()
    store.add([asked("b")])
    assert [one.id for one in store.read()] == ["a", "b"]
    store.close()
