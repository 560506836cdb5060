"""What happens to a wallet's attribution: called where the engine takes in trades, accounts and positions."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hedger.domain.account import Account, Fill, Position
from hedger.domain.vocabulary import Mode
from hedger.engine import events as ev
from hedger.engine import holdings
from hedger.engine.attribution import expiries, funding, intervals
from hedger.engine.attribution.marks import mark_of, settles_by_name, terms_by_name, terms_of
from hedger.engine.attribution.wallet import Trade, Wallet
from hedger.engine.ownership import cash
from hedger.engine.ownership.owned import CashFlow
from hedger.engine.state import State, Step, VenueState
from hedger.portfolio.attribution import FutureTerms, Mark, Terms
from hedger.portfolio.running import ACCOUNT, RunningAttribution

LOOK_MS = 60_000  # market time between two marks of everything
LOOK_S = 0.25  # wire time, where market time runs faster
CONFIRM_S = 2.0  # wire time a size must differ from what trades made of it, from look to look
MOST_WAITING = 1_000
FUNDING_SKEW_S = 2.0  # wire time between the answers on positions and on accounts, at most


def wallets(state: State, venue: VenueState) -> Iterator[Wallet]:
    """The wallets that the venue's books settle in."""
    for book in holdings.books_on(state, venue.name):
        for currency in book.book.currencies:
            if currency not in venue.attribution:
                venue.attribution[currency] = Wallet(currency)
    yield from venue.attribution.values()


def look(state: State, step: Step) -> None:
    """Mark everything once a minute of market time."""
    for venue in state.venues.values():
        if not (venue.epoch and venue.reconciled):
            continue
        for wallet in wallets(state, venue):
            minute = step.now.market_ms // LOOK_MS > wallet.looked_ms // LOOK_MS
            if wallet.running is None:
                continue
            if minute and step.now.wire_s - wallet.looked_wire_s >= LOOK_S:
                mark_all(state, venue, wallet, step)
            elif wallet.waiting:
                _book_waiting(state, venue, wallet)
            intervals.close_late(state, venue, wallet, step)


def mark_all(state: State, venue: VenueState, wallet: Wallet, step: Step) -> None:
    """Bring every position of a wallet to its newest mark."""
    assert wallet.running is not None
    wallet.looked_ms, wallet.looked_wire_s = step.now.market_ms, step.now.wire_s
    _book_waiting(state, venue, wallet)
    for name, terms in wallet.running.terms().items():
        mark = mark_of(terms, venue.quotes.get(name))
        if mark is not None:
            wallet.running.marked(name, mark)
    expiries.deliver(state, venue, wallet, step.now)


def _begin(state: State, venue: VenueState, wallet: Wallet, step: Step) -> None:
    """Start with what is held, once all of it has a mark; the wallet has been told this moment."""
    rate = intervals.rate_usd(state, venue, wallet.currency)
    if wallet.equity is None or rate is None:
        return
    held = dict(_positions(state, venue, wallet, step.now.market_ms))
    marks: dict[str, tuple[Terms, Mark]] = {}
    for name in held:
        terms = _terms(state, venue, name)
        mark = None if terms is None else mark_of(terms, venue.quotes.get(name))
        if terms is None or mark is None:
            return
        marks[name] = terms, mark
    wallet.running = RunningAttribution(step.now.market_ms, wallet.equity, rate)
    wallet.settled = funding.session_of(step.now.market_ms)
    wallet.looked_ms, wallet.booked_ms = step.now.market_ms, venue.last_fill_ms
    for name, (terms, mark) in marks.items():
        wallet.running.hold(name, terms, held[name], mark)


def _positions(
    state: State, venue: VenueState, wallet: Wallet, market_ms: int
) -> Iterator[tuple[str, float]]:
    """What is held and settles in the wallet; an option in no book's scope has no ticker and is left out."""
    for name in holdings.held(state, venue.name):
        listed = holdings.listing_of(state, venue.name, name)
        if listed is None or listed.settlement_currency != wallet.currency or name in venue.owned.outside:
            continue
        size = holdings.size_of(state, venue.name, name)
        if size and not expiries.expired(state, venue, name, market_ms):
            yield name, float(size)


