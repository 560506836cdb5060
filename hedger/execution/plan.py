"""From a wanted change of delta to an order the venue accepts: whole lots, legal prices, capped slippage."""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from enum import StrEnum
from typing import NamedTuple, assert_never

from hedger.domain.instrument import AmountUnit, Instrument, plain
from hedger.domain.order import OrderType, Side, TimeInForce
from hedger.domain.quote import Quote
from hedger.domain.vocabulary import Reason
from hedger.execution.params import ExecutionParams, Style

_LOT_NOISE = 1e-9
"""Fractions of a lot, relative to the size, that are floating-point noise and not a wish for another lot."""

_INF = math.inf


class Round(StrEnum):
    """How a size becomes whole lots; the direction of the trade never changes."""

    INWARD = "inward"  # away from zero: the result lies at or inside the edge aimed for
    NEAREST = "nearest"  # whichever leaves the smaller residual; a tie trades less
    DOWN_AT_LEAST_ONE = "down_at_least_one"  # towards zero, but at least one lot


class Planned(NamedTuple):
    """An order in the venue's terms. `coin` and `usd` are unsigned and at mark."""

    side: Side
    amount: Decimal  # in the instrument's amount unit
    price: Decimal | None  # None: market
    order_type: OrderType
    time_in_force: TimeInForce
    coin: float
    usd: float
    contracts: Decimal
    residual_coin: float  # gap to the target that remains after the whole order, signed like the change
    post_only: bool = False


class NoPlan(NamedTuple):
    """Why standing still is better than any legal order."""

    reason: Reason
    detail: str


def plan(
    change_coin: float,
    instrument: Instrument,
    quote: Quote,
    params: ExecutionParams,
    rounding: Round,
    *,
    gap_coin: float | None = None,
    room_coin: float | None = None,
) -> Planned | NoPlan:
    """The order that changes the hedge position by `change_coin` (signed), or why there is none.

    `gap_coin` is the whole way to the book's target, signed like the change and at least as long where the
    change leads to a band's edge only; without it the change is the gap. `room_coin` is the way to the band's
    far edge, which INWARD does not overstep. No order ends further from the target than, or as far as,
    standing still does.
    """
    mark = quote.mark
    if not (math.isfinite(change_coin) and 0.0 < mark < _INF):
        detail = f"change {change_coin} coin at mark {mark}: must be finite, mark above 0"
        return NoPlan(Reason.BAD_INPUT, detail)
    amount = plain(_whole_lots(abs(change_coin), instrument, mark, rounding, room_coin))
    sign = 1 if change_coin > 0.0 else -1
    coin = instrument.amount_to_coin(amount, mark)
    gap = change_coin if gap_coin is None else gap_coin
    residual = gap - sign * coin
    if not (change_coin and amount and abs(residual) < abs(gap)):
        return _no_lot(instrument, mark, gap)
    side = Side.of(sign)
    passive = params.style is Style.CHASE
    priced = peg(side, instrument, quote) if passive else _price(side, instrument, quote, params)
    if isinstance(priced, NoPlan):
        return priced
    return Planned(
        side,
        amount,
        priced,
        OrderType.MARKET if priced is None else OrderType.LIMIT,
        TimeInForce.GTC if passive else TimeInForce.IOC,
        coin,
        instrument.amount_to_usd(amount, mark),
        instrument.contracts(amount),
        residual,
        passive,
    )


def clip(planned: Planned, instrument: Instrument, quote: Quote, params: ExecutionParams) -> Planned:
    """The next child of a hedge: of what takes, no more than its share of the amount shown at the touch.

    At least one lot and, where the hedge is that large, `min_clip_usd`; the remainder follows in later
    children. A child that rests takes nothing and is whole.
    """
    if planned.post_only or not params.depth_share:
        return planned
    shown = quote.ask_amount if planned.side is Side.BUY else quote.bid_amount
    floor = params.min_clip_usd / instrument.amount_to_usd(1, quote.mark)
    most = max(
        instrument.round_amount(max(shown * params.depth_share, floor), ROUND_DOWN),
        smallest_amount(instrument),
    )
    return planned if planned.amount <= most else resized(planned, most, instrument, quote)


def resized(planned: Planned, amount: Decimal, instrument: Instrument, quote: Quote) -> Planned:
    """The same order for another amount."""
    coin = instrument.amount_to_coin(amount, quote.mark)
    return planned._replace(
        amount=amount,
        coin=coin,
        usd=instrument.amount_to_usd(amount, quote.mark),
        contracts=instrument.contracts(amount),
        residual_coin=planned.residual_coin + planned.side.sign * (planned.coin - coin),
    )


