"""The pages' addresses. Each handler looks at the folder, calls one function, renders one page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from ingest.files import content_files
from ingest.preview.comparing import MOST, Pair, compare_answers
from ingest.preview.entry import entry_page
from ingest.preview.example import Example, read_example
from ingest.preview.home import changed, topics
from ingest.preview.rendering import render
from ingest.preview.workshop import State, Workshop
from kb_service.errors import EntryNotFound, KnowledgeBaseError, RequestError
from kb_service.settings import Settings

# A page on another site must neither read these pages by renaming itself to this address nor frame them.
_HOSTS = ["127.0.0.1", "localhost"]
_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; "
_POLICY += "form-action 'self'; frame-ancestors 'none'"


def create_app(root: Path, settings: Settings) -> FastAPI:
    """The pages over the content at `root`. The model loads and the first build starts when the application does."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with Workshop(root, settings) as workshop:
            app.state.workshop = workshop
            yield

    app = FastAPI(title="kb-content preview", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_api_route("/", _home, response_class=HTMLResponse)
    app.add_api_route("/entry/{entry}", _entry, response_class=HTMLResponse)
    app.add_api_route("/try", _try, response_class=HTMLResponse)
    app.add_api_route("/source/{file:path}", _source, response_class=HTMLResponse)
    app.add_api_route("/state", _state)
    app.mount("/static", StaticFiles(packages=[("ingest.preview", "static")]))
    app.middleware("http")(_guarded)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)
    app.add_exception_handler(KnowledgeBaseError, _refused)
    app.add_exception_handler(HTTPException, _missing)
    return app


async def _guarded(request: Request, following: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await following(request)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(request: Request, name: str, state: State, status: int = 200, **values: object) -> HTMLResponse:
    common = {"root": _workshop(request).root.name, "state": state, "path": request.url.path}
    return HTMLResponse(render(name, **common, **values), status)


def _workshop(request: Request) -> Workshop:
    workshop: Workshop = request.app.state.workshop
    return workshop


def _home(request: Request) -> HTMLResponse:
    state = _workshop(request).look()
    return _page(
        request,
        "home.html",
        state,
        changed=changed(state.draft) if state.draft else None,
        topics=topics(state.draft, state.problems) if state.draft else [],
    )


def _entry(request: Request, entry: str) -> HTMLResponse:
    state = _workshop(request).look()
    example = read_example(request.query_params)
    if state.draft is None:
        return _page(request, "waiting.html", state)
    page = entry_page(state.draft, state.problems, entry, example)
    catalog = state.draft.knowledge.catalog
    return _page(
        request,
        "entry.html",
        state,
        page=page,
        example=example,
        catalog=catalog,
        taxonomy=catalog.content.taxonomy,
        here=request.url.path,
    )


def _try(request: Request) -> HTMLResponse:
    state = _workshop(request).look()
    example = read_example({"order_time": "", **request.query_params})
    asked = [line.strip() for line in request.query_params.get("q", "").splitlines() if line.strip()]
    if state.draft is None:
        return _page(request, "waiting.html", state)
    taxonomy = state.draft.knowledge.catalog.content.taxonomy
    pairs = [_pair(state, question, example) for question in asked[:MOST]]
    return _page(
        request,
        "try.html",
        state,
        asked=asked,
        pairs=pairs,
        most=MOST,
        example=example,
        taxonomy=taxonomy,
    )


def _pair(state: State, question: str, example: Example) -> Pair:
    assert state.draft is not None
    return compare_answers(state.published, state.draft.knowledge, question, example)


def _source(request: Request, file: str) -> HTMLResponse:
    """A content file with its problems at their lines. Only content files: nothing else can be read from here."""
    workshop = _workshop(request)
    state, root = workshop.look(), workshop.root
    files = {f"{root.name}/{path.relative_to(root).as_posix()}": path for path in content_files(root)}
    if file not in files:
        raise EntryNotFound(f"内容目录里没有文件“{file}”", "file")
    text = files[file].read_text("utf-8", errors="replace")
    problems = [problem for problem in state.problems if problem.file == file]
    return _page(request, "source.html", state, file=file, lines=text.split("\n"), problems=problems)


def _state(request: Request) -> JSONResponse:
    state = _workshop(request).look()
    return JSONResponse({"changes": state.changes, "busy": state.busy})


def _refused(request: Request, error: Exception) -> HTMLResponse:
    assert isinstance(error, KnowledgeBaseError)
    status = error.status if isinstance(error, RequestError) else 500
    return _error(request, status, str(error))


def _missing(request: Request, error: Exception) -> HTMLResponse:
    assert isinstance(error, HTTPException)
    words = {404: "没有这个页面", 405: "这个地址只能用来看"}
    return _error(request, error.status_code, words.get(error.status_code, str(error.detail)))


def _error(request: Request, status: int, message: str) -> HTMLResponse:
    return _page(request, "error.html", _workshop(request).now, status, message=message)