def _terms(state: State, venue: VenueState, name: str) -> Terms | None:
    listed = holdings.listing_of(state, venue.name, name)
    return terms_by_name(name) if listed is None else terms_of(listed)


def _compare(state: State, venue: VenueState, wallet: Wallet, step: Step) -> None:
    """A size that stays other than trades made it is taken over at its mark, without a line."""
    running, wire_s = wallet.running, step.now.wire_s
    assert running is not None
    sizes = dict(_positions(state, venue, wallet, step.now.market_ms))
    waiting = {trade.fill.instrument for trade in wallet.waiting}
    held = wallet.held()
    for name in sorted({*sizes, *held} - waiting):
        size = sizes.get(name, 0.0)
        if math.isclose(size, held.get(name, 0.0), rel_tol=1e-12, abs_tol=1e-9):
            wallet.apart.pop(name, None)
            continue
        if expiries.expired(state, venue, name, step.now.market_ms):
            continue  # waits for its delivery price
        if wire_s - wallet.apart.setdefault(name, wire_s) < CONFIRM_S:
            continue
        terms = _terms(state, venue, name)
        mark = None if terms is None else mark_of(terms, venue.quotes.get(name))
        if not size:
            running.forget(name)
        elif terms is not None and mark is not None:
            running.hold(name, terms, size, mark)
        wallet.apart.pop(name, None)
        wallet.cash.restart()


def filled(state: State, fill: Fill, step: Step) -> None:
    """A trade of the account that was not seen before."""
    venue = state.venues[fill.venue]
    terms = _terms(state, venue, fill.instrument)
    currency = _settles(state, venue, fill.instrument)
    for wallet in wallets(state, venue):
        if wallet.currency != currency or wallet.running is None or terms is None:
            continue
        if len(wallet.waiting) < MOST_WAITING and fill.instrument not in venue.owned.outside:
            wallet.waiting.append(Trade(fill, _decided(state, fill)))
            _book_waiting(state, venue, wallet)


def _settles(state: State, venue: VenueState, name: str) -> str:
    """The settlement currency of an instrument; empty where nothing tells it."""
    listed = holdings.listing_of(state, venue.name, name)
    if listed is not None:
        return listed.settlement_currency
    return settles_by_name(name)


def _decided(state: State, fill: Fill) -> float | None:
    """The mark at the decision a trade came from: that of the whole hedge, which may have many orders."""
    order = state.orders.order_of(fill)
    if order is None:
        return None
    book = state.books.get(order.intent.book)
    hedge = None if book is None else book.working.hedge
    if hedge is not None and order.intent.label in hedge.children:
        return hedge.reference_price
    return order.intent.reference_price if order.intent.reference_price > 0.0 else None


def _book_waiting(state: State, venue: VenueState, wallet: Wallet) -> None:
    """Book the trades whose instrument has a mark, in their order; the others wait for one."""
    left = []
    for trade in wallet.waiting:
        terms = _terms(state, venue, trade.fill.instrument)
        mark = None if terms is None else _mark_at(venue, terms, trade.fill)
        if terms is None or mark is None:
            left.append(trade)
        else:
            _book(wallet, trade, terms, mark)
    wallet.waiting = left


def _mark_at(venue: VenueState, terms: Terms, fill: Fill) -> Mark | None:
    """The mark a trade's position goes on from: the venue's own at the trade, an option's by its ticker.

    Of an option traded a while before its newest ticker (while nobody looked) the venue's price alone.
    """
    told = fill.mark_price if fill.mark_price is not None and 0.0 < fill.mark_price < math.inf else None
    now = mark_of(terms, venue.quotes.get(fill.instrument))
    if isinstance(terms, FutureTerms):
        return now if told is None else Mark(fill.market_ms, told)
    if now is not None and (told is None or now.market_ms - fill.market_ms <= LOOK_MS):
        return now
    return None if told is None or now is None else Mark(fill.market_ms, told)


