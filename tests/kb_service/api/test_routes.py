"""The API as a caller meets it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

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
    assert error(client.post("/v1/suggest", content=iter([blob[:600_000], blob[:600_000]])))[:2] == (
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


@pytest.mark.parametrize("text", ["\x00退款", "退\u202e款", "🤬" * 50, "a" * 4000, "退款\n" * 100])
def test_odd_characters_never_break_it(client: TestClient, text: str) -> None:
    answer = client.post("/v1/suggest", json={"messages": [{"role": "customer", "text": text}]})
    assert answer.status_code == 200


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
    assert set(found.timings) == {"encode", "search", "rank", "total"}
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
                answer = client.request(method, path, json=example)
                assert answer.status_code == 200, (path, example, answer.text)
                replayed += 1
    assert replayed >= 4
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
