"""The greeks of a book cut by expiry and by strategy tag, in every convention side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from hedger.domain.instants import iso_day
from hedger.portfolio.row import Row

PERPETUAL = "perpetual"


class Cut(msgspec.Struct, frozen=True):
    """Totals of some positions of a book; deltas in coin. None: one of them cannot be valued."""

    name: str  # the expiry's date, perpetual, or the tag
    positions: int  # how many
    black: float | None  # by the venue's greeks
    model: float | None  # by our own
    net_transaction: float | None  # premium-adjusted
    gamma_coin_per_usd: float | None  # change of delta per USD of the index
    theta_usd_per_day: float | None  # decay
    vega_usd: float | None  # per vol point
    value_coin: float | None  # inverse options: sum of n p


def by_expiry(rows: Iterable[Row]) -> tuple[Cut, ...]:
    """One cut per expiry (ISO date, UTC), the nearest first, perpetuals last."""
    groups: dict[str, list[tuple[Row, float]]] = {}
    for row in rows:
        if row.size:
            groups.setdefault(expiry_of(row), []).append((row, 1.0))
    return tuple(_cut(name, groups[name]) for name in sorted(groups, key=lambda n: (n == PERPETUAL, n)))


def whole(name: str, rows: Iterable[Row]) -> Cut:
    """One cut of all rows with a position."""
    return _cut(name, [(row, 1.0) for row in rows if row.size])


def by_tag(rows: Iterable[Row], tags: Mapping[str, Mapping[str, Decimal]]) -> tuple[Cut, ...]:
    """One cut per strategy tag; `tags`: instrument -> tag -> signed size. What none claims has the tag ""."""
    groups: dict[str, list[tuple[Row, float]]] = {}
    for row in rows:
        if not row.size or not row.instrument.is_option:
            continue
        claimed = tags.get(row.instrument.name, {})
        rest = row.size - sum(claimed.values(), Decimal(0))
        for tag, size in (*sorted(claimed.items()), ("", rest)):
            if size:
                groups.setdefault(tag, []).append((row, float(size / row.size)))
    return tuple(_cut(name, groups[name]) for name in sorted(groups))


def expiry_of(row: Row) -> str:
    """The expiry's date, or PERPETUAL."""
    expiration_ms = row.instrument.expiration_ms
    if expiration_ms is None:
        return PERPETUAL
    return iso_day(expiration_ms)


def _cut(name: str, shares: list[tuple[Row, float]]) -> Cut:
    def total(of: Callable[[Row], float | None]) -> float | None:
        terms = [(of(row), share) for row, share in shares]
        known = [value * share for value, share in terms if value is not None]
        return sum(known) if len(known) == len(terms) else None

    return Cut(
        name=name,
        positions=len(shares),
        black=total(lambda row: row.delta_coin),
        model=total(lambda row: row.model_delta_coin),
        net_transaction=total(lambda row: row.net_transaction_delta_coin),
        gamma_coin_per_usd=total(lambda row: row.gamma_coin_per_usd),
        theta_usd_per_day=total(lambda row: row.theta_usd_per_day),
        vega_usd=total(lambda row: row.vega_usd),
        value_coin=total(lambda row: None if row.missing else row.counted.options_value),
    )
