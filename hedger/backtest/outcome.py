"""What one policy came to on one chain: plain values, the same on every machine."""

from __future__ import annotations

import hashlib

import msgspec

from hedger.portfolio.attribution import Lines


class Point(msgspec.Struct, frozen=True, array_like=True):
    """The account at one instant, after what was done there. Coin unless the name says otherwise."""

    market_ms: int
    index_usd: float
    perpetual_usd: float
    equity_coin: float
    options_coin: float  # value of the options at their marks
    hedge_usd: float  # signed size of the perpetual
    found_coin: float  # the controlled delta as the instant found it; NaN: not known
    left_coin: float  # and as it was left
    lower_coin: float  # the policy's no-trade interval when the delta was found
    upper_coin: float
    initial_margin_coin: float
    maintenance_margin_coin: float
    action: str  # of the last decision there
    reason: str


class Trade(msgspec.Struct, frozen=True, array_like=True):
    """One fill; amount and prices of a hedge are USD, of an option coin. `mark`: at the decision."""

    market_ms: int
    instrument: str
    amount: float  # signed, bought positive
    price: float
    mark: float
    fee_coin: float
    slippage_coin: float  # against the mark; negative: paid


class Outcome(msgspec.Struct, frozen=True):
    """Of one policy. `sums_coin` are the ledger's sums by kind; deposits, premiums and all."""

    name: str
    policy: str
    params: dict[str, float | str]
    neutral: str
    equity_coin: float  # the account began with
    points: tuple[Point, ...]
    lines: tuple[Lines, ...]  # of the change of equity up to each point, trades there included; coin
    hedges: tuple[Trade, ...]
    options: tuple[Trade, ...]
    sums_coin: dict[str, float]
    steps: int  # of the engine
    events: int  # it was told
    unquoted: int  # held options without a recorded quote, over all instants
    blocked: dict[str, int]  # instants that ended blocked, by reason
    postponed: int  # instants at which the strategy wanted to trade and something was not quoted

    @property
    def digest(self) -> str:
        """SHA-256 of everything in it: the same run gives the same."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()
