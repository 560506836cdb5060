"""What is fuzzed: everything that reads bytes somebody else has written."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from hedger.domain.errors import ConfigError, InvariantError
from hedger.domain.order import OrderState
from hedger.domain.vocabulary import BreakerState
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.recording import Gap, RecordedStep, RecordError, decode_header, decode_line, encode_step
from hedger.engine.records import Record
from hedger.journal.codec import decode, encode
from hedger.settings.load import load
from hedger.settings.ready import read_ready
from hedger.venues.deribit import decode as deribit
from hedger.web import requests, tuning
from hedger.web.guard import ApiError, host_name
from tests import values
from tests.engine.rig import PERP
from tests.journal.records import changed, commanded, configured, decided, intended, traded
from tests.settings.files import PRODUCTION, READY, SMALLEST
from tests.venues.deribit.hedging import OPTIONS, Hedging, index_frame, notification, ticker_frame
from tests.venues.deribit.orders_fixtures import wire_order, wire_trade
from tests.venues.deribit.talk import CALL, PERPETUAL, SUMMARIES, SUMMARY

SOURCE = deribit.Source("deribit", 1.0)
CHANGES = {"orders": [wire_order()], "trades": [wire_trade()], "positions": []}
FRAMES: list[str] = [
    notification("user.changes.any.any.raw", CHANGES),
    notification("user.portfolio.BTC", SUMMARY),
    notification("platform_state", {"price_index": "btc_usd", "locked": True}),
    notification("instrument.state.any.BTC", {"instrument_name": PERP, "state": "open", "timestamp": 1}),
    notification("user.lock", {"currency": "ALL", "locked": True}),
    json.dumps({"jsonrpc": "2.0", "id": 9, "result": {"order": wire_order(), "trades": []}, "usOut": 1}),
    json.dumps({"jsonrpc": "2.0", "id": 9, "error": {"code": 10009, "message": "not_enough_funds"}}),
    json.dumps({"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}}),
]
RESULTS: list[Any] = [[CALL, PERPETUAL], SUMMARIES, [wire_order()], {"trades": [wire_trade()]}]
RESET_EVERY = 200  # inputs that meet the same session and book


def decoder(data: bytes) -> None:
    """Every frame is events or bad data; every listing is rows or reasons."""
    channel = deribit.peek_channel(data)
    if channel.family:
        deribit.notification(data, channel, SOURCE)
        return
    try:
        envelope = deribit.envelope(data)
        deribit.listing(envelope.result, "deribit")
    except deribit.UNREADABLE:
        return


class Session:
    """Login done, book warm and hedged: no frame raises, and nothing leaves beside a refused payload."""

    def __init__(self) -> None:
        self._inputs, self._book = 0, Hedging()

    def __call__(self, data: bytes) -> None:
        if self._inputs % RESET_EVERY == 0 or self._book.talk.session.ending is not None:
            self._book = Hedging()
        self._inputs += 1
        before = len(self._book.orders)
        events = self._book.receive(data)
        if events and all(isinstance(one, ev.BadData) for one in events):
            assert len(self._book.orders) == before, "an order left with a refused payload"


def journal(data: bytes) -> None:
    """The first byte chooses the kind of row; a body is read back as it was, or refused by name."""
    if not data:
        return
    kind = KINDS[data[0] % len(KINDS)]
    try:
        value = decode(kind, data[1:].decode("utf-8", "surrogateescape"), "row 1")
    except InvariantError:
        return
    assert str(decode(kind, encode(value), "row 1")) == str(value)


def recording(data: bytes) -> None:
    """A line of a flight record is a step, a gap or refused by its number; so is a header."""
    with suppress(RecordError):
        decode_header(data)
    try:
        line = decode_line(data, 2)
    except RecordError:
        return
    assert isinstance(line, RecordedStep | Gap)


def settings(data: bytes) -> None:
    """A configuration is valid, or refused as a ConfigError; so is a ready file."""
    with tempfile.TemporaryDirectory(prefix="hedger-fuzz-") as folder:
        path = Path(folder) / "hedger.toml"
        path.write_bytes(data)
        for read in (lambda: load(path, {}), lambda: read_ready(path)):
            with suppress(ConfigError):
                read()


def http(data: bytes) -> None:
    """The first byte chooses the body; what is no such body is refused with 400."""
    if not data:
        return
    kind = BODIES[data[0] % len(BODIES)]
    with suppress(ApiError):
        requests.decode_as(kind, data[1:])
    host_name(data.decode("latin-1"))


KINDS: list[type[msgspec.Struct]] = values.structs_of(Record | ev.Event | fx.Effect)
BODIES: list[type[msgspec.Struct]] = [
    *(requests.CommandBody, requests.OrderBody, requests.CancelBody, requests.HoldBody),
    *(tuning.OverrideBody, tuning.SetBody),
]


def everything(data: bytes) -> None:
    """The first byte chooses the target."""
    if data:
        names = [name for name in TARGETS if name != "all"]
        TARGETS[names[data[0] % len(names)]](data[1:])


TARGETS: dict[str, Callable[[bytes], None]] = {
    "decoder": decoder,
    "session": Session(),
    "journal": journal,
    "recording": recording,
    "settings": settings,
    "http": http,
    "all": everything,
}


def seeds(name: str) -> list[bytes]:
    """Good inputs to begin with."""
    made: dict[str, Callable[[], list[bytes]]] = {
        "decoder": lambda: [*_frames(), *(json.dumps({"id": 1, "result": one}).encode() for one in RESULTS)],
        "session": _frames,
        "journal": _bodies,
        "recording": _lines,
        "settings": _files,
        "http": lambda: [bytes([number]) + _example(kind) for number, kind in enumerate(BODIES)],
        "all": _each,
    }
    return made[name]()


def _frames() -> list[bytes]:
    rig = Hedging().rig
    rig.wait(0.1)
    tickers = [ticker_frame(rig, name) for name in (PERP, *OPTIONS)]
    return [frame.encode() for frame in (*FRAMES, index_frame(rig), *tickers)]


def _bodies() -> list[bytes]:
    rows = (
        *(intended(1), traded("1"), decided(1), configured(1)),
        *(changed(1, OrderState.FILLED), commanded(BreakerState.PAUSED)),
    )
    return [bytes([KINDS.index(type(row))]) + encode(row).encode() for row in rows]


def _lines() -> list[bytes]:
    rig = Hedging().rig
    return [encode_step(rig.now, [rig.indexed(), rig.perp_quote()], rig.effects[-3:])]


def _files() -> list[bytes]:
    demo = (Path(__file__).parents[2] / "config" / "demo.toml").read_bytes()
    return [SMALLEST.encode(), PRODUCTION.encode(), json.dumps(READY).encode(), demo]


def _each() -> list[bytes]:
    names = [name for name in TARGETS if name != "all"]
    return [bytes([number]) + seed for number, name in enumerate(names) for seed in seeds(name)]


def _example(kind: type[msgspec.Struct]) -> bytes:
    known = {
        "reason": "a test",
        "seconds": 1.0,
        "instrument": PERP,
        "side": "buy",
        "amount": "10",
        "label": "x",
    }
    fields = {name: known.get(name, "x") for name in kind.__struct_fields__ if name in known or name == "key"}
    return json.dumps(fields).encode()
