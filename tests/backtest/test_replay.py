"""A replay repeats a recorded run exactly, or says where the first effect differs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hedger.backtest.replay import ended, replay
from hedger.domain.order import Order, OrderState
from hedger.domain.vocabulary import Mode
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.recording import Gap, RecordError, encode_gap, encode_step
from hedger.engine.records import Intended
from hedger.policies.schedule import Schedule
from hedger.risk.envelope import Envelope
from tests.backtest.recorded import WIDE, RecordedRig, eventful
from tests.engine.rig import CALL, PERP, PUT, settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return eventful().recorded.lines


@pytest.fixture
def written(tmp_path: Path) -> Callable[[list[bytes]], Path]:
    def write(lines: list[bytes]) -> Path:
        path = tmp_path / "flight.jsonl"
        path.write_bytes(b"".join(lines))
        return path

    return write


Written = Callable[[list[bytes]], Path]


def test_the_recorded_run_holds_everything_worth_repeating() -> None:
    rig = eventful()

    assert {"hedge", "order_filled", "order_unknown", "link_down", "bad_data"} <= set(rig.notes())
    assert {"command", "settings_applied", "stopping"} <= set(rig.notes())
    assert rig.of(fx.LookUp)
    assert rig.of(fx.Exit)


def test_a_replay_gives_no_difference(lines: list[bytes], written: Written) -> None:
    result = replay(written(lines))

    assert result.exact
    assert result.steps == len(lines) - 1
    assert result.events > 40
    assert result.effects > 40
    assert (result.gap, result.truncated_line) == (None, None)


def test_steps_in_which_nothing_arrived_are_kept_because_time_alone_changes_the_state(
    lines: list[bytes], written: Written
) -> None:
    quiet = [line for line in lines[1:] if b'"events"' not in line and b'"effects"' not in line]
    assert quiet

    assert all(len(line) < 60 for line in quiet)


def test_the_window_of_theta_offset_is_repeated_too(tmp_path: Path) -> None:
    rig = RecordedRig(policy="theta_offset")
    rig.start({CALL: "-10", PUT: "-10"})
    rig.step(*rig.fill_of(rig.placed[0]))
    for index in (100_200.0, 102_500.0, 106_000.0):
        rig.wait(6 * 3600)
        rig.move(index, CALL, PUT)

    assert replay(rig.written(tmp_path / "theta.jsonl")).exact


def test_a_look_at_the_status_between_steps_changes_nothing(tmp_path: Path) -> None:
    rig = RecordedRig(**WIDE)
    rig.start()
    for index in (100_100.0, 101_000.0, 99_000.0):
        rig.wait(0.3)
        rig.engine.view(rig.now)
        rig.move(index)

    assert replay(rig.written(tmp_path / "viewed.jsonl")).exact


def test_a_plan_asked_for_between_steps_changes_nothing(tmp_path: Path) -> None:
    """`plan` sends and keeps nothing; if it moved a sum, no record could tell that it had been asked."""
    rig = RecordedRig(mode=Mode.OBSERVE, lower=-0.5, upper=0.5, hard_lower=-50.0, hard_upper=50.0)
    rig.start({CALL: "-10", PUT: "-4"})
    rig.market_ms += 600_000
    rig.engine.plan("btc", rig.now)
    rig.step(rig.position(PERP, "200000"))

    assert replay(rig.written(tmp_path / "planned.jsonl")).exact


def test_a_restart_with_an_order_without_an_end_is_repeated_from_what_the_journal_said(
    tmp_path: Path,
) -> None:
    before = RecordedRig(**WIDE)
    before.start()
    rig = RecordedRig(**WIDE)
    rig.start(orders=[Order(before.placed[0], state=OrderState.IN_FLIGHT)], epoch=2)

    assert replay(rig.written(tmp_path / "restarted.jsonl")).exact


@pytest.mark.parametrize("unlimited", [float("inf"), 1e300])
def test_a_limit_that_json_cannot_spell_survives_in_header_and_reload(
    tmp_path: Path, unlimited: float
) -> None:
    def at(config_hash: str) -> ev.SettingsApplied:
        envelope = Envelope(max_order_usd=unlimited)
        return ev.SettingsApplied(settings(envelope=envelope, config_hash=config_hash, **WIDE))

    rig = RecordedRig(at("1").settings)
    rig.start()
    rig.step(at("2"), *rig.quotes(CALL))

    assert rig.placed
    assert replay(rig.written(tmp_path / "unlimited.jsonl")).exact


def test_a_calendar_an_override_and_a_set_key_are_repeated(tmp_path: Path) -> None:
    """Hard limits that follow the band are infinite numbers inside: the header must carry those, too."""
    profiles = {"calm": {"upper": 0.3}}
    schedule = Schedule(profiles=("daily 00:30-01:00 calm",), blackouts=("daily 02:00-02:10",))
    rig = RecordedRig(unit=0, profiles=profiles, schedule=schedule, lower=-0.2)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[-1]))
    rig.step(ev.OverrideGiven(book="btc", factor=1.5, duration_s=3_600.0, by="desk", reason="CPI"))
    fresh = settings(profiles=profiles, schedule=schedule, lower=-0.25, config_hash="2")
    change = ev.SettingChange(key="books.btc.band.lower", value="-0.25", before="-0.2", by="desk", reason="")
    rig.step(ev.SettingsApplied(settings=fresh, changes=(change,)))
    for index in (100_300.0, 100_600.0, 100_200.0, 101_500.0, 100_000.0):
        rig.wait(1_800.0)
        rig.move(index)

    assert {"schedule", "override", "override_lapsed", "setting_changed"} <= set(rig.notes())
    assert replay(rig.written(tmp_path / "tuned.jsonl")).exact


def test_whole_numbers_where_floats_are_meant_are_no_difference(tmp_path: Path) -> None:
    rig = RecordedRig(settings(lower=-1, upper=1, hard_lower=-50, hard_upper=50, target=0))
    rig.index = 100_000
    rig.start()

    assert replay(rig.written(tmp_path / "whole.jsonl")).exact


def test_changed_settings_differ_at_the_first_step_they_matter(lines: list[bytes], written: Written) -> None:
    first = next(n for n, line in enumerate(lines) if b'"name":"hedge"' in line)
    tampered = lines[0].replace(b'"max_slippage_fraction":0.001', b'"max_slippage_fraction":0.002')
    assert tampered != lines[0]

    difference = replay(written([tampered, *lines[1:]])).first_difference

    assert difference is not None
    assert difference.step == first
    assert difference.recorded != difference.replayed


def test_a_tampered_effect_is_found_at_its_step_and_place(lines: list[bytes], written: Written) -> None:
    number = next(n for n, line in enumerate(lines) if b'"effect":"place"' in line)
    tampered = lines[number].replace(b'"side":"buy"', b'"side":"sell"', 1)
    assert tampered != lines[number]

    difference = replay(written([*lines[:number], tampered, *lines[number + 1 :]])).first_difference

    assert difference is not None
    assert difference.step == number
    at = difference.index
    assert difference.recorded[:at] == difference.replayed[:at]
    assert difference.recorded[at]["approved"]["intent"]["side"] == "sell"
    assert difference.replayed[at]["approved"]["intent"]["side"] == "buy"
    assert difference.now == msgspec.convert(msgspec.json.decode(lines[number])["now"], ev.Now)


def test_a_missing_effect_is_a_difference_where_the_shorter_side_ends(
    lines: list[bytes], written: Written
) -> None:
    number = next(n for n, line in enumerate(lines) if b'"effect":"exit"' in line)
    step = msgspec.json.decode(lines[number])
    del step["effects"][-1]
    shorter = msgspec.json.encode(step) + b"\n"

    difference = replay(written([*lines[:number], shorter, *lines[number + 1 :]])).first_difference

    assert difference is not None
    assert difference.index == len(difference.recorded) == len(difference.replayed) - 1


def test_an_error_of_the_engine_is_a_difference_and_not_a_crash(tmp_path: Path) -> None:
    """An answer to an amendment of an order that never left is a defect of ours: the engine raises."""
    rig = RecordedRig(**WIDE)
    rig.journal_ok = False
    rig.start()
    written = [record for write in rig.of(fx.Write) for record in write.records]
    intent = next(record.intent for record in written if isinstance(record, Intended))
    path = rig.written(tmp_path / "raised.jsonl")
    rig.wait(0.01)
    with path.open("ab") as file:
        answered = ev.AmendRefused(
            venue=intent.venue, label=intent.label, code=11044, message="not_open_order"
        )
        file.write(encode_step(rig.now, [answered], []))

    difference = replay(path).first_difference

    assert difference is not None
    assert difference.step == len(rig.recorded.lines)
    assert difference.raised == "InvariantError: order state draft cannot take event amend_refused"
    with pytest.raises(
        RecordError, match=rf"raised\.jsonl: the engine raised at step {difference.step}: Inv"
    ):
        ended(path)


def test_a_last_line_cut_off_by_a_kill_is_tolerated_and_named(lines: list[bytes], written: Written) -> None:
    result = replay(written([*lines[:-1], lines[-1][:25]]))

    assert result.exact
    assert result.steps == len(lines) - 2
    assert result.truncated_line == len(lines)


def test_a_last_line_that_lacks_only_its_newline_is_whole(lines: list[bytes], written: Written) -> None:
    result = replay(written([*lines[:-1], lines[-1][:-1]]))

    assert result.exact
    assert result.truncated_line is None
    assert result.steps == len(lines) - 1


@pytest.mark.parametrize(
    "corrupt", [b'{"now":[1,\n', b"\n", b'{"now":[1,2.0],"events":[{"event":"never"}]}\n', b"\xff\xfe\n"]
)
def test_a_corrupt_line_is_refused_with_its_number(
    lines: list[bytes], written: Written, corrupt: bytes
) -> None:
    with pytest.raises(RecordError, match=r"flight\.jsonl: line 6: not a step"):
        replay(written([*lines[:5], corrupt, *lines[6:]]))


@pytest.mark.parametrize("header", [b"", b"{}\n", b"PAR1\n", b'{"format":"hedger-flight-record"'])
def test_a_file_that_is_no_record_is_refused(written: Written, header: bytes) -> None:
    with pytest.raises(RecordError, match="line 1: not the header"):
        replay(written([header]))


def test_a_record_of_another_version_is_refused_by_name(lines: list[bytes], written: Written) -> None:
    with pytest.raises(RecordError, match=r"version 2 cannot be replayed: must be .* version 1"):
        replay(written([lines[0].replace(b'"version":1', b'"version":2'), *lines[1:]]))


def test_settings_no_engine_accepts_are_refused(lines: list[bytes], written: Written) -> None:
    with pytest.raises(RecordError, match="line 1: settings this engine does not accept: policy = 'zzz'"):
        replay(written([lines[0].replace(b'"policy":"band"', b'"policy":"zzz"'), *lines[1:]]))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"gone\.jsonl: No such file"):
        replay(tmp_path / "gone.jsonl")


def test_a_record_without_a_step_leaves_no_daemon(lines: list[bytes], written: Written) -> None:
    with pytest.raises(RecordError, match=r"flight\.jsonl: holds no step"):
        ended(written(lines[:1]))


def test_a_gap_ends_the_replay_and_says_what_is_missing(lines: list[bytes], written: Written) -> None:
    """After a gap the engine would lack what it heard: every difference would be a false alarm."""
    gap = Gap(reason="queue_full", steps=3, events=9, first=ev.Now(1, 1.0), last=ev.Now(2, 2.0))
    result = replay(written([*lines[:10], encode_gap(gap), *lines[13:]]))

    assert result.exact
    assert result.gap == gap
    assert result.steps == 9


def test_a_limit_stops_early(lines: list[bytes], written: Written) -> None:
    assert replay(written(lines), limit=7).steps == 7


def test_the_digest_does_not_depend_on_hashing(lines: list[bytes], written: Written) -> None:
    path = written(lines)
    program = "import sys, pathlib; from hedger.backtest.replay import replay; "
    program += "print(replay(pathlib.Path(sys.argv[1])).digest)"
    digests = [
        subprocess.run(
            [sys.executable, "-c", program, str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()
        for seed in ("1", "4242")
    ]

    assert digests == [replay(path).digest] * 2
