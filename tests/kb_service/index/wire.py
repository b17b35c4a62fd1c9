"""A small Qdrant server for tests: the REST calls that the service makes, over the engine in process.

It is there to prove what goes over the wire: every request and response is judged by Qdrant's own OpenAPI where that
is at hand (`openapi.py`), and the faults of a network can be switched on. It is no Qdrant: one shard a collection, no
cluster, no gRPC.

    python -m tests.kb_service.index.wire    serves until its input ends, and prints its address
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qdrant_edge as edge
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.kb_service.index.engine import (
    Collection,
    Refusal,
    as_filter,
    create_index,
    engine_config,
    facet,
    info,
    query,
    upsert,
)
from tests.kb_service.index.openapi import PUBLISHED, Json, Specification


@dataclass
class Fault:
    """What goes wrong with the next `times` calls whose path holds `where`."""

    where: str = ""
    times: int = 1_000_000
    status: int = 0
    retry_after: str = ""
    wait: float = 0.0  # seconds before anything is done
    reset: bool = False  # the connection is cut without an answer
    lose_answer: bool = False  # the work is done, then the connection is cut
    drip: float = 0.0  # seconds between two bytes of the answer


class Wire:
    """The server's state. Outlives its listening socket: `stop` and `start` are a restart."""

    def __init__(self, folder: Path, api_key: str = "", as_edge: bool = False, judged: bool = True) -> None:
        self.folder, self.api_key, self.as_edge = folder, api_key, as_edge
        self.collections: dict[str, Collection] = {}
        self.aliases: dict[str, str] = {}
        self.fault: Fault | None = None
        self.calls: list[str] = []  # "put /collections/x", in order
        self.wrong: list[str] = []  # what the specification says is wrong; must stay empty
        self.specification = Specification(PUBLISHED) if judged and PUBLISHED.exists() else None
        self.port = 0
        self._lock = threading.RLock()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen; on the same port as before, if there was one."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "PUT", "POST", "PATCH", "DELETE"])])
        config = uvicorn.Config(app, log_level="error", access_log=False, http=_Cuttable, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)

    def stop(self) -> None:
        """Close the listening socket and every connection; the collections stay."""
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._thread.join(timeout=10)

    def close(self) -> None:
        """Stop, and close the engines."""
        self.stop()
        for collection in self.collections.values():
            collection.shard.close()

    def lose(self, name: str, points: list[int]) -> None:
        """Delete points behind everyone's back."""
        self.collections[name].shard.update(edge.UpdateOperation.delete_points(list(points)))

    async def _answer(self, request: Request) -> Response:
        path, method, body = request.url.path, request.method.lower(), await request.body()
        self.calls.append(f"{method} {path}")
        fault = self._due(path)
        if fault and fault.wait:
            await asyncio.sleep(fault.wait)
        if fault and fault.reset:
            return _cut(request)
        if fault and fault.status:
            headers = {"retry-after": fault.retry_after} if fault.retry_after else {}
            return JSONResponse(_error("switched on"), fault.status, headers)
        status, answer = await asyncio.to_thread(self._judged, request, path, method, body)
        if fault and fault.lose_answer:
            return _cut(request)
        if fault and fault.drip:
            return StreamingResponse(_dripping(json.dumps(answer).encode(), fault.drip), status)
        return JSONResponse(answer, status)

    def _due(self, path: str) -> Fault | None:
        fault = self.fault
        if fault is None or fault.where not in path or fault.times <= 0:
            return None
        fault.times -= 1
        return fault

    def _judged(self, request: Request, path: str, method: str, body: bytes) -> tuple[int, Json]:
        """The answer, after the request and before the answer goes out: both as the specification has them."""
        if self.api_key and request.headers.get("api-key") != self.api_key:
            return 401, _error("Must provide an API key or an Authorization bearer token")
        if self.specification and (wrong := self.specification.wrong_request(path, method, request.url.query, body)):
            self.wrong.append(f"request {method} {path}: {wrong}")
            return 400, _error(wrong)
        started = time.perf_counter()
        try:
            with self._lock:
                result = self._work(path.strip("/").split("/"), method, json.loads(body) if body else {})
            status, answer = 200, {"result": result, "status": "ok", "time": time.perf_counter() - started}
        except Refusal as refusal:
            status, answer = refusal.status, _error(refusal.message)
        if self.specification and (wrong := self.specification.wrong_response(path, method, status, answer)):
            self.wrong.append(f"response {method} {path}: {wrong}")
        return status, answer

    def _work(self, path: list[str], method: str, body: Json) -> Any:
        match method, path:
            case "get", ["aliases"]:
                return {"aliases": [{"alias_name": a, "collection_name": c} for a, c in sorted(self.aliases.items())]}
            case "post", ["collections", "aliases"]:
                return self._change_aliases(body["actions"])
            case "get", ["collections"]:
                return {"collections": [{"name": name} for name in sorted(self.collections)]}
            case "get", ["collections", name, "exists"]:
                return {"exists": name in self.collections or name in self.aliases}
            case "put", ["collections", name]:
                return self._create(name, body)
            case "delete", ["collections", name]:
                return self._delete(name)
            case "get", ["collections", name]:
                return info(self._found(name))
            case "put", ["collections", name, "points"]:
                return upsert(self._found(name), body["points"])
            case "put", ["collections", name, "index"]:
                return create_index(self._found(name), body["field_name"], body["field_schema"])
            case "post", ["collections", name, "points", "count"]:
                request = edge.CountRequest(exact=body.get("exact", True), filter=as_filter(body.get("filter")))
                return {"count": self._found(name).shard.count(request)}
            case "post", ["collections", name, "points", "query", "batch"]:
                return query(self._found(name), body["searches"])
            case "post", ["collections", name, "facet"]:
                return facet(self._found(name), body)
        raise Refusal(404, f"this test server does not know {method} {'/'.join(path)}")

    def _found(self, name: str) -> Collection:
        found = self.collections.get(self.aliases.get(name, name))
        if found is None:
            raise Refusal(404, f"Not found: Collection `{name}` doesn't exist!")
        return found

    def _create(self, name: str, body: Json) -> bool:
        if name in self.collections or name in self.aliases:
            raise Refusal(409, f"Wrong input: Collection `{name}` already exists!")
        folder = self.folder / name
        folder.mkdir(parents=True)
        self.collections[name] = Collection(edge.EdgeShard.create(str(folder), engine_config(body, self.as_edge)), body)
        return True

    def _delete(self, name: str) -> bool:
        collection = self.collections.pop(name, None)
        if collection is None:
            return False
        collection.shard.close()
        shutil.rmtree(self.folder / name)
        self.aliases = {alias: target for alias, target in self.aliases.items() if target != name}
        return True

    def _change_aliases(self, actions: list[Json]) -> bool:
        aliases = dict(self.aliases)
        for action in actions:
            if "delete_alias" in action:
                aliases.pop(action["delete_alias"]["alias_name"], None)
            else:
                made = action["create_alias"]
                self._found(made["collection_name"])
                aliases[made["alias_name"]] = made["collection_name"]
        self.aliases = aliases
        return True


