"""Instruments: what a venue lists, with the units its amounts and prices are in."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    OPTION = "option"
    FUTURE = "future"
    PERPETUAL = "perpetual"
    SPOT = "spot"
    FUTURE_COMBO = "future_combo"
    OPTION_COMBO = "option_combo"


class Payoff(StrEnum):
    INVERSE = "inverse"  # settled in the coin; futures amounts in USD, option prices in coin
    LINEAR = "linear"  # settled in a dollar coin; amounts in coin, prices in dollars


class InstrumentState(StrEnum):
    """Deribit's life cycle since 13.01.2026; UNKNOWN is a value we have never seen: do not trade."""

    OPEN = "open"
    SETTLEMENT = "settlement"
    DELIVERED = "delivered"
    INACTIVE = "inactive"
    LOCKED = "locked"
    HALTED = "halted"
    ARCHIVIZED = "archivized"
    UNKNOWN = "unknown"


ENDED: frozenset[InstrumentState] = frozenset(
    {InstrumentState.DELIVERED, InstrumentState.ARCHIVIZED, InstrumentState.INACTIVE}
)
"""States from which an instrument does not come back: the venue will tell what became of a position in it."""


class AmountUnit(StrEnum):
    USD = "USD"
    COIN = "coin"


class TickStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `above_price` upwards prices move in steps of `tick_size`."""

    above_price: Decimal
    tick_size: Decimal


class Instrument(msgspec.Struct, frozen=True, tag="instrument", forbid_unknown_fields=True):
    """One listed instrument. `amount` of orders and positions is in `amount_unit`."""

    venue: str
    name: str
    kind: Kind
    payoff: Payoff
    base_currency: str
    quote_currency: str
    settlement_currency: str
    price_index: str
    contract_size: Decimal
    min_trade_amount: Decimal
    tick_size: Decimal
    tick_steps: tuple[TickStep, ...] = ()
    state: InstrumentState = InstrumentState.OPEN
    expiration_ms: int | None = None  # None: perpetual or spot
    strike_usd: Decimal | None = None
    option_sign: int = 0  # +1 call, -1 put, 0 not an option
    maker_commission: Decimal = Decimal(0)
    taker_commission: Decimal = Decimal(0)
    settlement_period: str = ""
    max_leverage: Decimal | None = None

    @property
    def is_option(self) -> bool:
        return self.kind is Kind.OPTION

    @property
    def is_future(self) -> bool:
        """A dated future or a perpetual: what a hedge can be made of."""
        return self.kind in (Kind.FUTURE, Kind.PERPETUAL)

    @property
    def is_spread(self) -> bool:
        """Two futures that trade as one: held as its legs, quoted at the difference of their prices."""
        return self.kind is Kind.FUTURE_COMBO

    @property
    def amount_unit(self) -> AmountUnit:
        """USD for inverse futures, perpetuals and their spreads, base coin for the rest (deribit.md 6)."""
        in_usd = (self.is_future or self.is_spread) and self.payoff is Payoff.INVERSE
        return AmountUnit.USD if in_usd else AmountUnit.COIN

    @property
    def amount_step(self) -> Decimal:
        """Amounts are multiples of this: contract size for futures, the minimum trade for the rest."""
        return self.contract_size if self.is_future or self.is_spread else self.min_trade_amount

    def tick_at(self, price: Decimal) -> Decimal:
        """The tick that applies at `price`."""
        tick = self.tick_size
        for step in sorted(self.tick_steps, key=lambda step: step.above_price):
            if price >= step.above_price:
                tick = step.tick_size
        return tick

    def round_price(self, price: float | Decimal, *, up: bool) -> Decimal:
        """The nearest legal price at or above (`up`) or at or below `price`."""
        exact = price if isinstance(price, Decimal) else Decimal(repr(price))
        tick = self.tick_at(exact)
        steps = (exact / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
        return plain(steps * tick)

    def legal_price(self, price: Decimal) -> bool:
        """Whether the venue takes a limit there; a difference of two prices may be 0 or below."""
        return (price > 0 or self.is_spread) and price % self.tick_at(price) == 0

    def legal_amount(self, amount: Decimal) -> bool:
        return amount >= self.min_trade_amount and amount % self.amount_step == 0

    def contracts(self, amount: Decimal) -> Decimal:
        """Number of contracts in an amount of the venue's unit."""
        return amount / self.contract_size

    def amount_to_coin(self, amount: Decimal | float, price_usd: float) -> float:
        """Coin delta of `amount` of this future at `price_usd` (theory 1.3: Q/F for inverse futures)."""
        if self.amount_unit is AmountUnit.USD:
            return float(amount) / price_usd
        return float(amount)

    def coin_to_amount(self, coin: float, price_usd: float) -> float:
        """Unrounded amount in the venue's unit that carries `coin` of delta at `price_usd`."""
        return coin * price_usd if self.amount_unit is AmountUnit.USD else coin

    def amount_to_usd(self, amount: Decimal | float, price_usd: float) -> float:
        """Notional in USD of an amount of this future."""
        return float(amount) if self.amount_unit is AmountUnit.USD else float(amount) * price_usd

    def round_amount(self, amount: float, rounding: str = ROUND_HALF_EVEN) -> Decimal:
        """`amount` (not negative) to a multiple of `amount_step`; may be zero or under the minimum."""
        steps = (Decimal(repr(amount)) / self.amount_step).to_integral_value(rounding)
        return plain(steps * self.amount_step)


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros or exponent: 8410, not 8410.0 or 8.41E+3."""
    return value.normalize() + Decimal(0)
