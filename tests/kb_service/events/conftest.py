"""Databases that a test may do anything to: SQLite in a file, and a PostgreSQL of its own where it is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
import pytest

from kb_service.events.records import Asked, Offered

SERVER = "postgres"  # who runs the server where the tests run as root: initdb refuses root


class Postgres:
    """A server on a Unix socket below /tmp, where the path is short enough for one."""

    def __init__(self, programs: Path) -> None:
        self._programs, self._numbers = programs, count()
        self.folder = Path(tempfile.mkdtemp(prefix="kb-pg-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, SERVER, SERVER)
        self._run("initdb", "-U", "kb", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8")
        self.start()

    def start(self) -> None:
        options = f"-c listen_addresses= -c fsync=off -k {self.folder}"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"events{next(self._numbers)}"
        with psycopg.connect(host=str(self.folder), user="kb", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://kb@/{name}?host={self.folder}"

    def _run(self, program: str, *options: str) -> None:
        as_server = {"user": SERVER, "group": SERVER, "extra_groups": []} if os.geteuid() == 0 else {}
        with (self.folder / "output").open("w") as output:  # a pipe would stay open as long as the server runs
            subprocess.run(
                [self._programs / program, "-D", self.folder / "data", *options],
                check=True,
                cwd=self.folder,
                stdout=output,
                stderr=output,
                **as_server,  # type: ignore[call-overload]
            )


def postgres_programs() -> Path | None:
    """The folder of initdb; None where there is no PostgreSQL, or nobody whom it could run as."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if os.geteuid() == 0 and SERVER not in {user.pw_name for user in pwd.getpwall()}:
        return None
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("no initdb, or no user to run it as: the event store is not tried on PostgreSQL")
    server = Postgres(programs)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'events.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


def asked(name: str, day: int = 1, query: str = "卖家不发货怎么办") -> Asked:
    """A suggestion made at noon (UTC) of a day in March 2026."""
    return Asked(
        id=name,
        at=datetime(2026, 3, day, 12, tzinfo=UTC),
        kb_version="20260301T000000-00000000",
        status="answered",
        query=query,
        confidence=0.9,
        issue_type="trade.refund",
        answers=(
            Offered(entry="trade.refund.no-ship", kind="faq", confidence=0.9),
            Offered(entry="trade-rules#ship-window", kind="policy", confidence=0.4),
            Offered(entry="tpl.refund.no-ship", kind="template"),
        ),
        stage="diagnose",
        channel="chat",
        party="buyer",
    )
