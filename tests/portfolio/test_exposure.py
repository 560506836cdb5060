"""The three conventions against the worked example of theory 1.4: short 10 calls, equity 5 BTC."""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.errors import InvariantError
from hedger.domain.instrument import Payoff
from hedger.domain.vocabulary import Neutral
from hedger.portfolio.book import Book
from hedger.portfolio.exposure import Exposure, check_identity, controlled, gamma_of_controlled
from tests.portfolio import market
from tests.portfolio.market import At

HEDGES_USD = {Neutral.COIN: 366_355.4482, Neutral.USD: -133_644.5518, Neutral.BLACK: 408_818.6315}
PRICE, DELTA, NET, GAMMA = 0.0424631834, 0.4088186315, 0.3663554482, 2.463699e-05


def short_ten_calls(hedge_usd: str = "0") -> Book:
    book = Book("BTC", market.VENUE, ("BTC",))
    book.set_instrument(market.option())
    book.set_instrument(market.perpetual())
    book.set_quote(market.option_quote(market.option()))
    book.set_quote(market.future_quote())
    book.set_position(market.CALL, Decimal(-10))
    book.set_position(market.PERPETUAL, Decimal(hedge_usd))
    book.set_index(market.index())
    book.set_account(market.account("5"))
    return book


def exposure_of(book: Book, wire_s: float = 0.0) -> Exposure:
    return book.exposure(At(wire_s=wire_s), **market.STALENESS)


def test_the_unhedged_book_reads_as_the_worked_example() -> None:
    exposure = exposure_of(short_ten_calls())
    assert exposure.black == pytest.approx(-10 * DELTA, rel=1e-9)
    assert exposure.net_transaction == pytest.approx(-10 * NET, rel=1e-9)
    assert exposure.with_equity == pytest.approx(5 - 10 * NET, rel=1e-9)
    assert exposure.options_value_coin == pytest.approx(-10 * PRICE, rel=2e-9)
    assert exposure.non_option_cash == pytest.approx(5 + 10 * PRICE, rel=2e-9)
    assert exposure.gamma_coin_per_usd == pytest.approx(-10 * GAMMA, rel=1e-6)
    assert exposure.vega_usd == pytest.approx(-1113.72680, rel=1e-8)
    assert exposure.theta_usd_per_day == pytest.approx(1020.91623, rel=1e-8)
    assert exposure.iv == pytest.approx(0.55)
    assert exposure.missing == ()
    assert exposure.stale == ()


@pytest.mark.parametrize(("neutral", "hedge_usd"), HEDGES_USD.items())
def test_the_hedge_of_the_table_brings_its_own_quantity_to_zero(neutral: Neutral, hedge_usd: float) -> None:
    """Coin and usd hedges even differ in sign: the wrong convention is not a small error."""
    exposure = exposure_of(short_ten_calls(str(hedge_usd)))
    assert controlled(exposure, neutral) == pytest.approx(0.0, abs=1e-8)
    others = [controlled(exposure, other) for other in Neutral if other is not neutral]
    assert all(abs(other) > 0.4 for other in others if other is not None)


def test_the_slopes_of_the_table_are_the_conventions_of_the_book() -> None:
    """dE/dlnF is DeltaTotal and dU/dF is E + DeltaTotal (theory 1.4)."""
    coin, usd, black = (exposure_of(short_ten_calls(str(q))) for q in HEDGES_USD.values())
    assert coin.with_equity == pytest.approx(5.0, abs=1e-8)
    assert usd.net_transaction == pytest.approx(-5.0, abs=1e-8)
    assert black.net_transaction == pytest.approx(0.42463183, abs=1e-8)
    assert black.with_equity == pytest.approx(5.42463183, abs=1e-8)


@pytest.mark.parametrize(
    ("hedge_usd", "move", "coin_change", "usd_change"),
    [
        (0.0, 0.99, 0.03576365, -1459.3989),
        (0.0, 1.05, -0.20376968, 3604.1831),
        (366_355.4482, 0.99, -0.00124195, -5122.9534),
        (366_355.4482, 1.01, -0.00122112, 4876.6666),
        (-133_644.5518, 0.99, 0.04926310, -122.9534),
        (-133_644.5518, 1.05, -0.26740995, -3078.0445),
        (408_818.6315, 0.95, -0.05424138, -30152.9309),
        (408_818.6315, 1.01, 0.00298315, 5301.2984),
    ],
)
def test_instant_moves_earn_what_the_table_says(
    hedge_usd: float, move: float, coin_change: float, usd_change: float
) -> None:
    book, moved_usd = short_ten_calls(str(hedge_usd)), 100_000.0 * move
    before = exposure_of(book).options_value_coin
    book.set_quote(market.option_quote(market.option(), moved_usd))
    after = exposure_of(book).options_value_coin
    assert before is not None
    assert after is not None
    earned = after - before + hedge_usd * (1 / 100_000 - 1 / moved_usd)
    assert earned == pytest.approx(coin_change, abs=1.5e-8)
    assert (5 + earned) * moved_usd - 500_000 == pytest.approx(usd_change, abs=1.5e-4 + 1e-8 * moved_usd)


