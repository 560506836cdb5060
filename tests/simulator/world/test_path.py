from __future__ import annotations

import math

import numpy as np
import pytest

from hedger.simulator.world.path import IndexPath, PathParams
from hedger.simulator.world.timeline import funding_rate
from tests.simulator.world.worlds import DAY_MS, HOUR_MS, MINUTE_MS, ORIGIN_MS


def path(seed: int = 3, **params: float) -> IndexPath:
    return IndexPath(seed, ORIGIN_MS, PathParams(**params))


def test_the_path_starts_at_its_start_price_and_has_a_day_of_history() -> None:
    seeded = path(start_usd=87_654.0)
    assert seeded.at(ORIGIN_MS).index_usd == 87_654.0
    assert seeded.at(ORIGIN_MS - DAY_MS + 1000).index_usd > 0.0


def test_a_far_jump_arrives_where_small_steps_arrive() -> None:
    far = ORIGIN_MS + 3 * DAY_MS + 12_345
    stepped, jumped = path(), path()
    for market_ms in range(ORIGIN_MS, far, 7 * HOUR_MS):
        stepped.at(market_ms)
    assert stepped.at(far) == jumped.at(far)
    assert stepped.funding_at(far) == jumped.funding_at(far)


def test_another_seed_is_another_path() -> None:
    assert path(1).at(ORIGIN_MS + HOUR_MS) != path(2).at(ORIGIN_MS + HOUR_MS)


def test_realised_volatility_is_near_the_wanted_one() -> None:
    """Regimes, jumps and 60 days leave it between half and twice the level."""
    seeded = path(vol=0.55)
    index = [seeded.at(ORIGIN_MS + step * 10 * MINUTE_MS).index_usd for step in range(60 * 144)]
    per_year = 365 * 144
    realised = float(np.std(np.diff(np.log(index)))) * math.sqrt(per_year)
    assert 0.27 < realised < 1.1


def test_without_volatility_nothing_moves() -> None:
    frozen = path(vol=0.0)
    assert frozen.at(ORIGIN_MS) == frozen.at(ORIGIN_MS + 2 * DAY_MS)
    assert frozen.at(ORIGIN_MS).index_usd == 100_000.0


def test_the_mean_is_taken_over_the_four_second_samples() -> None:
    seeded = path()
    end = seeded.first_ms + DAY_MS + HOUR_MS
    samples = [seeded.index_at(end - 30 * MINUTE_MS + 4000 * number) for number in range(1, 451)]
    assert seeded.mean(end - 30 * MINUTE_MS, end) == pytest.approx(sum(samples) / 450, rel=1e-12)
    assert seeded.mean(end, end) == seeded.index_at(end)


def test_the_day_range_spans_every_second_of_the_day() -> None:
    seeded = path()
    now = seeded.first_ms + 2 * DAY_MS - 5000
    values = [seeded.index_at(now - second * 1000) for second in range(86_401)]
    assert seeded.range_24h(now) == (min(values), max(values))


def test_the_past_is_kept_for_a_day_and_then_refused() -> None:
    seeded = path()
    seeded.at(ORIGIN_MS + 6 * DAY_MS)
    seeded.at(ORIGIN_MS + 5 * DAY_MS)
    with pytest.raises(ValueError, match="not kept"):
        seeded.at(ORIGIN_MS)


def test_funding_is_the_premium_less_the_damper_and_capped() -> None:
    """Rule: max(0.025 %, p) + min(-0.025 %, p), at most 0.5 % for BTC."""
    premiums = np.array([0.0002, -0.0002, 0.0004, -0.0004, 0.2, -0.2])
    assert funding_rate(premiums, 0.005) == pytest.approx([0.0, 0.0, 0.00015, -0.00015, 0.005, -0.005])


def test_funding_accrues_the_rate_over_time_also_within_a_second() -> None:
    seeded = path()
    start = seeded.first_ms + DAY_MS
    total = sum(seeded.funding_at(start + second * 1000).rate_8h for second in range(3600)) / (8 * 3600)
    gained = seeded.funding_at(start + HOUR_MS).interest - seeded.funding_at(start).interest
    assert gained == pytest.approx(total, abs=1e-15)
    half = seeded.funding_at(start + 500)
    assert half.interest - seeded.funding_at(start).interest == pytest.approx(half.rate_8h * 0.5 / 28_800)


def test_coin_paid_per_dollar_is_the_interest_at_the_index_of_the_moment() -> None:
    seeded = path(vol=0.0)
    point = seeded.funding_at(ORIGIN_MS)
    assert point.coin_per_usd == pytest.approx(point.interest / 100_000.0)


@pytest.mark.parametrize("params", [PathParams(start_usd=0.0), PathParams(vol=-0.1)])
def test_senseless_parameters_are_refused(params: PathParams) -> None:
    with pytest.raises(ValueError, match="start_usd"):
        IndexPath(1, ORIGIN_MS, params)
