"""What operators ask for: breaker commands, new settings, a stop. Each an event like any other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from hedger.domain.vocabulary import BreakerState, Severity
from hedger.engine import events as ev
from hedger.engine import holdings, profile, standby, work
from hedger.engine.attribution import follow
from hedger.engine.delta import settlement
from hedger.engine.guard import guard
from hedger.engine.hedging import confirmation, naked
from hedger.engine.ownership import rivals
from hedger.engine.records import Commanded, Configured, SettingChanged
from hedger.engine.settings import BookSettings, EngineSettings, SettlementMode
from hedger.engine.shadow import hear as shadow
from hedger.engine.shadow.terms import ShadowSettings
from hedger.engine.state import BookState, State, Step, VenueState
from hedger.policies.registry import Policy, in_parts, policy_named
from hedger.portfolio.book import Book
from hedger.risk import breaker
from hedger.risk.counters import Counters

CONFIRM = "confirm"
STOP_PATIENCE_S = 10.0  # wire time a stopping daemon waits for evidence about its orders


def objection(state: State, event: ev.CommandGiven, now: ev.Now) -> str:
    """Why a command is not obeyed as things are now; empty where it is."""
    book = state.books.get(event.book)
    if event.book and book is None:
        return "no such book"
    waiting = standby.objection(state, book)
    if waiting:
        return waiting
    if event.command == CONFIRM:
        asked = (book,) if book is not None else tuple(state.books.values())
        waits = any(one.working.awaited is not None for one in asked)
        return "" if waits else "no hedge waits for a confirmation"
    return naked.refusal(state, book, event, now)


def given(state: State, event: ev.CommandGiven, step: Step) -> None:
    """Move the breaker of a book, or of the daemon, and latch it in the journal; or let a hedge pass."""
    refused = objection(state, event, step.now)
    if refused:
        fields = {"command": event.command, "book": event.book, "detail": refused}
        step.note(Severity.ERROR, "command_refused", **fields)
        return
    book = state.books.get(event.book)
    if event.command == CONFIRM:
        _confirm(state, book, event, step)
        return
    before = state.breaker if book is None else book.breaker
    after = breaker.after(before, event.command)
    if after is not before and after is not BreakerState.RUNNING:
        mine = event.book
        why = f"{event.command} was commanded"
        work.drop_held(state, lambda approved: mine in ("", approved.intent.book), why, step)
    if book is None:
        state.breaker = after
    else:
        book.breaker = after
    for one in (book,) if book is not None else state.books.values():
        if after is not before:
            one.working.begin_anew()
    ended = guard.resumed(state, book, event.by, step) if after is BreakerState.RUNNING else ""
    if after is BreakerState.RUNNING:
        rivals.resumed(state, event, step)
    _record(event, after, step)
    if after is BreakerState.HALTED:
        work.cancel_resting(state, step, book)
    step.note(
        Severity.WARNING,
        "command",
        command=event.command,
        book=event.book,
        before=before,
        after=after,
        by=event.by,
        reason=event.reason,
        ended=ended,
    )


def _record(event: ev.CommandGiven, after: BreakerState, step: Step) -> None:
    step.record(
        Commanded(
            market_ms=step.now.market_ms,
            command=event.command,
            book=event.book,
            state=after,
            by=event.by,
            reason=event.reason,
        )
    )


def _confirm(state: State, book: BookState | None, event: ev.CommandGiven, step: Step) -> None:
    """Let the first hedge that waits pass; no breaker moves."""
    asked = (book,) if book is not None else tuple(state.books.values())
    passed = [told for one in asked if (told := confirmation.confirm(one))]
    _record(event, state.breaker if book is None else book.breaker, step)
    step.note(Severity.WARNING, "confirmed", book=event.book, by=event.by, detail="; ".join(passed))


def stop_requested(state: State, event: ev.StopRequested, step: Step) -> None:
    """Stop deciding, cancel what rests; the exit follows when nothing of ours can trade any more."""
    if state.stopping:
        return
    state.stopping, state.stop_by_wire_s = event.reason, step.now.wire_s + STOP_PATIENCE_S
    work.drop_held(state, lambda _approved: True, "the daemon is stopping", step)
    work.cancel_resting(state, step)
    follow.close_all(state, step)
    step.note(Severity.INFO, "stopping", reason=event.reason)


def install(state: State, settings: EngineSettings) -> None:
    """Build the state of venues and books that `settings` name; what is already there is kept."""
    state.settings = settings
    for terms in settings.venues:
        state.venues.setdefault(terms.name, VenueState(terms.name, terms.environment))
    state.books = {book.name: _book_state(state, book) for book in settings.books}


def _book_state(state: State, settings: BookSettings) -> BookState:
    policy = in_parts(policy_named(settings.policy), settings.partial)
    params = policy.params_type(**settings.policy_params)
    known = state.books.get(settings.name)
    if known is None:
        book = Book(settings.underlying, settings.venue, settings.currencies)
        known = BookState(settings, book, policy, params, policy.initial_memory, Counters())
    elif not shadow.alike(known.settings, settings):
        _renew(known, settings, policy)
    shadow.install(known, settings)
    known.settings, known.policy, known.params = settings, policy, params
    known.book.freeze_settling = settings.settlement.mode is not SettlementMode.TWAP
    profile.install(known)
    return known


def shade(state: State, shadows: Mapping[str, tuple[ShadowSettings, ...]]) -> None:
    """Other shadows beside the books named. Raises KeyError for a book that does not exist."""
    for name, wanted in shadows.items():
        book = state.books[name]
        settings = replace(book.settings, shadows=wanted)
        shadow.install(book, settings)
        book.settings = settings


def _renew(known: BookState, settings: BookSettings, policy: Policy) -> None:
    """New settings give birth to delta: what the old ones tolerated is judged afresh."""
    known.epoch += 1
    known.retry_wire_s = known.working.peg_wire_s = -math.inf
    if policy.name != known.policy.name or settings.partial != known.settings.partial:
        known.memory = policy.initial_memory


def settings_applied(state: State, event: ev.SettingsApplied, step: Step) -> None:
    """Swap the settings whole, between steps."""
    before = state.settings.config_hash
    install(state, event.settings)
    state.settings_error = ""
    for venue in state.venues.values():
        holdings.refresh_instruments(state, venue, step)
        holdings.rehome(state, venue, step)
        holdings.watch(state, venue, step)
    for book in state.books.values():
        settlement.release(book, step)
    config_hash = event.settings.config_hash
    step.record(Configured(market_ms=step.now.market_ms, config_hash=config_hash))
    for change in event.changes:
        _setting_changed(change, config_hash, step)
    step.note(Severity.INFO, "settings_applied", before=before, config_hash=event.settings.config_hash)


def _setting_changed(change: ev.SettingChange, config_hash: str, step: Step) -> None:
    told = msgspec.structs.asdict(change)
    step.record(SettingChanged(market_ms=step.now.market_ms, config_hash=config_hash, **told))
    step.note(Severity.WARNING, "setting_changed", **told)
