"""Every recorded payload of the exchange is decoded or refused with a named reason; none raises.

The files were written by people who never saw this code. A file nobody has a reader for fails the test.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hedger.domain.errors import BadDataError
from hedger.engine import events as ev
from hedger.venues.deribit import channels, decode, wire
from hedger.venues.deribit.errors import PLACEMENT_REFUSED, placement_refused
from hedger.venues.deribit.private import account_of, fill_of, position_of, report_of
from tests.shared_data import shared_data

VENUE = "deribit"
SOURCE = decode.Source(VENUE, 1.0)
DECODED = "decoded: "
REFUSED = "refused: "
IGNORED = "not read: "

Verdicts = Iterator[str]


def notification(message: dict[str, Any]) -> str:
    """What the session makes of a notification."""
    frame = json.dumps(message).encode()
    channel = decode.peek_channel(frame)
    assert channel.name == message["params"]["channel"]
    if not channel.family:
        return f"{IGNORED}channel {channel.name.partition('.')[0]} is not subscribed"
    events = decode.notification(frame, channel, SOURCE)
    bad = [event.detail for event in events if isinstance(event, ev.BadData)]
    return f"{REFUSED}{bad[0]}" if bad else f"{DECODED}{channel.family}"


def ticker(data: dict[str, Any]) -> str:
    channel = channels.ticker(data["instrument_name"])
    return notification({"method": "subscription", "params": {"channel": channel, "data": data}})


def rows(result: object) -> Verdicts:
    listing = decode.listing(msgspec.Raw(json.dumps(result).encode()), VENUE)
    yield from (f"{DECODED}instrument" for _ in listing.instruments)
    yield from (f"{REFUSED}{bad.detail}" for bad in listing.refused)


def typed(kind: Any, use: Callable[[Any], object], name: str) -> Callable[[object], Verdicts]:
    """A reader of a result: decoded by our own type, then put into the domain's words."""

    def read(result: object) -> Verdicts:
        try:
            use(msgspec.json.decode(json.dumps(result).encode(), type=kind))
        except (BadDataError, msgspec.ValidationError) as error:
            yield f"{REFUSED}{error}"
        else:
            yield f"{DECODED}{name}"

    return read


def orders_in(placed: wire.Placed) -> None:
    report_of(placed.order, VENUE)
    for trade in placed.trades:
        fill_of(trade, VENUE)


def each(use: Callable[[Any, str], object]) -> Callable[[list[Any]], object]:
    return lambda found: [use(one, VENUE) for one in found]


summaries = typed(
    wire.Summaries,
    lambda found: [account_of(row, VENUE, 1.0) for row in found.summaries],
    "account summaries",
)
placed = typed(wire.Placed, orders_in, "placement")
order = typed(wire.Order, lambda found: report_of(found, VENUE), "order")
orders = typed(list[wire.Order], each(report_of), "orders")
positions = typed(list[wire.Position], each(position_of), "positions")
page = typed(wire.TradePage, lambda found: [fill_of(trade, VENUE) for trade in found.trades], "user trades")
status = typed(wire.Status, lambda found: found, "status")
token = typed(wire.Authenticated, lambda found: found, "token")
names = typed(list[str], lambda found: found, "acknowledgement")
count = typed(int, lambda found: found, "count")
anything = typed(object, lambda found: found, "answer without content")

RESULTS: dict[str, Callable[[Any], Verdicts]] = {
    "public/hello": anything,
    "public/auth": token,
    "public/set_heartbeat": anything,
    "public/status": status,
    "public/test": anything,
    "public/subscribe": names,
    "private/subscribe": names,
    "public/unsubscribe": anything,
    "private/unsubscribe": anything,
    "public/get_instruments": rows,
    "public/get_instrument": lambda result: rows([result]),
    "private/enable_cancel_on_disconnect": anything,
    "private/get_account_summaries": summaries,
    "private/get_positions": positions,
    "private/get_open_orders": orders,
    "private/get_order_state_by_label": orders,
    "private/get_user_trades_by_currency_and_time": page,
    "private/buy": placed,
    "private/sell": placed,
    "private/cancel": order,
    "private/cancel_by_label": count,
}


def reply(message: dict[str, Any], method: str) -> Verdicts:
    """What becomes of an answer to `method`."""
    envelope = decode.envelope(json.dumps(message).encode())
    if envelope.error is not None:
        proof = "proves absence" if placement_refused(envelope.error.code) else "proves nothing"
        yield f"{DECODED}error, {proof}"
    elif method not in RESULTS:
        yield f"{IGNORED}{method} is not called"
    else:
        yield from RESULTS[method](message["result"])


# -- readers of files ------------------------------------------------------------------------------


def read_frames(path: Path) -> Verdicts:
    """JSON lines of frames, bare or as {"recv", "msg"}."""
    for line in path.read_text().splitlines():
        found = json.loads(line)
        yield from frame(found.get("msg", found))


