from __future__ import annotations

from hedger.simulator.world import seeding


def test_numbers_depend_on_seed_name_bucket_and_purpose_only() -> None:
    key = seeding.key(7, "BTC-PERPETUAL")
    assert key == seeding.key(7, "BTC-PERPETUAL")
    drawn = {
        seeding.at(key, 5, 0),
        seeding.at(key, 6, 0),
        seeding.at(key, 5, 1),
        seeding.at(seeding.key(8, "BTC-PERPETUAL"), 5, 0),
        seeding.at(seeding.key(7, "BTC-9JAN26"), 5, 0),
    }
    assert len(drawn) == 5


def test_units_fill_the_open_interval_evenly() -> None:
    units = [seeding.unit(seeding.mix(number)) for number in range(10_000)]
    assert 0.0 < min(units) < 0.01
    assert 0.99 < max(units) < 1.0
    assert 0.48 < sum(units) / len(units) < 0.52


def test_the_extreme_bits_stay_inside_the_interval() -> None:
    assert 0.0 < seeding.unit(0) < seeding.unit((1 << 64) - 1) < 1.0
