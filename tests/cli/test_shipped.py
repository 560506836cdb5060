"""The demonstration finds its configuration from any folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hedger.cli.main import app_for
from hedger.cli.shipped import DEMO, demo_config


def test_a_folder_without_one_gets_the_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "[books.btc]" in demo_config().read_text()


def test_that_of_the_working_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    DEMO.parent.mkdir()
    DEMO.write_text("mine")
    assert demo_config().read_text() == "mine"


def test_a_demonstration_of_less_than_nothing_is_refused() -> None:
    told = CliRunner().invoke(app_for(), ["demo", "--duration", "-1"])
    assert told.exit_code == 2
    assert "--duration" in told.output
