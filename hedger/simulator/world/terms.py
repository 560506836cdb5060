"""Contract terms of the underlyings, as get_instruments told them in September 2026 (deribit.md 6 and 11).

Recorded for BTC inverse. ETH inverse: contract size from deribit.md 6, ticks of 2021. BTC_USDC: contract size
of the perpetual from deribit.md 12; its ticks and the sizes of its options are assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

Steps = tuple[tuple[Decimal, Decimal], ...]

_COIN_STEPS: Steps = ((Decimal("0.005"), Decimal("0.0005")),)


@dataclass(frozen=True, slots=True)
class Terms:
    """What all instruments of one underlying share. Amounts: USD for inverse futures, coin for the rest."""

    prefix: str  # how its names begin
    base_currency: str
    settlement_currency: str
    price_index: str
    future_size: Decimal  # contract size and least amount of perpetual and futures
    perpetual_tick: Decimal
    future_tick: Decimal
    option_size: Decimal
    option_least: Decimal
    option_tick: Decimal
    option_steps: Steps
    perpetual_id: int
    perpetual_created_ms: int
    first_id: int  # of the instruments that come and go
    funding_cap: float  # of the 8 h rate, a fraction
    future_maker: Decimal = Decimal("0.00015")
    future_taker: Decimal = Decimal("0.00035")
    option_fee: Decimal = Decimal("0.0003")

    @property
    def linear(self) -> bool:
        return self.settlement_currency != self.base_currency

    @property
    def instrument_type(self) -> str:
        return "linear" if self.linear else "reversed"

    @property
    def perpetual(self) -> str:
        """Name of the perpetual."""
        return f"{self.prefix}-PERPETUAL"


BTC = Terms(
    prefix="BTC",
    base_currency="BTC",
    settlement_currency="BTC",
    price_index="btc_usd",
    future_size=Decimal(10),
    perpetual_tick=Decimal("0.5"),
    future_tick=Decimal("2.5"),
    option_size=Decimal(1),
    option_least=Decimal("0.1"),
    option_tick=Decimal("0.0001"),
    option_steps=_COIN_STEPS,
    perpetual_id=210_838,
    perpetual_created_ms=1_534_242_287_000,
    first_id=500_000,
    funding_cap=0.005,
)

ETH = Terms(
    prefix="ETH",
    base_currency="ETH",
    settlement_currency="ETH",
    price_index="eth_usd",
    future_size=Decimal(1),
    perpetual_tick=Decimal("0.05"),
    future_tick=Decimal("0.05"),
    option_size=Decimal(1),
    option_least=Decimal(1),
    option_tick=Decimal("0.0001"),
    option_steps=_COIN_STEPS,
    perpetual_id=210_760,
    perpetual_created_ms=1_552_568_454_000,
    first_id=600_000,
    funding_cap=0.01,
)

BTC_USDC = Terms(
    prefix="BTC_USDC",
    base_currency="BTC",
    settlement_currency="USDC",
    price_index="btc_usdc",
    future_size=Decimal("0.0001"),
    perpetual_tick=Decimal("0.5"),
    future_tick=Decimal("2.5"),
    option_size=Decimal("0.01"),
    option_least=Decimal("0.01"),
    option_tick=Decimal(1),
    option_steps=((Decimal(500), Decimal(5)),),
    perpetual_id=211_704,
    perpetual_created_ms=1_646_824_342_000,
    first_id=700_000,
    funding_cap=0.05,
)

ALL = (BTC, ETH, BTC_USDC)
