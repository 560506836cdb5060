"""Paths have the moments their model promises."""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hedger.domain.errors import ConfigError
from hedger.lab.models import MODELS, Bootstrap, Gbm
from tests.lab.experiments import drawn

_HESTON = {
    "volatility": 0.5,
    "long_volatility": 0.5,
    "reversion": 3.0,
    "vol_of_vol": 0.6,
    "correlation": -0.5,
}
_REGIMES = {"calm_volatility": 0.3, "wild_volatility": 0.9, "calm_days": 20.0, "wild_days": 10.0}
_CASES: dict[str, dict[str, Any]] = {
    "gbm": {"volatility": 0.5},
    "merton": {"volatility": 0.4, "jumps_per_year": 12.0, "jump_mean": -0.05, "jump_sd": 0.08},
    "heston": _HESTON,
    "regimes": _REGIMES,
}
_VARIANCE = {
    "gbm": 0.25,
    "merton": 0.16 + 12.0 * (0.05**2 + 0.08**2),
    "heston": 0.25,
    "regimes": (0.09 * 20 + 0.81 * 10) / 30,
}


@pytest.mark.parametrize("kind", _CASES)
def test_growth_is_the_drift_and_variance_what_the_model_says(kind: str) -> None:
    model = MODELS[kind](**_CASES[kind], drift=0.3)
    moves = drawn(model, np.random.default_rng(4), 40, 20_000, 1 / 365)
    years = 40 / 365
    grown = np.exp(moves.sum(axis=0))
    assert grown.mean() == pytest.approx(math.exp(0.3 * years), abs=4 * grown.std() / math.sqrt(20_000))
    per_year = moves.var(axis=1).mean() * 365
    assert per_year == pytest.approx(_VARIANCE[kind], rel=0.05)
    assert 0.5 < model.deviation(years) / moves.sum(axis=0).std() < 3.0


def test_autocorrelated_returns_keep_their_variance() -> None:
    moves = drawn(Gbm(volatility=0.5, autocorrelation=-0.4), np.random.default_rng(1), 50, 20_000, 0.01)
    assert moves.std() == pytest.approx(0.5 * 0.1, rel=0.01)
    assert np.corrcoef(moves[10], moves[11])[0, 1] == pytest.approx(-0.4, abs=0.03)


def test_bootstrap_draws_whole_blocks_of_what_was_recorded(tmp_path: Path) -> None:
    closes = 100.0 * np.exp(np.cumsum(np.random.default_rng(2).standard_normal(400) * 0.01))
    path = tmp_path / "closes.csv"
    path.write_text("\n".join(["time,close", *(f"{i},{p!r}" for i, p in enumerate(closes.tolist()))]))
    model = Bootstrap(path=str(path), block=10)
    moves = drawn(model, np.random.default_rng(1), 35, 7, 1 / 365)
    recorded = np.diff(np.log(closes))
    starts = np.lib.stride_tricks.sliding_window_view(recorded, 10)
    for path in range(7):
        for block in (moves[:10, path], moves[10:20, path], moves[20:30, path]):
            shift = block.mean() - starts.mean(axis=1)  # the drift put in for the recorded mean
            apart = abs(starts + shift[:, None] - block).max(axis=1)
            assert apart.min() < 1e-12
            assert abs(shift[apart.argmin()]) < 0.002


def test_bootstrap_says_which_file_or_column_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "closes.csv"
    path.write_text("time,price\n0,1.0\n1,2.0\n")
    with pytest.raises(ConfigError, match=r"no such file"):
        Bootstrap(path=str(tmp_path / "no.csv")).deviation(1.0)
    with pytest.raises(ConfigError, match=r"closes.csv': column = 'close': it has time, price"):
        Bootstrap(path=str(path)).deviation(1.0)
    with pytest.raises(ConfigError, match=r"block = 9: must be at most the 1 recorded returns"):
        drawn(Bootstrap(str(path), "price", block=9), np.random.default_rng(1), 1, 1, 1 / 365)


def test_bootstrap_says_which_file_it_cannot_read(tmp_path: Path) -> None:
    words, cut = tmp_path / "words.csv", tmp_path / "cut.csv.gz"
    words.write_text("time,close\n0,a\n1,b\n")
    with pytest.raises(ConfigError, match=r"words.csv': could not convert string to float"):
        Bootstrap(path=str(words)).deviation(1.0)
    cut.write_bytes(gzip.compress(b"time,close\n" + b"0,1.0\n" * 1_000)[:40])
    with pytest.raises(ConfigError, match=r"cut.csv.gz'"):
        Bootstrap(path=str(cut)).deviation(1.0)
