"""What publishing does on a Qdrant server beside building there: checks, aliases, removal.

Without a server it does nothing, and loads no engine.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from kb_service.errors import VectorIndexError
from kb_service.settings import Settings
from kb_service.versions import Manifest


def check_on_server(settings: Settings, manifest: Manifest) -> None:
    """Make sure that what a version has on a server is whole and its own.

    Raises VersionBroken or EncoderMismatch if it is not, VectorIndexError if the server cannot be asked.
    """
    if manifest.collection is None:
        return
    from kb_service.index import CASES, MAIN
    from kb_service.index.stores import store_of

    store = store_of(_rest(settings), manifest, Path())
    for name in (MAIN, CASES) if manifest.counts.cases else (MAIN,):
        with closing(store.open(name)) as index:
            index.check()


def follow(settings: Settings, manifest: Manifest) -> None:
    """Make the aliases follow the pointer. The service reads no alias, so a server that is away is no failure."""
    if not settings.qdrant_url:
        return
    from kb_service.index.stores import point_aliases

    try:
        point_aliases(_rest(settings), manifest, cases=manifest.counts.cases > 0)
    except VectorIndexError as error:
        print(
            f"提醒：检索服务上的别名 {settings.qdrant_collection} 没有跟上，只影响直接读它的其他程序；"
            f"下一次 kb-content publish 会补上。{error}",
            file=sys.stderr,
        )


def forget(settings: Settings, collections: Sequence[str]) -> bool:
    """Remove the collections of versions that go; False, after a line on stderr, if that must wait."""
    if not collections or not settings.qdrant_url:
        for name in collections:
            print(f"提醒：没有设置 KB_QDRANT_URL，集合 {name} 留在了检索服务上", file=sys.stderr)
        return True
    from kb_service.index.stores import remove_from_server

    try:
        remove_from_server(_rest(settings), collections)
    except VectorIndexError as error:
        print(f"提醒：旧版本的集合还没有删除，下一次 kb-content publish 会再试。{error}", file=sys.stderr)
        return False
    return True


def _rest(settings: Settings) -> Settings:
    """Without gRPC: this process forks to build, and gRPC does not survive that."""
    return settings.model_copy(update={"qdrant_grpc": False})
