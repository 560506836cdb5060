"""Blocks and combos of a person: one trade, told leg by leg, while the positions always tell the truth."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hedger.simulator import sim, sim_account
from hedger.simulator.combos import describe_combo
from hedger.simulator.model import Listing
from hedger.simulator.rpc import ApiError
from tests.shared_data import shared_data
from tests.simulator.scripted_world import (
    CALL,
    EXPIRING_FUTURE,
    EXPIRY_MS,
    FAR_EXPIRY_MS,
    ORIGIN_MS,
    PERPETUAL,
    PUT,
    D,
    Desk,
    future,
    logged_in,
    notifications,
    option,
)

CHANNEL = "user.changes.any.any.raw"
STRADDLE_AND_HEDGE = [
    {"instrument": CALL, "side": "sell", "amount": 10},
    {"instrument": PUT, "side": "sell", "amount": 10, "price": 0.019},
    {"instrument": PERPETUAL, "side": "buy", "amount": 200_000, "label": "otherdesk-7"},
]


def watched(equity: str = "10") -> Desk:
    desk = logged_in(equity=equity)
    desk.call("private/subscribe", channels=[CHANNEL, "user.trades.any.any.raw"])
    desk.frames()
    return desk


def block(desk: Desk, **body: object) -> Any:
    return sim_account.block(desk.exchange, {"legs": STRADDLE_AND_HEDGE, **body}, desk.wire_s)


def told(frames: list[Any]) -> list[str]:
    return [row["instrument_name"] for row in notifications(frames, CHANNEL)]


class TestBlocks:
    def test_all_legs_share_one_number_and_go_at_their_prices_or_the_mark(self) -> None:
        desk = watched()
        answer = block(desk)
        assert answer["block_trade_id"] == "BLOCK-1"
        trades = {row["instrument_name"]: row for row in answer["trades"]}
        assert {row["block_trade_id"] for row in answer["trades"]} == {"BLOCK-1"}
        assert {row["block_trade_leg_count"] for row in answer["trades"]} == {3}
        assert [trades[name]["price"] for name in (CALL, PUT, PERPETUAL)] == [0.02, 0.019, 100_000]
        assert trades[PERPETUAL]["label"] == "otherdesk-7"
        assert "label" not in trades[CALL]
        assert trades[CALL]["fee"] == pytest.approx(0.003)
        assert block(desk)["block_trade_id"] == "BLOCK-2"

    def test_the_legs_are_told_with_gaps_but_the_account_has_all_of_them_at_once(self) -> None:
        desk = watched()
        block(desk, gap_ms=500)
        assert told(desk.frames()) == [CALL]
        held = {
            row["instrument_name"]: row["size"]
            for row in desk.call("private/get_positions", currency="BTC").result
        }
        assert held == {CALL: -10, PUT: -10, PERPETUAL: 200_000}
        assert told(desk.pass_time(0.4)) == []
        assert told(desk.pass_time(0.2)) == [PUT]
        last = notifications(desk.pass_time(0.5), CHANNEL)
        assert last[0]["positions"][0]["size"] == 200_000
        assert last[0]["orders"][0]["block_trade"] is True

    def test_a_leg_that_is_told_late_tells_the_position_of_that_moment(self) -> None:
        """Our own fill in the same instrument may overtake the leg's notification."""
        desk = watched()
        block(desk, gap_ms=500)
        desk.frames()
        desk.buy(1_000, type="market", label="ours")
        late = [row for row in notifications(desk.pass_time(1.2), CHANNEL) if row["trades"]]
        leg = next(row for row in late if row["instrument_name"] == PERPETUAL)
        assert leg["trades"][0]["block_trade_id"] == "BLOCK-1"
        assert leg["positions"][0]["size"] == 201_000

    def test_shuffled_legs_come_in_an_order_of_the_seed(self) -> None:
        orders = []
        for _ in range(2):
            desk = watched("1000")
            seen = []
            for _ in range(6):
                block(desk, order="shuffled")
                seen.append(tuple(told(desk.frames())))
            orders.append(seen)
        assert orders[0] == orders[1]
        assert len(set(orders[0])) > 1

    def test_every_trade_is_in_the_history_at_once(self) -> None:
        desk = watched()
        block(desk, gap_ms=5_000)
        found = desk.call("private/get_user_trades_by_currency", currency="BTC").result["trades"]
        assert len(found) == 3

    @pytest.mark.parametrize(
        ("legs", "code"),
        [
            ([], -32602),
            ("perpetual", -32602),
            ([1], -32602),
            ([{"instrument": PERPETUAL, "side": "buy"}], -32602),
            ([{"instrument": PERPETUAL, "side": "hold", "amount": 10}], -32602),
            ([{"instrument": PERPETUAL, "side": "buy", "amount": 15}], 10027),
            ([{"instrument": PERPETUAL, "side": "buy", "amount": 10, "price": -1}], 10023),
            ([{"instrument": CALL, "side": "sell", "amount": 5_000}], 10009),
            ([{"instrument": PERPETUAL, "side": "buy", "amount": 10}] * 21, -32602),
        ],
    )
    def test_bad_legs_are_refused_and_nothing_happens(self, legs: object, code: int) -> None:
        desk = watched()
        with pytest.raises(ApiError) as refused:
            block(desk, legs=legs)
        assert refused.value.code == code
        assert desk.exchange.account.open_positions() == []


