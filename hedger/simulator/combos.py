"""Combos: names of structures, as the exchange gives them (recorded May 2026), and which are known.

The unit of a combo holds its legs in whole ratios. A structure without a name of its own is a `CUSTOM`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import gcd

from hedger.simulator.model import Listing

FIRST_COMBO_NUMBER = 584_000


@dataclass(frozen=True, slots=True)
class ComboLeg:
    """One leg of one unit of a combo: signed ratio."""

    instrument_name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Combo:
    """A structure that can be traded as one."""

    id: str
    instrument_id: int
    currency: str
    legs: tuple[ComboLeg, ...]
    creation_ms: int

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "instrument_id": self.instrument_id,
            "state": "active",
            "legs": [{"instrument_name": leg.instrument_name, "amount": leg.amount} for leg in self.legs],
            "creation_timestamp": self.creation_ms // 1000 * 1000,
            "state_timestamp": self.creation_ms,
        }


Leg = tuple[Listing, Decimal]  # signed amount in the instrument's unit


def describe_combo(legs: Sequence[Leg], known: int, now_ms: int) -> Combo:
    """The combo of some legs; `known` is how many combos there were before."""
    rows = sorted(legs, key=lambda leg: (leg[0].expiration_ms, leg[0].strike or 0, leg[0].name))
    listing = rows[0][0]
    name = f"{listing.name.split('-')[0]}-{_structure(rows)}"
    number = FIRST_COMBO_NUMBER + known + 1
    return Combo(name, number, listing.settlement_currency, _ratios(legs), now_ms)


def _ratios(legs: Sequence[Leg]) -> tuple[ComboLeg, ...]:
    """Signed lots over their greatest common divisor."""
    lots = [int(amount / listing.min_trade_amount) for listing, amount in legs]
    common = gcd(*lots) or 1
    return tuple(ComboLeg(row.name, lot // common) for (row, _), lot in zip(legs, lots, strict=True))


def _structure(rows: Sequence[Leg]) -> str:
    """The part of the name behind the underlying, legs sorted by expiry and strike."""
    if len(rows) == 2 and not any(listing.is_option for listing, _ in rows):
        near, far = rows[0][0], rows[1][0]
        if far.is_perpetual:
            return f"FS-{_expiry(near)}_PERP"
        return f"FS-{_expiry(far)}_{_expiry(near)}"
    if len(rows) == 2 and all(listing.is_option for listing, _ in rows):
        return _pair_of_options(rows)
    return f"CUSTOM-{'_'.join(_short(listing) for listing, _ in rows)}"


def _pair_of_options(rows: Sequence[Leg]) -> str:
    (one, bought), (two, sold) = rows
    kinds, same_side = {one.option_type, two.option_type}, bought * sold > 0
    if one.expiration_ms != two.expiration_ms:
        return f"CUSTOM-{_short(one)}_{_short(two)}"
    strikes = f"{_strike(one)}_{_strike(two)}"
    if len(kinds) == 2 and same_side:
        straddle = one.strike == two.strike
        return f"STRD-{_expiry(one)}-{_strike(one)}" if straddle else f"STRG-{_expiry(one)}-{strikes}"
    if len(kinds) == 1 and not same_side:
        return f"{'CS' if one.option_type == 'call' else 'PS'}-{_expiry(one)}-{strikes}"
    return f"CUSTOM-{_short(one)}_{_short(two)}"


def _expiry(listing: Listing) -> str:
    return listing.name.split("-")[1]


def _strike(listing: Listing) -> str:
    return listing.name.split("-")[2]


def _short(listing: Listing) -> str:
    """An instrument without its underlying."""
    return "PERP" if listing.is_perpetual else listing.name.split("-", 1)[1]
