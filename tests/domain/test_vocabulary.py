"""The words an operator reads: one list, one spelling, one order of strictness."""

from __future__ import annotations

from enum import StrEnum
from itertools import product

import pytest

from hedger.domain import vocabulary
from hedger.domain.vocabulary import BREAKER_ORDER, BreakerState, Phase, State, stricter

WORDS = [
    kind
    for kind in vars(vocabulary).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and list(kind)
]


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_a_word_is_its_own_name_in_small_letters(kind: type[StrEnum]) -> None:
    assert [word.value for word in kind] == [word.name.lower() for word in kind]


def test_every_breaker_state_has_its_place() -> None:
    assert tuple(BreakerState) == BREAKER_ORDER
    assert BREAKER_ORDER[0] is BreakerState.RUNNING
    assert BREAKER_ORDER[-1] is BreakerState.HALTED


@pytest.mark.parametrize(("first", "second"), list(product(BreakerState, BreakerState)))
def test_the_stricter_of_two_wins_whoever_is_asked_first(first: BreakerState, second: BreakerState) -> None:
    winner = stricter(first, second)
    assert winner is stricter(second, first)
    assert winner in (first, second)
    assert all(BREAKER_ORDER.index(winner) >= BREAKER_ORDER.index(state) for state in (first, second))


def test_a_state_is_a_phase_until_trading_and_a_breaker_from_then_on() -> None:
    words = {state.value for state in State}
    assert words == {phase.value for phase in Phase if phase is not Phase.TRADING} | set(BreakerState)
