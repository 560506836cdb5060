"""Credit buckets (deribit.md 5). They refill in wire time, whatever the speed of the market."""

from __future__ import annotations

from dataclasses import dataclass, field

MATCHING_METHODS = frozenset(
    {
        "private/buy",
        "private/sell",
        "private/edit",
        "private/edit_by_label",
        "private/cancel",
        "private/cancel_by_label",
        "private/cancel_all",
        "private/cancel_all_by_currency",
        "private/cancel_all_by_instrument",
        "private/cancel_all_by_kind_or_type",
        "private/close_position",
    }
)


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests per second of wire time, and how many at once."""

    per_s: float
    burst: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The rates of one account."""

    matching: Rate = Rate(5, 20)
    other: Rate = Rate(20, 100)
    subscribe: Rate = Rate(10 / 3, 10)
    get_instruments: Rate = Rate(1, 50)
    simulate: Rate = Rate(1, 1)

    def bucket_of(self, method: str) -> tuple[str, Rate]:
        if method in MATCHING_METHODS:
            return "matching", self.matching
        if method.endswith("/subscribe"):
            return "subscribe", self.subscribe
        if method == "public/get_instruments":
            return "get_instruments", self.get_instruments
        if method == "private/simulate_portfolio":
            return "simulate", self.simulate
        return "other", self.other


@dataclass(slots=True)
class Buckets:
    """Credits left per kind of method."""

    limits: Limits = field(default_factory=Limits)
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, method: str, wire_s: float) -> bool:
        """Spend one credit; False when there is none."""
        name, rate = self.limits.bucket_of(method)
        credits, since_s = self._levels.get(name, (rate.burst, wire_s))
        credits = min(rate.burst, credits + max(0.0, wire_s - since_s) * rate.per_s)
        enough = credits >= 1.0
        self._levels[name] = (credits - 1.0 if enough else credits, wire_s)
        return enough

    def drain(self, method: str, wire_s: float) -> None:
        """Take all credits of this kind of method."""
        name, _ = self.limits.bucket_of(method)
        self._levels[name] = (0.0, wire_s)


def render_limits(limits: Limits) -> dict[str, object]:
    """The `limits` of an extended account summary (recorded December 2025)."""

    def row(rate: Rate) -> dict[str, object]:
        return {"rate": round(rate.per_s), "burst": round(rate.burst)}

    engine = {
        "trading": {"total": row(limits.matching)},
        "spot": row(limits.matching),
        "cancel_all": row(limits.matching),
        "maximum_quotes": {"rate": 500, "burst": 500},
        "maximum_mass_quotes": {"rate": 10, "burst": 10},
        "guaranteed_mass_quotes": {"rate": 2, "burst": 2},
        "block_rfq_maker": {"rate": 10, "burst": 20},
    }
    return {"limits_per_currency": False, "non_matching_engine": row(limits.other), "matching_engine": engine}
