"""A book's losses: what they are counted from, and the stop at the cap."""

from __future__ import annotations

from hedger.domain.vocabulary import BreakerState, Mode, Neutral, Severity
from hedger.engine import holdings, work
from hedger.engine.guard.guard_state import Guard
from hedger.engine.records import LossReferenced
from hedger.engine.state import BookState, State, Step, VenueState
from hedger.risk.loss import Reference, Wallets, day_of, loss_caps, reference
from hedger.risk.tiers import Cap, Tier

DOLLARS = ("USD", "USDC", "USDT")
_STOPPABLE = (BreakerState.RUNNING, BreakerState.REDUCE_ONLY)


def coin_price_usd(state: State, book: BookState) -> float | None:
    """The book's index; None while it is not known."""
    index = state.venues[book.settings.venue].indices.get(holdings.index_of(state, book))
    return None if index is None or not index.price_usd > 0.0 else index.price_usd


def wallets(state: State, book: BookState) -> Wallets | None:
    """Equity of the book's currencies; None while one of them, or the price, is not known.

    Cash that is missing and not understood yet counts as still there: a withdrawal must not stop the book
    in the seconds until it is recognised as one. On paper equity is by bookings: nothing is missing before.
    """
    venue, price = state.venues[book.settings.venue], coin_price_usd(state, book)
    if price is None or not venue.epoch:
        return None
    held = {True: 0.0, False: 0.0}
    for currency in book.book.currencies:
        account = venue.account.accounts.get(currency)
        if account is None:
            return None
        missing = 0.0 if state.settings.paper_apart(venue.name) else _missing_cash(venue, currency)
        held[currency in DOLLARS] += float(holdings.with_paper(state, account).equity) + missing
    return Wallets(held[False], held[True], price)


def _missing_cash(venue: VenueState, currency: str) -> float:
    watch = venue.owned.cash.get(currency)
    if watch is None or watch.since_wire_s is None:
        return 0.0
    return max(-float(watch.unexplained), 0.0)


def caps(state: State, book: BookState, step: Step) -> tuple[Cap, ...]:
    """The caps on losses that are set; none while equity or price is not known."""
    now = wallets(state, book)
    if now is None:
        return ()
    day, start = _references(book, reference(step.now.market_ms, now), step)
    book.guard.day, book.guard.start = day, start
    return loss_caps(day, start, now, neutral_of(book), book.settings.envelope)


def neutral_of(book: BookState) -> Neutral:
    return book.settings.neutral or Neutral.COIN


def _references(book: BookState, here: Reference, step: Step) -> tuple[Reference, Reference]:
    """The day's begins anew with the first look after midnight UTC."""
    day, start = book.guard.day, book.guard.start
    if day is None or day_of(day.market_ms) != day_of(here.market_ms):
        day = here
        _keep(book, "day", day, step)
    if start is None:
        start = here
        _keep(book, "start", start, step)
    return day, start


def _keep(book: BookState, period: str, since: Reference, step: Step) -> None:
    record = LossReferenced(
        market_ms=since.market_ms,
        venue=book.settings.venue,
        book=book.name,
        period=period,
        coin=since.coin,
        coin_usd=since.coin_usd,
        dollars=since.dollars,
    )
    step.record(record)


def restore(guard: Guard, record: LossReferenced) -> None:
    """Take up where an earlier run ended."""
    since = Reference(record.market_ms, record.coin, record.coin_usd, record.dollars)
    if record.period == "day":
        guard.day = since
    else:
        guard.start = since


def cash_flowed(state: State, book: BookState, currency: str, amount: float, step: Step) -> None:
    """A deposit (withdrawals negative) into a wallet of the book is neither profit nor loss."""
    price, guard = coin_price_usd(state, book), book.guard
    if price is None or guard.day is None or guard.start is None or currency not in book.book.currencies:
        return
    coin, dollars = (0.0, amount) if currency in DOLLARS else (amount, 0.0)
    guard.cash_flow_coin += coin + dollars / price
    guard.day = guard.day.with_flow(coin, dollars, price)
    guard.start = guard.start.with_flow(coin, dollars, price)
    guard.stale = True
    _keep(book, "day", guard.day, step)
    _keep(book, "start", guard.start, step)


def begin_anew(book: BookState) -> None:
    """A person has seen the loss and goes on: it is counted from the next look."""
    book.guard.day = book.guard.start = None
    book.guard.loss_stopped, book.guard.stale = False, True


def stop_at_cap(state: State, book: BookState, step: Step) -> None:
    """At the hard cap the book is paused, once, latched; what a person commands after that stands."""
    hard = [cap for cap in book.guard.caps if _is_loss(cap) and book.guard.tiers[cap.name] is Tier.HARD]
    if not hard or book.guard.loss_stopped:
        return
    book.guard.loss_stopped = True
    if book.breaker not in _STOPPABLE or state.settings.mode is Mode.OBSERVE:
        return
    why = f"lost {hard[0].used:.6g} {hard[0].unit}, {hard[0].name} = {hard[0].limit:g}"
    book.breaker = BreakerState.PAUSED
    work.latch(state, book.name, book.breaker, why, step)
    work.drop_held(state, lambda approved: approved.intent.book == book.name, why, step)
    work.cancel_resting(state, step, book)
    step.note(Severity.CRITICAL, "loss_stop", book=book.name, detail=why)


def _is_loss(cap: Cap) -> bool:
    return cap.name.startswith("max_loss")
