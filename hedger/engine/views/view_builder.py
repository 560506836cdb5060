"""Builds the frozen picture of the engine: read only, on demand."""

from __future__ import annotations

import math

from hedger import __version__
from hedger.domain.instrument import plain
from hedger.domain.order import TERMINAL, Order, OrderState
from hedger.domain.vocabulary import BreakerState, Phase, Reason, stricter
from hedger.domain.vocabulary import State as StateWord
from hedger.engine import alarms, gates, holdings, profile
from hedger.engine.by_expiry import spreads
from hedger.engine.delta import ladder
from hedger.engine.describe import known
from hedger.engine.events import Now
from hedger.engine.ownership import tags
from hedger.engine.sight import Sight, interval_of, look
from hedger.engine.state import BookState, State, VenueState
from hedger.engine.views import ownership_view
from hedger.engine.views.attribution_view import attribution_views
from hedger.engine.views.by_expiry_view import by_expiry_view
from hedger.engine.views.difference_view import differences
from hedger.engine.views.guard_view import guard_view
from hedger.engine.views.shadow_figures import shadow_views
from hedger.engine.views.smile_view import smile_view
from hedger.engine.views.view import (
    BandView,
    BookView,
    CountersView,
    DeltaView,
    EditView,
    ExpiringView,
    HedgePositionView,
    OrdersView,
    OrderView,
    PositionView,
    StatusView,
    TickerView,
    VenueView,
)
from hedger.engine.views.working_view import working_view
from hedger.portfolio.breakdown import Cut, by_expiry, whole
from hedger.portfolio.exposure import Source
from hedger.portfolio.scenario import expiring

RECENT_ORDERS = 50
EXPIRING_H = 24.0


def build_view(state: State, now: Now) -> StatusView:
    """Everything status, page and metrics show."""
    books = tuple(_book(state, book, now) for book in state.books.values())
    return StatusView(
        version=__version__,
        mode=state.settings.mode,
        state=state_word(state),
        breaker=state.breaker,
        config_hash=state.settings.config_hash,
        settings_error=state.settings_error,
        market_ms=now.market_ms,
        uptime_s=now.wire_s - state.started.wire_s,
        last_step_age_s=now.wire_s - (state.last_step or state.started).wire_s,
        epoch=max((venue.epoch for venue in state.venues.values()), default=0),
        journal_ok=not state.journal_closed,
        venues=tuple(_venue(venue, now) for venue in state.venues.values()),
        books=books,
        orders=_orders(state),
        counters=_counters(state),
        missing=tuple(f"{book.name}: {item}" for book in books for item in book.missing),
        underlyings=_underlyings(state),
        alarms=alarms.views(state),
        edits=tuple(
            EditView(key=edit.key, value=edit.value, since_ms=edit.since_ms, by=edit.by)
            for edit in state.settings.edits
        ),
        attribution=attribution_views(state, now),
    )


def _underlyings(state: State) -> tuple[Cut, ...]:
    names = dict.fromkeys(book.settings.underlying for book in state.books.values())
    return tuple(
        whole(
            name,
            (
                row
                for book in state.books.values()
                if book.settings.underlying == name
                for row in book.book.rows()
            ),
        )
        for name in names
    )


def state_word(state: State) -> StateWord:
    """The phase until every book trades, then the strictest breaker."""
    if state.stopping:
        return StateWord.STOPPING
    phases = [venue.phase for venue in state.venues.values()]
    for phase in (Phase.CONNECTING, Phase.STANDBY, Phase.RECOVERING):
        if phase in phases:
            return StateWord(phase.value)
    breaker = state.breaker
    for book in state.books.values():
        breaker = stricter(breaker, book.breaker)
    if breaker is BreakerState.RUNNING and not all(book.warm for book in state.books.values()):
        return StateWord.WARMING_UP
    return StateWord(breaker.value)


