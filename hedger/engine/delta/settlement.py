"""The half hour before 08:00 UTC: the hedge of what expires, and when no order may go (theory 1.7).

Options that expire are options on the average of the index; their delta runs to zero by 08:00 and the
hedge follows by `twap` (in slices to the target, outside band, dwell and cooldown), or stays by `hold`
(closed after delivery) or `keep` (set aside, no part of the book any more). From 07:59:50 until the venue
trades again on two-sided prices nothing is sent, on any day: sessions settle then, expiry or not.
"""

from __future__ import annotations

from hedger.domain.time_units import DAY_MS, HOUR_MS, MINUTE_MS
from hedger.domain.vocabulary import Action, BreakerState, Reason, Severity, stricter
from hedger.engine import alarms, work
from hedger.engine.events import Now
from hedger.engine.gates import Gate
from hedger.engine.records import Kept
from hedger.engine.settings import SettlementMode
from hedger.engine.sight import Sight
from hedger.engine.state import BookState, Settling, State, Step, VenueState
from hedger.portfolio.fixing import next_expiry_ms
from hedger.pricing.settlement import WINDOW_MS

QUIET_MS = 10_000  # no order in the last seconds before 08:00 UTC
REOPEN_MS = 15 * MINUTE_MS  # afterwards trading is waited for this long; then the venue's own state decides
LAST_SLICE_MS = 2 * QUIET_MS  # the unwind's last slice, to the end, begins here
LAST_SLICE = 1_000_000
HEDGE_EXPIRING_MS = HOUR_MS  # a future is no hedge within an hour of its own expiry


def gate(book: BookState, sight: Sight, now: Now) -> Gate | None:
    """No order around 08:00 UTC, and none in a future about to expire."""
    listed, quote = sight.listed, sight.quote
    if listed is not None and listed.expiration_ms is not None:
        left_ms = listed.expiration_ms - now.market_ms
        if left_ms <= HEDGE_EXPIRING_MS:
            left_min = max(left_ms, 0) / MINUTE_MS
            detail = f"{listed.name} expires in {left_min:.0f} min: choose another hedge_instrument"
            return _blocked(Reason.HEDGE_EXPIRING, detail)
    expiry_ms = next_expiry_ms(now.market_ms)
    if expiry_ms - now.market_ms <= QUIET_MS:
        return _blocked(Reason.SETTLEMENT_PAUSE, "08:00 UTC settlement is seconds away")
    settled_ms = expiry_ms - DAY_MS
    if now.market_ms - settled_ms > REOPEN_MS:
        return None
    index = sight.index_price
    if quote is None or quote.market_ms < settled_ms or index is None or index.market_ms < settled_ms:
        return _blocked(Reason.SETTLEMENT_PAUSE, "no price since the 08:00 UTC settlement yet")
    if quote.bid is None or quote.ask is None:
        return _blocked(Reason.SETTLEMENT_PAUSE, "one-sided prices since the 08:00 UTC settlement")
    return None


def near(book: BookState, now: Now) -> bool:
    """Whether there is a window to be followed: now, or one whose end has not been seen."""
    return bool(book.settling.expiry_ms) or next_expiry_ms(now.market_ms) - now.market_ms < WINDOW_MS


def follow(state: State, book: BookState, sight: Sight, step: Step) -> None:
    """Open and close the book's settlement window; to be called at every step near one."""
    now, mode = step.now, book.settings.settlement.mode
    if not state.venues[book.settings.venue].reconciled:
        return  # a window of an earlier run ends on positions that have been told
    expiry_ms = next_expiry_ms(now.market_ms)
    if expiry_ms - now.market_ms < WINDOW_MS and book.settling.expiry_ms != expiry_ms:
        _open(book, sight, expiry_ms, step)
    settling = book.settling
    if settling.expiry_ms and now.market_ms >= settling.expiry_ms and not _still_held(book, settling):
        _close(book, step)
    detail = ""
    if mode is not SettlementMode.TWAP and book.settling.expiry_ms:
        what = (
            "closed after delivery" if mode is SettlementMode.HOLD else "kept, no part of the book any more"
        )
        detail = f"the hedge of {settling.frozen_net_coin:+.6g} coin that expires at 08:00 UTC is {what}"
    alarms.tell(state, step, "settlement_held", detail, book=book.name, severity=Severity.ERROR)


def _open(book: BookState, sight: Sight, expiry_ms: int, step: Step) -> None:
    """The window matters to a book whose expiring options weigh at least a lot."""
    net = book.book.expiring_net_coin(step.now.market_ms)
    if sight.inputs is None or abs(net) < sight.inputs.lot_coin:
        return
    book.settling = Settling(expiry_ms=expiry_ms, frozen_net_coin=net)
    _write(book, step)
    step.note(
        Severity.WARNING,
        "settlement_window",
        book=book.name,
        mode=book.settings.settlement.mode,
        expiring_net_coin=net,
    )


