"""Whether the daemon does its work: what keeps a watchdog quiet. Judged from the picture, nothing else.

Two questions, since two different hands act on the answers:

    ailing       the process is not doing its work, a restart may help            -> systemd's watchdog
    unattended   nobody keeps the book at its target, a person must look          -> the dead-man's switch
"""

from __future__ import annotations

from hedger.domain.vocabulary import Severity, State
from hedger.engine.views.view import StatusView, VenueView

_ATTENDED = frozenset({State.RUNNING, State.PAUSED, State.REDUCE_ONLY, State.NEUTRALISING, State.FLATTENING})

STEP_S = 5.0  # wire time: the engine is stepped every second even when nothing happens


def ailing(view: StatusView, data_age_s: float) -> str:
    """Why the daemon is not at work, empty where it is: a recent step, fresh data of at least one venue.

    A standby must be as well as a holder. A breaker, latched or not, is no illness: no restart ends it.
    """
    if view.last_step_age_s > STEP_S:
        return f"the last step is {view.last_step_age_s:.1f} s old"
    if not any(_fresh(venue, data_age_s) for venue in view.venues):
        return f"no venue has sent market data for {data_age_s:g} s"
    return ""


def unattended(view: StatusView, data_age_s: float) -> str:
    """Why nobody keeps the book at its target, as far as this process knows; empty where it does.

    A standby does not: the switch is to fall when the holder is gone and no standby has taken over. Nor does
    a daemon that is halted or has not come so far as to hedge, nor one that pages: a latched book, a journal
    that is away, a position nothing explains. One that a person paused is attended by that person.
    """
    ill = ailing(view, data_age_s)
    if ill:
        return ill
    if view.state not in _ATTENDED:
        return f"{view.state}"
    paging = (alarm for alarm in view.alarms if alarm.severity is Severity.CRITICAL)
    return next((f"{alarm.book} {alarm.name}: {alarm.detail}".lstrip() for alarm in paging), "")


def _fresh(venue: VenueView, data_age_s: float) -> bool:
    return venue.connected and venue.data_age_s is not None and venue.data_age_s <= data_age_s