def _venue(venue: VenueState, now: Now) -> VenueView:
    age = None if venue.last_data_wire_s is None else max(0.0, now.wire_s - venue.last_data_wire_s)
    return VenueView(
        name=venue.name,
        environment=venue.environment,
        connected=venue.connected,
        data_age_s=age,
        credits=venue.credits,
        account_id=venue.account_id,
        clock_skew_ms=venue.clock_skew_ms,
        round_trip_s=venue.round_trip_s,
        reconnects=venue.reconnects,
        locked=bool(venue.locked),
        standby_of=venue.lease_holder if venue.standby else "",
        lease_left_s=_lease_left_s(venue, now),
        takeovers=venue.takeovers,
    )


def _lease_left_s(venue: VenueState, now: Now) -> float | None:
    kept = venue.epoch and math.isfinite(venue.lease_until_wire_s)
    return max(0.0, venue.lease_until_wire_s - now.wire_s) if kept else None


def _book(state: State, book: BookState, now: Now) -> BookView:
    sight = look(state, book, now)
    exposure = sight.exposure
    gate = gates.daemon_gate(state, book, sight, now)
    gap = gates.data_gap(state, book, sight, now)
    waits = gate is not None and gate.reason not in (Reason.PAUSED, Reason.HALTED)  # a breaker was wanted so
    missing = (*([gate.detail] if gate and waits else []), *exposure.missing, *exposure.stale)
    if not missing and gap is not None:
        missing = (gap.detail,)
    return BookView(
        name=book.name,
        venue=book.settings.venue,
        underlying=book.settings.underlying,
        hedge_instrument=book.settings.hedge_instrument,
        neutral=book.settings.neutral,
        policy=book.settings.policy,
        state=gates.breaker_of(state, book),
        delta=_delta(book, sight),
        target=book.settings.target_delta_coin,
        band=_band(book, sight),
        index_usd=exposure.index_usd,
        equity_coin=exposure.equity_coin,
        options_value_coin=exposure.options_value_coin,
        gamma_coin_per_usd=exposure.gamma_coin_per_usd,
        theta_usd_per_day=exposure.theta_usd_per_day,
        vega_usd=exposure.vega_usd,
        hedge_position=_hedge_position(state, book, sight),
        in_flight_coin=sight.in_flight_coin,
        turnover_usd_24h=book.counters.turnover_day_usd(now),
        fees_usd_24h=book.counters.fees_day_usd(now),
        hedges_24h=book.counters.hedges_day(now),
        positions=_positions(state, book, now),
        last_decision=book.last_decision,
        last_hedge=book.last_hedge,
        missing=missing,
        guard=guard_view(state, book, sight),
        expiries=by_expiry(book.book.rows()),
        expiring=_expiring(book, now),
        ownership=ownership_view.view(state, book, exposure.index_usd, now),
        moved=None if exposure.net_transaction is None else book.moved.told(exposure.net_transaction),
        working=working_view(state, book, sight, now),
        profile=profile.view(book),
        tags=tags.cuts(state, book),
        by_expiry=by_expiry_view(book, spreads.told(state, book, now)),
        differences=differences(state, book),
        shadows=shadow_views(state, book),
        smile=smile_view(book, now),
        ticker=_ticker(state, book, now),
        blocked_s={reason.value: seconds for reason, seconds in sorted(book.blocked_s.items())},
    )


def _delta(book: BookState, sight: Sight) -> DeltaView:
    exposure, used = sight.exposure, sight.figures.used
    opinions = {} if used is None else {each.source: each.y for each in (used, *sight.figures.others)}
    return DeltaView(
        black=exposure.black,
        net_transaction=exposure.net_transaction,
        with_equity=exposure.with_equity,
        used=sight.y,
        source="" if used is None else used.source.value,
        model=opinions.get(Source.MODEL),
        account=opinions.get(Source.ACCOUNT),
        kept_coin=book.kept_coin,
        rung=ladder.rung_of(exposure, book.settings.delta),
    )


def _expiring(book: BookState, now: Now) -> tuple[ExpiringView, ...]:
    found = expiring(book.book.rows(), now.market_ms, EXPIRING_H)
    return tuple(ExpiringView(*each) for each in found)


def _band(book: BookState, sight: Sight) -> BandView:
    interval = interval_of(book, sight.inputs)
    if interval is None:
        return BandView(None, None, None, None, None, None)
    return BandView(
        lower=known(interval.lower_delta),
        upper=known(interval.upper_delta),
        hard_lower=known(interval.hard_lower),
        hard_upper=known(interval.hard_upper),
        lower_index_usd=known(interval.lower_index_usd),
        upper_index_usd=known(interval.upper_index_usd),
    )


