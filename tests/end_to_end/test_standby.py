"""A second daemon for the same account waits, and takes over without hedging anything twice."""

from __future__ import annotations

import json
import signal
from typing import Any

from tests.end_to_end.held_wire import held_wire
from tests.end_to_end.ledgers import assert_ledgers_agree, bodies, exchange_positions, positions
from tests.end_to_end.pair import (
    BRIEF,
    LEASE_S,
    began_ms,
    epoch_of,
    freeze,
    holder_and_standby,
    until_taken_over,
)
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import DEMO_CONFIG, Yard, as_words
from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]  # fixtures

ONE_COIN_USD = 100_000


def exchange_in(yard: Yard) -> Exchange:
    return yard.exchange("--seed", "3", "--speed", "60", "--book", "strangle")


def hedged(exchange: Exchange, side: str) -> None:
    """A person trades a coin, and a hedge of it is seen."""
    before = len(exchange.hedges())
    exchange.trade(side, ONE_COIN_USD)
    until(lambda: len(exchange.hedges()) > before, "the trade hedged")


def test_a_standby_shows_the_account_sends_nothing_and_takes_over_when_the_holder_is_killed(
    yard: Yard,
) -> None:
    exchange = exchange_in(yard)
    first, second = holder_and_standby(yard, exchange)
    decisions = len(bodies(first.journal, "decisions"))
    refused = second.command("pause")
    assert refused.status == 409
    assert str(first.process.pid) in refused.json["error"]
    assert second.get("/readyz").status == 503
    assert second.reason() == "standby"
    hedged(exchange, "buy")
    first.until_quiet()
    assert {epoch_of(row["label"]) for row in exchange.hedges()} == {1}
    assert len(bodies(first.journal, "decisions")) > decisions

    first.process.kill()
    exchange.trade("sell", ONE_COIN_USD)
    took_s = until_taken_over(second, 2)
    print(f"measured: {took_s:.2f} s from kill -9 to trading")
    assert took_s < LEASE_S + 2
    second.until_quiet()
    _assert_one_hedger_after_the_other(exchange, second)
    assert "took deribit over, epoch 2" in second.process.said()


def test_a_frozen_holder_is_waited_for_and_trades_no_more_when_it_thaws(yard: Yard) -> None:
    exchange = exchange_in(yard)
    first, second = holder_and_standby(yard, exchange)
    freeze(first)
    exchange.trade("buy", ONE_COIN_USD)
    took_s = until_taken_over(second, 2)
    print(f"measured: {took_s:.2f} s from SIGSTOP to trading, with a lease of {LEASE_S:g} s")
    second.until_quiet()
    hedged(exchange, "sell")

    first.process.send(signal.SIGCONT)
    assert first.process.wait() == 6, first.process.complained()
    assert "lease_lost" in first.process.complained()
    second.until_quiet()
    _assert_one_hedger_after_the_other(exchange, second)


def test_what_a_frozen_holder_had_under_way_is_refused_by_the_exchange(yard: Yard) -> None:
    """The order was durable and written to the socket; when it arrives, the account is another run's."""
    exchange = exchange_in(yard)
    with held_wire(exchange.ready["ws_url"]) as wire:
        ready = yard.folder / "wire.json"
        ready.write_text(json.dumps({**exchange.ready, "ws_url": wire.url}))
        first, second = holder_and_standby(yard, exchange, first_ready=ready)
        wire.hold()
        exchange.trade("buy", ONE_COIN_USD)
        until(wire.orders, "an order under way")
        freeze(first)
        (late,) = wire.orders()
        until_taken_over(second, 2)
        second.until_quiet()
        wire.let_go()
        answer = until(lambda: wire.answers.get(late["id"]), "the answer to the late order")

        assert answer["error"]["code"] == 13888
        assert late["params"]["valid_until"] < began_ms(second.journal, 2), "not because it came late enough"
        assert late["params"]["label"] not in {row["label"] for row in exchange.hedges()}
        first.process.send(signal.SIGCONT)
        assert first.process.wait() == 6, first.process.complained()
        second.until_quiet()
        _assert_one_hedger_after_the_other(exchange, second)


def test_a_clean_stop_hands_over_at_once(yard: Yard) -> None:
    exchange = exchange_in(yard)
    first, second = holder_and_standby(yard, exchange)
    assert first.process.stop() == 0, first.process.complained()
    took_s = until_taken_over(second, 2)
    print(f"measured: {took_s:.2f} s from the end of the first to trading")
    hedged(exchange, "buy")
    second.until_quiet()
    _assert_one_hedger_after_the_other(exchange, second)


def test_a_holder_killed_beside_a_database_server_is_waited_for(yard: Yard, postgres_url: str) -> None:
    """On another host nobody can tell it is dead; its lease ends by the server's clock."""
    exchange = exchange_in(yard)
    first, second = holder_and_standby(yard, exchange, f"journal.url={postgres_url!r}")
    first.process.kill()
    exchange.trade("buy", ONE_COIN_USD)
    took_s = until_taken_over(second, 2)
    print(f"measured: {took_s:.2f} s from kill -9 to trading on PostgreSQL, with a lease of {LEASE_S:g} s")
    second.until_quiet()

    exchange.pause()
    state = until(lambda: _settled(exchange, second), "the exchange's positions in the daemon")
    assert state["duplicate_labels"] == {}
    epochs = [epoch_of(row["label"]) for row in exchange.hedges()]
    assert epochs == sorted(epochs)
    assert set(epochs) == {1, 2}


def _settled(exchange: Exchange, daemon: Daemon) -> dict[str, Any] | None:
    state = exchange.state()
    return state if positions(daemon) == exchange_positions(state) else None


def test_whoever_does_not_want_to_wait_is_told_who_holds_the_account(yard: Yard) -> None:
    exchange = exchange_in(yard)
    first = yard.daemon(exchange, overrides=BRIEF)
    first.until_quiet()
    second = yard.run(
        *("run", "-c", str(DEMO_CONFIG), "--exchange", str(exchange.ready_file), "--port", "0"),
        *("--no-standby", "--set", "log.level='critical'"),
        *as_words(f"state_dir={str(first.state_dir)!r}", *BRIEF),
    )

    assert second.wait() == 6
    (line,) = second.complained().splitlines()
    assert f":{first.process.pid}:" in line
    first.until_quiet()


def _assert_one_hedger_after_the_other(exchange: Exchange, last: Daemon) -> None:
    """No label twice, no order of an epoch after one of the next, and the books agree to the last digit."""
    exchange.pause()
    assert_ledgers_agree(exchange, last)
    epochs = [epoch_of(row["label"]) for row in exchange.hedges()]
    assert epochs == sorted(epochs)
    assert set(epochs) == {1, 2}
