"""Realised profit by the session's average entry, against the local exchange's own way of counting it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedger.domain.account import Account, Position
from hedger.engine.attribution.cash import CashCheck, Entry, unit_of, worth_of
from hedger.portfolio.attribution import FutureTerms
from hedger.simulator.positions import Position as Held
from tests.engine.rig import PERP, VENUE, Rig
from tests.simulator.scripted_world import ScriptedWorld

INVERSE = FutureTerms(inverse=True)
PERPETUAL = ScriptedWorld().listings()[PERP]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-5_000, 5_000).filter(bool), st.integers(50_000, 200_000)), max_size=20)
)
def test_what_a_close_realises_is_what_the_exchange_realises(trades: list[tuple[int, int]]) -> None:
    """Through zero and back: opened, enlarged, cut, turned round."""
    held, entry = Held(PERPETUAL), Entry(0.0, 0.0)
    for lots, price in trades:
        amount = 10 * lots
        told = held.trade(Decimal(amount), Decimal(price), Decimal(price))
        assert entry.trade(float(amount), float(price), INVERSE) == pytest.approx(float(told), abs=1e-12)
        assert entry.size == float(held.size)


def test_a_linear_future_realises_dollars() -> None:
    entry = Entry(0.0, 0.0)
    linear = FutureTerms(inverse=False)
    assert entry.trade(2.0, 100.0, linear) == 0.0
    assert entry.trade(-1.0, 110.0, linear) == pytest.approx(10.0)
    assert entry.trade(-2.0, 90.0, linear) == pytest.approx(-10.0), "and one is short at 90 now"
    assert entry.trade(1.0, 80.0, linear) == pytest.approx(10.0)


def account(**figures: str) -> Account:
    told = Rig().account().account
    return msgspec.structs.replace(told, **{name: Decimal(value) for name, value in figures.items()})


def test_the_entry_of_a_session_is_the_worth_at_the_mark_less_the_floating_profit() -> None:
    check = CashCheck()
    floating = worth_of(1_000.0, 100_000.0, INVERSE) - worth_of(1_000.0, 90_000.0, INVERSE)
    position = Position(
        VENUE, PERP, Decimal(1_000), mark_price=Decimal(100_000), floating_pnl=Decimal(repr(floating))
    )
    check.positioned(position, INVERSE)
    check.told(account(balance="10"), session=1, allowed=0.0)
    check.traded(PERP, INVERSE, -1_000.0, 95_000.0)
    assert check.expected == pytest.approx(10.0 + 1_000 * (1 / 90_000 - 1 / 95_000), abs=1e-12)


def test_a_close_whose_entry_nobody_told_makes_a_new_beginning() -> None:
    check = CashCheck()
    check.told(account(balance="10"), session=1, allowed=0.0)
    check.traded(PERP, INVERSE, -1_000.0, 95_000.0)
    assert check.expected is None
    check.told(account(balance="10.5"), session=1, allowed=0.0)
    assert (check.expected, check.gap, check.beyond) == (10.5, 0.0, 0)


@pytest.mark.parametrize("terms", [INVERSE, FutureTerms(inverse=False)])
def test_trades_told_in_another_order_than_they_happened_in_make_no_gap(terms: FutureTerms) -> None:
    """A sale and a buy: the average entry, and so what the buy realised, depends on which was first."""
    begun, sold, bought = (-60.0, 100.0), (-40.0, 110.0), (50.0, 90.0)
    theirs, check = Entry(0.0, 0.0), CashCheck()
    theirs.trade(*begun, terms)
    check.entries[PERP] = replace(theirs)
    check.told(account(balance="10"), session=1, allowed=0.0)
    realised = theirs.trade(*sold, terms) + theirs.trade(*bought, terms)
    for quantity, price_usd in (bought, sold):
        check.traded(PERP, terms, quantity, price_usd)
    floating = Decimal(repr(worth_of(theirs.size, 95.0, terms) - theirs.worth))
    size = Decimal(str(theirs.size))
    check.positioned(Position(VENUE, PERP, size, mark_price=Decimal(95), floating_pnl=floating), terms)
    check.told(account(balance="10", session_rpl=repr(realised)), session=1, allowed=0.0)
    assert check.gap == pytest.approx(0.0, abs=1e-9)


def test_a_gap_is_beyond_only_what_rounding_and_funding_may_make() -> None:
    check = CashCheck()
    check.told(account(balance="10.00000001"), session=1, allowed=0.0)
    check.book(-1.0)
    check.told(account(balance="9.00000003"), session=1, allowed=0.0)
    assert check.gap == pytest.approx(2e-8)
    assert check.beyond == 0, "two bookings and one telling were rounded"
    check.told(account(balance="9.00000013"), session=1, allowed=2e-7)
    assert check.beyond == 0, "funding accrued meanwhile"
    check.told(account(balance="9.00000013"), session=1, allowed=0.0)
    check.told(account(balance="9.00000013"), session=1, allowed=0.0)
    assert check.beyond == 2
    check.told(account(balance="9.5"), session=2, allowed=0.0)
    assert (check.beyond, check.gap) == (0, 0.0), "a session moved into cash"


@pytest.mark.parametrize(("balance", "unit"), [("10.00000001", 1e-8), ("10.000001", 1e-6), ("10", 1e-6)])
def test_the_last_digit_is_the_one_the_venue_shows(balance: str, unit: float) -> None:
    assert unit_of(account(balance=balance, equity="1")) == unit