def _hedge_position(state: State, book: BookState, sight: Sight) -> HedgePositionView:
    quotes = state.venues[book.settings.venue].quotes
    if holdings.hedge_listing(state, book) is None or book.settings.hedge_instrument not in quotes:
        return HedgePositionView(coin=None, usd=None)
    usd = 0.0
    for row in book.book.rows():  # an earlier hedge instrument counts like the present one
        if row.size and row.instrument.is_future:
            told = quotes.get(row.instrument.name)
            usd += math.nan if told is None else row.instrument.amount_to_usd(row.size, told.mark)
    return HedgePositionView(coin=sight.exposure.hedge_coin, usd=known(usd))


def _ticker(state: State, book: BookState, now: Now) -> TickerView | None:
    quote = state.venues[book.settings.venue].quotes.get(book.settings.hedge_instrument)
    if quote is None:
        return None
    return TickerView(
        bid=quote.bid,
        bid_amount=None if quote.bid is None else quote.bid_amount,
        ask=quote.ask,
        ask_amount=None if quote.ask is None else quote.ask_amount,
        mark=quote.mark,
        funding_8h=quote.funding_8h,
        age_s=max(0.0, now.wire_s - quote.received_wire_s),
    )


def _positions(state: State, book: BookState, now: Now) -> tuple[PositionView, ...]:
    rows = []
    for row in book.book.rows():
        if not row.size:
            continue
        quote = row.quote
        rows.append(
            PositionView(
                instrument=row.instrument.name,
                kind=row.instrument.kind.value,
                size=str(plain(row.size)),
                unit=row.instrument.amount_unit.value,
                mark=None if quote is None else quote.mark,
                bid=None if quote is None else quote.bid,
                ask=None if quote is None else quote.ask,
                iv=None if quote is None else quote.iv,
                forward_usd=None if quote is None else quote.underlying_usd,
                delta_coin=row.delta_coin,
                net_transaction_delta_coin=row.net_transaction_delta_coin,
                gamma_coin_per_usd=row.gamma_coin_per_usd,
                theta_usd_per_day=row.theta_usd_per_day,
                vega_usd=row.vega_usd,
                quote_age_s=None if quote is None else max(0.0, now.wire_s - quote.received_wire_s),
                missing=book.bad.get(row.instrument.name, row.missing),
            )
        )
    return tuple(rows)


def _orders(state: State) -> OrdersView:
    live = list(state.orders.live())
    unknown = sum(order.state is OrderState.UNKNOWN for order in live)
    foreign = sum(len(venue.foreign_open) for venue in state.venues.values())
    recent = tuple(_order(order) for order in state.orders.recent(RECENT_ORDERS))
    return OrdersView(open=len(live) - unknown, unknown=unknown, foreign_open=foreign, recent=recent)


def _order(order: Order) -> OrderView:
    intent = order.intent
    price = intent.price if order.price is None else order.price
    return OrderView(
        label=intent.label,
        instrument=intent.instrument,
        side=intent.side.value,
        amount=str(plain(order.amount)),
        filled=str(plain(order.filled_amount)),
        price="market" if price is None else str(price),
        average_price=str(order.average_price) if order.filled_amount else "",
        state=order.state.value,
        detail=order.detail,
        created_ms=intent.created_ms,
        purpose=intent.purpose.value,
    )


def _counters(state: State) -> CountersView:
    outcomes = {word: state.outcomes[word] for word in ("placed", "amended")}
    outcomes.update({word.value: state.outcomes[word.value] for word in OrderState if word in TERMINAL})
    return CountersView(
        steps=state.steps,
        events=state.events,
        decisions={f"{action}|{reason}": n for (action, reason), n in sorted(state.decisions.items())},
        orders=outcomes,
        reconnects={venue.name: venue.reconnects for venue in state.venues.values()},
        bad_data={name: state.bad_data[name] for name in state.venues},
        mismatches={venue.name: venue.differences.mismatches for venue in state.venues.values()},
    )
