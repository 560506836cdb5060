"""A network that loses, holds back, delays or breaks while a hedge is due: it is made once, all the same.

The worst is what arrives late: an order its sender has given up long ago. The exchange must refuse it by
`valid_until`, and until then the daemon must not hedge beside it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.end_to_end.hedged_once import assert_hedged_once, until_a_coin_is_due
from tests.end_to_end.ledgers import bodies
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.storms import IMPATIENT, Storm
from tests.end_to_end.waiting import until
from tests.end_to_end.wire import Way, Wire, wired
from tests.end_to_end.yard import BRISK, Yard

SEED = int(os.environ.get("HEDGER_SEED", random.SystemRandom().randrange(1_000_000)))
FAULTS = int(os.environ.get("HEDGER_NETWORK_FAULTS", "8"))
SETTINGS = (
    *BRISK,
    *IMPATIENT,
    "books.btc.band.to_centre=1",
    "timing.reconcile_s=1.0",
    "timing.hedge_stale_s=5.0",  # a hedge is decided although the wire has fallen silent
    "timing.index_stale_s=5.0",
)


class Scene:
    """A daemon that has nothing left to hedge, behind a wire."""

    def __init__(self, exchange: Exchange, daemon: Daemon, wire: Wire) -> None:
        self.exchange, self.daemon, self.wire = exchange, daemon, wire
        self.known_trades = self.known_hedges = 0

    def let_a_coin_be_due(self) -> None:
        """The daemon is paused, and knows of it."""
        state = self.exchange.state()
        self.known_trades, self.known_hedges = len(state["trades"]), len(self.exchange.hedges())
        until_a_coin_is_due(self.exchange, self.daemon)

    def assert_hedged_once(self) -> None:
        assert_hedged_once(self.exchange, self.daemon, self.known_trades)

    def hedge_into(self, *ways: Way, new: bool = True) -> None:
        """A hedge is decided while nothing passes on these ways."""
        self.wire.hold(*ways, new=new)
        self.daemon.command("resume")

    def until_unknown(self) -> None:
        self._until(lambda: self.daemon.status()["orders"]["unknown"] > 0, "an order nobody answered")

    def until_executed(self) -> None:
        self._until(lambda: len(self.exchange.hedges()) > self.known_hedges, "the order executed")

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        """Or until the link went down before anything was sent, on a machine that has other things to do."""
        until(lambda: condition() or not self._connected(), what)

    def _connected(self) -> bool:
        return bool(self.daemon.status()["venues"][0]["connected"])

    def until_too_late(self) -> None:
        """Until no order sent so far may be executed any more."""
        sent = bodies(self.daemon.journal, "orders")
        last_ms = max(row["intent"]["valid_until_ms"] for row in sent)
        until(lambda: self.exchange.state()["now_ms"] > last_ms, "the end of its validity")

    def until_link(self, *, up: bool) -> None:
        until(lambda: self._connected() is up, f"the link up: {up}")


@pytest.fixture
def scene(yard: Yard) -> Iterator[Scene]:
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    with wired(int(exchange.ready["ws_url"].split(":")[2].split("/")[0])) as wire:
        daemon = yard.daemon(yard.behind(exchange, wire.url), overrides=SETTINGS)
        daemon.until_quiet()
        yield Scene(exchange, daemon, wire)


def _the_request_is_lost_with_its_connection(scene: Scene) -> None:
    scene.hedge_into("up")
    scene.until_unknown()
    scene.wire.cut()


def _the_request_arrives_late_but_in_time(scene: Scene) -> None:
    scene.hedge_into("up")
    scene.until_unknown()


def _the_request_arrives_too_late(scene: Scene) -> None:
    scene.hedge_into("up")
    scene.until_unknown()
    scene.until_too_late()


def _the_reply_is_lost_with_its_connection(scene: Scene) -> None:
    scene.hedge_into("down")
    scene.until_executed()
    scene.wire.cut()


def _the_reply_arrives_late(scene: Scene) -> None:
    scene.hedge_into("down")
    scene.until_executed()
    scene.until_unknown()


def _nothing_passes_until_the_daemon_gives_up(scene: Scene) -> None:
    scene.hedge_into("up", "down")
    scene.until_link(up=False)


def _nobody_is_let_in_for_a_while(scene: Scene) -> None:
    scene.wire.refuse()
    scene.wire.cut()
    scene.until_link(up=False)
    tried = scene.wire.connections
    scene.daemon.command("resume")
    until(lambda: scene.wire.connections > tried + 1, "two more attempts")


def _the_exchange_hears_of_the_end_first(scene: Scene) -> None:
    scene.hedge_into("down")
    scene.until_executed()
    scene.wire.half_close("up")


def _the_daemon_hears_of_the_end_first(scene: Scene) -> None:
    scene.hedge_into("up")
    scene.wire.half_close("down")


def _everything_is_late(scene: Scene) -> None:
    scene.wire.slow(delay_s=0.3)
    scene.daemon.command("resume")
    scene.until_executed()


def _everything_goes_through_a_straw(scene: Scene) -> None:
    scene.wire.slow(bytes_per_s=100_000)
    scene.daemon.command("resume")
    scene.until_executed()


CASES: tuple[Callable[[Scene], None], ...] = (
    _the_request_is_lost_with_its_connection,
    _the_request_arrives_late_but_in_time,
    _the_request_arrives_too_late,
    _the_reply_is_lost_with_its_connection,
    _the_reply_arrives_late,
    _nothing_passes_until_the_daemon_gives_up,
    _nobody_is_let_in_for_a_while,
    _the_exchange_hears_of_the_end_first,
    _the_daemon_hears_of_the_end_first,
    _everything_is_late,
    _everything_goes_through_a_straw,
)


@pytest.mark.timeout(400)
def test_one_hedge_is_made_whatever_the_network_does(scene: Scene) -> None:
    """In turn, against one daemon; each hedge is due before its fault begins."""
    for case in CASES:
        print(case.__name__)
        scene.let_a_coin_be_due()
        case(scene)
        scene.wire.heal()
        scene.assert_hedged_once()


@pytest.mark.timeout(200)
def test_an_order_that_arrives_after_its_hedge_was_made_anew_is_refused(scene: Scene) -> None:
    """The connection fell mute, the daemon took another and hedged there; then the old one delivers."""
    scene.let_a_coin_be_due()
    scene.hedge_into("up", new=False)
    scene.assert_hedged_once()
    gone = _labels(scene.daemon, "absent")
    assert gone, "proved absent before the next was placed"
    assert scene.wire.open == 2

    scene.wire.heal()
    until(lambda: scene.wire.open == 1, "the old connection's last words delivered")
    assert gone.isdisjoint(order["label"] for order in scene.exchange.hedges())
    scene.assert_hedged_once()


def _labels(daemon: Daemon, state: str) -> set[str]:
    rows: list[dict[str, Any]] = bodies(daemon.journal, "orders")
    return {row["intent"]["label"] for row in rows if row["state"] == state}


@pytest.mark.timeout(60 + 20 * FAULTS)
@pytest.mark.parametrize("style", ["taker", "chase"])
def test_a_storm_loses_nothing_and_doubles_nothing(yard: Yard, style: str) -> None:
    print(f"HEDGER_SEED={SEED}")
    with Storm.over(yard, style, SEED) as storm:
        print(storm.run(FAULTS))
