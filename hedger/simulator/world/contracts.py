"""Contract specifications of BTC inverse instruments, as get_instruments told them in September 2026."""

from __future__ import annotations

from decimal import Decimal

from hedger.simulator.model import Listing
from hedger.simulator.world.expiries import PERPETUAL_EXPIRY_MS, expiry_code, settlement_period

INDEX_NAME = "btc_usd"
PERPETUAL = "BTC-PERPETUAL"

_PERPETUAL_ID, _PERPETUAL_CREATION_MS = 210838, 1_534_242_287_000
_FUTURE_MAKER, _FUTURE_TAKER = Decimal("0.00015"), Decimal("0.00035")
_OPTION_FEE = Decimal("0.0003")
_OPTION_TICK, _OPTION_STEPS = Decimal("0.0001"), ((Decimal("0.005"), Decimal("0.0005")),)


def future_name(expiration_ms: int) -> str:
    """`BTC-9JAN26`: the dated future of an expiry; every option expiry has one."""
    return f"BTC-{expiry_code(expiration_ms)}"


def option_name(expiration_ms: int, strike: int, option_type: str) -> str:
    """`BTC-9JAN26-95000-C`."""
    return f"BTC-{expiry_code(expiration_ms)}-{strike}-{'C' if option_type == 'call' else 'P'}"


def perpetual_listing() -> Listing:
    """BTC-PERPETUAL: contracts of 10 USD, tick 0.5 USD."""
    tick, created_ms = Decimal("0.5"), _PERPETUAL_CREATION_MS
    return _future(PERPETUAL, _PERPETUAL_ID, "perpetual", tick, created_ms, PERPETUAL_EXPIRY_MS)


def future_listing(expiration_ms: int, instrument_id: int, creation_ms: int) -> Listing:
    """A dated future: contracts of 10 USD, tick 2.5 USD."""
    period = settlement_period(expiration_ms)
    return _future(
        future_name(expiration_ms), instrument_id, period, Decimal("2.5"), creation_ms, expiration_ms
    )


def option_listing(
    expiration_ms: int, strike: int, option_type: str, instrument_id: int, creation_ms: int
) -> Listing:
    """A European option on 1 BTC, quoted in BTC: tick 0.0001, from 0.005 up 0.0005, smallest trade 0.1."""
    return Listing(
        name=option_name(expiration_ms, strike, option_type),
        instrument_id=instrument_id,
        kind="option",
        settlement_period=settlement_period(expiration_ms),
        base_currency="BTC",
        quote_currency="BTC",
        counter_currency="USD",
        settlement_currency="BTC",
        instrument_type="reversed",
        price_index=INDEX_NAME,
        contract_size=Decimal(1),
        min_trade_amount=Decimal("0.1"),
        tick_size=_OPTION_TICK,
        tick_size_steps=_OPTION_STEPS,
        maker_commission=_OPTION_FEE,
        taker_commission=_OPTION_FEE,
        max_leverage=1,
        creation_ms=creation_ms,
        expiration_ms=expiration_ms,
        strike=Decimal(strike),
        option_type=option_type,
    )


def _future(
    name: str, instrument_id: int, period: str, tick: Decimal, creation_ms: int, expiration_ms: int
) -> Listing:
    return Listing(
        name=name,
        instrument_id=instrument_id,
        kind="future",
        settlement_period=period,
        base_currency="BTC",
        quote_currency="USD",
        counter_currency="USD",
        settlement_currency="BTC",
        instrument_type="reversed",
        price_index=INDEX_NAME,
        contract_size=Decimal(10),
        min_trade_amount=Decimal(10),
        tick_size=tick,
        tick_size_steps=(),
        maker_commission=_FUTURE_MAKER,
        taker_commission=_FUTURE_TAKER,
        max_leverage=50 if period == "perpetual" else 25,
        creation_ms=creation_ms,
        expiration_ms=expiration_ms,
    )
