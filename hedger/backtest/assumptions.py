"""What the recorded data does not tell and a backtest must assume; printed before every result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from hedger.domain.keys import Key, check_bounds, keys_of


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Costs, funding and the account a run begins with. Rates are fractions of the notional.

    Fees are the venue's of September 2026 (deribit.md 11), whatever the day of the data: the question is what
    a policy would cost now. The recorded months were before the change of August 2026 (taker 0.0005).
    """

    equity_coin: Annotated[float, Key("coin", "equity the account begins with", above=0)] = 10.0
    half_spread: Annotated[
        float, Key("fraction", "a hedge fills this far from the perpetual's mark", least=0, most=0.01)
    ] = 0.0001
    depth_usd: Annotated[
        float, Key("USD", "shown at each side of the perpetual, again at every look", above=0)
    ] = 10_000_000.0
    taker_fee: Annotated[float, Key("fraction", "fee of a hedge that takes", least=-0.01, most=0.01)] = (
        0.00035
    )
    option_fee: Annotated[
        float, Key("fraction", "fee of an option trade, capped at 12.5 % of its price", least=0, most=0.01)
    ] = 0.0003
    delivery_fee: Annotated[
        float, Key("fraction", "fee of a delivered option, capped at 12.5 % of its value", least=0, most=0.01)
    ] = 0.00015
    funding_8h: Annotated[
        float,
        Key("fraction per 8 h", "longs pay it on the perpetual, shorts earn it", least=-0.05, most=0.05),
    ] = 0.0001
    seed: Annotated[int, Key("", "of everything that is drawn: only --bridge draws")] = 1

    def __post_init__(self) -> None:
        check_bounds(self)

    def changed(self, values: Mapping[str, Any]) -> Assumptions:
        """With some of them set; numbers may be texts. ValueError for an unknown key, or a value out of
        bounds."""
        known = dict(keys_of(Assumptions))
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"{name}: unknown assumption; must be one of {', '.join(known)}")
            if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                raise ValueError(f"{name} = {value!r}: must be a number")
        numbers: dict[str, Any] = {name: _number(name, value) for name, value in values.items()}
        return replace(self, **numbers)

    def told(self) -> Iterator[str]:
        """One line per assumption: name, value, unit, meaning."""
        for name, key in keys_of(Assumptions):
            yield f"{name} = {getattr(self, name):g} {key.unit}".rstrip() + f": {key.meaning}"


def _number(name: str, value: Any) -> float | int:
    try:
        return int(value) if name == "seed" else float(value)
    except ValueError:
        raise ValueError(f"{name} = {value!r}: must be a number") from None


SETTLED = (
    "Options settle at 08:00 UTC in coin; delivery price: mean of the index from 07:30, straight between "
    "instants, booked at the first instant after it.",
    "An option without a recorded quote is valued at its last volatility; it does not trade.",
    "Fees are today's, not those of the recorded days.",
    "Hedges fill whole at mark -/+ half_spread, rounded outwards to the tick; own orders move nothing.",
    "Everything on the account is the book's; the legs of an option trade come together.",
    "Decisions fall at recorded instants only; a dwell or cooldown ends at the next one.",
    "Hedges are immediate-or-cancel orders; chase and resting orders need a market between the instants.",
    "Margin is the venue's standard model, every position by itself. Nobody is liquidated: `capital` says "
    "what the account must have begun with to carry its margin.",
)
"""What holds for every run, in words."""
