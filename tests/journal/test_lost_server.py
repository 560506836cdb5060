"""A PostgreSQL that goes away, comes back, or is cut off in the middle of a commit."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from hedger.engine.events import Durable, JournalFailed, JournalRestored
from hedger.journal.errors import JournalError
from tests.journal.places import rows
from tests.journal.records import NOW_MS
from tests.journal.test_writer import LOAD, desk, heard_failure
from tests.postgres import NoPostgres, running_postgres


class Cut:
    """A relay before a server that loses the answer to one commit, and the connection with it."""

    def __init__(self, port: int) -> None:
        self._port, self.armed, self.cuts = port, False, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        there = asyncio.create_task(self._forward(reader, to_server))
        try:
            while data := await from_server.read(65_536):
                if self.armed and b"C\0\0\0\x0bCOMMIT\0" in data:  # CommandComplete: it is done
                    self.armed, self.cuts = False, self.cuts + 1
                    break
                writer.write(data)
        finally:
            there.cancel()
            for stream in (writer, to_server):
                stream.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)


@asynccontextmanager
async def relayed(url: str) -> AsyncIterator[tuple[Cut, str]]:
    """The relay and the URL through it."""
    port = urlsplit(url).port
    assert port is not None
    cut = Cut(port)
    async with await asyncio.start_server(cut.serve, "127.0.0.1", 0) as server:
        yield cut, url.replace(f":{port}/", f":{server.sockets[0].getsockname()[1]}/")


async def test_a_commit_whose_answer_is_lost_is_written_once(postgres_url: str) -> None:
    async with relayed(postgres_url) as (cut, url), desk(url) as made:
        made.submit()
        await made.until(Durable(sequence=1))
        cut.armed = True
        made.submit(2)
        said = await made.until(Durable(sequence=3))

        assert isinstance(said[0], JournalFailed)
        assert "postgresql://hedger@127.0.0.1" in said[0].detail
        assert JournalRestored() in said
        assert cut.cuts == 1
        assert rows(postgres_url, "select config_hash from configs order by id") == [("1",), ("2",), ("3",)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_a_server_that_goes_and_comes_back_heals_by_itself(how: signal.Signals) -> None:
    try:
        with running_postgres() as server:
            url = server.new_database()
            async with desk(url) as made:
                made.submit()
                await made.until(Durable(sequence=1))
                server.stop(how)
                made.submit(2)
                assert isinstance(await asyncio.wait_for(heard_failure(made), 20), JournalFailed)
                with pytest.raises(JournalError, match="postgresql://hedger@127"):
                    await made.journal.decisions(1)
                loading = asyncio.create_task(made.writer.load(LOAD, NOW_MS))
                server.start()
                await made.until(JournalRestored())
                assert (await asyncio.wait_for(loading, 20)).epoch == 2
                assert await made.journal.decisions(1) == ()
                await asyncio.wait_for(made.writer.drained(), 20)
                assert rows(url, "select config_hash from configs order by id") == [("1",), ("2",), ("3",)]
    except NoPostgres as error:
        pytest.skip(str(error))
