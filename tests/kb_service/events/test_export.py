"""Events read back: from a store, or from a JSONL export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb_service.errors import EventsUnavailable, ExportBroken
from kb_service.events.export import main, read_events
from kb_service.events.records import Feedback
from kb_service.events.store import EventStore
from tests.kb_service.events.conftest import asked

LINE = (
    '{"id":"a","at":"2026-03-01T20:00:00+08:00","kb_version":"v","status":"no_answer","query":"退款",'
    '"confidence":null,"issue_type":null'
)


def test_there_is_nothing_to_read_from(tmp_path: Path) -> None:
    missing = tmp_path / "none.sqlite"
    with pytest.raises(EventsUnavailable) as caught:
        list(read_events(f"sqlite:///{missing}"))
    assert str(caught.value) == f"没有事件数据库 {missing}；服务启动后才会建立，或检查 KB_EVENTS"
    assert not missing.exists()
    with pytest.raises(EventsUnavailable, match=r"读不了事件文件 .*none\.jsonl"):
        list(read_events(tmp_path / "none.jsonl"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (LINE, "这一行不是合法的 JSON："),
        (LINE + ',"score":1}', "score：不认识的字段“score”；请删掉"),
        (LINE.replace("no_answer", "no-answer") + "}", "status：不能是 “no-answer”；是不是想写“no_answer”？"),
        (LINE.replace('"query":"退款",', "") + "}", "query：缺少必填字段；请补上"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(f"{LINE}}}\n\n{line}\n", "utf-8")
    with pytest.raises(ExportBroken) as caught:
        list(read_events(path))
    assert str(caught.value).startswith(f"{path}:3  ")
    assert message in str(caught.value)


def test_an_export_holds_what_the_store_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'events.sqlite'}"
    store = EventStore(url)
    store.prepare()
    store.add([asked("a"), asked("b", query="换行\n和“引号”\u2028")])
    store.give(
        "a", Feedback(event="resolved", entry="trade.refund.no-ship", at=datetime(2026, 3, 2, tzinfo=UTC), csat=5)
    )
    monkeypatch.setenv("KB_HOME", str(tmp_path))
    monkeypatch.delenv("KB_EVENTS", raising=False)
    assert main() == 0
    path = tmp_path / "events.jsonl"
    path.write_text(capsys.readouterr().out, "utf-8")
    assert list(read_events(str(path))) == list(read_events(url)) == list(store.read())
    assert [(one.id, len(one.feedback)) for one in read_events(path)] == [("a", 1), ("b", 0)]
    store.close()


def test_where_nothing_is_kept_nothing_is_exported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KB_EVENTS", "off")
    assert main() == 1
    assert capsys.readouterr().err == "没有开启事件记录（KB_EVENTS=off）\n"
