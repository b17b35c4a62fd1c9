"""The routes: parse, call one function, return a schema."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from kb_service.article import article
from kb_service.casework import (
    NoteRequest,
    NoteResponse,
    QueueRequest,
    QueueResponse,
    ReviewRequest,
    ReviewResponse,
)
from kb_service.contract import (
    Article,
    ErrorResponse,
    SearchRequest,
    SearchResponse,
    SuggestRequest,
    SuggestResponse,
)
from kb_service.desk import case_note, order_queue, review_draft
from kb_service.events.feedback import FeedbackRequest, FeedbackResponse
from kb_service.live import Live
from kb_service.records import Audience, Moment
from kb_service.search import search
from kb_service.suggest import suggest

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorResponse, "description": text}
    for status, text in {
        413: "请求体太大",
        422: "请求有误，`errors` 列出全部问题",
        503: "没有可用的知识库版本或模型",
    }.items()
}


class JsonRoute(APIRoute):
    """A route with one body, parsed straight from its bytes in the worker thread.

    FastAPI's own way (JSON to Python to model, dependencies, exit stacks) costs 0.2 ms of a call of 5 ms. The signature
    still makes the OpenAPI text.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        assert self.body_field is not None
        model: type[BaseModel] = self.body_field.field_info.annotation  # type: ignore[assignment]

        def work(raw: bytes, live: Live) -> Response:
            try:
                body = model.model_validate_json(raw or b"{}")
            except ValidationError as error:
                errors = [detail | {"loc": ("body", *detail["loc"])} for detail in error.errors()]
                raise RequestValidationError(errors) from error
            answer: Response = self.endpoint(body, live)
            return answer

        async def handle(request: Request) -> Response:
            raw, state = await request.body(), request.app.state
            # Reading a picture takes seconds: such calls queue for a thread of their own, never for those of text.
            limiter = state.picture_limiter if b'"picture"' in raw else None
            return await run_sync(work, raw, state.live, limiter=limiter)

        return handle


router = APIRouter()
calls = APIRouter(route_class=JsonRoute)


async def _live(request: Request) -> Live:  # async: FastAPI would send a plain function to the thread pool
    live: Live = request.app.state.live
    return live


LiveService = Annotated[Live, Depends(_live)]


@calls.post("/v1/suggest", response_model=SuggestResponse, responses=_ERRORS, summary="为当前会话给出建议")
def suggest_route(body: SuggestRequest, live: LiveService) -> Response:
    """按会话和工单信息返回排好序的答案、回复模板和相关问题；没有答案时 `status` 为 `no_answer`。"""
    return _json(suggest(live.current(), body, live.degraded, live.bursts, live.events, without_index=True))


@router.post(
    "/v1/feedback",
    responses=_ERRORS
    | {
        404: {"model": ErrorResponse, "description": "没有这个 record_id"},
        503: {"model": ErrorResponse, "description": "暂时记不下，请重试"},
    },
    summary="反馈一条建议的结果",
)
async def feedback_route(body: FeedbackRequest, request: Request, live: LiveService) -> FeedbackResponse:
    """记下坐席怎样用了一条答案、模板或相关问题，以及客户的评价；个人信息打码后才保存。重复提交同样的内容只记一次。"""
    await run_sync(live.recorder().give, body, limiter=request.app.state.feedback_limiter)
    return FeedbackResponse()


@calls.post("/v1/review", response_model=ReviewResponse, responses=_ERRORS, summary="发送前检查回复草稿")
def review_route(body: ReviewRequest, live: LiveService) -> Response:
    """找出禁用或有风险的说法、索要隐私、没有依据的承诺和期限、没填的空、他人信息、不合情绪的语气，各给出改法。"""
    return _json(review_draft(live.current(), body))


@calls.post("/v1/cases/note", response_model=NoteResponse, responses=_ERRORS, summary="生成工单小结")
def note_route(body: NoteRequest, live: LiveService) -> Response:
    """把会话和处理经过写成结构化的工单小结，个人信息已打码。"""
    return _json(case_note(live.current(), body))


@calls.post("/v1/queue", response_model=QueueResponse, responses=_ERRORS, summary="给待处理工单排序")
def queue_route(body: QueueRequest, live: LiveService) -> Response:
    """按优先级、时限和人手给一批工单排先后，说明理由；同类问题集中出现时给出预警。"""
    return _json(order_queue(live.current(), body, live.bursts))


@calls.post("/v1/search", response_model=SearchResponse, responses=_ERRORS, summary="检索与分类浏览")
def search_route(body: SearchRequest, live: LiveService) -> Response:
    """按关键词检索；不给 `query` 时列出 `filters` 指定分类下的内容。"""
    return _json(search(live.current(), body, live.degraded))


@router.get(
    "/v1/articles/{id:path}",
    response_model=Article,
    responses=_ERRORS | {404: {"model": ErrorResponse, "description": "没有这个编号，或不可见"}},
    summary="读取一篇内容",
)
def article_route(
    id: str,
    live: LiveService,
    audience: Annotated[Audience, Query(description="谁在看：public < agent < senior")] = "agent",
    as_of: Annotated[Moment | None, Query(description="按这个时间有效的内容，默认现在")] = None,
) -> Response:
    """常见问题、规则、条款（`规则#条款`，`#` 写成 `%23`）、模板或流程的全文；条款附全部新旧版本。"""
    return _json(article(live.current(), id, audience, as_of or datetime.now(UTC)))


@router.get("/healthz", summary="进程是否活着")
async def healthz() -> dict[str, str]:
    """只要进程能响应就返回 200。"""
    return {"status": "ok"}


@router.get("/readyz", summary="能否回答", responses={503: {"description": "没有可用的版本"}})
async def readyz(live: LiveService) -> JSONResponse:
    """有可用版本时返回 200 和版本号；`degraded` 说明正在降级的原因。"""
    knowledge = live.knowledge
    body = {
        "status": "ready" if knowledge else "not_ready",
        "kb_version": knowledge.version if knowledge else None,
        "encoder": live.encoder.name,
        "index_breaker": live.breaker,
        "degraded": live.degraded + live.index_trouble + (live.events.degraded if live.events else []),
        "reason": str(live.error) if live.error else None,
    }
    return JSONResponse(body, status_code=200 if knowledge else 503)


def _json(model: BaseModel) -> Response:
    """Serialised once, by pydantic; returning the model would validate and copy it again."""
    return Response(model.model_dump_json(), media_type="application/json")
