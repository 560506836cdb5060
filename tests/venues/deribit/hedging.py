"""A real engine behind a logged-in session, its book hedged and warm: what a frame makes it do is seen here.

Frames go through the whole path (session, decoder, engine); the journal is always durable, so an order that
the engine decides on leaves in the same call.
"""

from __future__ import annotations

import json
from typing import Any

from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.settings import Timing
from tests.engine.rig import CALL, PERP, PUT, Rig
from tests.venues.deribit.talk import Talk

BAND_COIN = 0.05
HELD = {CALL: "-10", PUT: "5"}
OPTIONS = tuple(HELD)


class Hedging:
    """Short ten calls and long five puts, hedged with the perpetual to within the band."""

    def __init__(self) -> None:
        self.rig = _rig()
        self.rig.start({**HELD, PERP: hedge_size()})
        self.talk = Talk().up()
        self.told: list[ev.Event] = []
        self.news()

    @property
    def orders(self) -> list[fx.Place | fx.Amend]:
        """Everything that left, in order."""
        return [effect for effect in self.rig.effects if isinstance(effect, fx.Place | fx.Amend)]

    def receive(self, *frames: str | bytes, after_s: float = 0.01) -> list[ev.Event]:
        """Frames of the venue; the events they made, which the engine took in one step."""
        self.talk.now = self.rig.now
        for frame in frames:
            self.talk.receive(frame)
        events = list(self.talk.events)
        self.talk.events.clear()
        self.talk.sent.clear()
        self.told += events
        self.rig.step(*events, after_s=after_s)
        return events

    def news(self, *, after_s: float = 0.1) -> list[ev.Event]:
        """A good index and a good ticker of everything, with newer times."""
        self.rig.wait(after_s)
        return self.receive(*self.frames())

    def frames(self) -> list[str]:
        """What the venue would say now."""
        return [index_frame(self.rig), *(ticker_frame(self.rig, name) for name in (PERP, *OPTIONS))]


def _rig() -> Rig:
    return Rig(
        timing=Timing(reconcile_s=1e9),
        lower=-BAND_COIN,
        upper=BAND_COIN,
        hard_lower=-2.0,
        hard_upper=2.0,
    )


def hedge_size() -> str:
    """The position in the perpetual that brings the book's delta to zero."""
    rig = _rig()
    rig.start({**HELD, PERP: "0"})
    return str(-round(rig.delta * rig.index / 10) * 10)


def notification(channel: str, data: Any) -> str:
    """As the venue writes it."""
    body = {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}
    return json.dumps(body, separators=(",", ":"))


def index_frame(rig: Rig, **changes: Any) -> str:
    data = {"index_name": "btc_usd", "price": rig.index, "timestamp": rig.market_ms}
    return notification("deribit_price_index.btc_usd", data | changes)


def ticker_frame(rig: Rig, name: str, **changes: Any) -> str:
    return notification(f"ticker.{name}.100ms", ticker(rig, name) | changes)


def ticker(rig: Rig, name: str) -> dict[str, Any]:
    """The fields of a ticker at the rig's index."""
    quote = rig.quote(name).quote
    data: dict[str, Any] = {
        "instrument_name": name,
        "timestamp": rig.market_ms,
        "state": "open",
        "mark_price": quote.mark,
        "index_price": rig.index,
        "estimated_delivery_price": rig.index,
        "best_bid_price": quote.bid or 0.0,
        "best_bid_amount": quote.bid_amount,
        "best_ask_price": quote.ask or 0.0,
        "best_ask_amount": quote.ask_amount,
    }
    if name == PERP:
        return data | {"min_price": quote.min_price, "max_price": quote.max_price}
    greeks = {"delta": quote.delta, "gamma": quote.gamma, "vega": quote.vega, "theta": quote.theta}
    return data | {"mark_iv": 100 * rig.iv, "underlying_price": rig.index, "greeks": greeks}


def position(name: str, size: float, direction: str) -> dict[str, Any]:
    return {"instrument_name": name, "size": size, "direction": direction, "average_price": 1.0}
