"""One writer per account, as the engine hears of it: whom it waits for, until when it holds, that it lost."""

from __future__ import annotations

import math

from hedger.domain.errors import LeaseError
from hedger.domain.vocabulary import Phase, Severity
from hedger.engine import alarms, holdings, lease, recover, work
from hedger.engine import events as ev
from hedger.engine.effects import Exit
from hedger.engine.state import State, Step

ALARM = "lease"


def awaited(state: State, event: ev.LeaseAwaited, step: Step) -> None:
    """Another run holds the account: this one is a standby until the journal is loaded."""
    venue = state.venues[event.venue]
    if venue.epoch:
        return
    if venue.lease_holder != event.holder:
        step.note(
            Severity.WARNING, "standby", venue=venue.name, account=venue.account_id, holder=event.holder
        )
    venue.lease_holder, venue.lease_until_wire_s = event.holder, event.until_wire_s
    venue.lease_error = ""
    if venue.phase is Phase.RECOVERING:
        venue.phase = Phase.STANDBY
        recover.request_snapshot(state, venue, step)


def renewed(state: State, event: ev.LeaseRenewed) -> None:
    """This run holds the account until then."""
    venue = state.venues[event.venue]
    venue.lease_until_wire_s, venue.lease_error = event.until_wire_s, ""


def unrenewed(state: State, event: ev.LeaseUnrenewed, step: Step) -> None:
    """Said once per cause; what comes of it is told by the gate and the alarm."""
    venue = state.venues[event.venue]
    if venue.lease_error != event.detail:
        step.note(Severity.ERROR, "lease_not_renewed", venue=venue.name, detail=event.detail)
    venue.lease_error = event.detail


def lost(state: State, event: ev.LeaseLost, step: Step) -> None:
    """Nothing leaves any more, not even a cancel: what rests is the successor's to take back.

    Nothing is latched: the process ends with a code of its own and may be started again, as a standby.
    """
    venue = state.venues[event.venue]
    venue.lease_until_wire_s, venue.lease_error, state.exited = -math.inf, event.detail, True
    work.drop_held(state, lambda _approved: True, event.detail, step)
    step.note(Severity.CRITICAL, "lease_lost", venue=event.venue, holder=event.holder, detail=event.detail)
    step.ask(Exit(code=LeaseError.exit_code, reason=event.detail))


def watch(state: State, step: Step) -> None:
    """While too little of a lease is left nothing new leaves, and what rests is taken back while we may."""
    for venue in state.venues.values():
        if not venue.epoch or venue.lease_until_wire_s == math.inf:
            continue
        detail = lease.gap(state, venue, step.now)
        if detail and (venue.name, ALARM) not in state.alarms:
            name = venue.name
            work.drop_held(state, lambda approved: approved.intent.venue == name, detail, step)  # noqa: B023
            for book in holdings.books_on(state, venue.name):
                work.cancel_resting(state, step, book)
        alarms.tell(state, step, ALARM, detail, book=venue.name, severity=Severity.CRITICAL)
