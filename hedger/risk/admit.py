"""The second door: every order that is to be placed or amended is judged here, whoever asks for it.

Only this module constructs an Approved. Comparisons are written so that a NaN refuses. The mode is judged
last: an order that observe mode refuses is one that would have been sent.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple, assert_never

import msgspec

from hedger.domain.approval import Approved, Refused
from hedger.domain.instrument import Instrument, InstrumentState, Payoff
from hedger.domain.order import OrderIntent, OrderType, Side, TimeInForce
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import BreakerState, Mode, Reason
from hedger.portfolio.times import Now
from hedger.risk.counters import Counters
from hedger.risk.envelope import AssetClass, Envelope, OrderStyle
from hedger.risk.margin import MarginState, refusal
from hedger.risk.margin_params import MarginParams

MAX_VALIDITY_MS = DAY_MS
"""Default bound of `valid_until`, market time: wide, for exchanges whose market time runs fast."""

_INF = float("inf")


class Standing(NamedTuple):
    """An open order that `admit` is asked to give new terms."""

    amount: Decimal  # its total, in the instrument's unit
    amends_minute: int  # amendments of the book in the last 60 s of wire time
    max_amends_per_minute: int


class Leg(NamedTuple):
    """What one leg of a spread is judged by; sizes as those of `admit`, signed, in the leg's amount unit."""

    instrument: Instrument
    quote: Quote
    side: Side  # the order's in this leg
    hedge_position: Decimal
    beside: Decimal
    in_flight: Decimal
    account: MarginState | None


class _Case(NamedTuple):
    """Everything an order is judged by."""

    intent: OrderIntent
    instrument: Instrument
    quote: Quote
    index_price: IndexPrice
    envelope: Envelope
    breaker: BreakerState
    mode: Mode
    counters: Counters
    hedge_position: Decimal
    beside: Decimal
    now: Now
    max_validity_ms: int
    latched: str
    account: MarginState | None
    floor: MarginParams
    filled: Decimal
    in_flight: Decimal
    under_way_usd: float
    standing: Standing | None
    legs: tuple[Leg, ...] = ()

    def of_leg(self, leg: Leg) -> _Case:
        """The order as it trades in one leg of a spread."""
        return self._replace(
            intent=msgspec.structs.replace(self.intent, instrument=leg.instrument.name, side=leg.side),
            instrument=leg.instrument,
            quote=leg.quote,
            hedge_position=leg.hedge_position,
            beside=leg.beside,
            in_flight=leg.in_flight,
            account=leg.account,
            legs=(),
        )

    @property
    def amount(self) -> Decimal:
        """What may still trade."""
        return self.intent.amount - self.filled

    @property
    def signed(self) -> Decimal:
        return self.amount * self.intent.side.sign

    @property
    def worst_position(self) -> Decimal:
        """The position once everything else under way on this side has traded."""
        return self.hedge_position + self.in_flight

    def coin_and_usd(self, amount: Decimal) -> tuple[float, float]:
        """Size of an amount; an option's by its underlying, not by its premium.

        A linear future is worth what it trades at: the higher of its mark and the order's price.
        """
        to, mark_usd = self.instrument, self.quote.mark
        if not to.is_future:
            index_usd = self.index_price.price_usd
            return to.amount_to_coin(amount, index_usd), to.amount_to_usd(amount, index_usd)
        return to.amount_to_coin(amount, mark_usd), to.amount_to_usd(amount, max(mark_usd, self.price))

    @property
    def price(self) -> float:
        """The order's price, of a market order the touch it takes; 0 where nobody is there."""
        if self.intent.price is not None:
            return float(self.intent.price)
        return (self.quote.ask if self.intent.side is Side.BUY else self.quote.bid) or 0.0


_Check = Callable[[_Case], Refused | None]


