"""Labels carry book, run and number, and tell our orders from everyone else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.execution.labels import MAX_LABEL_LENGTH, Label, make_label, parse_label

books = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)
numbers = st.integers(1, 10**12 - 1)


@given(book=books, epoch=numbers, sequence=numbers)
def test_a_label_reads_back_and_fits_the_venue(book: str, epoch: int, sequence: int) -> None:
    label = make_label(book, epoch, sequence)
    assert parse_label(label) == Label(book, epoch, sequence)
    assert len(label) <= MAX_LABEL_LENGTH


@pytest.mark.parametrize(
    ("book", "epoch", "sequence"),
    [
        ("", 1, 1),
        ("Btc", 1, 1),
        ("a-b", 1, 1),
        ("b" * 17, 1, 1),
        ("btc", 0, 1),
        ("btc", 1, 0),
        ("btc", 1, 10**12),
    ],
)
def test_a_label_that_would_not_read_back_is_not_made(book: str, epoch: int, sequence: int) -> None:
    with pytest.raises(ValueError, match="must be made of a book name of 1-16"):
        make_label(book, epoch, sequence)


@pytest.mark.parametrize(
    "label",
    ["", "x1", "h-btc-1", "h-btc-01-1", "h-btc-1-1-1", "H-btc-1-1", "h-btc-1-x", "h-btc-1-1\n", "h-btc-1-١"],
)
def test_other_peoples_labels_are_not_ours(label: str) -> None:
    assert parse_label(label) is None
