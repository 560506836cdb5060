"""Coin-settled (inverse) options and futures: what a dollar formula means in coin.

An inverse option is worth p = V / F coin; its coin P&L per unit relative move of F is D - p, the net
transaction (premium-adjusted) delta. A long inverse future of Q USD entered at F0 earns Q (1/F0 - 1/F)
coin, so its coin delta is Q / F. Functions take floats or arrays alike.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", float, NDArray[np.float64])


def price_coin(value_usd: Number, forward_usd: Number) -> Number:
    """Price in coin of an option worth `value_usd`; the divisor is the forward, not the index."""
    return value_usd / forward_usd


def net_transaction_delta(delta: Number, price_coin: Number) -> Number:
    """Premium-adjusted delta in coin per coin of notional; puts: both terms are negative."""
    return delta - price_coin


def inverse_future_delta_coin(amount_usd: Number, price_usd: Number) -> Number:
    """Coin delta of an inverse future or perpetual of signed size `amount_usd` at `price_usd`."""
    return amount_usd / price_usd


def pnl_coin(amount_usd: Number, entry_usd: Number, exit_usd: Number) -> Number:
    """Coin earned by a signed inverse position of `amount_usd` from `entry_usd` to `exit_usd`."""
    return amount_usd * (1.0 / entry_usd - 1.0 / exit_usd)
