"""What a network may do to an order and its reply, as steps of a scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from tests.end_to_end.hedged_once import assert_hedged_once, until_a_coin_is_due
from tests.end_to_end.ledgers import bodies
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.wire import Way, Wire


class Between(Protocol):
    """What stands between daemon and exchange, and can be told not to let anything pass."""

    def hold(self, *ways: Way) -> None: ...

    def cut(self) -> None: ...

    def heal(self) -> None: ...


W = TypeVar("W", bound=Between)


class Scene(Generic[W]):
    """A daemon that has nothing left to hedge, behind a wire."""

    def __init__(self, exchange: Exchange, daemon: Daemon, wire: W) -> None:
        self.exchange, self.daemon, self.wire = exchange, daemon, wire
        self.known_trades = self.known_hedges = 0

    def let_a_coin_be_due(self) -> None:
        """The daemon is paused, and knows of it."""
        state = self.exchange.state()
        self.known_trades, self.known_hedges = len(state["trades"]), len(self.exchange.hedges())
        until_a_coin_is_due(self.exchange, self.daemon)

    def assert_hedged_once(self) -> None:
        assert_hedged_once(self.exchange, self.daemon, self.known_trades)

    def hedge_into(self, *ways: Way) -> None:
        """A hedge is decided while nothing passes on these ways."""
        self.wire.hold(*ways)
        self.daemon.command("resume")

    def until_unknown(self) -> None:
        self._until(lambda: self.daemon.status()["orders"]["unknown"] > 0, "an order nobody answered")

    def until_waiting(self) -> None:
        """Until nothing is hedged beside the order nobody answered."""
        self._until(lambda: self.daemon.reason() == "unknown_order", "a decision that waits for it")

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


def _the_request_is_lost_with_its_connection(scene: Scene[Between]) -> None:
    scene.hedge_into("up")
    scene.until_unknown()
    scene.wire.cut()


def _the_request_arrives_late_but_in_time(scene: Scene[Between]) -> None:
    scene.hedge_into("up")
    scene.until_unknown()
    scene.until_waiting()


def _the_request_arrives_too_late(scene: Scene[Between]) -> None:
    scene.hedge_into("up")
    scene.until_unknown()
    scene.until_too_late()


def _the_reply_is_lost_with_its_connection(scene: Scene[Between]) -> None:
    scene.hedge_into("down")
    scene.until_executed()
    scene.wire.cut()


def _the_reply_arrives_late(scene: Scene[Between]) -> None:
    scene.hedge_into("down")
    scene.until_executed()
    scene.until_unknown()


def _nothing_passes_until_the_daemon_gives_up(scene: Scene[Between]) -> None:
    scene.hedge_into("up", "down")
    scene.until_link(up=False)


def _nobody_is_let_in_for_a_while(scene: Scene[Wire]) -> None:
    scene.wire.refuse()
    scene.wire.cut()
    scene.until_link(up=False)
    tried = scene.wire.connections
    scene.daemon.command("resume")
    until(lambda: scene.wire.connections > tried + 1, "two more attempts")


def _the_exchange_hears_of_the_end_first(scene: Scene[Wire]) -> None:
    scene.hedge_into("down")
    scene.until_executed()
    scene.wire.half_close("up")


def _the_daemon_hears_of_the_end_first(scene: Scene[Wire]) -> None:
    scene.hedge_into("up")
    scene.wire.half_close("down")


def _everything_is_late(scene: Scene[Wire]) -> None:
    scene.wire.slow(delay_s=0.3)
    scene.daemon.command("resume")
    scene.until_executed()


def _everything_goes_through_a_straw(scene: Scene[Wire]) -> None:
    scene.wire.slow(bytes_per_s=100_000)
    scene.daemon.command("resume")
    scene.until_executed()


ANYWHERE: tuple[Callable[[Scene[Between]], None], ...] = (
    _the_request_is_lost_with_its_connection,
    _the_request_arrives_late_but_in_time,
    _the_request_arrives_too_late,
    _the_reply_is_lost_with_its_connection,
    _the_reply_arrives_late,
    _nothing_passes_until_the_daemon_gives_up,
)
ON_A_WIRE: tuple[Callable[[Scene[Wire]], None], ...] = (
    _nobody_is_let_in_for_a_while,
    _the_exchange_hears_of_the_end_first,
    _the_daemon_hears_of_the_end_first,
    _everything_is_late,
    _everything_goes_through_a_straw,
)


def each_in_turn(scene: Scene[W], cases: tuple[Callable[[Scene[W]], None], ...]) -> None:
    """A hedge is due before each begins, and is made once when it is over."""
    for case in cases:
        print(case.__name__)
        scene.let_a_coin_be_due()
        case(scene)
        scene.wire.heal()
        scene.assert_hedged_once()
