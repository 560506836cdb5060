"""A venue in a process of its own that sends tickers as fast as they are taken.

`python -m tests.bench.flood` prints its port; each connection gets as many tickers as its path says.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.frames import frames, hundred_option_rig
from tests.venues.transport.raw_server import frame, goodbye, shake_hands

DISTINCT = 60_000  # tickers; after them the first comes again
CHUNK = 1_000  # tickers a write


def main() -> None:
    """Serve until killed."""
    asyncio.run(_serve())


async def _serve() -> None:
    rig = hundred_option_rig()
    tickers = [frame(one) for one in frames(rig, DISTINCT)]
    chunks = [b"".join(tickers[at : at + CHUNK]) for at in range(0, DISTINCT, CHUNK)]

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await shake_hands(reader, writer)
        (wanted,) = re.findall(rb"GET /(\d+) ", request)
        try:
            for number in range(int(wanted) // CHUNK):
                writer.write(chunks[number % len(chunks)])
                await writer.drain()
            writer.write(goodbye(1000))
            await reader.read(1 << 16)  # the goodbye of the client
        except ConnectionError:
            pass  # the client has seen enough
        writer.close()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def flooding() -> Iterator[str]:
    """The address of a flooding venue, to be followed by the number of tickers wanted."""
    with subprocess.Popen([sys.executable, "-m", "tests.bench.flood"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"ws://127.0.0.1:{int(process.stdout.readline())}/"
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
