"""Down the ladder in a crash: old greeks never stop the hedger at once, and never let it trade blindly."""

from __future__ import annotations

import pytest

from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine.delta import ladder
from hedger.engine.settings import DeltaParams
from tests.engine.rig import CALL, PUT, Rig

BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -0.5, "hard_upper": 0.5}
LADDER = DeltaParams(model_s=900.0, last_resort_s=3600.0, last_resort_clip_coin=0.25)


def hedged() -> Rig:
    rig = Rig(delta=LADDER, **BAND)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    return rig


def options_dead(rig: Rig, seconds: float, index: float) -> None:
    """Time passes and the index moves; the perpetual is quoted, the options are not."""
    rig.wait(seconds)
    rig.index = index
    rig.step(rig.indexed(), rig.perp_quote())


def alarm(rig: Rig, name: str) -> Severity | None:
    found = [a.severity for a in rig.engine.view(rig.now).alarms if a.name == name]
    return found[0] if found else None


def test_a_minute_without_option_tickers_hands_over_to_the_model_and_raises_an_alarm() -> None:
    rig = hedged()
    options_dead(rig, 61.0, 104_000.0)

    view = rig.engine.view(rig.now).books[0]
    assert alarm(rig, "greeks_degraded") is Severity.ERROR
    assert view.missing == ()
    assert len(rig.placed) == 2, "the model sees the move at the live index, and the policy hedges it"
    fresh = Rig(**BAND)
    fresh.index = 104_000.0
    fresh.start()
    assert rig.delta + float(rig.placed[0].amount) / 104_000 * -1 == pytest.approx(fresh.delta, abs=2e-3)


def test_greeks_that_come_back_end_the_alarm() -> None:
    rig = hedged()
    options_dead(rig, 61.0, 100_000.0)
    rig.step(rig.option_quote(CALL))

    assert alarm(rig, "greeks_degraded") is None
    assert "alarm_ended" in rig.notes()


def test_after_a_quarter_of_an_hour_only_the_hard_limit_is_defended_and_in_small_clips() -> None:
    rig = hedged()
    options_dead(rig, 901.0, 100_300.0)  # outside the band, inside the hard limit
    assert (rig.last.action, rig.last.reason) == (Action.HOLD, Reason.LAST_RESORT)
    assert len(rig.placed) == 1
    assert alarm(rig, "greeks_degraded") is Severity.CRITICAL

    options_dead(rig, 10.0, 106_000.0)
    assert rig.last.reason in (Reason.LAST_RESORT, Reason.IN_FLIGHT)
    clip = rig.placed[1]
    assert float(clip.amount) / 106_000 == pytest.approx(0.25, abs=2e-4)


def test_the_last_resort_goes_back_to_the_hard_limit_and_not_further() -> None:
    rig = hedged()
    options_dead(rig, 901.0, 106_000.0)
    done = 1
    while len(rig.placed) > done:
        rig.step(*rig.fill_of(rig.placed[done]))
        done += 1
        options_dead(rig, 1.0, 106_000.0)

    assert done > 3
    assert rig.last.action is Action.HOLD
    assert -0.5 - 2e-4 <= rig.delta <= -0.5 + 1e-9, "rounded to the contract that stays at the limit"


def test_after_an_hour_the_book_is_blocked_and_a_person_is_paged() -> None:
    rig = hedged()
    options_dead(rig, 3601.0, 120_000.0)

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.GREEKS_TOO_OLD)
    assert CALL in rig.last.detail
    assert alarm(rig, "greeks_degraded") is Severity.CRITICAL
    assert len(rig.placed) == 1


def test_without_a_live_index_the_book_is_blocked_at_once() -> None:
    rig = hedged()
    rig.wait(5.1)
    rig.step(rig.perp_quote())

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.STALE_INDEX)


def test_a_ticker_without_greeks_steps_down_to_the_model_at_once() -> None:
    rig = hedged()
    rig.index = 104_000.0
    rig.step(rig.indexed(), rig.perp_quote(), rig.option_quote(CALL, delta=None))

    assert alarm(rig, "greeks_degraded") is Severity.ERROR
    assert len(rig.placed) == 2


def test_one_old_ticker_is_enough_and_the_fresh_ones_keep_the_venues_greeks() -> None:
    rig = Rig(delta=LADDER, **BAND)
    rig.start({CALL: "-10", PUT: "-10"})
    rig.wait(61.0)
    rig.step(rig.indexed(), rig.perp_quote(), rig.option_quote(PUT))

    (alarmed,) = [a for a in rig.engine.view(rig.now).alarms if a.name == "greeks_degraded"]
    assert CALL in alarmed.detail
    assert PUT not in alarmed.detail


@pytest.mark.parametrize(
    ("y", "change"),
    [(0.0, 0.0), (0.5, 0.0), (-0.5, 0.0), (0.6, -0.1), (2.0, -0.25), (-0.55, 0.05), (-9.0, 0.25)],
)
def test_the_change_of_the_last_resort(y: float, change: float) -> None:
    assert ladder.last_resort_change_coin(y, -0.5, 0.5, 0.25) == pytest.approx(change)
