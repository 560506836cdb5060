"""`hedger shadow`: which records, which policies, which time, and what is said of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from hedger.cli.shadow import _period, shadow
from hedger.domain.errors import ConfigError
from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Mode
from tests.backtest.test_shadow import RecordedShaded
from tests.engine.shadow.shaded import HELD, WIDE, shaded
from tests.engine.shadow.shaded import shadow as shadow_settings
from tests.engine.shadow.test_shadow import walk
from tests.settings.files import SMALLEST

app = typer.Typer()
app.command()(shadow)


def lines(mode: Mode = Mode.LIVE) -> list[bytes]:
    """A quarter of an hour with a shadow of its own."""
    wide = shadow_settings("recorded", lower=-0.3, upper=0.3, hard_lower=-5.0, hard_upper=5.0)
    rig = RecordedShaded(shaded(wide, mode=mode, **WIDE))
    rig.start(HELD)
    rig.filled()
    rig.play(walk(rig, 1, 45, 20.0))
    return rig.recorded.lines


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("record") / "flight.jsonl"
    path.write_bytes(b"".join(lines()))
    return path


def told(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "160"})


def names(*words: str | Path) -> list[str]:
    """Of the shadows that were run."""
    (found,) = json.loads(told(*words, "--json").output)
    return [each["name"] for each in found["books"][0]["shadows"]]


def test_the_table_begins_with_the_live_hedge(record: Path) -> None:
    output = told(record).output
    assert "live, 2026-01-01T00:00 to 2026-01-01T00:15 UTC" in output
    assert output.index("\nlive") < output.index("\nown") < output.index("\nrecorded")
    for column in ("trades", "turnover", "fees", "spread", "cost", "funding", "ahead", "var/min", "var/h"):
        assert column in output


def test_the_recorded_shadows_are_run_unless_others_are_named(record: Path) -> None:
    assert names(record) == ["own", "recorded"]
    policies = ("--policy", "band:lower=-0.3,upper=0.3", "--policy", "band", "--policy", "time:window_s=60")
    assert names(record, *policies) == ["own", "band", "band_2", "time"]


def test_what_a_policy_leaves_out_is_as_in_the_book(record: Path) -> None:
    words = ("--policy", "band:upper=0.3,partial.first_share=0.75", "--json")
    (found,) = json.loads(told(record, *words).output)
    params = found["books"][0]["shadows"][1]["params"]
    assert (params["upper"], params["lower"], params["hard_lower"]) == (0.3, WIDE["lower"], -5.0)


def test_without_any_every_other_policy_is_asked(tmp_path: Path) -> None:
    rig = RecordedShaded(shaded(**WIDE))
    rig.start(HELD)
    path = rig.written(tmp_path / "flight.jsonl")
    assert names(path) == ["own", "time", "theta_offset", "whalley_wilmott", "zakamouline"]


def test_of_a_book_with_a_target_the_band_asked_by_default_lies_around_it(tmp_path: Path) -> None:
    rig = RecordedShaded(shaded(policy="time", target=1.0))
    rig.start(HELD)
    result = told(rig.written(tmp_path / "flight.jsonl"), "--json")
    assert result.exit_code == 0, result.output
    shadows = {each["name"]: each["params"] for each in json.loads(result.output)[0]["books"][0]["shadows"]}
    assert (shadows["band"]["lower"], shadows["band"]["upper"]) == (0.9, 1.1)


def test_a_configuration_names_the_records_and_the_shadows(tmp_path: Path, record: Path) -> None:
    config, flight = tmp_path / "hedger.toml", tmp_path / "record.jsonl"
    text = f"{SMALLEST}[books.btc.shadows.mine]\npolicy = 'time'\n[recorder]\npath = '{flight}'\n"
    config.write_text(text)
    assert "no such file yet" in told("-c", config).output
    for path in (flight, tmp_path / "record.jsonl.1"):
        path.write_bytes(record.read_bytes())
    found = json.loads(told("-c", config, "--json").output)
    assert [each["path"] for each in found] == [f"{flight}.1", str(flight)], "the run before comes first"
    assert [each["name"] for each in found[0]["books"][0]["shadows"]] == ["own", "mine"]
    assert names(record, "-c", config, "--policy", "band") == ["own", "band"]


def test_a_period_is_cut_out(record: Path) -> None:
    output = told(record, "--from", "2026-01-01T00:05", "--to", "2026-01-01T00:10Z").output
    assert "2026-01-01T00:05 to 2026-01-01T00:09 UTC" in output
    assert "nothing in this period" in told(record, "--yesterday").output


def test_yesterday_is_the_last_whole_day_of_utc() -> None:
    now = datetime(2026, 3, 5, 0, 0, 1, tzinfo=UTC)
    period = _period(True, None, None, round(now.timestamp() * 1000))
    assert period.from_ms == datetime(2026, 3, 4, tzinfo=UTC).timestamp() * 1000
    assert period.to_ms == period.from_ms + DAY_MS
    with pytest.raises(ConfigError, match="--yesterday: not together with"):
        _period(True, "2026-03-04", None, 0)


def test_in_observe_mode_own_stands_first(tmp_path: Path) -> None:
    path = tmp_path / "flight.jsonl"
    path.write_bytes(b"".join(lines(Mode.OBSERVE)))
    output = told(path).output
    assert "observe mode sent nothing" in output
    assert "own and shadows since" in output
    assert "\nlive " not in output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--policy", "bnad"), "--policy bnad: policy = 'bnad': must be one of band"),
        (("--policy", "leland"), "is for lab and backtest only"),
        (
            ("--policy", "band:lowr=1"),
            "lowr = 1: no such parameter; did you mean lower?",
        ),
        (("--policy", "band:lower"), "--policy band:lower: 'lower': must be KEY=VALUE"),
        (("--policy", "band:lower=far"), "lower = 'far': must be a number"),
        (("--policy", "band:partial.frist_share=0.5"), "partial.frist_share = 0.5: no such parameter; did"),
        (("--from", "noon"), "--from 'noon': must be a day or time (ISO 8601) like 2026-02-01"),
        (
            ("--from", "2026-01-02", "--to", "2026-01-01"),
            "--from '2026-01-02': must be before --to '2026-01-01'",
        ),
    ],
)
def test_what_is_wrong_is_said_and_exits_2(record: Path, words: tuple[str, ...], why: str) -> None:
    result = told(record, *words)
    assert result.exit_code == 2
    assert why in result.output


def test_no_record_at_all_is_said() -> None:
    result = told()
    assert (result.exit_code, "no record: name a file" in result.output) == (2, True)
