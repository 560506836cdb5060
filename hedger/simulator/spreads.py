"""Future spreads: two futures that trade as one, with a book of their own between those of their legs.

Who buys BTC-FS-25DEC26_PERP buys BTC-25DEC26 and sells as much BTC-PERPETUAL; the later expiry stands first
and the price is the difference (recorded May 2026). A trade is told three times: of the spread, without a fee
and moving nothing, and of each leg, of an order of the exchange's own and without the label. A leg trades at
its mark and half of what the spread was away from its own ("Futures Spread Order", Deribit's support pages).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import combinations
from zlib import crc32

from hedger.simulator.combos import Combo, ComboLeg
from hedger.simulator.liquidity import Level
from hedger.simulator.model import Listing, Market

SPREAD = "future_combo"
PRICE_BAND = Decimal("0.015")  # of the index, about the spread's mark
TIGHTER = 0.5  # the spread's half width, of its legs' half widths together
_NAME = re.compile(r"([A-Z0-9_]+)-FS-([0-9A-Z]+)_([0-9A-Z]+)")


@dataclass(frozen=True, slots=True)
class Spread:
    """One spread: who buys it buys `bought` and sells `sold`."""

    listing: Listing
    bought: Listing
    sold: Listing

    @property
    def legs(self) -> tuple[tuple[Listing, int], tuple[Listing, int]]:
        return (self.bought, 1), (self.sold, -1)

    def as_combo(self) -> Combo:
        """As get_combos tells it."""
        legs = tuple(ComboLeg(listing.name, sign) for listing, sign in self.legs)
        row = self.listing
        return Combo(row.name, row.instrument_id, row.settlement_currency, legs, row.creation_ms)


def find_spread(name: str, listings: Mapping[str, Listing]) -> Spread | None:
    """The spread of a name, while both its legs are listed."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    underlying, *dates = found.groups()
    bought, sold = (listings.get(f"{underlying}-{'PERPETUAL' if date == 'PERP' else date}") for date in dates)
    if bought is None or sold is None or bought.is_option or sold.is_option or bought is sold:
        return None
    made = _spread(bought, sold)
    return made if made.listing.name == name else None


def all_spreads(listings: Mapping[str, Listing]) -> Iterator[Spread]:
    """Of any two futures of one underlying."""
    futures = [row for row in listings.values() if not row.is_option]
    for one, other in combinations(futures, 2):
        if one.name.partition("-")[0] == other.name.partition("-")[0]:
            yield _spread(one, other)


def _spread(one: Listing, other: Listing) -> Spread:
    later, sooner = sorted((one, other), key=lambda row: row.expiration_ms, reverse=True)
    if later.is_perpetual:  # the perpetual stands last
        later, sooner = sooner, later
    dates = ("PERP" if row.is_perpetual else row.name.partition("-")[2] for row in (later, sooner))
    name = f"{later.name.partition('-')[0]}-FS-{'_'.join(dates)}"
    first = min(later, sooner, key=lambda row: row.expiration_ms)
    listing = replace(
        first,
        name=name,
        instrument_id=crc32(name.encode()) % 1_000_000,
        kind=SPREAD,
        tick_size=min(later.tick_size, sooner.tick_size),
        tick_size_steps=(),
        maker_commission=Decimal(0),
        taker_commission=Decimal(0),
        creation_ms=max(later.creation_ms, sooner.creation_ms),
    )
    return Spread(listing, later, sooner)


def spread_market(spread: Spread, bought: Market, sold: Market) -> Market:
    """The spread's market out of its legs': about the difference of their marks, and never dearer than both.

    Orders in the legs' books stand in the spread's, too, at the difference of their prices.
    """
    mark, tick = bought.mark - sold.mark, spread.listing.tick_size
    half = TIGHTER * (_half_width(bought) + _half_width(sold))
    bid, ask = _on(Decimal(repr(mark - half)), tick, up=False), _on(Decimal(repr(mark + half)), tick, up=True)
    if bought.asks and sold.bids:
        ask = min(ask, _on(bought.asks[0][0] - sold.bids[0][0], tick, up=False))
    if bought.bids and sold.asks:
        bid = max(bid, _on(bought.bids[0][0] - sold.asks[0][0], tick, up=True))
    bid = min(bid, ask - tick)
    band = PRICE_BAND * Decimal(repr(bought.index))
    middle = Decimal(repr(mark))
    return Market(
        name=spread.listing.name,
        market_ms=bought.market_ms,
        state=next((market.state for market in (bought, sold) if market.state != "open"), "open"),
        index=bought.index,
        mark=mark,
        bids=_side(bid, -tick, _depth(bought.bids, sold.asks)),
        asks=_side(ask, tick, _depth(bought.asks, sold.bids)),
        min_price=_on(middle - band, tick, up=True),
        max_price=_on(middle + band, tick, up=False),
        open_interest=0.0,
        settlement_price=bought.settlement_price - sold.settlement_price,
        estimated_delivery_price=bought.estimated_delivery_price,
    )


def leg_prices(price: Decimal, bought_mark: Decimal, sold_mark: Decimal) -> tuple[Decimal, Decimal]:
    """What each leg trades at, in cents; their difference is the price of the spread."""
    away = price - (bought_mark - sold_mark)
    sold = (sold_mark - away / 2).quantize(Decimal("0.01"))
    return sold + price, sold


def _half_width(market: Market) -> float:
    if not (market.bids and market.asks):
        return 0.0
    return float(market.asks[0][0] - market.bids[0][0]) / 2.0


def _depth(here: tuple[Level, ...], there: tuple[Level, ...]) -> Decimal:
    """What both legs could trade at their best; nothing where one of them has nobody."""
    return min(here[0][1], there[0][1]) if here and there else Decimal(0)


def _side(best: Decimal, step: Decimal, amount: Decimal) -> tuple[Level, ...]:
    """Two levels away from the mark, the second of twice the amount."""
    return ((best, amount), (best + step, 2 * amount)) if amount else ()


def _on(price: Decimal, tick: Decimal, *, up: bool) -> Decimal:
    return (price / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * tick