def admit(
    intent: OrderIntent,
    instrument: Instrument,
    quote: Quote,
    index: IndexPrice,
    *,
    envelope: Envelope,
    breaker: BreakerState,
    mode: Mode,
    counters: Counters,
    hedge_position: Decimal,
    now: Now,
    latched: str,
    account: MarginState | None,
    floor: MarginParams,
    beside: Decimal = Decimal(0),
    max_validity_ms: int = MAX_VALIDITY_MS,
    filled: Decimal = Decimal(0),
    in_flight: Decimal = Decimal(0),
    under_way_usd: float = 0.0,
    standing: Standing | None = None,
    legs: tuple[Leg, ...] = (),
) -> Approved | Refused:
    """Permission for exactly this order, or the first limit it breaks.

    `hedge_position` is the book's signed position in the instrument, in its amount unit, `beside` what else
    the account holds of it: margin is asked for the sum. `max_validity_ms` is how far ahead (market
    time) `valid_until` may lie. `latched` says what latched the book, empty: nothing.
    `account` is None while its margin is not known: live, only orders pass then that shrink the position.
    Of an amendment `filled` is the part of the intent's amount that has traded already and `standing` the
    order as it stands, which new terms may make smaller and never larger. `in_flight` is the
    signed amount of other orders on this side that may still trade, `under_way_usd` the turnover that the
    book's other hedges on either side may still make; all of it is assumed to. A spread is judged by its own
    book and, in each of its `legs`, as an order there.
    """
    case = _Case(
        intent,
        instrument,
        quote,
        index,
        envelope,
        breaker,
        mode,
        counters,
        hedge_position,
        beside,
        now,
        max_validity_ms,
        latched,
        account,
        floor,
        filled,
        in_flight,
        under_way_usd,
        standing,
        legs,
    )
    refused = next((found for check in _CHECKS if (found := check(case)) is not None), None)
    return Approved(intent, mode) if refused is None else refused


def _each_leg(check: _Check) -> _Check:
    """A check of positions: of a spread's legs, one by one."""

    def checked(case: _Case) -> Refused | None:
        parts = [case.of_leg(leg) for leg in case.legs] if case.instrument.is_spread else [case]
        return next((found for part in parts if (found := check(part)) is not None), None)

    return checked


def _spread_legs(case: _Case) -> Refused | None:
    """A spread stands for exactly the legs its name tells, each of them open and with a fresh price."""
    told = tuple((leg.instrument.name, leg.side.sign) for leg in case.legs)
    wanted = case.intent.legs if case.instrument.is_spread else ()
    if told != wanted:
        return Refused(Reason.ILLEGAL_ORDER, f"judged by legs {told}: must be {wanted}")
    parts = [case.of_leg(leg) for leg in case.legs]
    found = ((part, _identity(part) or _state(part) or _data(part)) for part in parts)
    return next(
        (Refused(why.reason, f"leg {part.instrument.name}: {why.detail}") for part, why in found if why), None
    )


def _latch(case: _Case) -> Refused | None:
    return Refused(Reason.LIQUIDATION, case.latched) if case.latched else None


def _breaker(case: _Case) -> Refused | None:
    breaker, position, signed = case.breaker, case.hedge_position, case.signed
    match breaker:
        case BreakerState.RUNNING | BreakerState.NEUTRALISING:
            return None
        case BreakerState.PAUSED:
            return Refused(Reason.PAUSED, "breaker is paused: no new orders")
        case BreakerState.HALTED:
            return Refused(Reason.HALTED, "breaker is halted: nothing leaves")
        case BreakerState.REDUCE_ONLY | BreakerState.FLATTENING:
            if position * signed < 0 and abs(signed) <= abs(position):
                return None
            reason = Reason.REDUCE_ONLY if breaker is BreakerState.REDUCE_ONLY else Reason.FLATTENING
            asked = f"position {position}, order {signed:+}"
            return Refused(reason, f"breaker is {breaker}: only orders that shrink the position; {asked}")
        case _:
            assert_never(breaker)