class _Cuttable(H11Protocol):
    """Lets a handler reach its connection, to cut it as a crash would."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state["transports"] = self.app_state.get("transports", {}) | {
            transport.get_extra_info("peername"): transport
        }


def _cut(request: Request) -> Response:
    """Reset the connection instead of answering."""
    transport = request.scope["state"]["transports"][tuple(request.scope["client"])]
    with suppress(OSError):  # linger 0: the peer gets a reset, not an end
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    return Response()


async def _dripping(body: bytes, pause: float) -> AsyncIterator[bytes]:
    for place in range(len(body)):
        yield body[place : place + 1]
        await asyncio.sleep(pause)


def _error(message: str) -> Json:
    return {"status": {"error": message}, "time": 0.0, "result": None}


@contextmanager
def wire(api_key: str = "", as_edge: bool = False, judged: bool = True) -> Iterator[Wire]:
    """A running server that is gone afterwards. In memory where that can be had: the engine syncs each small change."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="kb-wire-", dir=memory if memory.is_dir() else None) as folder:
        server = Wire(Path(folder), api_key, as_edge, judged)
        server.start()
        try:
            yield server
        finally:
            server.fault = None
            server.close()


if __name__ == "__main__":
    with wire(judged=False) as running:  # for figures: a real server judges nothing
        print(running.url, flush=True)
        sys.stdin.read()
