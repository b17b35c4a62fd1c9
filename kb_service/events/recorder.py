"""Keeps what is suggested and what becomes of it, without a call ever waiting for the database.

A call puts its suggestion into a bounded queue. One thread takes them from there, masks personal data and writes them
in batches. While the database does not answer they wait; when the queue is full, what comes is dropped and counted, and
`degraded` says so.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

from kb_service.contract import Status
from kb_service.errors import EventsRefused, EventsUnavailable, RecordNotFound
from kb_service.events.feedback import FeedbackRequest
from kb_service.events.records import Asked, Feedback, Offered, OfferedAs
from kb_service.records import Audience, Party

if TYPE_CHECKING:
    from kb_service.events.store import EventStore

log = logging.getLogger(__name__)

MOST = 2_000  # suggestions that may wait: some ten seconds of the busiest service, some 2 MB
BATCH = 200  # suggestions in one transaction
EVERY, RETRY = 0.25, 1.0  # seconds between two writes; after one that failed
FORGET_EVERY = 24 * 3600.0  # seconds
TOLD = 600.0  # seconds for which `degraded` speaks of what was dropped
GOODBYE = 5.0  # seconds that closing waits for the last write
# An order or parcel number leads to a person; a date or a range of prices that looks alike is given up with them.
_LONG_NUMBER = re.compile(r"[A-Za-z]{0,5}\d(?:[ \-]{0,3}\d){7,}")


class Suggested(NamedTuple):
    """A suggestion as it was made: `turns` are what was searched for, as written; `offered` as in `Offered`."""

    id: str
    at: datetime
    kb_version: str
    status: Status
    turns: tuple[str, ...]
    confidence: float | None
    issue_type: str | None
    offered: tuple[tuple[str, OfferedAs, float | None], ...]
    stage: str | None
    channel: str | None
    party: Party | None
    audience: Audience


class Recorder:
    """The queue of this process, its writer and its store.

    `mask` hides personal data of a text; `days` is how long events are kept. The store is opened by the writer:
    importing its library takes a moment, and takes 8 MiB less once a version is loaded.
    """

    def __init__(self, url: str, days: int, mask: Callable[[str], str]) -> None:
        self._url, self._days, self._mask = url, days, mask
        self._waiting: deque[Suggested] = deque()
        self._masked: list[Asked] = []  # the batch that is being written
        self._writing, self._counting, self._closing = Lock(), Lock(), Event()
        self._store: EventStore | None = None
        self._forget_at = 0.0  # on the monotonic clock, as _dropped_at
        self._failure: EventsUnavailable | None = None
        self._dropped, self._dropped_at = 0, 0.0
        self._thread = Thread(target=self._write_for_ever, name="events", daemon=True)
        self._thread.start()

    def note(self, suggested: Suggested) -> None:
        """Keep a suggestion, soon. Takes microseconds."""
        if len(self._waiting) >= MOST:
            self._drop(1)
        else:
            self._waiting.append(suggested)

    def give(self, request: FeedbackRequest) -> None:
        """Keep feedback, now. Raises RecordNotFound or EventsUnavailable; at once where the database is known away."""
        if self._failure is not None:
            raise EventsUnavailable("反馈没有记下：事件数据库暂时用不了；请稍后再试") from self._failure
        suggestion, _, entry = request.record_id.partition(".")
        feedback = Feedback(
            event=request.event,
            entry=entry,
            reason=self._anonymous(request.reason),
            at=datetime.now(UTC),
            final_text=self._anonymous(request.final_text),
            csat=request.csat,
        )
        try:
            if self._keep(suggestion, feedback):
                return
        except EventsUnavailable as failure:
            self._failed(failure)
            raise EventsUnavailable("反馈没有记下：事件数据库暂时用不了；请稍后再试") from failure
        raise RecordNotFound(
            f"没有记录“{request.record_id}”；请原样使用 /v1/suggest 返回的 record_id，"
            f"超过 {self._days} 天的记录已经删除",
            "record_id",
        )

    @property
    def degraded(self) -> list[str]:
        """What operators should know; empty when all is well."""
        if not self._thread.is_alive() and not self._closing.is_set():
            return ["events: 写入线程已停止，原因见日志；请重启服务"]
        if self._failure is not None:
            return [f"events: 数据库写不进去，{self._backlog} 条在等，已丢弃 {self._dropped} 条；原因见日志"]
        if self._dropped and time.monotonic() - self._dropped_at < TOLD:
            return [f"events: 刚才来不及写或写不进去，已丢弃 {self._dropped} 条；原因见日志"]
        return []

    def close(self) -> None:
        """Write what waits, and stop."""
        self._closing.set()
        self._thread.join(GOODBYE)
        if self._backlog:
            log.warning("events: %d suggestions were not written before the end", self._backlog)
        if self._store is not None and not self._thread.is_alive():
            self._store.close()

    @property
    def _backlog(self) -> int:
        return len(self._waiting) + len(self._masked)

    def _keep(self, suggestion: str, feedback: Feedback) -> bool:
        """False if the suggestion is neither in the store nor in the queue of this process."""
        if self._store is not None and self._store.give(suggestion, feedback):
            return True
        return self._write().give(suggestion, feedback)

    def _write_for_ever(self) -> None:
        while True:
            last = self._closing.wait(RETRY if self._failure else EVERY)
            try:
                self._write()
                self._forget()
                self._recovered()
            except EventsUnavailable as failure:
                self._failed(failure)
            if last:
                return

    def _write(self) -> EventStore:
        """Write all that waits; after a failure see that the database answers, even if nothing waits."""
        with self._writing:
            store = self._opened()
            while self._waiting or self._masked:
                while self._waiting and len(self._masked) < BATCH:
                    self._masked.append(self._asked(self._waiting.popleft()))
                try:
                    store.add(self._masked)
                except EventsRefused as refusal:
                    self._drop(len(self._masked))
                    log.error("events: %d suggestions dropped: %s", len(self._masked), refusal)
                self._masked.clear()
            return store

    def _opened(self) -> EventStore:
        from kb_service.events.store import EventStore

        store = self._store or EventStore(self._url)
        if self._store is None or self._failure is not None:
            store.prepare()
        self._store = store
        return store

    def _forget(self) -> None:
        if self._store is not None and time.monotonic() >= self._forget_at:
            self._store.forget(datetime.now(UTC) - timedelta(days=self._days))
            self._forget_at = time.monotonic() + FORGET_EVERY

    def _asked(self, made: Suggested) -> Asked:
        return Asked(
            id=made.id,
            at=made.at,
            kb_version=made.kb_version,
            status=made.status,
            query=self._anonymous(" ".join(made.turns)),
            confidence=made.confidence,
            issue_type=made.issue_type,
            answers=tuple(Offered(entry=name, kind=kind, confidence=sure) for name, kind, sure in made.offered),
            stage=made.stage,
            channel=made.channel,
            party=made.party,
            audience=made.audience,
        )

    def _anonymous(self, text: str) -> str:
        """Without personal data and long numbers; without the zero character too, which PostgreSQL does not take."""
        return _LONG_NUMBER.sub(" ", self._mask(text.replace("\0", ""))).strip()

    def _drop(self, count: int) -> None:
        with self._counting:
            self._dropped += count
            self._dropped_at = time.monotonic()

    def _failed(self, failure: EventsUnavailable) -> None:
        if str(failure) != str(self._failure):
            log.warning("events: %s", failure)
        self._failure = failure

    def _recovered(self) -> None:
        if self._failure is not None:
            log.warning("events: written again; %d suggestions dropped since the start", self._dropped)
        self._failure = None
