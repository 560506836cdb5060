"""The record of one decision: what it saw, what it would do, what bound it, how far the next trigger is."""

from __future__ import annotations

import math

import msgspec

from hedger.domain.vocabulary import Action, Mode, Reason


class Decision(msgspec.Struct, frozen=True, tag="decision", forbid_unknown_fields=True):
    """One book's decision at one instant. Deltas in coin; None where a figure is not known."""

    market_ms: int  # market time
    wire_s: float  # monotonic time of the machine
    book: str  # whose
    mode: Mode  # of the daemon
    action: Action  # what was done
    reason: Reason  # what bound it
    detail: str = ""  # one sentence a trader can read
    config_hash: str = ""  # of the effective configuration
    delta_coin: float | None = None  # the controlled quantity, in-flight hedges included
    target_delta_coin: float | None = None  # where the policy wants to be
    lower_coin: float | None = None
    upper_coin: float | None = None
    in_flight_coin: float = 0.0
    gamma_coin_per_usd: float | None = None
    theta_usd_per_day: float | None = None
    index_usd: float | None = None
    iv: float | None = None  # implied volatility of the book, vega-weighted, a fraction
    instrument: str = ""  # of the order; empty: none
    side: str = ""  # buy or sell
    label: str = ""  # of the order, ours
    amount: str = ""  # in the venue's unit, exact
    amount_coin: float = 0.0  # signed
    amount_usd: float = 0.0  # signed
    distance_coin: float | None = None  # to the nearer trigger; 0 outside
    distance_move_pct: float | None = None  # the index move, in per cent, that reaches it
    amount_contracts: float = 0.0  # signed, number of contracts of the hedge instrument
    expected_cost_usd: float | None = None  # fee and the way from mark to the touch, of this order


def coin_to_trigger(
    delta_coin: float | None, lower_coin: float | None, upper_coin: float | None
) -> float | None:
    """From a delta to the nearer end of the interval in which nothing is done, coin; 0 outside it.

    None where delta or both ends are not known.
    """
    if delta_coin is None:
        return None
    gaps = [] if lower_coin is None else [delta_coin - lower_coin]
    gaps += [] if upper_coin is None else [upper_coin - delta_coin]
    finite = [gap for gap in gaps if math.isfinite(gap)]
    return max(0.0, min(finite)) if finite else None
