"""What the venue lists, as the engine sees it: contract terms of the local exchange, fees as assumed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hedger.backtest.assumptions import Assumptions
from hedger.domain.instrument import Instrument, Kind, Payoff, TickStep
from hedger.domain.names import parse_name
from hedger.simulator.world import terms
from hedger.simulator.world.terms import Terms

VENUE = "deribit"
_TERMS = {each.prefix: each for each in terms.ALL if not each.linear}
COINS = tuple(_TERMS)
"""Coins whose inverse options have contract terms."""


@dataclass(frozen=True)
class Listings:
    """Inverse instruments of one coin. Raises ValueError for a coin whose terms are not known."""

    coin: str
    assumptions: Assumptions

    def __post_init__(self) -> None:
        if self.coin not in _TERMS:
            raise ValueError(f"coin = {self.coin!r}: must be one of {', '.join(COINS)}")

    @property
    def _terms(self) -> Terms:
        return _TERMS[self.coin]

    @property
    def perpetual(self) -> Instrument:
        found, fee = self._terms, Decimal(repr(self.assumptions.taker_fee))
        return Instrument(
            venue=VENUE,
            name=found.perpetual,
            kind=Kind.PERPETUAL,
            payoff=Payoff.INVERSE,
            base_currency=found.base_currency,
            quote_currency="USD",
            settlement_currency=found.settlement_currency,
            price_index=found.price_index,
            contract_size=found.future_size,
            min_trade_amount=found.future_size,
            tick_size=found.perpetual_tick,
            maker_commission=fee,
            taker_commission=fee,
            settlement_period="perpetual",
            max_leverage=Decimal(50),
        )

    def option(self, name: str) -> Instrument:
        """The listing of an option. ValueError for another kind of name."""
        found, parsed = self._terms, parse_name(name)
        if parsed.kind != "option" or parsed.base != self.coin:
            raise ValueError(f"instrument_name = {name!r}: must be an option on {self.coin}")
        fee = Decimal(repr(self.assumptions.option_fee))
        return Instrument(
            venue=VENUE,
            name=name,
            kind=Kind.OPTION,
            payoff=Payoff.INVERSE,
            base_currency=found.base_currency,
            quote_currency=found.settlement_currency,
            settlement_currency=found.settlement_currency,
            price_index=found.price_index,
            contract_size=found.option_size,
            min_trade_amount=found.option_least,
            tick_size=found.option_tick,
            tick_steps=tuple(TickStep(above_price=a, tick_size=t) for a, t in found.option_steps),
            expiration_ms=parsed.expiration_ms,
            strike_usd=parsed.strike,
            option_sign=1 if parsed.option_type == "call" else -1,
            maker_commission=fee,
            taker_commission=fee,
        )
