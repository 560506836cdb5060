"""Standard margin: every position by itself, nothing is netted (a long dated future and a short perpetual
cost both).

Futures and perpetuals: 1 / max_leverage of the size initial, half of that maintenance, both rising with the
size of the position (0.5 % per 100 BTC as Deribit has published; of other coins an assumption on the dear
side). Options, per coin: long ones nothing, they are paid for; short ones, with OTM the way to the strike
over the underlying, initial max(0.15 - OTM, 0.1) + mark and at least the maintenance, which is 0.075 + mark,
of a put max(0.075, 0.075 mark) + mark. These are estimates: where the venue tells a position's own margin,
that figure is the base and only what an order adds is reckoned here.
"""

from __future__ import annotations

from typing import NamedTuple

from hedger.domain.instrument import Instrument, Payoff

SLOPE_PER_COIN = {"BTC": 5e-5, "ETH": 4e-6}
SLOPE_PER_USD = 1e-9  # of other coins: about what these come to per USD of notional
LEVERAGE_UNTOLD = 10.0  # leverage taken where the listing tells none: dear on purpose

OPTION_BASE, OPTION_FLOOR, OPTION_MAINTENANCE = 0.15, 0.10, 0.075


class Required(NamedTuple):
    """Margin that is asked for, in the settlement currency."""

    initial: float
    maintenance: float


NOTHING = Required(0.0, 0.0)


class Holding(NamedTuple):
    """One position as margin sees it. `mark` is in the instrument's price unit, `forward_usd` what an option
    is priced off (of futures the mark); `told` is the venue's own figure for `told_size`."""

    instrument: Instrument
    size: float  # signed, in the amount unit
    mark: float
    forward_usd: float
    iv: float = 0.0
    told: Required | None = None
    told_size: float = 0.0


def standard(holding: Holding, size: float) -> Required:
    """What a position of `size` in this instrument costs."""
    if not size:
        return NOTHING
    if holding.instrument.is_future:
        return _future(holding, size)
    return _short_option(holding, -size) if size < 0 else NOTHING


def _future(holding: Holding, size: float) -> Required:
    coin = abs(holding.instrument.amount_to_coin(size, holding.mark))
    worth = coin if holding.instrument.payoff is Payoff.INVERSE else coin * holding.mark
    slope, rates = slope_of(holding), rates_of(holding)
    return Required(worth * (rates.initial + slope * coin), worth * (rates.maintenance + slope * coin))


def rates_of(holding: Holding) -> Required:
    """Rates of a position of next to nothing: the venue's own for the size it told, at least by leverage."""
    leverage = holding.instrument.max_leverage
    told = _told_rates(holding)
    if told is not None and leverage is None:
        return told
    least = 1.0 / float(leverage or LEVERAGE_UNTOLD)
    listed = Required(least, least / 2.0)
    return listed if told is None else Required(*map(max, listed, told))


def _told_rates(holding: Holding) -> Required | None:
    if holding.told is None or not holding.told_size:
        return None
    coin = abs(holding.instrument.amount_to_coin(holding.told_size, holding.mark))
    worth = coin if holding.instrument.payoff is Payoff.INVERSE else coin * holding.mark
    sloped = slope_of(holding) * coin
    initial, maintenance = holding.told.initial / worth, holding.told.maintenance / worth
    return Required(max(initial - sloped, 0.0), max(maintenance - sloped, 0.0))


def slope_of(holding: Holding) -> float:
    """By how much the rates rise with every coin of the position."""
    return SLOPE_PER_COIN.get(holding.instrument.base_currency, SLOPE_PER_USD * holding.forward_usd)


def _short_option(holding: Holding, amount: float) -> Required:
    listed = holding.instrument
    inverse = listed.payoff is Payoff.INVERSE
    unit = 1.0 if inverse else holding.forward_usd
    mark = holding.mark / unit  # as a share of the underlying
    rates = option_rates(float(listed.strike_usd or 0), listed.option_sign, holding.forward_usd, mark)
    return Required(amount * unit * rates.initial, amount * unit * rates.maintenance)


def option_rates(strike_usd: float, sign: int, forward_usd: float, mark: float) -> Required:
    """Margin of one short option as a share of the underlying; `mark` likewise."""
    out_of_the_money = max(sign * (strike_usd - forward_usd), 0.0) / forward_usd
    initial = max(OPTION_BASE - out_of_the_money, OPTION_FLOOR) + mark
    maintenance = OPTION_MAINTENANCE * max(1.0, mark if sign < 0 else 0.0) + mark
    return Required(max(initial, maintenance), maintenance)
