"""`hedger replay`: 0 for an exact repetition, 1 at the first differing effect, 2 for what is no record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from hedger.cli.replay import replay
from hedger.engine.events import Now
from hedger.engine.recording import Gap, encode_gap
from tests.backtest.recorded import eventful

app = typer.Typer()
app.command()(replay)


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return eventful().recorded.lines


def told(path: Path, lines: list[bytes], *options: str) -> Result:
    path.write_bytes(b"".join(lines))
    return CliRunner().invoke(app, [str(path), *options])


def flipped(lines: list[bytes]) -> list[bytes]:
    """The first order sent, as if it had been recorded on the other side."""
    number = next(n for n, line in enumerate(lines) if b'"effect":"place"' in line)
    other = lines[number].replace(b'"side":"buy"', b'"side":"sell"', 1)
    return [*lines[:number], other, *lines[number + 1 :]]


def test_an_exact_repetition_says_how_much_it_repeated(tmp_path: Path, lines: list[bytes]) -> None:
    result = told(tmp_path / "flight.jsonl", lines)

    assert result.exit_code == 0
    assert result.output.startswith(f"{len(lines) - 1} steps, ")
    assert "events (" in result.output
    assert "no difference; effects sha256 " in result.output


def test_a_differing_effect_is_shown_from_both_sides(tmp_path: Path, lines: list[bytes]) -> None:
    result = told(tmp_path / "flight.jsonl", flipped(lines))

    assert result.exit_code == 1
    recorded, replayed = result.output.split("recorded:")[1].split("replayed:")
    assert '"side": "sell"' in recorded
    assert '"side": "buy"' in replayed
    assert "at 2026-01-01T00:00:00" in result.output


def test_a_side_that_has_no_more_effects_says_so(tmp_path: Path, lines: list[bytes]) -> None:
    number = next(n for n, line in enumerate(lines) if b'"effect":"place"' in line)
    step = json.loads(lines[number])
    step["effects"].pop()
    shorter = json.dumps(step).encode() + b"\n"
    result = told(tmp_path / "flight.jsonl", [*lines[:number], shorter, *lines[number + 1 :]])

    assert result.exit_code == 1
    assert f"recorded:\nnothing more ({len(step['effects'])} effects)" in result.output


def test_json_carries_the_same_verdict(tmp_path: Path, lines: list[bytes]) -> None:
    exact = told(tmp_path / "exact.jsonl", lines, "--json")
    different = told(tmp_path / "different.jsonl", flipped(lines), "--json")

    assert (exact.exit_code, different.exit_code) == (0, 1)
    assert json.loads(exact.output)["first_difference"] is None
    assert json.loads(different.output)["first_difference"]["step"] > 0


def test_a_limit_ends_the_repetition(tmp_path: Path, lines: list[bytes]) -> None:
    assert told(tmp_path / "flight.jsonl", lines, "--limit", "5").output.startswith("5 steps, ")


def test_a_cut_off_last_line_is_named(tmp_path: Path, lines: list[bytes]) -> None:
    result = told(tmp_path / "flight.jsonl", [*lines[:-1], lines[-1][:20]])

    assert result.exit_code == 0
    assert f"line {len(lines)} is cut off" in result.output


def test_a_gap_is_named_with_what_is_missing(tmp_path: Path, lines: list[bytes]) -> None:
    first = Now(1_767_225_600_000, 1.0)
    gap = Gap(reason="queue_full", steps=3, events=9, first=first, last=first)
    result = told(tmp_path / "flight.jsonl", [*lines[:6], encode_gap(gap)])

    assert result.exit_code == 0
    assert "incomplete after step 5: 3 steps with 9 events were not kept (queue_full)" in result.output


@pytest.mark.parametrize(("at", "said"), [(0, "line 1: not the header"), (4, "line 5: not a step")])
def test_a_bad_line_is_refused_with_its_number(
    tmp_path: Path, lines: list[bytes], at: int, said: str
) -> None:
    result = told(tmp_path / "flight.jsonl", [*lines[:at], b"nonsense\n", *lines[at + 1 :]])

    assert result.exit_code == 2
    assert said in result.output


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path / "gone.jsonl")])

    assert result.exit_code == 2
    assert "No such file" in result.output
