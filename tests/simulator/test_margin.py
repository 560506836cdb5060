"""Margins by hand: the standard formulas, the recorded risk matrix, the nearest liquidation price."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from hedger.pricing.black76 import black76, black76_price
from hedger.pricing.scalar import black76_one
from hedger.simulator.liquidation_price import liquidation_ratio
from hedger.simulator.margin import margin
from hedger.simulator.model import Listing
from hedger.simulator.requirements import (
    CROSS_SM,
    SEGREGATED_PM,
    SEGREGATED_SM,
    Holding,
    Working,
    requirement,
)
from hedger.simulator.stress import Leg, Matrix, risk_matrix, shocked_vols
from tests.shared_data import shared_data
from tests.simulator.scripted_world import (
    CALL,
    DAY_MS,
    FAR_EXPIRY_MS,
    ORIGIN_MS,
    PERPETUAL,
    PUT,
    D,
    future,
    option,
)

PERP = future(PERPETUAL, 32_503_708_800_000, "perpetual")
DATED = replace(future("BTC-22OCT26", FAR_EXPIRY_MS, "month"), max_leverage=25)
CALL_ROW = option(CALL, FAR_EXPIRY_MS)  # strike 100 000
PUT_ROW = option(PUT, FAR_EXPIRY_MS)  # strike 90 000
USDC = {"settlement_currency": "USDC", "instrument_type": "linear", "price_index": "btc_usdc"}
LINEAR_PERP = replace(PERP, name="BTC_USDC-PERPETUAL", **USDC)
LINEAR_CALL = replace(CALL_ROW, name="BTC_USDC-22OCT26-100000-C", **USDC)


class TestStandardMarginOfFutures:
    def test_the_initial_rate_grows_with_size_and_maintenance_starts_at_half_of_it(self) -> None:
        held = margin(PERP, D(-100_000), D(50_000), D(50_000))  # 2 BTC
        assert held.initial == 2 * (D("0.02") + 2 * D("0.00005"))
        assert held.maintenance == 2 * (D("0.01") + 2 * D("0.00005"))

    def test_a_recorded_position_has_its_recorded_margins(self) -> None:
        """ETH-PERPETUAL of deribit.md 9: 1 USD at 1963.31 needs 0.000010187 and 0.000005093 ETH."""
        eth = replace(PERP, base_currency="ETH", contract_size=D(1))
        held = margin(eth, D(1), D("1963.31"), D("1963.1"))
        assert (round(held.initial, 9), round(held.maintenance, 9)) == (D("0.000010187"), D("0.000005093"))

    @pytest.mark.parametrize(
        ("size", "initial_usdc", "maintenance_usdc"),
        [(25, 53_125, 28_125), (350, 1_312_500, 962_500)],
    )
    def test_the_published_examples_of_the_linear_perpetual(
        self, size: int, initial_usdc: int, maintenance_usdc: int
    ) -> None:
        """Deribit's support page "Linear Perpetual": BTC_USDC at 100 000 USDC."""
        held = margin(LINEAR_PERP, D(size), D(100_500), D(100_000))
        assert (held.initial, held.maintenance) == (D(initial_usdc), D(maintenance_usdc))

    def test_leverage_is_the_listings(self) -> None:
        assert margin(DATED, D(100_000), D(100_000), D(100_000)).initial == D("0.04005")

    def test_nothing_needs_nothing(self) -> None:
        assert margin(PERP, D(0), D(50_000), D(50_000)).initial == 0


class TestStandardMarginOfOptions:
    @pytest.mark.parametrize(
        ("listing", "mark", "forward", "initial", "maintenance"),
        [
            (CALL_ROW, "0.02", 100_000, "0.17", "0.095"),  # at the money: 15 % and mark
            (CALL_ROW, "0.02", 97_000, "0.139072164948", "0.095"),  # 3 000 / 97 000 out of the money
            (CALL_ROW, "0.002", 80_000, "0.102", "0.077"),  # far out: the floor of 10 %
            (CALL_ROW, "0.3", 140_000, "0.45", "0.375"),  # in the money counts as at the money
            (PUT_ROW, "0.02", 90_000, "0.17", "0.095"),
            (PUT_ROW, "1.5", 35_000, "1.65", "1.6125"),  # a dear put: 7.5 % of its mark, not of the coin
            (PUT_ROW, "2.5", 25_000, "2.6875", "2.6875"),  # and initial never below maintenance
        ],
    )
    def test_short_options_by_hand(
        self, listing: Listing, mark: str, forward: int, initial: str, maintenance: str
    ) -> None:
        held = margin(listing, D(-1), D(mark), D(forward))
        assert (round(held.initial, 12), held.maintenance) == (D(initial), D(maintenance))
        assert margin(listing, D(-7), D(mark), D(forward)).maintenance == 7 * D(maintenance)

    def test_long_options_need_nothing(self) -> None:
        assert margin(CALL_ROW, D(5), D("0.02"), D(100_000)).maintenance == 0

    def test_a_linear_option_needs_the_same_share_of_the_underlying_in_usdc(self) -> None:
        held = margin(LINEAR_CALL, D(-1), D(2_000), D(100_000))
        assert (held.initial, held.maintenance) == (D(17_000), D(9_500))


