"""What an operator commanded holds for whoever hedges the account next: after a kill, after a takeover."""

from __future__ import annotations

from decimal import Decimal

from tests.end_to_end.ledgers import assert_ledgers_agree
from tests.end_to_end.pair import BRIEF, until_standby
from tests.end_to_end.sides import PERPETUAL, Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import Yard

# Many small clips, so that a command can be caught half done.
CLIPS = ("books.btc.execution.depth_share=0.02", "books.btc.execution.min_clip_usd=0.0")


def exchange_in(yard: Yard) -> Exchange:
    return yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")


def standby_of(yard: Yard, exchange: Exchange, *settings: str) -> Daemon:
    daemon = yard.daemon(exchange, overrides=(*BRIEF, *settings))
    until_standby(daemon)
    return daemon


def clips_seen(exchange: Exchange, before: int) -> None:
    until(lambda: len(exchange.hedges()) >= before + 2, "two clips of the command")


def hedge_usd(exchange: Exchange) -> Decimal:
    return Decimal(exchange.state()["positions_exact"].get(PERPETUAL, 0))


def test_switches_are_found_by_the_standby_that_takes_over_and_end_by_a_persons_word(yard: Yard) -> None:
    exchange = exchange_in(yard)
    holder = yard.daemon(exchange, overrides=BRIEF)
    holder.until_quiet()
    standby = standby_of(yard, exchange)
    assert holder.command("reduce_only", book="btc").status == 200
    assert holder.command("halt").status == 200
    holder.process.kill()
    until(lambda: standby.status()["state"] == "halted", "halted after a takeover")
    before = len(exchange.hedges())
    exchange.trade("buy", 200_000)
    until(lambda: abs(standby.book()["delta"]["used"]) > 1, "a delta that would be hedged")
    assert standby.reason() == "halted"
    assert len(exchange.hedges()) == before

    assert standby.command("resume").status == 200
    until(lambda: standby.status()["state"] == "reduce_only", "the book's own switch")
    assert standby.command("resume", book="btc").status == 200
    standby.until_quiet()
    assert len(exchange.hedges()) > before


def test_a_neutralise_half_done_is_finished_by_the_standby(yard: Yard) -> None:
    exchange = exchange_in(yard)
    first = yard.daemon(exchange, overrides=(*BRIEF, *CLIPS))
    first.until_quiet()
    second = standby_of(yard, exchange, *CLIPS)
    first.command("pause")
    exchange.trade("buy", 30_000)
    until(lambda: first.book()["delta"]["used"] > Decimal("0.15"), "the trade seen")
    before = len(exchange.hedges())
    assert first.command("neutralise").status == 200
    clips_seen(exchange, before)
    first.process.kill()

    until(lambda: second.status()["state"] == "paused", "neutralised and paused")
    assert abs(second.book()["delta"]["used"]) < Decimal("0.01")
    assert {row["label"].split("-")[2] for row in exchange.hedges()[before:]} == {"1", "2"}
    exchange.pause()
    assert_ledgers_agree(exchange, second)


def test_a_flatten_half_done_is_finished_by_the_next_run(yard: Yard) -> None:
    exchange = exchange_in(yard)
    first = yard.daemon(exchange, overrides=(*BRIEF, *CLIPS))
    first.until_quiet()
    before = len(exchange.hedges())
    assert first.command("flatten", accept_naked_delta=True).status == 200
    until(lambda: len(exchange.hedges()) > before, "the first clip of the command")
    first.process.kill()
    assert hedge_usd(exchange) != 0, "not half done"

    second = yard.daemon(exchange, overrides=(*BRIEF, *CLIPS))
    until(lambda: hedge_usd(exchange) == 0 and second.book()["hedge_position"]["coin"] == 0, "flat")
    assert second.status()["state"] == "flattening"
    exchange.pause()
    assert_ledgers_agree(exchange, second)