def _book(wallet: Wallet, trade: Trade, terms: Terms, mark: Mark) -> None:
    fill, running = trade.fill, wallet.running
    assert running is not None
    amount, price, fee = float(fill.signed_amount), float(fill.price), float(fill.fee)
    own = fee if fill.fee_currency == wallet.currency else 0.0
    running.traded(fill.instrument, terms, amount, price, own, mark, trade.decided)
    wallet.booked_ms = max(wallet.booked_ms, fill.market_ms)
    wallet.cash.book(-own)
    if isinstance(terms, FutureTerms):
        wallet.cash.traded(fill.instrument, terms, amount, price)
    else:
        wallet.cash.book(-amount * price)


def account_told(state: State, account: Account, step: Step) -> None:
    """A wallet's equity: what an interval that is due is closed against."""
    venue = state.venues[account.venue]
    for wallet in wallets(state, venue):
        if wallet.currency == account.currency:
            wallet.equity = float(account.equity)
            if venue.epoch and venue.reconciled:
                if wallet.running is None:
                    _begin(state, venue, wallet, step)
                elif intervals.due(wallet, step.now):
                    mark_all(state, venue, wallet, step)
                intervals.close_due(state, venue, wallet, step)


def snapshot_told(state: State, event: ev.SnapshotTaken, step: Step) -> None:
    """Positions and accounts of one moment: the cash of each wallet is held against what was booked.

    It is taken as told while trades wait to be booked or a settlement's or delivery's cash is on its way.
    """
    venue = state.venues[event.venue]
    for position in event.positions:
        position_told(state, position, step)
    now_ms = step.now.market_ms
    transit = any(p.size and expiries.expired(state, venue, p.instrument, now_ms) for p in event.positions)
    transit = transit or cash.settling(now_ms, state.settings.market_speed)
    for account in event.accounts:
        wallet = venue.attribution.get(account.currency)
        if wallet is None or wallet.running is None:
            continue
        _compare(state, venue, wallet, step)
        if state.settings.mode is not Mode.PAPER:
            if wallet.waiting or transit:
                wallet.cash.restart()
            wallet.cash.told(account, funding.session_of(now_ms), _skew(state, wallet))


def _skew(state: State, wallet: Wallet) -> float:
    """Funding that may have accrued between two answers."""
    skew_ms = FUNDING_SKEW_S * 1000 * state.settings.market_speed
    return math.fsum(abs(known.per_ms) * skew_ms for known in wallet.funding.values())


def position_told(state: State, position: Position, step: Step) -> None:
    """The venue's own word on a position: its session's entry, and a perpetual's funding."""
    venue, name = state.venues[position.venue], position.instrument
    wallet = venue.attribution.get(_settles(state, venue, name))
    terms = _terms(state, venue, name)
    if wallet is None or not isinstance(terms, FutureTerms):
        return
    if math.isclose(float(position.size), wallet.held().get(name, 0.0), abs_tol=1e-9):
        wallet.cash.positioned(position, terms)
    if position.realized_funding is not None:
        funding.told(wallet, name, float(position.realized_funding), step.now.market_ms)


def flowed(state: State, venue: VenueState, flow: CashFlow) -> None:
    """Money that came or went."""
    wallet = venue.attribution.get(flow.currency)
    if wallet is not None and wallet.running is not None:
        wallet.running.booked(ACCOUNT, "transfers", float(flow.amount))
        wallet.cash.book(float(flow.amount))


def close_all(state: State, step: Step) -> None:
    """The run ends: every interval is closed as it stands, the next run goes on from there."""
    for venue in state.venues.values():
        for wallet in venue.attribution.values():
            if venue.epoch and wallet.running is not None:
                mark_all(state, venue, wallet, step)
                intervals.close(state, venue, wallet, step)


def restored(state: State, event: ev.JournalLoaded) -> None:
    """Go on from where the last run stopped: its positions at their marks, and the trades since."""
    venue = state.venues[event.venue]
    paper = state.settings.mode is Mode.PAPER
    for wallet in wallets(state, venue):
        rows = [row for row in event.attributed if row.currency == wallet.currency and row.paper is paper]
        if rows and wallet.running is None:
            intervals.take_up(wallet, rows)
            for fill in event.fills:
                if (
                    fill.market_ms > wallet.booked_ms
                    and _settles(state, venue, fill.instrument) == wallet.currency
                ):
                    wallet.waiting.append(Trade(fill, _decided(state, fill)))
