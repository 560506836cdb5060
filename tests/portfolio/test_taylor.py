"""What greeks leave of an interval, against its gross result and what rounding of marks may make."""

from __future__ import annotations

import math

import pytest

from hedger.portfolio.attribution import FutureTerms, Lines, Mark
from hedger.portfolio.taylor import Taylor, rounding_of, taylor
from hedger.portfolio.valuation import OptionTerms

CALL, LINEAR = OptionTerms(1e5, 1, 1.0, True), OptionTerms(1e5, 1, 1.0, False)


def test_a_hedge_does_not_net_the_gross_result_away() -> None:
    option = Lines(delta=1.0, gamma=-0.25, residual=0.125, fees=-9.0, settlement=7.0)
    future = Lines(future_delta=-1.0, future_basis=0.5, future_residual=-0.5, funding=3.0)
    found = taylor({"C": option, "F": future, "": Lines(transfers=5.0, unexplained=1.0)}, 0.25)
    assert found == Taylor(residual=-0.375, gross=1.375 + 2.0, rounding=0.25)
    assert found.share == pytest.approx(0.375 / 3.375)
    assert found.tolerance(0.1) == pytest.approx(0.3375)
    assert found.tolerance(0.01) == 0.25


def test_nothing_leaves_nothing() -> None:
    assert taylor({}, 0.0) == Taylor(0.0, 0.0, 0.0)
    assert taylor({}, 0.0).share == 0.0


def test_rounding_is_half_a_tick_of_every_option_in_what_it_settles_in() -> None:
    at, future = Mark(0, 0.01, 1e5, 0.5), (1e6, FutureTerms(True), Mark(0, 1e5))
    unknown = (4.0, LINEAR, Mark(0, 1.0, math.nan, 0.5))
    assert rounding_of([(-10.0, CALL, at), (4.0, CALL, at), future]) == pytest.approx(14 * 0.00005)
    assert rounding_of([(-10.0, LINEAR, at), unknown]) == pytest.approx(50.0)
