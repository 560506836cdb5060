"""Figures on disk say what the run said."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from hedger.cli.main import app_for
from hedger.domain.errors import ConfigError

_FILE = """
title = "a <small> test"
[book]
spot_usd = 100.0
[[book.options]]
kind = "call"
strike_usd = 100.0
expiry_days = 91.0
quantity_coin = -1.0
iv = 0.5
[model]
kind = "gbm"
volatility = 0.5
[simulation]
paths = 1000
steps = 13
[[policies]]
name = "edge"
policy = "band"
params = { lower = -0.1, upper = 0.1 }
[[policies]]
name = "none"
policy = "none"
"""


def test_one_run_writes_json_parquet_and_a_page_that_agree(tmp_path: Path) -> None:
    pytest.importorskip("plotly")
    file, out, page, rows = (tmp_path / name for name in ("e.toml", "o.json", "o.html", "o.parquet"))
    file.write_text(_FILE)
    asked = ["lab", "run", str(file), "--executor", "serial", "--json"]
    done = CliRunner().invoke(
        app_for(), [*asked, "--out", str(out), "--html", str(page), "--parquet", str(rows)]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(out.read_text())
    assert json.loads(done.stdout) == told
    assert told["policies"]["none"]["trades_mean"] == {"value": 0.0, "se": 0.0}
    for row in pq.read_table(rows).to_pylist():
        assert told["policies"][row["policy"]][row["figure"]] == {"value": row["value"], "se": row["se"]}
    text = page.read_text()
    assert "a &lt;small&gt; test" in text
    assert "<script src" not in text


@pytest.mark.parametrize("option", ["--out", "--html", "--parquet"])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, option: str) -> None:
    pytest.importorskip("plotly")
    file, nowhere = tmp_path / "e.toml", tmp_path / "no" / "out"
    file.write_text(_FILE)
    asked = ["lab", "run", str(file), "--executor", "serial", option, str(nowhere)]
    done = CliRunner().invoke(app_for(), asked)
    assert isinstance(done.exception, ConfigError), done.output
    assert str(done.exception).startswith(f"{nowhere}: ")
    assert "No such file or directory" in str(done.exception)


def test_a_run_on_a_terminal_tells_figures_with_their_errors(tmp_path: Path) -> None:
    file = tmp_path / "e.toml"
    file.write_text(_FILE)
    done = CliRunner().invoke(app_for(), ["lab", "run", str(file), "--executor", "serial"])
    assert done.exit_code == 0, done.output
    assert "1,000 paths, 13 steps, seed 1" in done.stdout
    assert "±" in done.stdout


def test_a_wrong_file_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    file = tmp_path / "e.toml"
    file.write_text(_FILE.replace("spot_usd", "spotusd"))
    done = CliRunner().invoke(app_for(), ["lab", "run", str(file)])
    assert getattr(done.exception, "exit_code", None) == 2
    assert "book.spotusd: no such key; did you mean spot_usd?" in str(done.exception)
