"""The smile's delta beside Black's: off it is nothing, with a closed gate shown, with an open one hedged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from hedger.domain.vocabulary import SmileRule
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import SmileSampled
from hedger.engine.settings import DeltaParams
from hedger.engine.views.smile_view import SmileView
from hedger.pricing.scalar import black76_one, years_to
from tests.engine.rig import CALL, PERP, PUT, Rig, option, settings

CHAIN = [f"BTC-30JAN26-{strike}-{side}" for strike in range(80_000, 125_000, 5_000) for side in "PC"]
HELD = {CALL: "-10", PUT: "-10"}
WIDE = {"lower": -50.0, "upper": 50.0, "hard_lower": -60.0, "hard_upper": 60.0}
SKEW = -0.8
SAMPLE_S = 6 * 3600.0


def params(rule: SmileRule, **changes: Any) -> DeltaParams:
    return DeltaParams(
        smile=rule, smile_sample_s=SAMPLE_S, smile_least_samples=32, smile_window_days=30.0, **changes
    )


class Smiling(Rig):
    """A venue whose volatilities are a straight line in ln(K / F): level + SKEW k."""

    level = 0.55
    names = tuple(CHAIN)

    def iv_of(self, name: str) -> float:
        strike = float(option(name).strike_usd or 0)
        return self.level + SKEW * math.log(strike / self.index)

    def option_quote(self, name: str, **changes: Any) -> ev.Quoted:
        self.iv = self.iv_of(name)
        return super().option_quote(name, **changes)

    def begin(self, held: dict[str, str] | None = None) -> Smiling:
        held = HELD if held is None else held
        listed = tuple(dict.fromkeys((*self.names, *(name for name in held if name != PERP))))
        self.step(self.listed(*listed), self.link_up())
        self.step(self.journal())
        self.step(self.snapshot(held))
        self.step(*self.quotes(*listed))
        self.wait(1.0)
        self.step(*self.quotes(*listed))
        return self

    def restore(self, kept: tuple[SmileSampled, ...]) -> None:
        """Begin on a journal that holds samples."""
        self.step(self.listed(*self.names), self.link_up())
        self.step(msgspec.structs.replace(self.journal(), smiles=kept))
        self.step(self.snapshot(HELD))
        for _ in range(2):
            self.wait(1.1)
            self.step(*self.quotes(*self.names))

    def live(self, samples: int, stickiness: float, seed: int = 1) -> None:
        """The market moves from sample to sample; the level of volatility by R s d ln F."""
        rng = np.random.default_rng(seed)
        for _ in range(samples):
            move = float(rng.normal(0.0, 0.008))
            self.index *= math.exp(move)
            self.level += stickiness * SKEW * move
            self.wait(SAMPLE_S)
            self.step(*self.quotes(*self.names))

    @property
    def smile(self) -> SmileView:
        return self.engine.view(self.now).books[0].smile

    @property
    def gates(self) -> list[bool]:
        return [bool(note.fields["open"]) for note in self.of(fx.Note) if note.name == "smile_gate"]

    def black(self) -> float:
        """Net transaction delta by Black's deltas."""
        net = self.engine.view(self.now).books[0].delta.net_transaction
        assert net is not None
        return net

    def used(self) -> float:
        used = self.engine.view(self.now).books[0].delta.used
        assert used is not None
        return used

    def by_hand(self, r: float) -> float:
        """sum n (vega / F) (R - 1) s with s = SKEW, coin."""
        total = 0.0
        for name, size in HELD.items():
            listed = option(name)
            tau = years_to(listed.expiration_ms or 0, self.market_ms)
            sign = float(listed.option_sign or 0)
            one = black76_one(self.index, float(listed.strike_usd or 0), tau, self.iv_of(name), sign)
            total += float(size) * one.vega_usd / self.index * (r - 1.0) * SKEW
        return total


def smiling(rule: SmileRule, **changes: Any) -> Smiling:
    return Smiling(settings(delta=params(rule, **changes), **WIDE)).begin()


def test_off_is_the_default_and_keeps_nothing() -> None:
    assert DeltaParams().smile is SmileRule.OFF
    rig = Smiling(settings(**WIDE)).begin()
    rig.live(3, 0.0)
    assert rig.engine._state.books["btc"].smile is None
    assert rig.smile == SmileView()
    assert rig.used() == rig.black()


