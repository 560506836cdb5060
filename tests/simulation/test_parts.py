"""The parts of a life by themselves: virtual time, a wire with its faults, a disk that loses its tail."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.backtest.simulate.disk import Disk, Shelf, Store, Weather
from hedger.backtest.simulate.heap import Heap
from hedger.backtest.simulate.wire import Network, Wire
from hedger.engine.effects import Write
from hedger.engine.events import Durable, Event, JournalFailed, JournalRestored, LeaseLost
from hedger.engine.records import Configured


class End:
    """One side of a wire, that keeps what it hears."""

    def __init__(self, heap: Heap) -> None:
        self._heap = heap
        self.frames: list[str] = []
        self.times: list[float] = []
        self.over = ""

    def heard(self, wire: Wire, frame: str) -> None:
        self.frames.append(frame)
        self.times.append(self._heap.now_s)

    def hung_up(self, wire: Wire, reason: str) -> None:
        self.over = reason


def wired(seed: int = 1) -> tuple[Heap, Network, End, End, Wire]:
    heap, network = Heap(), Network()
    daemon, exchange = End(heap), End(heap)
    return heap, network, daemon, exchange, Wire(heap, random.Random(seed), network, daemon, exchange)


@given(st.lists(st.floats(0, 10, allow_nan=False), max_size=30))
def test_what_is_due_happens_in_order_and_ties_as_asked(times: list[float]) -> None:
    heap, done = Heap(), list[tuple[float, int]]()
    for number, at_s in enumerate(times):
        heap.at(at_s, lambda number=number: done.append((heap.now_s, number)))  # type: ignore[misc]
    heap.run_until(10.0)
    assert done == sorted(done)
    assert len(done) == len(times)
    assert heap.now_s == 10.0


@given(st.integers(0, 1_000))
def test_frames_arrive_in_the_order_in_which_they_left_however_the_network_jitters(seed: int) -> None:
    heap, network, _, exchange, wire = wired(seed)
    network.jitter_s = 1.0
    for number in range(20):
        heap.at(number * 0.01, lambda number=number: wire.up(str(number)))  # type: ignore[misc]
    heap.run_until(10.0)
    assert exchange.frames == [str(number) for number in range(20)]


def test_a_stalled_direction_delivers_everything_late_and_the_other_goes_on() -> None:
    heap, network, daemon, exchange, wire = wired()
    network.up_stalled_until_s = 5.0
    wire.up("a")
    wire.up("b")
    wire.down("c", 0.0)
    heap.run_until(4.0)
    assert (exchange.frames, daemon.frames) == ([], ["c"])
    heap.run_until(6.0)
    assert exchange.frames == ["a", "b"]
    assert min(exchange.times) >= 5.0


def test_a_cut_loses_what_is_under_way_and_each_side_learns_by_itself() -> None:
    heap, _, daemon, exchange, wire = wired()
    wire.up("lost")
    wire.cut(daemon_after_s=0.0, exchange_after_s=15.0)
    heap.run_until(1.0)
    assert (daemon.over, exchange.over, exchange.frames) == ("connection lost", "", [])
    heap.run_until(20.0)
    assert exchange.over == "connection lost"


def test_what_a_dying_machine_had_handed_on_still_arrives_or_not() -> None:
    for flushes, arrived in ((True, ["order"]), (False, [])):
        heap, _, _, exchange, wire = wired()
        wire.up("order")
        wire.die(flushes=flushes)
        heap.run_until(1.0)
        assert exchange.frames == arrived
        assert exchange.over


def write(sequence: int) -> Write:
    return Write(sequence=sequence, records=(Configured(market_ms=sequence, config_hash="x"),))


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as made:
        yield made


def disk(shelf: Shelf) -> tuple[Heap, Weather, Store, Disk, list[Event]]:
    heap, weather, store, told = Heap(), Weather(), Store(shelf), list[Event]()
    one = Disk(heap, random.Random(1), store, weather, told.append)
    one.epoch = 1
    store.lease.take(holder=1, epoch=1, until_s=100.0)
    return heap, weather, store, one, told


def test_what_waits_goes_into_one_commit(shelf: Shelf) -> None:
    heap, _, store, one, told = disk(shelf)
    for sequence in (1, 2, 3):
        one.submit(write(sequence))
    heap.run_until(1.0)
    assert [row.values["market_ms"] for row in store.rows] == [1, 2, 3]
    assert told == [Durable(sequence=1), Durable(sequence=3)]


def test_a_crash_loses_what_was_not_synced(shelf: Shelf) -> None:
    heap, weather, store, one, told = disk(shelf)
    one.submit(write(1))
    heap.run_until(1.0)
    weather.slow_until_s, weather.slow_sync_s = 10.0, 5.0
    one.submit(write(2))
    one.submit(write(3))
    heap.run_until(2.0)
    one.die()
    heap.run_until(20.0)
    kept = [row.values["market_ms"] for row in store.rows]
    assert kept in ([1], [1, 2])  # the commit under way is there or not, what waited behind it is not
    assert told == [Durable(sequence=1)]


def test_a_full_disk_is_told_once_and_recovers_by_itself(shelf: Shelf) -> None:
    heap, weather, store, one, told = disk(shelf)
    weather.full_until_s = 3.0
    one.submit(write(1))
    heap.run_until(10.0)
    assert [type(event) for event in told] == [JournalFailed, JournalRestored, Durable]
    assert len(store.rows) == 1


def test_a_run_that_was_overtaken_writes_nothing_more(shelf: Shelf) -> None:
    heap, _, store, one, told = disk(shelf)
    store.lease.take(holder=2, epoch=2, until_s=100.0)
    one.submit(write(1))
    heap.run_until(1.0)
    assert [type(event) for event in told] == [LeaseLost]
    assert store.rows == []
