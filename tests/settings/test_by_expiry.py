"""Hedging by expiry is off unless a file says otherwise, and what cannot go together is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedger.domain.errors import ConfigError
from hedger.execution.by_expiry_params import ByExpiryParams, Use
from tests.settings.files import SMALLEST, loaded


def test_it_is_off_by_default(tmp_path: Path) -> None:
    assert loaded(tmp_path, SMALLEST).engine.books[0].by_expiry == ByExpiryParams()
    assert ByExpiryParams().use is Use.OFF


def test_a_table_of_its_own_switches_it_on(tmp_path: Path) -> None:
    table = '[books.btc.by_expiry]\nuse = "move"\ninstruments = ["BTC-*JUN26"]\nclip_usd = 5000.0\n'
    told = loaded(tmp_path, f"{SMALLEST}\n{table}").engine.books[0].by_expiry
    assert (told.use, told.instruments, told.clip_usd) == (Use.MOVE, ("BTC-*JUN26",), 5_000.0)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[books.btc.by_expiry]\nuse = "always"\n', "books.btc.by_expiry.use"),
        ('[books.btc.by_expiry]\nuse = "advise"\ncapital_rate = 2.0\n', "must be at most 1"),
        ('[books.btc.by_expiry]\nuse = "advise"\ninstruments = ["[BTC]"]\n', "a name or a pattern"),
        ('[books.btc.by_expiry]\nuse = "move"\n[books.btc.execution]\nresting = true\n', "resting = true"),
        (
            '[books.btc.by_expiry]\nuse = "move"\n[books.btc.settlement]\nmode = "hold"\n',
            "a dated hedge is delivered with its options",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        loaded(tmp_path, f"{SMALLEST}\n{table}")


def test_what_flips_needs_a_perpetual(tmp_path: Path) -> None:
    dated = SMALLEST.replace("BTC-PERPETUAL", "BTC-26JUN26")
    assert dated != SMALLEST
    with pytest.raises(ConfigError, match="needs a perpetual as hedge_instrument, not BTC-26JUN26"):
        loaded(tmp_path, f'{dated}\n[books.btc.by_expiry]\nuse = "advise"\n')
