"""A small market at 100,000 USD per coin: the worked example EX-INV and what hedges it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from hedger.domain.account import Account
from hedger.domain.instrument import Instrument, Kind, Payoff, TickStep
from hedger.domain.quote import IndexPrice, Quote
from hedger.pricing.scalar import black76_one, years_to

VENUE = "deribit"
DAY_MS = 86_400_000
NOW_MS = 1_790_000_000_000
EXPIRY_MS = NOW_MS + 30 * DAY_MS
CALL = "BTC-21OCT26-105000-C"
PUT = "BTC-21OCT26-105000-P"
PERPETUAL = "BTC-PERPETUAL"
FUTURE = "BTC-21OCT26"
STALENESS = {"option_stale_s": 60.0, "hedge_stale_s": 5.0, "index_stale_s": 5.0}


class At(NamedTuple):
    """The two times of a step."""

    market_ms: int = NOW_MS
    wire_s: float = 0.0


def option(name: str = CALL, strike: int = 105_000, sign: int = 1, **changes: Any) -> Instrument:
    return Instrument(
        **{
            "venue": VENUE,
            "name": name,
            "kind": Kind.OPTION,
            "payoff": Payoff.INVERSE,
            "base_currency": "BTC",
            "quote_currency": "BTC",
            "settlement_currency": "BTC",
            "price_index": "btc_usd",
            "contract_size": Decimal(1),
            "min_trade_amount": Decimal("0.1"),
            "tick_size": Decimal("0.0001"),
            "tick_steps": (TickStep(Decimal("0.005"), Decimal("0.0005")),),
            "expiration_ms": EXPIRY_MS,
            "strike_usd": Decimal(strike),
            "option_sign": sign,
            **changes,
        }
    )


def perpetual(name: str = PERPETUAL, **changes: Any) -> Instrument:
    return Instrument(
        **{
            "venue": VENUE,
            "name": name,
            "kind": Kind.PERPETUAL,
            "payoff": Payoff.INVERSE,
            "base_currency": "BTC",
            "quote_currency": "USD",
            "settlement_currency": "BTC",
            "price_index": "btc_usd",
            "contract_size": Decimal(10),
            "min_trade_amount": Decimal(10),
            "tick_size": Decimal("0.5"),
            **changes,
        }
    )


def linear_perpetual(**changes: Any) -> Instrument:
    terms: dict[str, Any] = {
        "payoff": Payoff.LINEAR,
        "settlement_currency": "USDC",
        "price_index": "btc_usdc",
        "contract_size": Decimal("0.0001"),
        "min_trade_amount": Decimal("0.0001"),
    }
    return perpetual("BTC_USDC-PERPETUAL", **{**terms, **changes})


def future(**changes: Any) -> Instrument:
    return perpetual(FUTURE, **{"kind": Kind.FUTURE, "expiration_ms": EXPIRY_MS, **changes})


def option_quote(
    instrument: Instrument,
    forward_usd: float = 100_000.0,
    iv: float = 0.55,
    *,
    market_ms: int = NOW_MS,
    wire_s: float = 0.0,
    **changes: Any,
) -> Quote:
    """A ticker with the exact Black delta, unlike the exchange's, which is rounded to 5 decimals."""
    assert instrument.expiration_ms is not None
    assert instrument.strike_usd is not None
    years = years_to(instrument.expiration_ms, market_ms)
    model = black76_one(forward_usd, float(instrument.strike_usd), years, iv, instrument.option_sign)
    return Quote(
        **{
            "venue": VENUE,
            "instrument": instrument.name,
            "market_ms": market_ms,
            "received_wire_s": wire_s,
            "state": instrument.state,
            "mark": model.price_usd / (forward_usd if instrument.payoff is Payoff.INVERSE else 1.0),
            "index_usd": forward_usd,
            "underlying_usd": forward_usd,
            "iv": iv,
            "delta": model.delta,
            **changes,
        }
    )


def future_quote(
    name: str = PERPETUAL, mark: float = 100_000.0, *, wire_s: float = 0.0, **changes: Any
) -> Quote:
    return Quote(
        **{
            "venue": VENUE,
            "instrument": name,
            "market_ms": NOW_MS,
            "received_wire_s": wire_s,
            "state": perpetual().state,
            "mark": mark,
            "index_usd": mark,
            "bid": mark - 0.5,
            "bid_amount": 100_000.0,
            "ask": mark + 0.5,
            "ask_amount": 100_000.0,
            **changes,
        }
    )


def index(price_usd: float = 100_000.0, wire_s: float = 0.0, name: str = "btc_usd") -> IndexPrice:
    return IndexPrice(venue=VENUE, index=name, price_usd=price_usd, market_ms=NOW_MS, received_wire_s=wire_s)


def account(equity: str = "5", currency: str = "BTC") -> Account:
    return Account(
        venue=VENUE,
        currency=currency,
        balance=Decimal(equity),
        equity=Decimal(equity),
        available_funds=Decimal(equity),
        initial_margin=Decimal(0),
        maintenance_margin=Decimal(0),
    )
