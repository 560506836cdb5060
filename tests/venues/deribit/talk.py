"""Conversations with a session, written as text.

> public/auth {"client_id": "key"}       the session sent this next (params: at least these)
< public/auth {"scope": "..."}           the venue answers the oldest open request of that method
! private/buy 13028 temporarily_unavailable          ... with an error
* ticker.BTC-PERPETUAL.100ms {...}       a notification
| {"any": "frame"}                       a frame as it stands
+ 2.5                                    seconds pass (market and wire time), then tick
= LinkUp {"account_id": "42"}            the session said this event next (fields: at least these)
~ Quoted                                 the next event has this type, whatever it holds
- reason                                 the socket closes
...                                      the rest of what was sent and said does not matter here
# comment
"""

from __future__ import annotations

import json
from collections import deque
from decimal import Decimal
from typing import Any

import msgspec

from hedger.domain.vocabulary import Environment
from hedger.engine.effects import VenueEffect
from hedger.engine.events import Event, Now
from hedger.venues.deribit.params import DeribitParams
from hedger.venues.deribit.session import DeribitSession

MARKET_MS = 1_790_000_000_000
URL = "ws://127.0.0.1:9/ws/api/v2"
SECRET = "s3cr3t-s3cr3t"

PERPETUAL = {
    "instrument_name": "BTC-PERPETUAL",
    "kind": "future",
    "instrument_type": "reversed",
    "base_currency": "BTC",
    "quote_currency": "USD",
    "settlement_currency": "BTC",
    "settlement_period": "perpetual",
    "contract_size": 10.0,
    "min_trade_amount": 10.0,
    "tick_size": 0.5,
    "price_index": "btc_usd",
    "state": "open",
    "expiration_timestamp": 32503708800000,
    "maker_commission": 0.00015,
    "taker_commission": 0.00035,
}
CALL = {
    **PERPETUAL,
    "instrument_name": "BTC-25SEP26-100000-C",
    "kind": "option",
    "quote_currency": "BTC",
    "settlement_period": "month",
    "contract_size": 1.0,
    "min_trade_amount": 0.1,
    "tick_size": 1.0e-4,
    "tick_size_steps": [{"above_price": 0.005, "tick_size": 5e-4}],
    "expiration_timestamp": 1790323200000,
    "strike": 100000.0,
    "option_type": "call",
}
SUMMARY = {
    "currency": "BTC",
    "balance": 10.0,
    "equity": 10.5,
    "available_funds": 9.0,
    "initial_margin": 1.0,
    "maintenance_margin": 0.5,
    "delta_total_map": {"btc_usd": 0.25},
    "limits": {
        "matching_engine": {"trading": {"total": {"rate": 5, "burst": 20}}},
        "non_matching_engine": {"rate": 20, "burst": 100},
    },
}
SUMMARIES = {"id": 42, "summaries": [SUMMARY]}
TOKEN = {
    "access_token": "a",
    "refresh_token": "r",
    "expires_in": 900,
    "scope": "trade:read_write account:read_write",
}
PRIVATE = ["user.changes.any.any.raw", "user.portfolio.BTC", "user.lock"]
PUBLIC = ["platform_state", "instrument.state.any.BTC"]

LOGIN = f"""
> public/hello
< public/hello {{"version": "1.2.26"}}
> public/auth {{"grant_type": "client_credentials", "client_id": "key"}}
< public/auth {json.dumps(TOKEN)}
> public/set_heartbeat {{"interval": 10}}
> private/enable_cancel_on_disconnect {{"scope": "connection"}}
> private/get_account_summaries {{"extended": true}}
> public/status
> public/get_instruments {{"currency": "BTC", "kind": "future"}}
> public/get_instruments {{"currency": "BTC", "kind": "option"}}
> private/subscribe {{"channels": {json.dumps(PRIVATE)}}}
> public/subscribe {{"channels": {json.dumps(PUBLIC)}}}
< public/set_heartbeat "ok"
< private/enable_cancel_on_disconnect "ok"
< private/get_account_summaries {json.dumps(SUMMARIES)}
< public/status {{"locked": "false"}}
< public/get_instruments {json.dumps([PERPETUAL])}
< public/get_instruments {json.dumps([CALL])}
= InstrumentsListed {{"complete": true}}
< private/subscribe {json.dumps(PRIVATE)}
< public/subscribe {json.dumps(PUBLIC[::-1])}
= LinkUp {{"account_id": "42", "environment": "local"}}
"""


def make_params(**changes: Any) -> DeribitParams:
    """A local account with a key; tests change single fields. The health probe stays out of the way."""
    return DeribitParams(
        **{"url": URL, "client_id": "key", "client_secret": SECRET, "health_s": 1e6, **changes}
    )


