"""A real PostgreSQL for tests: a server of its own, started by the test and gone with it.

    from tests.postgres import postgres_server, postgres_url   # in a conftest.py: fixtures

`postgres_server` lives as long as the session, `postgres_url` is an empty database for one test. A test that
stops, kills or slows its server starts one for itself: `with running_postgres() as server`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from hedger.domain.errors import HedgerError
from tests.ports import lasting_port

USER = "hedger"
SHARED = "shared"
GUARDED, PASSWORD = "guarded", "correct-horse-battery"
"""A user whom the server asks for a password over TCP."""

START_S = 60.0
_NOBODY = "nobody"  # the server refuses to run as root

_HBA = f"""\
local all all trust
host all {GUARDED} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


_EMPTY = f"""\
select pg_terminate_backend(pid) from pg_stat_activity where datname = '{SHARED}' and pid <> pg_backend_pid();
drop schema public cascade; create schema public; alter database {SHARED} reset all
"""


class NoPostgres(HedgerError):
    """The server's programs are not installed here."""


def binaries() -> Path | None:
    """Folder of `postgres`, `initdb` and `psql`: Debian's newest, else that of the path; None: not here."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    found = versions[-1] if versions else shutil.which("initdb")
    return None if found is None else Path(found).parent


def psql(url: str, query: str) -> list[list[str]]:
    """What another program is answered: rows of texts. Raises CalledProcessError."""
    found = binaries()
    assert found is not None
    words = [found / "psql", url, "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", query]
    told = subprocess.run(words, check=True, capture_output=True, text=True)
    return [line.split("\t") for line in told.stdout.splitlines()]


@contextmanager
def session(url: str, query: str) -> Iterator[None]:
    """Another program that has run a query, which answers something, and stays connected."""
    found = binaries()
    assert found is not None
    words = [found / "psql", url, "-XAtq", "-v", "ON_ERROR_STOP=1"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(f"{query}\n")
        program.stdin.flush()
        assert program.stdout.readline(), "psql has ended"
        yield  # the end of its input ends it, and its transaction


class Postgres:
    """One server: a unix socket and a loopback port, trust for everybody but GUARDED."""

    def __init__(self, folder: Path, bin_: Path, fsync: bool) -> None:
        self.folder, self.port, self._bin = folder, lasting_port(), bin_
        self._fsync, self._names = fsync, count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()

    def url(self, database: str = "postgres", *, user: str = USER) -> str:
        """Over TCP."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str = "postgres") -> str:
        """Over the unix socket."""
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"

    def new_database(self) -> str:
        """URL of a database with nothing in it."""
        name = f"test_{next(self._names)}"
        self.sql(f"create database {name}")
        return self.url(name)

    def emptied(self) -> str:
        """URL of the one database that is emptied again and again, a tenth of the cost of a new one."""
        self.sql(_EMPTY, SHARED)
        return self.url(SHARED)

    def sql(self, query: str, database: str = "postgres") -> list[list[str]]:
        """What another program is answered: rows of texts. Raises CalledProcessError."""
        return psql(self.socket_url(database), query)

    def start(self) -> None:
        """Serve, on the same port and data as before."""
        words = [self._bin / "postgres", "-D", self.folder / "data", "-p", str(self.port)]
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder}
        options |= {"fsync": "on" if self._fsync else "off", "max_connections": "60"}
        options |= {"shared_buffers": "32MB", "log_min_messages": "fatal"}
        for name, value in options.items():
            words += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(_as_nobody(words), stdout=log, stderr=log)
        self._await_answer()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT throws clients out, SIGQUIT leaves recovery to the next start."""
        process = self._process
        if process is not None:
            process.send_signal(how)
            process.wait(START_S)
            if self._process is process:  # another thread may have ended it, too, and started the next
                self._process = None

    @property
    def pid(self) -> int:
        """Of the postmaster; its children do the work."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    def _initialise(self) -> None:
        words = [self._bin / "initdb", "-D", self.folder / "data", "-U", USER, "--auth=trust"]
        self._run([*words, "--encoding=UTF8", "--locale=C", "--no-sync"])
        (self.folder / "data" / "pg_hba.conf").write_text(_HBA)

    def _run(self, words: list[str | Path]) -> None:
        done = subprocess.run(_as_nobody(words), capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{words[0]}: {done.stdout}{done.stderr}")

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.sql("select 1")
                return
            except subprocess.CalledProcessError as error:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{(self.folder / 'log').read_text()}{error.stderr}") from error


@contextmanager
def running_postgres(*, fsync: bool = False) -> Iterator[Postgres]:
    """A server of one's own. Raises NoPostgres where it is not installed."""
    found = binaries()
    if found is None:
        raise NoPostgres("no PostgreSQL server here: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="hedger-pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _NOBODY)
        server = Postgres(folder, found, fsync)
        try:
            server.start()
            server.sql(f"create role {GUARDED} superuser login password '{PASSWORD}'")
            server.sql(f"create database {SHARED}")
            yield server
        finally:
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """The session's server; skips where PostgreSQL is not installed."""
    if binaries() is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> str:
    """An empty database for one test."""
    return postgres_server.emptied()


def _as_nobody(words: list[str | Path]) -> list[str | Path]:
    """The command as it is, or by another user where we are root."""
    if os.geteuid() != 0:
        return words
    group = pwd.getpwnam(_NOBODY).pw_gid
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={group}", "--clear-groups", *words]
