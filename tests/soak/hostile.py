"""Parts with hostile input: guided fuzzing of every reader, and generated frames by the ten thousand."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
FUZZ_RUNS = 50_000
EXAMPLES = {
    "HEDGER_HOSTILE_EXAMPLES": "5000",
    "HEDGER_API_EXAMPLES": "100",
    "HEDGER_CRASH_EXAMPLES": "3000",
}
GENERATED = (
    "tests/venues/deribit/test_hostile.py",
    "tests/engine/test_crash_points.py",
    "tests/end_to_end/test_api_fuzz.py",
)


def fuzz(seed: int) -> str:
    """Every reader under atheris; the input that broke one is printed."""
    with tempfile.TemporaryDirectory(prefix="hedger-soak-") as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        words = ("all", f"-runs={FUZZ_RUNS}", f"-seed={seed % 2**31 + 1}", "-max_len=8192", str(corpus))
        told = _run([sys.executable, "-m", "tests.fuzz", *words], folder, {})
        return f"{told.stderr.strip().splitlines()[-1]}, {len(list(corpus.iterdir()))} inputs kept"


def generated(seed: int) -> str:
    """Spoiled frames, crashes and API requests, many of each."""
    words = ("-p", "no:cacheprovider", "-q", f"--hypothesis-seed={seed}", "--timeout=7200", *GENERATED)
    told = _run([sys.executable, "-m", "pytest", *words], str(ROOT), EXAMPLES)
    return told.stdout.strip().splitlines()[-1]


def _run(words: list[str], folder: str, more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    run = subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout[-4_000:]}\n{run.stderr[-6_000:]}"
    return run
