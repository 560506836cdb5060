"""Other policies on a flight record: the book that was really held, the market the daemon heard."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from hedger.backtest.chain import Chain
from hedger.backtest.compare import compare
from hedger.backtest.contenders import UNHEDGED, Contender, default_book
from hedger.backtest.flight import flight_chain
from hedger.backtest.run import run
from hedger.backtest.sources import load_chain
from hedger.domain.errors import ConfigError
from hedger.domain.order import Side
from hedger.engine import events as ev
from hedger.engine.events import Now
from hedger.engine.recording import Gap, encode_gap
from tests.backtest.markets import book
from tests.backtest.recorded import EVENTFUL, RecordedRig
from tests.engine.rig import CALL, PERP, PUT

INDICES = [100_000.0 + 150.0 * step * (-1) ** step for step in range(30)]


@pytest.fixture(scope="module")
def rig() -> RecordedRig:
    """Ten calls and three puts short, two thirds of a minute of ticks, two more puts sold on the way."""
    rig = RecordedRig(EVENTFUL)
    rig.start({CALL: "-10", PUT: "-3", PERP: "20000"}, equity="12")
    for number, index in enumerate(INDICES):
        rig.wait(2.0)
        rig.move(index, CALL, PUT)
        if number == 14:
            rig.step(
                ev.Filled(rig.fill(PUT, Side.SELL, Decimal(2), Decimal("0.07"))), rig.position(PUT, "-5")
            )
    return rig


@pytest.fixture(scope="module")
def flown(rig: RecordedRig, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return flight_chain(rig.written(tmp_path_factory.mktemp("flight") / "flight.jsonl"), "BTC")


def test_it_begins_with_the_book_that_was_held(flown: Chain) -> None:
    assert flown.opening is not None
    assert flown.opening.equity_coin == Decimal(12)
    assert flown.opening.options == ((CALL, Decimal(-10)), (PUT, Decimal(-3)))
    assert flown.opening.future_usd == Decimal(20_000)
    outcome = run(flown, None, book())
    first = outcome.points[0]
    assert outcome.equity_coin == 12.0
    assert first.equity_coin == pytest.approx(12.0, abs=0.01)  # but for the cost of the first hedge
    assert outcome.hedges[0].amount == first.hedge_usd - 20_000


def test_instants_are_a_second_apart_at_least_and_of_what_was_heard(flown: Chain) -> None:
    times = [each.market_ms for each in flown.instants]
    assert all(later - earlier >= 1_000 for earlier, later in pairwise(times))
    assert {each.index_usd for each in flown.instants} >= set(INDICES[1:])
    touch = flown.instants[3].touch
    assert touch is not None
    assert (touch.bid, touch.ask) == (flown.instants[3].index_usd - 0.5, flown.instants[3].index_usd + 0.5)


def test_options_trade_again_at_the_prices_they_had(flown: Chain) -> None:
    outcome = run(flown, None, book())
    (trade,) = outcome.options
    assert (trade.instrument, trade.amount, trade.price) == (PUT, -2.0, 0.07)
    assert trade.fee_coin == pytest.approx(0.0000035)


def test_hedges_take_the_recorded_touch(flown: Chain) -> None:
    outcome = run(flown, None, book("band", lower=-0.01, upper=0.01))
    assert len(outcome.hedges) > 5
    for trade in outcome.hedges:
        assert abs(trade.price - trade.mark) == 0.5
        assert (trade.price > trade.mark) is (trade.amount > 0)


def test_its_attribution_closes_and_policies_differ(flown: Chain) -> None:
    policies = (UNHEDGED, Contender("tight", "band", {"lower": -0.01, "upper": 0.01}))
    report = compare(flown, None, policies, default_book("BTC"), mapper=map).report
    none, tight = report.policies
    assert max(none.gap_coin, tight.gap_coin) < 1e-12
    assert none.trades == 0 < tight.trades
    assert none.attribution_coin["future_delta"] != 0.0  # the hedge it began with
    assert report.heading.strategy["name"] == "as traded"


def test_a_stale_ticker_is_not_told_and_the_engine_stops(rig: RecordedRig, tmp_path: Path) -> None:
    silent = RecordedRig(EVENTFUL)
    silent.start({CALL: "-10"})
    for _ in range(3):
        silent.wait(40.0)
        silent.step(silent.indexed(), silent.perp_quote())
    chain = flight_chain(silent.written(tmp_path / "flight.jsonl"), "BTC")
    assert [CALL in each.rows for each in chain.instants] == [True, True, False, False]
    assert run(chain, None, book()).unquoted == 2


def test_what_follows_a_gap_is_left_out(rig: RecordedRig, tmp_path: Path) -> None:
    path = tmp_path / "flight.jsonl"
    gap = Gap(reason="queue_full", steps=3, events=9, first=Now(0, 0.0), last=Now(1, 0.1))
    lines = rig.recorded.lines
    path.write_bytes(b"".join([*lines[: len(lines) // 2], encode_gap(gap), *lines[len(lines) // 2 :]]))
    chain = load_chain(path, "BTC")
    assert any("gap (queue_full)" in line for line in chain.told)
    assert 5 < len(chain.instants) < len(INDICES) - 5


def test_a_last_line_that_is_still_being_written_is_left_out(rig: RecordedRig, tmp_path: Path) -> None:
    path = tmp_path / "flight.jsonl"
    lines = rig.recorded.lines
    path.write_bytes(b"".join(lines)[:-40])
    chain = load_chain(path, "BTC")
    assert f"Its line {len(lines)}, the last, is not whole and left out." in chain.told


def test_a_record_that_says_too_little_is_refused(rig: RecordedRig, tmp_path: Path) -> None:
    path = tmp_path / "flight.jsonl"
    path.write_bytes(b"".join(rig.recorded.lines[:4]))
    with pytest.raises(ConfigError, match="the book of BTC is never known whole"):
        load_chain(path, "BTC")
    path.write_bytes(b"{}\n")
    with pytest.raises(ConfigError, match="line 1: not the header of a flight record"):
        load_chain(path, "BTC")
    with pytest.raises(ConfigError, match="only --to can cut it"):
        load_chain(rig.written(path), "BTC", rig.market_ms - 10_000)
