"""Attribution closes on the equity, line by line as in the worked example ATT-1, at any sampling."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedger.portfolio.attribution import (
    FutureTerms,
    Lines,
    Mark,
    added,
    grouped,
    in_usd,
    lines_of,
    payoff,
    tagged,
    trade_lines,
)
from hedger.portfolio.running import RunningAttribution
from hedger.portfolio.valuation import OptionTerms
from hedger.pricing.scalar import black76_one, years_to
from hedger.pricing.settlement import WINDOW_MS
from tests.portfolio import att1

DAY_MS = 86_400_000
CALL = OptionTerms(105_000.0, 30 * DAY_MS, 1.0, inverse=True)
LINEAR_CALL = CALL._replace(inverse=False)
PERPETUAL, LINEAR_PERPETUAL = FutureTerms(inverse=True), FutureTerms(inverse=False)

PRINTED = {  # theory 4, ATT-1
    "delta": 0.0782726048,
    "future_delta": -0.0782721726,
    "gamma": -0.0573872121,
    "future_gamma": -0.0050959948,
    "theta": 0.0834442695,
    "vega": -0.0557942594,
    "vanna": 0.0018526873,
    "volga": -0.0007442119,
    "residual": 0.0028235189,
    "future_residual": -0.0001378649,
    "funding": -0.0001299429,
    "fees": -0.0027186751,
    "slippage": -0.0005437350,
}


def marked(terms: OptionTerms, market_ms: int, forward: float, sigma: float) -> Mark:
    tau = years_to(terms.expiration_ms, market_ms)
    usd = black76_one(forward, terms.strike_usd, tau, sigma, terms.sign).price_usd
    return Mark(market_ms, usd / forward if terms.inverse else usd, forward, sigma)


def test_the_worked_example_comes_out_line_by_line() -> None:
    equities, intervals = att1.life()
    lines = added(interval.total for interval in intervals)
    for name, printed in PRINTED.items():
        assert getattr(lines, name) == pytest.approx(printed, abs=1e-9), name
    assert lines.total == pytest.approx(-0.034430988009, abs=1e-12)
    assert equities[0] == pytest.approx(4.3515329209, abs=1e-9)
    assert equities[-1] == pytest.approx(4.3171019329, abs=1e-9)


def test_every_interval_of_the_worked_example_closes_in_coin_and_in_dollars() -> None:
    equities, intervals = att1.life()
    for interval in intervals:
        assert abs(interval.gap) < 1e-12
    usd = added(interval.total_usd for interval in intervals)
    change_usd = equities[-1] * att1.FORWARDS[-1] - equities[0] * att1.FORWARDS[0]
    assert usd.total == pytest.approx(change_usd, abs=1e-7)
    assert usd.total == pytest.approx(-9918.7517, abs=1e-4)


def test_what_gamma_and_theta_net_is_the_realised_less_implied_line() -> None:
    """Theory 4: sum of .5 n G (dF^2 - F^2 sigma^2 dt), here from greeks of its own."""
    _, intervals = att1.life()
    expected = 0.0
    for day in range(5):
        forward, move = att1.FORWARDS[day], att1.FORWARDS[day + 1] - att1.FORWARDS[day]
        for name, sold in att1.SOLD.items():
            terms, sigma = att1.CONTRACTS[name], att1.VOLS[name][day]
            assert isinstance(terms, OptionTerms)
            tau = years_to(terms.expiration_ms, day * DAY_MS)
            gamma = black76_one(forward, terms.strike_usd, tau, sigma, terms.sign).gamma_per_usd
            variance = move**2 - forward**2 * sigma**2 / 365
            expected += 0.5 * sold * gamma * variance / forward
    lines = added(interval.total for interval in intervals)
    assert lines.realised_less_implied == pytest.approx(expected, abs=1e-12)


def test_a_linear_book_has_no_terms_of_the_coin() -> None:
    """A linear option's delta line is Black's delta alone, and a linear future earns its delta, no more."""
    before, after = marked(LINEAR_CALL, 0, 100_000.0, 0.55), marked(LINEAR_CALL, DAY_MS, 101_000.0, 0.56)
    lines = lines_of(-10.0, LINEAR_CALL, before, after)
    assert lines.delta == pytest.approx(-10 * 0.4088186315 * 1000, abs=1e-5)
    assert lines.gamma == lines.gamma_paid == pytest.approx(-10 * 0.5 * 2.463699e-05 * 1e6, rel=1e-6)
    assert lines.theta == pytest.approx(1020.91623, abs=1e-4)
    assert lines.total == pytest.approx(-10 * (after.price - before.price), abs=1e-9)

    hedge = lines_of(4.0, LINEAR_PERPETUAL, Mark(0, 100_000.0), Mark(DAY_MS, 101_000.0))
    assert hedge == Lines(future_delta=4000.0)


DATED, LINEAR_DATED = FutureTerms(inverse=True, dated=True), FutureTerms(inverse=False, dated=True)


def dated(market_ms: int, price: float, index_usd: float) -> Mark:
    return Mark(market_ms, price, index_usd=index_usd)


def test_a_dated_future_with_its_basis_frozen_earns_by_delta_and_curvature_alone() -> None:
    """Three per cent above the index before and after: the same lines as a perpetual's, and no basis."""
    before, after = dated(0, 103_000.0, 100_000.0), dated(DAY_MS, 101_970.0, 99_000.0)
    lines = lines_of(-206_000.0, DATED, before, after)
    assert lines.future_basis == pytest.approx(0.0, abs=1e-15)
    perpetual = lines_of(-206_000.0, PERPETUAL, before, after)
    assert lines == pytest.approx(perpetual, abs=1e-15)
    assert lines_of(2.0, LINEAR_DATED, before, after).future_delta == pytest.approx(2.0 * -1030.0)


