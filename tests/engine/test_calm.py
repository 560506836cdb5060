"""A calm step decides what a full one would have decided: two engines, the same market, one without calm."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from hedger.domain.vocabulary import Neutral, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.calm import NO_NEWS
from hedger.engine.engine import Engine
from hedger.engine.settings import DeltaParams
from hedger.portfolio.exposure import Source
from tests.engine.rig import CALL, PERP, PUT, Rig

HELD = {CALL: "-10", PUT: "-10", PERP: "200000"}


class Flooded(Rig):
    """A rig that knows which of its orders were answered, and what was decided on no news."""

    answered = 0

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.on_no_news: Counter[Any] = Counter()

    def step(self, *events: ev.Event, after_s: float = 0.01) -> list[fx.Effect]:
        before = Counter(self.engine._state.decisions)
        made = super().step(*events, after_s=after_s)
        if events and all(type(event) in NO_NEWS for event in events):
            self.on_no_news += self.engine._state.decisions - before
        return made


def twins(**keywords: Any) -> tuple[Flooded, Flooded]:
    """The engine as it is, and one that judges every step in full; both started on the same book."""
    made = []
    for calm_steps in (True, False):
        rig = Flooded(**keywords)
        rig.engine = Engine(rig.settings, rig.now, calm_steps=calm_steps)
        rig.start(HELD)
        fill(rig)
        made.append(rig)
    return made[0], made[1]


def moves(rig: Rig, seed: int, steps: int) -> Iterator[list[ev.Event]]:
    """A market that moves a little with every ticker, in a flood: a millisecond between steps."""
    draw = random.Random(seed)
    for _ in range(steps):
        rig.wait(0.001)
        rig.index *= 1.0 + draw.gauss(0.0, 2e-4)
        kind = draw.randrange(4)
        name = draw.choice((CALL, PUT))
        yield [rig.option_quote(name, iv=rig.iv), rig.perp_quote(), rig.indexed()][kind : kind + 1] or [
            rig.option_quote(name),
            rig.perp_quote(),
        ]


@pytest.mark.parametrize("smile_coin", [0.13, -0.7])
def test_a_delta_corrected_by_the_smile_is_judged_alike(smile_coin: float) -> None:
    calm, full = twins(**SETTINGS["band"])
    for rig in (calm, full):
        rig.engine._state.books["btc"].smile_coin = smile_coin
    assert_alike(calm, full, 1)
    delta = calm.engine.view(calm.now).books[0].delta
    assert delta.net_transaction is not None
    assert delta.used == pytest.approx(delta.net_transaction + smile_coin, abs=1e-12)
    assert len(calm.placed) >= 2


def assert_alike(calm: Flooded, full: Flooded, seed: int) -> None:
    """Effects, memory and counts of both after every step of 600 moves; on no news only one decides."""
    for events in moves(calm, seed, 600):
        full.market_ms, full.wire_s, full.index = calm.market_ms, calm.wire_s, calm.index
        for rig in (calm, full):
            rig.step(*events, after_s=0.0)
            fill(rig)
        assert calm.effects == full.effects
        assert memory_and_counts(calm) == memory_and_counts(full)


def memory_and_counts(rig: Flooded) -> Any:
    state = rig.engine._state
    return state.books["btc"].memory, state.decisions - rig.on_no_news


SETTINGS: dict[str, dict[str, Any]] = {
    "band": {"lower": -0.3, "upper": 0.3, "hard_lower": -3.0, "hard_upper": 3.0},
    "dwell": {"lower": -0.2, "upper": 0.2, "hard_lower": -3.0, "hard_upper": 3.0, "dwell_s": 0.2},
    "usd": {"neutral": Neutral.USD, "lower": -0.3, "upper": 0.3, "hard_lower": -9.0, "hard_upper": 9.0},
    "black": {"neutral": Neutral.BLACK, "lower": -0.3, "upper": 0.3, "hard_lower": -9.0, "hard_upper": 9.0},
    "model": {"delta": DeltaParams(source=Source.MODEL), "lower": -0.3, "upper": 0.3},
    "theta": {"policy": "theta_offset"},
}


def fill(rig: Flooded) -> None:
    """The venue fills whatever was placed and not yet answered."""
    while intents := rig.placed[rig.answered :]:
        rig.answered += len(intents)
        for intent in intents:
            rig.step(*rig.fill_of(intent), after_s=0.0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", list(SETTINGS))
def test_effects_memory_and_counts_are_those_of_full_steps(name: str, seed: int) -> None:
    calm, full = twins(**SETTINGS[name])
    assert_alike(calm, full, seed)
    assert len(calm.placed) >= (1 if name in ("theta", "dwell") else 2)


def test_most_steps_of_a_flood_are_calm() -> None:
    """Otherwise nothing above has been tested."""
    calm, _ = twins(lower=-50.0, upper=50.0, hard_lower=-60.0, hard_upper=60.0)
    full_steps = 0
    for events in moves(calm, 1, 500):
        before = calm.engine._calm
        calm.engine.step(calm.now, events)
        full_steps += calm.engine._calm is not before
    assert 0 < full_steps <= 20


def test_a_gate_that_closes_with_time_is_seen_when_its_deadline_comes() -> None:
    """Option tickers alone keep coming; the index falls silent."""
    rig = Rig(lower=-50.0, upper=50.0, hard_lower=-60.0, hard_upper=60.0)
    rig.start()
    limit_s = rig.settings.timing.index_stale_s
    for _ in range(int(limit_s * 1000) + 150):
        rig.wait(0.001)
        rig.engine.step(rig.now, [rig.option_quote(CALL), rig.perp_quote()])
    assert rig.last.reason is Reason.STALE_INDEX


def test_a_ticker_without_greeks_is_judged_in_full_at_once() -> None:
    rig = Rig(lower=-50.0, upper=50.0, hard_lower=-60.0, hard_upper=60.0)
    rig.start()
    rig.wait(0.001)
    rig.engine.step(rig.now, [rig.option_quote(CALL)])
    before = rig.engine._calm
    rig.wait(0.001)
    rig.engine.step(rig.now, [rig.option_quote(CALL, delta=None)])
    assert rig.engine._calm is not before


@pytest.mark.parametrize("moved", [0.05, -0.05])
def test_a_jump_through_the_band_is_hedged_in_its_own_step(moved: float) -> None:
    rig = Flooded(lower=-0.3, upper=0.3, hard_lower=-9.0, hard_upper=9.0)
    rig.start()
    fill(rig)
    rig.step(*rig.quotes(CALL), after_s=0.001)
    placed = len(rig.placed)
    rig.index *= 1.0 + moved
    rig.step(*rig.quotes(CALL), after_s=0.001)
    assert len(rig.placed) == placed + 1


def test_a_lease_that_goes_on_is_no_reason_to_decide_again_until_a_deadline_comes() -> None:
    calm, _ = twins()
    decided, deadline_s = calm.engine._state.decisions.total(), calm.engine.next_deadline()
    assert calm.step(renewed(calm), after_s=0.5) == []
    assert calm.engine._state.decisions.total() == decided
    assert calm.engine.next_deadline() == deadline_s
    calm.step(renewed(calm), after_s=deadline_s - calm.wire_s)
    assert calm.engine._state.decisions.total() == decided + 1


def test_a_lease_that_was_missed_is_decided_on_as_soon_as_it_is_back() -> None:
    calm, _ = twins()
    calm.step(ev.LeaseRenewed(venue="deribit", until_wire_s=calm.wire_s + 0.1))
    calm.step(after_s=1.0)
    assert calm.last.reason is Reason.LEASE
    calm.step(renewed(calm))
    assert calm.last.reason is Reason.WITHIN_BAND


def test_records_that_are_durable_are_no_reason_to_decide_again() -> None:
    calm, _ = twins()
    decided, deadline_s = calm.engine._state.decisions.total(), calm.engine.next_deadline()
    assert calm.step(ev.Durable(sequence=calm.engine._state.outbox.sequence), after_s=0.5) == []
    assert calm.engine._state.decisions.total() == decided
    assert calm.engine.next_deadline() == deadline_s


def test_an_order_that_waited_for_the_journal_goes_and_is_decided_on_at_once() -> None:
    calm, _ = twins()
    calm.journal_ok = False
    calm.index *= 1.05
    calm.step(*calm.quotes(CALL, PUT))
    state = calm.engine._state
    placed, decided = len(calm.placed), state.decisions.total()
    calm.step(ev.Durable(sequence=state.outbox.sequence))
    assert len(calm.placed) == placed + 1
    assert state.decisions.total() == decided + 1


def renewed(rig: Rig) -> ev.LeaseRenewed:
    return ev.LeaseRenewed(venue="deribit", until_wire_s=rig.wire_s + 10.0)
