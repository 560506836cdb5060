"""Each preset shows the rule of the product it is named after, on numbers."""

from __future__ import annotations

from typing import Any

import pytest

from hedger.execution.params import ExecutionParams, Style
from hedger.policies.band import INITIAL_MEMORY, Memory, decide, interval
from hedger.policies.band_params import Params, validate
from hedger.policies.inputs import Inputs
from hedger.policies.presets import PRESETS
from hedger.policies.reasons import Reason
from tests.policies.books import HOUR_S, NOON_S, book


def preset(name: str) -> Params:
    params = PRESETS[name].params
    assert isinstance(params, Params)
    return params


def told(params: Params, memory: Memory, inputs: Inputs) -> tuple[float, Reason]:
    _, answer, reason = decide(params, memory, inputs)
    return answer, Reason(reason)


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_says_of_execution_is_legal(name: str) -> None:
    keys: dict[str, Any] = dict(PRESETS[name].execution)
    keys["style"] = Style(keys.get("style", "limit_ioc"))
    ExecutionParams(**keys)


def test_thalex_hedges_after_its_period_outside_and_never_allows_its_tolerance() -> None:
    thalex = preset("thalex")
    memory, _, reason = decide(thalex, INITIAL_MEMORY, book(0.2))
    assert reason == Reason.DWELL
    assert told(thalex, memory, book(0.2, now_s=NOON_S + 59))[1] is Reason.DWELL
    assert told(thalex, memory, book(0.2, now_s=NOON_S + 60)) == (0.0, Reason.OUTSIDE_BAND_TO_CENTRE)
    assert told(thalex, INITIAL_MEMORY, book(0.31)) == (0.0, Reason.HARD_LIMIT_TO_CENTRE)
    assert PRESETS["thalex"].execution["max_slippage_fraction"] == 0.005


def test_greeks_live_has_a_threshold_for_each_direction_and_hedges_its_ratio_of_the_deviation() -> None:
    """Its own example: target -3, thresholds 1 above and .5 below; half the ratio, half the way."""
    assert interval(preset("greeks_live"), INITIAL_MEMORY, book())[:2] == (-0.05, 0.1)
    own = preset("greeks_live")._replace(lower=-3.5, upper=-2.0)
    validate(own, -3.0)
    assert told(own, INITIAL_MEMORY, book(-2.0, target=-3.0))[1] is Reason.WITHIN_BAND
    assert told(own, INITIAL_MEMORY, book(-1.99, target=-3.0)) == (-3.0, Reason.OUTSIDE_BAND_TO_CENTRE)
    half = own._replace(hedge_ratio=0.5)
    assert told(half, INITIAL_MEMORY, book(-1.9, target=-3.0))[0] == pytest.approx(-2.45)
    again = book(-1.9, target=-3.0, last_hedge_s=NOON_S - 4)
    assert told(own, INITIAL_MEMORY, again)[1] is Reason.COOLDOWN  # it looks every five seconds


def test_greeks_live_at_150_per_cent_goes_past_the_edge_and_stays_inside_the_band() -> None:
    most = preset("greeks_live")._replace(hedge_ratio=1.5, to_centre=0)
    assert told(most, INITIAL_MEMORY, book(0.2))[0] == pytest.approx(0.05)
    assert told(most, INITIAL_MEMORY, book(2.0))[0] == -0.05  # the opposite edge
    with pytest.raises(ValueError, match="must be at most 1 on the way to the target"):
        validate(most._replace(to_centre=1))


def test_bybit_waits_for_one_per_cent_within_the_hour_and_sends_market_orders() -> None:
    bybit = preset("bybit")
    memory, _, _ = decide(bybit, INITIAL_MEMORY, book())
    quiet = book(0.2, index=100_900.0, now_s=NOON_S + 600)
    assert told(bybit, memory, quiet)[1] is Reason.MIN_MOVE  # delta changed by volatility alone
    moved = quiet._replace(index_usd=101_000.1)
    assert told(bybit, memory, moved) == (0.0, Reason.OUTSIDE_BAND_TO_CENTRE)
    assert told(bybit, memory, moved._replace(now_s=NOON_S + HOUR_S))[1] is Reason.MIN_MOVE
    assert PRESETS["bybit"].execution == {"style": "market"}


def test_fmz_hedges_to_zero_beyond_its_step_and_keeps_no_memory_of_anything_else() -> None:
    assert told(preset("fmz"), INITIAL_MEMORY, book(0.1))[1] is Reason.WITHIN_BAND
    assert told(preset("fmz"), INITIAL_MEMORY, book(-0.11)) == (0.0, Reason.STEP)
