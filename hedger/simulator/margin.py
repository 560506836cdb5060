"""Standard margin: every position by itself, nothing is netted (long against short futures cost twice).

Futures and perpetuals, by size s in coin (Deribit, "Linear Perpetual" and the release of 11 January 2022):
  initial      s * (1 / max_leverage + slope * s)      slope: BTC 0.005 %, ETH 0.0004 % per coin
  maintenance  s * (1 / max_leverage / 2 + slope * s)
Short options, per coin, as a share of the underlying (published by Deribit and copied by its peers):
  call  initial max(0.15 - OTM, 0.10) + mark               maintenance 0.075 + mark
  put   initial max(the same, maintenance)                 maintenance max(0.075, 0.075 * mark) + mark
Long options: none. Inverse instruments need coin, linear ones the same times the underlying in USDC.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO

SHORT_OPTION_FLOOR = Decimal("0.10")
SHORT_OPTION_BASE = Decimal("0.15")
SHORT_OPTION_MAINTENANCE = Decimal("0.075")
SIZE_SLOPES = {"BTC": Decimal("0.00005"), "ETH": Decimal("0.000004")}
OTHER_SLOPE = Decimal("0.000005")  # SOL's, for coins that are not listed above


@dataclass(frozen=True, slots=True)
class Margin:
    """In the settlement currency."""

    initial: Decimal = ZERO
    maintenance: Decimal = ZERO

    def __add__(self, other: Margin) -> Margin:
        return Margin(self.initial + other.initial, self.maintenance + other.maintenance)


def margin(listing: Listing, size: Decimal, mark: Decimal, underlying: Decimal) -> Margin:
    """Standard margin of a signed size. `underlying` in USD: forward of an option, index of a future."""
    if not size:
        return Margin()
    if not listing.is_option:
        return _of_future(listing, abs(size), mark, underlying)
    return Margin() if size > 0 else _of_short_option(listing, -size, mark, underlying)


def _of_future(listing: Listing, size: Decimal, mark: Decimal, index: Decimal) -> Margin:
    coin = size if listing.is_linear else size / mark
    unit = index if listing.is_linear else Decimal(1)
    base, slope = 1 / Decimal(listing.max_leverage), SIZE_SLOPES.get(listing.base_currency, OTHER_SLOPE)
    return Margin(coin * (base + slope * coin) * unit, coin * (base / 2 + slope * coin) * unit)


def _of_short_option(listing: Listing, size: Decimal, mark: Decimal, underlying: Decimal) -> Margin:
    """`mark` is coin for inverse options and USDC for linear ones; both are taken as a share here."""
    unit = underlying if listing.is_linear else Decimal(1)
    share = mark / unit
    maintenance = SHORT_OPTION_MAINTENANCE + share
    if listing.option_type == "put":
        maintenance = SHORT_OPTION_MAINTENANCE * max(Decimal(1), share) + share
    initial = max(SHORT_OPTION_BASE - _out_of_the_money(listing, underlying), SHORT_OPTION_FLOOR) + share
    if listing.option_type == "put":
        initial = max(initial, maintenance)
    return Margin(size * initial * unit, size * maintenance * unit)


def _out_of_the_money(listing: Listing, underlying: Decimal) -> Decimal:
    """Distance to the strike as a share of the underlying; 0 when in the money."""
    assert listing.strike is not None
    gap = listing.strike - underlying
    distance = gap if listing.option_type == "call" else -gap
    return max(ZERO, distance) / underlying
