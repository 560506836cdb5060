"""Identifiers are plain or refused; what is only shown is made plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.errors import BadDataError
from hedger.venues.deribit.texts import MOST_SHOWN_CHARACTERS, identifier, shown

BAD = ["", "a\x00b", "a\nb", "\x1b[2J", "\u202eabc", "BTC-PERPETUAL\u200b", "ВTC-PERPETUAL", "x" * 129]


@pytest.mark.parametrize("text", BAD)
def test_an_identifier_that_is_not_plain_is_refused(text: str) -> None:
    with pytest.raises(BadDataError, match="order_id"):
        identifier("order", "order_id", text)


@pytest.mark.parametrize("text", ["BTC-PERPETUAL", "USDC-431 / x", "ETH_BTC-123", "x" * 128])
def test_a_plain_identifier_stays_as_it_is(text: str) -> None:
    assert identifier("order", "order_id", text) == text


@given(st.text(max_size=400))
def test_what_is_shown_is_printable_and_no_longer_than_anybody_reads(text: str) -> None:
    plain = shown(text)
    assert plain.isprintable()
    assert len(plain) == min(len(text), MOST_SHOWN_CHARACTERS)
    assert shown(plain) == plain


def test_words_in_any_script_are_shown_and_what_moves_a_cursor_is_not() -> None:
    assert shown("за́втра 明日 hand-1") == "за́втра 明日 hand-1"
    assert shown("\x1b[2Jh\x00i\u202e") == "?[2Jh?i?"
