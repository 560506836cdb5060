"""The market of one option: mark, greeks and ladder out of a scene."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from hedger.pricing.scalar import Black76One, black76_one
from hedger.simulator.model import Greeks, Listing, Market
from hedger.simulator.time_units import MINUTE_MS, YEAR_DAYS
from hedger.simulator.world import seeding
from hedger.simulator.world.contracts import underlying_name
from hedger.simulator.world.implied import quote_iv
from hedger.simulator.world.ladder import Depth, Levels, TickGrid, asks, bids, grid_of
from hedger.simulator.world.scene import ExpiryState, Scene, Spread

_DEPTH_LOTS, _DEPTH_COIN = 60.0, 6.0  # what rests at one price on average, whichever is more
_LEAST_BAND_COIN = 0.04
_BID, _ASK, _TRADES, _INTEREST = range(4)


class OptionValue(NamedTuple):
    """An option at one instant; `mark` unrounded in price units, of which a coin is worth `unit`.

    `unit` is 1 for inverse options, whose prices are coin, and the price of a coin for linear ones.
    """

    expiry: ExpiryState
    strike_usd: float
    sign: float
    iv: float
    greeks76: Black76One
    mark: float
    unit: float


def option_value(scene: Scene, listing: Listing) -> OptionValue:
    """Price an option: mark (coin) = Black-76 value (USD) / forward, not index (deribit.md 10).

    Greeks are those of the forward, as if nothing were averaged; the mark is that of the delivery price, so
    that in the last half hour it runs into the payoff.
    """
    if listing.strike is None:
        raise ValueError(f"{listing.name}: an option needs a strike")
    expiry = scene.expiry(listing.expiration_ms)
    strike, sign = float(listing.strike), 1.0 if listing.option_type == "call" else -1.0
    iv = scene.iv(listing)
    unaveraged = black76_one(expiry.forward_usd, strike, expiry.tau_years, iv, sign)
    value_usd = unaveraged.price_usd
    if expiry.delta_decay < 1.0:
        value_usd = black76_one(expiry.future_usd, strike, 1.0, expiry.deviation(iv), sign).price_usd
    price_usd = expiry.future_usd
    unit = price_usd if listing.is_linear else 1.0
    return OptionValue(expiry, strike, sign, iv, unaveraged, value_usd / price_usd * unit, unit)


def option_market(scene: Scene, listing: Listing, name_key: int, settlement_price: float) -> Market:
    """Everything a ticker and an order book of this option show at the scene's instant."""
    value = option_value(scene, listing)
    expiry, mark, grid = value.expiry, value.mark, grid_of(listing)
    spread = _spread(scene, listing, value)
    lowest, highest = _band_units(grid, value, spread)
    bid_levels, ask_levels = _ladder(scene.market_ms, listing, value, spread, name_key, lowest, highest)
    last = _last_price(bid_levels, ask_levels, seeding.at(name_key, scene.market_ms // MINUTE_MS, _TRADES))
    low, high = _range_24h(scene, listing, value, last)
    interest = _open_interest(name_key)
    return Market(
        name=listing.name,
        market_ms=scene.market_ms,
        state="open",
        index=scene.index_usd,
        mark=mark,
        bids=bid_levels,
        asks=ask_levels,
        min_price=grid.price(lowest),
        max_price=grid.price(highest),
        open_interest=interest,
        settlement_price=settlement_price,
        estimated_delivery_price=expiry.average_usd,
        underlying=expiry.forward_usd,
        underlying_name=underlying_name(listing),
        iv=value.iv,
        bid_iv=_touch_iv(value, bid_levels),
        ask_iv=_touch_iv(value, ask_levels),
        greeks=_greeks(value),
        last_price=last,
        high_24h=high,
        low_24h=low,
        volume_24h_usd=round(0.1 * interest * mark / value.unit * scene.index_usd, 2),
        delta_decay=expiry.delta_decay,
    )


def _spread(scene: Scene, listing: Listing, value: OptionValue) -> Spread:
    """Distances of the quotes in price units."""
    vega_coin = value.greeks76.vega_usd / value.expiry.forward_usd
    told = scene.option_spread(listing, value.mark / value.unit, value.greeks76.delta, vega_coin)
    return Spread(
        None if told.bid is None else told.bid * value.unit,
        None if told.ask is None else told.ask * value.unit,
    )


def _greeks(value: OptionValue) -> Greeks:
    """Units and roundings of the wire (deribit.md 10); in the last half hour they fall with the delta.

    theta is the loss of one day or of the remaining life if that is shorter, never more than the option's
    value (recorded: BTC-16JAN26-100000-C and -P at 8 h to expiry).
    """
    tau_years, told, left = value.expiry.tau_years, value.greeks76, value.expiry.delta_decay
    days = min(tau_years * YEAR_DAYS, 1.0)
    theta = -min(-told.theta_usd_per_year / YEAR_DAYS * days, told.price_usd)
    rho = tau_years * (value.expiry.forward_usd * told.delta - told.price_usd) / 100.0
    return Greeks(
        delta=round(told.delta * left, 5),
        gamma=round(told.gamma_per_usd * left, 5),
        vega=round(told.vega_usd / 100.0 * left, 5),
        theta=round(theta * left, 5),
        rho=round(rho * left, 5),
    )


def _band_units(grid: TickGrid, value: OptionValue, spread: Spread) -> tuple[int, int]:
    """Order price limits in ticks: a wide band around the mark that always holds the quotes."""
    least = _LEAST_BAND_COIN * value.unit
    width = max(least, 0.5 * value.mark, 2.0 * (spread.bid or 0.0), 2.0 * (spread.ask or 0.0))
    return max(grid.floor(value.mark - width), 1), grid.ceil(value.mark + width)


def _ladder(
    market_ms: int,
    listing: Listing,
    value: OptionValue,
    spread: Spread,
    name_key: int,
    lowest: int,
    highest: int,
) -> tuple[Levels, Levels]:
    second, grid, mark = market_ms // 1000, grid_of(listing), value.mark
    lots = max(_DEPTH_LOTS, _DEPTH_COIN / float(listing.min_trade_amount))
    depth = Depth(levels=5, mean_lots=lots, lot=listing.min_trade_amount, gap_ticks=2)
    below: Levels = ()
    above: Levels = ()
    if spread.bid is not None:
        below = bids(grid, mark - spread.bid, depth, seeding.at(name_key, second, _BID), lowest)
    if spread.ask is not None:
        above = asks(grid, mark + spread.ask, depth, seeding.at(name_key, second, _ASK), highest)
    return below, above


def _touch_iv(value: OptionValue, levels: Levels) -> float:
    """Volatility of the best quote; 0.0 without one, as the exchange sends it."""
    if not levels:
        return 0.0
    coin = float(levels[0][0]) / value.unit
    expiry = value.expiry
    return quote_iv(coin, expiry.forward_usd, value.strike_usd, expiry.tau_years, value.sign, value.iv)


def _last_price(bid_levels: Levels, ask_levels: Levels, bits: int) -> Decimal | None:
    """People trade at the touch, now at one side, now at the other."""
    first, second = (bid_levels, ask_levels) if bits & 1 else (ask_levels, bid_levels)
    levels = first or second
    return levels[0][0] if levels else None


def _range_24h(
    scene: Scene, listing: Listing, value: OptionValue, last: Decimal | None
) -> tuple[float | None, float | None]:
    """Plausible extremes: the option repriced at the day's lowest and highest index."""
    if last is None:
        return None, None
    forward, grid = value.expiry.forward_usd, grid_of(listing)
    prices = [float(last)]
    for index in scene.index_range_24h():
        moved = forward * index / scene.index_usd
        worth = black76_one(moved, value.strike_usd, value.expiry.tau_years, value.iv, value.sign)
        price = worth.price_usd if listing.is_linear else worth.price_usd / moved
        prices.append(float(grid.price(max(grid.ceil(price), 1))))
    return min(prices), max(prices)


@lru_cache(maxsize=4_096)
def _open_interest(name_key: int) -> float:
    """Coin; the same as long as the option is listed."""
    return round(-400.0 * math.log(seeding.unit(seeding.at(name_key, 0, _INTEREST))), 1)
