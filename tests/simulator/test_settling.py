"""08:00 UTC as a client sees it: trading rests, options become futures, futures become cash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedger.simulator import sim
from hedger.simulator.account import Account, exercised_amount, payoff
from hedger.simulator.launch import launch
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO, cash
from hedger.simulator.options import Options
from hedger.simulator.settling import settlement_ms
from hedger.simulator.world.contracts import future_listing, option_listing
from hedger.simulator.world.terms import BTC, BTC_USDC, ETH, Terms
from tests.simulator.scripted_world import (
    CALL,
    EXPIRING_CALL,
    EXPIRING_FUTURE,
    EXPIRY_MS,
    GENEROUS,
    ORIGIN_MS,
    PERPETUAL,
    WIRE_S,
    D,
    Desk,
    Reply,
    ScriptedWorld,
    logged_in,
    notifications,
)

CHANGES, STATES = "user.changes.any.any.raw", "instrument.state.any.any"
TO_EIGHT_S = (EXPIRY_MS - ORIGIN_MS) / 1000


def at_eight(**options: Any) -> Desk:
    """A desk a second before 08:00 UTC that holds 2 calls (strike 95 000) and hears of everything."""
    desk = logged_in(**options)
    desk.buy(2, EXPIRING_CALL, price=0.0205)
    desk.call("private/subscribe", channels=[CHANGES, STATES])
    wait_until(desk, -1.0)
    desk.frames()
    return desk


def wait_until(desk: Desk, after_eight_s: float) -> list[Reply]:
    """Let the exchange see one instant, in seconds after 08:00 UTC; everything that was sent."""
    desk.wire_s = WIRE_S + (TO_EIGHT_S + after_eight_s) / desk.exchange.clock.speed
    desk.exchange.tick(desk.wire_s)
    return desk.frames()


def sizes(desk: Desk) -> dict[str, float]:
    rows = desk.call("private/get_positions", currency="any").result
    return {row["instrument_name"]: row["size"] for row in rows}


def told_positions(frames: list[Reply]) -> list[tuple[str, float, str]]:
    """(instrument, size, what came with it) of every change, in the order of the wire."""
    return [
        (data["instrument_name"], data["positions"][0]["size"], "trade" if data["trades"] else "none")
        for data in notifications(frames, CHANGES)
        if data["positions"]
    ]


def told_states(frames: list[Reply]) -> list[tuple[str, str]]:
    return [(data["instrument_name"], data["state"]) for data in notifications(frames, STATES)]


class TestTwoSteps:
    def test_an_option_in_the_money_is_a_future_for_a_moment_and_then_cash(self) -> None:
        desk = at_eight()
        exercised = wait_until(desk, 0.1)
        assert told_positions(exercised) == [(EXPIRING_CALL, 0, "none"), (EXPIRING_FUTURE, 190_000, "none")]
        assert sizes(desk) == {EXPIRING_FUTURE: 190_000}
        row = desk.call("private/get_position", instrument_name=EXPIRING_FUTURE).result
        assert (row["average_price"], row["mark_price"], row["delta"]) == (95_000, 100_000, 0)
        ticker = desk.call("public/ticker", instrument_name=EXPIRING_FUTURE).result
        assert (ticker["delivery_price"], ticker["best_bid_price"], ticker["state"]) == (
            100_000,
            0,
            "settlement",
        )

        delivered = wait_until(desk, 3.0)
        assert told_positions(delivered) == [(EXPIRING_FUTURE, 0, "none")]
        assert told_states(delivered) == [(EXPIRING_CALL, "delivered"), (EXPIRING_FUTURE, "delivered")]
        assert sizes(desk) == {}
        names = [row["instrument_name"] for row in desk.call("public/get_instruments", currency="BTC").result]
        assert EXPIRING_FUTURE not in names

    def test_equity_is_the_same_before_between_and_after(self) -> None:
        desk = at_eight()
        desk.world.set(EXPIRING_CALL, mark=0.05)  # what it pays at 100 000
        desk.refresh()
        equity = [sim.state(desk.exchange, desk.wire_s)["equity_exact"]]
        for after_s in (0.1, 3.0, 6.0):
            wait_until(desk, after_s)
            equity.append(sim.state(desk.exchange, desk.wire_s)["equity_exact"])
        assert equity == [equity[0]] * 4

    def test_it_is_netted_with_the_future_that_was_there(self) -> None:
        """190 000 USD out of the option against a short of 3 000: one position, its profit realised."""
        desk = at_eight()
        desk.sell(3_000, EXPIRING_FUTURE, type="market")
        wait_until(desk, 0.1)
        assert sizes(desk) == {EXPIRING_FUTURE: 187_000}

    def test_an_option_out_of_the_money_leaves_nothing(self) -> None:
        desk = at_eight()
        desk.world.delivery_price = 94_000.0
        frames = wait_until(desk, 0.1)
        assert told_positions(frames) == [(EXPIRING_CALL, 0, "none")]
        assert sizes(desk) == {}

    def test_the_log_shows_both_steps_and_its_sum_is_the_balance(self) -> None:
        desk = at_eight()
        wait_until(desk, 6.0)
        span = {"start_timestamp": EXPIRY_MS, "end_timestamp": EXPIRY_MS + 6_000}
        rows = desk.call("private/get_transaction_log", currency="BTC", **span).result["logs"]
        assert [(row["type"], row["instrument_name"], row["change"]) for row in rows] == [
            ("delivery", EXPIRING_FUTURE, 0.1),  # 2 * 5 000 / 100 000
            ("exercise", EXPIRING_FUTURE, 0),
            ("exercise", EXPIRING_CALL, 0),
        ]
        log = desk.exchange.account.log
        assert sum((entry.change for entry in log), ZERO) == desk.exchange.account.ledger("BTC").balance

    def test_public_settlements_tell_exercise_and_delivery_at_their_instants(self) -> None:
        desk = at_eight()
        wait_until(desk, 6.0)
        rows = desk.call("public/get_last_settlements_by_currency", currency="BTC").result["settlements"]
        assert {row["instrument_name"]: (row["type"], row["timestamp"] - EXPIRY_MS) for row in rows} == {
            PERPETUAL: ("settlement", 0),
            EXPIRING_CALL: ("exercise", 0),
            EXPIRING_FUTURE: ("delivery", 2_500),
        }


class TestTradingRests:
    def test_no_order_is_taken_changed_or_cancelled_meanwhile(self) -> None:
        desk = at_eight()
        order_id = desk.buy(10, price=99_000).result["order"]["order_id"]
        wait_until(desk, 0.1)
        refused = [
            desk.buy(10, price=99_000),
            desk.call("private/edit", order_id=order_id, amount=20, price=99_000),
            desk.call("private/cancel", order_id=order_id),
            desk.call("private/cancel_all"),
        ]
        assert [reply.error["code"] for reply in refused] == [10041] * 4
        wait_until(desk, 5.1)
        assert desk.call("private/cancel", order_id=order_id).result["order_state"] == "cancelled"

    def test_resting_orders_do_not_trade_meanwhile(self) -> None:
        desk = at_eight()
        desk.buy(10, price=99_000)
        wait_until(desk, 0.1)
        desk.world.move(PERPETUAL, 98_000.0)
        wait_until(desk, 4.9)
        assert PERPETUAL not in sizes(desk)
        wait_until(desk, 5.1)
        assert sizes(desk)[PERPETUAL] == 10

    def test_orders_good_for_the_day_end_and_those_until_cancelled_stay(self) -> None:
        desk = at_eight()
        desk.buy(10, price=99_000, time_in_force="good_til_day")
        stays = desk.buy(10, price=99_100).result["order"]["order_id"]
        ended = notifications(wait_until(desk, 0.1), CHANGES)[0]["orders"][0]
        assert (ended["order_state"], ended["cancel_reason"]) == ("cancelled", "settlement")
        left = desk.call("private/get_open_orders").result
        assert [order["order_id"] for order in left] == [stays]

    def test_states_go_to_settlement_and_back(self) -> None:
        desk = at_eight()
        states = told_states(wait_until(desk, 0.1))
        assert (PERPETUAL, "settlement") in states
        assert (EXPIRING_CALL, "settlement") in states
        assert desk.call("public/ticker", instrument_name=PERPETUAL).result["state"] == "settlement"
        wait_until(desk, 4.9)
        assert told_states(wait_until(desk, 5.1)) == [
            (PERPETUAL, "open"),
            (CALL, "open"),
            ("BTC-22OCT26-90000-P", "open"),
        ]

    @pytest.mark.parametrize(
        ("speed", "market_s"), [(1.0, 5.0), (60.0, 15.0), (600.0, 150.0), (36_000.0, 600.0)]
    )
    def test_it_lasts_seconds_that_can_be_seen_at_any_speed(self, speed: float, market_s: float) -> None:
        assert settlement_ms(speed) == market_s * 1000

    def test_at_a_speed_that_skips_it_every_step_is_told_all_the_same(self) -> None:
        desk = at_eight(speed=36_000.0)
        frames = wait_until(desk, 3_600.0)
        assert told_positions(frames) == [
            (EXPIRING_CALL, 0, "none"),
            (EXPIRING_FUTURE, 190_000, "none"),
            (EXPIRING_FUTURE, 0, "none"),
        ]
        perpetual = [state for name, state in told_states(frames) if name == PERPETUAL]
        assert perpetual == ["settlement", "open"]


class TestRestart:
    """A process that dies between the steps goes on where it was."""

    @contextmanager
    def started(self, tmp_path: Path) -> Iterator[Desk]:
        world = ScriptedWorld()
        state, book = tmp_path / "state.sqlite", str(tmp_path / "b.json")
        options = Options(limits=GENEROUS, state_file=state, book=book)
        launched = launch(options, lambda: WIRE_S, world)
        launched.remember_port(1)
        yield Desk.over(launched.exchange, world)
        assert launched.journal is not None
        launched.journal.close()

    @pytest.mark.parametrize("down_after_s", [0.1, 3.0])
    def test_transit_survives_and_is_delivered_once(self, tmp_path: Path, down_after_s: float) -> None:
        (tmp_path / "b.json").write_text(json.dumps([{"instrument": EXPIRING_CALL, "size": 2}]))
        with self.started(tmp_path) as desk:
            wait_until(desk, down_after_s)
            desk.exchange.pause(desk.wire_s)
            desk.exchange.resume(desk.wire_s)
            before = sim.state(desk.exchange, desk.wire_s)
        with self.started(tmp_path) as desk:
            again = sim.state(desk.exchange, WIRE_S + TO_EIGHT_S + down_after_s)
            kept = ("positions_exact", "equity_exact", "balance_exact")
            assert {key: again[key] for key in kept} == {key: before[key] for key in kept}
            assert desk.exchange.markets.settling
            wait_until(desk, 6.0)
            assert not desk.exchange.markets.settling
            assert desk.exchange.account.open_positions() == []
            ((_, price),) = desk.exchange.history.deliveries("btc_usd")
            assert price == 100_000.0
            deliveries = [entry for entry in desk.exchange.account.log if entry.kind == "delivery"]
            assert [entry.change for entry in deliveries] == [cash(D(10_000) / D(100_000))]


def series(terms: Terms, strike: int, option_type: str) -> tuple[Listing, Listing]:
    future = future_listing(terms, EXPIRY_MS, 1, ORIGIN_MS)
    return option_listing(terms, EXPIRY_MS, strike, option_type, 2, ORIGIN_MS), future


@given(
    terms=st.sampled_from([BTC, ETH, BTC_USDC]),
    option_type=st.sampled_from(["call", "put"]),
    lots=st.integers(-500, 500).filter(bool),
    strike=st.integers(1_000, 200_000),
    cents=st.integers(100_000, 20_000_000),
)
@settings(max_examples=200, deadline=None)
def test_both_steps_pay_what_the_option_is_worth(
    terms: Terms, option_type: str, lots: int, strike: int, cents: int
) -> None:
    """Q (1/K - 1/P) with Q = n K, or n (P - K): the detour over the future changes nothing but dust."""
    option, future = series(terms, strike, option_type)
    size, price = lots * option.min_trade_amount, D(cents) / 100
    account = Account(1)
    account.open_at_mark(option, size, ZERO, price, ORIGIN_MS)
    amount = account.exercise(option, future, price, EXPIRY_MS)
    value = payoff(option, price)
    assert amount == (exercised_amount(option, size) if value else ZERO)
    assert account.size(future.name) == amount
    account.deliver(future, price, EXPIRY_MS)
    balance = account.ledger(option.settlement_currency).balance
    assert abs(balance - size * value) <= Decimal("2e-18")
    assert account.open_positions() == []
    assert account.ledger(option.settlement_currency).futures_session_rpl == 0


@given(sizes=st.lists(st.integers(-50, 50), min_size=1, max_size=6), delivered=st.integers(80_000, 120_000))
@settings(max_examples=100, deadline=None)
def test_the_sum_of_all_entries_is_the_balance_and_no_session_is_left_over(
    sizes: list[int], delivered: int
) -> None:
    """Options of several strikes netted in one future, through settlement and both steps."""
    price, account = D(delivered), Account(1)
    _, future = series(BTC, 100_000, "call")
    options = [series(BTC, 90_000 + 4_000 * place, "call")[0] for place in range(len(sizes))]
    for option, lots in zip(options, sizes, strict=True):
        account.open_at_mark(option, D(lots) / 10, D("0.01"), D(100_000), ORIGIN_MS)
    account.apply_trade(future, D(50_000), D(100_000), D("0.0001"), D(100_000), ORIGIN_MS)
    marks = {future.name: price, **{option.name: payoff(option, price) for option in options}}
    before = account.exact_equity("BTC", marks.__getitem__)
    account.settle(marks.__getitem__, lambda _: price, EXPIRY_MS)
    for option in options:
        account.exercise(option, future, price, EXPIRY_MS)
    account.deliver(future, price, EXPIRY_MS)
    ledger = account.ledger("BTC")
    assert ledger.balance == sum((entry.change for entry in account.log), ZERO)
    assert ledger.futures_session_rpl == 0
    assert abs(ledger.balance - before) < Decimal("1e-16")
