"""Whose trade is a combo's leg? The label stands on the trade of the combo, and that moves no position.

    BTC-FS-25DEC26_PERP  sell 10  trade 53, label h-btc-1-7, fee 0      the order's own trade
    BTC-25DEC26          sell 10  trade 55, combo_trade_id 53           of an order of the venue's own
    BTC-PERPETUAL        buy 10   trade 54, combo_trade_id 53

What leaves here are the legs, with label and number of the order they came from. The three may be told in
any order and one by one. A leg that is told first waits, with what is told of its position meanwhile, where
the combo is one we may have an order in; where its combo's trade does not come the whole truth is asked for,
in which all three stand together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from hedger.domain.account import Fill
from hedger.domain.names import is_combo
from hedger.engine.events import Event, Filled, Now, PositionReported

PATIENCE_S = 2.0
"""Wire time for which a leg waits for the trade of its combo."""

MOST_KEPT = 10_000
"""Trades of combos remembered for legs still to come."""

Key = tuple[str, str]
"""Currency and trade: numbers of trades are unique per currency."""


class _Held(NamedTuple):
    event: Event
    instrument: str
    trade: Key
    until_wire_s: float


class _Origin(NamedTuple):
    label: str
    order_id: str


def joined(fills: Sequence[Fill]) -> tuple[Fill, ...]:
    """All trades of an answer: legs as trades of their combo's order, whose own trade is left out."""
    origins = {_own(fill): _origin(fill) for fill in fills if is_combo(fill.instrument)}
    return tuple(_of_order(fill, origins) for fill in fills if not is_combo(fill.instrument))


def _own(fill: Fill) -> Key:
    return fill.fee_currency, fill.trade_id


def _origin(fill: Fill) -> _Origin:
    return _Origin(fill.label, fill.order_id)


def _parent(fill: Fill) -> Key | None:
    return (fill.fee_currency, fill.combo_trade_id) if fill.combo_trade_id else None


def _of_order(fill: Fill, origins: dict[Key, _Origin]) -> Fill:
    parent = _parent(fill)
    origin = None if parent is None else origins.get(parent)
    if origin is None and parent is not None and fill.label:
        origin = _Origin(fill.label, "")  # its own number is no second order with this label
    return fill if origin is None else msgspec.structs.replace(fill, **origin._asdict())


class Combos:
    """What one connection has told of combos."""

    def __init__(self) -> None:
        self._ours: set[str] = set()  # combos we may have an order in
        self._origins: dict[Key, _Origin] = {}
        self._held: list[_Held] = []

    def reset(self) -> None:
        """A new connection begins with the whole truth."""
        self._origins, self._held = {}, []

    def use(self, names: Iterable[str]) -> None:
        """Combos that are watched, ordered in or asked about."""
        self._ours.update(name for name in names if is_combo(name))

    def heard(self, event: Event, now: Now) -> list[Event]:
        """What is to be told of an event now."""
        if isinstance(event, Filled):
            return self._filled(event.fill, now)
        if isinstance(event, PositionReported):
            waits = [held for held in self._held if held.instrument == event.position.instrument]
            if waits:
                self._held.append(waits[-1]._replace(event=event))
                return []
        return [event]

    def _filled(self, fill: Fill, now: Now) -> list[Event]:
        if is_combo(fill.instrument):
            return self._found(_own(fill), _origin(fill))
        parent = _parent(fill)
        if parent is None or fill.combo_id not in self._ours or parent in self._origins:
            return [Filled(fill=_of_order(fill, self._origins))]
        until_wire_s = now.wire_s + PATIENCE_S
        self._held.append(_Held(Filled(fill=fill), fill.instrument, parent, until_wire_s))
        return []

    def _found(self, trade: Key, origin: _Origin) -> list[Event]:
        """The trade of a combo: legs that wait for it may go, and what waits behind them."""
        self._origins[trade] = origin
        if len(self._origins) > MOST_KEPT:
            del self._origins[next(iter(self._origins))]
        gone = [held for held in self._held if held.trade == trade]
        self._held = [held for held in self._held if held.trade != trade]
        return [
            Filled(fill=_of_order(held.event.fill, self._origins))
            if isinstance(held.event, Filled)
            else held.event
            for held in gone
        ]

    def answered(self, fill: Fill, label: str, order_id: str) -> list[Event]:
        """A trade out of the answer to an order is that order's, whatever it says of itself."""
        combo = is_combo(fill.instrument)
        trade = _own(fill) if combo else _parent(fill)
        if trade is None:
            return [Filled(fill=fill)]
        waiting = self._found(trade, _Origin(label, order_id))
        return waiting if combo else [*waiting, Filled(fill=_of_order(fill, self._origins))]

    def overdue(self, now: Now) -> bool:
        """Whether a leg has waited too long; what waits is forgotten: the whole truth holds it."""
        if not any(now.wire_s >= held.until_wire_s for held in self._held):
            return False
        self._held = []
        return True

    def next_deadline(self) -> float | None:
        """Wire time at which the first patience ends."""
        return min((held.until_wire_s for held in self._held), default=None)
