"""Builds the picture of a book's guard: read only, on demand."""

from __future__ import annotations

import math
from decimal import Decimal

from hedger.engine import holdings
from hedger.engine.guard import losses
from hedger.engine.reconcile import positions
from hedger.engine.sight import Sight
from hedger.engine.state import BookState, State
from hedger.engine.views.view_guard import CapView, GuardView, LossView, MarginView
from hedger.risk.funds import Funds
from hedger.risk.loss import unit_of
from hedger.risk.margin import MarginState, at, liquidation
from hedger.risk.tiers import Tier


def guard_view(state: State, book: BookState, sight: Sight) -> GuardView:
    """Caps as of the last look, losses and margin as of now."""
    guard, venue = book.guard, state.venues[book.settings.venue]
    return GuardView(
        caps=tuple(
            CapView(cap.name, cap.unit, cap.used, cap.limit, guard.tiers.get(cap.name, Tier.FREE))
            for cap in guard.caps
        ),
        band_scale=book.soft_scale,
        loss=_loss(state, book),
        margin=None if guard.margin is None else _margin(state, book, guard.margin, sight),
        latch=guard.latch,
        latched_ms=guard.latched_ms,
        account_locked="; ".join(venue.account.locked.values()),
        unexplained=positions.waiting(venue, book),
        ended=guard.ended,
    )


def _loss(state: State, book: BookState) -> LossView | None:
    now, guard, neutral = losses.wallets(state, book), book.guard, losses.neutral_of(book)
    if now is None or guard.day is None or guard.start is None:
        return None
    return LossView(
        unit=unit_of(neutral),
        today=guard.day.lost(now, neutral),
        since_start=guard.start.lost(now, neutral),
        day_from_ms=guard.day.market_ms,
        start_from_ms=guard.start.market_ms,
        cash_flow_coin=guard.cash_flow_coin,
    )


def _margin(state: State, book: BookState, known: MarginState, sight: Sight) -> MarginView:
    funds = known.funds
    account = state.venues[book.settings.venue].account.accounts[funds.currency]
    coin, then = _next_hedge(state, book, known, sight)
    way = liquidation(known)
    return MarginView(
        model=funds.model.value,
        currency=funds.currency,
        balance=funds.balance,
        initial=funds.initial,
        maintenance=funds.maintenance,
        available=funds.balance - funds.initial,
        excess_fraction=_finite(funds.excess_fraction),
        maintenance_distance=_finite(funds.maintenance_distance),
        hedge_coin=coin,
        initial_after=None if then is None else then.initial,
        maintenance_after=None if then is None else then.maintenance,
        liquidation_up_pct=way.up_pct,
        liquidation_down_pct=way.down_pct,
        liquidation_ratio=account.estimated_liquidation_ratio,
        projected_initial=_float(account.projected_initial_margin),
        projected_maintenance=_float(account.projected_maintenance_margin),
    )


def _next_hedge(
    state: State, book: BookState, known: MarginState, sight: Sight
) -> tuple[float | None, Funds | None]:
    """The whole way to the target in the hedge instrument, and the funds after it."""
    inputs, listed = sight.inputs, sight.listed
    if inputs is None or listed is None or listed.name not in known.holdings:
        return None, None
    coin = inputs.target_delta_coin - inputs.delta_coin
    mark = known.holdings[listed.name].mark
    whole = holdings.size_of(state, book.settings.venue, listed.name)
    held = float(whole) + listed.coin_to_amount(sight.in_flight_coin, mark)
    return coin, at(known, listed.name, held + listed.coin_to_amount(coin, mark))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
