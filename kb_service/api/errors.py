"""Every error as JSON with a stable name and a message that says what to do."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb_service.contract import ErrorDetail, ErrorResponse, SearchRequest, SuggestRequest
from kb_service.errors import (
    InvalidRequest,
    KnowledgeBaseError,
    MethodNotAllowed,
    RequestError,
    RequestTooLarge,
    RouteNotFound,
)
from kb_service.events.feedback import FeedbackRequest
from kb_service.validation import explain

log = logging.getLogger(__name__)
_BODIES: dict[str, type[BaseModel]] = {
    "/v1/suggest": SuggestRequest,
    "/v1/search": SearchRequest,
    "/v1/feedback": FeedbackRequest,
}


def add_handlers(app: FastAPI) -> None:
    """Give the application one way of reporting errors."""
    app.add_exception_handler(KnowledgeBaseError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _respond(error: KnowledgeBaseError, details: list[ErrorDetail] | None = None) -> JSONResponse:
    field = error.field if isinstance(error, RequestError) else ""
    body = ErrorResponse(error=ErrorDetail(name=error.name, message=str(error), field=field), errors=details or [])
    return JSONResponse(body.model_dump(), status_code=error.status)


def _ours(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, KnowledgeBaseError)
    if error.status >= 500:
        log.error("%s: %s", error.name, error)
    return _respond(error)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    model = _BODIES.get(request.url.path, BaseModel)
    details = []
    for item in error.errors():
        keys = tuple(item["loc"][1:])  # the first part says body, query or path
        message = explain(item, model, keys)
        details.append(ErrorDetail(name=InvalidRequest.name, message=message, field=".".join(map(str, keys))))
    first = details[0]
    text = f"{first.field}：{first.message}" if first.field else first.message
    return _respond(InvalidRequest(text, first.field), details)


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        return _respond(RouteNotFound(f"没有路径 {path}；可用的接口见 /docs"))
    if error.status_code == 405:
        return _respond(MethodNotAllowed(f"路径 {path} 不支持 {request.method}；可用的方法见 /docs"))
    return _respond(InvalidRequest(f"请求读不懂：{error.detail}；请发送 UTF-8 编码的 JSON"))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error in %s", request.url.path, exc_info=error)
    return _respond(KnowledgeBaseError("服务内部出错，已记入日志；请稍后再试，仍有问题请联系运维"))


class BodyLimit:
    """Refuses a body over `limit` bytes, declared or streamed, before it is held in memory."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if declared.isdigit() and int(declared) > self.limit:
            await self._refuse(scope, receive, send)
            return
        # Read it here: FastAPI would turn an error raised while it reads into one about JSON.
        parts: list[Message] = []
        seen, more = 0, True
        while more:
            message = await receive()
            parts.append(message)
            seen += len(message.get("body", b""))
            more = message.get("more_body", False)
            if seen > self.limit:
                await self._refuse(scope, receive, send)
                return
        replay = iter(parts)

        async def bounded() -> Message:
            return next(replay, None) or await receive()

        await self.app(scope, bounded, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response: Any = _respond(RequestTooLarge(self._text()))
        await response(scope, receive, send)

    def _text(self) -> str:
        return f"请求体超过 {self.limit} 字节；请减少 messages，只保留最近的对话"
