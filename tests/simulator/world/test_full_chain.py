from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from hedger.simulator.world.full_chain import read_full_chains
from hedger.simulator.world.record import Window
from tests.shared_data import shared_data

EVERYTHING = Window(None, None)


def test_a_chain_is_read_with_its_futures_file() -> None:
    path = shared_data("deribit_options", "mh_full_chain_btc_20260115_options.csv.gz")
    (snapshot,) = read_full_chains([path], EVERYTHING)
    assert snapshot.perpetual_usd is not None
    assert snapshot.perpetual_usd / snapshot.index_usd == pytest.approx(95_603.82 / 95_586.16)
    assert snapshot.index_usd == pytest.approx(95_586.2, abs=10.0)
    by_name = {row.name: row for row in snapshot.options}
    assert by_name["BTC-16JAN26-100000-C"].iv == pytest.approx(0.7043)
    assert by_name["BTC-16JAN26-100000-C"].bid is None


def test_a_chain_without_living_options_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mh_full_chain_btc_20260101_options.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("instrument_name,timestamp,expiration_timestamp\n")
    with pytest.raises(ValueError, match="20260101_options"):
        list(read_full_chains([path], EVERYTHING))
