"""Keys set on a running daemon: above everything, kept, ended by the file, refused by name."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hedger.domain.errors import ConfigError
from hedger.engine.settings import Edit
from hedger.settings.edits import (
    FILE_NAME,
    MOST_EDITS,
    path_of,
    read_edits,
    with_edit,
    without,
    write_edits,
)
from hedger.settings.load import Loaded, load
from tests.settings.files import SMALLEST

UPPER = "books.btc.band.upper"
BAND = SMALLEST + "[books.btc.band]\nupper = 0.1\n"


def edit(key: str = UPPER, value: str = "0.2", file_value: str = "0.1") -> Edit:
    return Edit(key=key, value=value, since_ms=1_767_225_600_000, by="cli:desk", file_value=file_value)


def with_edits(folder: Path, *edits: Edit, text: str = BAND, overrides: tuple[str, ...] = ()) -> Loaded:
    path = folder / "hedger.toml"
    path.write_text(text)
    environ = {"HEDGER_BOOKS__BTC__BAND__UPPER": "0.15"}
    return load(path, environ, overrides, edits)


def test_what_is_set_stands_above_file_environment_and_overrides(tmp_path: Path) -> None:
    found = with_edits(tmp_path, edit(), overrides=(f"{UPPER}=0.16",))
    assert (found.values[UPPER], found.origins[UPPER]) == (0.2, "set by cli:desk")
    assert found.engine.edits == found.edits == (edit(),)
    assert found.config_hash != with_edits(tmp_path).config_hash


def test_it_ends_when_the_file_says_something_else_of_that_very_key(tmp_path: Path) -> None:
    other_key = with_edits(tmp_path, edit(), text=BAND + "lower = -0.4\n")
    assert other_key.edits == (edit(),)
    changed = with_edits(tmp_path, edit(), text=BAND.replace("0.1", "0.12"))
    assert (changed.edits, changed.ended_edits) == ((), (edit(),))
    assert changed.values[UPPER] == 0.15  # the environment's again
    removed = with_edits(tmp_path, edit(), text=SMALLEST)
    assert removed.ended_edits == (edit(),)


def test_a_key_the_file_does_not_have_is_kept_until_the_file_has_it(tmp_path: Path) -> None:
    dwell = edit("books.btc.band.dwell_s", "30", file_value="")
    assert with_edits(tmp_path, dwell).values["books.btc.band.dwell_s"] == 30.0
    assert with_edits(tmp_path, dwell, text=BAND + "dwell_s = 5\n").ended_edits == (dwell,)


def test_a_value_is_validated_like_the_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"books\.btc\.band\.dwell_s = -1"):
        with_edits(tmp_path, edit("books.btc.band.dwell_s", "-1", ""))
    with pytest.raises(ConfigError, match=r"band\.uper: was set while running and is no key any more"):
        with_edits(tmp_path, edit("books.btc.band.uper", "1", ""))


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("mode", "mode: cannot change while running; write it in the file and restart the daemon"),
        ("web.port", "web.port: cannot change while running"),
        ("venues.deribit.client_secret", "venues.deribit.client_secret: cannot change while running"),
        ("books.btc.venue", "books.btc.venue: cannot change while running"),
        ("books.btc.band.uper", "books.btc.band.uper: no such key; did you mean books.btc.band.upper?"),
        ("books.eth.band.upper", "books.eth.band.upper: no such book: 'eth', known: btc"),
    ],
)
def test_what_needs_a_restart_or_is_no_key_is_refused_by_name(key: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        path_of(key, ["btc"])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "key", [UPPER, "books.btc.policy", "timing.option_stale_s", "books.btc.profiles.x.upper"]
)
def test_books_and_timing_may_be_set(key: str) -> None:
    assert path_of(key, ["btc"]) == tuple(key.split("."))


def test_a_key_is_set_once_and_the_number_of_keys_has_a_limit() -> None:
    assert with_edit((edit(),), edit(value="0.3")) == (edit(value="0.3"),)
    assert without((edit(), edit("a")), UPPER) == (edit("a"),)
    full = tuple(edit(f"key{n}") for n in range(MOST_EDITS))
    with pytest.raises(ConfigError, match="100 keys are set already"):
        with_edit(full, edit())
    assert len(with_edit(full, edit("key7", "0.9"))) == MOST_EDITS


def test_what_was_written_is_read_back_by_its_owner_alone(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    assert read_edits(state_dir) == ()
    write_edits(state_dir, (edit(), edit("books.btc.policy", "band", "")))
    assert read_edits(state_dir) == (edit(), edit("books.btc.policy", "band", ""))
    assert stat.S_IMODE((state_dir / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in state_dir.iterdir()] == [FILE_NAME]
    write_edits(state_dir, ())
    assert read_edits(state_dir) == ()


def test_a_damaged_file_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('[{"key": 3}]')
    with pytest.raises(ConfigError, match=r"set\.json: not what `hedger set` wrote"):
        read_edits(tmp_path)