def _close(book: BookState, step: Step) -> None:
    """Delivered: `hold` closes the orphan hedge, `twap` what its slices missed; `keep` sets it aside."""
    settling, mode = book.settling, book.settings.settlement.mode
    kept = -settling.frozen_net_coin if mode is SettlementMode.KEEP else 0.0
    missed = mode is SettlementMode.TWAP and settling.sliced < LAST_SLICE
    book.settling = Settling(close_due=missed or mode is SettlementMode.HOLD)
    book.kept_coin += kept
    _write(book, step)
    if kept:
        step.note(Severity.CRITICAL, "hedge_kept", book=book.name, kept_coin=kept, total_coin=book.kept_coin)


def _write(book: BookState, step: Step) -> None:
    """What a restart must find."""
    book.window_ms = step.now.market_ms
    step.record(
        Kept(
            market_ms=step.now.market_ms,
            venue=book.settings.venue,
            book=book.name,
            coin=book.kept_coin,
            expiry_ms=book.settling.expiry_ms,
            frozen_coin=book.settling.frozen_net_coin,
        )
    )


def release(book: BookState, step: Step) -> None:
    """A book that no longer keeps: what it had set aside is its own again, and judged by its policy."""
    if book.kept_coin and book.settings.settlement.mode is not SettlementMode.KEEP:
        step.note(Severity.WARNING, "kept_hedge_released", book=book.name, coin=book.kept_coin)
        book.kept_coin = 0.0
        _write(book, step)


def restored(state: State, venue: str, records: tuple[Kept, ...], step: Step) -> None:
    """What earlier runs set aside stays so, while the book still keeps; a window that was open is open."""
    for record in records:
        book = state.books.get(record.book)
        if book is not None and book.settings.venue == venue:
            book.kept_coin, book.window_ms = record.coin, record.market_ms
            if record.expiry_ms:
                book.settling = Settling(expiry_ms=record.expiry_ms, frozen_net_coin=record.frozen_coin)
            release(book, step)


def missed(state: State, venue: VenueState, step: Step) -> None:
    """Options of a book that keeps hedges expired while nobody saw their window: how much of the hedge was
    theirs is not known, and closing it would undo what the operator asked for. A person decides."""
    expired, venue.differences.expired = venue.differences.expired, {}
    for name, expiry_ms in expired.items():
        for book in (state.books[each] for each in venue.differences.compared[name].books):
            keeps = book.settings.settlement.mode is SettlementMode.KEEP
            if keeps and book.window_ms < expiry_ms - WINDOW_MS:
                _pause(state, book, name, step)


def _pause(state: State, book: BookState, name: str, step: Step) -> None:
    then = f"`hedger resume --book {book.name}` hands its hedge to the policy"
    why = f"{name} expired while no daemon ran: {then}"
    book.breaker = stricter(book.breaker, BreakerState.PAUSED)
    work.latch(state, book.name, book.breaker, why, step)
    step.note(Severity.CRITICAL, "settlement_missed", book=book.name, detail=why)


def _still_held(book: BookState, settling: Settling) -> bool:
    """Options of the window's expiry that the venue has not taken away yet."""
    rows = (row.instrument for row in book.book.rows() if row.size and row.instrument.is_option)
    return any(instrument.expiration_ms == settling.expiry_ms for instrument in rows)


def unwinding(book: BookState, now: Now) -> bool:
    """Whether slices, not the policy, decide: inside a window that matters, by `twap`."""
    twap = book.settings.settlement.mode is SettlementMode.TWAP
    return twap and 0 < book.settling.expiry_ms - now.market_ms <= WINDOW_MS


def slice_of(book: BookState, now: Now) -> int:
    """The number of the slice the window is in; LAST_SLICE right before trading pauses."""
    left_ms = book.settling.expiry_ms - now.market_ms
    if left_ms <= LAST_SLICE_MS:
        return LAST_SLICE
    return int((WINDOW_MS - left_ms) / 1000 // book.settings.settlement.slice_s)


def spoken(number: int) -> str:
    """A slice in words."""
    return "the last slice" if number == LAST_SLICE else f"slice {number + 1}"


def still_to_come_coin(book: BookState, now: Now, number: int) -> float:
    """Delta that the last slice hedges already: what is left of all that expires is gone in seconds."""
    if number != LAST_SLICE:
        return 0.0
    return book.book.expiring_net_coin(now.market_ms) + book.book.expiring_futures_coin(now.market_ms)


def _blocked(reason: Reason, detail: str) -> Gate:
    return Gate(Action.BLOCKED, reason, detail)