def test_a_closed_gate_shows_the_correction_and_hedges_black_s_delta() -> None:
    rig = smiling(SmileRule.STICKY_DELTA)
    rig.live(5, 0.0)
    assert rig.used() == rig.black()
    told = rig.smile
    assert not told.gate_open
    assert told.gate == "5 of 32 intervals measured"
    assert told.shift_coin == pytest.approx(rig.by_hand(0.0), rel=0.02)
    (each,) = told.expiries
    assert (each.expiry, each.curve, each.strikes, each.gap) == ("2026-01-30", "svi", 9, "")
    assert each.slope == pytest.approx(SKEW, abs=5e-3)
    assert each.residual_points is not None
    assert each.residual_points < 0.01


def test_the_gate_opens_on_evidence_and_closes_on_evidence() -> None:
    """A month of a smile that moves with the forward, then days of one that moves against it."""
    rig = smiling(SmileRule.STICKY_DELTA, smile_closes_at=0.9)
    rig.live(31, 0.0)
    assert rig.gates == []
    rig.live(5, 0.0, seed=2)
    assert rig.gates == [True]
    told = rig.smile
    assert told.gate_open
    assert told.variance_ratio is not None
    assert told.variance_ratio < 0.9
    assert "below 1 with confidence" in told.gate
    assert told.used_coin == told.shift_coin == pytest.approx(rig.by_hand(0.0), rel=0.02)
    assert rig.used() == pytest.approx(rig.black() + told.used_coin, abs=1e-12)
    assert "delta by the smile (sticky_delta)" in rig.last.detail
    rig.live(30, 2.5, seed=3)
    assert rig.gates == [True, False]
    assert rig.used() == rig.black()


@pytest.mark.parametrize("rule", [SmileRule.STICKY_DELTA, SmileRule.OFF])
def test_the_correction_is_hedged_while_the_gate_is_open(rule: SmileRule) -> None:
    """On the target by Black's delta, off it by the smile's: one hedge, back to the edge of the band."""
    rig = smiling(SmileRule.STICKY_DELTA)
    rig.live(40, 0.0)
    shift, target = rig.smile.used_coin, rig.black()
    assert shift < -0.05
    narrow = settings(delta=params(rule), target=target, lower=target - 0.02, upper=target + 0.02)
    rig.step(ev.SettingsApplied(settings=narrow), *rig.quotes(*rig.names))
    if rule is SmileRule.OFF:
        assert rig.placed == []
        return
    (order,) = rig.placed
    assert order.side == "buy"
    assert float(order.amount) == pytest.approx((-shift - 0.02) * rig.index, abs=50.0)


@pytest.mark.parametrize(
    ("rule", "stickiness"),
    [(SmileRule.FITTED, 0.0), (SmileRule.FITTED, 2.0), (SmileRule.MINIMUM_VARIANCE, 0.0)],
)
def test_rules_that_learn_come_near_the_truth(rule: SmileRule, stickiness: float) -> None:
    rig = smiling(rule)
    rig.live(70, stickiness)
    told = rig.smile
    assert told.gate_open
    assert told.used_coin == pytest.approx(rig.by_hand(stickiness), rel=0.35)
    assert told.expiries[0].stickiness == pytest.approx(stickiness, abs=0.15)
    assert told.expiries[0].moves > 60


def test_sticky_strike_is_black_s_delta_with_the_smile_shown() -> None:
    rig = smiling(SmileRule.STICKY_STRIKE)
    rig.live(40, 0.0)
    assert rig.smile.shift_coin == 0.0
    assert rig.smile.gate == "sticky strike is Black's delta: nothing to add"
    assert rig.smile.expiries[0].slope == pytest.approx(SKEW, abs=5e-3)
    assert rig.used() == rig.black()


def test_too_few_strikes_keep_black_s_delta_and_say_so() -> None:
    rig = Smiling(settings(delta=params(SmileRule.STICKY_DELTA), **WIDE))
    rig.names = (CALL, PUT)
    rig.begin()
    rig.live(3, 0.0)
    assert rig.smile.shift_coin == 0.0
    assert rig.smile.expiries[0].gap == "2 strikes quoted, at least 4 are needed"


def opened(**changes: Any) -> Smiling:
    rig = smiling(SmileRule.STICKY_DELTA, **changes)
    rig.live(40, 0.0)
    assert rig.smile.used_coin != 0.0
    return rig


