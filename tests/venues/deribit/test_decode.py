"""The channel is peeked without decoding; a text that only looks like one fools nobody."""

from __future__ import annotations

import json

import msgspec
import pytest

from hedger.engine import events as ev
from hedger.venues.deribit import channels, decode
from tests.venues.deribit.talk import CALL, PERPETUAL

SOURCE = decode.Source("deribit", 7.0)
INDEX = {"index_name": "btc_usd", "price": 1.0, "timestamp": 1}


def frame(channel: str, data: object) -> bytes:
    return json.dumps({"params": {"data": data, "channel": channel}, "method": "subscription"}).encode()


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        (b'{"params":{"channel":"ticker.X.raw","data":{}}}', "ticker.X.raw"),
        (b'{"params": {"channel" :  "ticker.X.raw", "data": {}}}', "ticker.X.raw"),
        (b'{"id":1,"result":["ticker.X.raw"]}', ""),
        (b'{"params":{"channel": 5}}', ""),
        (b'{"params":{"channel":"\xff"}}', "\ufffd"),
        (rb'{"label":"\"channel\":\"ticker.X.raw\""}', ""),
        (b"", ""),
    ],
)
def test_the_channel_is_found_wherever_it_stands(text: bytes, channel: str) -> None:
    assert decode.peek_channel(text).name == channel


def test_the_order_of_keys_does_not_matter() -> None:
    raw = frame("deribit_price_index.btc_usd", INDEX)
    assert isinstance(decode.notification(raw, decode.peek_channel(raw), SOURCE)[0], ev.Indexed)


@pytest.mark.parametrize(
    ("peeked", "raw"),
    [
        ("deribit_price_index.btc_usd", frame("deribit_price_index.eth_usd", INDEX)),
        ("deribit_price_index.eth_usd", frame("deribit_price_index.eth_usd", INDEX)),
    ],
    ids=["another channel", "another index"],
)
def test_data_of_another_channel_is_refused(peeked: str, raw: bytes) -> None:
    (bad,) = decode.notification(raw, channels.heard(peeked.encode()), SOURCE)
    assert isinstance(bad, ev.BadData)
    assert bad.instrument == peeked.partition(".")[2]


def test_a_long_reason_is_cut() -> None:
    (bad,) = decode.notification(
        frame("deribit_price_index.btc_usd", INDEX | {"index_name": "x" * 999}),
        channels.heard(b"deribit_price_index.btc_usd"),
        SOURCE,
    )
    assert isinstance(bad, ev.BadData)
    assert len(bad.detail) == 300


def test_one_row_that_cannot_be_trusted_costs_no_other() -> None:
    rows = [PERPETUAL, CALL | {"strike": "high"}, CALL | {"option_type": "x"}, 5, CALL]
    listing = decode.listing(msgspec.Raw(json.dumps(rows).encode()), "deribit")
    assert [one.name for one in listing.instruments] == ["BTC-PERPETUAL", "BTC-25SEP26-100000-C"]
    assert [bad.instrument for bad in listing.refused] == ["", "BTC-25SEP26-100000-C", ""]