class TestCombos:
    def test_legs_carry_the_combo_and_it_becomes_known(self) -> None:
        desk = watched()
        legs = [
            {"instrument": PERPETUAL, "side": "sell", "amount": 300},
            {"instrument": EXPIRING_FUTURE, "side": "buy", "amount": 300},
        ]
        answer = block(desk, legs=legs, combo=True)
        assert (answer["combo_id"], answer["block_trade_id"]) == ("BTC-FS-22SEP26_PERP", None)
        assert {row["combo_id"] for row in answer["trades"]} == {"BTC-FS-22SEP26_PERP"}
        assert len({row["combo_trade_id"] for row in answer["trades"]}) == 1
        assert all("block_trade_id" not in row for row in answer["trades"])
        (known,) = desk.call("public/get_combos", currency="BTC").result
        assert known["legs"] == [
            {"instrument_name": PERPETUAL, "amount": -1},
            {"instrument_name": EXPIRING_FUTURE, "amount": 1},
        ]
        block(desk, legs=legs, combo=True)
        assert desk.call("public/get_combo_ids", currency="BTC").result == ["BTC-FS-22SEP26_PERP"]
        assert desk.call("public/get_combo_details", combo_id="BTC-FS-22SEP26_PERP").result == known
        assert desk.call("public/get_combo_details", combo_id="nope").error["code"] == 13020

    def test_its_row_has_the_fields_that_were_recorded(self) -> None:
        path = shared_data("deribit_payloads", "nautilus_trader", "http_get_combos.json")
        recorded = json.loads(path.read_text())["result"][0]
        made = describe_combo([(option(CALL, FAR_EXPIRY_MS), D(1))], 0, ORIGIN_MS).as_json()
        assert set(made) == set(recorded)

    @pytest.mark.parametrize(
        ("kind", "legs", "name"),
        [
            ("option", [(CALL, "buy", 1), (PUT, "buy", 1)], "BTC-STRG-22OCT26-90000_100000"),
            ("future", [(PERPETUAL, "sell", 100), (EXPIRING_FUTURE, "buy", 100)], "BTC-FS-22SEP26_PERP"),
        ],
    )
    def test_it_is_listed_as_an_instrument_with_the_fields_that_were_recorded(
        self, kind: str, legs: list[tuple[str, str, int]], name: str
    ) -> None:
        desk = watched()
        rows = [{"instrument": leg, "side": side, "amount": amount} for leg, side, amount in legs]
        block(desk, legs=rows, combo=True)
        (row,) = desk.call("public/get_instruments", currency="BTC", kind=f"{kind}_combo").result
        assert (row["instrument_name"], row["kind"]) == (name, f"{kind}_combo")
        file = f"http_get_instruments_{kind}_combo.json"
        path = shared_data("deribit_payloads", "nautilus_trader", file)
        assert set(row) == set(json.loads(path.read_text())["result"][0])
        for other in ("option", "future"):
            names = desk.call("public/get_instruments", currency="BTC", kind=other).result
            assert name not in {listing["instrument_name"] for listing in names}

    def test_a_combo_goes_with_its_legs(self) -> None:
        desk = watched()
        legs = [
            {"instrument": PERPETUAL, "side": "sell", "amount": 300},
            {"instrument": EXPIRING_FUTURE, "side": "buy", "amount": 300},
        ]
        block(desk, legs=legs, combo=True)
        desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000 + 6
        desk.exchange.tick(desk.wire_s)
        assert desk.call("public/get_combos", currency="BTC").result == []


