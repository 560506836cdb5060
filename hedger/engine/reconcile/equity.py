"""The venue's equity against the identity it is made of, per currency (deribit.md 9):

    equity = balance + session_rpl + futures_session_upl + options_value

Exact but for rounding on 15 recorded and documented summaries; TOLERANCE is an eighth-digit rounding of each
part with room for the six digits that some currencies are told in. Figures that have added up and no longer
do, for LASTS_S, are no figures to hedge on: books of that currency stop until they add up again. Where they
never did, the identity is not the venue's, and nothing is concluded.
"""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.account import Account
from hedger.domain.instrument import plain
from hedger.domain.vocabulary import Severity
from hedger.engine import alarms
from hedger.engine.events import Now
from hedger.engine.reconcile.differences import EquityWatch
from hedger.engine.state import BookState, State, Step, VenueState

TOLERANCE = Decimal("0.00001")  # of a coin or a dollar
RELATIVE = Decimal("0.000001")  # of the equity
LASTS_S = 2.0  # wire time
AGAIN_S = 5.0  # between two looks meanwhile
ALARM = "equity_mismatch"


def told(venue: VenueState, account: Account, now: Now) -> None:
    """A summary, held against its own parts."""
    watch = venue.differences.equity.setdefault(account.currency, EquityWatch())
    parts = account.balance + account.session_rpl + account.futures_session_upl + account.options_value
    if abs(account.equity - parts) <= max(TOLERANCE, RELATIVE * abs(account.equity)):
        watch.held_once, watch.since_wire_s, watch.detail = True, None, ""
        return
    if watch.held_once and watch.since_wire_s is None:
        watch.since_wire_s = now.wire_s
        venue.differences.mismatches += 1
    told, made = plain(account.equity), plain(parts)
    watch.detail = f"{account.currency}: equity is {told}, cash, session and options come to {made}"


def mismatch(state: State, book: BookState, now: Now) -> str:
    """What does not add up of a book's currencies, in words; empty: nothing."""
    watches = state.venues[book.settings.venue].differences.equity
    for watch in (watches[name] for name in book.book.currencies if name in watches):
        if watch.since_wire_s is not None and now.wire_s - watch.since_wire_s >= LASTS_S:
            return watch.detail
    return ""


def look(state: State, step: Step) -> None:
    """Say so while it lasts, and ask for the wallets: the venue tells one when something changes in it."""
    for book in state.books.values():
        detail = mismatch(state, book, step.now)
        if detail:
            venue = state.venues[book.settings.venue]
            venue.reconcile_wire_s = min(venue.reconcile_wire_s, step.now.wire_s + AGAIN_S)
        alarms.tell(state, step, ALARM, detail, book=book.name, severity=Severity.ERROR)
