from __future__ import annotations

import tomllib
from pathlib import Path

from hedger.settings.catalogue import TABLES
from hedger.settings.document import default_toml, toml_value
from tests.settings.files import SMALLEST, loaded

COMMITTED = Path(__file__).parents[2] / "config" / "default.toml"


def test_the_committed_file_is_the_generated_one() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == default_toml(), (
        "run: python -m hedger.settings.document > config/default.toml"
    )


def test_the_documented_defaults_are_the_defaults(tmp_path: Path) -> None:
    """The whole file says no more than the smallest one, so a documented default cannot drift."""
    assert loaded(tmp_path, default_toml()).config_hash == loaded(tmp_path, SMALLEST).config_hash


def test_every_key_is_there_with_its_meaning() -> None:
    lines = default_toml().splitlines()
    for table in TABLES.values():
        for name, entry in table.items():
            at = next(i for i, line in enumerate(lines) if line.startswith(f"{name} = ") and i > 0)
            assert entry.key.meaning
            assert lines[at - 1].startswith("# ")


def test_values_are_written_so_that_toml_reads_them_back() -> None:
    for value in (True, False, 3, 1e-7, 0.1, 'a "quoted" \\ text', ["BTC", "ETH"], []):
        assert tomllib.loads(f"x = {toml_value(value)}")["x"] == value
