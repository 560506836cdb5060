"""Market time follows the announced mapping; wire time is monotonic."""

from __future__ import annotations

from hedger.runtime.clock import Clock


def test_a_real_venue_runs_on_unix_time() -> None:
    clock = Clock()

    assert abs(clock.market_ms() - clock.unix_ms()) < 1_000


def test_an_exchange_at_sixty_times_speed_runs_sixty_times_faster() -> None:
    started = Clock.unix_ms() - 10_000
    clock = Clock(origin_ms=5_000_000, started_unix_ms=started, speed=60.0)

    assert 600_000 <= clock.market_ms() - 5_000_000 < 700_000


def test_wire_time_never_goes_back() -> None:
    clock = Clock()
    first, second = clock.now(), clock.now()

    assert second.wire_s >= first.wire_s
