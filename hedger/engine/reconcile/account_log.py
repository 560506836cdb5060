"""The venue's own log of the account as evidence: asked for where trades do not explain a position or cash.

Its rows come one page a second and may be added with a delay (deribit.md 5, 11), so it is no part of the
periodic look: it is asked for while something is unexplained, at first quickly, then once a minute.
"""

from __future__ import annotations

from hedger.domain.account import LedgerEntry
from hedger.domain.vocabulary import Severity
from hedger.engine import events as ev
from hedger.engine.attribution import funding
from hedger.engine.effects import RequestLog
from hedger.engine.ownership import cash_gate
from hedger.engine.reconcile.differences import signed
from hedger.engine.state import State, Step, VenueState

AGAIN_S = 10.0  # wire time between two questions
SLOW_S = 60.0  # the same once a person has been paged
SETTLEMENT = "settlement"  # its amount is the position that was settled, not a change of it


def look(state: State, step: Step) -> None:
    """Ask where something is unexplained."""
    for venue in state.venues.values():
        since_ms = _wanted(venue, step.now.market_ms)
        if since_ms is None or not venue.connected or venue.differences.log.under_way:
            continue
        paged = all(found.standing for found in venue.differences.suspects.values())
        pause_s = SLOW_S if paged and venue.differences.suspects else AGAIN_S
        if step.now.wire_s - venue.differences.log.asked_wire_s >= pause_s:
            venue.differences.log.asked_wire_s, venue.differences.log.under_way = step.now.wire_s, True
            step.ask(RequestLog(venue=venue.name, since_ms=since_ms))


def _wanted(venue: VenueState, market_ms: int) -> int | None:
    """Since when the log is wanted; None: not. While cash of an earlier run waits for it, every question
    reaches back to there: an answer that tells less would be taken for all that happened to the cash."""
    since = [found.since_ms for found in venue.differences.suspects.values()]
    settled_ms = funding.wants_log_ms(venue, market_ms)
    if settled_ms is not None:
        since.append(settled_ms)
    base, watches = venue.differences.baseline, venue.owned.cash.values()
    asks = since or any(watch.wants_log for watch in watches)
    if base is not None and asks and any(watch.awaits_log for watch in watches):
        since.append(base.told_ms)
    return min(since, default=None)


def told(state: State, event: ev.LogTold, step: Step) -> None:
    """Every row counts once: for the position it moved, and for the cash that a restart found changed."""
    venue = state.venues[event.venue]
    for name, found in list(venue.differences.suspects.items()):
        for entry in event.entries:
            if entry.instrument == name and entry.market_ms > found.since_ms and _moves(state, venue, entry):
                venue.differences.log.used[_key(entry)] = None
                why = f"{entry.kind} of {signed(entry.amount)} in the venue's log"
                venue.differences.explain(name, entry.amount, why)
    funding.log_told(venue, event.entries, step.now.market_ms)
    strange = tuple(entry for entry in event.entries if not _known_trade(state, entry))
    cash_gate.log_told(state, venue, strange, step)
    venue.differences.log.under_way = False
    venue.differences.log.answered_wire_s = venue.differences.log.asked_wire_s


def _moves(state: State, venue: VenueState, entry: LedgerEntry) -> bool:
    if not entry.amount or entry.kind == SETTLEMENT or _known_trade(state, entry):
        return False
    return _key(entry) not in venue.differences.log.used


def _key(entry: LedgerEntry) -> tuple[str, str]:
    return (entry.currency, entry.trade_id or entry.number)


def _known_trade(state: State, entry: LedgerEntry) -> bool:
    return bool(entry.trade_id) and state.orders.knows((entry.venue, entry.currency, entry.trade_id))


def failed(state: State, event: ev.LogFailed, step: Step) -> None:
    """Asked again; positions wait, cash waits as long and is then taken for what it looks like."""
    state.venues[event.venue].differences.log.under_way = False
    step.note(Severity.WARNING, "account_log_failed", venue=event.venue, reason=event.reason)
