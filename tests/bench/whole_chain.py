"""A venue in a process of its own that lists 1,600 options of BTC and ETH and sends all their tickers.

`python -m tests.bench.whole_chain` prints its address.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from hedger.domain.names import parse_name
from hedger.runtime.clock import Clock
from tests.bench.frames import ticker_frame
from tests.engine.rig import Rig
from tests.venues.deribit.server import SmallVenue, small_venue
from tests.venues.deribit.talk import CALL, PERPETUAL

PERIOD_S = 0.5  # of every ticker
PER_CURRENCY = 800
EXPIRIES = tuple(
    f"{day:%-d%b%y}".upper() for day in (date.today() + timedelta(days=30 * month) for month in range(1, 11))
)


def option_names(currency: str) -> list[str]:
    """So many options as BTC and ETH each list."""
    first, step = (20_000, 2_000) if currency == "BTC" else (1_000, 100)
    strikes = [first + step * number for number in range(PER_CURRENCY // (2 * len(EXPIRIES)) + 1)]
    made = [
        f"{currency}-{expiry}-{strike}-{kind}" for expiry in EXPIRIES for strike in strikes for kind in "CP"
    ]
    return made[:PER_CURRENCY]


def row(name: str) -> dict[str, Any]:
    """An instrument as it is listed."""
    currency = name.partition("-")[0]
    common = {"instrument_name": name, "base_currency": currency, "settlement_currency": currency}
    common["price_index"] = f"{currency.lower()}_usd"
    if name.endswith("PERPETUAL"):
        return PERPETUAL | common
    parsed = parse_name(name)
    return (
        CALL
        | common
        | {
            "quote_currency": currency,
            "strike": float(parsed.strike or 0),
            "option_type": parsed.option_type,
            "expiration_timestamp": parsed.expiration_ms,
        }
    )


class Chain:
    """What is listed, and the tickers of what is subscribed."""

    def __init__(self) -> None:
        self._rig = Rig()
        self._channels: list[str] = []

    def begin(self, socket: ServerConnection, request: dict[str, Any]) -> Any:
        """A new daemon has subscribed nothing yet."""
        self._channels = []
        return {"result": {"version": "1.2.26"}}

    def instruments(self, socket: ServerConnection, request: dict[str, Any]) -> Any:
        params = request["params"]
        currencies = [params["currency"]] if params.get("currency") in ("BTC", "ETH") else ["BTC", "ETH"]
        names = [
            name
            for currency in currencies
            for name in (option_names(currency) if params["kind"] == "option" else [f"{currency}-PERPETUAL"])
        ]
        return {"result": [row(name) for name in names]}

    def subscribe(self, socket: ServerConnection, request: dict[str, Any]) -> Any:
        self._channels += request["params"]["channels"]
        return {"result": request["params"]["channels"]}

    async def tell(self, venue: SmallVenue) -> None:
        """Every subscribed ticker and index, each PERIOD_S, to the daemon that came last."""
        while True:
            await asyncio.sleep(PERIOD_S)
            self._rig.market_ms = Clock.unix_ms()
            for channel in self._channels if venue.sockets and venue.sockets[-1].state is State.OPEN else ():
                if (text := self._frame(channel)) is not None:
                    with suppress(ConnectionClosed):
                        await venue.sockets[-1].send(text)

    def _frame(self, channel: str) -> str | None:
        family, _, rest = channel.partition(".")
        if family == "ticker":
            return ticker_frame(self._rig, rest.rpartition(".")[0]).decode()
        if family != "deribit_price_index":
            return None
        data = {"index_name": rest, "price": self._rig.index, "timestamp": self._rig.market_ms}
        params = {"channel": channel, "data": data}
        return json.dumps({"jsonrpc": "2.0", "method": "subscription", "params": params})


async def serve() -> None:
    """Until killed."""
    chain = Chain()
    async with small_venue() as venue:
        venue.now_ms = Clock.unix_ms
        venue.answers["public/hello"] = chain.begin
        venue.answers["public/get_instruments"] = chain.instruments
        venue.answers["public/subscribe"] = venue.answers["private/subscribe"] = chain.subscribe
        print(venue.url, flush=True)
        await chain.tell(venue)


if __name__ == "__main__":
    asyncio.run(serve())
