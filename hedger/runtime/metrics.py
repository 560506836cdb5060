"""Prometheus metrics in base units: a picture of the engine taken at each scrape, and latencies observed by
the driver. What is not known has no sample (never NaN, never zero).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from hedger.domain.vocabulary import BreakerState, SmileRule, State
from hedger.engine.views.shadow_view import LedgerView, ShadowView
from hedger.engine.views.view import BookView, StatusView, VenueView
from hedger.engine.views.view_guard import MarginView
from hedger.risk.tiers import Tier
from hedger.runtime.attribution_metrics import attribution_metrics

Sample = tuple[Sequence[str], float | None]

_FAST_S = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 0.1, 0.5, 1.0)
_NETWORK_S = (1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


def smile_residual(book: BookView) -> float | None:
    """A fraction: 0.01 is a vol point. None without a fit."""
    told = [each.residual_points for each in book.smile.expiries if each.residual_points is not None]
    return max(told) / 100 if told else None


_BOOK_GAUGES: tuple[tuple[str, str, Callable[[BookView], float | None]], ...] = (
    ("target_delta_coin", "Where the controlled delta is steered to.", lambda b: b.target),
    ("band_lower_delta_coin", "Lower edge of the no-trade band.", lambda b: b.band.lower),
    ("band_upper_delta_coin", "Upper edge of the no-trade band.", lambda b: b.band.upper),
    ("hard_lower_delta_coin", "Lower hard limit of delta.", lambda b: b.band.hard_lower),
    ("hard_upper_delta_coin", "Upper hard limit of delta.", lambda b: b.band.hard_upper),
    ("band_scale", "What the band is multiplied by: override, soft limit.", lambda b: b.profile.band_scale),
    ("gamma_coin_per_usd", "Change of delta per USD of the index.", lambda b: b.gamma_coin_per_usd),
    ("theta_usd_per_day", "Decay of the book's value per day.", lambda b: b.theta_usd_per_day),
    ("vega_usd", "Value change per point (1 %) of implied volatility.", lambda b: b.vega_usd),
    ("index_usd", "Index price of the underlying.", lambda b: b.index_usd),
    ("equity_coin", "Account equity in the underlying coin.", lambda b: b.equity_coin),
    ("hedge_position_coin", "Hedge position in coin, signed.", lambda b: b.hedge_position.coin),
    ("hedge_position_usd", "Hedge position in USD, signed.", lambda b: b.hedge_position.usd),
    (
        "standing_coin",
        "Part of the hedge that is expected to stand, signed; by_expiry.",
        lambda b: None if b.by_expiry.allocation is None else b.by_expiry.allocation.standing_coin,
    ),
    (
        "by_expiry_saving_usd",
        "What moving it to where it costs less would save over its life, both legs paid.",
        lambda b: None if b.by_expiry.allocation is None else b.by_expiry.allocation.saving_usd,
    ),
    (
        "by_expiry_moved_usd",
        "Traded by both legs of moves in this run.",
        lambda b: b.by_expiry.moved_usd,
    ),
    (
        "basis_coin",
        "Earned in this run where forwards and futures moved apart from the hedge instrument; by_expiry.",
        lambda b: b.by_expiry.basis_coin,
    ),
    ("in_flight_coin", "Hedges sent and not yet known to be done, signed.", lambda b: b.in_flight_coin),
    ("turnover_24h_usd", "Hedge turnover of the last 24 hours of market time.", lambda b: b.turnover_usd_24h),
    ("fees_24h_usd", "Fees paid for hedges in the last 24 hours of market time.", lambda b: b.fees_usd_24h),
    ("hedges_24h", "Hedges of the last 24 hours of market time.", lambda b: float(b.hedges_24h)),
    (
        "shortfall_usd",
        "Implementation shortfall of this run's hedges, fees included; positive: lost.",
        lambda b: b.working.shortfall_usd,
    ),
    (
        "hedges_done",
        "Hedges worked to an end in this run.",
        lambda b: float(b.working.hedges_done),
    ),
    (
        "positions_unexplained",
        "Positions that are not what we know of; the book does not hedge.",
        lambda b: float(sum(each.unexplained != "0" for each in b.differences)),
    ),
    (
        "oldest_quote_age_seconds",
        "Age of the oldest quote of a held instrument.",
        lambda b: oldest_quote_s(b),
    ),
    ("smile_shift_coin", "What the smile's rule adds to Black's delta.", lambda b: b.smile.shift_coin),
    (
        "smile_gate_open",
        "1 while the smile's delta is hedged, 0 while Black's is.",
        lambda b: None if b.smile.rule is SmileRule.OFF else float(b.smile.gate_open),
    ),
    (
        "smile_variance_ratio",
        "Squared hedging errors of the smile's delta over Black's.",
        lambda b: b.smile.variance_ratio,
    ),
    ("smile_residual", "Worst fit of a held expiry, root mean square of volatility.", smile_residual),
    ("inputs_missing", "Inputs awaited before the book may hedge.", lambda b: float(len(b.missing))),
)

_MARGIN_GAUGES: tuple[tuple[str, str, Callable[[MarginView], float | None]], ...] = (
    ("margin_balance", "What margin is held against.", lambda m: m.balance),
    ("margin_initial", "Initial margin.", lambda m: m.initial),
    ("margin_maintenance", "Maintenance margin.", lambda m: m.maintenance),
    ("margin_excess_fraction", "Balance less initial margin, over balance.", lambda m: m.excess_fraction),
    (
        "margin_maintenance_distance",
        "Balance less maintenance margin, over balance.",
        lambda m: m.maintenance_distance,
    ),
    (
        "liquidation_up_fraction",
        "Rise of the index that meets maintenance margin.",
        lambda m: _fraction(m.liquidation_up_pct),
    ),
    (
        "liquidation_down_fraction",
        "Fall of the index that meets maintenance margin.",
        lambda m: _fraction(m.liquidation_down_pct),
    ),
)

_VENUE_GAUGES: tuple[tuple[str, str, Callable[[VenueView], float | None]], ...] = (
    ("venue_connected", "1 while the venue is connected and authenticated.", lambda v: float(v.connected)),
    ("venue_data_age_seconds", "Time since the last market data message.", lambda v: v.data_age_s),
    ("venue_credits", "Credits left in the matching-engine bucket.", lambda v: v.credits),
    ("venue_clock_skew_seconds", "The venue's clock minus ours.", lambda v: _seconds(v.clock_skew_ms)),
    ("venue_round_trip_seconds", "Round trip of the last probe.", lambda v: v.round_trip_s),
    ("lease_left_seconds", "Time until this run's lease on the account ends.", lambda v: v.lease_left_s),
    ("standby", "1 while another run holds the account.", lambda v: float(bool(v.standby_of))),
    ("venue_locked", "1 while the venue has locked trading.", lambda v: float(v.locked)),
)


class Metrics:
    """The registry of one daemon: `render()` answers a scrape, `observe_*` feed the histograms (seconds)."""

    def __init__(self, view: Callable[[], StatusView], unix_s: Callable[[], float]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._registry.register(_ViewCollector(view, unix_s))
        ProcessCollector(registry=self._registry)
        self._decision = self._histogram(
            "tick_to_decision", "From an event's arrival to its decision.", _FAST_S
        )
        self._round_trip = self._histogram(
            "order_round_trip", "From sending an order to its reply.", _NETWORK_S
        )
        self._commit = self._histogram("journal_commit", "Of one commit of the journal.", _NETWORK_S)
        self._durable = self._histogram("journal_durable", "From a record to its being on disk.", _NETWORK_S)
        meaning = "Most events that one step has taken, since the start."
        self._largest_step = Gauge("hedger_largest_step_events", meaning, registry=self._registry)

    def observe_decision(self, seconds: float) -> None:
        self._decision.observe(seconds)

    def observe_largest_step(self, events: int) -> None:
        """A step that took more events than any before it."""
        self._largest_step.set(events)

    def observe_order_round_trip(self, seconds: float) -> None:
        self._round_trip.observe(seconds)

    def observe_journal_commit(self, seconds: float) -> None:
        self._commit.observe(seconds)

    def add(self, collector: Collector) -> None:
        """Ask `collector`, too, at every scrape."""
        self._registry.register(collector)

    def observe_journal_durable(self, seconds: float) -> None:
        self._durable.observe(seconds)

    def render(self) -> bytes:
        """The text exposition, version 0.0.4."""
        return generate_latest(self._registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"hedger_{name}_seconds", meaning, buckets=buckets, registry=self._registry)


class _ViewCollector(Collector):
    def __init__(self, view: Callable[[], StatusView], unix_s: Callable[[], float]) -> None:
        self._view, self._unix_s = view, unix_s

    def collect(self) -> Iterator[Metric]:
        view = self._view()
        yield from _daemon_metrics(view, self._unix_s())
        yield from _counters(view)
        yield from _venue_metrics(view)
        yield from _book_metrics(view)
        yield from attribution_metrics(view)

    def describe(self) -> list[Metric]:
        """Nothing: the picture cannot be taken before the engine runs, and only names would be asked for."""
        return []


def oldest_quote_s(book: BookView) -> float | None:
    """Age of the oldest quote among the book's positions, seconds; None without a quoted position."""
    return max((p.quote_age_s for p in book.positions if p.quote_age_s is not None), default=None)


