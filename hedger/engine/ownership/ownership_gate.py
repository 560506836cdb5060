"""What of ownership stands between a book and a trade, and what of it a person is told of."""

from __future__ import annotations

from hedger.domain.instants import utc
from hedger.domain.vocabulary import Action, BreakerState, Mode, Reason, Severity
from hedger.engine import alarms, gates
from hedger.engine.events import Now
from hedger.engine.gates import Gate
from hedger.engine.ownership import cash_gate, ownership, rivals
from hedger.engine.sight import Sight, interval_of
from hedger.engine.state import BookState, State, Step

ALARM_AFTER_S = 2.0
"""Wire time a future must be nobody's before a person is told: a trade may overtake its position."""


def gate(state: State, book: BookState, sight: Sight, now: Now) -> Gate | None:
    """Another hedger, what is nobody's, what nobody vouches for, then what the book waits for.

    An operator who closes the hedge by hand (`flatten`) waits for none of it but another hedger.
    """
    if book.ownership.rival:
        return Gate(Action.BLOCKED, Reason.OTHER_HEDGER, rivals.told(book))
    if gates.breaker_of(state, book) is BreakerState.FLATTENING:
        return None
    return (
        _contested(book)
        or _unassigned(state, book)
        or _external(book, now)
        or cash_gate.gate(state, book, sight)
        or _waits(book, sight, now)
    )


def _contested(book: BookState) -> Gate | None:
    detail = contested_detail(book)
    return Gate(Action.BLOCKED, Reason.SCOPE_CONFLICT, detail) if detail else None


def contested_detail(book: BookState) -> str:
    """An option that two books take; empty where there is none."""
    if not book.ownership.contested:
        return ""
    name, books = min(book.ownership.contested.items())
    return f"{name} is in the scope of {books}; an instrument belongs to one book"


def _unassigned(state: State, book: BookState) -> Gate | None:
    """Shown only where nothing real is sent."""
    if not book.ownership.unassigned or state.settings.mode is not Mode.LIVE:
        return None
    return Gate(Action.BLOCKED, Reason.UNASSIGNED_FUTURE, unassigned_detail(book))


def unassigned_detail(book: BookState) -> str:
    """What is nobody's, and the two keys that say whose it is; empty where all is somebody's."""
    found = book.ownership.unassigned
    if not found:
        return ""
    told = ", ".join(f"{name} {size}" for name, size in sorted(found.items()))
    name = min(found)
    keys = f'adopt = ["{name}"] counts it, base_position."{name}" = {found[name].split()[0]} sets it aside'
    return f"not of the book's own trades: {told}; in [books.{book.name}.scope] {keys}"


def _external(book: BookState, now: Now) -> Gate | None:
    detail = external_detail(book, now)
    return Gate(Action.BLOCKED, Reason.EXTERNAL_DELTA_EXPIRED, detail) if detail else None


def external_detail(book: BookState, now: Now) -> str:
    """That nobody vouches for the external delta any more; empty where somebody does, or there is none."""
    scope = book.settings.scope
    end_ms = scope.external_end_ms
    if end_ms is None or now.market_ms < end_ms:
        return ""
    return (
        f"external_delta_coin = {scope.external_delta_coin:g} held until {scope.external_until}; "
        f"{scope.external_owner} says what holds now"
    )


def _waits(book: BookState, sight: Sight, now: Now) -> Gate | None:
    """What the book waits for, unless its delta is beyond the hard limit."""
    owned = book.ownership
    held = now.market_ms < owned.hold_until_ms
    waiting = [wait for wait in owned.waits.values() if now.wire_s < wait.until_wire_s]
    if not (held or waiting) or beyond_hard_limit(book, sight):
        return None
    if held:
        detail = (
            f"{owned.hold_by} trades by hand until {_clock(owned.hold_until_ms)}; `hedger hold --end` ends it"
        )
        return Gate(Action.WAIT, Reason.HOLD, detail)
    settle_s = book.settings.scope.settle_s
    detail = f"{waiting[0].what}: further legs may follow, for at most {settle_s:g} s"
    return Gate(Action.WAIT, Reason.SETTLING_TRADE, detail)


def beyond_hard_limit(book: BookState, sight: Sight) -> bool:
    """Whether the controlled quantity is where a policy acts at once; False while it is not known."""
    interval = interval_of(book, sight.inputs)
    if interval is None or sight.inputs is None:
        return False
    delta = sight.inputs.delta_coin
    return delta < interval.hard_lower or delta > interval.hard_upper


def _clock(market_ms: int) -> str:
    return f"{utc(market_ms):%H:%M:%S} UTC"


def watch(state: State, book: BookState, step: Step) -> None:
    """Look at the conditions a person must know of; called about once a second."""
    owned, now = book.ownership, step.now
    if not state.venues[book.settings.venue].reconciled:
        return
    live = state.settings.mode is Mode.LIVE
    ownership.note_unassigned(state, book, now)
    lasting = owned.unassigned_wire_s is not None and now.wire_s - owned.unassigned_wire_s >= ALARM_AFTER_S
    found = unassigned_detail(book) if lasting else ""
    page = Severity.CRITICAL if live else Severity.WARNING
    alarms.tell(state, step, "unassigned_future", found, book=book.name, severity=page)
    shared = contested_detail(book)
    alarms.tell(state, step, "scope_conflict", shared, book=book.name, severity=page)
    expired = external_detail(book, now)
    alarms.tell(state, step, "external_delta_expired", expired, book=book.name, severity=page)
    rivals.tell(state, book, step)
    cash_gate.judge(state, book, step)
    cash_gate.watch_drift(state, book, step)
