"""A version of content that is not published: built beside, in a home of its own that shares models and caches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.build import Origin, seal_version, write_version
from ingest.publish import builder_digest
from kb_service.content import Content
from kb_service.encoder import Encoder
from kb_service.errors import PublishError
from kb_service.settings import Settings
from kb_service.versions import versions_dir


def own_home(settings: Settings, home: Path) -> Settings:
    """Settings of a new home that shares models and caches. Raises PublishError if the folder cannot be prepared."""
    home.mkdir()
    for shared in ("models", "cache"):
        source = (settings.home / shared).resolve()
        source.mkdir(parents=True, exist_ok=True)
        try:
            (home / shared).symlink_to(source)
        except OSError as error:
            raise PublishError(f"不能在 {home} 里准备临时目录：{error.strerror}；请检查磁盘和权限") from error
    return settings.model_copy(update={"home": home, "index": "edge"})  # nothing of it belongs on a server


def build_beside(read: Callable[[], Content], own: Settings, version: str) -> Encoder:
    """Build the content, as written, as `version` of the home of `own`. Raises ModelError or PublishError."""
    folder, builder = versions_dir(own.home) / version, builder_digest()
    encoder, counts, _ = write_version(read, folder, own, builder)
    seal_version(folder, Origin(version, "", None, builder), encoder, counts)
    return encoder
