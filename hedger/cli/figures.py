"""Figures as a trader writes them; a dash for what is not known."""

from __future__ import annotations

from hedger.domain.instants import utc

UNKNOWN = "–"


def number(value: float | None, digits: int = 0, sign: str = "") -> str:
    """`sign` "+" writes the plus as well. A value that rounds to zero carries no sign."""
    if value is None:
        return UNKNOWN
    rounded = round(value, digits)
    return f"{abs(rounded):,.{digits}f}" if rounded == 0 else f"{rounded:{sign},.{digits}f}"


def coin(value: float | None) -> str:
    return number(value, 4, "+")


def usd(value: float | None, sign: str = "") -> str:
    return number(value, 0, sign)


def pct(fraction: float | None) -> str:
    return UNKNOWN if fraction is None else f"{fraction * 100:.1f} %"


def age(seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def milliseconds(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else f"{seconds * 1000:.0f} ms"


def words(value: str) -> str:
    return value.replace("_", " ")


def cap_name(name: str) -> str:
    """The key of a cap as a person says it, its unit stands beside: `max_loss_day_usd`, loss day."""
    return words(name.removeprefix("max_").removesuffix("_usd").removesuffix("_coin"))


def minute(ms: int) -> str:
    """2026-02-01 08:00, UTC."""
    return f"{utc(ms):%Y-%m-%d %H:%M}"


def clock(iso_time: str) -> str:
    """hh:mm:ss of an ISO 8601 time."""
    return iso_time[11:19]
