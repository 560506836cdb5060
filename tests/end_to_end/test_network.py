"""A network that loses, holds back, delays or breaks while a hedge is due: it is made once, all the same.

The worst is what arrives late: an order its sender has given up long ago. The exchange must refuse it by
`valid_until`, and until then the daemon must not hedge beside it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.firewall import Firewall, Inside, namespaces, unavailable
from tests.end_to_end.ledgers import bodies
from tests.end_to_end.network_cases import ANYWHERE, ON_A_WIRE, Scene, each_in_turn
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.storms import IMPATIENT, Storm
from tests.end_to_end.waiting import until
from tests.end_to_end.wire import Wire, wired
from tests.end_to_end.yard import BRISK, Yard

SEED = int(os.environ.get("HEDGER_SEED", random.SystemRandom().randrange(1_000_000)))
TRIES = 5  # on a machine that has other things to do
NO_NAMESPACES = unavailable()
FAULTS = int(os.environ.get("HEDGER_NETWORK_FAULTS", "4"))
SETTINGS = (
    *BRISK,
    *IMPATIENT,
    "books.btc.band.to_centre=1",
    "timing.reconcile_s=1.0",
    "timing.hedge_stale_s=5.0",  # a hedge is decided although the wire has fallen silent
    "timing.index_stale_s=5.0",
)


@pytest.fixture
def scene(yard: Yard) -> Iterator[Scene[Wire]]:
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    with wired(_port(exchange)) as wire:
        daemon = yard.daemon(yard.behind(exchange, wire.url), overrides=SETTINGS)
        daemon.until_quiet()
        yield Scene(exchange, daemon, wire)


@pytest.mark.timeout(400)
def test_one_hedge_is_made_whatever_the_network_does(scene: Scene[Wire]) -> None:
    each_in_turn(scene, (*ANYWHERE, *ON_A_WIRE))
    _an_order_that_arrives_after_its_hedge_was_made_anew_is_refused(scene)


def _an_order_that_arrives_after_its_hedge_was_made_anew_is_refused(scene: Scene[Wire]) -> None:
    """The connection fell mute, the daemon took another and hedged there; then the old one delivers."""
    gone = next(filter(None, (_hedged_anew(scene) for _ in range(TRIES))), None)
    assert gone, "proved absent before the next was placed"
    assert scene.wire.open == 2

    scene.wire.heal()
    until(lambda: scene.wire.open == 1, "the old connection's last words delivered")
    assert gone.isdisjoint(order["label"] for order in scene.exchange.hedges())
    scene.assert_hedged_once()


def _hedged_anew(scene: Scene[Wire]) -> set[str]:
    """Labels sent into a mute connection and given up; none where it broke before anything was sent."""
    scene.wire.heal()
    before = _labels(scene.daemon, "absent")
    scene.let_a_coin_be_due()
    scene.wire.hold("up", new=False)
    scene.daemon.command("resume")
    scene.assert_hedged_once()
    return _labels(scene.daemon, "absent") - before


def _port(exchange: Exchange) -> int:
    port = urlsplit(exchange.ready["ws_url"]).port
    assert port is not None
    return port


def _labels(daemon: Daemon, state: str) -> set[str]:
    rows: list[dict[str, Any]] = bodies(daemon.journal, "orders")
    return {row["intent"]["label"] for row in rows if row["state"] == state}


@pytest.mark.timeout(300)
@pytest.mark.skipif(bool(NO_NAMESPACES), reason=NO_NAMESPACES)
def test_one_hedge_is_made_whatever_the_firewall_does(cold_yard: Yard) -> None:
    """The kernel's own TCP between two network namespaces, with packets dropped and connections refused."""
    with namespaces() as (here, there):
        exchange = there.call(cold_yard.exchange, "--seed", "3", "--speed", "1", "--book", "strangle")
        firewall = Firewall(here, there, _port(exchange))
        daemon = here.call(cold_yard.daemon, exchange, overrides=SETTINGS)
        scene = Scene(cast(Exchange, Inside(there, exchange)), cast(Daemon, Inside(here, daemon)), firewall)
        scene.daemon.until_quiet()
        each_in_turn(scene, (*ANYWHERE, _the_cable_is_pulled))
        cold_yard.close()  # before the networks go


def _the_cable_is_pulled(scene: Scene[Firewall]) -> None:
    scene.wire.unplug()
    scene.daemon.command("resume")
    scene.until_link(up=False)


@pytest.mark.timeout(180 + 60 * FAULTS)
def test_a_storm_loses_nothing_and_doubles_nothing(yard: Yard) -> None:
    print(f"HEDGER_SEED={SEED}")
    with Storm.over(yard, "chase", SEED) as storm:
        print(storm.run(FAULTS))
