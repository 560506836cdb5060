"""Alive means the loop steps; ready means data arrives and the account is known."""

from __future__ import annotations

import math

import pytest

from hedger.domain.vocabulary import BreakerState, State
from hedger.web.health import health, readiness
from tests.view_fixtures import book, status, venue


def test_a_loop_that_stepped_within_the_bound_is_alive() -> None:
    assert health(0.2, 5.0).ok


@pytest.mark.parametrize("age_s", [5.0, 60.0, math.inf])
def test_a_loop_that_did_not_step_is_not_alive(age_s: float) -> None:
    assert not health(age_s, 5.0).ok


def test_before_the_first_step_the_age_is_unknown_and_not_infinite_because_json_has_no_infinity() -> None:
    assert health(math.inf, 5.0).last_step_age_s is None


def test_a_daemon_with_fresh_data_and_nothing_missing_is_ready() -> None:
    assert readiness(status(), 30.0).ok


def test_a_connected_link_without_data_is_not_ready_because_pings_prove_nothing() -> None:
    answer = readiness(status(venues=(venue(data_age_s=31.0),)), 30.0)
    assert answer.missing == ("deribit: no market data for 31 s (bound 30 s)",)
    assert not answer.ok


def test_a_link_that_never_sent_data_is_not_ready() -> None:
    assert readiness(status(venues=(venue(data_age_s=None),)), 30.0).missing == (
        "deribit: no market data yet",
    )


def test_a_lost_link_is_not_ready() -> None:
    assert readiness(status(venues=(venue(connected=False),)), 30.0).missing == ("deribit: not connected",)


def test_what_the_daemon_and_its_books_await_is_named_once_each() -> None:
    shown = status(missing=("journal",), books=(book(missing=("account of BTC", "account of BTC")),))
    assert readiness(shown, 30.0).missing == ("journal", "btc_main: account of BTC")


@pytest.mark.parametrize("state", [State.CONNECTING, State.RECOVERING, State.WARMING_UP, State.STOPPING])
def test_a_daemon_that_is_not_trading_yet_or_any_more_is_not_ready(state: State) -> None:
    answer = readiness(status(state=state), 30.0)
    assert not answer.ok
    assert answer.missing


def test_a_paused_daemon_is_ready_because_an_operator_wanted_it_so() -> None:
    assert readiness(status(state=State.PAUSED, breaker=BreakerState.PAUSED), 30.0).ok
