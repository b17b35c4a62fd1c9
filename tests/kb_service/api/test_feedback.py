"""The feedback call, and what is kept of suggest calls, as a caller meets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb_service.api.app import create_app
from kb_service.events.export import read_events
from kb_service.events.records import Asked
from kb_service.settings import Settings
from tests.kb_service.api.test_routes import error

ASKED = {
    "messages": [
        {"role": "customer", "text": "拍下三天了卖家一直不发货，能退钱吗，订单2026112300012345，电话13812345678"},
        {"role": "system", "text": "会话已接入"},
    ],
    "case": {"id": "C-1", "party": "buyer", "stage": "resolve", "channel": "chat"},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


@pytest.fixture
def app(settings: Settings, file: Path) -> Iterator[TestClient]:
    """The application over the small content, with events of its own."""
    with TestClient(create_app(keeping(settings, f"sqlite:///{file}"))) as client:
        yield client


def keeping(settings: Settings, events: str) -> Settings:
    return settings.model_copy(update={"events": events})


def kept(file: Path) -> list[Asked]:
    return list(read_events(f"sqlite:///{file}"))


# ── refusals


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "record_id", "record_id：缺少必填字段；请补上"),
        ({"record_id": ""}, "record_id", "record_id：内容为空或太短（至少 1 个字）；请补全"),
        ({"event": "send"}, "event", "event：不能是 “send”；是不是想写“sent”？"),
        ({"csat": 6}, "csat", "csat：不能大于 5，实际是 6"),
        ({"csat": 4.5}, "csat", None),
        ({"final_text": "退" * 4001}, "final_text", "final_text：太长（最多 4000 个字，实际 4001）；请精简"),
        ({"reason": "退" * 501}, "reason", "reason：太长（最多 500 个字，实际 501）；请精简"),
        ({"finaltext": "好"}, "finaltext", "finaltext：不认识的字段“finaltext”；是不是想写“final_text”？"),
    ],
)
def test_bad_feedback_is_told_what_to_do(
    client: TestClient, body: dict[str, Any], field: str, message: str | None
) -> None:
    given = {"record_id": "a.b", "event": "shown"} | body if body else {"event": "shown"}
    status, name, found, text = error(client.post("/v1/feedback", json=given))
    assert (status, name, found) == (422, "invalid_request", field)
    assert message is None or text == message


def test_a_record_that_nobody_was_shown(client: TestClient) -> None:
    record = f"{'0' * 32}.trade.refund.no-ship"
    assert error(client.post("/v1/feedback", json={"record_id": record, "event": "shown"})) == (
        404,
        "record_not_found",
        "record_id",
        f"没有记录“{record}”；请原样使用 /v1/suggest 返回的 record_id，超过 180 天的记录已经删除",
    )


def test_where_nothing_is_kept_feedback_is_refused_and_suggest_answers(settings: Settings) -> None:
    with TestClient(create_app(keeping(settings, "off"))) as client:
        record = client.post("/v1/suggest", json=ASKED).json()["answers"][0]["record_id"]
        assert error(client.post("/v1/feedback", json={"record_id": record, "event": "shown"})) == (
            503,
            "events_unavailable",
            "",
            "反馈没有记下：服务没有开启事件记录（KB_EVENTS=off）",
        )
        assert client.get("/readyz").json()["degraded"] == []


def test_without_its_database_suggest_answers_and_readiness_says_so(settings: Settings, tmp_path: Path) -> None:
    with TestClient(create_app(keeping(settings, f"sqlite:///{tmp_path}/none/events.sqlite"))) as client:
        answer = client.post("/v1/suggest", json=ASKED)
        assert (answer.status_code, answer.json()["degraded"]) == (200, [])
        body = {"record_id": answer.json()["answers"][0]["record_id"], "event": "sent"}
        assert error(client.post("/v1/feedback", json=body)) == (
            503,
            "events_unavailable",
            "",
            "反馈没有记下：事件数据库暂时用不了；请稍后再试",
        )
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["degraded"]) == (
            200,
            ["events: 数据库写不进去，1 条在等，已丢弃 0 条；原因见日志"],
        )


# ── keeping


def test_feedback_to_each_item_of_a_suggestion_is_recorded(app: TestClient, file: Path) -> None:
    found = app.post("/v1/suggest", json=ASKED).json()
    parts = {"template": found["templates"], "related": found["related"], "case": found["precedents"]}
    items = [*found["answers"], *(item for part in parts.values() for item in part)]
    assert min(map(len, (found["answers"], *parts.values()))) >= 1
    for item in items:
        answer = app.post("/v1/feedback", json={"record_id": item["record_id"], "event": "shown"})
        assert (answer.status_code, answer.json()) == (200, {"recorded": True})
    (one,) = kept(file)
    assert (one.id, one.kb_version, one.status) == (found["suggestion_id"], found["kb_version"], "answered")
    assert one.query == "拍下三天了卖家一直不发货，能退钱吗，订单 ，电话138****5678"
    assert (one.confidence, one.issue_type) == (found["answers"][0]["confidence"], "trade.refund")
    assert (one.stage, one.channel, one.party, one.audience) == ("resolve", "chat", "buyer", "agent")
    kinds = ["faq"] * len(found["answers"]) + [kind for kind, part in parts.items() for _ in part]
    offered = [(offer.entry, offer.kind) for offer in one.answers]
    assert offered == [(item["id"], kind) for item, kind in zip(items, kinds, strict=True)]
    assert [given.entry for given in one.feedback] == [item["id"] for item in items]


def test_the_same_feedback_twice_is_one(app: TestClient, file: Path) -> None:
    record = app.post("/v1/suggest", json=ASKED).json()["answers"][0]["record_id"]
    body = {"record_id": record, "event": "edited", "final_text": "请打13812345678", "csat": 5, "reason": "语气"}
    assert [app.post("/v1/feedback", json=body).json() for _ in range(3)] == [{"recorded": True}] * 3
    (given,) = kept(file)[0].feedback
    assert (given.event, given.final_text, given.csat, given.reason) == ("edited", "请打138****5678", 5, "语气")


def test_what_was_not_returned_has_no_record(app: TestClient) -> None:
    found = app.post("/v1/suggest", json=ASKED | {"include": ["answers"]}).json()
    record = f"{found['suggestion_id']}.tpl.refund.no-ship.buyer"
    assert error(app.post("/v1/feedback", json={"record_id": record, "event": "sent"}))[:2] == (404, "record_not_found")


def test_a_question_without_an_answer_is_kept_when_the_service_ends(settings: Settings, file: Path) -> None:
    with TestClient(create_app(keeping(settings, f"sqlite:///{file}"))) as client:
        client.post("/v1/suggest", json={"query": "量子纠缠的原理是什么", "include": ["answers"]})
        client.post("/v1/suggest", json={"query": "？？"})
        client.post("/v1/search", json={"query": "退款"})
        client.post("/v1/queue", json={"cases": [{"id": "T-1", "query": "退款"}]})
    held, empty = kept(file)
    assert (held.status, held.answers, held.query) == ("no_answer", (), "量子纠缠的原理是什么")
    assert held.confidence is not None
    assert 0 < held.confidence < 0.2
    assert (empty.status, empty.query, empty.confidence, empty.issue_type) == ("no_answer", "？？", None, None)
