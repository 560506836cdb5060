"""Standard margin of a segregated account, simple form: enough to refuse what nobody could carry.

Inverse futures: coin value / leverage initial, half of it maintenance. Short options: mark plus 15 % of the
coin less how far it is out of the money, at least 10 %; maintenance mark plus 7.5 %. Long options: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO

SHORT_OPTION_FLOOR = Decimal("0.10")
SHORT_OPTION_BASE = Decimal("0.15")
SHORT_OPTION_MAINTENANCE = Decimal("0.075")


@dataclass(frozen=True, slots=True)
class Margin:
    """Coin."""

    initial: Decimal = ZERO
    maintenance: Decimal = ZERO


def margin(listing: Listing, size: Decimal, mark: Decimal, underlying: Decimal) -> Margin:
    """Margin of a signed amount; `underlying` in USD is read for options only."""
    if not size:
        return Margin()
    if not listing.is_option:
        initial = abs(size) / mark / listing.max_leverage
        return Margin(initial, initial / 2)
    if size > 0:
        return Margin()
    per_coin = max(SHORT_OPTION_BASE - _out_of_the_money(listing, underlying), SHORT_OPTION_FLOOR)
    return Margin(-size * (per_coin + mark), -size * (SHORT_OPTION_MAINTENANCE + mark))


def _out_of_the_money(listing: Listing, underlying: Decimal) -> Decimal:
    """Distance to the strike as a share of the underlying; 0 when in the money."""
    assert listing.strike is not None
    gap = listing.strike - underlying
    distance = gap if listing.option_type == "call" else -gap
    return max(ZERO, distance) / underlying
