"""What keeps the watchdogs quiet is work: a recent step on fresh data, and outside a book looked after."""

from __future__ import annotations

import msgspec
import pytest

from hedger.domain.vocabulary import Severity, State
from hedger.engine.views.view import AlarmView, StatusView
from hedger.runtime.vitality import ailing, unattended
from tests.view_fixtures import status

AGE_S = 30.0


def seen(
    state: State = State.RUNNING, *, step_s: float = 0.1, data_s: float | None = 1.0, up: bool = True
) -> StatusView:
    shown = status()
    venue = msgspec.structs.replace(shown.venues[0], connected=up, data_age_s=data_s)
    return msgspec.structs.replace(shown, state=state, last_step_age_s=step_s, venues=(venue,))


def test_a_daemon_at_work_is_well_and_attends_its_book() -> None:
    assert ailing(seen(), AGE_S) == unattended(seen(), AGE_S) == ""


@pytest.mark.parametrize(
    ("view", "why"),
    [
        (seen(step_s=6.0), "the last step is 6.0 s old"),
        (seen(data_s=31.0), "no venue has sent market data for 30 s"),
        (seen(data_s=None), "no venue has sent market data for 30 s"),
        (seen(up=False), "no venue has sent market data for 30 s"),
        (seen(State.STANDBY, data_s=31.0), "no venue has sent market data for 30 s"),
    ],
)
def test_a_hang_and_a_dead_feed_starve_both_watchdogs(view: StatusView, why: str) -> None:
    assert ailing(view, AGE_S) == unattended(view, AGE_S) == why


def test_one_venue_that_still_sends_is_enough() -> None:
    view = seen(data_s=31.0)
    fresh = msgspec.structs.replace(view.venues[0], name="other", data_age_s=1.0)
    assert ailing(msgspec.structs.replace(view, venues=(*view.venues, fresh)), AGE_S) == ""


@pytest.mark.parametrize("state", [State.STANDBY, State.HALTED, State.STOPPING])
def test_a_restart_helps_neither_a_standby_nor_a_halted_daemon_but_neither_hedges(state: State) -> None:
    assert ailing(seen(state), AGE_S) == ""
    assert unattended(seen(state), AGE_S) == state.value


@pytest.mark.parametrize("state", [State.CONNECTING, State.RECOVERING, State.WARMING_UP])
def test_a_start_that_never_comes_to_hedging_is_not_at_work_for_those_outside(state: State) -> None:
    assert ailing(seen(state), AGE_S) == ""
    assert unattended(seen(state), AGE_S) == state.value


def alarmed(severity: Severity) -> StatusView:
    told = AlarmView(
        name="liquidation", book="btc", severity=severity, detail="a trade was forced", since_ms=0
    )
    return msgspec.structs.replace(seen(), alarms=(told,))


def test_a_book_that_is_latched_is_running_and_hedged_by_nobody() -> None:
    assert ailing(alarmed(Severity.CRITICAL), AGE_S) == ""
    assert unattended(alarmed(Severity.CRITICAL), AGE_S) == "btc liquidation: a trade was forced"


def test_an_alarm_that_pages_nobody_starves_nothing() -> None:
    assert unattended(alarmed(Severity.ERROR), AGE_S) == ""


@pytest.mark.parametrize("state", [State.PAUSED, State.REDUCE_ONLY, State.NEUTRALISING, State.FLATTENING])
def test_what_a_person_has_asked_for_that_person_attends(state: State) -> None:
    assert unattended(seen(state), AGE_S) == ""
