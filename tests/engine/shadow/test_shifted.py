"""What a shadow sees: the live inputs with its own hedge in the place of the live one, worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.instrument import Instrument, Payoff
from hedger.domain.order import Side
from hedger.domain.vocabulary import Neutral
from hedger.engine.shadow.shadow import Market, Shadow, made, shifted
from hedger.policies.inputs import Inputs
from tests.engine.rig import Rig, perpetual
from tests.engine.shadow.shaded import shadow

LINEAR = msgspec.structs.replace(perpetual("BTC_USDC-PERPETUAL"), payoff=Payoff.LINEAR)
SEEN = Inputs(*(float(n) for n in range(1, len(Inputs._fields) + 1)))
OWN_WAYS = {"delta_coin", "gamma_coin_per_usd", "last_hedge_s", "book_epoch", "equity_coin"}


def holding(side: Side, amount: str, price: float, listed: Instrument) -> Shadow:
    """A shadow that has traded where the live hedge has not, without a fee."""
    one = made(shadow("one"))
    one.begin(SEEN, 1)
    one.own.trade(listed, side, Decimal(amount), Decimal(repr(price)), price, Decimal(0))
    one.hold_apart()
    return one


def market(neutral: Neutral, listed: Instrument, mark: float, **more: float) -> Market:
    quote = msgspec.structs.replace(Rig().perp_quote().quote, mark=mark)
    return Market(listed, quote, {}, neutral, listed.payoff is Payoff.INVERSE, **more)  # type: ignore[arg-type]


def test_what_is_not_of_the_hedge_is_what_the_live_policy_sees() -> None:
    """Whatever fields inputs have, and gain."""
    found = shifted(
        holding(Side.BUY, "50000", 100_000.0, perpetual()), SEEN, market(Neutral.COIN, perpetual(), 1e5)
    )
    for name in Inputs._fields:
        if name not in OWN_WAYS:
            assert getattr(found, name) == getattr(SEEN, name), name


def test_with_the_live_hedge_it_sees_the_live_inputs() -> None:
    one = made(shadow("one"))
    one.begin(SEEN, 1)
    assert shifted(one, SEEN, market(Neutral.USD, perpetual(), 1e5)) == SEEN


def test_an_inverse_hedge_moves_delta_by_its_dollars_at_the_mark_and_bends_it() -> None:
    """50,000 USD at 80,000: +0.625 coin, and -2 * 0.625 / 80,000 coin per USD (theory 1.3)."""
    one = holding(Side.BUY, "50000", 100_000.0, perpetual())
    found = shifted(one, SEEN, market(Neutral.COIN, perpetual(), 80_000.0))
    assert found.delta_coin == pytest.approx(SEEN.delta_coin + 0.625)
    assert found.gamma_coin_per_usd == pytest.approx(SEEN.gamma_coin_per_usd - 2 * 0.625 / 80_000)


def test_counted_in_dollars_it_stays_where_it_was_bought() -> None:
    """In USD an inverse future is linear: 50,000 USD at 100,000 are half a coin of U' = E + DT at any price.

    The equity falls by 0.5 - 0.625 coin, which DT gains.
    """
    one = holding(Side.BUY, "50000", 100_000.0, perpetual())
    for mark in (80_000.0, 100_000.0, 125_000.0):
        found = shifted(one, SEEN, market(Neutral.USD, perpetual(), mark))
        assert found.delta_coin == pytest.approx(SEEN.delta_coin + 0.5)
        assert found.gamma_coin_per_usd == SEEN.gamma_coin_per_usd
        assert found.equity_coin == pytest.approx(SEEN.equity_coin + 0.5 - 50_000 / mark)


def test_a_linear_hedge_is_coin() -> None:
    one = holding(Side.SELL, "0.5", 100_000.0, LINEAR)
    for neutral in Neutral:
        found = shifted(one, SEEN, market(neutral, LINEAR, 80_000.0))
        assert found.delta_coin == SEEN.delta_coin - 0.5
        assert (found.gamma_coin_per_usd, found.equity_coin) == (SEEN.gamma_coin_per_usd, SEEN.equity_coin)


def test_live_orders_in_flight_and_their_failures_are_not_its_own() -> None:
    one = made(shadow("one"))
    one.begin(SEEN, 1)
    found = shifted(one, SEEN, market(Neutral.COIN, perpetual(), 1e5, in_flight_coin=0.25, missed=3))
    assert (found.delta_coin, found.book_epoch) == (SEEN.delta_coin - 0.25, SEEN.book_epoch - 3)
