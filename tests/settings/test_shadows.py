"""Shadows in the file: read, filled up from the book's own tables, shown, and refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedger.engine.shadow.terms import ShadowSettings
from hedger.policies.partial import PartialParams
from tests.settings.files import SMALLEST, loaded, refusal

BESIDE = """
[books.btc.band]
lower = -0.2
[books.btc.theta_offset]
window_s = 3600
[books.btc.shadows.wide]
policy = "band"
upper = 0.3
[books.btc.shadows.windows]
policy = "theta_offset"
cap_sigmas = 3
"""


def shadows(tmp_path: Path, text: str, **more: dict[str, str]) -> dict[str, ShadowSettings]:
    book = loaded(tmp_path, SMALLEST + text, **more).engine.books[0]
    return {each.name: each for each in book.shadows}


def test_there_is_none_by_default(tmp_path: Path) -> None:
    assert shadows(tmp_path, "") == {}


def test_what_a_shadow_leaves_out_is_as_in_the_books_own_table_of_that_policy(tmp_path: Path) -> None:
    """As it would be if the book were switched to that policy."""
    found = shadows(tmp_path, BESIDE)
    wide, windows = found["wide"], found["windows"]
    assert (wide.policy, wide.params["lower"], wide.params["upper"]) == ("band", -0.2, 0.3)
    assert (windows.policy, windows.params["window_s"]) == ("theta_offset", 3600.0)
    assert (windows.params["cap_sigmas"], windows.params["sigma_band_k"]) == (3.0, 1.0)


def test_the_live_policy_is_what_it_was(tmp_path: Path) -> None:
    book = loaded(tmp_path, SMALLEST + BESIDE).engine.books[0]
    assert (book.policy, book.policy_params["upper"]) == ("band", 0.1)


def test_it_hedges_in_parts_as_the_book_does_unless_it_says_otherwise(tmp_path: Path) -> None:
    parted = BESIDE + "[books.btc.partial]\nfirst_share = 0.6\nslices = 4\n"
    assert shadows(tmp_path, parted)["wide"].partial == PartialParams(0.6, slices=4)
    whole = parted + "[books.btc.shadows.wide.partial]\nfirst_share = 1\n"
    assert shadows(tmp_path, whole)["wide"].partial == PartialParams(1.0, slices=4)
    environ = {"HEDGER_BOOKS__BTC__SHADOWS__WIDE__PARTIAL__FIRST_SHARE": "0.5"}
    found = loaded(tmp_path, SMALLEST + parted, environ=environ)
    assert found.engine.books[0].shadows[0].partial == PartialParams(0.5, slices=4)
    assert found.values["books.btc.shadows.wide.partial.first_share"] == 0.5


def test_the_environment_may_write_one(tmp_path: Path) -> None:
    environ = {
        "HEDGER_BOOKS__BTC__SHADOWS__TIGHT__POLICY": "band",
        "HEDGER_BOOKS__BTC__SHADOWS__TIGHT__UPPER": "0.05",
    }
    assert shadows(tmp_path, "", environ=environ)["tight"].params["upper"] == 0.05


def test_a_shadow_is_shown_and_part_of_the_hash(tmp_path: Path) -> None:
    found = loaded(tmp_path, SMALLEST + BESIDE)
    assert found.values["books.btc.shadows.windows.policy"] == "theta_offset"
    assert found.values["books.btc.shadows.wide.upper"] == 0.3
    other = loaded(tmp_path, SMALLEST + BESIDE.replace("upper = 0.3", "upper = 0.4"))
    assert other.config_hash != found.config_hash


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[books.btc.shadows.wide]\nupper = 0.3\n", "books.btc.shadows.wide.policy: missing; must be one of"),
        ('[books.btc.shadows.wide]\npolicy = "bnad"\n', "policy = 'bnad': must be one of band"),
        (
            '[books.btc.shadows.wide]\npolicy = "band"\nuper = 1\n',
            "did you mean books.btc.shadows.wide.upper?",
        ),
        (
            '[books.btc.shadows.wide]\npolicy = "band"\nwindow_s = 600\n',
            "books.btc.shadows.wide.window_s = 600: no such parameter",
        ),
        (
            '[books.btc.shadows.w]\npolicy = "theta_offset"\nwindow_s = 6\n',
            "books.btc.shadows.w.window_s = 6.0: must be at least 60 s",
        ),
        (
            '[books.btc.shadows.w]\npolicy = "band"\n[books.btc.shadows.w.partial]\nfirst_share = 2\n',
            "books.btc.shadows.w.partial.first_share = 2.0: must be at most 1",
        ),
        (
            '[books.btc.shadows.w]\npolicy = "band"\n[books.btc.shadows.w.partial]\nslices = 2.5\n',
            "books.btc.shadows.w.partial.slices = 2.5: must be `int`",
        ),
        (
            '[books.btc.shadows.w]\npolicy = "leland"\n',
            "books.btc.shadows.w.policy = 'leland': is for lab and backtest only; must be one of band",
        ),
        ('[books.btc.shadows.Wide]\npolicy = "band"\n', "books.btc.shadows.Wide: a shadow's name is"),
        ("[books.btc.shadows]\nwide = 1\n", "books.btc.shadows.wide: must be a table"),
    ],
)
def test_what_is_wrong_is_refused_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(tmp_path, SMALLEST + text)


def test_there_is_a_limit(tmp_path: Path) -> None:
    many = "".join(f'[books.btc.shadows.s{n}]\npolicy = "band"\n' for n in range(17))
    assert "books.btc.shadows: 17 tables, at most 16" in refusal(tmp_path, SMALLEST + many)
