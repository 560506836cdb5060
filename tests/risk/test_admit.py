"""The second door: one order that passes, and every single reason for which it would not."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.approval import Approved, Refused
from hedger.domain.instrument import InstrumentState
from hedger.domain.order import OrderIntent, OrderType, Side, TimeInForce
from hedger.domain.vocabulary import BreakerState, Mode, Reason
from hedger.risk.admit import admit
from hedger.risk.counters import Counters
from hedger.risk.envelope import AssetClass, Envelope, OrderStyle
from hedger.risk.margin_params import MarginParams
from hedger.risk.standard import Holding
from tests.portfolio import market
from tests.portfolio.market import NOW_MS, At
from tests.risk.accounts import account, funds
from tests.risk.trades import fill


def intent(**changes: Any) -> OrderIntent:
    return OrderIntent(
        **{
            "label": "h-btc-1-1",
            "book": "btc",
            "venue": market.VENUE,
            "instrument": market.PERPETUAL,
            "side": Side.BUY,
            "amount": Decimal(10_000),
            "order_type": OrderType.LIMIT,
            "time_in_force": TimeInForce.IOC,
            "valid_until_ms": NOW_MS + 5_000,
            "created_ms": NOW_MS,
            "price": Decimal(100_100),
            **changes,
        }
    )


def judged(order: OrderIntent | None = None, **changes: Any) -> Approved | Refused:
    given: dict[str, Any] = {
        "instrument": market.perpetual(),
        "quote": market.future_quote(),
        "index": market.index(),
        "envelope": Envelope(),
        "breaker": BreakerState.RUNNING,
        "mode": Mode.LIVE,
        "counters": Counters(),
        "hedge_position": Decimal(0),
        "now": At(),
        "latched": "",
        "account": account(),
        "floor": MarginParams(),
        **changes,
    }
    return admit(order or intent(), given.pop("instrument"), given.pop("quote"), given.pop("index"), **given)


def refusal(order: OrderIntent | None = None, **changes: Any) -> Reason:
    answer = judged(order, **changes)
    assert isinstance(answer, Refused)
    assert answer.detail
    return answer.reason


def counters_with(*, orders: int = 0, usd: float = 0.0) -> Counters:
    counters = Counters()
    for _ in range(orders):
        counters.add_order(At())
    counters.add_fill(fill(), usd)
    return counters


def test_a_sound_order_is_approved_as_it_is_for_its_mode() -> None:
    assert judged() == Approved(intent(), Mode.LIVE)
    assert judged(mode=Mode.PAPER) == Approved(intent(), Mode.PAPER)


def test_observe_mode_approves_nothing_and_says_so_only_of_orders_that_would_have_passed() -> None:
    assert refusal(mode=Mode.OBSERVE) is Reason.OBSERVE_MODE
    assert refusal(intent(amount=Decimal(11)), mode=Mode.OBSERVE) is Reason.ILLEGAL_ORDER


@pytest.mark.parametrize(
    ("breaker", "reason"),
    [
        (BreakerState.PAUSED, Reason.PAUSED),
        (BreakerState.REDUCE_ONLY, Reason.REDUCE_ONLY),
        (BreakerState.FLATTENING, Reason.FLATTENING),
        (BreakerState.HALTED, Reason.HALTED),
    ],
)
@pytest.mark.parametrize("mode", Mode)
def test_a_breaker_that_is_not_running_stops_a_new_position_in_every_mode(
    breaker: BreakerState, reason: Reason, mode: Mode
) -> None:
    assert refusal(breaker=breaker, mode=mode) is reason


@pytest.mark.parametrize("breaker", [BreakerState.REDUCE_ONLY, BreakerState.FLATTENING])
def test_an_order_that_only_shrinks_the_position_passes_a_reducing_breaker(breaker: BreakerState) -> None:
    assert isinstance(judged(breaker=breaker, hedge_position=Decimal(-10_000)), Approved)
    assert isinstance(judged(breaker=breaker, hedge_position=Decimal(-9_990)), Refused)
    assert isinstance(judged(breaker=breaker, hedge_position=Decimal(20_000)), Refused)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"amount": Decimal(10_005)}, "multiple of 10"),
        ({"amount": Decimal(0)}, "at least 10"),
        ({"price": Decimal("100100.25")}, "multiple of 0.5"),
        ({"price": Decimal(-1)}, "positive multiple"),
        ({"price": None}, "limits have a price"),
        ({"order_type": OrderType.MARKET}, "markets none"),
        ({"instrument": "BTC-25SEP26"}, "must be one instrument"),
        ({"valid_until_ms": NOW_MS}, "valid_until is 0 ms from now"),
        ({"valid_until_ms": NOW_MS + 86_400_001}, "must be within 86400000 ms"),
    ],
)
def test_an_order_the_venue_could_not_take_is_illegal(changes: dict[str, Any], detail: str) -> None:
    answer = judged(intent(**changes))
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.ILLEGAL_ORDER
    assert detail in answer.detail


def test_validity_may_be_bounded_more_tightly() -> None:
    assert isinstance(judged(max_validity_ms=5_000), Approved)
    assert refusal(max_validity_ms=4_999) is Reason.ILLEGAL_ORDER


def test_listing_quote_and_index_must_belong_to_the_order() -> None:
    assert refusal(quote=market.future_quote(market.FUTURE)) is Reason.ILLEGAL_ORDER
    assert refusal(instrument=market.future()) is Reason.ILLEGAL_ORDER
    assert refusal(index=market.index(name="eth_usd")) is Reason.ILLEGAL_ORDER


@pytest.mark.parametrize("state", [state for state in InstrumentState if state is not InstrumentState.OPEN])
def test_only_an_open_instrument_is_traded(state: InstrumentState) -> None:
    """By the listing and by the ticker alike; UNKNOWN is a word never seen before."""
    assert refusal(instrument=market.perpetual(state=state)) is Reason.INSTRUMENT_NOT_OPEN
    assert refusal(quote=market.future_quote(state=state)) is Reason.INSTRUMENT_NOT_OPEN


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mark": 0.0}, Reason.BAD_INPUT),
        ({"mark": math.nan}, Reason.BAD_INPUT),
        ({"wire_s": -5.1}, Reason.STALE_QUOTE),
        ({"wire_s": math.nan}, Reason.STALE_QUOTE),
        ({"bid": None}, Reason.NO_LIQUIDITY),
        ({"ask": None}, Reason.NO_LIQUIDITY),
        ({"bid": 0.0}, Reason.NO_LIQUIDITY),
        ({"ask": math.inf}, Reason.NO_LIQUIDITY),
        ({"ask_amount": 0.0}, Reason.NO_LIQUIDITY),
        ({"bid_amount": math.nan}, Reason.NO_LIQUIDITY),
        ({"bid": 100_001.0}, Reason.BAD_INPUT),
        ({"bid": 99_500.0, "ask": 100_100.0}, Reason.SPREAD),
        ({"max_price": 100_099.5}, Reason.PRICE_COLLAR),
        ({"min_price": 100_100.5}, Reason.PRICE_COLLAR),
    ],
)
def test_a_quote_nothing_may_rest_on_refuses(changes: dict[str, Any], reason: Reason) -> None:
    changes = dict(changes)
    mark = changes.pop("mark", 100_000.0)
    assert (
        refusal(quote=market.future_quote(mark=mark, **{"bid": 99_999.5, "ask": 100_000.5, **changes}))
        is reason
    )


def test_the_venues_price_band_includes_its_ends() -> None:
    quote = market.future_quote(min_price=100_100.0, max_price=100_100.0)
    assert isinstance(judged(quote=quote), Approved)


def test_the_index_must_be_a_fresh_price_too() -> None:
    assert refusal(index=market.index(math.nan)) is Reason.BAD_INPUT
    assert refusal(index=market.index(wire_s=-5.1)) is Reason.STALE_INDEX


@pytest.mark.parametrize(
    ("order", "changes"),
    [
        (intent(price=Decimal(101_001)), {}),
        (intent(side=Side.SELL, price=Decimal("98999.5")), {}),
        (intent(), {"index": market.index(95_000.0)}),
        (intent(), {"index": market.index(106_000.0)}),
    ],
)
def test_a_price_far_from_mark_or_index_is_refused(order: OrderIntent, changes: dict[str, Any]) -> None:
    assert refusal(order, **changes) is Reason.PRICE_COLLAR


@pytest.mark.parametrize("side", Side)
def test_a_market_order_is_judged_by_the_touch_it_takes(side: Side) -> None:
    order = intent(side=side, order_type=OrderType.MARKET, price=None)
    assert isinstance(judged(order), Approved)
    wide = Envelope(max_spread_fraction=0.1)
    quote = market.future_quote(bid=98_900.0, ask=101_100.0)
    assert refusal(order, quote=quote, envelope=wide) is Reason.PRICE_COLLAR


@pytest.mark.parametrize(
    ("order", "changes", "reason"),
    [
        (intent(amount=Decimal(250_010)), {}, Reason.ORDER_NOTIONAL),
        (intent(), {"envelope": Envelope(max_order_coin=0.09)}, Reason.ORDER_SIZE),
        (intent(), {"hedge_position": Decimal(4_995_000)}, Reason.HEDGE_POSITION),
        (
            intent(side=Side.SELL, price=Decimal(99_900)),
            {"hedge_position": Decimal(-5_000_000)},
            Reason.HEDGE_POSITION,
        ),
        (intent(), {"counters": counters_with(orders=20)}, Reason.ORDER_RATE),
        (intent(), {"counters": counters_with(usd=1_990_010.0)}, Reason.TURNOVER_HOUR),
        (
            intent(),
            {"counters": counters_with(usd=50_000.0), "envelope": Envelope(max_turnover_day_usd=59_999.0)},
            Reason.TURNOVER_DAY,
        ),
        (intent(), {"counters": counters_with(usd=math.nan)}, Reason.TURNOVER_HOUR),
    ],
)
def test_an_order_beyond_a_limit_is_refused(
    order: OrderIntent, changes: dict[str, Any], reason: Reason
) -> None:
    assert refusal(order, **changes) is reason


def test_orders_at_their_limits_pass() -> None:
    assert isinstance(judged(intent(amount=Decimal(250_000))), Approved)
    assert isinstance(judged(hedge_position=Decimal(4_990_000)), Approved)
    assert isinstance(judged(counters=counters_with(orders=19, usd=1_990_000.0)), Approved)


def test_a_position_beyond_its_cap_may_be_made_smaller() -> None:
    assert isinstance(judged(hedge_position=Decimal(-6_000_000)), Approved)


def test_a_linear_hedge_is_measured_in_the_coin_it_trades() -> None:
    linear = market.linear_perpetual()
    order = intent(instrument=linear.name, amount=Decimal("2.5"), price=Decimal(100_000))
    given: dict[str, Any] = {
        "instrument": linear,
        "quote": market.future_quote(linear.name),
        "index": market.index(name="btc_usdc"),
        "account": account(Holding(linear, 0.0, 100_000.0, 100_000.0), told=funds(1e6)),
    }
    assert isinstance(judged(order, **given), Approved)
    larger = msgspec.structs.replace(order, amount=Decimal("2.5001"))
    assert refusal(larger, **given) is Reason.ORDER_NOTIONAL
    dearer = msgspec.structs.replace(order, price=Decimal("100000.5"))
    assert refusal(dearer, **given) is Reason.ORDER_NOTIONAL, "it trades at its price"
    cheaper = msgspec.structs.replace(order, price=Decimal(99_900))
    assert isinstance(judged(cheaper, **given), Approved)
    assert refusal(cheaper, **given, counters=counters_with(usd=1_750_001.0)) is Reason.TURNOVER_HOUR
    left = counters_with(usd=1_750_000.0)
    assert isinstance(judged(cheaper, **given, counters=left), Approved)
    small = msgspec.structs.replace(dearer, amount=Decimal("2.4999"))
    assert isinstance(judged(small, **given, counters=left), Approved)


# -- kinds of orders ---------------------------------------------------------------------------------

OPTIONS = Envelope(asset_classes=(AssetClass.OPTION,), max_order_coin=20.0, max_order_usd=3e6)


def option_order(**changes: Any) -> OrderIntent:
    return intent(instrument=market.CALL, amount=Decimal(10), price=Decimal("0.0370"), **changes)


def option_judged(order: OrderIntent, **changes: Any) -> Approved | Refused:
    listed = market.option()
    quote = market.option_quote(listed, **changes.pop("quoted", {}))
    held = Holding(listed, 0.0, quote.mark, 100_000.0, 0.55)
    given = {"envelope": OPTIONS, "account": account(held), **changes}
    return judged(order, instrument=listed, quote=quote, **given)


def test_options_are_ordered_only_where_the_envelope_names_them() -> None:
    refused = option_judged(option_order(), envelope=Envelope())
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.ASSET_CLASS
    assert refused.detail == f"{market.CALL} is an option: asset_classes = perpetual, future"
    assert isinstance(option_judged(option_order()), Approved)
    assert refusal(envelope=OPTIONS) is Reason.ASSET_CLASS


def test_an_option_order_is_as_large_as_its_underlying_and_not_its_premium() -> None:
    small = msgspec.structs.replace(option_order(), amount=Decimal("20.1"))
    refused = option_judged(small)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.ORDER_SIZE


def test_an_options_price_is_held_to_the_mark_in_shares_of_the_coin() -> None:
    mark = market.option_quote(market.option()).mark
    far = msgspec.structs.replace(option_order(), price=Decimal("0.0600"))
    assert abs(0.06 - mark) > OPTIONS.collar_option_fraction
    refused = option_judged(far)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.PRICE_COLLAR
    assert "collar_option_fraction = 0.01" in refused.detail


def test_an_option_quoted_on_one_side_only_may_be_ordered_at_a_limit() -> None:
    assert isinstance(option_judged(option_order(), quoted={"bid": 0.036, "bid_amount": 5.0}), Approved)


@pytest.mark.parametrize(
    ("changes", "style"),
    [
        ({"order_type": OrderType.MARKET, "price": None}, OrderStyle.MARKET),
        ({}, OrderStyle.LIMIT_IOC),
        ({"time_in_force": TimeInForce.FOK}, OrderStyle.LIMIT_IOC),
        ({"time_in_force": TimeInForce.GTC, "post_only": True}, OrderStyle.POST_ONLY),
        ({"time_in_force": TimeInForce.GTC}, OrderStyle.LIMIT_GTC),
    ],
)
def test_only_the_order_types_named_are_sent(changes: dict[str, Any], style: OrderStyle) -> None:
    others = tuple(other for other in OrderStyle if other is not style)
    assert refusal(intent(**changes), envelope=Envelope(order_types=others)) is Reason.ORDER_TYPE
    assert isinstance(judged(intent(**changes), envelope=Envelope(order_types=(style,))), Approved)


# -- latch, margin, what else is under way -------------------------------------------------------------


@pytest.mark.parametrize("mode", Mode)
def test_a_latched_book_sends_nothing_not_even_what_shrinks_the_position(mode: Mode) -> None:
    seen = "trade 7 was forced by the venue"
    for position in (Decimal(0), Decimal(-50_000)):
        answer = judged(latched=seen, hedge_position=position, mode=mode)
        assert answer == Refused(Reason.LIQUIDATION, seen)


def test_an_order_that_breaks_the_margin_floor_is_refused() -> None:
    thin = account(told=funds(1.0, 0.95))
    answer = judged(account=thin)
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.MARGIN
    assert isinstance(judged(account=thin, hedge_position=Decimal(-50_000)), Approved)


def test_an_account_that_is_not_known_stops_live_orders_only() -> None:
    assert refusal(account=None) is Reason.ACCOUNT_UNKNOWN
    assert isinstance(judged(account=None, mode=Mode.PAPER), Approved)
    assert isinstance(judged(account=None, hedge_position=Decimal(-50_000)), Approved)


def test_every_other_order_on_the_side_is_assumed_to_trade() -> None:
    cap = Envelope(max_hedge_position_coin=1.0)
    assert isinstance(judged(envelope=cap, hedge_position=Decimal(85_000)), Approved)
    beside = {"envelope": cap, "hedge_position": Decimal(85_000), "in_flight": Decimal(10_000)}
    assert refusal(**beside) is Reason.HEDGE_POSITION
    thin = account(told=funds(1.0, 0.9))
    assert isinstance(judged(account=thin), Approved)
    assert refusal(account=thin, in_flight=Decimal(240_000)) is Reason.MARGIN


def test_of_an_amendment_only_what_is_left_counts() -> None:
    cap = Envelope(max_order_coin=0.05)
    assert refusal(envelope=cap) is Reason.ORDER_SIZE
    assert isinstance(judged(envelope=cap, filled=Decimal(6_000)), Approved)
