"""The application: lifespan, routes, error handling, offline documentation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from kb_service.api.errors import BodyLimit, add_handlers
from kb_service.api.routes import calls, router
from kb_service.contract import MAX_BODY
from kb_service.live import serving
from kb_service.settings import Settings, load_settings

_DESCRIPTION = """
知识库检索与坐席辅助：给出坐席当前会话的答案、回复模板和相关问题。

- 位置（`start`、`end`）按 Unicode 码点计数，左闭右开。
- 时间带时区；不带时区按北京时间。
- 没有答案也返回 200，看 `status` 与 `reason`。
- 出错时返回 JSON：`error.name`（稳定，供程序判断）和 `error.message`（说明怎么办）。
- 未知字段会被拒绝。
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application. Models and indexes load when it starts, not here."""
    chosen = settings or load_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # The work is processor-bound: more threads than cores would only share them.
        current_default_thread_limiter().total_tokens = chosen.request_threads
        app.state.picture_limiter = CapacityLimiter(1)
        app.state.feedback_limiter = CapacityLimiter(1)  # a slow database must not take the threads of suggest
        async with serving(chosen) as live:
            app.state.live = live
            yield

    app: FastAPI = FastAPIOffline(
        title="kb_service",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        separate_input_output_schemas=False,
    )
    app.include_router(calls)
    app.include_router(router)
    add_handlers(app)
    app.add_middleware(BodyLimit, limit=MAX_BODY)
    return app
