"""The second door for a spread: by its own book, and in each leg as an order there."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.approval import Approved, Refused
from hedger.domain.instrument import InstrumentState, Kind
from hedger.domain.order import Side, TimeInForce
from hedger.domain.vocabulary import BreakerState, Mode, Reason
from hedger.risk.admit import Leg
from hedger.risk.envelope import AssetClass, Envelope
from hedger.risk.standard import Holding
from tests.portfolio import market
from tests.risk.accounts import account, funds
from tests.risk.test_admit import counters_with, intent, judged

NAME = "BTC-FS-21OCT26_PERP"
LISTED = market.perpetual(NAME, kind=Kind.FUTURE_COMBO)
QUOTE = msgspec.structs.replace(
    market.future_quote(),
    instrument=NAME,
    mark=1_000.0,
    bid=999.5,
    ask=1_000.5,
    min_price=-500.0,
    max_price=2_500.0,
)
ORDER = intent(instrument=NAME, price=Decimal(1_001))


def future_quote(**changes: Any) -> Any:
    fields = {"instrument": market.FUTURE, "mark": 101_000.0, **changes}
    return msgspec.structs.replace(market.future_quote(), **fields)


def leg(name: str, side: Side, **changes: Any) -> Leg:
    future = name == market.FUTURE
    listed = market.perpetual(name, kind=Kind.FUTURE if future else Kind.PERPETUAL)
    quote = future_quote() if future else market.future_quote()
    held = Holding(listed, 0.0, quote.mark, quote.mark)
    money = changes.pop("account", _money(held))
    made = Leg(listed, quote, side, Decimal(0), Decimal(0), Decimal(0), money)
    return made._replace(**changes)


def _money(held: Holding) -> Any:
    known = account()
    return known._replace(holdings={**known.holdings, held.instrument.name: held})


def legs(side: Side = Side.BUY, **changes: Any) -> tuple[Leg, Leg]:
    """As who buys (sells) the spread trades them; changes are made to both."""
    first, second = (Side.BUY, Side.SELL) if side is Side.BUY else (Side.SELL, Side.BUY)
    return leg(market.FUTURE, first, **changes), leg(market.PERPETUAL, second, **changes)


def answer(order: Any = ORDER, **changes: Any) -> Approved | Refused:
    given = {"instrument": LISTED, "quote": QUOTE, "account": None, "legs": legs(order.side), **changes}
    return judged(order, **given)


def reason(order: Any = ORDER, **changes: Any) -> Reason:
    made = answer(order, **changes)
    assert isinstance(made, Refused)
    assert made.detail
    return made.reason


def test_a_sound_spread_is_approved_as_it_is() -> None:
    assert answer() == Approved(ORDER, Mode.LIVE)
    sold = intent(instrument=NAME, side=Side.SELL, price=Decimal(999))
    assert answer(sold) == Approved(sold, Mode.LIVE)


def test_a_price_at_or_below_zero_is_legal_for_a_difference() -> None:
    cheap = msgspec.structs.replace(QUOTE, mark=-0.25, bid=-0.5, ask=0.0)
    level = (
        leg(market.FUTURE, Side.BUY, quote=future_quote(mark=99_999.75)),
        leg(market.PERPETUAL, Side.SELL),
    )
    order = intent(instrument=NAME, price=Decimal(0))
    assert answer(order, quote=cheap, legs=level) == Approved(order, Mode.LIVE)


@pytest.mark.parametrize(
    "told",
    [
        (),
        legs()[:1],
        legs(Side.SELL),
        legs()[::-1],
        (*legs(), legs()[0]),
    ],
)
def test_without_exactly_its_legs_it_goes_nowhere(told: tuple[Leg, ...]) -> None:
    assert reason(legs=told) is Reason.ILLEGAL_ORDER


def test_an_order_in_one_instrument_has_no_legs() -> None:
    made = judged(legs=legs())
    assert isinstance(made, Refused)
    assert made.reason is Reason.ILLEGAL_ORDER


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"received_wire_s": -5.01}, Reason.STALE_QUOTE),
        ({"mark": math.nan}, Reason.BAD_INPUT),
        ({"state": InstrumentState.HALTED}, Reason.INSTRUMENT_NOT_OPEN),
    ],
)
def test_both_legs_are_open_and_fresh(which: int, changes: dict[str, Any], why: Reason) -> None:
    told = list(legs())
    told[which] = told[which]._replace(quote=msgspec.structs.replace(told[which].quote, **changes))
    assert reason(legs=tuple(told)) is why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"received_wire_s": -5.01}, Reason.STALE_QUOTE),
        ({"state": InstrumentState.SETTLEMENT}, Reason.INSTRUMENT_NOT_OPEN),
        ({"bid": None}, Reason.NO_LIQUIDITY),
        ({"ask_amount": 0.0}, Reason.NO_LIQUIDITY),
        ({"bid": 1_001.0}, Reason.BAD_INPUT),
        ({"mark": math.inf}, Reason.BAD_INPUT),
        ({"ask": 1_999.0, "bid": 1_000.0}, Reason.SPREAD),
        ({"max_price": 1_000.5}, Reason.PRICE_COLLAR),
        ({"mark": 3_001.0, "max_price": None}, Reason.PRICE_COLLAR),
    ],
)
def test_its_own_book_is_open_fresh_two_sided_and_not_wide(changes: dict[str, Any], why: Reason) -> None:
    assert reason(quote=msgspec.structs.replace(QUOTE, **changes)) is why


def test_a_mark_that_is_not_the_difference_of_its_legs_is_not_believed() -> None:
    """The spread says 1,000, its legs 3,000: at one per cent of the index that is too far apart."""
    far = leg(market.FUTURE, Side.BUY, quote=future_quote(mark=103_000.0))
    made = answer(legs=(far, legs()[1]))
    assert isinstance(made, Refused)
    assert "difference of the legs' marks" in made.detail


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"amount": Decimal(15)}, Reason.ILLEGAL_ORDER),
        ({"price": Decimal("1000.3")}, Reason.ILLEGAL_ORDER),
        ({"amount": Decimal(300_000)}, Reason.ORDER_NOTIONAL),
        ({"time_in_force": TimeInForce.GTC}, None),
    ],
)
def test_size_and_price_are_legal(changes: dict[str, Any], why: Reason | None) -> None:
    order = intent(**{"instrument": NAME, "price": Decimal(1_001), **changes})
    assert (reason(order) if why else None) is why


def test_the_position_cap_holds_in_each_leg() -> None:
    most = Envelope(max_hedge_position_coin=1.0)
    for which in (0, 1):
        told = list(legs())
        sign = told[which].side.sign
        told[which] = told[which]._replace(hedge_position=Decimal(sign * 99_000))
        assert reason(legs=tuple(told), envelope=most) is Reason.HEDGE_POSITION
        told[which] = told[which]._replace(hedge_position=Decimal(-sign * 99_000))
        assert isinstance(answer(legs=tuple(told), envelope=most), Approved)


def test_turnover_counts_both_legs() -> None:
    cap = Envelope(max_turnover_hour_usd=100_000.0)
    assert isinstance(answer(envelope=cap, counters=counters_with(usd=80_000.0)), Approved)
    assert reason(envelope=cap, counters=counters_with(usd=80_001.0)) is Reason.TURNOVER_HOUR


def test_both_kinds_must_be_allowed() -> None:
    assert reason(envelope=Envelope(asset_classes=(AssetClass.PERPETUAL,))) is Reason.ASSET_CLASS
    assert reason(envelope=Envelope(asset_classes=(AssetClass.FUTURE,))) is Reason.ASSET_CLASS


def test_the_leg_that_grows_asks_for_its_margin() -> None:
    poor = funds(balance=0.001, initial=0.001)
    short = [each.account._replace(funds=poor) for each in legs() if each.account is not None]
    told = tuple(each._replace(account=money) for each, money in zip(legs(), short, strict=True))
    assert reason(legs=told) is Reason.MARGIN
    assert reason(legs=legs(account=None)) is Reason.ACCOUNT_UNKNOWN


@pytest.mark.parametrize(
    ("breaker", "why"),
    [
        (BreakerState.PAUSED, Reason.PAUSED),
        (BreakerState.HALTED, Reason.HALTED),
        (BreakerState.REDUCE_ONLY, Reason.REDUCE_ONLY),
        (BreakerState.FLATTENING, Reason.FLATTENING),
    ],
)
def test_a_breaker_stops_it(breaker: BreakerState, why: Reason) -> None:
    """Even where one leg would shrink: the other grows."""
    told = (legs()[0], legs()[1]._replace(hedge_position=Decimal(50_000)))
    assert reason(legs=told, breaker=breaker) is why


def test_a_spread_of_another_index_is_refused() -> None:
    told = list(legs())
    listed = msgspec.structs.replace(told[0].instrument, price_index="eth_usd")
    told[0] = told[0]._replace(instrument=listed)
    assert reason(legs=tuple(told)) is Reason.ILLEGAL_ORDER


def test_observe_mode_refuses_it_last() -> None:
    assert reason(mode=Mode.OBSERVE) is Reason.OBSERVE_MODE