def test_what_a_dated_futures_mark_does_apart_from_the_index_is_basis() -> None:
    """Short 2 coins of it, the index still and the basis down from 3 % to 2 %: +2 x 1/103 to first order."""
    before, after = dated(0, 103_000.0, 100_000.0), dated(DAY_MS, 102_000.0, 100_000.0)
    lines = lines_of(-206_000.0, DATED, before, after)
    assert lines.future_delta == pytest.approx(0.0, abs=1e-15)
    assert lines.future_basis == pytest.approx(2.0 * 1_000 / 103_000, abs=1e-15)
    assert lines.total == pytest.approx(-206_000 * (1 / 103_000 - 1 / 102_000), abs=1e-15)
    linear = lines_of(-2.0, LINEAR_DATED, before, after)
    assert (linear.future_delta, linear.future_basis) == pytest.approx((0.0, 2_000.0), abs=1e-9)
    moved = dated(DAY_MS, 103_000.0, 101_000.0)  # the mark stood still while the index rose
    lines = lines_of(-206_000.0, DATED, before, moved)
    assert (lines.future_delta, lines.future_basis) == pytest.approx((-0.02, 0.02), abs=1e-15)


@pytest.mark.parametrize("index", [math.nan, 0.0, -1.0, math.inf])
def test_without_an_index_all_of_a_dated_futures_move_is_delta(index: float) -> None:
    before = dated(0, 103_000.0, 100_000.0)
    lines = lines_of(-206_000.0, DATED, before, dated(DAY_MS, 102_000.0, index))
    assert lines.future_basis == 0.0
    assert lines == lines_of(-206_000.0, PERPETUAL, before, dated(DAY_MS, 102_000.0, index))