def _daemon_metrics(view: StatusView, unix_s: float) -> Iterator[Metric]:
    info = [((view.version,), 1.0)]
    config = [((view.config_hash, view.mode.value), 1.0)]
    yield _gauge("build_info", "Version of the running program.", ("version",), info)
    yield _gauge("config_info", "Settings in force, by hash, and the mode.", ("hash", "mode"), config)
    yield _plain("config_refused", "1 while the last reload was refused.", float(bool(view.settings_error)))
    yield _gauge("state", "1 for the daemon's state.", ("state",), _one_hot((), view.state, State))
    switch = _one_hot((), view.breaker, BreakerState)
    yield _gauge("daemon_breaker", "1 for the state of the daemon's breaker.", ("state",), switch)
    yield _plain("uptime_seconds", "Time since the daemon started.", view.uptime_s)
    yield _plain("last_step_timestamp_seconds", "Unix time of the last step.", unix_s - view.last_step_age_s)
    yield _plain("market_timestamp_seconds", "Market time, since the Unix epoch.", view.market_ms / 1000)
    yield _plain("journal_writable", "1 while the journal can be written.", float(view.journal_ok))
    yield _plain("orders_open", "Own orders open at the venues.", float(view.orders.open))
    yield _plain("orders_unknown", "Own orders whose outcome is unknown.", float(view.orders.unknown))
    alarms = [((a.book, a.name, a.severity.value), 1.0) for a in view.alarms]
    yield _gauge("alarm", "1 for every alarm that holds.", ("book", "alarm", "severity"), alarms)
    yield _plain(
        "orders_foreign_open", "Open orders of others on the account.", float(view.orders.foreign_open)
    )


