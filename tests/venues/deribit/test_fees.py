"""The account's own fees, in both shapes in which the venue has told them."""

from __future__ import annotations

import json

import msgspec
import pytest

from hedger.domain.account import Fee
from hedger.venues.deribit.fees import fees_of
from tests.shared_data import shared_data

ROW = {"default": {"type": "fixed", "taker": 0.00035, "maker": -0.0001}, "block_trade": 0.3}
RELATIVE = {"default": {"type": "relative", "taker": 0.625, "maker": 0.625}}
EXPECTED = (
    Fee("perpetual", "btc_usd", -0.0001, 0.00035),
    Fee("option", "btc_usd", 0.625, 0.625, relative=True),
)


def told(value: object) -> tuple[Fee, ...]:
    return fees_of(msgspec.Raw(json.dumps(value).encode()))


def test_rows_per_kind_and_index() -> None:
    rows = [
        {"kind": "perpetual", "index_name": "btc_usd", "value": ROW},
        {"kind": "option", "index_name": "btc_usd", "value": RELATIVE},
    ]
    assert told(rows) == EXPECTED


def test_a_map_of_maps() -> None:
    assert told({"btc_usd": {"perpetual": ROW, "option": RELATIVE}}) == EXPECTED


@pytest.mark.parametrize("value", [None, [], {}, "none", [{"kind": "perpetual"}], {"btc_usd": 3}, 7])
def test_what_is_not_told_or_not_understood_leaves_the_listings_fees(value: object) -> None:
    assert told(value) == ()
    assert fees_of(msgspec.Raw()) == ()


def test_the_recorded_summary_tells_fees_of_every_kind() -> None:
    path = shared_data("deribit_payloads", "nautilus_trader", "http_get_account_summaries.json")
    summary = json.loads(path.read_text())["result"]["summaries"][0]
    assert {fee.kind for fee in told(summary["fees"])} == {"perpetual", "option", "future"}
