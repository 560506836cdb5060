"""Files somebody else has written: every one is valid or refused by its path, none ends in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedger.domain.errors import ConfigError
from hedger.settings.edits import FILE_NAME, read_edits
from hedger.settings.load import load
from hedger.settings.ready import read_ready
from tests.settings.files import SMALLEST

NO_TOML = {
    "nested": b"a = " + b"[" * 100_000,
    "nested tables": b"a = " + b"{a=" * 100_000,
    "a key of three thousand parts": b"a." * 3_000 + b"a = 1",
    "five thousand digits": b"a = " + b"9" * 5_000,
    "five thousand hexadecimal digits": b"a = 0x" + b"f" * 20_000,
    "hexadecimal digits in a list": b"a = [1, 0x" + b"f" * 20_000 + b"]",
    "no UTF-8": b"mode = '\xff\xfe'",
    "NUL": b"mode = \x00",
    "a date that is none": b"a = 2024-99-99",
    "binary": bytes(range(256)),
}
NO_JSON = {
    "nested": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "no UTF-8": b'{"ws_url":"\xff\xfe"}',
    "five thousand digits": b'{"speed":' + b"9" * 5_000 + b"}",
    "binary": bytes(range(256)),
    "empty": b"",
}


@pytest.mark.parametrize("text", NO_TOML.values(), ids=NO_TOML)
def test_a_configuration_nobody_can_read_is_refused_by_its_path(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "hedger.toml"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match=r"hedger\.toml: is not TOML"):
        load(path, {})


@pytest.mark.parametrize("text", ["[" * 2_000, "[0x" + "f" * 1_900 + "]", "'\x00'", "[1, \n2"])
def test_a_value_for_a_key_nobody_can_read_is_refused_by_its_key(tmp_path: Path, text: str) -> None:
    """`hedger set` and the API hand over up to 2,000 characters."""
    path = tmp_path / "hedger.toml"
    path.write_text(SMALLEST)
    with pytest.raises(ConfigError, match=r"books\.btc\.schedule\.blackouts"):
        load(path, {}, [f"books.btc.schedule.blackouts={text}"])


@pytest.mark.parametrize("content", NO_JSON.values(), ids=NO_JSON)
def test_a_ready_file_nobody_can_read_is_refused_by_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ready.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ready\.json: is not the ready file"):
        read_ready(path)


@pytest.mark.parametrize("content", NO_JSON.values(), ids=NO_JSON)
def test_keys_set_while_running_that_nobody_can_read_are_refused_by_their_path(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not what `hedger set` wrote"):
        read_edits(tmp_path)