def _counters(view: StatusView) -> Iterator[Metric]:
    counts = view.counters
    decisions = [(key.partition("|")[::2], float(n)) for key, n in sorted(counts.decisions.items())]
    yield _counter("steps", "Steps of the engine.", (), [((), float(counts.steps))])
    yield _counter("events", "Events the engine has seen.", (), [((), float(counts.events))])
    yield _counter("decisions", "Decisions by action and reason.", ("action", "reason"), decisions)
    yield _counter("orders", "Orders by outcome.", ("outcome",), _by_key(counts.orders))
    yield _counter("reconnects", "Connections made anew.", ("venue",), _by_key(counts.reconnects))
    taken = [((v.name,), float(v.takeovers)) for v in view.venues]
    yield _counter("takeovers", "Accounts taken over from another run.", ("venue",), taken)
    yield _counter("bad_data", "Payloads refused.", ("venue",), _by_key(counts.bad_data))
    told = "Differences found between the venue and us: positions, orders, equity."
    yield _counter("mismatches", told, ("venue",), _by_key(counts.mismatches))


def _venue_metrics(view: StatusView) -> Iterator[Metric]:
    for name, meaning, value in _VENUE_GAUGES:
        yield _gauge(name, meaning, ("venue",), [((v.name,), value(v)) for v in view.venues])


def _book_metrics(view: StatusView) -> Iterator[Metric]:
    deltas = [sample for book in view.books for sample in _deltas(book)]
    yield _gauge("net_delta_coin", "Net delta in each convention.", ("book", "convention"), deltas)
    breakers = [sample for book in view.books for sample in _one_hot((book.name,), book.state, BreakerState)]
    yield _gauge("breaker", "1 for the state of the book's breaker.", ("book", "state"), breakers)
    for name, meaning, value in _BOOK_GAUGES:
        yield _gauge(name, meaning, ("book",), [((b.name,), value(b)) for b in view.books])
    blocked = [((b.name, reason), spent_s) for b in view.books for reason, spent_s in b.blocked_s.items()]
    meaning = "Time without permission to trade, by reason."
    yield _counter("blocked_seconds", meaning, ("book", "reason"), blocked)
    yield from _guard_metrics(view)
    yield from _shadow_metrics(view)


