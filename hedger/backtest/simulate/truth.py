"""What must hold on the exchange itself, looked at after every tick."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from hedger.backtest.simulate.plan import HARD_BTC, Plan, has_hard_limit
from hedger.backtest.simulate.process import Process
from hedger.backtest.simulate.spreads import Legs
from hedger.backtest.simulate.tally import Tally, Violation
from hedger.backtest.simulate.underlyings import Underlying
from hedger.backtest.simulate.venue import Venue
from hedger.domain.approval import Approved
from hedger.domain.order import OrderIntent, Purpose
from hedger.domain.time_units import DAY_MS, HOUR_MS
from hedger.domain.vocabulary import Action, Reason
from hedger.engine.decision import Decision
from hedger.engine.settings import BookSettings, SettlementMode
from hedger.execution.labels import parse_label
from hedger.simulator.orders import Trade

BACK_S, BACK_TICKS = 120.0, 10
"""Delta may be beyond the hard limit for this long and so many tickers while nothing blocks the book: two
looks at the venue for what a silent channel never told, and a hedge in clips, each on a ticker of its own."""
BY_A_PERSON = (Reason.FLATTENING, Reason.FLATTEN, Reason.REDUCE_ONLY, Reason.NEUTRALISING, Reason.HOLD)
"""A person wants it so, whatever the delta is."""
FORCED_S = 75.0  # a look at the venue tells of a forced trade whatever the channels left out
SLACK_BTC = 0.02  # tickers tell rounded greeks, some seconds old


class Truth:
    """Delta, turnover, and who trades, as the exchange knows them. Raises Violation."""

    def __init__(self, plan: Plan, venue: Venue, tally: Tally, now_s: Callable[[], float]) -> None:
        self._venue, self._tally, self._now_s = venue, tally, now_s
        self._overtaken: list[tuple[int, int]] = []  # since when (market ms) only this epoch may trade
        self._books = {
            book.name: _Book(one, book, plan.tick_s, venue, tally, now_s) for one, book in plan.books
        }
        self._across = plan.margin == "cross_sm"
        self._orders = self._trades = 0  # of the exchange, looked at
        self._legs = Legs()

    def overtaken(self, epoch: int) -> None:
        """Another run has taken the account; whoever held it may be frozen and not know yet."""
        self._overtaken.append((self._venue.market_ms(), epoch))

    def resumed(self, book: str) -> None:
        """A person has looked and lets a book, or all (""), trade again, whatever happened until now."""
        for name, one in self._books.items():
            if book in ("", name):
                one.resumed()

    def takes_apart(self, book: str) -> bool:
        """Whether the exchange has traded for a book's account, long enough ago to be known of."""
        return self._books[book].taken_apart

    def look(self, process: Process, asked: Mapping[str, Approved], say: Callable[[str], None]) -> None:
        """After a tick; `process` is the daemon that holds the account."""
        for book in self._books.values():
            book.look(process)
        self._one_writer()
        trades = self._venue.exchange.desk.trades
        for trade in self._legs.of(trades[self._trades :]):
            say(
                f"exchange: {trade.label or 'no label'} {trade.direction} {trade.amount} "
                f"{trade.instrument_name} at {trade.price}"
            )
            self._traded(trade, asked)
        self._trades = len(trades)

    def _traded(self, trade: Trade, asked: Mapping[str, Approved]) -> None:
        if trade.provenance.liquidation is not None:
            for book in self._books.values():
                if self._across or book.currency == trade.currency:
                    book.forced(trade.timestamp_ms)
        intent = asked[trade.label].intent if trade.label in asked else None
        if intent is not None and intent.purpose is not Purpose.MANUAL:
            usd = self._books[intent.book].traded(trade, intent)
            self._tally.turnover_usd += usd
            self._tally.fills += 1

    def _one_writer(self) -> None:
        """Nothing that a run sent is executed once another has taken the account from it, alive as it was."""
        orders = self._venue.exchange.desk.orders
        for order in islice(orders.values(), self._orders, None):
            label = parse_label(order.label)
            late = label and [e for at, e in self._overtaken if at < order.creation_ms and label.epoch < e]
            if late:
                told = f"{order.label} was executed after epoch {late[0]} had taken the account"
                raise Violation("one writer", told)
        self._orders = len(orders)


