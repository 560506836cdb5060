"""What stands around a book's hedging: caps in two tiers, losses, margin, and the latch of a liquidation.

`look` is called at every step and looks once a second, or at once when something was told. It changes the
band's scale, raises alarms, and stops the book where a cap says so. `gate` stands before the policy.
"""

from __future__ import annotations

from hedger.domain.account import Account, Position
from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine import alarms, clock, holdings
from hedger.engine.by_expiry import places
from hedger.engine.events import Now
from hedger.engine.gates import Gate
from hedger.engine.guard import latch, losses, margins
from hedger.engine.reconcile import equity, positions
from hedger.engine.records import LossReferenced
from hedger.engine.sight import Sight
from hedger.engine.state import BookState, State, Step
from hedger.engine.verdict import Verdict
from hedger.risk.tiers import SOFT_SCALE, Cap, Tier, tier

LOOK_S = 1.0  # wire time

CAP_OF = {
    Reason.TURNOVER_HOUR: "max_turnover_hour_usd",
    Reason.TURNOVER_DAY: "max_turnover_day_usd",
    Reason.ORDER_RATE: "max_orders_per_minute",
    Reason.HEDGE_POSITION: "max_hedge_position_coin",
}
"""The caps that stop a hedge by name, and the key of each."""

NO_MARGIN = "no_margin"
_NO_MARGIN = (Reason.MARGIN, Reason.ACCOUNT_UNKNOWN)
_SEVERITY = {Tier.SOFT: Severity.ERROR, Tier.HARD: Severity.CRITICAL}


def account_told(state: State, account: Account, now: Now) -> None:
    """An account summary: the figures, when they came, and the sizes they were told for."""
    told = state.venues[account.venue].account
    told.accounts[account.currency], told.heard_wire_s[account.currency] = account, now.wire_s
    for book in holdings.books_on(state, account.venue):
        hedge = book.settings.hedge_instrument
        book.guard.sizes[hedge] = float(holdings.size_of(state, account.venue, hedge))
        book.guard.stale = True


def position_told(state: State, position: Position) -> None:
    """The venue's own margin of a position in a future."""
    venue = state.venues[position.venue]
    listed = venue.instruments.get(position.instrument)
    if listed is not None and listed.is_future and position.initial_margin is not None:
        venue.account.positions[position.instrument] = position


def journal_loaded(state: State, venue: str, references: tuple[LossReferenced, ...]) -> None:
    """What losses are counted from since earlier runs."""
    for record in references:
        book = state.books.get(record.book)
        if book is not None and book.settings.venue == venue:
            losses.restore(book.guard, record)


def resumed(state: State, book: BookState | None, by: str, step: Step) -> str:
    """A person resumes a book, or the daemon (None): what that ended besides the breaker, in words.

    The daemon's resume ends the latches of all books; a loss stop is the book's own breaker, and its own
    resume ends it.
    """
    ended = []
    for each in state.books.values() if book is None else (book,):
        each.guard.ended = _ended(state, each, each is book, by, step)
        if each.guard.ended:
            ended.append(f"{each.name}: {each.guard.ended}")
    return "; ".join(ended)


def _ended(state: State, book: BookState, own: bool, by: str, step: Step) -> str:
    was = latch.end(state, book, by, step)
    parts = [f"the latch ({was})"] if was else []
    if own and book.guard.loss_stopped:
        losses.begin_anew(book)
        parts.append("the loss stop: losses are counted anew from here")
    return " and ".join(parts)


def look(state: State, step: Step) -> None:
    """Look at every book that is due."""
    for book in state.books.values():
        if _due(state, book, step.now) and not clock.doubted(state, book):
            _look(state, book, step)
            book.guard.stale, book.guard.looked_wire_s = False, step.now.wire_s


def _due(state: State, book: BookState, now: Now) -> bool:
    """Also at once when the equity becomes known: no order may be older than the first look at losses."""
    guard = book.guard
    if state.venues[book.settings.venue].standby:
        return False  # what losses are counted from is in the journal of another run
    if guard.stale or now.wire_s - guard.looked_wire_s >= LOOK_S:
        return True
    return not guard.complete and losses.wallets(state, book) is not None


