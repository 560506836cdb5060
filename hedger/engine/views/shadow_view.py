"""The frozen picture of a book's shadows: what the live hedge and another policy's came to since it began."""

from __future__ import annotations

import msgspec


class LedgerView(msgspec.Struct, frozen=True):
    """One hedge since the shadow began; the position both began with is left aside."""

    amount: str  # traded net, signed, exact, in the hedge instrument's amount unit
    trades: int  # fills of the live hedge; hedges of the shadow
    turnover_usd: float
    fees_usd: float  # paid
    spread_usd: float  # paid: the way from the mark at the decision to the fills
    cost_usd: float  # fees and spread
    funding_usd: float  # paid, estimated by the ticker's rate
    gain_coin: float | None  # of what was traded, at mark, everything paid; None: no mark yet
    gain_usd: float | None  # the same at the present index


class GridView(msgspec.Struct, frozen=True):
    """Hedged P&L of options and hedges per interval, counted in `unit`."""

    interval_s: int  # market time
    unit: str  # what the book is kept neutral in: coin or USD
    intervals: int  # that counted: no look missed, no trade or expiry of what both hold
    live_sd: float | None  # standard deviation of an interval; None for fewer than two
    sd: float | None  # of the shadow
    variance_ratio: float | None  # shadow over live; below 1: the shadow hedges closer
    tracking_sd: float | None  # standard deviation of shadow less live
    live_open_coin: float | None  # root mean square of delta less its target, once per interval
    open_coin: float | None  # of the shadow


class ShadowView(msgspec.Struct, frozen=True):
    name: str  # as configured
    policy: str  # name of its rule
    params: dict[str, float | str]  # of the rule, as the file writes them
    since_ms: int | None  # market time it began; None: it has not
    says: str  # its policy's last word, or how it failed; empty: not asked yet
    failed: bool  # its policy raised: its figures end there
    delta_coin: float | None  # the controlled quantity with its hedge in the place of the live one
    hedge_apart: str  # its hedge less the live one, signed, exact, in the instrument's amount unit
    ahead_usd: float | None  # its gain less the live hedge's, at the present index
    own: LedgerView  # the shadow's hedge
    live: LedgerView  # the live one in the same time
    minutes: GridView  # intervals of a minute
    hours: GridView  # intervals of an hour
