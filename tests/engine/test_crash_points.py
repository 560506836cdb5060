"""A crash between any two effects, any part of the journal on disk, any part of an order filled: one end.

The world is kind but for the crashes: nothing is lost that a process which lives would have heard. In the end
the book holds what the venue holds, has counted as its own what its orders traded, has used no label twice
(the world checks every order), and stands where a life without a crash stands.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedger.domain.order import OrderIntent
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.settings import EngineSettings
from tests.engine.rig import PERP
from tests.engine.test_venue_fuzz import SETTINGS, STYLES, TICK_S, converge
from tests.engine.true_venue import LOT, Broken, World

EXAMPLES = int(os.environ.get("HEDGER_CRASH_EXAMPLES", "24"))
MOST_EFFECTS = 40  # of a life that hedges once: link, journal, snapshot, hedge, and all of it again
TICKS = 40
LOTS_APART = 2  # the edges of the band drift by a second's decay between two lives


class Crash(NamedTuple):
    """After so many effects, with so many of the writes under way on disk."""

    effect: int
    kept: int


class _Killed(Exception):
    """The process is gone: nothing of its step happens any more."""


class Order(NamedTuple):
    """How long an order travels (wire seconds), and which share of it fills."""

    travels_s: float
    share: float


SOON = Order(0.05, 1.0)


class CrashingWorld(World):
    """Dies as told; orders travel and fill as told, further ones soon and whole."""

    def __init__(self, seed: int, how: EngineSettings, crashes: list[Crash], orders: list[Order]) -> None:
        self.performed, self.crashes, self.orders = 0, sorted(crashes), iter(orders)
        self.shares: dict[str, float] = {}  # by label
        super().__init__(seed, how)
        self.chances.harm = 0.0

    def step(self, *events: ev.Event) -> None:
        try:
            super().step(*events)
        except _Killed:
            self.restart(min(self.crashes.pop(0).kept, len(self.unwritten)))

    def _perform(self, effect: fx.Effect) -> None:
        super()._perform(effect)
        self.performed += 1
        if self.crashes and self.performed >= self.crashes[0].effect:
            raise _Killed

    def _place(self, intent: OrderIntent) -> None:
        self._may_place(intent)
        self.placed.append(intent.label)
        self.flying[intent.label] = intent
        travels_s, self.shares[intent.label] = next(self.orders, SOON)
        link = self.link
        self.after(travels_s, lambda: self._arrive(intent, link))

    def _parts(self, intent: OrderIntent) -> list[Decimal]:
        lots = int(intent.amount / LOT[intent.instrument])
        filled = round(lots * self.shares[intent.label])
        first = filled // 3
        return [LOT[intent.instrument] * part for part in (first, filled - first) if part]


def lived(seed: int, how: EngineSettings, crashes: list[Crash], orders: list[Order]) -> CrashingWorld:
    """From the first connection to agreement. Raises Broken with everything that happened."""
    world = CrashingWorld(seed, how, crashes, orders)
    try:
        world.link_up()
        for _ in range(TICKS):
            world.advance(world.rig.wire_s + TICK_S)
            world.tick()
        converge(world)
    except Broken as broken:
        raise Broken(f"seed {seed}: {broken}\n" + "\n".join(world.trail)) from broken
    return world


CRASHES = st.lists(
    st.builds(Crash, effect=st.integers(1, MOST_EFFECTS), kept=st.integers(0, 3)), min_size=1, max_size=3
)
ORDERS = st.lists(
    st.builds(
        Order,
        travels_s=st.sampled_from([0.01, 0.3, 1.5, 4.5, 9.0]),
        share=st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
    ),
    max_size=3,
)


@given(st.integers(0, 500), CRASHES, ORDERS)
@settings(max_examples=EXAMPLES, deadline=None)
def test_whatever_was_on_disk_and_had_filled_the_book_ends_where_it_would_have(
    seed: int, crashes: list[Crash], orders: list[Order]
) -> None:
    crashed, whole = lived(seed, SETTINGS, crashes, orders), lived(seed, SETTINGS, [], [])
    apart = abs(crashed.venue.positions[PERP] - whole.venue.positions[PERP])
    assert apart <= LOTS_APART * LOT[PERP]


@pytest.mark.parametrize("style", STYLES)
def test_however_a_hedge_is_worked_its_crashes_end_in_agreement(style: str) -> None:
    @given(st.integers(0, 500), CRASHES, ORDERS)
    @settings(max_examples=EXAMPLES // 4, deadline=None)
    def check(seed: int, crashes: list[Crash], orders: list[Order]) -> None:
        lived(seed, STYLES[style], crashes, orders)

    check()


def every_crash(last: int) -> Iterator[Crash]:
    return (Crash(effect, kept) for effect in range(1, last + 1) for kept in (0, 1))


def test_one_hedge_crashed_at_every_single_effect() -> None:
    """With nothing and all of the journal on disk; half of the hedge fills, long after the restart."""
    order = Order(2.5, 0.5)
    whole = lived(3, SETTINGS, [], [order])
    assert len(whole.placed) >= 1
    for crash in every_crash(min(whole.performed, MOST_EFFECTS)):
        crashed = lived(3, SETTINGS, [crash], [order])
        apart = abs(crashed.venue.positions[PERP] - whole.venue.positions[PERP])
        assert apart <= LOTS_APART * LOT[PERP], crash
