"""Indexes of every kind, for the suites that all of them pass."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import count

import pytest

from kb_service.index import Point, VectorIndex
from kb_service.index.collection import Facts, remove_collections, write_collection
from kb_service.index.connection import PUBLISHING, Server
from kb_service.index.edge import EdgeIndex, write_edge_index
from kb_service.index.server import ServerIndex
from kb_service.settings import Settings
from tests.kb_service.index.wire import Wire, wire

MakeIndex = Callable[[Sequence[Point]], VectorIndex]
REAL = os.environ.get("KB_QDRANT_URL", "")


@pytest.fixture(scope="module", params=["edge", "wire", "real server"])
def make_index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeIndex]:
    """Makes an index of two dimensions out of points: embedded, on the test server, and on `KB_QDRANT_URL`."""
    folder = tmp_path_factory.mktemp("index")
    with ExitStack() as stack:
        if request.param == "edge":
            numbers = count()

            def embedded(points: Sequence[Point]) -> VectorIndex:
                shard = folder / f"shard{next(numbers)}"
                assert write_edge_index(shard, points, 2) == len(points)
                return stack.enter_context(closing(EdgeIndex(shard)))

            yield embedded
        elif request.param == "wire":
            running = stack.enter_context(wire())
            yield on_server(Settings(index="server", qdrant_url=running.url), stack)
            assert running.wrong == []  # every request and response was as Qdrant's OpenAPI has them
        elif not REAL:
            pytest.skip("KB_QDRANT_URL is not set: nothing was tried on a real Qdrant server")
        else:
            yield on_server(Settings(index="server"), stack)


def on_server(settings: Settings, stack: ExitStack) -> MakeIndex:
    """Makes collections with names of their own, which go with the stack."""
    numbers, prefix = count(), f"kb-test-{uuid.uuid4().hex[:8]}"
    server = Server(settings, PUBLISHING)
    stack.callback(server.close)

    def make(points: Sequence[Point]) -> VectorIndex:
        name, facts = f"{prefix}-{next(numbers)}", Facts("v1", "fingerprint", 2)
        stack.callback(remove_collections, server, [name])
        assert write_collection(server, name, points, facts) == len(points)
        return stack.enter_context(closing(ServerIndex(Server(settings), name, facts)))

    return make


@pytest.fixture
def server() -> Iterator[Wire]:
    """A test server of its own."""
    with wire() as running:
        yield running
        assert running.wrong == []
