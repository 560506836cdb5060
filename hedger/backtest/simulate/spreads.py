"""Trades of the exchange as positions see them: a spread's legs, under the label of the order they came from.

Worked out from the exchange's own records, not by what the daemon makes of its frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hedger.simulator.orders import Trade
from hedger.simulator.spreads import SPREAD


class Legs:
    """Follows the exchange's list of trades."""

    def __init__(self) -> None:
        self._labels: dict[tuple[str, str], str] = {}  # currency, trade of a spread -> the order's label

    def of(self, trades: Sequence[Trade]) -> Iterator[Trade]:
        """The trades that moved positions; to be asked about every trade once, in order."""
        for trade in trades:
            if trade.kind == SPREAD:
                self._labels[trade.currency, trade.trade_id] = trade.label
                continue
            whole = (trade.currency, trade.provenance.combo_trade_id or "")
            yield replace(trade, label=trade.label or self._labels.get(whole, ""))