def _shadow_metrics(view: StatusView) -> Iterator[Metric]:
    """Of each shadow and, in the same time, of the live hedge beside it; since the shadow began."""
    found = [((book.name, each.name, each.policy), each) for book in view.books for each in book.shadows]
    names = ("book", "shadow", "policy")
    ahead = [(at, shadow.ahead_usd) for at, shadow in found]
    yield _gauge("shadow_ahead_usd", "Gain of the shadow's hedge less that of the live one.", names, ahead)
    delta = [(at, shadow.delta_coin) for at, shadow in found]
    yield _gauge("shadow_delta_coin", "Controlled delta with the shadow's hedge.", names, delta)
    grids = [((*at, str(grid.interval_s)), grid) for at, s in found for grid in (s.minutes, s.hours)]
    per = (*names, "interval_seconds")
    ratios = [(at, grid.variance_ratio) for at, grid in grids]
    yield _gauge("shadow_variance_ratio", "Of hedged P&L per interval, shadow over live.", per, ratios)
    left = [(at, s.minutes.open_coin) for at, s in found]
    yield _gauge("shadow_open_delta_coin", "Root mean square of delta less its target.", names, left)
    counts = [(at, float(grid.intervals)) for at, grid in grids]
    yield _gauge("shadow_intervals", "Intervals the variance ratio is of.", per, counts)
    yield from _hedge_metrics([((*at, kind), hedge) for at, s in found for kind, hedge in _both(s)], names)


def _both(shadow: ShadowView) -> tuple[tuple[str, LedgerView], ...]:
    return ("shadow", shadow.own), ("live", shadow.live)


def _hedge_metrics(
    hedges: Sequence[tuple[Sequence[str], LedgerView]], names: Sequence[str]
) -> Iterator[Metric]:
    per = (*names, "hedge")
    trades = [(at, float(hedge.trades)) for at, hedge in hedges]
    yield _counter("shadow_trades", "Trades of a hedge since the shadow began.", per, trades)
    turnover = [(at, hedge.turnover_usd) for at, hedge in hedges]
    yield _counter("shadow_turnover_usd", "Turnover since the shadow began.", per, turnover)
    cost = [(at, hedge.cost_usd) for at, hedge in hedges]
    yield _gauge("shadow_cost_usd", "Fees and spread paid since the shadow began.", per, cost)


def _guard_metrics(view: StatusView) -> Iterator[Metric]:
    """Caps by the key that sets them, in the key's own unit; margin in the currency of the hedge."""
    caps = [((book.name, cap.name), cap) for book in view.books for cap in book.guard.caps]
    names = ("book", "cap")
    yield _gauge("cap_used", "Used of a cap, in its unit.", names, [(at, cap.used) for at, cap in caps])
    yield _gauge("cap_limit", "The cap, in its unit.", names, [(at, cap.limit) for at, cap in caps])
    tiers = [((*at, tier.value), float(cap.tier is tier)) for at, cap in caps for tier in Tier]
    yield _gauge("cap_tier", "1 for the tier of a cap.", (*names, "tier"), tiers)
    losses = [((b.name, b.guard.loss.unit), b.guard.loss.today) for b in view.books if b.guard.loss]
    yield _gauge("loss_today", "Fall of the equity since 00:00 UTC.", ("book", "unit"), losses)
    latched = [((b.name,), float(bool(b.guard.latch))) for b in view.books]
    yield _gauge("latched", "1 while a sign of a liquidation latches the book.", ("book",), latched)
    held = [(b.name, b.guard.margin) for b in view.books if b.guard.margin is not None]
    for name, meaning, value in _MARGIN_GAUGES:
        samples = [((book, margin.currency), value(margin)) for book, margin in held]
        yield _gauge(name, meaning, ("book", "currency"), samples)


def _deltas(book: BookView) -> list[Sample]:
    delta = book.delta
    return [
        ((book.name, "black"), delta.black),
        ((book.name, "net_transaction"), delta.net_transaction),
        ((book.name, "with_equity"), delta.with_equity),
        ((book.name, "used"), delta.used),
    ]


def _one_hot(
    labels: tuple[str, ...], now: State | BreakerState, states: type[State] | type[BreakerState]
) -> list[Sample]:
    return [((*labels, state.value), float(state is now)) for state in states]


def _by_key(counts: dict[str, int]) -> list[Sample]:
    return [((key,), float(n)) for key, n in sorted(counts.items())]


def _fraction(pct: float | None) -> float | None:
    return None if pct is None else pct / 100


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000


def _plain(name: str, meaning: str, value: float) -> Metric:
    return _gauge(name, meaning, (), [((), value)])


def _gauge(name: str, meaning: str, labels: Sequence[str], samples: Sequence[Sample]) -> Metric:
    return _filled(GaugeMetricFamily(f"hedger_{name}", meaning, labels=labels), samples)


def _counter(name: str, meaning: str, labels: Sequence[str], samples: Sequence[Sample]) -> Metric:
    return _filled(CounterMetricFamily(f"hedger_{name}", meaning, labels=labels), samples)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, samples: Sequence[Sample]) -> Metric:
    for labels, value in samples:
        if value is not None and math.isfinite(value):
            family.add_metric(labels, value)
    return family