def peg(side: Side, instrument: Instrument, quote: Quote) -> Decimal | NoPlan:
    """The price at which an order joins its own side's touch, always short of the other side's."""
    own, other = (quote.bid, quote.ask) if side is Side.BUY else (quote.ask, quote.bid)
    if own is None or other is None:
        return NoPlan(Reason.NO_LIQUIDITY, f"bid {quote.bid}, ask {quote.ask}: both sides must be quoted")
    buys = side is Side.BUY
    joined = instrument.round_price(own, up=not buys)
    last = _exact(other) - side.sign * instrument.tick_at(_exact(other))
    price = min(joined, last) if buys else max(joined, last)
    if not price > 0:
        return NoPlan(Reason.BAD_INPUT, f"touch {own:g} rounds to {price}: must be above 0")
    return price


def dearest_usd(instrument: Instrument, quote: Quote, params: ExecutionParams) -> float:
    """The highest price an order planned now may have, USD, for limits in USD on amounts in coin."""
    price_usd = max(quote.mark * (1.0 + params.max_slippage_fraction), quote.ask or 0.0)
    return judged_at_usd(instrument, quote.mark, price_usd)


def judged_at_usd(instrument: Instrument, mark_usd: float, price_usd: float) -> float:
    """What limits in USD take a coin for in an order at a price: the higher of that and the mark.

    The mark where amounts are in USD: those are worth the same at any price.
    """
    return mark_usd if instrument.amount_unit is AmountUnit.USD else max(mark_usd, price_usd)


def smallest_amount(instrument: Instrument) -> Decimal:
    """The smallest legal order: a whole number of steps, at least the minimum trade."""
    step = instrument.amount_step
    steps = (instrument.min_trade_amount / step).to_integral_value(ROUND_UP)
    return max(steps, Decimal(1)) * step


def whole_amount(amount: float, instrument: Instrument) -> Decimal:
    """The largest legal order of no more than `amount` (not negative, venue's unit); 0 where none is."""
    step = instrument.amount_step
    whole = _round(amount / float(step), None) * step
    return plain(whole) if whole >= smallest_amount(instrument) else Decimal(0)


def _whole_lots(
    size_coin: float, instrument: Instrument, mark: float, rounding: Round, room_coin: float | None
) -> Decimal:
    """A legal amount, or zero where even the smallest does not fit the room."""
    step = instrument.amount_step
    least = smallest_amount(instrument)
    lots = instrument.coin_to_amount(size_coin, mark) / float(step)
    amount = max(_round(lots, rounding) * step, least)
    if rounding is not Round.INWARD or room_coin is None:
        return amount
    room = _round(instrument.coin_to_amount(abs(room_coin), mark) / float(step), None) * step
    return min(amount, room) if room >= least else Decimal(0)


def _round(lots: float, rounding: Round | None) -> Decimal:
    """Whole lots; None rounds down."""
    whole = round(lots)
    if abs(lots - whole) <= _LOT_NOISE * max(1.0, lots):
        return Decimal(whole)
    match rounding:
        case Round.INWARD:
            return Decimal(math.ceil(lots))
        case Round.NEAREST:
            return Decimal(math.ceil(lots - 0.5))
        case Round.DOWN_AT_LEAST_ONE | None:
            return Decimal(math.floor(lots))
        case _:
            assert_never(rounding)


def _no_lot(instrument: Instrument, mark: float, gap_coin: float) -> NoPlan:
    least = smallest_amount(instrument)
    coin = instrument.amount_to_coin(least, mark)
    lot = f"the smallest order is {least} {instrument.amount_unit}, {coin:.6g} coin"
    return NoPlan(Reason.MIN_LOT, f"{gap_coin:+.6g} coin from the target and {lot}: no order ends nearer")


def _price(
    side: Side, instrument: Instrument, quote: Quote, params: ExecutionParams
) -> Decimal | NoPlan | None:
    """The worst price a limit_ioc order may take: legal, never beyond the cap. None for market orders."""
    if params.style is Style.MARKET:
        return None
    cap = _exact(quote.mark) * (1 + side.sign * _exact(params.max_slippage_fraction))
    if side is Side.BUY:
        cap = cap if quote.max_price is None else min(cap, _exact(quote.max_price))
        price, touch = instrument.round_price(cap, up=False), quote.ask
        beyond = touch is not None and touch > price
    else:
        cap = cap if quote.min_price is None else max(cap, _exact(quote.min_price))
        price, touch = instrument.round_price(cap, up=True), quote.bid
        beyond = touch is not None and touch < price
    if not price > 0:
        return NoPlan(Reason.BAD_INPUT, f"price cap {cap:g} rounds to {price}: must be above 0")
    if beyond:
        limit = f"max_slippage_fraction = {params.max_slippage_fraction:g} from mark {quote.mark:g}"
        return NoPlan(Reason.NO_LIQUIDITY, f"best price {touch:g} is beyond the cap {price} ({limit})")
    return price


def _exact(value: float) -> Decimal:
    """A float as it is written: 1000 plus 0.1 % is 1001, not a tick's noise below it."""
    return Decimal(repr(value))