class _Book:
    """One of the books, as the exchange knows it."""

    def __init__(
        self,
        underlying: Underlying,
        settings: BookSettings,
        tick_s: float,
        venue: Venue,
        tally: Tally,
        now_s: Callable[[], float],
    ) -> None:
        self._underlying, self._settings, self._tick_s = underlying, settings, tick_s
        self._venue, self._tally, self._now_s = venue, tally, now_s
        self.currency = underlying.currency
        self._forced_s: float | None = None  # when the exchange traded for us, until a resume
        self._resumed_ms = -1  # market time of the last one
        self._beyond_since_s: float | None = None
        self._looked_s = 0.0
        self._turnover: deque[tuple[int, float]] = deque()  # market ms, USD

    # -- the exchange's own hand --------------------------------------------------------------------

    def forced(self, market_ms: int) -> None:
        """The exchange has traded for the account."""
        if self._forced_s is None and market_ms > self._resumed_ms:
            self._forced_s = self._now_s()

    def resumed(self) -> None:
        """A person lets it trade again, whatever the exchange has done until now."""
        self._forced_s, self._resumed_ms = None, self._venue.market_ms()

    @property
    def taken_apart(self) -> bool:
        return self._forced_s is not None and self._now_s() - self._forced_s > FORCED_S

    # -- delta --------------------------------------------------------------------------------------

    def look(self, process: Process) -> None:
        """Within the hard limit, or coming back, or blocked by name; the time of each is counted."""
        passed_s, self._looked_s = self._now_s() - self._looked_s, self._now_s()
        decision = process.engine.last_decision(self._settings.name) if process.alive else None
        blocked = "process_down" if not process.alive else _blocked(decision)
        self._tally.watched_s += passed_s
        if blocked:
            _add(self._tally.blocked_s, blocked, passed_s)
        coins = self._underlying.coins
        delta_coin = self._venue.net_delta_coin(self._underlying)
        within = abs(delta_coin) <= (HARD_BTC + SLACK_BTC) * coins
        if not has_hard_limit(self._settings) or self._held or within:
            self._beyond_since_s = None
            return
        _add(self._tally.beyond_s, blocked or "not_blocked", passed_s)
        if blocked or self._beyond_since_s is None:
            self._beyond_since_s = self._now_s()
            return
        out_s = self._now_s() - self._beyond_since_s
        if out_s > BACK_S + BACK_TICKS * self._tick_s and decision is not None:
            told = f"the daemon says {decision.action} {decision.reason}: {decision.detail}"
            out = f"{self._settings.name}: delta {delta_coin:+.4f} coin for {out_s:.0f} s"
            raise Violation("hard limit", f"{out}, {told}")

    @property
    def _held(self) -> bool:
        """Whether the hedge of expiring options is held until they are delivered, as their delta runs out."""
        if self._settings.settlement.mode is not SettlementMode.HOLD:
            return False
        return self._venue.settles(after_s=BACK_S)

    # -- turnover -----------------------------------------------------------------------------------

    def traded(self, trade: Trade, intent: OrderIntent) -> float:
        """A hedge of the book; returns its turnover in USD.

        What a linear one made by a better price than it asked for is no part of the budget.
        """
        asked_usd = max(intent.reference_price, float(intent.price or trade.price))
        asked = replace(trade, price=min(trade.price, Decimal(asked_usd)))
        self._turnover.append((trade.timestamp_ms, self._underlying.usd(asked)))
        self._within_budget(trade.timestamp_ms)
        return self._underlying.usd(trade)

    def _within_budget(self, now_ms: int) -> None:
        envelope = self._settings.envelope
        while self._turnover and self._turnover[0][0] <= now_ms - DAY_MS:
            self._turnover.popleft()
        for span_ms, most_usd, word in (
            (HOUR_MS, envelope.max_turnover_hour_usd, "hour"),
            (DAY_MS, envelope.max_turnover_day_usd, "day"),
        ):
            spent = sum(usd for at_ms, usd in self._turnover if at_ms > now_ms - span_ms)
            if spent > most_usd:
                name = self._settings.name
                raise Violation("turnover", f"{name}: {spent:.0f} USD in an {word}, at most {most_usd:.0f}")


def _blocked(decision: Decision | None) -> str:
    """Under which name the book does not trade; empty where it may."""
    if decision is None:
        return "starting"
    stopped = decision.action is Action.BLOCKED or decision.reason in BY_A_PERSON
    return str(decision.reason) if stopped else ""


def _add(sums: dict[str, float], name: str, value: float) -> None:
    sums[name] = sums.get(name, 0.0) + value
