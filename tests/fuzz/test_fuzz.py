"""A short guided run of every target from a fixed seed; the long ones are `make soak ARGS=fuzz`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.mutator import mutated

ROOT = Path(__file__).parents[2]
RUNS = 3_000


def test_nothing_somebody_else_has_written_breaks_a_reader(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this machine")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    words = ("all", f"-runs={RUNS}", "-seed=1", "-max_len=4096", "-timeout=20", str(corpus))
    run = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *words],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-6_000:]
    assert f"Done {RUNS} runs" in run.stderr


@pytest.mark.parametrize("seed", range(50))
def test_a_mutated_value_is_within_its_bound_and_the_same_from_the_same_seed(seed: int) -> None:
    data = b'\x07{"a":[1,2.5,{"b":"c"}],"d":null}'
    by_bytes = lambda one, most: one[:most]  # noqa: E731
    made = mutated(data, 60, seed, by_bytes)
    assert made == mutated(data, 60, seed, by_bytes)
    assert len(made) <= 60
    assert made.startswith(b"\x07")
