"""A book of 100 options and a stream of its tickers as the wire carries them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from hedger.domain.names import parse_name
from hedger.engine import events as ev
from hedger.engine.settings import Timing
from tests.engine.rig import PERP, Rig

BAND: dict[str, Any] = {"lower": -1e6, "upper": 1e6, "hard_lower": -1e6, "hard_upper": 1e6}  # never left
FRAME_BYTES = 797  # a recorded option ticker
STRIKES = tuple(range(80_000, 130_000, 1_000))


def names() -> list[str]:
    """Fifty strikes, calls and puts of one expiry."""
    return [f"BTC-30JAN26-{strike}-{kind}" for strike in STRIKES for kind in "CP"]


def hundred_option_rig() -> Rig:
    """A live engine with the book held, quoted and inside a band it never leaves."""
    rig = live_rig()
    for batch in hold(rig, names()):
        rig.step(*batch)
    return rig


def live_rig() -> Rig:
    """Inside a band it never leaves; the streams below hold no index, whose age is no matter here."""
    return Rig(timing=Timing(reconcile_s=1e9, index_stale_s=1e9), **BAND)


def hold(rig: Rig, held: Sequence[str]) -> Iterator[Sequence[ev.Event]]:
    """The steps up to a book that is held, long and short in turn, and quoted."""
    yield rig.listed(*held), rig.link_up()
    yield (rig.journal(),)
    yield (rig.snapshot({name: "-1" if index % 2 else "1" for index, name in enumerate(held)}),)
    yield rig.quotes(*held)


def ticker_frame(rig: Rig, name: str) -> bytes:
    """One ticker notification of FRAME_BYTES, with everything the venue sends beside what is needed."""
    quoted = rig.perp_quote() if name == PERP else rig.option_quote(name)
    quote = quoted.quote
    data: dict[str, object] = {
        "timestamp": quote.market_ms,
        "state": "open",
        "stats": {
            "high": 0.052,
            "low": 0.031,
            "price_change": -4.1121,
            "volume": 31.2,
            "volume_usd": 131_202.11,
        },
        "index_price": rig.index,
        "instrument_name": name,
        "last_price": 0.0425,
        "settlement_price": 0.04211873,
        "min_price": 0.0001,
        "max_price": 0.5,
        "open_interest": 311.2,
        "mark_price": round(quote.mark, 4),
        "best_ask_price": 0.5,
        "best_bid_price": 0.0001,
        "best_ask_amount": 21.3,
        "best_bid_amount": 14.0,
        "estimated_delivery_price": rig.index,
    }
    if name != PERP:
        data |= {
            "interest_rate": 0.0,
            "mark_iv": round(100 * rig.iv, 2),
            "bid_iv": 53.1,
            "ask_iv": 57.2,
            "underlying_price": rig.index,
            "underlying_index": f"BTC-{parse_name(name).name.split('-')[1]}",
            "greeks": {
                "delta": round(quote.delta or 0.0, 5),
                "gamma": 0.00002,
                "vega": 111.37268,
                "theta": -102.09162,
                "rho": 21.5,
            },
        }
    else:
        data |= {"best_bid_price": rig.index - 0.5, "best_ask_price": rig.index + 0.5}
        data |= {"min_price": rig.index * 0.985, "max_price": rig.index * 1.015}
    return _as_sent(f"ticker.{name}.100ms", data)


def _as_sent(channel: str, data: dict[str, object]) -> bytes:
    """Without spaces, as the venue writes; fields nobody reads make up the recorded length."""
    body = {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}
    short = FRAME_BYTES - len(json.dumps(body, separators=(",", ":"))) - len(',"combo_ids":""')
    return json.dumps(
        {**body, "params": {"channel": channel, "data": data | {"combo_ids": "x" * short}}},
        separators=(",", ":"),
    ).encode()


def frames(rig: Rig, count: int, seed: int = 7) -> list[bytes]:
    """A random walk of the index seen through the book's tickers, in rounds of all of them, 1 ms a round."""
    draw = random.Random(seed)
    everything = [*names(), PERP]
    made: list[bytes] = []
    while len(made) < count:
        rig.market_ms += 1  # a ticker that repeats a time is no news
        for name in draw.sample(everything, len(everything)):
            rig.index = round(rig.index * (1.0 + draw.gauss(0.0, 2e-5)), 2)
            made.append(ticker_frame(rig, name))
    return made[:count]
