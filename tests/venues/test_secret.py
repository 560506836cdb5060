"""A secret shows stars however it is printed."""

from __future__ import annotations

import pickle

import pytest

from hedger.venues.secret import Secret


def test_no_way_of_printing_shows_the_text() -> None:
    secret = Secret("hush")
    assert "hush" not in f"{secret} {secret!r} {secret!s} {secret:>10} {[secret]}"
    assert secret.reveal() == "hush"


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret("x")


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("hush"))
