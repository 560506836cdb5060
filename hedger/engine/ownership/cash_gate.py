"""What cash nobody has earned means for a book: it waits, it pauses, and a person is told."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hedger.domain.account import LedgerEntry
from hedger.domain.vocabulary import Action, BreakerState, Reason, Severity, stricter
from hedger.engine import alarms, work
from hedger.engine.attribution import follow
from hedger.engine.gates import Gate
from hedger.engine.guard import losses
from hedger.engine.ownership import cash
from hedger.engine.ownership.owned import CashFlow, CashWatch
from hedger.engine.reconcile import baseline
from hedger.engine.records import CashMoved
from hedger.engine.sight import Sight, interval_of, look
from hedger.engine.state import BookState, State, Step, VenueState

LOG_PATIENCE_S = 30.0  # wire time


def confirm(state: State, venue: VenueState, step: Step) -> None:
    """Ask for trades and wallets where something lasts, and recognise what they have confirmed."""
    for currency, watch in venue.owned.cash.items():
        since_s = watch.since_wire_s
        if since_s is None or step.now.wire_s - since_s < cash.CONFIRM_S / 2:
            continue
        if venue.snapshot_asked_wire_s < since_s:
            if _urgent(state, venue, currency):  # otherwise the next periodic look tells
                venue.reconcile_wire_s = min(venue.reconcile_wire_s, step.now.wire_s)
        elif venue.snapshot_due_wire_s is None and step.now.wire_s - since_s >= _patience_s(watch):
            _recognise(state, venue, currency, watch, step)


def _patience_s(watch: CashWatch) -> float:
    """How long a difference must last; the venue's log is waited for, but not for ever."""
    return LOG_PATIENCE_S if watch.awaits_log else cash.CONFIRM_S


def _urgent(state: State, venue: VenueState, currency: str) -> bool:
    """Whether a book waits for the answer."""
    books = (book for book in state.books.values() if book.settings.venue == venue.name)
    return any(cash.keeps_equity(book) and book.settings.underlying == currency for book in books)


def _recognise(state: State, venue: VenueState, currency: str, watch: CashWatch, step: Step) -> None:
    amount = watch.unexplained
    watch.known, watch.explained, watch.since_wire_s = watch.told, Decimal(0), None
    watch.awaits_log = False
    flow = CashFlow(market_ms=step.now.market_ms, venue=venue.name, currency=currency, amount=amount)
    _flowed(state, venue, flow, step)
    baseline.save(venue, step)


def log_told(state: State, venue: VenueState, entries: Sequence[LedgerEntry], step: Step) -> None:
    """What happened to the cash while nobody looked, by the venue's own log; trades we know left out.

    Rows of an instrument are what trading earned or lost: settlements, deliveries, trades nobody told of.
    The others are flows, each at its own time. What no row explains is a flow of unknown kind.
    """
    base = venue.differences.baseline
    for currency, watch in venue.owned.cash.items():
        if base is None or not watch.wants_log:
            continue
        for entry in entries:
            if entry.currency == currency and entry.market_ms > base.cash_ms and entry.change:
                watch.explained += entry.change
                if not entry.instrument:
                    _flowed(state, venue, _flow_of(entry), step)
        watch.awaits_log, watch.since_wire_s = False, None
        cash.weigh(state, watch, step)
    baseline.save(venue, step)


def _flow_of(entry: LedgerEntry) -> CashFlow:
    return CashFlow(
        market_ms=entry.market_ms,
        venue=entry.venue,
        currency=entry.currency,
        amount=entry.change,
        kind=entry.kind,
    )


def _flowed(state: State, venue: VenueState, flow: CashFlow, step: Step) -> None:
    """Write a flow down, and tell whom it concerns."""
    currency, amount = flow.currency, flow.amount
    venue.owned.flows[currency] = venue.owned.flows.get(currency, Decimal(0)) + amount
    follow.flowed(state, venue, flow)
    step.record(CashMoved(market_ms=step.now.market_ms, flow=flow))
    step.note(
        Severity.WARNING,
        "cash_flow",
        venue=venue.name,
        currency=currency,
        amount=str(amount),
        kind=flow.kind or "unknown",
    )
    for book in state.books.values():
        if book.settings.venue == venue.name and currency in book.book.currencies:
            cash.keep(book, flow, step.now.market_ms)
            losses.cash_flowed(state, book, currency, float(amount), step)
            if cash.keeps_equity(book) and currency == book.settings.underlying:
                book.ownership.unjudged_coin += float(amount)


def judge(state: State, book: BookState, step: Step) -> None:
    """A flow that moved y of a `usd` book beyond its band pauses it: is the hedge to follow the money?"""
    owned = book.ownership
    if owned.unjudged_coin:
        beyond = _beyond(book, look(state, book, step.now), owned.unjudged_coin)
        if beyond is not None:
            if beyond:
                _pause(state, book, owned.unjudged_coin, step)
            owned.unjudged_coin = 0.0
    if owned.paused_by_flow and book.breaker is BreakerState.RUNNING:
        owned.paused_by_flow = ""
    alarms.tell(
        state, step, "cash_flow_pause", owned.paused_by_flow, book=book.name, severity=Severity.CRITICAL
    )


def _pause(state: State, book: BookState, amount: float, step: Step) -> None:
    currency = book.settings.underlying
    why = f"{amount:+.8g} {currency} arrived that no trade explains and moved the delta beyond the band"
    book.breaker = stricter(book.breaker, BreakerState.PAUSED)
    book.ownership.paused_by_flow = f"{why}; `hedger resume --book {book.name}` hedges it"
    work.latch(state, book.name, book.breaker, why, step)
    work.drop_held(state, lambda approved: approved.intent.book == book.name, why, step)


def gate(state: State, book: BookState, sight: Sight) -> Gate | None:
    """Equity that changed for no known reason is no equity to hedge yet."""
    if not cash.keeps_equity(book):
        return None
    watch = state.venues[book.settings.venue].owned.cash.get(book.settings.underlying)
    amount = book.ownership.unjudged_coin
    if watch is not None and watch.since_wire_s is not None:
        amount += float(watch.unexplained)
    if not amount or _beyond(book, sight, amount) is False:
        return None
    detail = f"{amount:+.8g} {book.settings.underlying} of cash that no trade explains is being looked into"
    return Gate(Action.WAIT, Reason.CASH_FLOW, detail)


def _beyond(book: BookState, sight: Sight, amount: float) -> bool | None:
    """Whether y is outside the band on the side to which a flow has pushed it; None while not known."""
    interval = interval_of(book, sight.inputs)
    if interval is None or sight.inputs is None:
        return None
    y = sight.inputs.delta_coin
    return y > interval.upper_delta if amount > 0 else y < interval.lower_delta


def watch_drift(state: State, book: BookState, step: Step) -> None:
    """Alarm while more has moved between the wallets than the settings allow."""
    most_usd = book.settings.scope.max_wallet_drift_usd
    index = look(state, book, step.now).index_price
    drift = cash.drift_usd(state, book, index.price_usd if index else None) if most_usd else None
    detail = ""
    if drift is not None and abs(drift) > most_usd:
        side = f"{book.settings.underlying} to {cash.DOLLAR}"
        detail = f"{drift:+,.0f} USD moved from {side} since the start, at most {most_usd:,.0f} USD"
    alarms.tell(state, step, "wallet_drift", detail, book=book.name)
