from __future__ import annotations

import csv
import gzip
import statistics
import sys
from datetime import date
from pathlib import Path

import pytest

from hedger.simulator.model import Expired, Listed, World
from hedger.simulator.world import ReplayWorld, replay_world
from hedger.simulator.world.record import Record, Snapshot, Window, window
from hedger.simulator.world.replay import BridgedIndex
from hedger.simulator.world.svcj import read_svcj
from tests.shared_data import shared_data
from tests.simulator.world.test_seeded import assert_finite
from tests.simulator.world.worlds import DAY_MS, HOUR_MS, markets, utc_ms

FIRST_DAY = date(2026, 2, 1)


def svcj() -> Path:
    pytest.importorskip("pyarrow", reason="reading parquet needs the lab extra")
    return shared_data("deribit_options", "svcj_btc_eth_6h_20251230_20260531.parquet")


def six_days(seed: int = 0) -> ReplayWorld:
    return replay_world(svcj(), start=FIRST_DAY, days=6, seed=seed)


def full_chains() -> ReplayWorld:
    return replay_world(shared_data("deribit_options"))


def snapshots(start: date = FIRST_DAY, days: int = 1) -> list[Snapshot]:
    wanted = window(start, days)
    return [row for row in read_svcj(svcj(), wanted) if inside(row.market_ms, wanted)]


def inside(market_ms: int, wanted: Window) -> bool:
    return (wanted.start_ms or 0) <= market_ms <= (wanted.end_ms or 0)


def test_the_window_begins_at_midnight_and_lasts_its_days() -> None:
    world = six_days()
    assert world.origin_ms == world.now_ms == utc_ms(2026, 2, 1)
    assert world.end_ms == utc_ms(2026, 2, 7)


