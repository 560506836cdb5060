"""How a daemon ends and begins again."""

from __future__ import annotations

import sqlite3

import pytest

from tests.end_to_end.ledgers import assert_ledgers_agree
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, DEMO_CONFIG, Yard, as_words

FAST = ("loop='uvloop'", "venues.deribit.transport='picows'")


@pytest.fixture
def yard(cold_yard: Yard) -> Yard:
    """Beginning and end of a whole interpreter."""
    return cold_yard


@pytest.mark.parametrize("stack", [(), FAST], ids=["standard", "fast"])
def test_sigterm_ends_in_order_and_a_second_start_works(yard: Yard, stack: tuple[str, ...]) -> None:
    """Nothing of ours rests afterwards; a person's own order is not ours to cancel."""
    exchange = yard.exchange("--seed", "3", "--speed", "60", "--book", "strangle")
    first = yard.daemon(exchange, *as_words(*stack))
    first.until_quiet()
    exchange.private("buy", "instrument_name=BTC-PERPETUAL&amount=10&type=limit&price=50000&label=mine")
    until(lambda: first.status()["orders"]["foreign_open"] == 1, "the person's order in the status")
    exchange.trade("buy", 100_000)
    until(lambda: len(exchange.hedges()) >= 2, "the trade hedged")

    assert first.process.stop() == 0, first.process.complained()
    assert "Traceback" not in first.process.complained()
    assert [row["label"] for row in exchange.state()["orders"] if row["order_state"] == "open"] == ["mine"]

    second = yard.daemon(exchange, *as_words(*stack))
    second.until_quiet()
    assert second.status()["epoch"] == 2
    exchange.pause()
    assert_ledgers_agree(exchange, second)


def test_a_journal_that_cannot_be_read_ends_the_daemon_as_halted(yard: Yard) -> None:
    """Without what we meant nothing may be traded: the exit code says halted, not just failed."""
    exchange = yard.exchange("--seed", "3", "--speed", "60", "--book", "strangle")
    first = yard.daemon(exchange)
    first.until_quiet()
    assert first.process.stop() == 0
    journal = sqlite3.connect(first.journal)
    with journal:
        journal.execute("update orders set body = '{}'")
    journal.close()

    second = yard.run(
        *("run", "-c", str(DEMO_CONFIG), "--exchange", str(exchange.ready_file), "--port", "0"),
        *as_words(f"state_dir={str(first.state_dir)!r}", *BRISK),
    )

    assert second.wait() == 5, second.complained()
    assert "the journal could not be loaded" in second.complained()