def test_a_fill_is_measured_against_the_mark_at_decision() -> None:
    """Decided at 100,000, filled at 100,050 while the mark had run to 100,040: all 50 are shortfall."""
    lines = trade_lines(100_000.0, PERPETUAL, 100_050.0, 5e-4, mark=100_040.0, decided=100_000.0)
    assert lines.slippage == pytest.approx(100_000 * (1 / 100_050 - 1 / 100_000), abs=1e-15)
    assert lines.future_delta > 0.0, "what was decided on earned the way to the mark"
    assert lines.total == pytest.approx(100_000 * (1 / 100_050 - 1 / 100_040) - 5e-4, abs=1e-15)


def test_a_fill_nobody_here_decided_on_is_measured_against_its_mark() -> None:
    lines = trade_lines(-5.0, LINEAR_PERPETUAL, 99_990.0, 25.0, mark=100_000.0)
    assert lines == Lines(slippage=-50.0, fees=-25.0)


def test_a_premium_is_measured_against_the_mark_of_the_trade() -> None:
    lines = trade_lines(-10.0, CALL, 0.0420, 0.003, mark=0.0425)
    assert lines.option_slippage == pytest.approx(-0.005)
    assert lines.total == pytest.approx(-0.008)


def test_at_expiry_the_option_is_worth_its_payoff() -> None:
    assert payoff(CALL, 110_000.0) == 5_000.0 / 110_000.0
    assert payoff(LINEAR_CALL, 110_000.0) == 5_000.0
    assert payoff(CALL, 100_000.0) == 0.0
    running = RunningAttribution(0, 5.0, 104_000.0)
    before = marked(CALL, 29 * DAY_MS, 104_000.0, 0.5)
    running.hold("C", CALL, -10.0, before)
    running.delivered("C", Mark(CALL.expiration_ms, payoff(CALL, 106_000.0), 106_000.0, 0.5))
    assert running.held() == {}
    interval = running.cut(CALL.expiration_ms, 5.0 - 10.0 * (1_000 / 106_000 - before.price), 106_000.0)
    assert abs(interval.gap) < 1e-15
    assert interval.total.delta < 0.0 < interval.total.theta


def test_inside_the_settlement_window_the_whole_change_is_settlement() -> None:
    """The mark is of an average there: Black's greeks would leave a residual as large as the lines."""
    begins = CALL.expiration_ms - WINDOW_MS
    lines = lines_of(
        -1.0, CALL, Mark(begins, 0.01, 106_000.0, 0.5), Mark(begins + 60_000, 0.009, 105_900.0, 0.5)
    )
    assert lines == Lines(settlement=pytest.approx(0.001, abs=1e-15))


def test_a_mark_without_volatility_leaves_all_to_the_residual() -> None:
    before = marked(CALL, 0, 100_000.0, 0.55)
    priced = Mark(60_000, before.price + 0.001)
    assert lines_of(-1.0, CALL, before, priced) == Lines(residual=pytest.approx(-0.001, abs=1e-15))
    assert lines_of(-1.0, CALL, priced, before).total == pytest.approx(0.001, abs=1e-15)


def test_what_no_line_explains_stands_under_its_own_name() -> None:
    running = RunningAttribution(0, 5.0, 100_000.0)
    running.booked("P", "funding", -0.001)
    for interval in (running.so_far(1, 5.25, 100_000.0), running.cut(1, 5.25, 100_000.0)):
        assert interval.gap == pytest.approx(0.251, abs=1e-15)
        assert interval.total.unexplained == pytest.approx(0.251, abs=1e-15)
        assert interval.total.total == pytest.approx(0.25, abs=1e-15)
    assert running.cut(2, 5.25, 100_000.0).total == Lines()


def test_cash_that_moves_without_a_trade_has_a_line_of_its_own() -> None:
    running = RunningAttribution(0, 5.0, 100_000.0)
    running.booked("", "transfers", 2.0)
    running.booked("P", "funding", -0.001)
    interval = running.cut(60_000, 6.999, 100_000.0)
    assert interval.gap == pytest.approx(0.0, abs=1e-15)
    assert interval.total.result == pytest.approx(-0.001), "what was paid in was not earned"
    assert interval.bookings == 2
    with pytest.raises(ValueError, match="line = 'bonus': must be one of delta, gamma"):
        running.booked("", "bonus", 1.0)


