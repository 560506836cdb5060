"""Decimal helpers: money is exact inside and rounded only where the wire rounds it."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from functools import lru_cache

ZERO = Decimal(0)
COIN_PLACES = 8
CASH_PLACES = 18


@lru_cache(maxsize=32)
def _quantum(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def exact(value: float) -> Decimal:
    """The shortest decimal that reads back as this float."""
    return Decimal(repr(float(value)))


def rounded(value: Decimal | float, places: int = COIN_PLACES) -> Decimal:
    """Half-even rounding to a number of decimals."""
    number = value if isinstance(value, Decimal) else exact(value)
    return number.quantize(_quantum(places), rounding=ROUND_HALF_EVEN)


def truncated(value: Decimal, places: int = COIN_PLACES) -> Decimal:
    """Rounding towards zero: how the exchange prints fees."""
    return value.quantize(_quantum(places), rounding=ROUND_DOWN)


def cash(value: Decimal) -> Decimal:
    """Money inside the exchange: a multiple of 1e-18, so that every sum of it is exact."""
    return value.quantize(_quantum(CASH_PLACES), rounding=ROUND_HALF_EVEN)


def is_multiple(value: Decimal, step: Decimal) -> bool:
    return value % step == 0