def frame(message: dict[str, Any]) -> Verdicts:
    if "params" in message and "channel" in message["params"]:
        yield notification(message)
    elif message.get("method") == "heartbeat":
        yield f"{DECODED}{decode.envelope(json.dumps(message).encode()).method}"
    else:
        yield from reply(message, _method_of(message))


def _method_of(message: dict[str, Any]) -> str:
    """Which call an answer belongs to, told by its shape: the recordings do not hold the requests."""
    result = message.get("result")
    if isinstance(result, list):
        return "public/subscribe"
    if isinstance(result, dict):
        keys = {"access_token": "public/auth", "order": "private/buy", "order_id": "private/cancel"}
        return next((method for key, method in keys.items() if key in result), "private/get_account_summary")
    return "public/set_heartbeat"


def read_wire_log(path: Path) -> Verdicts:
    """`time: frame` lines of a raw recording."""
    for line in path.read_text().splitlines():
        found = re.match(r"[\d.]+: ({.*)", line)
        if found is None:
            yield f"{IGNORED}a line of the recorder"
        else:
            yield from frame(json.loads(found[1]))


def read_http_log(path: Path) -> Verdicts:
    """`url -> time: answer` lines."""
    for line in path.read_text().splitlines():
        _, arrow, rest = line.partition(" -> ")
        if arrow:
            yield from rows(json.loads(rest.partition(": ")[2])["result"])
        else:
            yield f"{IGNORED}a line of the recorder"


def read_whole(method: str) -> Callable[[Path], Verdicts]:
    """A file with one frame, or with the bare result of `method`."""

    def read(path: Path) -> Verdicts:
        found = json.loads(path.read_text())
        if isinstance(found, dict) and ("jsonrpc" in found or "params" in found):
            if "result" in found or "error" in found:
                yield from reply(found, method)
            else:
                yield from frame(found)
        else:
            yield from reply({"result": found}, method)

    return read


def read_tickers(path: Path) -> Verdicts:
    found = json.loads(path.read_text())
    for data in [found] if "instrument_name" in found else found.values():
        yield ticker(data)


def read_channel_examples(path: Path) -> Verdicts:
    """The documented examples; the placeholders of a channel's name are filled from its data."""
    for template, examples in json.loads(path.read_text()).items():
        for data in examples.values():
            fields = data if isinstance(data, dict) else {}
            fields = {"interval": "raw", "kind": "any", "currency": "any", **fields}
            name = re.sub(r"\((\w+)\)", lambda found, fields=fields: str(fields.get(found[1], "x")), template)
            yield notification({"method": "subscription", "params": {"channel": name, "data": data}})


def read_method_examples(path: Path) -> Verdicts:
    for method, example in json.loads(path.read_text()).items():
        for answer in (example.get("response"),):
            if isinstance(answer, dict) and ("result" in answer or "error" in answer):
                yield from reply(answer, method.removeprefix("/"))
            else:
                yield f"{IGNORED}{method} has no example of an answer"


def read_document(path: Path) -> Verdicts:
    found = json.loads(path.read_text())
    yield f"{IGNORED}{'openapi' if 'openapi' in found else 'asyncapi'} document, no payload"


def read_foreign(path: Path) -> Verdicts:
    """Rows of another format, as if they had come through the socket: refused, never a quote."""
    if path.suffix == ".csv":
        with path.open() as file:
            lines = [json.dumps(row).encode() for row in csv.DictReader(file)]
    else:
        lines = [path.read_bytes()]
    for line in lines:
        assert not decode.peek_channel(line).family
        try:
            found = decode.envelope(line)
        except decode.UNREADABLE as error:
            yield f"{REFUSED}{error}"
        else:
            assert found.error is None
            assert not bytes(found.result)
            yield f"{IGNORED}no frame of the protocol"


READERS: list[tuple[str, Callable[[Path], Verdicts]]] = [
    ("README.md", lambda path: iter([f"{IGNORED}documentation"])),
    ("spec/asyncapi_channel_examples.json", read_channel_examples),
    ("spec/openapi_method_examples.json", read_method_examples),
    ("spec/deribit-*.json", read_document),
    ("tardis_csv/*", read_foreign),
    ("nautilus_trader/*.csv", read_foreign),
    ("roq/*.jsonl", read_frames),
    ("errors/*.jsonl", read_frames),
    ("tardis_node/*.jsonl", read_frames),
    ("cryptofeed/ws_notifications.jsonl", read_frames),
    ("cryptofeed/DERIBIT.ws.1.0", read_wire_log),
    ("cryptofeed/DERIBIT.0", read_http_log),
    ("cryptofeed/get_instruments_*.json", read_whole("public/get_instruments")),
    ("openbb/instruments_*.json", read_whole("public/get_instruments")),
    ("openbb/instrument.json", read_whole("public/get_instrument")),
    ("openbb/option_tickers.json", read_tickers),
    ("openbb/ticker_future.json", read_tickers),
    ("openbb/status.json", read_whole("public/status")),
    ("openbb/order_book.json", read_whole("public/get_order_book")),
    ("openbb/settlements_*.json", read_whole("public/get_last_settlements")),
    ("nautilus_trader/http_get_instruments*.json", read_whole("public/get_instruments")),
    ("nautilus_trader/http_get_instrument*.json", read_whole("public/get_instrument")),
    ("nautilus_trader/http_get_account_summaries*.json", read_whole("private/get_account_summaries")),
    ("nautilus_trader/http_test.json", read_whole("public/test")),
    ("nautilus_trader/http_*.json", read_whole("another method")),
    ("nautilus_trader/ws_order_cancel_response.json", read_whole("private/cancel")),
    ("nautilus_trader/ws_order_*.json", read_whole("private/buy")),
    ("nautilus_trader/ws_*.json", read_whole("public/subscribe")),
]


