"""Listings out of an underlying's terms: its perpetual, dated futures and European options."""

from __future__ import annotations

from decimal import Decimal

from hedger.simulator.model import Listing
from hedger.simulator.world.expiries import PERPETUAL_EXPIRY_MS, expiry_code, settlement_period
from hedger.simulator.world.terms import Terms


def future_name(terms: Terms, expiration_ms: int) -> str:
    """`BTC-9JAN26`: the dated future of an expiry; every option expiry has one."""
    return f"{terms.prefix}-{expiry_code(expiration_ms)}"


def option_name(terms: Terms, expiration_ms: int, strike: int, option_type: str) -> str:
    """`BTC-9JAN26-95000-C`."""
    return f"{future_name(terms, expiration_ms)}-{strike}-{'C' if option_type == 'call' else 'P'}"


def underlying_name(option: Listing) -> str:
    """The future of an option's expiry."""
    return option.name.rsplit("-", 2)[0]


def perpetual_listing(terms: Terms) -> Listing:
    """The perpetual of an underlying."""
    return Listing(
        name=terms.perpetual,
        instrument_id=terms.perpetual_id,
        kind="future",
        settlement_period="perpetual",
        base_currency=terms.base_currency,
        quote_currency=_dollar(terms),
        counter_currency=_dollar(terms),
        settlement_currency=terms.settlement_currency,
        instrument_type=terms.instrument_type,
        price_index=terms.price_index,
        contract_size=terms.future_size,
        min_trade_amount=terms.future_size,
        tick_size=terms.perpetual_tick,
        tick_size_steps=(),
        maker_commission=terms.future_maker,
        taker_commission=terms.future_taker,
        max_leverage=50,
        creation_ms=terms.perpetual_created_ms,
        expiration_ms=PERPETUAL_EXPIRY_MS,
    )


def future_listing(terms: Terms, expiration_ms: int, instrument_id: int, creation_ms: int) -> Listing:
    """A dated future."""
    return Listing(
        name=future_name(terms, expiration_ms),
        instrument_id=instrument_id,
        kind="future",
        settlement_period=settlement_period(expiration_ms),
        base_currency=terms.base_currency,
        quote_currency=_dollar(terms),
        counter_currency=_dollar(terms),
        settlement_currency=terms.settlement_currency,
        instrument_type=terms.instrument_type,
        price_index=terms.price_index,
        contract_size=terms.future_size,
        min_trade_amount=terms.future_size,
        tick_size=terms.future_tick,
        tick_size_steps=(),
        maker_commission=terms.future_maker,
        taker_commission=terms.future_taker,
        max_leverage=25,
        creation_ms=creation_ms,
        expiration_ms=expiration_ms,
    )


def option_listing(
    terms: Terms, expiration_ms: int, strike: int, option_type: str, instrument_id: int, creation_ms: int
) -> Listing:
    """A European option, quoted in what it settles in."""
    return Listing(
        name=option_name(terms, expiration_ms, strike, option_type),
        instrument_id=instrument_id,
        kind="option",
        settlement_period=settlement_period(expiration_ms),
        base_currency=terms.base_currency,
        quote_currency=terms.settlement_currency,
        counter_currency=_dollar(terms),
        settlement_currency=terms.settlement_currency,
        instrument_type=terms.instrument_type,
        price_index=terms.price_index,
        contract_size=terms.option_size,
        min_trade_amount=terms.option_least,
        tick_size=terms.option_tick,
        tick_size_steps=terms.option_steps,
        maker_commission=terms.option_fee,
        taker_commission=terms.option_fee,
        max_leverage=1,
        creation_ms=creation_ms,
        expiration_ms=expiration_ms,
        strike=Decimal(strike),
        option_type=option_type,
    )


def _dollar(terms: Terms) -> str:
    """What a coin is told in: dollars, or the dollar coin of linear instruments."""
    return "USDC" if terms.linear else "USD"
