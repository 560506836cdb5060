"""Coin-settled options: the worked example of theory 1.4, a hedge per numeraire (theory 5.7)."""

from __future__ import annotations

from collections.abc import Iterator

from hedger.lab.verify.rows import Effort, Row, exact, printed
from hedger.pricing.inverse import inverse_future_delta_coin, net_transaction_delta, pnl_coin, price_coin
from hedger.pricing.scalar import black76_one

_F, _K, _TAU, _IV = 100_000.0, 105_000.0, 30.0 / 365.0, 0.55
_SOLD, _EQUITY = -10.0, 5.0

_GREEKS = {
    "value, USD": 4246.318336,
    "price, coin": 0.0424631834,
    "delta": 0.4088186315,
    "net transaction delta": 0.3663554482,
    "gamma": 2.463699e-05,
    "vega per point": 111.372680,
    "theta per day": -102.091623,
}

_MOVES = (-0.01, 0.01, -0.05, 0.05)
_HEDGES = {
    "none": (
        0.0,
        (0.03576365, -0.03749394, 0.16092632, -0.20376968),
        (-1459.3989, 1213.1121, -9711.9993, 3604.1831),
    ),
    "coin": (
        366_355.4482,
        (-0.00124195, -0.00122112, -0.03189233, -0.02931471),
        (-5122.9534, 4876.6666, -28029.7718, 21921.9555),
    ),
    "usd": (
        -133_644.5518,
        (0.04926310, -0.05072607, 0.23126556, -0.26740995),
        (-122.9534, -123.3334, -3029.7718, -3078.0445),
    ),
    "bs": (
        408_818.6315,
        (-0.00553116, 0.00298315, -0.05424138, -0.00909415),
        (-5547.5853, 5301.2984, -30152.9309, 24045.1147),
    ),
}
"""Neutral: size in USD, change of equity in coin and in USD at each move."""


def inverse(effort: Effort) -> Iterator[Row]:
    """Ten coin-settled calls sold, hedged coin-, dollar- and Black-neutral."""
    one = black76_one(_F, _K, _TAU, _IV, 1.0)
    price = price_coin(one.price_usd, _F)
    net = net_transaction_delta(one.delta, price)
    ours = (
        one.price_usd,
        price,
        one.delta,
        net,
        one.gamma_per_usd,
        one.vega_usd / 100.0,
        one.theta_usd_per_year / 365.0,
    )
    for (name, theirs), value in zip(_GREEKS.items(), ours, strict=True):
        yield exact(name, value, theirs, relative=2e-7 if name == "gamma" else 5e-9)
    put = black76_one(_F, _K, _TAU, _IV, -1.0)
    yield printed("put: net transaction delta", put.delta - put.price_usd / _F, -0.6836445518, 10)
    yield exact("parity: net deltas differ by K/F", net - (put.delta - put.price_usd / _F), _K / _F)
    yield printed("100,000 USD long from 100k to 110k, coin", pnl_coin(1e5, 1e5, 1.1e5), 0.09090909, 8)
    yield printed("100,000 USD long from 100k to 90k, coin", pnl_coin(1e5, 1e5, 9e4), -0.11111111, 8)
    sizes = {
        "none": 0.0,
        "coin": -_F * _SOLD * net,
        "usd": -_F * (_EQUITY + _SOLD * net),
        "bs": -_F * _SOLD * one.delta,
    }
    for name, (size, coin, usd) in _HEDGES.items():
        yield printed(f"{name}-neutral: USD of the perpetual", sizes[name], size, 4)
        for move, d_coin, d_usd in zip(_MOVES, coin, usd, strict=True):
            gained = _gained(sizes[name], move)
            yield printed(f"{name}-neutral, {move:+.0%}: coin", gained, d_coin, 8)
            yield printed(
                f"{name}-neutral, {move:+.0%}: USD",
                (_EQUITY + gained) * _F * (1 + move) - _EQUITY * _F,
                d_usd,
                4,
            )
    rest = _SOLD * net + inverse_future_delta_coin(sizes["usd"], _F)
    yield Row("usd-neutral: coin equity still slopes by -E", rest, -_EQUITY, 1e-12)


def _gained(size_usd: float, move: float) -> float:
    """Change of equity in coin over an instantaneous move at the same volatility."""
    after = _F * (1.0 + move)
    option = price_coin(black76_one(after, _K, _TAU, _IV, 1.0).price_usd, after)
    before = price_coin(black76_one(_F, _K, _TAU, _IV, 1.0).price_usd, _F)
    return _SOLD * (option - before) + pnl_coin(size_usd, _F, after)