def _look(state: State, book: BookState, step: Step) -> None:
    guard, envelope = book.guard, book.settings.envelope
    margins.look(state, book, step.now)
    guard.complete = losses.wallets(state, book) is not None
    guard.caps = (*_caps(state, book, step.now), *losses.caps(state, book, step))
    before = guard.tiers
    guard.tiers = {
        cap.name: tier(cap, envelope.soft_fraction, before.get(cap.name, Tier.FREE)) for cap in guard.caps
    }
    widened = any(one is not Tier.FREE for one in guard.tiers.values())
    book.soft_scale = SOFT_SCALE if widened else 1.0  # by what is used: a refusal that widened ends itself
    stopped_by = CAP_OF.get(guard.refused_by) if guard.refused_by is not None else None
    if stopped_by in guard.tiers:
        guard.tiers[stopped_by] = Tier.HARD
    losses.stop_at_cap(state, book, step)
    _tell(state, book, before, step)


def _caps(state: State, book: BookState, now: Now) -> tuple[Cap, ...]:
    envelope, counters = book.settings.envelope, book.counters
    listed = holdings.hedge_listing(state, book)
    quote = state.venues[book.settings.venue].quotes.get(book.settings.hedge_instrument)
    caps = [
        Cap("max_turnover_hour_usd", "USD", counters.turnover_hour_usd(now), envelope.max_turnover_hour_usd),
        Cap("max_turnover_day_usd", "USD", counters.turnover_day_usd(now), envelope.max_turnover_day_usd),
        Cap("max_orders_per_minute", "orders", counters.orders_minute(now), envelope.max_orders_per_minute),
    ]
    if listed is not None and quote is not None and quote.mark > 0.0:
        here = listed.amount_to_coin(book.book.size(listed.name), quote.mark)
        coin = max(abs(here), abs(here + places.others_coin(state, book, listed.name)))
        caps.append(Cap("max_hedge_position_coin", "coin", coin, envelope.max_hedge_position_coin))
    return tuple(caps)


def _tell(state: State, book: BookState, before: dict[str, Tier], step: Step) -> None:
    guard = book.guard
    for cap in guard.caps:
        now = guard.tiers[cap.name]
        detail = (
            "" if now is Tier.FREE else _sentence(guard.refused_detail if now is Tier.HARD else "", cap, now)
        )
        severity = _SEVERITY.get(now, Severity.ERROR)
        alarms.tell(state, step, cap.name, detail, book=book.name, severity=severity)
    for name in before.keys() - guard.tiers.keys():
        alarms.tell(state, step, name, "", book=book.name)
    out = guard.refused_detail if guard.refused_by in _NO_MARGIN else ""
    alarms.tell(state, step, NO_MARGIN, out, book=book.name, severity=Severity.CRITICAL)
    latch.tell(state, book, step)


def _sentence(refused: str, cap: Cap, now: Tier) -> str:
    used = f"{cap.used:.6g} of {cap.limit:.6g} {cap.unit} used ({cap.name})"
    if now is Tier.SOFT:
        return f"{used}: the band is doubled"
    return f"{used}: hedging is stopped" + (f"; {refused}" if refused else "")


def gate(state: State, book: BookState, sight: Sight, now: Now) -> Gate | None:
    """A latch, then positions and wallets that are not what they should be."""
    stopped = latch.verdict(book)
    if stopped is not None:
        return Gate(stopped.action, stopped.reason, stopped.detail)
    suspect = positions.waiting(state.venues[book.settings.venue], book)
    if suspect:
        return Gate(Action.BLOCKED, Reason.UNEXPLAINED_POSITION, suspect)
    unequal = equity.mismatch(state, book, now)
    return Gate(Action.BLOCKED, Reason.EQUITY_MISMATCH, unequal) if unequal else None


def concluded(state: State, book: BookState, verdict: Verdict, step: Step) -> None:
    """Remember what the envelope or the margin stopped: that pages, until a decision is free of it."""
    guard, before = book.guard, (book.guard.refused_by, book.guard.refused_detail)
    if verdict.action is Action.BLOCKED and (verdict.reason in CAP_OF or verdict.reason in _NO_MARGIN):
        guard.refused_by, guard.refused_detail = verdict.reason, verdict.detail
    elif verdict.action in (Action.HOLD, Action.HEDGE, Action.WOULD_HEDGE):
        guard.refused_by, guard.refused_detail = None, ""
    if before[0] is not guard.refused_by:
        _look(state, book, step)