def _identity(case: _Case) -> Refused | None:
    intent, instrument, quote = case.intent, case.instrument, case.quote
    asked = (intent.venue, intent.instrument)
    if asked != (instrument.venue, instrument.name) or asked != (quote.venue, quote.instrument):
        other = f"judged by listing {instrument.name} and quote {quote.instrument}"
        return Refused(Reason.ILLEGAL_ORDER, f"order for {intent.instrument} {other}: must be one instrument")
    if _index_is_other(case):
        detail = f"index {case.index_price.index} is not {instrument.name}'s {instrument.price_index}"
        return Refused(Reason.ILLEGAL_ORDER, detail)
    return None


def _kind(case: _Case) -> Refused | None:
    allowed, kind = case.envelope.asset_classes, case.instrument.kind.value
    if kind in allowed:
        return None
    right = "is no asset class" if kind not in tuple(AssetClass) else f"asset_classes = {', '.join(allowed)}"
    article = "an" if kind[0] in "aeiou" else "a"
    return Refused(Reason.ASSET_CLASS, f"{case.instrument.name} is {article} {kind}: {right}")


def style_of(intent: OrderIntent) -> OrderStyle:
    """How an order would stand in the market."""
    if intent.order_type is OrderType.MARKET:
        return OrderStyle.MARKET
    if intent.post_only:
        return OrderStyle.POST_ONLY
    resting = intent.time_in_force is TimeInForce.GTC
    return OrderStyle.LIMIT_GTC if resting else OrderStyle.LIMIT_IOC


def _style(case: _Case) -> Refused | None:
    style, allowed = style_of(case.intent), case.envelope.order_types
    if style in allowed:
        return None
    return Refused(Reason.ORDER_TYPE, f"a {style} order: order_types = {', '.join(allowed)}")


def _index_is_other(case: _Case) -> bool:
    index, instrument = case.index_price, case.instrument
    return (index.venue, index.index) != (instrument.venue, instrument.price_index)


def _state(case: _Case) -> Refused | None:
    for state in (case.instrument.state, case.quote.state):
        if state is not InstrumentState.OPEN:
            return Refused(Reason.INSTRUMENT_NOT_OPEN, f"{case.instrument.name} is {state}, must be open")
    return None


def _data(case: _Case) -> Refused | None:
    """Sound and fresh: mark, index, and their ages in wire time."""
    most_s, wire_s = case.envelope.max_quote_age_s, case.now.wire_s
    worthless = case.instrument.is_option and case.quote.mark == 0.0
    difference = case.instrument.is_spread and -_INF < case.quote.mark < _INF
    if not worthless and not difference and not 0.0 < case.quote.mark < _INF:
        return Refused(Reason.BAD_INPUT, f"mark = {case.quote.mark}: must be above 0")
    if not 0.0 < case.index_price.price_usd < _INF:
        return Refused(Reason.BAD_INPUT, f"index = {case.index_price.price_usd}: must be above 0")
    quote_age_s, index_age_s = wire_s - case.quote.received_wire_s, wire_s - case.index_price.received_wire_s
    if not quote_age_s <= most_s:
        return Refused(Reason.STALE_QUOTE, f"quote is {quote_age_s:.2f} s old, max_quote_age_s = {most_s:g}")
    if not index_age_s <= most_s:
        return Refused(Reason.STALE_INDEX, f"index is {index_age_s:.2f} s old, max_quote_age_s = {most_s:g}")
    return None


def _liquidity(case: _Case) -> Refused | None:
    quote, most = case.quote, case.envelope.max_spread_fraction
    bid, ask = quote.bid, quote.ask
    if case.instrument.is_option and case.intent.order_type is not OrderType.MARKET:
        return None  # often quoted on one side only; its price is held by the collar
    least = -_INF if case.instrument.is_spread else 0.0
    if bid is None or ask is None or not bid > least or not ask < _INF:
        return Refused(Reason.NO_LIQUIDITY, f"bid {bid}, ask {ask}: both sides must be quoted")
    if not (quote.bid_amount > 0.0 and quote.ask_amount > 0.0):
        detail = f"{quote.bid_amount} bid and {quote.ask_amount} offered: both must be above 0"
        return Refused(Reason.NO_LIQUIDITY, detail)
    if not bid < ask:
        return Refused(Reason.BAD_INPUT, f"crossed book: bid {bid}, ask {ask}")
    what, price = ("the index", quote.index_usd) if case.instrument.is_spread else ("mid", (ask + bid) / 2)
    spread = (ask - bid) / price
    if not spread <= most:
        return Refused(Reason.SPREAD, f"spread is {spread:.4%} of {what}, max_spread_fraction = {most:g}")
    return None


