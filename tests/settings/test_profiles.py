"""Words, profiles and schedules in the file: read, shown, and refused by name."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from hedger.execution.params import Style
from hedger.policies.band_params import SIGMA
from tests.settings.files import SMALLEST, loaded, refusal

CALENDAR = """
[books.btc.profiles.weekend]
lower = -0.3
upper = 0.3
[books.btc.profiles.holiday]
unit = "sigma"
[books.btc.schedule]
profiles = ["2026-12-24/2026-12-28 holiday", "sat,sun 00:00-24:00 weekend"]
blackouts = ["mon-fri 07:55-08:05"]
centre_before = ["2026-12-01T09:00 15"]
"""


def test_a_unit_and_a_hard_limit_may_be_words(tmp_path: Path) -> None:
    text = SMALLEST + '[books.btc.band]\nunit = "sigma"\nhard_upper = "auto"\nhard_lower = -2\n'
    params = loaded(tmp_path, text).engine.books[0].policy_params
    assert (params["unit"], params["hard_upper"], params["hard_lower"]) == (SIGMA, math.inf, -2.0)


def test_what_was_a_word_in_the_file_is_a_word_where_it_is_shown(tmp_path: Path) -> None:
    values = loaded(tmp_path, SMALLEST + '[books.btc.band]\nunit = "equity"\n').values
    assert (values["books.btc.band.unit"], values["books.btc.band.hard_lower"]) == ("equity", "auto")


def test_the_environment_gives_numbers_and_words_alike(tmp_path: Path) -> None:
    environ = {"HEDGER_BOOKS__BTC__BAND__UPPER": "0.2", "HEDGER_BOOKS__BTC__BAND__UNIT": "sigma"}
    params = loaded(tmp_path, environ=environ).engine.books[0].policy_params
    assert (params["upper"], params["unit"]) == (0.2, SIGMA)


def test_profiles_and_their_schedule_reach_the_engine(tmp_path: Path) -> None:
    book = loaded(tmp_path, SMALLEST + CALENDAR).engine.books[0]
    assert book.profiles == {"weekend": {"lower": -0.3, "upper": 0.3}, "holiday": {"unit": SIGMA}}
    assert [slot.profile for slot in book.schedule.calendar().slots] == ["holiday", "weekend"]
    assert book.schedule.blackouts == ("mon-fri 07:55-08:05",)
    assert len(book.schedule.calendar().announced) == 1


def test_a_profile_is_part_of_what_is_obeyed_and_of_its_hash(tmp_path: Path) -> None:
    found = loaded(tmp_path, SMALLEST + CALENDAR)
    assert found.values["books.btc.profiles.holiday.unit"] == "sigma"
    assert found.origins["books.btc.profiles.weekend.upper"] == "file"
    other = loaded(tmp_path, SMALLEST + CALENDAR.replace("upper = 0.3", "upper = 0.4"))
    assert other.config_hash != found.config_hash


def test_a_profile_may_be_written_from_the_command_line(tmp_path: Path) -> None:
    overrides = ["books.btc.profiles.weekend.upper=0.5", "books.btc.schedule.blackouts=daily 07:55-08:05"]
    book = loaded(tmp_path, overrides=overrides).engine.books[0]
    assert book.profiles == {"weekend": {"upper": 0.5}}
    assert book.schedule.blackouts == ("daily 07:55-08:05",)


def test_windows_in_one_text_are_separated_by_semicolons_because_days_hold_commas(tmp_path: Path) -> None:
    environ = {"HEDGER_BOOKS__BTC__SCHEDULE__BLACKOUTS": "sat,sun 00:00-24:00; mon 07:55-08:05"}
    blackouts = loaded(tmp_path, environ=environ).engine.books[0].schedule.blackouts
    assert blackouts == ("sat,sun 00:00-24:00", "mon 07:55-08:05")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[books.btc.band]\nunit = "sigmas"\n',
            'books.btc.band.unit = \'sigmas\': must be "coin" or "equity"',
        ),
        ("[books.btc.band]\nunit = 7\n", "books.btc.band.unit = 7: must be"),
        (
            '[books.btc.band]\nhard_upper = "far"\n',
            "books.btc.band.hard_upper = 'far': must be a number or \"auto\"",
        ),
        ('[books.btc.band]\nupper = "auto"\n', "books.btc.band.upper = 'auto': must be a number"),
        ("[books.btc.profiles.weekend]\nuper = 1\n", "did you mean books.btc.profiles.weekend.upper?"),
        (
            "[books.btc.profiles.weekend]\nwindow_s = 600\n",
            "books.btc.profiles.weekend.window_s = 600: no such",
        ),
        (
            "[books.btc.profiles.weekend]\nupper = -1\n",
            "must be at most books.btc.profiles.weekend.upper = -1.0",
        ),
        ("[books.btc.profiles.Weekend]\nupper = 1\n", "books.btc.profiles.Weekend: a profile's name is"),
        ("[books.btc.profiles]\nweekend = 1\n", "books.btc.profiles.weekend: must be a table"),
        ('[books.btc.schedule]\nblackouts = ["noon"]\n', "books.btc.schedule.blackouts = 'noon': must be"),
        (
            '[books.btc.schedule]\ncentre_before = ["x 5"]\n',
            "books.btc.schedule.centre_before = 'x': must be a time",
        ),
        (
            '[books.btc.schedule]\nprofiles = ["daily 00:00-24:00 calm"]\n',
            "'calm' is no table [books.btc.profiles.NAME]; known: none",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(tmp_path, SMALLEST + text)


def test_a_schedule_has_a_limit(tmp_path: Path) -> None:
    many = ", ".join(['"daily 07:55-08:05"'] * 201)
    assert "must be at most 200" in refusal(
        tmp_path, SMALLEST + f"[books.btc.schedule]\nblackouts = [{many}]\n"
    )


def test_a_preset_brings_its_execution_below_the_file(tmp_path: Path) -> None:
    found = loaded(tmp_path, SMALLEST + 'preset = "bybit"\n')
    book = found.engine.books[0]
    assert (book.execution.style, book.policy_params["min_move_pct"]) == (Style.MARKET, 1.0)
    assert found.origins["books.btc.execution.style"] == "preset"
    own = SMALLEST + 'preset = "bybit"\n[books.btc.execution]\nstyle = "limit_ioc"\n'
    assert loaded(tmp_path, own).engine.books[0].execution.style is Style.LIMIT_IOC


def test_what_the_readme_shows_is_a_valid_configuration(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```toml\n", 1)[1].split("```", 1)[0]
    book = loaded(tmp_path, SMALLEST + shown).engine.books[0]
    assert book.profiles["weekend"] == {"below_sigmas": 1.5, "above_sigmas": 1.5}
    assert book.schedule.centre_before