def holding(listing: Listing, size: str, mark: str, *, working: Working = Working()) -> Holding:  # noqa: B008
    delta = {"call": 0.5, "put": -0.3}.get(listing.option_type or "", 1.0 / 100_000)
    if listing.is_linear and not listing.is_option:
        delta = 1.0
    return Holding(listing, D(size), D(mark), D(100_000), D(100_000), delta, 0.5, working)


class TestRequirement:
    def test_standard_margin_nets_nothing(self) -> None:
        """A long future against a short perpetual costs both, though there is next to no risk."""
        long = holding(DATED, "100000", "100000")
        short = holding(PERP, "-100000", "100000")
        need = requirement(SEGREGATED_SM, [long, short], ORIGIN_MS)
        assert need.initial == D("0.04005") + D("0.02005")
        assert need == requirement(CROSS_SM, [long, short], ORIGIN_MS)

    def test_open_orders_need_what_their_worse_side_adds(self) -> None:
        orders = Working(buys=D(300_000), sells=D(500_000))
        row = holding(PERP, "100000", "100000", working=orders)
        need = requirement(SEGREGATED_SM, [row], ORIGIN_MS)
        four_coins = 4 * (D("0.02") + 4 * D("0.00005"))  # long 4 if the buys fill, short 4 if the sells do
        assert need.open_orders == four_coins - need.initial
        assert need.orders == {PERPETUAL: need.open_orders}

    def test_orders_that_only_reduce_need_nothing(self) -> None:
        row = holding(PERP, "100000", "100000", working=Working(sells=D(150_000)))
        assert requirement(SEGREGATED_SM, [row], ORIGIN_MS).open_orders == 0

    def test_buyers_of_options_reserve_their_premium(self) -> None:
        row = holding(CALL_ROW, "0", "0.05", working=Working(buys=D(2), premium=D("0.11")))
        assert requirement(SEGREGATED_SM, [row], ORIGIN_MS).open_orders == D("0.11")

    def test_a_hedged_portfolio_needs_less_than_its_parts(self) -> None:
        call = holding(CALL_ROW, "-10", "0.06")
        hedge = holding(PERP, "500000", "100000")
        naked = requirement(SEGREGATED_PM, [call], ORIGIN_MS)
        hedged = requirement(SEGREGATED_PM, [call, hedge], ORIGIN_MS)
        assert hedged.maintenance < naked.maintenance
        assert hedged.maintenance < sum((m.maintenance for m in hedged.positions.values()), D(0))

    def test_under_portfolio_margin_the_orders_of_one_direction_count_together(self) -> None:
        """Buying the perpetual and buying puts offset each other: only the worse half is reserved."""
        perp = holding(PERP, "0", "100000", working=Working(buys=D(100_000)))
        alone = requirement(SEGREGATED_PM, [perp], ORIGIN_MS)
        assert alone.initial == 0
        assert alone.open_orders == pytest.approx(D("0.2004761905"))  # 1 - 1/0.84, and 1 % roll shock
        put = holding(PUT_ROW, "0", "0.03", working=Working(buys=D(1)))
        assert requirement(SEGREGATED_PM, [perp, put], ORIGIN_MS).open_orders == alone.open_orders