def _legal(case: _Case) -> Refused | None:
    intent, instrument = case.intent, case.instrument
    if not instrument.legal_amount(intent.amount):
        step, least = instrument.amount_step, instrument.min_trade_amount
        detail = f"amount = {intent.amount}: must be a multiple of {step}, at least {least}"
        return Refused(Reason.ILLEGAL_ORDER, f"{detail} {instrument.amount_unit}")
    if (intent.price is None) != (intent.order_type is OrderType.MARKET):
        detail = f"price = {intent.price} on a {intent.order_type} order: limits have a price, markets none"
        return Refused(Reason.ILLEGAL_ORDER, detail)
    if intent.price is not None and not instrument.legal_price(intent.price):
        tick = instrument.tick_at(intent.price)
        return Refused(Reason.ILLEGAL_ORDER, f"price = {intent.price}: must be a positive multiple of {tick}")
    return None


def _validity(case: _Case) -> Refused | None:
    left_ms = case.intent.valid_until_ms - case.now.market_ms
    if 0 < left_ms <= case.max_validity_ms:
        return None
    bound = f"must be within {case.max_validity_ms} ms from now"
    return Refused(Reason.ILLEGAL_ORDER, f"valid_until is {left_ms} ms from now: {bound}")


def _collar(case: _Case) -> Refused | None:
    """The order's price against mark, index and the venue's band."""
    quote, price = case.quote, case.price
    collar = _option_collar if case.instrument.is_option else _future_collar
    refused = (_spread_collar if case.instrument.is_spread else collar)(case, price)
    if refused is not None:
        return refused
    low, high = quote.min_price, quote.max_price
    if (low is not None and not price >= low) or (high is not None and not price <= high):
        detail = f"price {price:g} is outside the venue's band {low} to {high}"
        return Refused(Reason.PRICE_COLLAR, detail)
    return None


def _future_collar(case: _Case, price: float) -> Refused | None:
    quote, envelope = case.quote, case.envelope
    collars = (
        ("mark", quote.mark, "collar_mark_fraction", envelope.collar_mark_fraction),
        ("index", case.index_price.price_usd, "collar_index_fraction", envelope.collar_index_fraction),
    )
    for name, reference, key, most in collars:
        away = abs(price / reference - 1.0)
        if not away <= most:
            detail = f"price {price:g} is {away:.4%} from the {name} {reference:g}, {key} = {most:g}"
            return Refused(Reason.PRICE_COLLAR, detail)
    return None


def _spread_collar(case: _Case, price: float) -> Refused | None:
    """Against the spread's own mark and against the difference of its legs' marks, in shares of the index."""
    most = case.envelope.collar_mark_fraction
    legs = sum(leg.side.sign * leg.quote.mark for leg in case.legs) * case.intent.side.sign
    for name, reference in (("mark", case.quote.mark), ("difference of the legs' marks", legs)):
        away = abs(price - reference) / case.index_price.price_usd
        if not away <= most:
            detail = f"price {price:g} is {away:.4%} of the index from the {name} {reference:g}"
            return Refused(Reason.PRICE_COLLAR, f"{detail}, collar_mark_fraction = {most:g}")
    return None


def _option_collar(case: _Case, price: float) -> Refused | None:
    """Premiums are small numbers: how far one is from the mark is judged in shares of the coin."""
    most, mark = case.envelope.collar_option_fraction, case.quote.mark
    coin = 1.0 if case.instrument.payoff is Payoff.INVERSE else case.index_price.price_usd
    away = abs(price - mark) / coin
    if away <= most:
        return None
    detail = f"price {price:g} is {away:.4%} of the coin from the mark {mark:g}"
    return Refused(Reason.PRICE_COLLAR, f"{detail}, collar_option_fraction = {most:g}")


