"""The market of the perpetual and of dated futures out of a scene; prices in dollars, amounts as listed."""

from __future__ import annotations

from decimal import Decimal

from hedger.simulator.model import Listing, Market
from hedger.simulator.world import seeding
from hedger.simulator.world.ladder import Depth, Levels, TickGrid, asks, bids, grid_of
from hedger.simulator.world.scene import Scene

_BAND = 0.015
"""Price limits: index + 1-minute average of (mid - index), +-1.5 % (deribit.md 11). Premium and basis move
slowly against a minute, so the averaged centre is the mark."""

_BID, _ASK, _TRADES, _INTEREST = range(4)


def future_mark(scene: Scene, listing: Listing) -> float:
    """Mark in dollars, unrounded: the fair future of the expiry, or the perpetual's index plus premium."""
    if listing.is_perpetual:
        return scene.perpetual_mark()
    return scene.expiry(listing.expiration_ms).future_usd


def future_market(scene: Scene, listing: Listing, name_key: int, settlement_price: float) -> Market:
    """Everything a ticker and an order book of this future show at the scene's instant."""
    mark, index = future_mark(scene, listing), scene.index_usd
    grid = grid_of(listing)
    bid_levels, ask_levels = _ladder(scene, listing, grid, mark, name_key)
    bits = seeding.at(name_key, scene.market_ms // 1000, _TRADES)
    sides = [levels for levels in (bid_levels, ask_levels) if levels]
    last = sides[bits % len(sides)][0][0] if sides else None
    low, high = _range_24h(scene, mark / index, grid, last)
    interest = _open_interest(listing, name_key)
    interest_usd = interest * mark if listing.is_linear else interest
    expiry = None if listing.is_perpetual else scene.expiry(listing.expiration_ms)
    return Market(
        name=listing.name,
        market_ms=scene.market_ms,
        state="open",
        index=index,
        mark=mark,
        bids=bid_levels,
        asks=ask_levels,
        min_price=grid.price(grid.ceil(mark * (1.0 - _BAND))),
        max_price=grid.price(grid.floor(mark * (1.0 + _BAND))),
        open_interest=interest,
        settlement_price=settlement_price,
        estimated_delivery_price=expiry.average_usd if expiry else index,
        funding=scene.funding(linear=listing.is_linear) if listing.is_perpetual else None,
        last_price=last,
        high_24h=high,
        low_24h=low,
        volume_24h_usd=round(0.4 * interest_usd, -1),
        delta_decay=expiry.delta_decay if expiry else 1.0,
    )


def _ladder(
    scene: Scene, listing: Listing, grid: TickGrid, mark: float, name_key: int
) -> tuple[Levels, Levels]:
    second, spread = scene.market_ms // 1000, scene.future_spread(listing, mark)
    depth = _depth(scene, listing, mark)
    below: Levels = ()
    above: Levels = ()
    if spread.bid is not None:
        below = bids(grid, mark - spread.bid, depth, seeding.at(name_key, second, _BID))
    if spread.ask is not None:
        above = asks(grid, mark + spread.ask, depth, seeding.at(name_key, second, _ASK))
    return below, above


def _range_24h(
    scene: Scene, ratio: float, grid: TickGrid, last: Decimal | None
) -> tuple[float | None, float | None]:
    """The day's index extremes at today's ratio of mark to index, on ticks, around the last trade."""
    if last is None:
        return None, None
    lowest, highest = scene.index_range_24h()
    low = float(grid.price(grid.floor(lowest * ratio)))
    high = float(grid.price(grid.ceil(highest * ratio)))
    return min(low, float(last)), max(high, float(last))


def _depth(scene: Scene, listing: Listing, mark: float) -> Depth:
    lot_usd = float(listing.contract_size) * (mark if listing.is_linear else 1.0)
    lots, levels, gap_ticks = scene.resting_usd(listing) / lot_usd, 8, 3
    if listing.is_perpetual:
        levels, gap_ticks = 10, 4
    return Depth(levels=levels, mean_lots=lots, lot=listing.contract_size, gap_ticks=gap_ticks)


def _open_interest(listing: Listing, name_key: int) -> float:
    """USD, or coin for linear futures."""
    scale = 8e8 if listing.is_perpetual else 1e8
    drawn_usd = scale * (0.5 + seeding.unit(seeding.at(name_key, 0, _INTEREST)))
    return round(drawn_usd / 100_000.0, 4) if listing.is_linear else round(drawn_usd, -1)