def verdicts(root: Path, path: Path) -> list[str]:
    name = str(path.relative_to(root))
    reader = next((read for pattern, read in READERS if fnmatch(name, pattern)), None)
    assert reader is not None, f"{name}: nobody reads this file"
    return list(reader(path))


@pytest.fixture(scope="module")
def judged() -> dict[str, list[str]]:
    root = shared_data("deribit_payloads")
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): verdicts(root, path) for path in files}


def test_every_file_is_decoded_or_refused_with_a_reason(judged: dict[str, list[str]]) -> None:
    totals = Counter(verdict for found in judged.values() for verdict in found)
    for verdict, number in sorted(totals.items()):
        print(f"{number:6} {verdict}")
    kinds = Counter(verdict.partition(":")[0] for verdict in totals.elements())
    print(f"{len(judged)} files: {dict(kinds)}")
    assert all(found for found in judged.values())
    assert all(verdict.partition(": ")[2] for verdict in totals)
    assert kinds["decoded"] > 300


def test_everything_recorded_since_2024_that_we_subscribe_or_call_decodes(
    judged: dict[str, list[str]],
) -> None:
    recent = [name for name in judged if name.startswith(("openbb/", "roq/", "errors/", "nautilus_trader/"))]
    refused = {name: [v for v in judged[name] if v.startswith(REFUSED)] for name in recent}
    assert {name: found for name, found in refused.items() if found and not name.endswith(".csv")} == {}


def test_of_what_was_recorded_before_2023_only_option_combos_and_rows_without_a_type_are_refused(
    judged: dict[str, list[str]],
) -> None:
    old = [name for name in judged if name.startswith(("cryptofeed/", "tardis_node/"))]
    refused = Counter(v for name in old for v in judged[name] if v.startswith(REFUSED))
    assert {verdict.removeprefix(REFUSED).partition(" = ")[0] for verdict in refused} == {
        "get_instruments: instrument_type",
        "ticker.BTC-STRD-30SEP22-20000.raw: greeks",
        "ticker.BTC-CSR12-16SEP22-21000_23000.raw: greeks",
    }


def test_a_recorded_ticker_of_a_spread_tells_differences_on_either_side_of_zero() -> None:
    path = shared_data("deribit_payloads", "tardis_node", "messages_2019_2020.jsonl")
    line = next(
        text for text in path.read_text().splitlines() if "ticker.BTC-FS-30SEP22_PERP" in text
    ).encode()
    (event,) = decode.notification(line, decode.peek_channel(line), SOURCE)
    assert isinstance(event, ev.Quoted)
    quote = event.quote
    assert (quote.mark, quote.bid, quote.ask, quote.ask_amount) == (10.12, -7.0, -5.0, 300_000.0)
    assert (quote.min_price, quote.max_price, quote.index_usd) == (-67.0, 87.5, 19_320.68)


def test_the_documented_examples_of_what_we_use_decode(judged: dict[str, list[str]]) -> None:
    for name in ("spec/asyncapi_channel_examples.json", "spec/openapi_method_examples.json"):
        assert [v for v in judged[name] if v.startswith(REFUSED)] == []


def test_recorded_codes_of_definite_refusals_are_in_the_table() -> None:
    assert {11044, 13009, 10004, 10028} - set(PLACEMENT_REFUSED) == {11044, 10004, 10028}


def test_a_ticker_of_an_expired_instrument_is_no_quote_to_trade_on(judged: dict[str, list[str]]) -> None:
    path = shared_data("deribit_payloads", "tardis_node", "messages_2019_2020.jsonl")
    line = next(text for text in path.read_text().splitlines() if '"expired"' in text).encode()
    event = decode.notification(line, decode.peek_channel(line), SOURCE)[0]
    assert isinstance(event, ev.Quoted)
    assert event.quote.estimated_delivery_usd is None
    assert event.quote.bid is None
