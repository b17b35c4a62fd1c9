"""Where the indexes of a version are: in its folder, or on a Qdrant server.

`KB_INDEX` decides it when the version is built; the manifest keeps it (`collection`), so that both kinds can stand
beside each other, be served, and be rolled back to. qdrant-client is loaded only where a server is meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from kb_service.encoder import Encoder
from kb_service.errors import VectorIndexError, VersionBroken
from kb_service.index import CASES, MAIN, IndexStore
from kb_service.index.edge import EdgeStore
from kb_service.settings import Settings
from kb_service.versions import Manifest


def store_to_fill(settings: Settings, version: str, folder: Path, encoder: Encoder) -> IndexStore:
    """Where a version that is being built puts its indexes. Raises VectorIndexError if there is no client for it."""
    collection = settings.collection(version)
    if collection is None:
        return EdgeStore(folder)
    _need_client()
    from kb_service.index.collection import Facts
    from kb_service.index.connection import PUBLISHING
    from kb_service.index.server import ServerStore

    return ServerStore(settings, collection, Facts(version, encoder.fingerprint, encoder.dimension), PUBLISHING)


def store_of(settings: Settings, manifest: Manifest, folder: Path) -> IndexStore:
    """Where a published version has its indexes; `folder` is a private copy of its files.

    Raises VersionBroken if it needs a server and none is named, VectorIndexError if there is no client for it.
    """
    if manifest.collection is None:
        return EdgeStore(folder)
    if not settings.qdrant_url:
        raise VersionBroken(
            f"版本 {manifest.id} 的索引在检索服务的集合 {manifest.collection} 里，但没有设置 KB_QDRANT_URL；"
            "请设置它，或用 KB_INDEX=edge 重新运行 kb-content publish"
        )
    _need_client()
    from kb_service.index.collection import Facts
    from kb_service.index.server import ServerStore

    return ServerStore(
        settings, manifest.collection, Facts(manifest.id, manifest.encoder_fingerprint, manifest.dimension)
    )


def point_aliases(settings: Settings, manifest: Manifest, cases: bool) -> None:
    """Make the aliases on the server name the collections of the current version, for other readers of the server.

    A version without a collection has none. Raises VectorIndexError.
    """
    _need_client()
    from kb_service.index.collection import collection_of, switch_aliases
    from kb_service.index.connection import ASIDE, Server

    prefix, collection = settings.qdrant_collection, manifest.collection
    targets = {
        prefix: collection or "",
        collection_of(prefix, CASES): collection_of(collection, CASES) if collection and cases else "",
    }
    with closing(Server(settings, ASIDE)) as server:
        switch_aliases(server, targets)


def remove_from_server(settings: Settings, collections: Iterable[str]) -> None:
    """Remove all that versions have on the server; what is not there is none to remove. Raises VectorIndexError."""
    _need_client()
    from kb_service.index.collection import collection_of, remove_collections
    from kb_service.index.connection import ASIDE, Server

    with closing(Server(settings, ASIDE)) as server:
        remove_collections(server, [collection_of(base, name) for base in collections for name in (MAIN, CASES)])


def _need_client() -> None:
    if find_spec("qdrant_client") is None:
        raise VectorIndexError("用 Qdrant 服务需要 qdrant-client；请运行 pip install 'kb-service[server]'")
