"""Decimals of the wire, checked: msgspec reads the strings "NaN" and "Infinity" as Decimals too."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.errors import BadDataError

_LARGEST_EXPONENT = 30


def finite(channel: str, field: str, value: Decimal) -> Decimal:
    """`value` if it is a number one can add up. Raises BadDataError."""
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise BadDataError(channel, field, str(value), "a finite number of a sane size")
    return value


def positive(channel: str, field: str, value: Decimal) -> Decimal:
    """`value` if it is above zero. Raises BadDataError."""
    if finite(channel, field, value) <= 0:
        raise BadDataError(channel, field, str(value), "above zero")
    return value


def not_negative(channel: str, field: str, value: Decimal) -> Decimal:
    """`value` if it is zero or above. Raises BadDataError."""
    if finite(channel, field, value) < 0:
        raise BadDataError(channel, field, str(value), "zero or above")
    return value