def test_groups_and_tags_add_up_to_the_whole() -> None:
    _, intervals = att1.life()
    lines = intervals[0].lines
    kinds = grouped(lines, {att1.CALL: "30d", att1.PUT: "30d", att1.PERPETUAL: "perpetual"})
    assert set(kinds) == {"", "30d", "perpetual"}, "the account's own stands under the empty name"
    assert abs(kinds[""].total) < 1e-15
    assert added(kinds.values()).total == pytest.approx(intervals[0].total.total, abs=1e-15)
    tags = tagged(lines, {att1.CALL: {"wheel": 0.25, "strangle": 0.75}, att1.PUT: {"strangle": 1.0}})
    assert set(tags) == {"", "strangle", "wheel"}
    assert tags["wheel"].vega == pytest.approx(0.25 * lines[att1.CALL].vega)
    assert tags[""].future_delta == lines[att1.PERPETUAL].future_delta
    assert added(tags.values()).total == pytest.approx(intervals[0].total.total, abs=1e-15)


STATE = st.tuples(st.floats(50_000, 200_000), st.floats(0.2, 2.0))


@settings(max_examples=100, deadline=None)
@given(
    path=st.lists(STATE, min_size=2, max_size=12),
    quantity=st.floats(-100, 100),
    size=st.integers(-100_000, 100_000),
    trades=st.lists(st.tuples(st.integers(-20_000, 20_000), st.floats(-0.01, 0.01)), max_size=11),
)
def test_any_path_closes_and_its_total_does_not_depend_on_the_sampling(
    path: list[tuple[float, float]], quantity: float, size: int, trades: list[tuple[int, float]]
) -> None:
    """Telescoping: many short intervals and one long one earn the same; trades cut but lose nothing."""
    running = RunningAttribution(0, 10.0, path[0][0])
    running.hold("C", CALL, quantity, marked(CALL, 0, *path[0]))
    running.hold("P", PERPETUAL, float(size), Mark(0, path[0][0]))
    running.hold("F", DATED, 1000.0 * quantity, dated(0, 1.02 * path[0][0], path[0][0]))
    cash = 0.0
    position, entries = float(size), size / path[0][0]
    for step, (forward, sigma) in enumerate(path[1:], 1):
        at_ms = step * 3_600_000
        running.marked("C", marked(CALL, at_ms, forward, sigma))
        running.marked("F", dated(at_ms, (1.0 + sigma / 10.0) * forward, forward))
        if step <= len(trades) and trades[step - 1][0]:
            amount, off = trades[step - 1]
            price, decided = forward * (1 + off), forward * (1 - off)
            running.traded("P", PERPETUAL, float(amount), price, 1e-5, Mark(at_ms, forward), decided)
            position, entries, cash = position + amount, entries + amount / price, cash - 1e-5
        else:
            running.marked("P", Mark(at_ms, forward))
    last, forward = len(path) - 1, path[-1][0]
    option = quantity * (marked(CALL, last * 3_600_000, *path[-1]).price - marked(CALL, 0, *path[0]).price)
    basis = 1.0 + path[-1][1] / 10.0
    future = 1000.0 * quantity * (1.0 / (1.02 * path[0][0]) - 1.0 / (basis * forward))
    equity = math.fsum((10.0, cash, entries, -position / forward, option, future))
    interval = running.cut(last * 3_600_000, equity, forward)
    assert abs(interval.gap) < 1e-12 * max(1.0, abs(quantity))
    usd = interval.total_usd
    assert usd.total == pytest.approx(equity * forward - 10.0 * path[0][0], rel=1e-9, abs=1e-6)


def test_dollars_have_no_collateral_line() -> None:
    lines = Lines(future_delta=100.0, fees=-1.0)
    assert in_usd(lines, 50_000.0, 1.0, 1.0) == lines
