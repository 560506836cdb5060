"""kill -9 and a full disk, with real processes: what was acknowledged is there, what failed is said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hedger.domain.vocabulary import Environment
from hedger.journal.journal import Journal
from tests.journal.records import NOW_MS, VENUE


@contextmanager
def child(path: Path, *arguments: str) -> Iterator[Iterator[list[str]]]:
    """A journalling process and the words of its lines; killed with SIGKILL at the end."""
    command = [sys.executable, "-m", "tests.journal.child", str(path), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield (line.rstrip().split(maxsplit=1) for line in process.stdout)
        finally:
            process.kill()


async def test_everything_acknowledged_survives_kill_9_and_epochs_never_repeat(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    acknowledged, epochs = [], []
    for after in (1, 7, 20):
        with child(path) as lines:
            for word, value in lines:
                if word == "epoch":
                    epochs.append(int(value))
                elif word == "durable":
                    acknowledged.append(int(value))
                if len(acknowledged) >= after:
                    break

    async with await Journal.open(path) as journal:
        loaded = await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)

    labels = [order.intent.label for order in loaded.orders]
    trades = [fill.trade_id for fill in loaded.fills]
    assert epochs == [1, 2, 3]
    assert loaded.epoch == 4
    assert {f"h-btc-1-{number}" for number in acknowledged} <= set(labels)
    assert {str(number) for number in acknowledged} <= set(trades)
    assert sorted(labels) == sorted(set(labels))
    assert sorted(f"h-btc-1-{trade}" for trade in trades) == sorted(labels), "an order without its fill"


async def test_a_full_disk_is_told_and_nothing_is_lost_when_there_is_room_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    said: list[list[str]] = []
    with child(path, "300000") as lines:
        for line in lines:
            said.append(line)
            if ["restored"] in said and line[0] == "durable":
                break
    failures = [line[1] for line in said if line[0] == "failed"]
    durable = [int(line[1]) for line in said if line[0] == "durable"]

    assert len(failures) == 1, "one cause is told once"
    assert any(word in failures[0] for word in ("disk", "full", "I/O")), failures[0]
    assert durable == list(range(1001, 1001 + len(durable)))
    async with await Journal.open(path) as journal:
        loaded = await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
    assert {str(number) for number in durable} <= {fill.trade_id for fill in loaded.fills}


async def test_a_process_killed_before_its_first_write_leaves_a_usable_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with child(path) as lines:
        assert next(lines)[0] == "epoch"
    async with await Journal.open(path) as journal:
        assert (await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)).epoch == 2
