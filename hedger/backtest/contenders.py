"""The policies that are held against each other when nobody names others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from hedger.backtest.assumptions import Assumptions
from hedger.domain.time_units import HOUR_S
from hedger.engine.settings import BookSettings
from hedger.policies.asked import asked
from hedger.policies.partial import PartialParams
from hedger.policies.registry import policy_named
from hedger.risk.envelope import Envelope

NEVER = 1e6  # coin: a band that no book leaves


class Contender(NamedTuple):
    """A policy with its parameters, and the name it has in a table."""

    name: str
    policy: str
    params: Mapping[str, float | str]
    parts: PartialParams = PartialParams()
    hedged: bool = True


UNHEDGED = Contender("none", "band", {"lower": -NEVER, "upper": NEVER}, hedged=False)
"""The same engine, observing in a band that no book leaves."""


def default_contenders(assumptions: Assumptions, target_delta_coin: float = 0.0) -> tuple[Contender, ...]:
    """Clock, theta-offset, bands and utility bands; what hedging costs them is what is assumed. A band in
    coin lies around the book's target."""
    target = target_delta_coin
    cost = {"cost_bps": (assumptions.taker_fee + assumptions.half_spread) * 1e4}
    six_hours = {"window_s": 6.0 * HOUR_S}
    return (
        UNHEDGED,
        Contender("time 6 h", "time", six_hours),
        Contender("time 24 h", "time", {"window_s": 24.0 * HOUR_S}),
        Contender("leland 6 h", "leland", {**six_hours, **cost}),
        Contender("theta_offset 6 h", "theta_offset", six_hours),
        Contender("band 0.2 coin", "band", {"lower": target - 0.2, "upper": target + 0.2}),
        Contender("band 1 sigma", "band", {"unit": "sigma"}),
        Contender("band 1 sigma, centre", "band", {"unit": "sigma", "to_centre": 1}),
        Contender("whalley_wilmott", "whalley_wilmott", cost),
        Contender("zakamouline", "zakamouline", cost),
    )


def parse_contender(text: str) -> Contender:
    """As `policies.asked` reads it, named by the text itself. ValueError for anything else.

    Whether the policy has these keys is for `book_of` to say.
    """
    found = asked(text)
    return Contender(text, found.policy, found.params, found.partial())


_WIDE = Envelope(
    max_order_usd=100e6,
    max_order_coin=1_000.0,
    max_hedge_position_coin=10_000.0,
    max_turnover_hour_usd=1e9,
    max_turnover_day_usd=1e10,
)


def default_book(coin: str) -> BookSettings:
    """The book of a backtest without a configuration: coin-neutral, limits that never bind."""
    return BookSettings(
        name="backtest",
        venue="deribit",
        underlying=coin,
        hedge_instrument=f"{coin}-PERPETUAL",
        envelope=_WIDE,
    )


def book_of(contender: Contender, book: BookSettings) -> BookSettings:
    """The same book under this contender's policy. Blackouts and announced events are the book's, whatever
    its policy; profiles are of the policy as it is set, and of no other.

    Raises ValueError for a policy or parameters that do not exist.
    """
    policy = policy_named(contender.policy)
    policy.params(contender.params, book.target_delta_coin)
    numbers = policy.numbers(contender.params)
    own = (contender.policy, numbers) == (book.policy, book.policy_params)
    return replace(
        book,
        policy=contender.policy,
        policy_params=numbers,
        partial=contender.parts,
        profiles=book.profiles if own else {},
        schedule=book.schedule if own else replace(book.schedule, profiles=()),
    )
