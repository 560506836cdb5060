"""Shadows beside a recorded run: they find what they would have found beside the live one."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hedger.backtest.shadow import OWN, Compared, Period, compare, own_policy, with_own
from hedger.domain.vocabulary import Mode
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.recording import Gap, RecordError, encode_gap
from hedger.engine.records import ShadowsKept
from hedger.engine.settings import BookSettings
from hedger.engine.shadow.terms import ShadowSettings
from hedger.engine.views.shadow_view import ShadowView
from tests.backtest.recorded import RecordedRig
from tests.engine.rig import START_MS
from tests.engine.shadow.shaded import HELD, WIDE, ShadedRig, shaded, shadow
from tests.engine.shadow.test_shadow import OTHERS, walk

HOUR_MS = 3_600_000


class RecordedShaded(ShadedRig, RecordedRig):
    """A recorded run whose venue fills at the touch."""


def recorded(*shadows: ShadowSettings, mode: Mode = Mode.LIVE) -> RecordedShaded:
    """Two hours and more of a market that moves every 20 s."""
    rig = RecordedShaded(shaded(*shadows, mode=mode, **WIDE))
    rig.start(HELD)
    rig.filled()
    for seed in range(2):
        rig.play(walk(rig, seed, 200, 20.0))
    return rig


@pytest.fixture(scope="module")
def plain() -> RecordedShaded:
    return recorded()


def others(_book: BookSettings) -> tuple[ShadowSettings, ...]:
    return OTHERS


def by_name(found: Compared) -> dict[str, ShadowView]:
    (book,) = found.books
    return {each.name: each for each in book.shadows}


def same_figures(one: ShadowView, other: ShadowView) -> bool:
    return msgspec.json.encode(one) == msgspec.json.encode(other)


def test_a_record_without_shadows_gives_what_live_ones_would_have_found(
    tmp_path: Path, plain: RecordedShaded
) -> None:
    """To the last digit: in the replay they see the same inputs at the same instants."""
    live = recorded(*OTHERS)
    (book,) = live.engine.view(live.now).books
    found = compare(plain.written(tmp_path / "flight.jsonl"), others, Period())
    assert (found.differs_at_step, found.stopped) == (None, "")
    for shown in book.shadows:
        assert same_figures(shown, by_name(found)[shown.name]), shown.name
    assert by_name(found)["tight"].own.trades > by_name(found)["tight"].live.trades > 3


class Resumed(RecordedShaded):
    """A run whose journal knows what its shadows had come to before."""

    def __init__(self, before: RecordedShaded) -> None:
        super().__init__(before.settings)
        self.market_ms, self.wire_s, self.index = before.market_ms + 60_000, 9e4, before.index
        written = [record for write in before.of(fx.Write) for record in write.records]
        self.kept = tuple(record for record in written if isinstance(record, ShadowsKept))

    def journal(self, *args: Any, **keywords: Any) -> ev.JournalLoaded:
        return msgspec.structs.replace(super().journal(*args, **keywords), shadows=self.kept[-1:])


def test_a_comparison_begins_with_its_period_whatever_shadows_had_come_to_before(tmp_path: Path) -> None:
    rig = Resumed(recorded(*OTHERS))
    began_ms = rig.market_ms
    rig.start(HELD)
    rig.play(walk(rig, 5, 100, 20.0))
    (book,) = rig.engine.view(rig.now).books
    assert all(shown.since_ms is not None and shown.since_ms < began_ms for shown in book.shadows)
    found = compare(rig.written(tmp_path / "flight.jsonl"), others, Period())
    assert (found.differs_at_step, found.stopped) == (None, "")
    for shown in by_name(found).values():
        assert shown.since_ms is not None
        assert shown.since_ms > began_ms
        assert shown.live.trades < 100 < book.shadows[0].minutes.intervals


def test_the_live_policys_own_shadow_comes_out_level(tmp_path: Path, plain: RecordedShaded) -> None:
    path = plain.written(tmp_path / "flight.jsonl")
    own = by_name(compare(path, lambda book: with_own(book, OTHERS), Period()))[OWN]
    assert (own.own.trades, own.hedge_apart) == (own.live.trades, "0")
    assert own.ahead_usd == pytest.approx(0.0, abs=1e-6)
    assert own.minutes.variance_ratio == pytest.approx(1.0, abs=1e-9)


def test_a_period_begins_with_the_live_hedge_as_it_stands(tmp_path: Path, plain: RecordedShaded) -> None:
    path = plain.written(tmp_path / "flight.jsonl")
    hour = Period(START_MS + HOUR_MS, START_MS + 2 * HOUR_MS)
    found, whole = compare(path, others, hour), compare(path, others, Period())
    assert (found.first_ms, found.last_ms) == (START_MS + HOUR_MS + 40, START_MS + 2 * HOUR_MS - 19_960)
    tight = by_name(found)["tight"]
    assert tight.since_ms == found.first_ms
    assert 0 < tight.live.trades < by_name(whole)["tight"].live.trades
    assert (tight.minutes.intervals, tight.hours.intervals) == (59, 0)
    assert found.steps < whole.steps


def test_a_period_in_which_nothing_was_recorded_is_empty(tmp_path: Path, plain: RecordedShaded) -> None:
    found = compare(plain.written(tmp_path / "flight.jsonl"), others, Period(START_MS - 5, START_MS - 1))
    assert (found.first_ms, found.steps, found.books) == (None, 0, ())


def test_a_reload_keeps_the_shadows_of_the_comparison_and_obeys_the_new_live_policy(tmp_path: Path) -> None:
    rig = recorded()
    wider = {**WIDE, "lower": -0.3, "upper": 0.3}
    rig.step(ev.SettingsApplied(settings=shaded(config_hash="2", **wider)))
    applied_ms = rig.market_ms
    rig.play(walk(rig, 3, 100, 20.0))
    found = compare(rig.written(tmp_path / "flight.jsonl"), lambda book: with_own(book, OTHERS), Period())
    own = by_name(found)[OWN]
    assert found.differs_at_step is None
    assert own.params["upper"] == 0.3
    assert own.since_ms == applied_ms, "another live policy is another comparison"
    assert own.own.trades == own.live.trades


def test_where_the_engine_would_do_otherwise_it_is_said(tmp_path: Path, plain: RecordedShaded) -> None:
    lines = plain.recorded.lines
    number = next(n for n, line in enumerate(lines) if b'"effect":"place"' in line)
    other = lines[number].replace(b'"side":"sell"', b'"side":"buy"', 1)
    assert other != lines[number]
    path = tmp_path / "flight.jsonl"
    path.write_bytes(b"".join([*lines[:number], other, *lines[number + 1 :]]))
    assert compare(path, others, Period()).differs_at_step == number


def test_a_gap_ends_the_comparison(tmp_path: Path, plain: RecordedShaded) -> None:
    lines = plain.recorded.lines
    gap = encode_gap(Gap("queue_full", 3, 7, ev.Now(START_MS, 1.0), ev.Now(START_MS + 9, 2.0)))
    path = tmp_path / "flight.jsonl"
    path.write_bytes(b"".join([*lines[:50], gap, *lines[50:]]))
    found = compare(path, others, Period())
    assert (found.steps, found.stopped) == (49, "3 steps with 7 events were not kept (queue_full)")


def test_a_last_line_that_was_cut_off_ends_it(tmp_path: Path, plain: RecordedShaded) -> None:
    path = tmp_path / "flight.jsonl"
    path.write_bytes(b"".join(plain.recorded.lines)[:-40])
    found = compare(path, others, Period())
    assert found.stopped.startswith(f"line {len(plain.recorded.lines)} is not whole")
    assert found.steps == len(plain.recorded.lines) - 2


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"none\.jsonl: No such file"):
        compare(tmp_path / "none.jsonl", others, Period())
    path = tmp_path / "other.jsonl"
    path.write_text("{}\n")
    with pytest.raises(RecordError, match="line 1: not the header"):
        compare(path, others, Period())


def test_in_observe_mode_the_live_hedge_is_none_and_own_is_what_it_would_have_been(tmp_path: Path) -> None:
    rig = recorded(mode=Mode.OBSERVE)
    found = compare(rig.written(tmp_path / "flight.jsonl"), lambda book: with_own(book, ()), Period())
    own = by_name(found)[OWN]
    assert found.mode is Mode.OBSERVE
    assert own.live.trades == 0
    assert own.own.trades > 3
    assert own.minutes.variance_ratio is not None
    assert own.minutes.variance_ratio < 0.5, "hedged is closer than not hedged"


def test_a_shadow_named_own_stands_in_for_it() -> None:
    (book,) = shaded().books
    mine = shadow(OWN, lower=-1.0, upper=1.0, hard_lower=-2.0, hard_upper=2.0)
    assert with_own(book, (mine,)) == (mine,)
    assert with_own(replace(book, policy_params={"upper": math.pi}), ())[0].params == {"upper": math.pi}
    assert own_policy(book).policy == "band"
