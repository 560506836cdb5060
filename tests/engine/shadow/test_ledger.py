"""What a hedge came to, by figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.instrument import Payoff
from hedger.domain.order import Side
from hedger.engine.shadow.ledger import Ledger
from tests.engine.rig import perpetual

INVERSE = perpetual()
LINEAR = msgspec.structs.replace(perpetual("BTC_USDC-PERPETUAL"), payoff=Payoff.LINEAR)
EIGHT_HOURS_MS = 28_800_000


def bought(amount: str, price: str, mark: float, fee: str = "0") -> Ledger:
    ledger = Ledger()
    ledger.trade(INVERSE, Side.BUY, Decimal(amount), Decimal(price), mark, Decimal(fee))
    return ledger


def test_an_inverse_future_gains_in_coin_what_the_venue_would_pay() -> None:
    """Theory 1.3: 100,000 USD bought at 100,000 come to +0.0909 coin at 110,000 and -0.1111 at 90,000."""
    ledger = bought("100000", "100000", 100_000.0)
    assert ledger.worth(INVERSE, 110_000.0).coin == pytest.approx(0.090909090909, abs=1e-12)
    assert ledger.worth(INVERSE, 90_000.0).coin == pytest.approx(-0.111111111111, abs=1e-12)


def test_a_round_trip_leaves_its_costs_and_nothing_else() -> None:
    """20,000 USD bought at 100,010 and sold at 99,990 around a mark of 100,000, 0.35 per mille each way.

    Spread 2 USD each way in first order; fees 20,000 / 100,010 * 0.00035 coin, 7 USD, each way.
    """
    ledger = Ledger()
    for side, price in ((Side.BUY, "100010"), (Side.SELL, "99990")):
        fee = Decimal(repr(0.00035 * 20_000 / float(price)))
        ledger.trade(INVERSE, side, Decimal(20_000), Decimal(price), 100_000.0, fee)
    assert ledger.amount == 0
    assert ledger.trades == 2
    assert ledger.turnover_usd == 40_000.0
    assert ledger.fees_usd == pytest.approx(14.0, rel=1e-7)
    assert ledger.spread_usd == pytest.approx(4.0, rel=1e-7)
    assert ledger.cost_usd == pytest.approx(18.0, rel=1e-7)
    lost = 20_000 * (1 / 99_990 - 1 / 100_010) + 0.00035 * 20_000 * (1 / 100_010 + 1 / 99_990)
    for anywhere in (50_000.0, 100_000.0, 200_000.0):
        assert ledger.worth(INVERSE, anywhere).coin == pytest.approx(-lost, rel=1e-12)


def test_a_linear_future_gains_dollars() -> None:
    ledger = Ledger()
    ledger.trade(LINEAR, Side.SELL, Decimal("0.5"), Decimal(99_990), 100_000.0, Decimal("17.49825"))
    worth = ledger.worth(LINEAR, 98_000.0)
    assert worth.coin == 0.0
    assert worth.usd == pytest.approx(0.5 * (99_990 - 98_000) - 17.49825)
    assert ledger.spread_usd == pytest.approx(5.0)
    assert ledger.turnover_usd == 49_995.0


def test_long_pays_a_positive_funding_rate_and_short_is_paid() -> None:
    """1 per mille in 8 h on one coin's worth: a thousandth of a coin, half of it in half the time."""
    long, short = bought("100000", "100000", 100_000.0), Ledger()
    short.trade(INVERSE, Side.SELL, Decimal(100_000), Decimal(100_000), 100_000.0, Decimal(0))
    for ledger in (long, short):
        ledger.accrue(INVERSE, 100_000.0, 0.001, EIGHT_HOURS_MS // 2)
        ledger.accrue(INVERSE, 100_000.0, 0.001, EIGHT_HOURS_MS)
    assert long.worth(INVERSE, 100_000.0).coin == pytest.approx(-0.001)
    assert short.worth(INVERSE, 100_000.0).coin == pytest.approx(0.001)
    assert (long.funding_usd, short.funding_usd) == (pytest.approx(100.0), pytest.approx(-100.0))


def test_a_dated_future_pays_no_funding() -> None:
    ledger = bought("100000", "100000", 100_000.0)
    ledger.accrue(INVERSE, 100_000.0, None, EIGHT_HOURS_MS)
    assert ledger.worth(INVERSE, 100_000.0).coin == 0.0
