"""Greeks by expiry and by strategy tag add up to the book, in every convention."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hedger.portfolio.book import Book
from hedger.portfolio.breakdown import PERPETUAL, by_expiry, by_tag, whole
from tests.portfolio import market

LATER = "BTC-25DEC26-120000-C"


def book() -> Book:
    made = Book("BTC", market.VENUE, ("BTC",))
    later = market.option(LATER, 120_000, expiration_ms=market.EXPIRY_MS + 65 * market.DAY_MS)
    for listed in (market.option(), market.option(market.PUT, sign=-1), later):
        made.set_instrument(listed)
        made.set_quote(market.option_quote(listed))
        made.set_position(listed.name, Decimal(-10))
    made.set_instrument(market.perpetual())
    made.set_quote(market.future_quote())
    made.set_position(market.PERPETUAL, Decimal(100_000))
    made.set_index(market.index())
    return made


def test_expiries_come_nearest_first_and_add_up_to_the_book() -> None:
    made = book()
    cuts = by_expiry(made.rows())
    assert [cut.name for cut in cuts] == ["2026-10-21", "2026-12-25", PERPETUAL]
    whole = made.exposure(market.At(), **market.STALENESS)
    for field, total in (("black", whole.black), ("net_transaction", whole.net_transaction)):
        assert sum(getattr(cut, field) for cut in cuts) == pytest.approx(total)
    assert sum(cut.gamma_coin_per_usd or 0.0 for cut in cuts) == pytest.approx(whole.gamma_coin_per_usd)
    assert cuts[0].positions == 2
    assert cuts[0].model == pytest.approx(cuts[0].black)  # the fixture's deltas are the model's


def test_tags_share_a_position_and_the_rest_has_none() -> None:
    made = book()
    tags = {market.CALL: {"strangle": Decimal(-4)}, market.PUT: {"strangle": Decimal(-10)}}
    cuts = {cut.name: cut for cut in by_tag(made.rows(), tags)}
    assert set(cuts) == {"", "strangle"}
    assert cuts["strangle"].black == pytest.approx(0.4 * -4.088186315 + 5.911813685)
    options = made.exposure(market.At(), **market.STALENESS)
    assert options.black is not None
    assert sum(cut.black or 0.0 for cut in cuts.values()) == pytest.approx(options.black - 1.0)


def test_what_cannot_be_valued_makes_its_cut_unknown_and_leaves_the_others() -> None:
    made = book()
    made.set_instrument(
        market.option("BTC-25DEC26-90000-P", 90_000, -1, expiration_ms=market.EXPIRY_MS + 65 * market.DAY_MS)
    )
    made.set_position("BTC-25DEC26-90000-P", Decimal(-1))
    near, far, _ = by_expiry(made.rows())
    assert far.black is None
    assert near.black is not None


def test_the_whole_is_the_sum_of_its_cuts() -> None:
    made = book()
    told = whole("BTC", made.rows())
    assert told.positions == 4
    assert told.black == pytest.approx(sum(cut.black or 0.0 for cut in by_expiry(made.rows())))
