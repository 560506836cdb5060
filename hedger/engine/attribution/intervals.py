"""An interval's end: closed against the equity the venue tells, written down, and what is gone on from."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hedger.domain.time_units import MINUTE_MS
from hedger.domain.vocabulary import Mode
from hedger.engine import alarms
from hedger.engine.attribution import funding
from hedger.engine.attribution.marks import terms_by_name
from hedger.engine.attribution.wallet import Funded, Wallet
from hedger.engine.events import Now
from hedger.engine.ownership import tags
from hedger.engine.records import Attributed, FundedAt, HeldAt
from hedger.engine.settings import DOLLAR
from hedger.engine.state import State, Step, VenueState
from hedger.portfolio.attribution import Lines, Mark, tagged
from hedger.portfolio.running import Interval, RunningAttribution
from hedger.portfolio.taylor import rounding_of, taylor

INTERVAL_MS = 15 * MINUTE_MS  # market time; 00:00 and 08:00 UTC are ends
CLOSE_S = 1.0  # wire time between two, where market time runs faster
LATE_S = 30.0  # wire time for which an equity, or a mark of everything held, is waited for
LATE_STEPS = 20
GAP, RESIDUAL = "attribution_gap", "attribution_residual"
LOOKS = 2  # in a row that a gap must last


def due(wallet: Wallet, now: Now) -> bool:
    """Whether the present interval is to be closed."""
    running = wallet.running
    if running is None or now.wire_s - wallet.cut_wire_s < CLOSE_S:
        return False
    return now.market_ms // INTERVAL_MS > running.from_ms // INTERVAL_MS


def close_due(state: State, venue: VenueState, wallet: Wallet, step: Step) -> None:
    """The equity has been told this moment; after a start tickers may still be on their way."""
    unmarked = any(name not in venue.quotes for name in wallet.held())
    if due(wallet, step.now) and not unmarked and not wallet.waiting:
        close(state, venue, wallet, step)


def close_late(state: State, venue: VenueState, wallet: Wallet, step: Step) -> None:
    """What is waited for does not come: the interval is closed as things stand.

    Steps are counted, too: after a sleep of the machine a first one says nothing of what is on its way.
    """
    if not due(wallet, step.now):
        wallet.due_wire_s, wallet.due_steps = None, 0
        return
    wallet.due_steps += 1
    if wallet.due_wire_s is None:
        wallet.due_wire_s = step.now.wire_s
    if wallet.due_steps > LATE_STEPS and step.now.wire_s - wallet.due_wire_s >= LATE_S:
        close(state, venue, wallet, step)


def close(state: State, venue: VenueState, wallet: Wallet, step: Step) -> None:
    """End the present interval at the marks as they stand, and write it down."""
    running, now = wallet.running, step.now
    rate = rate_usd(state, venue, wallet.currency)
    if running is None or rate is None or now.market_ms <= running.from_ms:
        return
    interval = running.cut(now.market_ms, equity_of(state, wallet, running), rate)
    wallet.cut_wire_s = now.wire_s
    wallet.days.add(interval)
    _weigh(wallet, running, interval)
    step.record(_record(state, venue, wallet, interval))
    _tell(state, step)


def rate_usd(state: State, venue: VenueState, currency: str) -> float | None:
    """USD per unit of a currency: its index, dollars at par; None while it is not known."""
    if currency == DOLLAR:
        return 1.0
    books = (book for book in state.books.values() if book.settings.venue == venue.name)
    return next((book.book.index_usd for book in books if book.settings.underlying == currency), None)


def equity_of(state: State, wallet: Wallet, running: RunningAttribution) -> float:
    """As told; on paper by marks and bookings, for the account knows nothing of them."""
    if wallet.equity is None or state.settings.mode is Mode.PAPER:
        return running.equity
    return wallet.equity


def _record(state: State, venue: VenueState, wallet: Wallet, interval: Interval) -> Attributed:
    running = wallet.running
    assert running is not None
    return Attributed(
        market_ms=interval.to_ms,
        venue=venue.name,
        currency=wallet.currency,
        from_ms=interval.from_ms,
        equity_before=interval.equity_before,
        equity_after=interval.equity_after,
        rate_before_usd=interval.rate_before_usd,
        rate_after_usd=interval.rate_after_usd,
        lines=interval.lines,
        tags=by_tag(state, venue, interval.lines),
        bookings=interval.bookings,
        booked_ms=wallet.booked_ms,
        cash_gap=wallet.cash.gap,
        cash_tolerance=wallet.cash.tolerance,
        held={name: _held_at(quantity, mark) for name, (quantity, mark) in running.marks().items()},
        funding={
            name: FundedAt(known.amount, known.session, known.market_ms)
            for name, known in wallet.funding.items()
        },
        paper=state.settings.mode is Mode.PAPER,
    )


def by_tag(state: State, venue: VenueState, lines: dict[str, Lines]) -> dict[str, Lines]:
    """The options' lines by strategy tag, as it divides them now; empty where no option has one."""
    shares: dict[str, dict[str, float]] = {}
    for book in state.books.values():
        if book.settings.venue == venue.name:
            for part in tags.parts(state, book):
                if part.tag and part.share is not None:
                    shares.setdefault(part.instrument, {})[part.tag] = part.share
    return tagged(lines, shares) if shares else {}