def listed(name: str, expiry_ms: int) -> Listing:
    if name.count("-") == 3:
        return option(name, expiry_ms)
    if name.endswith("PERPETUAL"):
        return future(name, 32_503_708_800_000, "perpetual")
    return future(name, expiry_ms, "month")


NEAR, FAR = EXPIRY_MS, FAR_EXPIRY_MS


@pytest.mark.parametrize(
    ("legs", "name"),
    [
        ([("BTC-PERPETUAL", 0, "-10"), ("BTC-25DEC26", FAR, "10")], "BTC-FS-25DEC26_PERP"),
        ([("BTC-19MAY26", NEAR, "-10"), ("BTC-20MAY26", FAR, "10")], "BTC-FS-20MAY26_19MAY26"),
        (
            [("BTC-19MAY26-70000-C", NEAR, "1"), ("BTC-19MAY26-75000-C", NEAR, "-1")],
            "BTC-CS-19MAY26-70000_75000",
        ),
        (
            [("BTC-19MAY26-70000-P", NEAR, "-1"), ("BTC-19MAY26-75000-P", NEAR, "1")],
            "BTC-PS-19MAY26-70000_75000",
        ),
        (
            [("BTC-26MAR27-80000-C", NEAR, "2"), ("BTC-26MAR27-72000-P", NEAR, "2")],
            "BTC-STRG-26MAR27-72000_80000",
        ),
        ([("BTC-26MAR27-80000-C", NEAR, "2"), ("BTC-26MAR27-80000-P", NEAR, "2")], "BTC-STRD-26MAR27-80000"),
        (
            [("BTC-26MAR27-80000-C", FAR, "2"), ("BTC-PERPETUAL", 0, "-10")],
            "BTC-CUSTOM-26MAR27-80000-C_PERP",
        ),
    ],
)
def test_structures_have_the_names_that_were_recorded(legs: list[tuple[str, int, str]], name: str) -> None:
    rows = [(listed(leg, expiry_ms), D(amount)) for leg, expiry_ms, amount in legs]
    assert describe_combo(rows, 0, ORIGIN_MS).id == name


def test_ratios_are_the_smallest_whole_numbers() -> None:
    perp = replace(listed("BTC-PERPETUAL", 0))
    rows = [(perp, D(-3_000)), (listed("BTC-25DEC26", FAR), D(2_000))]
    assert [leg.amount for leg in describe_combo(rows, 0, ORIGIN_MS).legs] == [-3, 2]


def test_a_person_may_trade_under_another_hedgers_label() -> None:
    desk = watched()
    body = {"instrument": PERPETUAL, "side": "buy", "amount": 100, "label": "other-hedger-1"}
    order = sim.trade(desk.exchange, body, desk.wire_s)
    assert (order["label"], order["api"], order["filled_amount"]) == ("other-hedger-1", False, 100)
