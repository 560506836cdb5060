"""What happens to a wallet's attribution: called where the engine takes in trades, accounts and positions."""

from __future__ import annotations

import math

from hedger.domain.account import Account, Position
from hedger.domain.vocabulary import Mode
from hedger.engine import events as ev
from hedger.engine.attribution import expiries, funding, intervals, positions, trades
from hedger.engine.attribution.marks import mark_of
from hedger.engine.attribution.wallet import LOOK_MS, Wallet
from hedger.engine.attribution.wallets import contract, settles_in, wallets
from hedger.engine.ownership import cash
from hedger.engine.ownership.owned import CashFlow
from hedger.engine.state import State, Step, VenueState
from hedger.portfolio.attribution import FutureTerms
from hedger.portfolio.running import ACCOUNT

LOOK_S = 0.25  # wire time between two marks of everything, where market time runs faster
FUNDING_SKEW_S = 2.0  # wire time between the answers on positions and on accounts, at most


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
                trades.book_waiting(state, venue, wallet)
            intervals.close_late(state, venue, wallet, step)


def mark_all(state: State, venue: VenueState, wallet: Wallet, step: Step) -> None:
    """Bring every position of a wallet to its newest mark."""
    assert wallet.running is not None
    wallet.looked_ms, wallet.looked_wire_s = step.now.market_ms, step.now.wire_s
    trades.book_waiting(state, venue, wallet)
    for name, terms in wallet.running.terms().items():
        mark = mark_of(terms, venue.quotes.get(name))
        if mark is not None:
            wallet.running.marked(name, mark)
    expiries.deliver(state, venue, wallet, step.now)


def account_told(state: State, account: Account, step: Step) -> None:
    """A wallet's equity: what an interval that is due is closed against."""
    venue = state.venues[account.venue]
    for wallet in wallets(state, venue):
        if wallet.currency == account.currency:
            wallet.equity = float(account.equity)
            if venue.epoch and venue.reconciled:
                if wallet.running is None:
                    positions.begin(state, venue, wallet, step)
                elif intervals.due(wallet, step.now):
                    mark_all(state, venue, wallet, step)
                intervals.close_due(state, venue, wallet, step)


def snapshot_told(state: State, event: ev.SnapshotTaken, step: Step) -> None:
    """Positions and accounts of one moment: the cash of each wallet is held against what was booked.

    Not while trades wait to be booked, a settlement's or delivery's cash is on its way, or nobody knows yet
    whose a change of it was: what is told then holds what will be booked later, and is no beginning.
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
        positions.compare(state, venue, wallet, step)
        if state.settings.mode is not Mode.PAPER:
            watch = venue.owned.cash.get(account.currency)
            if wallet.waiting or transit or (watch is not None and watch.pending):
                wallet.cash.restart()
            else:
                wallet.cash.told(account, funding.session_of(now_ms), _skew(state, wallet))


def _skew(state: State, wallet: Wallet) -> float:
    """Funding that may have accrued between two answers."""
    skew_ms = FUNDING_SKEW_S * 1000 * state.settings.market_speed
    return math.fsum(abs(known.per_ms) * skew_ms for known in wallet.funding.values())


def position_told(state: State, position: Position, step: Step) -> None:
    """The venue's own word on a position: its session's entry, and a perpetual's funding."""
    venue, name = state.venues[position.venue], position.instrument
    wallet = venue.attribution.get(settles_in(state, venue, name))
    terms = contract(state, venue, name)
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
