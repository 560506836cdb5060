"""Builds the picture of a book's shadows: read only, on demand."""

from __future__ import annotations

from hedger.domain.instrument import plain
from hedger.domain.vocabulary import Neutral
from hedger.engine.shadow.grid import Grid
from hedger.engine.shadow.ledger import Ledger
from hedger.engine.shadow.shadow import Shadow
from hedger.engine.state import BookState, State
from hedger.engine.views.shadow_view import GridView, LedgerView, ShadowView
from hedger.policies.reasons import EXPLANATION, Reason


def shadow_views(state: State, book: BookState) -> tuple[ShadowView, ...]:
    """As configured."""
    return tuple(_view(state, book, shadow) for shadow in book.shadows)


def _view(state: State, book: BookState, shadow: Shadow) -> ShadowView:
    own, live = _ledger(state, book, shadow.own), _ledger(state, book, shadow.live)
    known = own.gain_usd is not None and live.gain_usd is not None and shadow.since_ms
    unit = "coin" if book.settings.neutral in (None, Neutral.COIN) else "USD"
    return ShadowView(
        name=shadow.settings.name,
        policy=shadow.settings.policy,
        params=_spelled(shadow),
        since_ms=shadow.since_ms or None,
        says=_says(shadow),
        failed=bool(shadow.failed),
        delta_coin=shadow.delta_coin,
        hedge_apart=str(plain(shadow.own.amount - shadow.live.amount)),
        ahead_usd=(own.gain_usd or 0.0) - (live.gain_usd or 0.0) if known else None,
        own=own,
        live=live,
        minutes=_grid(shadow.minutes, unit),
        hours=_grid(shadow.hours, unit),
    )


def _says(shadow: Shadow) -> str:
    if shadow.failed:
        return f"failed, not asked any more: {shadow.failed}"
    return "" if shadow.code is None else EXPLANATION[Reason(shadow.code)]


def _spelled(shadow: Shadow) -> dict[str, float | str]:
    """In words where a number stands for one: `auto` is an infinity, which JSON has not."""
    doc = shadow.policy.doc
    return {name: doc[name].word_of(value) or value for name, value in shadow.settings.params.items()}


def _ledger(state: State, book: BookState, ledger: Ledger) -> LedgerView:
    venue, name = state.venues[book.settings.venue], book.settings.hedge_instrument
    listed, quote, index_usd = venue.instruments.get(name), venue.quotes.get(name), book.book.index_usd
    gain_coin = gain_usd = None
    if listed is not None and quote is not None and index_usd is not None:
        worth = ledger.worth(listed, quote.mark)
        gain_coin = worth.coin + worth.usd / index_usd
        gain_usd = worth.coin * index_usd + worth.usd
    return LedgerView(
        amount=str(plain(ledger.amount)),
        trades=ledger.trades,
        turnover_usd=ledger.turnover_usd,
        fees_usd=ledger.fees_usd,
        spread_usd=ledger.spread_usd,
        cost_usd=ledger.cost_usd,
        funding_usd=ledger.funding_usd,
        gain_coin=gain_coin,
        gain_usd=gain_usd,
    )


def _grid(grid: Grid, unit: str) -> GridView:
    rms = grid.gap_rms
    return GridView(
        interval_s=grid.seconds,
        unit=unit,
        intervals=grid.live.count,
        live_sd=grid.live.sd,
        sd=grid.own.sd,
        variance_ratio=grid.variance_ratio,
        tracking_sd=grid.apart.sd,
        live_open_coin=None if rms is None else rms.live,
        open_coin=None if rms is None else rms.own,
    )
