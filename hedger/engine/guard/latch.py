"""The venue's own hand in the account: any sign of a liquidation or deleveraging latches the book.

A liquidation engine takes positions apart, and may open a perpetual to make what is left neutral. A hedger
that answers such trades with its own trades against it, fill by fill. So: no order, what rests is cancelled,
a person is paged, and only a person's `resume` ends it.
"""

from __future__ import annotations

from hedger.domain.account import Fill
from hedger.domain.instrument import plain
from hedger.domain.order import OrderReport, OrderState
from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine import alarms, holdings, work
from hedger.engine import events as ev
from hedger.engine.records import Latched
from hedger.engine.state import BookState, State, Step
from hedger.engine.verdict import Verdict
from hedger.risk.funds import MarginModel

CANCEL_REASONS = frozenset(
    {"autoliquidation", "risk_mitigation", "pme_risk_reduction", "pme_account_locked", "position_locked"}
)
"""Why a venue cancels orders of an account that it takes in hand (deribit.md 8)."""

ALARM = "liquidation"
MOST_SEEN = 1_000

_SEGREGATED = (MarginModel.SEGREGATED_SM, MarginModel.SEGREGATED_PM)


def fill_seen(state: State, fill: Fill, step: Step) -> None:
    """A new trade of the account; one that was forced on us is the plainest sign.

    A hedge of ours may meet somebody else's liquidation: a fill like any other. A trade beside our orders
    that a liquidation took part in is one, or a deleveraging, in which the other side was liquidated.
    """
    if not fill.liquidation or (work.is_ours(state, fill.label) and not fill.ours_liquidated):
        return
    amount = f"{'+' if fill.signed_amount > 0 else ''}{plain(fill.signed_amount)}"
    detail = f"trade {fill.trade_id} was forced by the venue: {amount} {fill.instrument} at {fill.price}"
    latch_those_hit(state, fill.venue, fill.instrument, detail, step)


def report_seen(state: State, report: OrderReport, step: Step) -> None:
    """An order of the account, ours or not: the liquidation's own, or one it has cancelled."""
    reason = report.cancel_reason or ""
    if not report.is_liquidation and reason not in CANCEL_REASONS:
        return
    seen = state.venues[report.venue].account.seen
    if report.order_id in seen:
        return
    if len(seen) >= MOST_SEEN:
        del seen[next(iter(seen))]
    seen[report.order_id] = None
    what = "is a liquidation's" if report.is_liquidation else f"was cancelled for {reason}"
    detail = f"order {report.order_id} ({report.side} {report.instrument}) {what}"
    latch_those_hit(state, report.venue, report.instrument, detail, step)


def account_locked(state: State, event: ev.AccountLocked, step: Step) -> None:
    """The account, or one currency of it; that it is unlocked again ends no latch."""
    account = state.venues[event.venue].account
    if not event.locked:
        account.locked.pop(event.currency, None)
        if not event.currency:
            account.locked.clear()
        step.note(Severity.WARNING, "account_unlocked", venue=event.venue, detail=event.detail)
        return
    account.locked[event.currency] = event.detail
    for book in _hit(state, event.venue, event.currency):
        latch(state, book, f"the account is locked ({event.detail})", step)


def latch_those_hit(state: State, venue: str, instrument: str, detail: str, step: Step) -> None:
    """The books whose money answers for the instrument: all of the venue where that is not certain."""
    listed = state.venues[venue].instruments.get(instrument)
    for book in _hit(state, venue, "" if listed is None else listed.settlement_currency):
        latch(state, book, detail, step)


def _hit(state: State, venue: str, currency: str) -> list[BookState]:
    account = state.venues[venue].account.accounts.get(currency)
    alone = account is not None and account.margin_model in _SEGREGATED
    books = holdings.books_on(state, venue)
    return [book for book in books if not alone or currency in book.book.currencies]


def latch(state: State, book: BookState, detail: str, step: Step) -> None:
    """No order of this book until a person resumes it: journalled, resting orders cancelled, paged."""
    guard = book.guard
    if guard.latch:
        step.note(Severity.WARNING, "latched_again", book=book.name, detail=detail)
        return
    guard.latch, guard.latched_ms = detail, step.now.market_ms
    _record(book, detail, "hedger", step)
    work.drop_held(state, lambda approved: approved.intent.book == book.name, f"latched: {detail}", step)
    work.cancel_resting(state, step, book)
    tell(state, book, step)


def tell(state: State, book: BookState, step: Step) -> None:
    """Page while it lasts, and cancel what has come to rest since."""
    guard = book.guard
    detail = f"{guard.latch}; no order until `hedger resume --book {book.name}`" if guard.latch else ""
    alarms.tell(state, step, ALARM, detail, book=book.name, severity=Severity.CRITICAL)
    if guard.latch and not state.orders.quiet:
        for order in state.orders.live():
            if order.intent.book == book.name and order.state is OrderState.OPEN:
                work.cancel(state, order, step)


def restore(state: State, venue: str, latches: tuple[Latched, ...], step: Step) -> None:
    """What an earlier run latched stays, as first seen; a sign of before the reading is written now."""
    known = {record.book: record for record in latches}
    for book in holdings.books_on(state, venue):
        record = known.get(book.name)
        if record is not None:
            book.guard.latch, book.guard.latched_ms = record.detail, record.market_ms
            tell(state, book, step)
        elif book.guard.latch:
            _record(book, book.guard.latch, "hedger", step)


def end(state: State, book: BookState, by: str, step: Step) -> str:
    """A person has looked and resumes; returns what it was, empty where nothing was latched."""
    was, book.guard.latch, book.guard.latched_ms = book.guard.latch, "", 0
    if was:
        _record(book, "", by, step)
        tell(state, book, step)
    return was


def verdict(book: BookState) -> Verdict | None:
    """What a latched book comes to."""
    if not book.guard.latch:
        return None
    detail = f"{book.guard.latch}; a person must look, then `hedger resume --book {book.name}`"
    return Verdict(Action.BLOCKED, Reason.LIQUIDATION, detail)


def _record(book: BookState, detail: str, by: str, step: Step) -> None:
    venue = book.settings.venue
    step.record(Latched(market_ms=step.now.market_ms, venue=venue, book=book.name, detail=detail, by=by))
