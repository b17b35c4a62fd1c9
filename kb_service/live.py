"""The version that serves now, and the watch that swaps it when another is published."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from kb_service.encoder import Encoder, load_encoder
from kb_service.errors import EventsUnavailable, KnowledgeBaseError, NothingPublished, VersionBroken
from kb_service.events.recorder import Recorder
from kb_service.index import BreakerState
from kb_service.knowledge import Knowledge, open_version, remove_orphans
from kb_service.settings import Settings
from kb_service.urgency.bursts import Bursts, burst_rule
from kb_service.versions import read_pointer

log = logging.getLogger(__name__)


@dataclass
class Live:
    """Holds the loaded version. Requests take `knowledge` once and keep it to their end."""

    settings: Settings
    encoder: Encoder
    knowledge: Knowledge | None = None
    bursts: Bursts | None = None  # counts the cases that come in; outlives the versions
    error: KnowledgeBaseError | None = None  # why the published version is not the one that serves
    events: Recorder | None = None  # keeps what is suggested; None where nothing is to be kept

    def current(self) -> Knowledge:
        """The version to answer with. Raises what kept the service from loading any."""
        if self.knowledge is None:
            raise self.error or NothingPublished("还没有发布过任何内容；请运行 kb-content publish")
        return self.knowledge

    def recorder(self) -> Recorder:
        """Where feedback goes. Raises EventsUnavailable if none is to be kept."""
        if self.events is None:
            raise EventsUnavailable("反馈没有记下：服务没有开启事件记录（KB_EVENTS=off）")
        return self.events

    def masked(self, text: str) -> str:
        """The text without personal data, as the version that serves finds it."""
        return self.current().understander.masked(text)

    @property
    def degraded(self) -> list[str]:
        """What callers should know about the version that answers them."""
        return [f"stale_version: {self.error}"] if self.knowledge and self.error else []

    @property
    def breaker(self) -> BreakerState:
        """Whether the index of the version that serves is asked: "open" while its server is away."""
        return self.knowledge.index.breaker if self.knowledge else "closed"

    @property
    def index_trouble(self) -> list[str]:
        """What is known of an index that is away. Each answer says it for itself."""
        return [] if self.breaker == "closed" else ["index_unavailable: 检索服务没有回答；搜不到答案，其余照常"]

    def refresh(self) -> bool:
        """Load the published version if it is not the one that serves; True if it was swapped in.

        A version that cannot be loaded leaves the old one serving and is reported by `degraded` and /readyz.
        """
        try:
            version = read_pointer(self.settings.home)
            if self.knowledge and version == self.knowledge.version:
                self.error = None
                return False
            self.knowledge = open_version(self.settings, version, self.encoder, self.knowledge)
            self._set_burst_rule(self.knowledge)
            _ = self.knowledge.reviewer  # answers come from the new version already; reviews need not wait either
            gc.collect()
            gc.freeze()  # catalog and dictionary live as long as the version: keep the collector from walking them
        except (KnowledgeBaseError, OSError) as failure:  # OSError: no room for the private copy, no right to read
            error = failure if isinstance(failure, KnowledgeBaseError) else VersionBroken(f"载入版本失败：{failure}")
            if str(error) != str(self.error):
                log.warning("published version not loaded: %s", error)
            self.error = error
            return False
        self.error = None
        log.info("serving version %s", version)
        return True

    def _set_burst_rule(self, knowledge: Knowledge) -> None:
        """What is counted stays; only the rule comes from the version."""
        rule = burst_rule(knowledge.catalog.content.desk, knowledge.catalog.content.facts)
        if rule is None:
            self.bursts = None
        elif self.bursts is None:
            self.bursts = Bursts(rule)
        else:
            self.bursts.rule = rule

    async def watch(self) -> None:
        """Look for a newly published version every `poll_seconds`, for ever."""
        while True:
            await asyncio.sleep(self.settings.poll_seconds)
            await asyncio.to_thread(self.refresh)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Live]:
    """Everything heavy, for as long as the service runs."""
    remove_orphans(settings.home)
    live = Live(settings, await asyncio.to_thread(load_encoder, settings))
    await asyncio.to_thread(live.refresh)
    if settings.events_url:
        live.events = Recorder(settings.events_url, settings.events_days, live.masked)
    watch = asyncio.create_task(live.watch())
    try:
        yield live
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        if live.events:
            await asyncio.to_thread(live.events.close)
        live.knowledge = None