def equity_in_coin(forward_usd: float, hedge_usd: float) -> float:
    """Equity of the example after an instant move of the whole market."""
    value = market.option_quote(market.option(), forward_usd).mark
    return -10 * value + hedge_usd * (1 / 100_000 - 1 / forward_usd)


@pytest.mark.parametrize("hedge_usd", [0.0, 366_355.4482, -133_644.5518])
def test_gamma_is_the_curvature_that_belongs_to_the_slope(hedge_usd: float) -> None:
    """F E'' for coin and U'' for usd, by finite differences of the whole book."""
    forward, step = 100_000.0, 50.0
    exposure = exposure_of(short_ten_calls(str(hedge_usd)))

    def second(value: object) -> float:
        assert callable(value)
        return float(value(forward + step) - 2 * value(forward) + value(forward - step)) / step**2

    coin = forward * second(lambda f: equity_in_coin(f, hedge_usd))
    usd = second(lambda f: (5 + equity_in_coin(f, hedge_usd)) * f)
    assert gamma_of_controlled(exposure, Neutral.COIN) == pytest.approx(coin, rel=1e-4)
    assert gamma_of_controlled(exposure, Neutral.USD) == pytest.approx(usd, rel=1e-4)
    assert gamma_of_controlled(exposure, Neutral.BLACK) == exposure.gamma_coin_per_usd


def test_without_the_account_only_equity_is_unknown() -> None:
    book = Book("BTC", market.VENUE, ("BTC",))
    book.set_index(market.index())
    exposure = exposure_of(book)
    assert (exposure.equity_coin, exposure.with_equity, exposure.non_option_cash) == (None, None, None)
    assert exposure.net_transaction == 0.0
    assert controlled(exposure, Neutral.USD) is None
    check_identity(exposure)


def test_an_identity_that_does_not_hold_stops_the_daemon() -> None:
    good = exposure_of(short_ten_calls("366350"))
    check_identity(good)
    with pytest.raises(InvariantError, match="identity_gap = 1e-07"):
        check_identity(msgspec.structs.replace(good, identity_gap=1e-7))
    with pytest.raises(InvariantError, match="nan"):
        check_identity(msgspec.structs.replace(good, identity_gap=math.nan))


@given(
    equity=st.integers(-1_000, 1_000),
    calls=st.integers(-500, 500),
    puts=st.integers(-500, 500),
    hedge=st.integers(-100_000, 100_000),
    forward=st.floats(20_000, 400_000),
    iv=st.floats(0.05, 3.0),
    basis=st.floats(-0.05, 0.05),
)
def test_equity_plus_delta_total_is_cash_plus_black_delta(
    equity: int, calls: int, puts: int, hedge: int, forward: float, iv: float, basis: float
) -> None:
    """E + DeltaTotal = C + sum n D + Q/F whatever is held and wherever the market is."""
    book = short_ten_calls()
    put = market.option(market.PUT, sign=-1)
    book.set_instrument(put)
    book.set_account(market.account(str(equity)))
    book.set_index(market.index(forward))
    book.set_position(market.CALL, Decimal(calls) / 10)
    book.set_position(market.PUT, Decimal(puts) / 10)
    book.set_position(market.PERPETUAL, Decimal(hedge * 10))
    book.set_quote(market.option_quote(market.option(), forward, iv))
    book.set_quote(market.option_quote(put, forward, iv))
    book.set_quote(market.future_quote(mark=forward * (1 + basis)))
    exposure = exposure_of(book)
    assert exposure.identity_gap is not None
    check_identity(exposure)


def test_a_linear_book_pays_no_premium_in_coin() -> None:
    """Theory 1.5: delta as it is, the hedge in coin, collateral in dollars apart from the coin."""
    book = Book("BTC", market.VENUE, ("USDC",))
    call = market.option(
        "BTC_USDC-21OCT26-105000-C", payoff=Payoff.LINEAR, quote_currency="USDC", settlement_currency="USDC"
    )
    perpetual = market.linear_perpetual()
    for instrument in (call, perpetual):
        book.set_instrument(instrument)
    book.set_quote(market.option_quote(call))
    book.set_quote(market.future_quote(perpetual.name))
    book.set_position(call.name, Decimal(-10))
    book.set_position(perpetual.name, Decimal("4.08818632"))
    book.set_index(market.index(name="btc_usdc"))
    book.set_account(market.account("500000", "USDC"))
    exposure = exposure_of(book)
    assert exposure.hedge_coin == pytest.approx(4.08818632)
    for neutral in Neutral:
        assert controlled(exposure, neutral) == pytest.approx(0.0, abs=1e-8)
        assert gamma_of_controlled(exposure, neutral) == pytest.approx(-10 * GAMMA, rel=1e-6)
    assert (exposure.equity_coin, exposure.options_value_coin) == (0.0, 0.0)
    check_identity(exposure)
