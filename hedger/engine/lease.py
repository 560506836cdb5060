"""Until when orders of this run may be executed: the end of the account's lease, less a margin.

    usable = lease's end - margin - now + min(0, venue's clock - ours)

The holder reckons the end from before it asked for the lease, so it never lies after the row's; the margin is
for clocks: `valid_until` is judged by the venue's, which may run behind ours. The venue itself then refuses
what a frozen ex-holder still had under way (13888).
"""

from __future__ import annotations

from hedger.engine.events import Now
from hedger.engine.state import State, VenueState

SHORTEST_S = 0.25  # wire time: what could not be executed longer than this is not sent


def usable_s(state: State, venue: VenueState, now: Now) -> float:
    """Wire seconds for which an order sent now may stay executable; inf where no lease is kept."""
    margin_s = state.settings.lease_margin_s
    return venue.lease_until_wire_s - margin_s - now.wire_s - _behind_s(state, venue)


def _behind_s(state: State, venue: VenueState) -> float:
    """By how much the venue's clock is behind ours, wire seconds; 0 while it is ahead or unknown."""
    return max(0.0, -(venue.clock_skew_ms or 0.0)) / 1000 / state.settings.market_speed


def bound_ms(state: State, venue: VenueState, now: Now) -> float:
    """The latest `valid_until` of an order sent now, market time; inf where no lease is kept."""
    return now.market_ms + usable_s(state, venue, now) * 1000 * state.settings.market_speed


def gap(state: State, venue: VenueState, now: Now) -> str:
    """Why no order may be sent, in words; empty while enough of the lease is left."""
    usable = usable_s(state, venue, now)
    if usable >= SHORTEST_S:
        return ""
    left_s = max(0.0, venue.lease_until_wire_s - now.wire_s)
    why = f": {venue.lease_error}" if venue.lease_error else ""
    margin_s, behind_s = state.settings.lease_margin_s, _behind_s(state, venue)
    clock = f", and the venue's clock is {behind_s:.1f} s behind ours" if left_s >= margin_s else ""
    return (
        f"the lease of account {venue.account_id} ends in {left_s:.1f} s, margin {margin_s:g} s{clock}{why}"
    )
