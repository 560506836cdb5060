"""A process that journals orders and says which are durable, to be killed or starved of disk by tests.

python -m tests.journal.child PATH [FILE_SIZE_LIMIT]
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from hedger.domain.order import OrderState
from hedger.domain.vocabulary import Environment
from hedger.engine.effects import LoadJournal, Write
from hedger.engine.events import Durable, Event, JournalFailed, JournalRestored
from hedger.journal.journal import Journal
from hedger.journal.writer import JournalWriter
from tests.journal.records import NOW_MS, VENUE, changed, intended, traded

LOAD = LoadJournal(venue=VENUE, environment=Environment.LOCAL, account_id="1")


def limit_files(size: int) -> None:
    """No file of this process may grow beyond `size` bytes: what a full disk looks like to SQLite."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def records_of(number: int) -> Write:
    filled = changed(number, OrderState.FILLED)
    return Write(sequence=number, records=(intended(number), filled, traded(str(number))))


async def main(path: Path, file_size: int | None) -> None:
    journal = await Journal.open(path)
    said: asyncio.Queue[Event] = asyncio.Queue()
    writer = JournalWriter(journal, retry_min_s=0.01, retry_max_s=0.05)
    loaded = await writer.load(LOAD, NOW_MS)
    running = asyncio.create_task(writer.run(said.put_nowait))
    print("epoch", loaded.epoch, flush=True)
    if file_size is not None:
        limit_files(file_size)
    number = 1000 * loaded.epoch
    while not running.done():
        number += 1
        writer.submit(records_of(number))
        answer = await said.get()
        while not isinstance(answer, Durable):
            tell(answer)
            answer = await said.get()
        print("durable", answer.sequence, flush=True)


def tell(event: Event) -> None:
    if isinstance(event, JournalFailed):
        print("failed", event.detail, flush=True)
        limit_files(resource.RLIM_INFINITY)  # somebody made room
    elif isinstance(event, JournalRestored):
        print("restored", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None))
