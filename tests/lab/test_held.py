"""A held book in the lab: the daemon's own deltas, whatever the forwards, and what is refused by name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hedger.domain.errors import ConfigError
from hedger.domain.vocabulary import Neutral
from hedger.engine.ownership.scope import Scope
from hedger.engine.records import Attributed, HeldAt
from hedger.engine.settings import BookSettings
from hedger.engine.views.owned_view import OwnershipView
from hedger.engine.views.view import BookView, HedgePositionView, PositionView
from hedger.lab.book import Book
from hedger.lab.held import Held, book_of, delta_of, held_by, held_in, iv_of
from hedger.pricing.black76 import YEAR_MS, black76
from tests.view_fixtures import MARKET_MS, book, positions

INDEX = 64_250.0
FORWARDS = {"BTC-27FEB26-70000-C": 64_800.0, "BTC-26JUN26-58000-P": 66_500.0}
EXPIRY_MS = {"BTC-27FEB26-70000-C": 1_772_179_200_000, "BTC-26JUN26-58000-P": 1_782_460_800_000}
SIZES = {"BTC-27FEB26-70000-C": -10.0, "BTC-26JUN26-58000-P": -4.0}
IVS = {"BTC-27FEB26-70000-C": 0.512, "BTC-26JUN26-58000-P": 0.561}


def settings(**changes: Any) -> BookSettings:
    given = {"name": "btc_main", "venue": "deribit", "underlying": "BTC", "hedge_instrument": "BTC-PERPETUAL"}
    return BookSettings(**{**given, "neutral": Neutral.COIN, **changes})


def option(name: str, **changes: Any) -> PositionView:
    return msgspec.structs.replace(
        positions()[0],
        instrument=name,
        size=str(SIZES.get(name, -1.0)),
        iv=IVS.get(name, 0.5),
        forward_usd=FORWARDS.get(name),
        **changes,
    )


def view(**changes: Any) -> BookView:
    """Two expiries, each with its own forward, and futures."""
    held = (*(option(name) for name in SIZES), positions()[2])
    return book(**{"positions": held, "hedge_position": HedgePositionView(0.4678, 30_060.0), **changes})


def lab_book(found: BookView, neutral: Neutral = Neutral.COIN) -> Book:
    return book_of(held_in(found, MARKET_MS), settings(neutral=neutral), MARKET_MS)


def blacks() -> dict[str, tuple[float, float]]:
    """Delta and value in coin of each position, priced as the venue does: on its expiry's own forward."""
    found = {}
    for name, size in SIZES.items():
        sign, strike = (1.0, 70_000.0) if name.endswith("C") else (-1.0, 58_000.0)
        tau = (EXPIRY_MS[name] - MARKET_MS) / YEAR_MS
        one = black76(FORWARDS[name], strike, tau, IVS[name], sign)
        found[name] = size * float(one.delta), size * float(one.price_usd) / FORWARDS[name]
    return found


@pytest.mark.parametrize(
    ("neutral", "premium", "equity"), [(Neutral.COIN, 1, 0), (Neutral.USD, 1, 1), (Neutral.BLACK, 0, 0)]
)
def test_its_delta_is_the_venues_though_each_expiry_has_a_forward_of_its_own(
    neutral: Neutral, premium: int, equity: int
) -> None:
    wanted = sum(delta - premium * value for delta, value in blacks().values()) + 0.4678 + equity * 10.0
    assert delta_of(lab_book(view(), neutral)) == pytest.approx(wanted, abs=1e-9)


def test_what_is_held_elsewhere_counts_and_a_hedge_set_aside_does_not() -> None:
    delta = msgspec.structs.replace(view().delta, kept_coin=0.3)
    found = view(delta=delta, ownership=OwnershipView(external_delta_coin=1.0))
    assert lab_book(found).hedge_coin == pytest.approx(0.4678 + 1.0 - 0.3)


def test_the_books_volatility_is_weighted_by_vega() -> None:
    assert 0.512 < iv_of(lab_book(view())) < 0.561


def test_a_dollar_book_is_linear_and_needs_no_equity() -> None:
    name = "BTC_USDC-27FEB26-70000-C"
    found = lab_book(view(positions=(option(name),), equity_coin=None), Neutral.USD)
    assert (found.accounting, found.neutral, found.equity_coin) == ("linear", "usd", 0.0)


LINES: dict[str, Any] = {"lines": {}, "tags": {}, "bookings": 0, "booked_ms": 0, "cash_gap": 0.0}


def test_the_journals_last_interval_is_the_same_book() -> None:
    held = {name: HeldAt(SIZES[name], MARKET_MS, 0.02, FORWARDS[name], IVS[name]) for name in SIZES}
    row = Attributed(
        market_ms=MARKET_MS,
        venue="deribit",
        currency="BTC",
        from_ms=0,
        equity_before=10.0,
        equity_after=10.0,
        rate_before_usd=INDEX,
        rate_after_usd=INDEX,
        cash_tolerance=0.0,
        held={**held, "BTC-PERPETUAL": HeldAt(30_060.0, MARKET_MS, 30_060.0 / 0.4678)},
        **LINES,
    )
    told = book_of(held_by(row, settings()), settings(), MARKET_MS)
    assert told == lab_book(view())
    assert held_by(row, settings()).doubts == ()
    assert "paper" in held_by(msgspec.structs.replace(row, paper=True), settings()).doubts[0]
    elsewhere = Scope(external_delta_coin=1.0, external_owner="desk", external_until="2026-12-31")
    assert held_by(row, settings(scope=elsewhere)).hedge_coin == pytest.approx(1.4678)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (view(positions=(positions()[2],)), "book btc_main: holds no options"),
        (
            view(positions=(option("BTC-27FEB26-70000-C"), option("BTC_USDC-27FEB26-70000-C"))),
            "options settled in BTC and USDC; tuning takes one of them",
        ),
        (view(positions=(option("BTC-30JAN26-70000-C"),)), "BTC-30JAN26-70000-C expired at 2026-01-30T08:00"),
        (
            view(positions=(msgspec.structs.replace(option("BTC-27FEB26-70000-C"), iv=None),)),
            "BTC-27FEB26-70000-C: its implied volatility is not known yet",
        ),
        (view(index_usd=None, missing=("index: awaited",)), "not known whole yet: index: awaited"),
        (view(equity_coin=None), "not known whole yet"),
        (view(hedge_position=HedgePositionView(None, None)), "not known whole yet"),
        (
            view(positions=(msgspec.structs.replace(option("BTC-27FEB26-70000-C"), iv=12.0),)),
            "BTC-27FEB26-70000-C: iv = 12.0: must be at most 10",
        ),
    ],
)
def test_a_book_that_cannot_be_tuned_is_refused_by_name(held: BookView, said: str) -> None:
    with pytest.raises(ConfigError, match="book btc_main: ") as error:
        lab_book(held)
    assert said in str(error.value)


def test_a_band_of_equity_is_refused_where_the_lab_knows_none() -> None:
    linear = view(positions=(option("BTC_USDC-27FEB26-70000-C"),))
    held: Held = held_in(linear, MARKET_MS)
    with pytest.raises(ConfigError, match=r'books.btc_main.band.unit = "equity"'):
        book_of(held, settings(policy_params={"unit": 1}), MARKET_MS)