def aged(rig: Smiling) -> Iterator[float]:
    """What is used while time passes with the held options' tickers alone."""
    for _ in range(3):
        rig.wait(1500.0)
        rig.step(*rig.quotes(CALL, PUT))
        yield rig.smile.used_coin


def test_a_smile_that_nobody_quotes_any_more_is_not_used() -> None:
    assert list(aged(opened()))[-1] == 0.0


def test_an_option_whose_ticker_is_old_keeps_black_s_delta() -> None:
    rig = opened()
    whole = rig.smile.used_coin
    rig.wait(70.0)
    rig.step(*rig.quotes(*(name for name in rig.names if name != CALL)))
    rig.wait(1.1)
    rig.step(*rig.quotes(PUT))
    assert 0.0 < abs(rig.smile.used_coin) < 0.8 * abs(whole)


def test_the_last_day_of_an_expiry_is_black_s() -> None:
    rig = opened()
    while (option(CALL).expiration_ms or 0) - rig.market_ms > 86_400_000:
        assert rig.smile.used_coin != 0.0
        rig.live(1, 0.0)
    assert rig.smile.used_coin == 0.0


def test_off_by_a_reload_is_off_at_once_and_forgets() -> None:
    rig = opened()
    rig.step(ev.SettingsApplied(settings=settings(**WIDE)))
    assert rig.smile == SmileView()
    assert rig.used() == rig.black()


def test_another_rule_keeps_the_evidence_and_must_pass_by_its_own() -> None:
    """Sticky delta holds, so it may be hedged; sticky strike never adds a thing; and back again at once."""
    rig = opened()
    for rule, is_open in ((SmileRule.STICKY_STRIKE, False), (SmileRule.STICKY_DELTA, True)):
        rig.step(ev.SettingsApplied(settings=settings(delta=params(rule), **WIDE)), *rig.quotes(*rig.names))
        rig.wait(1.1)
        rig.step(*rig.quotes(*rig.names))
        assert rig.smile.gate_open is is_open
        assert bool(rig.smile.used_coin) is is_open


def test_a_blind_spell_is_no_interval() -> None:
    rig = smiling(SmileRule.STICKY_DELTA)
    rig.live(4, 0.0)
    rig.wait(3 * SAMPLE_S)
    rig.step(*rig.quotes(*rig.names))
    assert rig.smile.samples == 4
    rig.live(1, 0.0)
    assert rig.smile.samples == 5


def test_the_same_events_give_the_same_figures() -> None:
    first, second = opened(), opened()
    assert first.smile == second.smile


def test_a_gate_that_would_never_rest_is_refused() -> None:
    with pytest.raises(ValueError, match=r"smile_closes_at = 0\.97: must be at most smile_opens_at = 0\.95"):
        DeltaParams(smile_closes_at=0.97)


def written(rig: Smiling) -> tuple[SmileSampled, ...]:
    records = [record for write in rig.of(fx.Write) for record in write.records]
    return tuple(record for record in records if isinstance(record, SmileSampled))


def test_a_restart_finds_what_was_measured_and_learned() -> None:
    """The same R, the same coefficients, the same ratio; the gate is judged anew and opens."""
    before = smiling(SmileRule.FITTED)
    before.live(60, 0.0)
    kept = written(before)
    assert len(kept) == before.smile.samples == 60
    after = Smiling(settings(delta=params(SmileRule.FITTED), **WIDE))
    after.market_ms, after.index, after.level = before.market_ms, before.index, before.level
    after.restore(kept)
    again, was = after.smile, before.smile
    assert again.gate_open
    assert (again.samples, again.variance_ratio) == (was.samples, was.variance_ratio)
    assert again.minimum_variance_calls == was.minimum_variance_calls
    assert again.expiries[0].stickiness == was.expiries[0].stickiness
    assert again.used_coin == pytest.approx(was.used_coin, rel=1e-3)
    after.live(1, 0.0)
    assert after.smile.samples == 61


def test_samples_are_of_no_use_to_a_book_whose_rule_is_off() -> None:
    before = smiling(SmileRule.FITTED)
    before.live(3, 0.0)
    after = Smiling(settings(**WIDE))
    after.restore(written(before))
    assert after.engine._state.books["btc"].smile is None