def _held_at(quantity: float, mark: Mark) -> HeldAt:
    forward, sigma, index = (_known(each) for each in (mark.forward_usd, mark.sigma, mark.index_usd))
    return HeldAt(quantity, mark.market_ms, mark.price, forward, sigma, index)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _weigh(wallet: Wallet, running: RunningAttribution, interval: Interval) -> None:
    """What the greeks left of an interval; its marks were rounded at both ends."""
    terms, before = running.terms(), wallet.rounding
    wallet.rounding = rounding_of((size, terms[name], mark) for name, (size, mark) in running.marks().items())
    wallet.taylor = taylor(interval.lines, max(before, wallet.rounding))


def _tell(state: State, step: Step) -> None:
    """Alarm while cash has more, or less, than was booked, or greeks do not say what a result came from."""
    wallets = [wallet for venue in state.venues.values() for wallet in venue.attribution.values()]
    share = state.settings.attribution.residual_share
    alarms.tell(state, step, GAP, "; ".join(filter(None, map(_gap, wallets))))
    left = (_residual(wallet, share) for wallet in wallets)
    alarms.tell(state, step, RESIDUAL, "; ".join(filter(None, left)))


def _gap(wallet: Wallet) -> str:
    check = wallet.cash
    if check.beyond < LOOKS:
        return ""
    return (
        f"{wallet.currency}: {check.gap:+.10f} of cash and realised result that no trade, fee, funding or "
        f"transfer explains, rounding makes {check.tolerance:.10f} of {check.bookings} bookings"
    )


def _residual(wallet: Wallet, share: float) -> str:
    left = wallet.taylor
    if left is None or not share or abs(left.residual) <= left.tolerance(share):
        return ""
    return (
        f"{wallet.currency}: greeks leave {left.residual:+.8f}, {left.share:.0%} of the last interval's gross"
        f" result; {share:.0%}, or {left.rounding:.8f} for the rounding of marks, is let pass"
    )


def take_up(wallet: Wallet, rows: Sequence[Attributed]) -> None:
    """Go on from the newest of the intervals that earlier runs wrote, the oldest first."""
    for row in rows:
        wallet.days.add(interval_of(row))
    last = rows[-1]
    wallet.running = RunningAttribution(last.market_ms, last.equity_after, last.rate_after_usd)
    wallet.booked_ms, wallet.settled = last.booked_ms, funding.session_of(last.market_ms)
    for name, held in last.held.items():
        terms = terms_by_name(name)
        if terms is not None:
            told = (_number(each) for each in (held.forward_usd, held.sigma, held.index_usd))
            mark = Mark(held.market_ms, held.price, *told)
            wallet.running.hold(name, terms, held.quantity, mark)
    _weigh(wallet, wallet.running, interval_of(last))
    wallet.funding = {
        name: Funded(known.amount, known.session, known.market_ms) for name, known in last.funding.items()
    }


def interval_of(row: Attributed) -> Interval:
    """The interval a record was made of."""
    return Interval(
        from_ms=row.from_ms,
        to_ms=row.market_ms,
        equity_before=row.equity_before,
        equity_after=row.equity_after,
        rate_before_usd=row.rate_before_usd,
        rate_after_usd=row.rate_after_usd,
        lines=row.lines,
        bookings=row.bookings,
    )
