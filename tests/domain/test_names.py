"""Instrument names: every recorded one is taken apart as the exchange's own fields say."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hedger.domain.names import ParsedName, is_combo, legs_of, parse_name, spread_of
from tests.shared_data import shared_data

# in these two the 27DEC24 instruments "expire" at 12:00 UTC, which no recorded instrument does
WRITTEN_BY_HAND = {"http_get_instrument_option.json", "http_get_instruments.json"}


def ms(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, 8, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BTC-PERPETUAL", ("perpetual", "BTC", None, None, None, None)),
        ("SOL_USDC-PERPETUAL", ("perpetual", "SOL", "USDC", None, None, None)),
        ("1000PEPE_USDC-PERPETUAL", ("perpetual", "1000PEPE", "USDC", None, None, None)),
        ("BTC-25SEP26", ("future", "BTC", None, ms(2026, 9, 25), None, None)),
        ("XRP_USDC-1OCT26", ("future", "XRP", "USDC", ms(2026, 10, 1), None, None)),
        ("BTC-9JUN20-9875-P", ("option", "BTC", None, ms(2020, 6, 9), Decimal(9875), "put")),
        ("BTC-29FEB24-60000-C", ("option", "BTC", None, ms(2024, 2, 29), Decimal(60000), "call")),
        ("XRP_USDC-21SEP26-1d25-C", ("option", "XRP", "USDC", ms(2026, 9, 21), Decimal("1.25"), "call")),
        ("XRP_USDC-21SEP26-1d3-P", ("option", "XRP", "USDC", ms(2026, 9, 21), Decimal("1.3"), "put")),
        ("BTC_USDC", ("spot", "BTC", "USDC", None, None, None)),
        ("BTC-FS-25DEC26_PERP", ("future_combo", "BTC", None, ms(2026, 12, 25), None, None)),
        ("BTC-FS-22MAY26_19MAY26", ("future_combo", "BTC", None, ms(2026, 5, 19), None, None)),
        ("BTC-STRG-26MAR27-72000_80000", ("option_combo", "BTC", None, ms(2027, 3, 26), None, None)),
        ("BTC-STRD-25SEP26-80000", ("option_combo", "BTC", None, ms(2026, 9, 25), None, None)),
        ("BTC-CSR12-25SEP26-80000_90000", ("option_combo", "BTC", None, ms(2026, 9, 25), None, None)),
        ("BTC-CCAL-25SEP26_25DEC26-80000", ("option_combo", "BTC", None, ms(2026, 9, 25), None, None)),
        ("BTC-COMBO-12", ("option_combo", "BTC", None, None, None, None)),
    ],
)
def test_a_name_of_each_kind_is_taken_apart(name: str, expected: tuple[Any, ...]) -> None:
    assert parse_name(name) == ParsedName(name, *expected)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "BTC",
        "btc-PERPETUAL",
        "BTC-PERPETUAL ",
        "BTC-PERPETUAL\n",
        "BTC-05SEP26",  # no leading zero
        "BTC-0SEP26",
        "BTC-25SEPT26",
        "BTC-25sep26",
        "BTC-25SEP2026",
        "BTC-25SEP26-68000",
        "BTC-25SEP26-68000-X",
        "BTC-25SEP26-1d-C",
        "BTC-25SEP26-1.25-C",
        "BTC-25SEP26--1-C",
        "BTC-FS-25DEC26",
        "SYN.BTC-25SEP26",
        "\uff22TC-PERPETUAL",
        "BTC-\u06625SEP26",
    ],
)
def test_anything_else_is_refused_with_its_value_and_the_grammar(name: str) -> None:
    with pytest.raises(ValueError, match=r"instrument_name = .*must be BASE") as refused:
        parse_name(name)
    assert repr(name) in str(refused.value)


@pytest.mark.parametrize("name", ["BTC-31SEP26", "BTC-29FEB26-60000-C", "BTC-FS-31SEP26_PERP"])
def test_a_day_the_calendar_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a day of the calendar"):
        parse_name(name)


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object inside a value, at any depth."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects_in(each)


def recorded_objects(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*.json*")):
        if path.parent.name == "spec" or path.name in WRITTEN_BY_HAND:
            continue  # the documentation's examples hold placeholders
        text = path.read_text()
        for part in text.splitlines() if path.suffix == ".jsonl" else [text]:
            yield from objects_in(json.loads(part))


def test_every_name_of_the_recorded_payloads_agrees_with_the_fields_beside_it() -> None:
    kinds: Counter[str] = Counter()
    for row in recorded_objects(shared_data("deribit_payloads")):
        name = row.get("instrument_name")
        if isinstance(name, str):
            parsed = parse_name(name)
            kinds[parsed.kind] += 1
            assert_agrees(parsed, row)
    assert set(kinds) >= {"option", "future", "perpetual", "future_combo", "option_combo"}
    assert kinds["option"] > 1_000


def assert_agrees(parsed: ParsedName, row: dict[str, Any]) -> None:
    if "kind" in row:
        kind = "perpetual" if row.get("settlement_period") == "perpetual" else row["kind"]
        if parsed.kind == "perpetual" and "settlement_period" not in row:
            kind = "perpetual"  # positions say future for both
        assert parsed.kind == kind, parsed
    if "base_currency" in row:
        assert parsed.base == row["base_currency"], parsed
    if "expiration_timestamp" in row and parsed.kind != "perpetual":
        assert parsed.expiration_ms in (row["expiration_timestamp"], None), parsed
    if parsed.kind == "option" and "strike" in row:
        assert parsed.strike == Decimal(str(row["strike"])), parsed
    if parsed.kind == "option" and "option_type" in row:
        assert parsed.option_type == row["option_type"], parsed
    if row.get("instrument_type") == "linear" and parsed.kind != "spot":
        assert parsed.quote == row["settlement_currency"], parsed


def rows_of(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", newline="") as text:
        return list(csv.DictReader(text))


def test_every_name_of_the_full_chains_agrees_with_the_columns_beside_it() -> None:
    paths = sorted(shared_data("deribit_options").glob("mh_full_chain_*_options.csv.gz"))
    assert paths
    for path in paths:
        for row in rows_of(path):
            parsed = parse_name(row["instrument_name"])
            assert parsed.expiration_ms == int(row["expiration_timestamp"])
            assert parsed.strike == Decimal(row["strike"])
            assert parsed.option_type == row["option_type"]
            assert (parsed.base, parsed.quote) == (row["base_currency"], None)


def test_every_name_of_the_futures_sheets_and_of_the_2021_chain_is_taken_apart() -> None:
    folder = shared_data("deribit_options")
    paths = [*sorted(folder.glob("mh_full_chain_*_futures.csv.gz")), *folder.glob("bottama_*")]
    kinds = Counter(parse_name(row["instrument_name"]).kind for path in paths for row in rows_of(path))
    assert kinds["option"] == 976
    assert kinds["perpetual"] >= 1
    assert kinds["future"] >= 7


def test_every_name_of_the_five_months_of_chains_is_an_option() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    compute = pytest.importorskip("pyarrow.compute")
    path = shared_data("deribit_options", "svcj_btc_eth_6h_20251230_20260531.parquet")
    names = compute.unique(parquet.read_table(path, columns=["instrument_name"])["instrument_name"])
    parsed = [parse_name(name) for name in names.to_pylist()]
    assert len(parsed) > 5_000
    assert {each.kind for each in parsed} == {"option"}
    assert {each.base for each in parsed} == {"BTC", "ETH"}


# --- spreads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "legs"),
    [
        ("BTC-FS-25DEC26_PERP", (("BTC-25DEC26", 1), ("BTC-PERPETUAL", -1))),
        ("BTC-FS-22MAY26_19MAY26", (("BTC-22MAY26", 1), ("BTC-19MAY26", -1))),
        ("SOL_USDC-FS-25DEC26_PERP", (("SOL_USDC-25DEC26", 1), ("SOL_USDC-PERPETUAL", -1))),
        ("BTC-PERPETUAL", (("BTC-PERPETUAL", 1),)),
        ("BTC-CS-25DEC26-80000_90000", (("BTC-CS-25DEC26-80000_90000", 1),)),
        ("no name at all", (("no name at all", 1),)),
    ],
)
def test_a_spread_trades_in_its_two_legs_and_everything_else_in_itself(
    name: str, legs: tuple[tuple[str, int], ...]
) -> None:
    assert legs_of(name) == legs


def test_every_recorded_future_spread_has_the_legs_its_name_tells() -> None:
    path = shared_data("deribit_payloads", "nautilus_trader", "http_get_combos.json")
    rows = [row for row in json.loads(path.read_text())["result"] if "-FS-" in row["id"]]
    assert rows
    for row in rows:
        told = {leg["instrument_name"]: leg["amount"] for leg in row["legs"]}
        assert dict(legs_of(row["id"])) == told
        assert spread_of(*told) == row["id"]


def test_every_recorded_trade_of_a_spread_trades_its_legs_as_the_name_tells() -> None:
    path = shared_data("deribit_payloads", "nautilus_trader", "http_get_last_trades_future_combo.json")
    rows = json.loads(path.read_text())["result"]["trades"]
    assert rows
    for row in rows:
        sign = 1 if row["direction"] == "buy" else -1
        sides = {leg["instrument_name"]: 1 if leg["direction"] == "buy" else -1 for leg in row["legs"]}
        assert sides == {name: sign * leg for name, leg in legs_of(row["instrument_name"])}
        prices = {leg["instrument_name"]: leg["price"] for leg in row["legs"]}
        (first, _), (second, _) = legs_of(row["instrument_name"])
        assert row["price"] == prices[first] - prices[second]


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        ("BTC-PERPETUAL", "BTC-25DEC26", "BTC-FS-25DEC26_PERP"),
        ("BTC-25DEC26", "BTC-PERPETUAL", "BTC-FS-25DEC26_PERP"),
        ("BTC-27MAR26", "BTC-25DEC26", "BTC-FS-25DEC26_27MAR26"),
        ("SOL_USDC-27MAR26", "SOL_USDC-PERPETUAL", "SOL_USDC-FS-27MAR26_PERP"),
    ],
)
def test_two_futures_have_one_spread_the_later_first_and_the_perpetual_last(
    first: str, second: str, name: str
) -> None:
    assert spread_of(first, second) == name
    assert {leg for leg, _ in legs_of(name)} == {first, second}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("BTC-PERPETUAL", "ETH-25DEC26"),
        ("BTC-PERPETUAL", "BTC_USDC-PERPETUAL"),
        ("BTC-PERPETUAL", "BTC-PERPETUAL"),
        ("BTC-PERPETUAL", "BTC-25DEC26-80000-C"),
        ("BTC-PERPETUAL", "BTC/USD:BTC"),
    ],
)
def test_nothing_else_has_a_spread(first: str, second: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        spread_of(first, second)


@pytest.mark.parametrize(
    ("name", "combo"),
    [
        ("BTC-FS-25DEC26_PERP", True),
        ("BTC-COMBO-12", True),
        ("BTC-25DEC26", False),
        ("BTC-25DEC26-80000-C", False),
        ("?", False),
    ],
)
def test_a_combo_is_known_by_its_name(name: str, combo: bool) -> None:
    assert is_combo(name) is combo
