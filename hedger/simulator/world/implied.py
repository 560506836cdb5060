"""Implied volatility of one quote, for the bid_iv and ask_iv of a ticker."""

from __future__ import annotations

from hedger.pricing.scalar import black76_one

_STEPS = 8
_HIGHEST = 5.0
_ENOUGH_USD = 1e-3


def quote_iv(
    price_coin: float, forward_usd: float, strike_usd: float, tau_years: float, sign: float, guess: float
) -> float:
    """Volatility (fraction) at which the option is worth `price_coin`; 0.0 at or below intrinsic value.

    Newton's method kept inside a bracket, starting at the mark volatility; at most 5.0 (500 %).
    """
    target_usd = price_coin * forward_usd
    if target_usd <= max(sign * (forward_usd - strike_usd), 0.0):
        return 0.0
    low, high, vol = 0.0, _HIGHEST, guess
    for _ in range(_STEPS):
        value = black76_one(forward_usd, strike_usd, tau_years, vol, sign)
        error = value.price_usd - target_usd
        if abs(error) < _ENOUGH_USD:
            break
        low, high = (low, vol) if error > 0.0 else (vol, high)
        step = vol - error / value.vega_usd if value.vega_usd > 0.0 else high
        vol = step if low < step < high else 0.5 * (low + high)
    return vol
