"""kill -9 at any moment leaves nothing that a restart does not find out."""

from __future__ import annotations

import random

from tests.end_to_end.ledgers import assert_ledgers_agree
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import Yard

KILLS = 20
LONGEST_LIFE_S = (
    0.02,
    0.4,
)  # after the address is printed: before or amid the login, amid or after the hedge
ONE_COIN_USD = 100_000


def test_a_daemon_killed_twenty_times_never_repeats_an_order(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "5", "--speed", "60", "--book", "strangle")
    chance = random.Random(20)
    for number in range(KILLS):
        exchange.trade("buy", ONE_COIN_USD)  # always something to hedge
        if number % 4 == 0:
            _say_nothing_of_the_next_order(exchange)
        _one_short_life(exchange, yard.daemon(exchange), number, chance)

    daemon = yard.daemon(exchange)
    daemon.until_quiet(30)
    exchange.pause()
    assert daemon.status()["epoch"] <= KILLS + 1
    assert len(exchange.hedges()) >= KILLS // 4
    assert_ledgers_agree(exchange, daemon)


def _say_nothing_of_the_next_order(exchange: Exchange) -> None:
    """It is executed; neither its reply nor a notification reaches the daemon before it dies."""
    exchange.fault("lost_reply")
    exchange.fault("silence", channel="user.", duration_s=1.5)


def _one_short_life(exchange: Exchange, daemon: Daemon, number: int, chance: random.Random) -> None:
    """Killed at a random moment, or as soon as a new order of its own is seen at the exchange."""
    if number % 2:
        longest_s = LONGEST_LIFE_S[number // 2 % 2]
        assert daemon.process.lives_for(chance.uniform(0.0, longest_s)), daemon.process.complained()
    else:
        before = len(exchange.hedges())
        until(lambda: len(exchange.hedges()) > before, f"a hedge of life {number}")
    daemon.process.kill()
    exchange.fault("clear")


def test_an_exchange_killed_under_the_daemon_comes_back_to_the_same_books(yard: Yard) -> None:
    """The account, its orders and the world survive; the daemon reconnects and reconciles by itself."""
    words = (
        "--seed",
        "5",
        "--speed",
        "60",
        "--book",
        "strangle",
        "--state",
        str(yard.folder / "exchange.db"),
    )
    exchange = yard.exchange(*words)
    daemon = yard.daemon(exchange)
    daemon.until_quiet()
    for number in range(3):
        exchange.trade("buy" if number % 2 else "sell", ONE_COIN_USD)
        exchange.process.kill()
        until(lambda: not daemon.status()["venues"][0]["connected"], "the loss of the link noticed")
        before, exchange = exchange, yard.exchange(*words)
        assert (exchange.ready["ws_url"], exchange.secret) == (before.ready["ws_url"], before.secret)
        until(lambda: daemon.status()["venues"][0]["reconnects"] > number, "a reconnect")  # noqa: B023
        daemon.until_quiet()

    exchange.pause()
    assert_ledgers_agree(exchange, daemon)
