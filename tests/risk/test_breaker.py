"""The breaker is latched: every command but resume can only make it stricter."""

from __future__ import annotations

import pytest

from hedger.domain.vocabulary import BREAKER_ORDER, BreakerState
from hedger.risk.breaker import COMMANDS, after

OUT_OF_A_PAUSE = [(BreakerState.PAUSED, "neutralise"), (BreakerState.PAUSED, "flatten")]


@pytest.mark.parametrize("state", BreakerState)
@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "resume"])
def test_a_command_never_makes_a_state_milder(state: BreakerState, command: str) -> None:
    reached = after(state, command)
    if (state, command) not in OUT_OF_A_PAUSE:
        assert BREAKER_ORDER.index(reached) >= BREAKER_ORDER.index(state)
    assert reached in (state, COMMANDS[command])


@pytest.mark.parametrize(("state", "command"), OUT_OF_A_PAUSE)
def test_a_paused_book_can_be_neutralised_or_flattened_without_a_resume(
    state: BreakerState, command: str
) -> None:
    """A resume would first let the policy trade as it likes; this is the one thing the person asked for."""
    assert after(state, command) is COMMANDS[command]


def test_a_halted_book_is_not_neutralised() -> None:
    assert after(BreakerState.HALTED, "neutralise") is BreakerState.HALTED


@pytest.mark.parametrize("state", BreakerState)
def test_resume_is_the_only_way_back_and_leads_to_running(state: BreakerState) -> None:
    assert after(state, "resume") is BreakerState.RUNNING


def test_a_halted_book_stays_halted_whatever_else_is_asked() -> None:
    assert after(BreakerState.HALTED, "pause") is BreakerState.HALTED
    assert after(BreakerState.HALTED, "flatten") is BreakerState.HALTED


def test_an_unknown_command_names_the_ones_there_are() -> None:
    with pytest.raises(
        ValueError, match="'stop': must be one of pause, resume, reduce_only, neutralise, flatten, halt"
    ):
        after(BreakerState.RUNNING, "stop")