class TestRiskMatrix:
    """Against the example that is published with private/pme/simulate, and by hand."""

    def test_the_published_example(self) -> None:
        path = shared_data("deribit_payloads", "spec", "openapi_method_examples.json")
        example = json.loads(path.read_text())["/private/pme/simulate"]["response"]["result"]
        position, marks = example["portfolio"]["position"], example["ticker"]
        expiry_ms, now_ms = 1_719_561_600_000, example["model_params"]["general"]["timestamp"]
        listings = {
            "BTC-PERPETUAL": PERP,
            "BTC-28JUN24": replace(DATED, name="BTC-28JUN24", expiration_ms=expiry_ms),
        }
        legs = [
            Leg(row, position[name] * marks[name]["mark_price"], marks[name]["mark_price"], position[name])
            for name, row in listings.items()
        ]
        matrix = risk_matrix(legs, example["index_price"]["btc_usd"], now_ms)
        for number, name in enumerate(listings):
            vectors = example["initial_risk_vectors"][name]
            assert matrix.standard[number].ravel() == pytest.approx(vectors["standard"], abs=1e-9)
            assert matrix.extended[number] == pytest.approx(vectors["extended"], abs=1e-9)
        margins = example["margins"]["btc"]
        details = margins["initial_margin_details"]["risk_matrix_margin_details"]
        assert matrix.worst_loss == pytest.approx(details["worst_case"], abs=1e-9)
        assert matrix.roll_shock == pytest.approx(details["roll_shock"], abs=1e-11)
        assert matrix.initial == pytest.approx(
            margins["initial_margin_details"]["risk_matrix_margin"], abs=1e-9
        )
        assert matrix.maintenance == pytest.approx(margins["maintenance_margin"], abs=1e-9)

    def test_a_short_call_by_hand(self) -> None:
        """The worst is +16 % with volatility up: repriced with Black-76, in coin of the moved price."""
        leg = Leg(CALL_ROW, -10.0, 0.06, -5.0, 100_000.0, 0.5)
        matrix = risk_matrix([leg], 100_000.0, ORIGIN_MS)
        days = (FAR_EXPIRY_MS - ORIGIN_MS) / DAY_MS
        up = 0.5 + 0.5 * 0.5 * (30 / days) ** 0.13  # 30.7 days: the long power
        now = black76_one(100_000, 100_000, days / 365, 0.5, 1).price_usd / 100_000
        then = black76_one(116_000, 100_000, days / 365, up, 1).price_usd / 116_000
        assert matrix.worst_loss == pytest.approx(10 * (then - now), rel=1e-12)
        assert matrix.standard[0, 8, 0] == pytest.approx(-matrix.worst_loss, rel=1e-12)
        assert matrix.standard[0, 4, 1] == 0.0

    def test_far_out_of_the_money_shorts_are_caught_by_the_extended_table(self) -> None:
        far = option("BTC-22OCT26-250000-C", FAR_EXPIRY_MS)
        matrix = risk_matrix([Leg(far, -100.0, 0.0, 0.0, 100_000.0, 0.5)], 100_000.0, ORIGIN_MS)
        assert -matrix.extended.sum(axis=0).min() > -matrix.standard.sum(axis=0).min()
        tripled = black76_one(400_000, 250_000, 30.74 / 365, 0.749, 1).price_usd / 400_000  # +300 %
        assert matrix.extended[0, 5] == pytest.approx(-100 * tripled * 0.16 / 3, rel=1e-3)

    def test_linear_results_are_usdc(self) -> None:
        legs = [Leg(LINEAR_PERP, 2.0, 100_000.0, 2.0), Leg(LINEAR_CALL, -1.0, 6_000.0, -0.5, 100_000.0, 0.5)]
        matrix = risk_matrix(legs, 100_000.0, ORIGIN_MS)
        assert matrix.standard[0, 0, 0] == pytest.approx(-32_000)
        inverse = risk_matrix([Leg(CALL_ROW, -1.0, 0.06, -0.5, 100_000.0, 0.5)], 100_000.0, ORIGIN_MS)
        now = black76_one(100_000, 100_000, (FAR_EXPIRY_MS - ORIGIN_MS) / DAY_MS / 365, 0.5, 1).price_usd
        usd = (inverse.standard[0, 8, 1] - now / 100_000) * 116_000 + now
        assert matrix.standard[1, 8, 1] == pytest.approx(usd, rel=1e-9)
        assert matrix.roll_shock == pytest.approx(100_000 * (2.0 * 0.01 + 0.5 * 0.01))

    def test_volatility_shocks_grow_towards_expiry_and_never_turn_negative(self) -> None:
        assert shocked_vols(0.6, 30.0) == pytest.approx((0.9, 0.6, 0.45))
        week = shocked_vols(0.6, 7.0)
        assert week[0] == pytest.approx(0.6 * (1 + 0.5 * (30 / 7) ** 0.3))
        assert shocked_vols(0.6, 0.01) == shocked_vols(0.6, 1.0)
        assert shocked_vols(0.2, 30.0)[0] == pytest.approx(0.2 + 0.25)  # at least as from 50 %
        assert all(vol >= 0 for vol in shocked_vols(3.0, 0.0))

    def test_sizes_scale_results(self) -> None:
        one = risk_matrix([Leg(CALL_ROW, 1.0, 0.06, 0.5, 100_000.0, 0.5)], 100_000.0, ORIGIN_MS)
        ten = risk_matrix([Leg(CALL_ROW, -10.0, 0.06, -5.0, 100_000.0, 0.5)], 100_000.0, ORIGIN_MS)
        scaled: Matrix = one.scaled(np.array([-10.0]))
        assert scaled.initial == pytest.approx(ten.initial, rel=1e-12)


