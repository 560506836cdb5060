"""Books of one account: whose instrument, whose future, whose equity."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.files import SMALLEST, loaded, refusal

BOOK = """
[books.{name}]
venue = "deribit"
underlying = "BTC"
hedge_instrument = "BTC-PERPETUAL"
neutral = "{neutral}"

[books.{name}.scope]
{scope}
"""
VENUE = SMALLEST[: SMALLEST.index("[books.btc]")]


def books(*rows: tuple[str, str, str]) -> str:
    """A file of books (name, neutral, lines of the scope)."""
    return VENUE + "".join(
        BOOK.format(name=name, neutral=neutral, scope=scope) for name, neutral, scope in rows
    )


NEAR, FAR = 'expiries = ["30JAN26"]', 'expiries = ["27MAR26"]'


def test_books_whose_scopes_exclude_each_other_stand_side_by_side(tmp_path: Path) -> None:
    near, far = loaded(tmp_path, books(("near", "coin", NEAR), ("far", "coin", FAR))).engine.books
    assert (near.scope.expiries, far.scope.expiries) == (("30JAN26",), ("27MAR26",))


def test_books_that_may_take_the_same_option_are_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, books(("near", "coin", NEAR), ("far", "coin", "")))
    assert "books.far.scope: may take options that books.near takes, too" in said


def test_a_future_two_books_adopt_is_refused(tmp_path: Path) -> None:
    adopts = 'adopt = ["BTC-P*"]', 'adopt = ["BTC-PERPETUAL"]'
    said = refusal(
        tmp_path, books(("near", "coin", f"{NEAR}\n{adopts[0]}"), ("far", "coin", f"{FAR}\n{adopts[1]}"))
    )
    assert "books.far.scope.adopt = 'BTC-PERPETUAL': books.near adopts 'BTC-P*'" in said


@pytest.mark.parametrize(
    ("neutrals", "keys", "counting"),
    [
        (("coin", "coin"), ("", ""), [True, False]),
        (("coin", "usd"), ("", ""), [False, True]),
        (("usd", "usd"), ("", "counts_equity = true"), [False, True]),
        (("usd", "usd"), ("counts_equity = false", "counts_equity = true"), [False, True]),
        (("usd", "coin"), ("counts_equity = false", "counts_equity = true"), [False, True]),
    ],
)
def test_equity_is_counted_by_exactly_one_book(
    tmp_path: Path, neutrals: tuple[str, str], keys: tuple[str, str], counting: list[bool]
) -> None:
    text = books(("near", neutrals[0], f"{NEAR}\n{keys[0]}"), ("far", neutrals[1], f"{FAR}\n{keys[1]}"))
    assert [book.scope.counts_equity for book in loaded(tmp_path, text).engine.books] == counting


@pytest.mark.parametrize(
    ("neutrals", "keys", "told"),
    [
        (
            ("usd", "usd"),
            ("", ""),
            "books.near.scope.counts_equity: missing; of the usd books near, far exactly",
        ),
        (
            ("usd", "usd"),
            ("counts_equity = true", "counts_equity = true"),
            "books.near counts the equity in BTC",
        ),
        (
            ("usd", "usd"),
            ("counts_equity = false", "counts_equity = false"),
            "no book counts the equity in BTC",
        ),
        (("usd", "usd"), ("counts_equity = false", ""), "books.far.scope.counts_equity: missing"),
    ],
)
def test_equity_nobody_or_two_would_count_is_refused(
    tmp_path: Path, neutrals: tuple[str, str], keys: tuple[str, str], told: str
) -> None:
    text = books(("near", neutrals[0], f"{NEAR}\n{keys[0]}"), ("far", neutrals[1], f"{FAR}\n{keys[1]}"))
    assert told in refusal(tmp_path, text)


def test_a_base_position_names_its_future_and_its_size(tmp_path: Path) -> None:
    text = SMALLEST + '\n[books.btc.scope.base_position]\n"BTC-PERPETUAL" = -100000\n'
    found = loaded(tmp_path, text, overrides=["books.btc.scope.base_position.BTC-27MAR26=50"])
    assert found.engine.books[0].scope.base_position == {"BTC-PERPETUAL": -100_000.0, "BTC-27MAR26": 50.0}
    assert found.values["books.btc.scope.base_position.BTC-PERPETUAL"] == -100_000.0
    assert found.config_hash != loaded(tmp_path).config_hash


def test_a_base_position_of_no_future_is_refused(tmp_path: Path) -> None:
    text = SMALLEST + '\n[books.btc.scope.base_position]\n"gold" = 1\n'
    assert "books.btc.scope.base_position.gold: no such key" in refusal(tmp_path, text)


def test_the_last_day_of_external_delta_may_be_written_as_a_day(tmp_path: Path) -> None:
    keys = 'external_delta_coin = 4.0\nexternal_owner = "treasury"\nexternal_until = 2026-12-31\n'
    (book,) = loaded(tmp_path, SMALLEST + f"\n[books.btc.scope]\n{keys}").engine.books
    assert book.scope.external_until == "2026-12-31"


def test_external_delta_nobody_answers_for_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST + "\n[books.btc.scope]\nexternal_delta_coin = 4.0\n")
    assert "books.btc.scope.external_owner: must be written" in said
