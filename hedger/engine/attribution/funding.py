"""Funding, from what the venue tells of it: `realized_funding` of a position, and the log of each settlement.

A position tells what its perpetual has paid since 08:00 UTC. What accrued between the last telling and the
settlement is in neither session's figure any more; the settlement's row in the venue's log has the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from hedger.domain.account import LedgerEntry
from hedger.domain.time_units import DAY_MS, EXPIRY_OF_DAY_MS, MINUTE_MS
from hedger.engine.attribution.wallet import Funded, Wallet
from hedger.engine.state import VenueState

SETTLEMENT, DELIVERY = "settlement", "delivery"
ASK_AFTER_MS = MINUTE_MS  # market time after 08:00 UTC from which the log is asked
ASK_AGAIN_MS = 5 * MINUTE_MS  # after an answer that did not have it yet
ASK_UNTIL_MS = 30 * MINUTE_MS  # a venue that has not told by then does not


def session_of(market_ms: int) -> int:
    """Number of the venue's day, which begins at 08:00 UTC."""
    return (market_ms - EXPIRY_OF_DAY_MS) // DAY_MS


def begins_ms(session: int) -> int:
    """Market time at which a session begins."""
    return session * DAY_MS + EXPIRY_OF_DAY_MS


def told(wallet: Wallet, name: str, amount: float, market_ms: int) -> None:
    """Book what was added since it was told last; the venue's sum begins anew with each session."""
    session, known = session_of(market_ms), wallet.funding.get(name)
    if known is None:
        wallet.funding[name] = Funded(amount, session, market_ms)
        return
    added = amount - known.amount
    if session != known.session and abs(amount) <= abs(added):
        wallet.ended[name], added = known, amount
    else:
        session = known.session  # or its settlement has not come yet
    per_ms = added / (market_ms - known.market_ms) if market_ms > known.market_ms else known.per_ms
    wallet.funding[name] = Funded(amount, session, market_ms, per_ms)
    _book(wallet, name, added)


def wants_log_ms(venue: VenueState, market_ms: int) -> int | None:
    """Since when the venue's log is wanted: of a settlement that moved a perpetual's funding; None: not."""
    session = session_of(market_ms)
    after_ms = market_ms - begins_ms(session)
    if not ASK_AFTER_MS <= after_ms <= ASK_UNTIL_MS:
        return None
    waits = any(_waits(wallet, session, market_ms) for wallet in venue.attribution.values())
    return begins_ms(session) - ASK_AFTER_MS if waits else None


def _waits(wallet: Wallet, session: int, market_ms: int) -> bool:
    unsettled = bool(wallet.funding) and wallet.running is not None and wallet.settled < session
    return unsettled and market_ms - wallet.log_ms >= ASK_AGAIN_MS


def log_told(venue: VenueState, entries: Sequence[LedgerEntry], market_ms: int) -> None:
    """The rows of the session's end: what funding had still to add, and the fees of deliveries."""
    session = session_of(market_ms)
    for wallet in venue.attribution.values():
        if wallet.running is None or wallet.settled >= session:
            continue
        rows = [e for e in entries if e.currency == wallet.currency and session_of(e.market_ms) == session]
        settled = [row for row in rows if row.kind == SETTLEMENT and row.interest is not None]
        if not settled:
            wallet.log_ms = market_ms
            continue
        wallet.settled = session
        for row in settled:
            _ended(wallet, row, session - 1)
        for row in rows:
            if row.kind == DELIVERY and row.fee:
                wallet.running.booked(row.instrument, "fees", -float(row.fee))
                wallet.cash.book(-float(row.fee))


def _ended(wallet: Wallet, row: LedgerEntry, session: int) -> None:
    known = wallet.funding.get(row.instrument)
    if known is not None and known.session == session:
        wallet.ended[row.instrument] = known
        wallet.funding[row.instrument] = Funded(0.0, session + 1, row.market_ms, known.per_ms)
    ended = wallet.ended.get(row.instrument)
    if ended is not None and ended.session == session and row.interest is not None:
        _book(wallet, row.instrument, float(row.interest) - ended.amount)


def _book(wallet: Wallet, name: str, amount: float) -> None:
    if amount and wallet.running is not None:
        wallet.running.booked(name, "funding", amount)
        wallet.cash.book(amount)
