"""Patterns of names: what they stand for, and whether two can stand for the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.globs import matches, overlap

NAMES = st.text(alphabet="AB-", max_size=5)
PATTERNS = st.text(alphabet="AB-*?", max_size=5)


def test_a_star_stands_for_any_characters_and_a_question_mark_for_one() -> None:
    assert matches("BTC-*-C", "BTC-30JAN26-105000-C")
    assert not matches("BTC-*-C", "BTC-30JAN26-105000-P")
    assert matches("BTC-?????26", "BTC-30JAN26")
    assert not matches("BTC-PERPETUAL", "XBTC-PERPETUAL")


def test_characters_that_mean_something_elsewhere_mean_themselves() -> None:
    assert not matches("a.c", "abc")
    assert matches("hand (ana)*", "hand (ana) 7")


def test_patterns_that_exclude_each_other_do_not_overlap() -> None:
    assert not overlap("BTC-*-C", "BTC-*-P")
    assert not overlap("BTC-30JAN26-*", "BTC-27MAR26-*")
    assert overlap("BTC-*", "*-C")
    assert overlap("*", "")


@given(NAMES, PATTERNS, PATTERNS)
def test_a_name_both_stand_for_proves_an_overlap(name: str, first: str, second: str) -> None:
    if matches(first, name) and matches(second, name):
        assert overlap(first, second)


@given(NAMES, PATTERNS)
def test_a_plain_name_overlaps_exactly_what_stands_for_it(name: str, pattern: str) -> None:
    assert overlap(name, pattern) == overlap(pattern, name) == matches(pattern, name)
