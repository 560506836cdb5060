"""Whether daemon and exchange agree at a quiet moment, whatever was done to either since the last one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.end_to_end.ledgers import assert_ledgers_agree
from tests.end_to_end.sides import Daemon, Exchange, inside, is_quiet
from tests.end_to_end.waiting import until

QUIET_S = 60.0
DRIFT_USD = Decimal(60_000)  # hedged since the last check because the market moved, at most


class Audit:
    """Checks again and again; counts what it has seen.

    `rests`: orders stand in the market although nothing is due, and earn from its moves.
    """

    def __init__(self, *, rests: bool = False) -> None:
        self.rests, self.checks, self.hedges = rests, 0, 0
        self._known_trades = 0

    def check(self, exchange: Exchange, daemon: Daemon) -> None:
        """Wait until the book is hedged: no label twice, nothing hedged twice, every ledger the same."""
        until(lambda: self._settled(daemon.status()), "delta inside the band, no order unresolved", QUIET_S)
        assert_ledgers_agree(exchange, daemon, QUIET_S)
        state = exchange.state()
        trades, self._known_trades = state["trades"][self._known_trades :], len(state["trades"])
        self.hedges = sum(is_hedge(order) for order in state["orders"])
        self.checks += 1
        if not self.rests:
            assert_hedged_once(trades)

    def _settled(self, status: dict[str, Any]) -> bool:
        if not self.rests:
            return is_quiet(status)
        known = status["orders"]["unknown"] == 0
        return known and status["state"] == "running" and inside(status["books"][0])


def is_hedge(row: dict[str, Any]) -> bool:
    """Whether an order or a trade of the exchange is the daemon's."""
    return str(row.get("label", "")).startswith("h-")


def assert_hedged_once(trades: list[dict[str, Any]]) -> None:
    """Hedges trade as much as a person did, and drift; one made twice is traded back: thrice as much."""
    hedged = sum((Decimal(row["amount"]) for row in trades if is_hedge(row)), Decimal(0))
    traded = sum((Decimal(row["amount"]) for row in trades if not is_hedge(row)), Decimal(0))
    assert hedged <= traded + DRIFT_USD, f"{hedged} USD hedged after {traded} USD traded"