def test_the_price_alone_is_that_of_all_figures_to_the_last_digit() -> None:
    forward = np.geomspace(1_000.0, 1_000_000.0, 41)
    strike, sign = np.array([[100_000.0], [90_000.0], [np.nan], [50_000.0]]), np.array([[1.0], [-1.0]] * 2)
    tau, vol = np.array([[0.1], [0.0], [0.2], [1e-30]]), np.array([[0.6], [0.5], [0.4], [0.0]])
    some_expired = (forward, strike, tau, vol, sign)
    live = (forward, 100_000.0, 0.1, 0.6, -1.0)
    all_expired = (forward, 100_000.0, np.array([[0.0], [-0.1]]), 0.6, 1.0)
    no_option = (forward[:, None], np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))
    for given in (some_expired, live, all_expired, no_option):
        np.testing.assert_array_equal(black76_price(*given), black76(*given).price_usd)


class TestLiquidationPrice:
    def test_a_short_perpetual_is_liquidated_where_its_loss_meets_the_maintenance(self) -> None:
        """1 BTC, short 2 BTC: 1 - 2 (1 - 1/x) = (2 / x)(0.01 + 0.00005 * 2 / x), x = 1.9998..."""
        row = holding(PERP, "-200000", "100000")
        room = 1.0 - float(row.margin(row.size).maintenance)
        x = liquidation_ratio([row], room, ORIGIN_MS)
        assert 1 - 2 * (1 - 1 / x) == pytest.approx((2 / x) * (0.01 + 0.00005 * 2 / x), abs=1e-9)
        assert x == pytest.approx(1.9799, abs=1e-3)

    def test_a_long_is_liquidated_below(self) -> None:
        row = holding(PERP, "200000", "100000")
        x = liquidation_ratio([row], 1.0 - float(row.margin(row.size).maintenance), ORIGIN_MS)
        assert 1 + 2 * (1 - 1 / x) == pytest.approx((2 / x) * (0.01 + 0.00005 * 2 / x), abs=1e-9)

    def test_a_short_against_as_much_coin_is_never_liquidated(self) -> None:
        """Short 1 BTC of USD against 2 BTC of cash: the coin loss stays below 1 BTC at any price."""
        row = holding(PERP, "-100000", "100000")
        assert liquidation_ratio([row], 1.98, ORIGIN_MS) == 0.0

    def test_short_calls_are_liquidated_above_and_puts_below(self) -> None:
        assert liquidation_ratio([holding(CALL_ROW, "-10", "0.06")], 2.0, ORIGIN_MS) > 1
        assert 0 < liquidation_ratio([holding(PUT_ROW, "-10", "0.03")], 2.0, ORIGIN_MS) < 1

    def test_without_room_it_is_now_and_without_positions_never(self) -> None:
        assert liquidation_ratio([holding(PERP, "200000", "100000")], 0.0, ORIGIN_MS) == 1.0
        assert liquidation_ratio([], 1.0, ORIGIN_MS) == 0.0


def test_decimal_margins_are_exact() -> None:
    held = margin(PERP, D(10), D("92037"), D(92_037))
    assert held.initial == Decimal(10) / D("92037") * (D("0.02") + D("0.00005") * (Decimal(10) / D("92037")))
