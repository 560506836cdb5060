"""Numbers of the wire, checked: msgspec reads "NaN" and "Infinity" as Decimals, and integers of any size."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.errors import BadDataError

LATEST_MS = 33_000_000_000_000
"""Later than the first day of 3000, which the venue writes for ever: what lies beyond is no time, and no
database holds one of any size."""

_LARGEST_EXPONENT = 30


def finite(channel: str, field: str, value: Decimal) -> Decimal:
    """`value` if it is a number one can add up, in plain digits: 3.2e4, 32000.0 and 32000 print alike.

    Raises BadDataError.
    """
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise BadDataError(channel, field, str(value), "a finite number of a sane size")
    return Decimal(f"{value.normalize():f}")


def positive(channel: str, field: str, value: Decimal) -> Decimal:
    """`value` if it is above zero. Raises BadDataError."""
    checked = finite(channel, field, value)
    if checked <= 0:
        raise BadDataError(channel, field, str(value), "above zero")
    return checked


def not_negative(channel: str, field: str, value: Decimal) -> Decimal:
    """`value` if it is zero or above. Raises BadDataError."""
    checked = finite(channel, field, value)
    if checked < 0:
        raise BadDataError(channel, field, str(value), "zero or above")
    return checked


def plausible_ms(channel: str, field: str, value: int) -> int:
    """`value` if it can be a time in milliseconds since the epoch. Raises BadDataError."""
    if not 0 < value < LATEST_MS:
        raise BadDataError(channel, field, value, "milliseconds since the epoch")
    return value
