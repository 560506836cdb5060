"""The first door: a wanted hedge may be shrunk to its limits, never enlarged and never turned around."""

from __future__ import annotations

import math
from typing import NamedTuple

from hedger.domain.approval import Refused
from hedger.domain.instrument import Instrument
from hedger.domain.vocabulary import BreakerState, Reason
from hedger.portfolio.times import Now
from hedger.risk.counters import Counters
from hedger.risk.envelope import Envelope
from hedger.risk.margin import MarginState, most_amount
from hedger.risk.margin_params import MarginParams

LEAST_SHARE = 0.05
"""Of a hedge, that the margin must carry for a part to be sent: no dribble of lots along the floor."""


class Reviewed(NamedTuple):
    """What is left of a wanted change of the hedge position, in coin and signed like it."""

    change_coin: float
    shrunk_by: Reason | None = None  # the limit that bound
    detail: str = ""


class _Cap(NamedTuple):
    reason: Reason
    coin: float  # largest absolute change this limit allows
    detail: str


_SHUT = {BreakerState.PAUSED: Reason.PAUSED, BreakerState.HALTED: Reason.HALTED}
_SHRINKING_ONLY = {
    BreakerState.REDUCE_ONLY: Reason.REDUCE_ONLY,
    BreakerState.FLATTENING: Reason.FLATTENING,
}


def review(
    change_coin: float,
    *,
    hedge_position_coin: float,
    in_flight_coin: float,
    index_usd: float,
    envelope: Envelope,
    breaker: BreakerState,
    counters: Counters,
    now: Now,
    hedge_price_usd: float | None = None,
    account: MarginState | None = None,
    floor: MarginParams | None = None,
    listed: Instrument | None = None,
    beside_coin: float = 0.0,
    others_coin: float = 0.0,
) -> Reviewed | Refused:
    """How much of the wanted `change_coin` of the hedge position may be asked for.

    With `account`, `floor` and the hedge instrument as `listed`, a hedge is also shrunk to what the margin
    carries; where one is not given that is left to `admit`, which passes nothing the floor forbids.
    `beside_coin` is what the account holds of the hedge instrument that is not the book's: it costs margin.
    `others_coin` is what the book holds in other hedge instruments: the position cap holds for the sum, too.

    Positions and what is in flight are signed coin. Limits in USD are turned into coin at the higher of
    `index_usd` and `hedge_price_usd` (mark of the hedge instrument, of a linear one the highest price the
    order may have), so that the order of that size passes `admit`. Refused where nothing is left.
    """
    if breaker in _SHUT:
        return Refused(_SHUT[breaker], f"breaker is {breaker}: no hedge")
    price_usd = max(index_usd, hedge_price_usd or 0.0)
    position_coin = hedge_position_coin + in_flight_coin
    if not (math.isfinite(change_coin) and math.isfinite(position_coin) and 0.0 < price_usd < math.inf):
        given = f"change {change_coin} coin, hedge position {position_coin} coin, price {price_usd} USD"
        return Refused(Reason.BAD_INPUT, f"{given}: must be finite, the price above 0")
    sign = math.copysign(1.0, change_coin)
    caps = [
        *_breaker_caps(breaker, sign, position_coin),
        _position_cap(envelope, sign, position_coin),
        *([_position_cap(envelope, sign, position_coin + others_coin)] if others_coin else []),
        *_order_caps(envelope, price_usd),
        *_turnover_caps(envelope, price_usd, counters, now),
    ]
    if account is not None and floor is not None and listed is not None:
        caps += _margin_caps(account, floor, listed, change_coin, position_coin + beside_coin)
    return _fit(change_coin, sign, min(caps, key=lambda cap: cap.coin))


def _fit(change_coin: float, sign: float, tightest: _Cap) -> Reviewed | Refused:
    if abs(change_coin) <= tightest.coin:
        return Reviewed(change_coin)
    if not tightest.coin > 0.0:
        return Refused(tightest.reason, f"{tightest.detail}; asked for {change_coin:+.6g} coin")
    detail = f"{change_coin:+.6g} coin to {sign * tightest.coin:+.6g} coin, {tightest.detail}"
    return Reviewed(sign * tightest.coin, tightest.reason, detail)


def _breaker_caps(breaker: BreakerState, sign: float, position_coin: float) -> list[_Cap]:
    """Only towards zero and not beyond, in the states that say so."""
    reason = _SHRINKING_ONLY.get(breaker)
    if reason is None:
        return []
    room = max(-sign * position_coin, 0.0)
    return [_Cap(reason, room, f"breaker is {breaker} and the hedge position is {position_coin:+.6g} coin")]


def _position_cap(envelope: Envelope, sign: float, position_coin: float) -> _Cap:
    """Room on the side asked for; a position beyond the cap may still be made smaller."""
    most = envelope.max_hedge_position_coin
    detail = f"max_hedge_position_coin = {most:g} and the hedge position is {position_coin:+.6g} coin"
    return _Cap(Reason.HEDGE_POSITION, max(most - sign * position_coin, 0.0), detail)


def _order_caps(envelope: Envelope, price_usd: float) -> list[_Cap]:
    coin, usd = envelope.max_order_coin, envelope.max_order_usd
    return [
        _Cap(Reason.ORDER_SIZE, coin, f"max_order_coin = {coin:g}"),
        _Cap(Reason.ORDER_NOTIONAL, usd / price_usd, f"max_order_usd = {usd:g}"),
    ]


def _turnover_caps(envelope: Envelope, price_usd: float, counters: Counters, now: Now) -> list[_Cap]:
    hour, day = envelope.max_turnover_hour_usd, envelope.max_turnover_day_usd
    traded_hour, traded_day = counters.turnover_hour_usd(now), counters.turnover_day_usd(now)
    return [
        _Cap(
            Reason.TURNOVER_HOUR,
            max(hour - traded_hour, 0.0) / price_usd,
            f"max_turnover_hour_usd = {hour:g}, traded {traded_hour:.2f}",
        ),
        _Cap(
            Reason.TURNOVER_DAY,
            max(day - traded_day, 0.0) / price_usd,
            f"max_turnover_day_usd = {day:g}, traded {traded_day:.2f}",
        ),
    ]


def _margin_caps(
    account: MarginState, floor: MarginParams, listed: Instrument, change_coin: float, position_coin: float
) -> list[_Cap]:
    """What fits above the margin floor, everything in flight assumed to trade."""
    holding = account.holdings.get(listed.name)
    if holding is None:
        return []
    held = listed.coin_to_amount(position_coin, holding.mark)
    amount = listed.coin_to_amount(change_coin, holding.mark)
    fits, why = most_amount(account, listed.name, held, amount, floor)
    if not why:
        return []
    step = float(listed.amount_step)
    whole = abs(fits) // step * step if abs(fits) >= LEAST_SHARE * abs(amount) else 0.0
    return [_Cap(Reason.MARGIN, listed.amount_to_coin(whole, holding.mark), f"delta out, no margin: {why}")]