def _size(case: _Case) -> Refused | None:
    envelope = case.envelope
    coin, usd = case.coin_and_usd(case.amount)
    if not usd <= envelope.max_order_usd:
        detail = f"order of {usd:.2f} USD, max_order_usd = {envelope.max_order_usd:g}"
        return Refused(Reason.ORDER_NOTIONAL, detail)
    if not coin <= envelope.max_order_coin:
        detail = f"order of {coin:g} coin, max_order_coin = {envelope.max_order_coin:g}"
        return Refused(Reason.ORDER_SIZE, detail)
    return None


def _position(case: _Case) -> Refused | None:
    """The position afterwards; an order that makes a position beyond the cap smaller passes."""
    if not case.instrument.is_future:
        return None
    before, most = case.worst_position, case.envelope.max_hedge_position_coin
    after = before + case.signed
    coin = abs(case.instrument.amount_to_coin(after, case.quote.mark))
    if coin <= most or abs(after) < abs(before):
        return None
    detail = f"hedge position would be {after} {case.instrument.amount_unit}, {coin:g} coin"
    return Refused(Reason.HEDGE_POSITION, f"{detail}; max_hedge_position_coin = {most:g}")


def _smaller(case: _Case) -> Refused | None:
    """New terms never add to an order: what adds is an order of its own."""
    standing, asked = case.standing, case.intent.amount
    if standing is None or case.filled < asked <= standing.amount:
        return None
    bound = f"must be above {case.filled} filled, at most {standing.amount}"
    return Refused(Reason.ILLEGAL_ORDER, f"amount = {asked} for an open order: {bound}")


def _rate(case: _Case) -> Refused | None:
    if case.standing is not None:
        made, limit = case.standing.amends_minute, case.standing.max_amends_per_minute
        detail = f"{made} amendments in the last 60 s, max_amends_per_minute = {limit}"
        return None if made < limit else Refused(Reason.AMEND_RATE, detail)
    orders, most = case.counters.orders_minute(case.now), case.envelope.max_orders_per_minute
    if orders < most:
        return None
    return Refused(Reason.ORDER_RATE, f"{orders} orders in the last 60 s, max_orders_per_minute = {most}")


def _turnover(case: _Case) -> Refused | None:
    envelope, counters, now = case.envelope, case.counters, case.now
    usd = case.coin_and_usd(case.amount)[1] * max(1, len(case.legs))
    hour, day = envelope.max_turnover_hour_usd, envelope.max_turnover_day_usd
    windows = (
        (Reason.TURNOVER_HOUR, "max_turnover_hour_usd", hour, counters.turnover_hour_usd(now)),
        (Reason.TURNOVER_DAY, "max_turnover_day_usd", day, counters.turnover_day_usd(now)),
    )
    for reason, key, most, traded in windows:
        if not traded + case.under_way_usd + usd <= most:
            waiting = f"{case.under_way_usd:.2f} under way, " if case.under_way_usd else ""
            told = f"traded {traded:.2f} USD, {waiting}order of {usd:.2f} USD"
            return Refused(reason, f"{told}, {key} = {most:g}")
    return None


def _margin(case: _Case) -> Refused | None:
    if case.account is None and case.mode is not Mode.LIVE:
        return None
    held, amount = float(case.worst_position + case.beside), float(case.signed)
    return refusal(case.account, case.instrument, held, amount, case.floor)


def _mode(case: _Case) -> Refused | None:
    if case.mode is Mode.OBSERVE:
        return Refused(Reason.OBSERVE_MODE, "mode is observe: the order is shown, not sent")
    return None


_CHECKS: tuple[_Check, ...] = (
    _latch,
    _spread_legs,
    _each_leg(_breaker),
    _identity,
    _each_leg(_kind),
    _style,
    _state,
    _data,
    _liquidity,
    _legal,
    _smaller,
    _validity,
    _collar,
    _each_leg(_size),
    _each_leg(_position),
    _rate,
    _turnover,
    _each_leg(_margin),
    _mode,
)