class Talk:
    """A session, its clock, and what it sent and said that nobody has looked at yet."""

    def __init__(self, params: DeribitParams | None = None, *, trading: bool = True) -> None:
        self.session = DeribitSession(
            "deribit", Environment.LOCAL, params or make_params(), trading=trading, version="0.1.0"
        )
        self.now = Now(MARKET_MS, 1000.0)
        self.sent: deque[dict[str, Any]] = deque()
        self.all_sent: list[dict[str, Any]] = []
        self.open: list[dict[str, Any]] = []
        self.events: deque[Event] = deque()
        self.session.opened(self.now, MARKET_MS, "nonce")
        self._collect([])

    def play(self, script: str) -> Talk:
        """Run a script; at its end nothing may be left unsaid."""
        for number, line in enumerate(script.splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                self._line(line.strip(), number)
        assert not self.sent, f"sent and not expected: {list(self.sent)}"
        assert not self.events, f"said and not expected: {list(self.events)}"
        return self

    def up(self) -> Talk:
        """Through the whole login; measurements of the link are left out."""
        script = LOGIN
        if not self.session._trading:
            script = "\n".join(line for line in LOGIN.splitlines() if "cancel_on_disconnect" not in line)
        return self.play(script)

    def perform(self, effect: VenueEffect) -> Talk:
        self._collect(self.session.perform(effect, self.now))
        return self

    def pass_time(self, seconds: float) -> None:
        self.now = Now(self.now.market_ms + round(seconds * 1000), self.now.wire_s + seconds)
        self._collect(self.session.tick(self.now))

    def receive(self, frame: str | bytes) -> None:
        self._collect(self.session.receive(frame, self.now))

    def notify(self, channel: str, data: object) -> None:
        params = {"channel": channel, "data": data}
        self.receive(json.dumps({"jsonrpc": "2.0", "method": "subscription", "params": params}))

    def answer(self, method: str, result: object) -> None:
        self._reply(method, {"result": result})

    def refuse(self, method: str, code: int, message: str) -> None:
        self._reply(method, {"error": {"code": code, "message": message}})

    def take(self, kind: type[Any]) -> Any:
        """The next event, which must be of this kind."""
        event = self.events.popleft()
        assert isinstance(event, kind), event
        return event

    def methods(self) -> list[str]:
        """Methods sent and not looked at yet."""
        return [frame["method"] for frame in self.sent]

    def _reply(self, method: str, body: dict[str, object]) -> None:
        request = next((frame for frame in self.open if frame["method"] == method), None)
        assert request is not None, f"no open {method}: {[frame['method'] for frame in self.open]}"
        self.open.remove(request)
        out_us = self.now.market_ms * 1000
        self.receive(json.dumps({"jsonrpc": "2.0", "usOut": out_us, **body, "id": request["id"]}))

    def _collect(self, events: list[Event]) -> None:
        self.events.extend(event for event in events if type(event).__name__ != "LinkHealth")
        for text in self.session.to_send():
            frame = json.loads(text, parse_float=Decimal)
            self.sent.append(frame)
            self.all_sent.append(frame)
            self.open.append(frame)

    def _line(self, line: str, number: int) -> None:
        if line == "...":
            self.sent.clear()
            self.events.clear()
            return
        mark, _, rest = line.partition(" ")
        word, _, body = rest.partition(" ")
        match mark:
            case ">":
                self._expect_sent(word, body, number)
            case "<":
                self.answer(word, json.loads(body))
            case "!":
                code, _, message = body.partition(" ")
                self.refuse(word, int(code), message)
            case "*":
                self.notify(word, json.loads(body))
            case "|":
                self.receive(rest)
            case "+":
                self.pass_time(float(rest))
            case "=" | "~":
                self._expect_event(word, body, number)
            case "-":
                self.open.clear()
                self._collect(self.session.closed(rest, self.now))
            case _:
                raise AssertionError(f"line {number}: what is {line!r}?")

    def _expect_sent(self, method: str, body: str, number: int) -> None:
        assert self.sent, f"line {number}: nothing sent, expected {method}"
        frame = self.sent.popleft()
        assert frame["method"] == method, f"line {number}: {frame}"
        _holds(frame["params"], json.loads(body, parse_float=Decimal) if body else {}, number)

    def _expect_event(self, name: str, body: str, number: int) -> None:
        assert self.events, f"line {number}: nothing said, expected {name}"
        event = self.events.popleft()
        assert type(event).__name__ == name, f"line {number}: {event}"
        _holds(json.loads(msgspec.json.encode(event)), json.loads(body) if body else {}, number)


def _holds(found: Any, expected: Any, number: int) -> None:
    """Everything expected is there; what is there beyond it does not matter."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            assert key in found, f"line {number}: {key} is missing in {found}"
            _holds(found[key], value, number)
    elif isinstance(expected, list) and isinstance(found, list):
        assert len(expected) == len(found), f"line {number}: {found} is not {expected}"
        for one, other in zip(found, expected, strict=True):
            _holds(one, other, number)
    else:
        assert found == expected, f"line {number}: {found!r} is not {expected!r}"
