"""The words before any command."""

from __future__ import annotations

import sys

import pytest

from hedger import __version__
from hedger.cli import main
from hedger.cli.exit_codes import ExitCode


@pytest.mark.parametrize("word", ["version", "--version"])
def test_the_version_is_told_however_it_is_asked_for(
    word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["hedger", word, "--short"])
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert (ended.value.code, capsys.readouterr().out) == (ExitCode.OK, f"{__version__}\n")
