"""Orders by hand: through the same doors, labels and journal as the book's own.

An operator's order is no hedge: it does not count as in flight while it rests, and what it trades is delta
the policy has to deal with.
"""

from __future__ import annotations

from hedger.domain.approval import Approved, Refused
from hedger.domain.instrument import Instrument
from hedger.domain.order import TERMINAL, OrderIntent, OrderState, OrderType, Purpose, TimeInForce
from hedger.domain.vocabulary import Mode, Reason, Severity
from hedger.engine import events as ev
from hedger.engine import holdings, work
from hedger.engine.doors import door, valid_until_ms
from hedger.engine.hedging.hedge import Manual
from hedger.engine.hedging.manual_order import OrderAsked
from hedger.engine.records import Commanded
from hedger.engine.state import BookState, State, Step
from hedger.execution.labels import make_label

TICKER_S = 5.0  # wire time an order waits for the ticker it is judged by
ASK_S = 60.0  # and for which an instrument nobody holds stays watched
ANSWERS_KEPT = 20


def given(state: State, asked: OrderAsked, step: Step) -> None:
    """Take an order in; it is judged as soon as its instrument has a ticker."""
    book = state.books.get(asked.book)
    if book is None:
        step.note(Severity.ERROR, "order_refused", book=asked.book, detail="no such book")
        return
    waiting = book.working.manual
    waiting[asked.number] = Manual(asked, step.now.wire_s + TICKER_S)
    while len(waiting) > ANSWERS_KEPT:
        del waiting[next(iter(waiting))]
    venue = state.venues[book.settings.venue]
    if asked.instrument in venue.instruments and asked.instrument not in venue.quotes:
        venue.asked_tickers[asked.instrument] = step.now.wire_s + ASK_S
        holdings.watch(state, venue, step)
    judge_waiting(state, book, step)


def judge_waiting(state: State, book: BookState, step: Step) -> None:
    """Answer every order that can be judged now, or has waited long enough."""
    for waiting in book.working.manual.values():
        if not waiting.told:
            _judge(state, book, waiting, step)


def forget_tickers(state: State, step: Step) -> None:
    """Tickers that were wanted for an order alone are let go after a while."""
    for venue in state.venues.values():
        over = [name for name, until_s in venue.asked_tickers.items() if step.now.wire_s >= until_s]
        for name in over:
            del venue.asked_tickers[name]
        if over:
            holdings.watch(state, venue, step)


def _judge(state: State, book: BookState, waiting: Manual, step: Step) -> None:
    asked, venue = waiting.asked, state.venues[book.settings.venue]
    listed = venue.instruments.get(asked.instrument)
    awaits = listed is not None and asked.instrument not in venue.quotes
    if awaits and step.now.wire_s < waiting.until_wire_s:
        return
    answer = _answered(state, book, asked, listed, step)
    waiting.told = True
    if isinstance(answer, Refused):
        waiting.detail = f"{answer.reason}: {answer.detail}"
        step.note(Severity.WARNING, "order_refused", book=book.name, by=asked.by, detail=waiting.detail)
        return
    waiting.label, waiting.detail = answer.intent.label, "written down and on its way"
    state.label_sequence += 1
    book.counters.add_order(step.now)
    step.record(_command(state, book, asked, answer.intent, step))
    work.submit(state, answer, step)


def _answered(
    state: State, book: BookState, asked: OrderAsked, listed: Instrument | None, step: Step
) -> Approved | Refused:
    if listed is None:
        return Refused(Reason.MISSING_QUOTE, f"instrument = {asked.instrument!r}: not listed")
    if book not in holdings.takers(state, listed):
        needs = f"of {book.settings.underlying}, settled in {'/'.join(book.book.currencies)}, in its scope"
        detail = f"{listed.name} is not of book {book.name}: must be {needs}"
        return Refused(Reason.ASSET_CLASS, detail)
    gate = _shut(state, book, step.now)
    if gate is not None:
        return gate
    return door(state, book, _intent(state, book, asked, step), step.now)


def _shut(state: State, book: BookState, now: ev.Now) -> Refused | None:
    """What stops an operator's order before its own terms matter: also what would drop it once durable."""
    venue = state.venues[book.settings.venue]
    if state.settings.mode is not Mode.LIVE:
        return Refused(Reason.OBSERVE_MODE, f"mode is {state.settings.mode}: orders by hand need live")
    if not venue.epoch or not venue.reconciled:
        return Refused(Reason.RECOVERING, "positions and orders are being reconciled with the venue")
    return work.shut(state, venue, book, now)


def _intent(state: State, book: BookState, asked: OrderAsked, step: Step) -> OrderIntent:
    venue = state.venues[book.settings.venue]
    quote = venue.quotes.get(asked.instrument)
    market = asked.price is None
    return OrderIntent(
        label=make_label(book.name, venue.epoch, state.label_sequence + 1),
        book=book.name,
        venue=venue.name,
        instrument=asked.instrument,
        side=asked.side,
        amount=asked.amount,
        order_type=OrderType.MARKET if market else OrderType.LIMIT,
        time_in_force=TimeInForce.IOC if market or asked.immediate else TimeInForce.GTC,
        valid_until_ms=valid_until_ms(state, book, step.now),
        created_ms=step.now.market_ms,
        price=asked.price,
        reduce_only=asked.reduce_only,
        post_only=asked.post_only,
        reference_price=0.0 if quote is None else quote.mark,
        purpose=Purpose.MANUAL,
    )


def _command(state: State, book: BookState, asked: OrderAsked, intent: OrderIntent, step: Step) -> Commanded:
    """Who asked for it, beside the order's own row; no breaker moves."""
    price = "market" if asked.price is None else f"at {asked.price}"
    return Commanded(
        market_ms=step.now.market_ms,
        command=f"order {asked.side} {asked.amount} {asked.instrument} {price} as {intent.label}",
        book=book.name,
        state=book.breaker,
        by=asked.by,
        reason=asked.reason,
    )


def cancel(state: State, event: ev.CancelGiven, step: Step) -> None:
    """Cancel one order of ours that may rest; a cancel of one that has ended changes nothing."""
    order = state.orders.get(event.label)
    if order is None or order.state in TERMINAL:
        ended = "no such order" if order is None else f"it is {order.state}"
        step.note(Severity.WARNING, "cancel_refused", label=event.label, by=event.by, detail=ended)
        return
    step.note(Severity.WARNING, "cancel_asked", label=event.label, by=event.by, reason=event.reason)
    if order.state is OrderState.DRAFT:
        label = event.label
        work.drop_held(
            state, lambda approved: approved.intent.label == label, "an operator cancelled it", step
        )
    else:
        work.cancel(state, order, step)
