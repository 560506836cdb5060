"""Builds the picture of the running attribution: read only, on demand."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hedger.domain.time_units import DAY_MS
from hedger.engine.attribution import intervals
from hedger.engine.attribution.days import CUTS, Day
from hedger.engine.attribution.wallet import Wallet
from hedger.engine.events import Now
from hedger.engine.state import State, VenueState
from hedger.engine.views.view_attribution import AttributionView
from hedger.portfolio.attribution import LINES, Lines
from hedger.portfolio.carry import carry
from hedger.portfolio.running import Interval


def attribution_views(state: State, now: Now) -> tuple[AttributionView, ...]:
    """Every wallet that has begun, by venue and currency."""
    return tuple(
        view
        for venue in state.venues.values()
        for wallet in venue.attribution.values()
        for view in _views(state, venue, wallet, now)
    )


def _views(state: State, venue: VenueState, wallet: Wallet, now: Now) -> Iterator[AttributionView]:
    running = wallet.running
    rate = intervals.rate_usd(state, venue, wallet.currency)
    if running is None or rate is None:
        return
    opened = running.so_far(now.market_ms, intervals.equity_of(state, wallet, running), rate)
    for hour in CUTS:
        day = wallet.days.with_open(hour, opened)
        yield _view(venue, wallet, hour, day, opened, state.settings.attribution.residual_share)


def _view(
    venue: VenueState, wallet: Wallet, hour: int, day: Day, opened: Interval, share: float
) -> AttributionView:
    left = wallet.taylor
    earned = carry(day.lines, (opened.to_ms - day.since_ms) / DAY_MS)
    return AttributionView(
        venue=venue.name,
        currency=wallet.currency,
        cut=f"{hour:02d}:00",
        since_ms=day.since_ms,
        equity_before=day.equity,
        equity=opened.equity_after,
        change=math.fsum((opened.equity_after, -day.equity)),
        change_usd=opened.equity_after * opened.rate_after_usd - day.equity * day.rate_usd,
        lines=_named(day.lines),
        lines_usd=_named(day.usd),
        theta=earned.theta,
        gamma_paid=earned.gamma_paid,
        fees=earned.fees,
        funding=earned.funding,
        theta_kept=earned.theta_kept,
        theta_kept_per_day=earned.theta_kept_per_day,
        realised_vol=earned.realised_vol,
        implied_vol=earned.implied_vol,
        realised_less_implied=earned.realised_less_implied,
        bookings=day.bookings,
        cash_gap=wallet.cash.gap,
        cash_tolerance=wallet.cash.tolerance,
        taylor_residual=None if left is None else left.residual,
        taylor_share=None if left is None else left.share,
        taylor_tolerance=None if left is None else left.tolerance(share),
    )


def _named(lines: Lines) -> dict[str, float]:
    return dict(zip(LINES, lines.parts, strict=True))
