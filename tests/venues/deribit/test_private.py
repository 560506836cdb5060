"""Orders, trades, positions and accounts, digit by digit."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.account import Fill, Position
from hedger.domain.errors import BadDataError
from hedger.domain.order import OrderReport, Side
from hedger.venues.deribit import wire
from hedger.venues.deribit.private import account_of, fill_of, position_of, report_of
from tests.venues.deribit.orders_fixtures import LABEL, wire_order, wire_trade
from tests.venues.deribit.talk import SUMMARY


def read(kind: Any, data: dict[str, Any]) -> Any:
    return msgspec.json.decode(json.dumps(data).encode(), type=kind)


def report(**changes: Any) -> OrderReport:
    return report_of(read(wire.Order, wire_order(**changes)), "deribit")


def fill(**changes: Any) -> Fill:
    return fill_of(read(wire.Trade, wire_trade(**changes)), "deribit")


def position(**fields: Any) -> Position:
    return position_of(read(wire.Position, {"instrument_name": "BTC-PERPETUAL", **fields}), "deribit")


def test_a_label_of_somebody_is_shown_without_what_moves_a_cursor() -> None:
    """A refused one would take every word about the account with it, as long as that order rests."""
    assert fill(label="\x1b[2Jhand\x00").label == "?[2Jhand?"
    assert report(label="\u202eh-btc-1-1", cancel_reason="\n").label == "?h-btc-1-1"
    assert fill(trade_seq=10**40).trade_seq == 0


def test_an_order_as_evidence() -> None:
    one = report(price=3.2e4, reduce_only=True, cancel_reason="user_request")
    assert (one.label, one.side, one.state, one.price) == (LABEL, Side.BUY, "filled", Decimal(32000))
    assert (one.reduce_only, one.cancel_reason) == (True, "user_request")


@pytest.mark.parametrize("price", ["market_price", None])
def test_a_market_order_has_no_price(price: object) -> None:
    assert report(price=price).price is None


def test_a_trigger_order_lacks_what_it_has_not_yet() -> None:
    order = {
        k: v for k, v in wire_order(order_state="untriggered").items() if k not in ("filled_amount", "price")
    }
    del order["average_price"]
    one = report_of(read(wire.Order, order), "deribit")
    assert (one.filled_amount, one.average_price, one.price) == (0, 0, None)


def test_numbers_are_exact_whatever_their_spelling() -> None:
    text = json.dumps(wire_trade()).replace("3.5e-08", "5.0e-8").replace('"amount": 10.0', '"amount": 1.0e1')
    one = fill_of(msgspec.json.decode(text.encode(), type=wire.Trade), "deribit")
    assert (one.fee, one.amount) == (Decimal("0.00000005"), Decimal(10))
    assert str(one.amount) == "10"


def test_a_rebate_is_a_negative_fee() -> None:
    assert fill(fee=-1e-8).fee < 0


def test_a_trade_says_where_it_came_from() -> None:
    one = fill(block_trade_id="B1", combo_id="C1", liquidation="M", liquidity="M", iv=50.0)
    assert (one.block_trade_id, one.combo_id, one.liquidation, one.liquidity) == ("B1", "C1", True, "M")
    assert one.key == ("deribit", "BTC", "208000001")


@pytest.mark.parametrize(
    ("direction", "size", "expected"),
    [("buy", 60, 60), ("sell", 60, -60), ("sell", -60, -60), ("zero", 0, 0), ("zero", 5, 0)],
)
def test_a_position_is_signed_by_its_direction(direction: str, size: float, expected: int) -> None:
    assert position(direction=direction, size=size).size == expected


def test_an_account_keeps_equity_and_the_delta_of_each_index() -> None:
    one = account_of(read(wire.Summary, SUMMARY), "deribit", 7.0)
    assert (one.equity, one.delta_total_by_index, one.received_wire_s) == (
        Decimal("10.5"),
        {"btc_usd": 0.25},
        7.0,
    )


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("direction", lambda: report(direction="up")),
        ("direction", lambda: fill(direction="down")),
        ("direction", lambda: position(direction="flat", size=1)),
        ("amount", lambda: report(amount=-1)),
        ("filled_amount", lambda: report(filled_amount="NaN")),
        ("price", lambda: report(price="cheap")),
        ("price", lambda: report(price="NaN")),
        ("price", lambda: report(price=True)),
        ("amount", lambda: fill(amount=0)),
        ("price", lambda: fill(price=-1)),
        ("fee", lambda: fill(fee="Infinity")),
        ("fee", lambda: fill(fee="1e999")),
        ("size", lambda: position(direction="buy", size="NaN")),
        ("order_id", lambda: report(order_id="")),
        ("instrument_name", lambda: report(instrument_name="BTC-PERPETUAL\u200b")),
        ("last_update_timestamp", lambda: report(last_update_timestamp=-1)),
        ("trade_id", lambda: fill(trade_id="1\x00")),
        ("fee_currency", lambda: fill(fee_currency="BTC\n")),
        ("timestamp", lambda: fill(timestamp=10**30)),
        ("timestamp", lambda: fill(timestamp=0)),
        ("instrument_name", lambda: position(direction="buy", size=1, instrument_name="x" * 1_000)),
        ("currency", lambda: account_of(read(wire.Summary, SUMMARY | {"currency": "\x1b[2J"}), "d", 7.0)),
        ("equity", lambda: account_of(read(wire.Summary, SUMMARY | {"equity": "NaN"}), "deribit", 7.0)),
    ],
)
def test_what_cannot_be_added_up_is_refused_by_field(field: str, make: Any) -> None:
    with pytest.raises(BadDataError) as refused:
        make()
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("side", "ours", "forced"),
    [
        ("M", "M", True),
        ("T", "T", True),
        ("MT", "T", True),
        ("M", "T", False),
        ("T", "M", False),
        ("T", "", True),
        (None, "M", False),
    ],
)
def test_a_liquidation_is_ours_when_it_was_our_side_of_the_trade(
    side: str | None, ours: str, forced: bool
) -> None:
    one = fill(liquidation=side, liquidity=ours)
    assert (one.liquidation, one.ours_liquidated) == (side is not None, forced)


def test_a_position_tells_its_own_margin_where_the_venue_does() -> None:
    told = position(direction="sell", size=-100.0, initial_margin=1.02e-5, maintenance_margin=5.1e-6)
    assert (told.initial_margin, told.maintenance_margin) == (Decimal("0.0000102"), Decimal("0.0000051"))
    assert position(direction="zero", size=0).initial_margin is None


def test_an_account_tells_its_margin_in_every_form() -> None:
    told = account_of(
        read(
            wire.Summary,
            SUMMARY
            | {
                "margin_balance": 9.75,
                "projected_initial_margin": 0.5,
                "estimated_liquidation_ratio": 0.125,
                "total_margin_balance_usd": 1.5e6,
            },
        ),
        "deribit",
        1.0,
    )
    assert (told.margin_balance, told.projected_initial_margin) == (Decimal("9.75"), Decimal("0.5"))
    assert (told.estimated_liquidation_ratio, told.total_margin_balance_usd) == (0.125, Decimal(1_500_000))
    assert (told.total_equity_usd, told.projected_maintenance_margin) == (None, None)


def test_a_margin_that_is_no_number_is_refused_by_name() -> None:
    with pytest.raises(BadDataError, match="margin_balance"):
        account_of(read(wire.Summary, SUMMARY | {"margin_balance": 1e40}), "deribit", 1.0)
