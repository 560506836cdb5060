"""A move between two futures as one order in their spread: how much, and never dearer than its legs. Pure.

Who buys the spread buys its first leg and sells as much of the second, in the venue's unit. Its price is the
difference of theirs; crossing both their books costs ask - bid of the two, and no more is offered for it.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NamedTuple

from hedger.domain.instrument import Instrument, plain
from hedger.domain.order import OrderType, Side, TimeInForce
from hedger.domain.quote import Quote
from hedger.domain.vocabulary import Reason
from hedger.execution.params import ExecutionParams
from hedger.execution.plan import NoPlan, Planned, smallest_amount, whole_amount


class Book(NamedTuple):
    """An instrument and what is shown of its book."""

    listed: Instrument
    quote: Quote


def plan_spread(
    side: Side, most: float, spread: Book, bought: Book, sold: Book, params: ExecutionParams
) -> Planned | NoPlan:
    """The immediate order for at most the unsigned amount `most`, or why two legs are better.

    `bought` and `sold` are the legs of who buys the spread.
    """
    listed, quote = spread
    if any(leg.listed.amount_unit is not listed.amount_unit for leg in (bought, sold)) or any(
        listed.amount_step % leg.listed.amount_step for leg in (bought, sold)
    ):
        return NoPlan(Reason.BAD_INPUT, f"{listed.name} is not counted as its legs are")
    shown = quote.ask_amount if side is Side.BUY else quote.bid_amount
    reach = min(
        most, max(shown * params.depth_share, float(smallest_amount(listed))) if params.depth_share else most
    )
    amount = whole_amount(reach, listed)
    if not amount:
        return NoPlan(
            Reason.MIN_LOT, f"{most:.6g} {listed.amount_unit} are less than {smallest_amount(listed)}"
        )
    price = _limit(side, spread, bought.quote, sold.quote, params)
    if isinstance(price, NoPlan):
        return price
    coin = bought.listed.amount_to_coin(amount, bought.quote.mark)
    return Planned(
        side,
        amount,
        price,
        OrderType.LIMIT,
        TimeInForce.IOC,
        coin,
        bought.listed.amount_to_usd(amount, bought.quote.mark),
        listed.contracts(amount),
        0.0,
    )


def change_coin(planned: Planned, bought: Book, sold: Book) -> float:
    """By how much delta moves with the whole order: equal amounts are not quite equal in coin."""
    legs = (book.listed.amount_to_coin(planned.amount, book.quote.mark) for book in (bought, sold))
    first, second = legs
    return planned.side.sign * (first - second)


def _limit(side: Side, spread: Book, bought: Quote, sold: Quote, params: ExecutionParams) -> Decimal | NoPlan:
    """The worst price the order may take: legal, no dearer than both legs' books, within the slippage."""
    listed, quote = spread
    buys = side is Side.BUY
    touch = quote.ask if buys else quote.bid
    crossing = (bought.ask, sold.bid) if buys else (bought.bid, sold.ask)
    if touch is None or crossing[0] is None or crossing[1] is None:
        return NoPlan(Reason.NO_LIQUIDITY, "its book or a leg's is one-sided")
    legs = crossing[0] - crossing[1]
    furthest = quote.mark + side.sign * params.max_slippage_fraction * quote.index_usd
    bounds = [
        legs,
        furthest,
        *([] if (edge := quote.max_price if buys else quote.min_price) is None else [edge]),
    ]
    if not all(math.isfinite(bound) for bound in (touch, *bounds)):
        return NoPlan(Reason.BAD_INPUT, f"touch and bounds {(touch, *bounds)}: must be finite")
    cap = min(bounds) if buys else max(bounds)
    price = listed.round_price(Decimal(repr(round(cap, 9))), up=not buys)
    if (touch - float(price)) * side.sign > 0.0:
        cost = f"at {touch:g} it is dearer than its legs at {legs:g}"
        return NoPlan(Reason.NO_LIQUIDITY, cost if cap == legs else f"{touch:g} is beyond the cap {price}")
    return plain(price)
