"""Whole lives under faults, with and without shadows beside the book: not one thing happens otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hedger.backtest.simulate import life
from hedger.backtest.simulate.plan import Plan, draw
from tests.engine.shadow.shaded import shadow

SHADOWS = (
    shadow("tight", lower=-0.02, upper=0.02, hard_lower=-5.0, hard_upper=5.0),
    shadow("windows", "theta_offset", window_s=600.0),
    shadow("clock", "time", window_s=300.0),
)


def beside(seed: int) -> Plan:
    """The same life, its book with shadows."""
    plan = draw(seed)
    (book,) = plan.settings.books
    return replace(plan, settings=replace(plan.settings, books=(replace(book, shadows=SHADOWS),)))


@pytest.mark.parametrize("seed", [3, 11])
def test_a_life_with_shadows_is_the_life_without(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Crashes, lost replies, reloads and people in it; the digest is of all that was said and done."""
    plain = life.live(seed)
    monkeypatch.setattr(life, "draw", beside)
    shaded = life.live(seed)
    assert (plain.violation, shaded.violation) == ("", "")
    assert shaded.digest == plain.digest
    assert shaded.tally == plain.tally
