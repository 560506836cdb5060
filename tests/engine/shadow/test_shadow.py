"""Shadows beside a live book: the same policy trades the same, another one its own, and nothing is sent."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from hedger.domain.vocabulary import Neutral
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.engine import Engine
from hedger.engine.recording import encode_effects
from hedger.engine.records import ShadowsKept
from tests.engine.rig import CALL, PUT, Rig
from tests.engine.shadow.shaded import HELD, WIDE, ShadedRig, begun, shaded, shadow


def walk(rig: Rig, seed: int, steps: int, wait_s: float = 5.0) -> Iterator[list[ev.Event]]:
    """Prices move, every ticker comes."""
    draw = random.Random(seed)
    for _ in range(steps):
        rig.wait(wait_s)
        rig.index *= 1.0 + draw.gauss(0.0, 1e-3)
        yield rig.quotes(CALL, PUT)


POLICIES: dict[str, tuple[str, dict[str, float]]] = {
    "edge": ("band", WIDE),
    "centre": ("band", {**WIDE, "to_centre": 1}),
    "cooldown": ("band", {**WIDE, "cooldown_s": 60.0}),
    "dwell": ("band", {**WIDE, "dwell_s": 20.0}),
    "windows": ("theta_offset", {"window_s": 600.0}),
}


def beside_itself(name: str, neutral: Neutral) -> ShadedRig:
    """A book of which the shadow has the live policy's own parameters, after 450 moves of the market."""
    policy, params = POLICIES[name]
    rig = begun(shadow("same", policy, **params), policy=policy, neutral=neutral, **params)
    for seed in range(3):
        rig.play(walk(rig, seed, 150))
    return rig


@pytest.mark.parametrize("neutral", [Neutral.COIN, Neutral.BLACK])
@pytest.mark.parametrize("name", list(POLICIES))
def test_the_live_policys_own_shadow_trades_as_the_live_hedge_does(name: str, neutral: Neutral) -> None:
    """Filled at the touch at once both are, so they hold, trade and pay the same."""
    rig = beside_itself(name, neutral)
    same = rig.shadows["same"]
    assert same.own.trades >= 3
    assert (same.own.amount, same.own.trades) == (same.live.amount, len(rig.placed))
    assert same.own.turnover_usd == same.live.turnover_usd
    for figure in ("cash", "fees_usd", "spread_usd"):
        assert getattr(same.own, figure) == pytest.approx(getattr(same.live, figure), rel=1e-12)
    live_memory = rig.engine._state.books["btc"].memory
    assert list(same.memory) == pytest.approx(list(live_memory), abs=1e-9, nan_ok=True)
    assert same.minutes.live.count >= 30
    assert same.minutes.variance_ratio == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("name", list(POLICIES))
def test_in_dollars_it_differs_by_the_lot_that_a_fee_not_yet_told_makes(name: str) -> None:
    """A fee changes the equity, so y. The shadow knows its own at once, the live book when it is told."""
    rig = beside_itself(name, Neutral.USD)
    same = rig.shadows["same"]
    assert same.own.trades >= 3
    assert abs(same.own.amount - same.live.amount) <= 10
    assert abs(same.own.trades - len(rig.placed)) <= 1
    assert same.own.cost_usd == pytest.approx(same.live.cost_usd, rel=1e-3)
    assert same.minutes.variance_ratio == pytest.approx(1.0, abs=1e-3)


def bytes_of(*shadows: Any, **keywords: Any) -> list[bytes]:
    """Every step's effects as the flight recorder writes them, in a slow market and in floods.

    Without the rows of shadows themselves: these ride in writes that leave anyway.
    """
    rig = ShadedRig(shaded(*shadows, **keywords))
    made: list[bytes] = []
    step = rig.engine.step

    def kept(now: ev.Now, events: Any) -> list[fx.Effect]:
        found = step(now, events)
        made.append(encode_effects([without_rows(each) for each in found]))
        return found

    rig.engine.step = kept  # type: ignore[method-assign]
    rig.start(HELD)
    rig.filled()
    for seed in range(2):
        rig.play(walk(rig, seed, 60))
        rig.play(flood(rig, seed, 300))
    return made


def without_rows(effect: fx.Effect) -> fx.Effect:
    if not isinstance(effect, fx.Write):
        return effect
    records = tuple(record for record in effect.records if not isinstance(record, ShadowsKept))
    assert records, "nothing is written for the sake of shadows"
    return msgspec.structs.replace(effect, records=records)


def flood(rig: Rig, seed: int, steps: int) -> Iterator[list[ev.Event]]:
    """One ticker every millisecond: most steps are calm."""
    draw = random.Random(seed)
    for _ in range(steps):
        rig.wait(0.001)
        rig.index *= 1.0 + draw.gauss(0.0, 2e-4)
        yield [draw.choice((rig.indexed(), rig.perp_quote(), rig.option_quote(CALL), rig.option_quote(PUT)))]


OTHERS = (
    shadow("tight", lower=-0.02, upper=0.02, hard_lower=-5.0, hard_upper=5.0),
    shadow("wide", lower=-2.0, upper=2.0, hard_lower=-5.0, hard_upper=5.0),
    shadow("windows", "theta_offset", window_s=600.0),
)


@pytest.mark.parametrize("name", list(POLICIES))
def test_shadows_change_no_effect_by_a_byte(name: str) -> None:
    policy, params = POLICIES[name]
    plain = bytes_of(policy=policy, **params)
    assert bytes_of(*OTHERS, policy=policy, **params) == plain
    assert sum(b'"place"' in line for line in plain) >= 3


def test_shadows_are_asked_in_calm_steps_as_in_full_ones() -> None:
    rigs = []
    for calm_steps in (True, False):
        rig = ShadedRig(shaded(*OTHERS, **WIDE))
        rig.engine = Engine(rig.settings, rig.now, calm_steps=calm_steps)
        rig.start(HELD)
        rig.filled()
        rig.play(walk(rig, 4, 30))
        before = {name: each.own.trades for name, each in rig.shadows.items()}
        rig.play(flood(rig, 4, 600))
        assert rig.shadows["tight"].own.trades > before["tight"]
        rigs.append(rig)
    calm, full = (rig.shadows for rig in rigs)
    assert calm == full


def test_a_tighter_band_costs_more_and_a_wider_one_less() -> None:
    rig = begun(*OTHERS, **WIDE)
    for seed in range(2):
        rig.play(walk(rig, seed, 200))
    tight, wide = rig.shadows["tight"], rig.shadows["wide"]
    assert tight.own.cost_usd > tight.live.cost_usd > wide.own.cost_usd
    assert tight.own.trades > tight.live.trades > wide.own.trades
    assert wide.minutes.variance_ratio is not None
    assert wide.minutes.variance_ratio > 1.0
