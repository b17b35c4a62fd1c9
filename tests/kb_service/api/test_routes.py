"""The API as a caller meets it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb_service.casework import NoteResponse, QueueResponse, ReviewResponse
from kb_service.contract import MAX_BODY, SearchResponse, SuggestResponse


def error(response: Any) -> tuple[int, str, str, str]:
    found = response.json()["error"]
    return response.status_code, found["name"], found["field"], found["message"]


# ── refusals


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "", "query 和 messages 必须且只能给一个；对话用 messages，单个问题用 query"),
        ({"query": "a", "messages": [{"role": "customer", "text": "a"}]}, "", None),
        ({"querry": "退款"}, "querry", "querry：不认识的字段“querry”；是不是想写“query”？"),
        ({"query": "退" * 8001}, "query", "query：太长（最多 8000 个字，实际 8001）；请精简"),
        ({"query": "退款", "limit": 0}, "limit", "limit：不能小于 1，实际是 0"),
        ({"query": "退款", "tone": "rude"}, "tone", None),
        ({"query": "退款", "include": []}, "include", "include：至少要有 1 项，实际 0 项；请补充"),
        ({"query": "退款", "case": {"order_time": "昨天"}}, "case.order_time", None),
        ({"query": "退款", "case": {"stge": "x"}}, "case.stge", "case.stge：不认识的字段“stge”；是不是想写“stage”？"),
        ({"messages": [{"role": "robot", "text": "a"}]}, "messages.0.role", None),
        ({"messages": [{"role": "customer", "text": "a"}] * 201}, "messages", None),
        ({"messages": [{"role": "customer", "text": "退" * 4001}]}, "messages.0.text", None),
        (
            {"messages": [{"role": "customer", "picture": "AAAA"}]},
            "messages.0",
            "messages.0：带 picture 的消息 kind 必须是 image",
        ),
        ({"query": "退款", "case": {"emotion": "furious"}}, "case.emotion", None),
        ({"query": "退款", "case": {"priority": "P9"}}, "case.priority", None),
        ({"query": "退款", "case": {"history": ["退款"] * 51}}, "case.history", None),
        ({"query": "退款", "case": {"slots": {"order_id": "1" * 501}}}, "case.slots.order_id", None),
        (
            {"query": "退款", "case": {"order_time": "2126-01-01"}},
            "case.order_time",
            None,
        ),
        (
            {"query": "退款", "case": {"order_time": "2026-03-02", "opened_at": "2026-03-01"}},
            "case.opened_at",
            "开单时间 2026-03-01T00:00:00+08:00 早于下单时间 2026-03-02T00:00:00+08:00；请核对这两个时间",
        ),
    ],
)
def test_a_bad_request_is_told_what_to_do(
    client: TestClient, body: dict[str, Any], field: str, message: str | None
) -> None:
    status, name, found, text = error(client.post("/v1/suggest", json=body))
    assert (status, name, found) == (422, "invalid_request", field)
    assert message is None or text == message


def test_all_defects_are_listed(client: TestClient) -> None:
    found = client.post("/v1/suggest", json={"query": "a", "limit": 99, "tone": "x", "extra": 1}).json()["errors"]
    assert {item["field"] for item in found} == {"limit", "tone", "extra"}


def test_json_that_cannot_be_read(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    assert error(client.post("/v1/suggest", content=b"{", headers=headers))[:2] == (422, "invalid_request")
    assert error(client.post("/v1/suggest", content=b"\xff\xfe", headers=headers))[0] == 422
    assert error(client.post("/v1/suggest", content=b"[]", headers=headers))[0] == 422


def test_a_body_that_is_too_large_is_refused_declared_or_streamed(client: TestClient) -> None:
    blob = b"x" * (MAX_BODY + 1)
    assert error(client.post("/v1/suggest", content=blob))[:2] == (413, "request_too_large")
    assert error(client.post("/v1/suggest", content=iter([blob[:5_000_000], blob[:5_000_000]])))[:2] == (
        413,
        "request_too_large",
    )


def test_unknown_paths_and_methods(client: TestClient) -> None:
    assert error(client.get("/v2/suggest"))[:2] == (404, "route_not_found")
    assert error(client.get("/v1/suggest"))[:2] == (405, "method_not_allowed")
    assert error(client.get("/v1/articles/no.such"))[:2] == (404, "entry_not_found")
    assert error(client.get("/v1/articles/trade-rules?audience=boss"))[:3] == (422, "invalid_request", "audience")


def test_unknown_names_are_refused(client: TestClient) -> None:
    answer = client.post("/v1/search", json={"query": "a", "filters": {"issue_types": ["trade.refnd"]}})
    assert error(answer) == (
        422,
        "unknown_value",
        "filters.issue_types",
        "filters.issue_types 的值“trade.refnd”不在知识库的分类里；是不是想写“trade.refund”？",
    )
    assert error(client.post("/v1/search", json={}))[:2] == (422, "invalid_request")


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ({"stage": "resovle"}, "case.stage"),
        ({"issue_type": "refund"}, "case.issue_type"),
        ({"wish": "refund"}, "case.wish"),
        ({"authority": "boss"}, "case.authority"),
        ({"order_status": "paid"}, "case.order_status"),
        ({"steps_done": [{"id": "guide"}, {"id": "gone"}]}, "case.steps_done.1"),
        ({"evidence": ["photo"]}, "case.evidence.0"),
        ({"offers": [{"id": "coupon"}]}, "case.offers.0"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/suggest", "/v1/review", "/v1/cases/note", "/v1/queue"])
def test_a_case_with_a_name_that_nothing_has_is_refused_by_every_call(
    client: TestClient, path: str, case: dict[str, Any], field: str
) -> None:
    messages = [{"role": "customer", "text": "退款"}]
    body: dict[str, Any] = {"messages": messages, "case": case}
    if path == "/v1/review":
        body["draft"] = "您好"
    if path == "/v1/queue":
        body, field = {"cases": [{"id": "T-1"} | body]}, f"cases.0.{field}"
    assert error(client.post(path, json=body))[:3] == (422, "unknown_value", field)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/review", {}, "draft"),
        ("/v1/review", {"draft": ""}, "draft"),
        ("/v1/review", {"draft": "退" * 4001}, "draft"),
        ("/v1/cases/note", {}, "messages"),
        ("/v1/cases/note", {"messages": []}, "messages"),
        ("/v1/cases/note", {"messages": [{"role": "customer"}] * 201}, "messages"),
        ("/v1/cases/note", {"messages": [{"role": "customer"}], "audience": "public"}, "audience"),
        ("/v1/queue", {"cases": []}, "cases"),
        ("/v1/queue", {"cases": [{"id": "a", "query": "b"}] * 101}, "cases"),
        ("/v1/queue", {"cases": [{"id": "a", "query": "b"}] * 2}, "cases"),
        ("/v1/queue", {"cases": [{"id": "a"}]}, "cases.0"),
        ("/v1/queue", {"cases": [{"id": "a", "query": "b"}], "staff": 0}, "staff"),
        ("/v1/queue", {"cases": [{"id": "a", "query": "b"}], "handling_minutes": 1e308}, "handling_minutes"),
    ],
)
def test_the_other_calls_name_the_field(client: TestClient, path: str, body: dict[str, Any], field: str) -> None:
    assert error(client.post(path, json=body))[:3] == (422, "invalid_request", field)


ODD = ["\x00退款", "退\u202e款", "🤬" * 50, "a" * 4000, "退款\n" * 100, "\u200b\ufeff", "", "😀", "退0元-5块1e308元"]


@pytest.mark.parametrize("role", ["customer", "agent"])
def test_odd_characters_never_break_it(staffed_client: TestClient, role: str) -> None:
    for text in ODD:
        messages = [{"role": role, "text": text, "kind": "voice"}]
        case = {"id": text[:9] or "T", "slots": {"item_title": text[:500]}, "history": [text]}
        bodies: dict[str, dict[str, Any]] = {
            "/v1/suggest": {"messages": messages, "case": case},
            "/v1/review": {"messages": messages, "case": case, "draft": text or "空"},
            "/v1/cases/note": {"messages": messages, "case": case, "result": text[:1000]},
            "/v1/queue": {"cases": [{"id": "T-1", "messages": messages, "case": case}]},
        }
        for path, body in bodies.items():
            assert staffed_client.post(path, json=body).status_code == 200, (path, text[:20])


def test_half_a_surrogate_pair_is_refused_not_answered(client: TestClient) -> None:
    found = client.post("/v1/suggest", content=b'{"query": "\\ud83d"}')
    assert found.status_code == 422


def test_two_hundred_messages_and_eight_thousand_characters_are_answered(client: TestClient) -> None:
    many = client.post("/v1/suggest", json={"messages": [{"role": "customer", "text": "卖家不发货怎么办"}] * 200})
    assert many.json()["answers"][0]["id"] == "trade.refund.no-ship"
    long = client.post("/v1/suggest", json={"query": "卖家不发货怎么办" * 1000})
    assert long.json()["answers"][0]["id"] == "trade.refund.no-ship"


# ── answers


def test_suggest_over_http(client: TestClient) -> None:
    body = {
        "messages": [{"role": "customer", "text": "拍下三天了卖家一直不发货，能退钱吗"}],
        "case": {"party": "buyer", "stage": "resolve", "slots": {"order_id": "20261123"}},
    }
    found = SuggestResponse.model_validate_json(client.post("/v1/suggest", json=body).content)
    assert found.status == "answered"
    assert found.answers[0].id == "trade.refund.no-ship"
    assert found.answers[0].record_id == f"{found.suggestion_id}.trade.refund.no-ship"
    assert set(found.timings) == {"encode", "search", "rank", "understand", "guide", "total"}
    assert found.degraded == []


def test_an_article_and_a_clause_by_id(client: TestClient) -> None:
    assert client.get("/v1/articles/trade.refund.no-ship").json()["kind"] == "faq"
    clause = client.get("/v1/articles/trade-rules%23ship-window", params={"as_of": "2026-01-01"}).json()
    assert "72 小时" in clause["text"]


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["degraded"], ready["encoder"]) == ("ready", [], "me5-small-zh")


def test_the_examples_of_the_openapi_document_work(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    replayed = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody")
            if not body:
                continue
            name = body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
            for example in document["components"]["schemas"][name]["examples"]:
                if "record_id" in example:  # of a showing that there was
                    shown = client.post("/v1/suggest", json={"query": "卖家不发货怎么办"}).json()["answers"][0]
                    example = example | {"record_id": shown["record_id"]}
                answer = client.request(method, path, json=example)
                assert answer.status_code == 200, (path, example, answer.text)
                replayed += 1
    assert replayed >= 8
    assert "码点" in document["info"]["description"]


def test_the_documentation_page_needs_no_network(client: TestClient) -> None:
    page = client.get("/docs").text
    links = [part.split('"')[0] for mark in ('src="', 'href="') for part in page.split(mark)[1:]]
    assert links
    assert not [link for link in links if link.startswith(("http:", "https:", "//"))]
    for link in links:
        assert client.get(link).status_code == 200


def test_search_over_http(client: TestClient) -> None:
    answer = client.post("/v1/search", json={"query": "退款到账", "limit": 2, "explain": True})
    found = SearchResponse.model_validate(json.loads(answer.content))
    assert found.hits[0].id == "trade.refund.bank-arrival"
    assert found.hits[0].scores is not None


# ── review, note and queue


def test_review_over_http(client: TestClient) -> None:
    answer = client.post("/v1/review", json={"draft": "😀这个不归我管", "case": {"emotion": "angry"}})
    found = ReviewResponse.model_validate_json(answer.content)
    assert found.sendable is False
    (finding,) = [item for item in found.findings if item.rule == "forbidden_wording"]
    assert (finding.text, finding.start, finding.end) == ("不归我管", 3, 7)  # code points: the emoji is one


def test_note_over_http(staffed_client: TestClient) -> None:
    body = {
        "messages": [{"role": "customer", "text": "卖家不发货怎么办，电话13812345678"}],
        "case": {"id": "T-1", "opened_at": "2026-11-23T14:00:00+08:00"},
        "as_of": "2026-11-23T15:00:00+08:00",
    }
    answer = staffed_client.post("/v1/cases/note", json=body)
    found = NoteResponse.model_validate_json(answer.content)
    assert (found.case_id, [issue.id for issue in found.issue_types]) == ("T-1", ["trade.refund"])
    assert answer.json()["next_deadline"] == "2026-11-24T14:00:00+08:00"
    assert "13812345678" not in answer.text


def test_queue_over_http_and_its_burst_is_told_to_the_next_suggest_call(staffed_client: TestClient) -> None:
    cases = [{"id": f"T-{n}", "query": "卖家不发货怎么办"} for n in range(2)]
    theft = {"id": "T-9", "query": "我的号不是我本人在用"}
    answer = staffed_client.post("/v1/queue", json={"cases": [*cases, theft], "staff": 3})
    found = QueueResponse.model_validate_json(answer.content)
    assert [(place.id, place.wait_minutes) for place in found.places] == [("T-9", 0), ("T-0", 0), ("T-1", 0)]
    assert found.incidents == []
    asked = {"query": "卖家不发货怎么办", "case": {"id": "T-2"}}
    told = SuggestResponse.model_validate_json(staffed_client.post("/v1/suggest", json=asked).content)
    assert [incident.cases for incident in told.incidents] == [3]
    assert told.actions[0].type == "notify"


# ── pictures


def test_a_broken_picture_is_named(client: TestClient) -> None:
    pytest.importorskip("PIL", reason="pillow is not installed: no picture can be opened")
    said = {"role": "customer", "text": "看图"}
    for broken in ("AAAA", "不是", "/9j/"):  # three zero bytes, no base64, a JPEG that ends after its first mark
        picture = {"role": "customer", "kind": "image", "picture": broken}
        found = client.post("/v1/suggest", json={"messages": [said, picture]})
        assert error(found)[:3] == (422, "invalid_request", "messages.1.picture")
        queued = client.post("/v1/queue", json={"cases": [{"id": "a", "messages": [said, picture]}]})
        assert error(queued)[:3] == (422, "invalid_request", "cases.0.messages.1.picture")


def test_the_number_on_a_picture_is_a_fact_with_its_place(staffed_client: TestClient) -> None:
    pytest.importorskip("rapidocr", reason="rapidocr is not installed: no picture can be read")
    from tests.kb_service.pictures.test_file import encoded, file
    from tests.kb_service.pictures.test_reader import NUMBER, page

    image = {"role": "customer", "kind": "image", "text": "面单", "picture": encoded(file(page("Parcel", NUMBER)))}
    messages = [{"role": "customer", "text": "卖家不发货怎么办"}, image]
    answer = staffed_client.post("/v1/suggest", json={"messages": messages})
    assert answer.status_code == 200
    understanding = SuggestResponse.model_validate_json(answer.content).understanding
    assert understanding is not None
    (picture,) = understanding.pictures
    (fact,) = [fact for fact in understanding.facts if fact.type == "tracking_no"]
    assert (picture.message, picture.text[: picture.start]) == (1, "面单\n")
    assert (fact.value, fact.detail, fact.span.message) == (NUMBER, "顺丰速运", 1)
    assert picture.text[fact.span.start : fact.span.end] == fact.text
    assert understanding.slots["tracking_no"] == NUMBER
    note = staffed_client.post("/v1/cases/note", json={"messages": messages})
    assert NUMBER in note.json()["text"]
