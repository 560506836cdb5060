"""Instants: milliseconds since 1970, UTC, and what calendars and people make of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms_of(moment: datetime) -> int:
    """A moment without a zone is in UTC; what is less than a millisecond is dropped."""
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // timedelta(milliseconds=1)


def utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def iso_time(ms: int) -> str:
    """2026-02-01T08:00:00.000Z."""
    return utc(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_day(ms: int) -> str:
    """2026-02-01."""
    return utc(ms).date().isoformat()
