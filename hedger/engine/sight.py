"""What a decision sees: exposure, the controlled quantity, the hedge instrument, the policy's inputs."""

from __future__ import annotations

import math
from typing import NamedTuple

from hedger.domain.instrument import Instrument
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.vocabulary import Neutral
from hedger.engine.delta.sources import NO_FIGURES, Figures, figures
from hedger.engine.events import Now
from hedger.engine.ownership import ownership_delta
from hedger.engine.profile import band_scale
from hedger.engine.state import BookState, State
from hedger.policies.inputs import Inputs, Interval
from hedger.portfolio.exposure import Exposure, gamma_of_controlled, gamma_weighted_years


class Sight(NamedTuple):
    """One book at one instant. What is not known is None."""

    exposure: Exposure
    y: float | None  # the controlled quantity without orders in flight, by the source that counts
    in_flight_coin: float
    listed: Instrument | None  # the hedge instrument
    quote: Quote | None  # of the hedge instrument
    index_price: IndexPrice | None
    inputs: Inputs | None  # None while anything the policy needs is not known
    figures: Figures  # every source's opinion on y


_NOTHING_KNOWN = Exposure(
    black=None,
    net_transaction=None,
    with_equity=None,
    hedge_coin=None,
    options_value_coin=None,
    non_option_cash=None,
    equity_coin=None,
    gamma_coin_per_usd=None,
    curvature_coin_per_usd=None,
    theta_usd_per_day=None,
    vega_usd=None,
    iv=None,
    vanna_coin=None,
    index_usd=None,
    identity_gap=None,
    disagreement_coin=None,
    gross_coin=0.0,
    missing=("positions: the venue has not told them yet",),
    stale=(),
    by_model=(),
    oldest_option_s=0.0,
)
"""Before the first snapshot: a book nobody has told us of is not a flat book."""


def look(state: State, book: BookState, now: Now, *, alone: bool = False) -> Sight:
    """The book as of now; cheap, and the same for decisions, plans and the view.

    `alone` looks as if no hedge of ours could trade any more.
    """
    settings, venue = book.settings, state.venues[book.settings.venue]
    name = settings.hedge_instrument
    listed, quote = venue.instruments.get(name), venue.quotes.get(name)
    index = None if listed is None else venue.indices.get(listed.price_index)
    if not (venue.reconciled or venue.pictured):
        return Sight(_NOTHING_KNOWN, None, 0.0, listed, quote, index, None, NO_FIGURES)
    exposure = exposure_of(state, book, now)
    opinions = figures(state, book, exposure, now)
    y = None if opinions.used is None else opinions.used.y - (book.kept_coin - book.smile_coin)
    in_flight = _in_flight_coin(state, book, listed, quote, not alone)
    inputs = _inputs(book, exposure, y, in_flight, listed, quote, now)
    return Sight(exposure, y, in_flight, listed, quote, index, inputs, opinions)


def exposure_of(state: State, book: BookState, now: Now) -> Exposure:
    """The book's exposure, judged by the staleness bounds of the settings."""
    timing = state.settings.timing
    exposure = book.book.exposure(
        now,
        option_stale_s=timing.option_stale_s,
        hedge_stale_s=timing.hedge_stale_s,
        index_stale_s=timing.index_stale_s,
        source=book.settings.delta.source,
    )
    return ownership_delta.completed(book, exposure)


def _in_flight_coin(
    state: State, book: BookState, listed: Instrument | None, quote: Quote | None, hedges: bool
) -> float:
    if state.orders.quiet or quote is None or listed is None:
        return 0.0
    name, hedge = book.settings.venue, book.settings.hedge_instrument
    amount = state.orders.in_flight(name, hedge, book=book.name, hedges=hedges)
    for future in book.by_expiry.futures:  # alike in unit and mark to within the basis
        amount += state.orders.in_flight(name, future, book=book.name, hedges=hedges)
    return listed.amount_to_coin(amount, quote.mark) if amount else 0.0


def _inputs(
    book: BookState,
    exposure: Exposure,
    y: float | None,
    in_flight: float,
    listed: Instrument | None,
    quote: Quote | None,
    now: Now,
) -> Inputs | None:
    gamma = gamma_of_controlled(exposure, book.settings.neutral or Neutral.COIN)
    if y is None or gamma is None or quote is None or listed is None or exposure.index_usd is None:
        return None
    return Inputs(
        now.market_ms / 1000,
        y + in_flight,
        book.settings.target_delta_coin,
        gamma,
        exposure.theta_usd_per_day or 0.0,
        exposure.index_usd,
        exposure.iv or 0.0,
        listed.amount_to_coin(listed.amount_step, quote.mark),
        book.last_hedge_s,
        book.epoch,
        _whole_equity_coin(book, exposure.equity_coin, exposure.index_usd),
        _or_nan(exposure.gamma_coin_per_usd),
        band_scale(book),
        1.0 if book.profile.moment.blackout else 0.0,
        book.profile.moment.centre_ms / 1000,
        _or_nan(exposure.vanna_coin),
        _years(exposure),
    )


def _years(exposure: Exposure) -> float:
    gamma, vega, index_usd = exposure.gamma_coin_per_usd, exposure.vega_usd, exposure.index_usd
    if gamma is None or vega is None or index_usd is None:
        return math.nan
    return gamma_weighted_years(gamma, vega, exposure.iv or 0.0, index_usd)


def _whole_equity_coin(book: BookState, coin: float | None, index_usd: float) -> float:
    """Equity in every currency the book settles in, in coin at the index; NaN where one is not known."""
    if coin is None:
        return math.nan
    dollars = [book.book.account(name) for name in book.book.currencies if name != book.book.underlying]
    return coin + sum(math.nan if each is None else float(each.equity) for each in dollars) / index_usd


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def interval_of(book: BookState, inputs: Inputs | None) -> Interval | None:
    """The policy's no-trade interval now."""
    return None if inputs is None else book.policy.interval(book.params, book.memory, inputs)
