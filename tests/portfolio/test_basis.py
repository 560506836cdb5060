"""The basis has a line of its own: what forwards and hedge do apart (theory 1.6)."""

from __future__ import annotations

import csv
import gzip
import math
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.portfolio.basis import BasisLine, Bucket, basis_residual_coin
from hedger.portfolio.book import Book
from tests.portfolio import market
from tests.shared_data import shared_data

PRICE = st.floats(1e3, 1e6)


def test_forward_and_hedge_that_move_alike_leave_nothing() -> None:
    assert basis_residual_coin([Bucket(-3.0, 101_000.0, 102_010.0, 100_000.0, 101_000.0)]) == pytest.approx(
        0.0, abs=1e-12
    )


def test_a_short_bucket_gains_where_its_forward_falls_behind_the_hedge() -> None:
    told = basis_residual_coin([Bucket(-3.0, 101_000.0, 101_000.0, 100_000.0, 101_000.0)])
    assert told == pytest.approx(3.0 * math.log(1.01))


@given(st.lists(st.tuples(st.floats(-50, 50), PRICE, PRICE, PRICE), max_size=5), PRICE, PRICE)
def test_it_is_what_separate_moves_earn_beyond_one_move_of_the_hedge(
    told: list[tuple[float, float, float, float]], hedge: float, hedge_then: float
) -> None:
    buckets = [Bucket(net, now, then, hedge, hedge_then) for net, now, then, _ in told]
    apart = sum(net * math.log(then / now) for net, now, then, _ in told)
    together = sum(net for net, *_ in told) * math.log(hedge_then / hedge)
    assert basis_residual_coin(buckets) == pytest.approx(apart - together, abs=1e-9)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_a_price_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="must be finite and above 0"):
        basis_residual_coin([Bucket(1.0, 1e5, bad, 1e5, 1e5)])


def _marks(currency: str) -> dict[str, dict[str, float]]:
    """Recorded marks of dated futures: time -> instrument -> USD."""
    path = shared_data("deribit_options", "svcj_term_futures_marks.csv.gz")
    found: dict[str, dict[str, float]] = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["currency"] == currency and row["term_mark_price_final"]:
                found[row["timestamp"]][row["futures_instrument_name"]] = float(row["term_mark_price_final"])
    return found


def test_over_three_and_a_half_recorded_months_the_line_adds_up_to_the_change_of_the_basis() -> None:
    """One coin of June against September, every six hours: the lines telescope to what the basis did."""
    marks = [
        (at["BTC-26JUN26"], at["BTC-25SEP26"])
        for _, at in sorted(_marks("BTC").items())
        if {"BTC-26JUN26", "BTC-25SEP26"} <= at.keys()
    ]
    assert len(marks) > 300
    lines = [
        basis_residual_coin([Bucket(1.0, june, june_then, september, september_then)])
        for (june, september), (june_then, september_then) in pairwise(marks)
    ]
    first, last = marks[0], marks[-1]
    assert math.fsum(lines) == pytest.approx(
        math.log(last[0] / first[0]) - math.log(last[1] / first[1]), abs=1e-12
    )
    # it is small beside the moves it is the remainder of, and not nothing
    moves = [math.log(then / now) for (now, _), (then, _) in pairwise(marks)]
    ratio = math.sqrt(sum(line**2 for line in lines) / sum(move**2 for move in moves))
    assert 0.001 < ratio < 0.2


@pytest.mark.parametrize("hedged", [False, True])
def test_a_book_is_followed_from_look_to_look_and_its_own_future_takes_the_line_away(hedged: bool) -> None:
    """The forward gains one per cent on the perpetual: a short book loses that on its delta, unless it is
    hedged in the future of that expiry, whose delta is the opposite and moves alike."""
    made, future, line = Book("BTC", market.VENUE, ("BTC",)), market.future(), BasisLine()
    made.set_index(market.index())
    for listed in (market.option(), future):
        made.set_instrument(listed)
    made.set_position(market.CALL, Decimal(-10))
    nets = []
    for forward in (100_000.0, 101_000.0):
        quote = market.option_quote(market.option(), forward, index_usd=100_000.0)
        made.set_quote(quote)
        made.set_quote(market.future_quote(instrument=future.name, mark=forward, index_usd=100_000.0))
        nets.append(made.exposure(market.At(), **market.STALENESS).net_transaction or 0.0)
        if hedged and not nets[1:]:
            made.set_position(future.name, Decimal(round(-nets[0] * forward)))
        line.look(made.rows(), market.NOW_MS, 100_000.0)
    assert nets[0] < -3.0
    assert line.coin == pytest.approx(0.0 if hedged else nets[0] * math.log(1.01), abs=1e-6)
