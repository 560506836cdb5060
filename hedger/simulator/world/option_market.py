"""The market of one option: mark, greeks and ladder out of a scene."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NamedTuple

from hedger.pricing.scalar import Black76One, black76_one
from hedger.simulator.model import Greeks, Listing, Market
from hedger.simulator.world import seeding
from hedger.simulator.world.contracts import future_name
from hedger.simulator.world.implied import quote_iv
from hedger.simulator.world.ladder import OPTION_TICKS, Depth, Levels, asks, bids
from hedger.simulator.world.scene import ExpiryState, Scene, Spread

_DEPTH = Depth(levels=5, mean_lots=60.0, lot=Decimal("0.1"), gap_ticks=2)
_LEAST_BAND_COIN = 0.04
_BID, _ASK, _TRADES, _INTEREST = range(4)


class OptionValue(NamedTuple):
    """An option at one instant; `mark` in coin, unrounded."""

    expiry: ExpiryState
    strike_usd: float
    sign: float
    iv: float
    black76: Black76One
    mark: float


def option_value(scene: Scene, listing: Listing) -> OptionValue:
    """Price an option: mark (coin) = Black-76 value (USD) / forward, not index (deribit.md 10)."""
    if listing.strike is None:
        raise ValueError(f"{listing.name}: an option needs a strike")
    expiry = scene.expiry(listing.expiration_ms)
    strike, sign = float(listing.strike), 1.0 if listing.option_type == "call" else -1.0
    iv = scene.iv(listing)
    value = black76_one(expiry.forward_usd, strike, expiry.tau_years, iv, sign)
    return OptionValue(expiry, strike, sign, iv, value, value.price_usd / expiry.forward_usd)


def option_market(scene: Scene, listing: Listing, name_key: int, settlement_price: float) -> Market:
    """Everything a ticker and an order book of this option show at the scene's instant."""
    value = option_value(scene, listing)
    expiry, mark = value.expiry, value.mark
    vega_coin = value.black76.vega_usd / expiry.forward_usd
    spread = scene.option_spread(listing, mark, value.black76.delta, vega_coin)
    lowest, highest = _band_units(mark, spread)
    bid_levels, ask_levels = _ladder(scene.market_ms, mark, spread, name_key, lowest, highest)
    last = _last_price(bid_levels, ask_levels, seeding.at(name_key, scene.market_ms // 60_000, _TRADES))
    low, high = _range_24h(scene, value, last)
    interest = round(-400.0 * _log_unit(name_key), 1)
    return Market(
        name=listing.name,
        market_ms=scene.market_ms,
        state="open",
        index=scene.index_usd,
        mark=mark,
        bids=bid_levels,
        asks=ask_levels,
        min_price=OPTION_TICKS.price(lowest),
        max_price=OPTION_TICKS.price(highest),
        open_interest=interest,
        settlement_price=settlement_price,
        estimated_delivery_price=expiry.expected_delivery_usd,
        underlying=expiry.forward_usd,
        underlying_name=future_name(listing.expiration_ms),
        iv=value.iv,
        bid_iv=_touch_iv(value, bid_levels),
        ask_iv=_touch_iv(value, ask_levels),
        greeks=_greeks(value),
        last_price=last,
        high_24h=high,
        low_24h=low,
        volume_24h_usd=round(0.1 * interest * mark * scene.index_usd, 2),
        delta_decay=expiry.delta_decay,
    )


def _greeks(value: OptionValue) -> Greeks:
    """Units and roundings of the wire (deribit.md 10); delta carries the decay of the last half hour.

    theta is the loss of one day or of the remaining life if that is shorter, never more than the option's
    value (recorded: BTC-16JAN26-100000-C and -P at 8 h to expiry).
    """
    tau_years, black76 = value.expiry.tau_years, value.black76
    days = min(tau_years * 365.0, 1.0)
    theta = -min(-black76.theta_usd_per_year / 365.0 * days, black76.price_usd)
    rho = tau_years * (value.expiry.forward_usd * black76.delta - black76.price_usd) / 100.0
    return Greeks(
        delta=round(black76.delta * value.expiry.delta_decay, 5),
        gamma=round(black76.gamma_per_usd, 5),
        vega=round(black76.vega_usd / 100.0, 5),
        theta=round(theta, 5),
        rho=round(rho, 5),
    )


def _band_units(mark: float, spread: Spread) -> tuple[int, int]:
    """Order price limits in ticks: a wide band around the mark that always holds the quotes."""
    width = max(_LEAST_BAND_COIN, 0.5 * mark, 2.0 * (spread.bid or 0.0), 2.0 * (spread.ask or 0.0))
    return max(OPTION_TICKS.floor(mark - width), 1), OPTION_TICKS.ceil(mark + width)


def _ladder(
    market_ms: int, mark: float, spread: Spread, name_key: int, lowest: int, highest: int
) -> tuple[Levels, Levels]:
    second = market_ms // 1000
    below: Levels = ()
    above: Levels = ()
    if spread.bid is not None:
        below = bids(OPTION_TICKS, mark - spread.bid, _DEPTH, seeding.at(name_key, second, _BID), lowest)
    if spread.ask is not None:
        above = asks(OPTION_TICKS, mark + spread.ask, _DEPTH, seeding.at(name_key, second, _ASK), highest)
    return below, above


def _touch_iv(value: OptionValue, levels: Levels) -> float:
    """Volatility of the best quote; 0.0 without one, as the exchange sends it."""
    if not levels:
        return 0.0
    price = float(levels[0][0])
    return quote_iv(
        price, value.expiry.forward_usd, value.strike_usd, value.expiry.tau_years, value.sign, value.iv
    )


def _last_price(bid_levels: Levels, ask_levels: Levels, bits: int) -> Decimal | None:
    """People trade at the touch, now at one side, now at the other."""
    first, second = (bid_levels, ask_levels) if bits & 1 else (ask_levels, bid_levels)
    levels = first or second
    return levels[0][0] if levels else None


def _range_24h(scene: Scene, value: OptionValue, last: Decimal | None) -> tuple[float | None, float | None]:
    """Plausible extremes: the option repriced at the day's lowest and highest index."""
    if last is None:
        return None, None
    forward = value.expiry.forward_usd
    prices = [float(last)]
    for index in scene.index_range_24h():
        moved = forward * index / scene.index_usd
        worth = black76_one(moved, value.strike_usd, value.expiry.tau_years, value.iv, value.sign)
        prices.append(float(OPTION_TICKS.price(OPTION_TICKS.ceil(max(worth.price_usd / moved, 0.0001)))))
    return min(prices), max(prices)


def _log_unit(name_key: int) -> float:
    return math.log(seeding.unit(seeding.at(name_key, 0, _INTEREST)))
