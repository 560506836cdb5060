"""The shadows of a book beside its decisions: when they begin, when they are asked, what is counted.

They are asked whenever the live policy is, and also while only an order of ours in flight keeps that one from
being asked: a shadow's own trades are done at once. What stops the live book (link, lease, breaker, stale
data, a locked platform) stops its shadows. Caps of the envelope, clips and failed orders are the live hedge's
alone: what they cost is part of the comparison.
"""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.instrument import AmountUnit
from hedger.domain.vocabulary import Action, BreakerState, Neutral, Reason
from hedger.engine import gates
from hedger.engine.events import Now
from hedger.engine.shadow.grid import Gains, Picture
from hedger.engine.shadow.ledger import Worth
from hedger.engine.shadow.shadow import Market, Shadow, shifted
from hedger.engine.sight import Sight, look
from hedger.engine.state import BookState, State
from hedger.engine.verdict import Outcome, Verdict
from hedger.policies.inputs import Inputs
from hedger.portfolio.row import Row

_ORDERED = frozenset(
    {
        Reason.FLATTEN,
        Reason.FLATTENING,
        Reason.NEUTRALISE,
        Reason.NEUTRALISING,
        Reason.LAST_RESORT,
        Reason.SETTLEMENT_SLICE,
        Reason.SETTLEMENT_CLOSE,
    }
)
"""No policy's reasons: an operator's orders, and rules that go before every policy."""

_TRADES = (Action.HEDGE, Action.WOULD_HEDGE)


def after(state: State, book: BookState, outcome: Outcome, now: Now, *, shut: bool) -> None:
    """A full look at the book has been decided; `shut`: something other than our own orders stops it."""
    sight, verdict = outcome.sight, outcome.verdict
    seen, market = sight.inputs, _market(state, book, sight.in_flight_coin)
    if seen is None or market is None or not book.warm:
        return
    if _ordered(outcome):
        assert verdict.target is not None
        _count(state, book, now)
        _follow(book, verdict.target, seen, market)
    elif not shut and _asked(state, book, verdict):
        for shadow in book.shadows:
            shadow.apart_coin = sight.figures.apart_coin
        _ask(state, book, seen, market, now)
    else:
        _count(state, book, now)


def again(state: State, book: BookState, seen: Inputs, now: Now) -> None:
    """A calm step: the live policy was asked with `seen` and held; nothing is in flight."""
    market = _market(state, book, 0.0)
    if market is not None:
        _ask(state, book, seen, market, now)


def _market(state: State, book: BookState, in_flight_coin: float) -> Market | None:
    settings = book.settings
    venue, name = state.venues[settings.venue], settings.hedge_instrument
    listed, quote = venue.instruments.get(name), venue.quotes.get(name)
    if listed is None or quote is None:
        return None
    neutral, inverse = settings.neutral or Neutral.COIN, listed.amount_unit is AmountUnit.USD
    return Market(listed, quote, venue.fees, neutral, inverse, in_flight_coin, book.missed)


def _ordered(outcome: Outcome) -> bool:
    """Whether a rule above the policy brings the live hedge to a delta: a slice, or an operator's order."""
    verdict = outcome.verdict
    trades = verdict.reason in _ORDERED and verdict.action in _TRADES
    return verdict.target is not None and (trades or outcome.settling is not None)


def _asked(state: State, book: BookState, verdict: Verdict) -> bool:
    running = gates.breaker_of(state, book) is BreakerState.RUNNING
    return running and verdict.reason not in _ORDERED


def _follow(book: BookState, target_coin: float, seen: Inputs, market: Market) -> None:
    for shadow in book.shadows:
        if shadow.since_ms:
            shadow.go_to(target_coin, seen, market)


def _ask(state: State, book: BookState, seen: Inputs, market: Market, now: Now) -> None:
    for shadow in book.shadows:
        if not shadow.since_ms:
            shadow.begin(seen, now.market_ms)
    _count(state, book, now)
    for shadow in book.shadows:
        shadow.ask(seen, market)


def _count(state: State, book: BookState, now: Now) -> None:
    """Once per slot of a grid, where everything held has a price: what both hedges have come to.

    Before the shadows are asked: the live hedge they may ask for along with the live policy is not there yet.
    """
    due = [shadow for shadow in book.shadows if shadow.minutes.ends_ms <= now.market_ms and shadow.since_ms]
    if not due:
        return
    sight = look(state, book, now)
    market = _market(state, book, 0.0)
    if market is None or sight.inputs is None or gates.data_gap(state, book, sight, now) is not None:
        return
    market = market._replace(in_flight_coin=sight.in_flight_coin)
    for shadow in due:
        shadow.accrue(market, now.market_ms)
        picture = _picture(book, shadow, market, sight, sight.inputs, now)
        if picture is not None:
            shadow.minutes.take(picture)
            shadow.hours.take(picture)


def _picture(
    book: BookState, shadow: Shadow, market: Market, sight: Sight, seen: Inputs, now: Now
) -> Picture | None:
    """None while anything held has no price, or an option is valued by a model."""
    if book.book.sums is None:
        return None
    coin, usd, held = book.book.sums.marked_down, 0.0, []
    for row in book.book.rows():
        hedge = row.instrument.name == market.listed.name
        size = row.size - shadow.live.amount if hedge else row.size
        if not size:
            continue
        if row.quote is None:
            return None
        worth = _worth(row, size, row.quote.mark)
        coin, usd = coin + worth.coin, usd + worth.usd
        held.append((row.instrument.name, size))
    live, own = (each.worth(market.listed, market.quote.mark) for each in (shadow.live, shadow.own))
    levels = _levels(market.neutral, sight, own.coin - live.coin)
    open_live = seen.delta_coin - market.in_flight_coin - seen.target_delta_coin
    gaps = Gains(open_live, shifted(shadow, seen, market).delta_coin - seen.target_delta_coin)
    common = Worth(coin, usd)
    return Picture(now.market_ms, tuple(held), seen.index_usd, levels, common, live, own, gaps)


def _worth(row: Row, size: Decimal, mark: float) -> Worth:
    """Of a position, but for a constant: an inverse future of A USD changes in value as -A/F does."""
    amount = float(size)
    if row.instrument.is_future and row.inverse:
        return Worth(-amount / mark, 0.0)
    return Worth(amount * mark, 0.0) if row.inverse else Worth(0.0, amount * mark)


def _levels(neutral: Neutral, sight: Sight, apart_coin: float) -> Gains | None:
    """What a book neutral in USD holds in coin: its equity; `black` leaves the cash aside (theory 1.4)."""
    if neutral is Neutral.COIN:
        return None
    if neutral is Neutral.BLACK:
        value = sight.exposure.options_value_coin or 0.0
        return Gains(value, value)
    equity = sight.exposure.equity_coin or 0.0
    return Gains(equity, equity + apart_coin)
