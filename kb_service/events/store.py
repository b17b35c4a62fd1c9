"""The event store: SQLite by default, PostgreSQL by URL. The only module that knows sqlalchemy.

It creates its tables when they are missing. Times are kept in UTC. Whatever the database says, callers get
EventsUnavailable (try again later) or EventsRefused (these rows will never go in).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    make_url,
    select,
    tuple_,
)
from sqlalchemy.engine import URL, Connection, Dialect
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.types import TypeDecorator

from kb_service.errors import EventsRefused, EventsUnavailable
from kb_service.events.records import Asked, Feedback, Offered

PATIENCE = 3  # seconds for a connection, or for SQLite's lock
PAGE = 500  # suggestions read at a time, each page in a short transaction of its own


class _Moment(TypeDecorator[datetime]):
    """Aware outside, UTC without an offset inside: SQLite keeps no offsets."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


_TABLES = MetaData()
_SUGGESTIONS = Table(
    "suggestions",
    _TABLES,
    Column("id", Text, primary_key=True),
    Column("at", _Moment, nullable=False),
    Column("kb_version", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("confidence", Float),
    Column("issue_type", Text),
    Column("stage", Text),
    Column("channel", Text),
    Column("party", Text),
    Column("audience", Text, nullable=False),
    Index("suggestions_at", "at", "id"),
)
_OFFERED = Table(
    "offered",
    _TABLES,
    Column("suggestion", ForeignKey("suggestions.id", ondelete="CASCADE"), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),  # from 1, through all kinds
    Column("entry", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("confidence", Float),
)
_FEEDBACK = Table(
    "feedback",
    _TABLES,
    Column("id", Text, primary_key=True),  # digest of what was said: the same said twice is one row
    Column("suggestion", ForeignKey("suggestions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("entry", Text, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("event", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("final_text", Text, nullable=False),
    Column("csat", Integer),
)
_OF_SUGGESTION = {column.name for column in _SUGGESTIONS.columns}
_OF_FEEDBACK = [column for column in _FEEDBACK.columns if column.name not in ("id", "suggestion")]


class EventStore:
    """One database. Safe to share between threads. No connection is made before the first call."""

    def __init__(self, url: str) -> None:
        """Raises EventsUnavailable for a URL that cannot be read, or whose driver is not installed."""
        try:
            parsed = _with_driver(make_url(url))
            self._engine = _engine(parsed)
        except ImportError as error:
            raise EventsUnavailable(f"缺少数据库驱动 {error.name}；PostgreSQL 请安装 kb-service[postgres]") from error
        except (SQLAlchemyError, ValueError) as error:
            raise EventsUnavailable("事件数据库的地址读不懂；例如 postgresql://用户:密码@主机:5432/库") from error
        self.place = parsed.render_as_string(hide_password=True)

    def prepare(self) -> None:
        """Connect anew, and create what is missing. Raises EventsUnavailable."""
        self._engine.dispose()
        with self._begin() as connection:
            _TABLES.create_all(connection)

    def add(self, asked: Sequence[Asked]) -> None:
        """Keep suggestions, all or none; feedback in them is not kept. Raises EventsUnavailable or EventsRefused."""
        offered = [
            {"suggestion": one.id, "rank": rank} | offer.model_dump()
            for one in asked
            for rank, offer in enumerate(one.answers, start=1)
        ]
        with self._begin() as connection:
            connection.execute(insert(_SUGGESTIONS), [one.model_dump(include=_OF_SUGGESTION) for one in asked])
            if offered:
                connection.execute(insert(_OFFERED), offered)

    def give(self, suggestion: str, feedback: Feedback) -> bool:
        """Keep feedback; False if that suggestion did not offer that entry. Said twice, it is kept once.

        Raises EventsUnavailable.
        """
        row = feedback.model_dump() | {"id": _digest(suggestion, feedback), "suggestion": suggestion}
        wanted = select(_OFFERED.c.rank).where(_OFFERED.c.suggestion == suggestion, _OFFERED.c.entry == feedback.entry)
        said = select(_FEEDBACK.c.id).where(_FEEDBACK.c.id == row["id"])
        try:
            with self._begin() as connection:
                if connection.execute(wanted).first() is None:
                    return False
                if connection.execute(said).first() is None:
                    connection.execute(insert(_FEEDBACK), row)
        except EventsRefused:  # since we looked, another process has kept the same
            return True
        return True

    def forget(self, before: datetime) -> int:
        """Delete what was asked before then, with its feedback; how many suggestions. Raises EventsUnavailable."""
        with self._begin() as connection:
            return connection.execute(delete(_SUGGESTIONS).where(_SUGGESTIONS.c.at < before)).rowcount

    def read(self) -> Iterator[Asked]:
        """All suggestions with their feedback, oldest first. Raises EventsUnavailable."""
        order = (_SUGGESTIONS.c.at, _SUGGESTIONS.c.id)
        page = select(_SUGGESTIONS).order_by(*order).limit(PAGE)
        wanted = page
        while True:
            with self._begin() as connection:
                found = list(_asked(connection, connection.execute(wanted).all()))
            yield from found
            if len(found) < PAGE:
                return
            wanted = page.where(tuple_(*order) > (found[-1].at, found[-1].id))

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        """A transaction."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except (DataError, IntegrityError) as error:
            raise EventsRefused(f"{self.place} 不收这些记录：{_first_line(error.orig)}") from error
        except DBAPIError as error:
            raise EventsUnavailable(f"{self.place} 用不了：{_first_line(error.orig)}") from error
        except SQLAlchemyError as error:
            raise EventsUnavailable(f"{self.place} 用不了：{_first_line(error)}") from error


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _engine(url: URL) -> Engine:
    """Statements' values stay out of error messages."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": PATIENCE})
        event.listen(engine, "connect", _set_up_sqlite)
        return engine
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=2,  # the writer and one feedback at a time
        connect_args={"connect_timeout": PATIENCE, "tcp_user_timeout": PATIENCE * 1000},
    )


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Readers do not wait for the writer; after a power failure the last moments may be missing, nothing is broken."""
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _digest(suggestion: str, feedback: Feedback) -> str:
    said = feedback.model_dump_json(exclude={"at"})
    return hashlib.sha256(f"{suggestion}{said}".encode()).hexdigest()


def _asked(connection: Connection, suggestions: Sequence[Row[Any]]) -> Iterator[Asked]:
    names = [row.id for row in suggestions]
    offered = defaultdict[str, list[Offered]](list)
    of_these = select(_OFFERED).where(_OFFERED.c.suggestion.in_(names)).order_by(_OFFERED.c.rank)
    for row in connection.execute(of_these):
        offered[row.suggestion].append(Offered(entry=row.entry, kind=row.kind, confidence=row.confidence))
    feedback = defaultdict[str, list[Feedback]](list)
    said = select(_FEEDBACK.c.suggestion, *_OF_FEEDBACK).where(_FEEDBACK.c.suggestion.in_(names))
    for row in connection.execute(said.order_by(_FEEDBACK.c.at, _FEEDBACK.c.id)):
        values = dict(row._mapping)
        feedback[values.pop("suggestion")].append(Feedback(**values))
    for row in suggestions:
        yield Asked(**row._mapping, answers=tuple(offered[row.id]), feedback=tuple(feedback[row.id]))


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().partition("\n")[0]
