"""What happened while no daemon ran, with real processes: explained, shown, or accepted by a person."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.end_to_end.ledgers import assert_ledgers_agree, bodies
from tests.end_to_end.sides import PERPETUAL, Daemon
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard

LOOKS = (*BRISK, "timing.reconcile_s=1.0")


def settled(daemon: Daemon) -> None:
    """Delta inside the band, and a snapshot written that holds what was traded."""
    daemon.until_quiet()
    until(lambda: kept(daemon) == told(daemon) != 0, "a snapshot of the hedge")


def kept(daemon: Daemon) -> Decimal:
    return Decimal(last_snapshot(daemon)["positions"].get(PERPETUAL, "0"))


def told(daemon: Daemon) -> Decimal:
    sizes = {row["instrument"]: row["size"] for row in daemon.book()["positions"]}
    return Decimal(sizes.get(PERPETUAL, "0"))


def last_snapshot(daemon: Daemon) -> dict[str, Any]:
    return (bodies(daemon.journal, "snapshots") or [{"positions": {}}])[-1]


def differences(daemon: Daemon) -> dict[str, Any]:
    return {row["instrument"]: row for row in daemon.book()["differences"]}


def test_a_trade_and_a_deposit_made_while_it_was_down_are_recognised(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "7", "--book", "strangle")
    first = yard.daemon(exchange, overrides=(*LOOKS, "books.btc.neutral='usd'"))
    settled(first)
    first.process.kill()
    exchange.trade("buy", 20_000)
    exchange.deposit(1)

    daemon = yard.daemon(exchange, overrides=(*LOOKS, "books.btc.neutral='usd'"))
    daemon.until_reason("paused")
    assert differences(daemon)[PERPETUAL]["explained"] == ["trades of others: +20000"]
    (flow,) = bodies(daemon.journal, "cash_flows")
    assert (flow["kind"], Decimal(flow["amount"])) == ("deposit", 1)
    sent = {order["label"].rsplit("-", 1)[0] for order in exchange.hedges()}
    assert sent == {"h-btc-1"}, "nothing was hedged on money nobody has looked at"


def test_what_nothing_explains_blocks_over_restarts_until_a_person_accepts_it(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "7", "--book", "strangle")
    first = yard.daemon(exchange, overrides=LOOKS)
    settled(first)
    first.process.kill()
    sent = len(exchange.hedges())
    tampered(first.journal, -50_000)

    second = yard.daemon(exchange, overrides=LOOKS)
    second.until_reason("unexplained_position")
    until(lambda: "log" not in second.book()["guard"]["unexplained"], "the log")
    assert differences(second)[PERPETUAL]["unexplained"] == "50000"
    second.process.kill()

    third = yard.daemon(exchange, overrides=LOOKS)
    third.until_reason("unexplained_position")
    words = ("--book", "btc", "--url", third.url, "--state-dir", str(third.state_dir))
    shown = yard.run("reconcile", *words)
    assert "unexplained" in shown.said(), shown.complained()
    assert len(exchange.hedges()) == sent, "nothing was hedged on a position nobody can explain"
    accepted = yard.run("reconcile", "--accept", "--reason", "the figures of the exchange are right", *words)
    assert accepted.wait() == 0, accepted.complained()
    (kept,) = bodies(third.journal, "acceptances")
    assert kept["reason"] == "the figures of the exchange are right"
    third.until_quiet()
    third.process.kill()

    fourth = yard.daemon(exchange, overrides=LOOKS)
    fourth.until_quiet()
    assert differences(fourth) == {}
    assert_ledgers_agree(exchange, fourth)


def tampered(journal: Path, amount: int) -> None:
    """The journal's last word on the perpetual is off by an amount."""
    with closing(sqlite3.connect(journal)) as database, database:
        query = "select id, body from snapshots order by id desc limit 1"
        number, text = database.execute(query).fetchone()
        body = json.loads(text)
        body["positions"][PERPETUAL] = str(Decimal(body["positions"][PERPETUAL]) + amount)
        database.execute("update snapshots set body = ? where id = ?", (json.dumps(body), number))