def test_recorded_marks_are_reproduced_at_the_snapshots() -> None:
    """The file's own accuracy: mark against Black-76 of its volatility, median 1e-5, p99 5e-4 coin."""
    world = six_days()
    errors: list[float] = []
    for snapshot in snapshots():
        world.advance(snapshot.market_ms // 1000 * 1000)
        errors += [abs(world.market(row.name).mark - row.mark) for row in snapshot.options]
    errors.sort()
    assert len(errors) > 2000
    assert statistics.median(errors) < 2e-5
    assert errors[int(0.99 * len(errors))] < 5e-4


def test_recorded_quotes_are_reproduced_and_missing_sides_are_empty() -> None:
    world = six_days()
    snapshot = snapshots()[0]
    world.advance(snapshot.market_ms // 1000 * 1000)
    for row in snapshot.options:
        market = world.market(row.name)
        assert row.bid is not None or not market.bids
        assert row.ask is not None or not market.asks
    off = [
        abs(float(world.market(row.name).bids[0][0]) - row.bid)
        for row in snapshot.options
        if row.bid is not None and world.market(row.name).bids
    ]
    assert statistics.median(off) <= 5e-4


def test_the_index_meets_the_record_at_every_snapshot() -> None:
    world = six_days()
    for snapshot in snapshots():
        world.advance(snapshot.market_ms // 1000 * 1000)
        assert world.index_price("btc_usd") == pytest.approx(snapshot.index_usd, abs=0.01)


def test_the_seed_draws_the_path_between_snapshots_only() -> None:
    first, second = six_days(1), six_days(2)
    between = snapshots()[0].market_ms + HOUR_MS
    first.advance(between)
    second.advance(between)
    assert first.index_price("btc_usd") != second.index_price("btc_usd")
    assert first.index_price("btc_usd") == pytest.approx(second.index_price("btc_usd"), rel=0.05)


def test_markets_do_not_depend_on_the_steps_in_which_time_passes() -> None:
    jumped, stepped = six_days(), six_days()
    end = jumped.origin_ms + DAY_MS + 12_345
    passed: list[object] = []
    for hour in range(1, 25):
        passed += stepped.advance(stepped.origin_ms + hour * HOUR_MS)
        stepped.market("BTC-PERPETUAL")
    passed += stepped.advance(end)
    assert passed == list(jumped.advance(end))
    assert markets(stepped) == markets(jumped)


def test_expiries_deliver_in_order_and_every_change_of_the_list_is_told() -> None:
    world = six_days()
    known = set(world.listings())
    events = world.advance(world.end_ms or 0)
    assert [event.market_ms for event in events] == sorted(event.market_ms for event in events)
    for event in events:
        if isinstance(event, Listed):
            known.add(event.listing.name)
        else:
            assert 40_000 < event.delivery_price < 110_000
            known.remove(event.name)
    assert known == set(world.listings())
    delivered = {event.market_ms for event in events if isinstance(event, Expired)}
    assert delivered == {utc_ms(2026, 2, day, 8) for day in range(1, 7)}


def test_every_option_has_its_future() -> None:
    world = six_days()
    for listing in list(world.listings().values()):
        assert listing.is_perpetual or "-".join(listing.name.split("-")[:2]) in world.listings()


@pytest.mark.parametrize("hours", [0, 8, 30, 144])
def test_every_market_is_finite_and_uncrossed(hours: int) -> None:
    world = six_days()
    world.advance(world.origin_ms + hours * HOUR_MS)
    for market in markets(world).values():
        assert_finite(market)
        prices = [price for price, _ in (*reversed(market.bids), *market.asks)]
        assert prices == sorted(set(prices)), market.name
        assert all(market.min_price <= price <= market.max_price for price in prices), market.name


def test_at_the_end_of_the_window_the_world_freezes() -> None:
    world = six_days()
    end_ms = world.end_ms
    assert end_ms is not None
    assert not world.ended
    world.advance(end_ms + DAY_MS)
    assert world.ended
    assert world.now_ms == end_ms
    frozen = markets(world)
    assert world.advance(end_ms + 2 * DAY_MS) == ()
    assert markets(world) == frozen


def test_full_chains_play_from_the_first_to_the_last_file() -> None:
    world = full_chains()
    assert utc_ms(2026, 1, 15) <= world.origin_ms < utc_ms(2026, 1, 15, 1)
    assert world.end_ms is not None
    assert world.end_ms > utc_ms(2026, 1, 20)
    world.advance(world.end_ms)
    assert world.ended
    assert world.index_price("btc_usd") == pytest.approx(91_082.2, abs=1.0)


def test_full_chain_marks_meet_the_wire_to_its_four_decimals() -> None:
    world = full_chains()
    record = list(recorded_marks())
    off = [abs(world.market(name).mark - mark) for name, mark in record if name in world.listings()]
    assert len(off) > 600
    assert max(off) < 3e-4


def recorded_marks() -> list[tuple[str, float]]:
    path = shared_data("deribit_options", "mh_full_chain_btc_20260114_options.csv.gz")
    with gzip.open(path, "rt", newline="") as file:
        return [(row["instrument_name"], float(row["mark_price"])) for row in csv.DictReader(file)]


def test_without_pyarrow_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"hedger\[lab\]"):
        replay_world("some.parquet")


def test_an_unknown_place_and_an_empty_window_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="mh_full_chain"):
        replay_world(tmp_path)
    with pytest.raises(ValueError, match=r"2024-01-01 .* from 2025-12-30 to 2026-05-31"):
        replay_world(svcj(), start=date(2024, 1, 1), days=3)


@pytest.mark.parametrize(("start", "days"), [(None, 3), (FIRST_DAY, 0)])
def test_days_need_a_date_and_at_least_one(start: date | None, days: int) -> None:
    with pytest.raises(ValueError, match="days"):
        window(start, days)


def test_after_its_last_price_the_perpetual_trades_at_the_index() -> None:
    world: World = replay_world(svcj(), start=date(2026, 5, 1), days=1)
    assert world.market("BTC-PERPETUAL").mark == world.index_price("btc_usd")


def test_a_record_of_one_snapshot_is_a_frozen_world() -> None:
    record = Record(snapshots()[:1], Window(None, None))
    world = ReplayWorld(0, record)
    assert world.ended
    assert world.market("BTC-PERPETUAL").index == BridgedIndex(0, record).index_at(record.times_ms[0])
