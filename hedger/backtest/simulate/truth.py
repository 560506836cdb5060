"""What must hold on the exchange itself, looked at after every tick."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice

from hedger.backtest.simulate.plan import BOOK, HARD_COIN, Plan
from hedger.backtest.simulate.process import Process
from hedger.backtest.simulate.spreads import Legs
from hedger.backtest.simulate.tally import Tally, Violation
from hedger.backtest.simulate.venue import Venue
from hedger.domain.approval import Approved
from hedger.domain.order import Purpose
from hedger.domain.time_units import DAY_MS, HOUR_MS
from hedger.domain.vocabulary import Action, Reason
from hedger.engine.decision import Decision
from hedger.engine.settings import SettlementMode
from hedger.execution.labels import parse_label
from hedger.simulator.orders import Trade

BACK_S, BACK_TICKS = 120.0, 10
"""Delta may be beyond the hard limit for this long and so many tickers while nothing blocks the book: two
looks at the venue for what a silent channel never told, and a hedge in clips, each on a ticker of its own."""
BY_A_PERSON = (Reason.FLATTENING, Reason.FLATTEN, Reason.REDUCE_ONLY, Reason.NEUTRALISING, Reason.HOLD)
"""A person wants it so, whatever the delta is."""
FORCED_S = 75.0  # a look at the venue tells of a forced trade whatever the channels left out
SLACK_COIN = 0.02  # tickers tell rounded greeks, some seconds old


class Truth:
    """Delta, turnover, and who trades, as the exchange knows them. Raises Violation."""

    def __init__(self, plan: Plan, venue: Venue, tally: Tally, now_s: Callable[[], float]) -> None:
        self._plan, self._venue, self._tally, self._now_s = plan, venue, tally, now_s
        self._overtaken: list[tuple[int, int]] = []  # since when (market ms) only this epoch may trade
        self._forced_s: float | None = None  # when the exchange traded for us, until a resume
        self._resumed_ms = -1  # market time of the last one
        self._beyond_since_s: float | None = None
        self._looked_s = 0.0
        self._turnover: deque[tuple[int, float]] = deque()  # market ms, USD
        self._orders = self._trades = 0  # of the exchange, looked at
        self._legs = Legs()

    def overtaken(self, epoch: int) -> None:
        """Another run has taken the account; whoever held it may be frozen and not know yet."""
        self._overtaken.append((self._venue.market_ms(), epoch))

    def resumed(self) -> None:
        """A person has looked and lets it trade again, whatever the exchange has done until now."""
        self._forced_s, self._resumed_ms = None, self._venue.market_ms()

    @property
    def takes_the_account_apart(self) -> bool:
        """Whether the exchange has traded for us, long enough ago to be known of."""
        return self._forced_s is not None and self._now_s() - self._forced_s > FORCED_S

    def look(self, process: Process, asked: Mapping[str, Approved], say: Callable[[str], None]) -> None:
        """After a tick; `process` is the daemon that holds the account."""
        self._delta(process)
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
        forced = trade.provenance.liquidation is not None and trade.timestamp_ms > self._resumed_ms
        if forced and self._forced_s is None:
            self._forced_s = self._now_s()
        if trade.label in asked and asked[trade.label].intent.purpose is not Purpose.MANUAL:
            self._turnover.append((trade.timestamp_ms, float(trade.amount)))
            self._tally.turnover_usd += float(trade.amount)
            self._tally.fills += 1
            self._within_budget(trade.timestamp_ms)

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

    def _delta(self, process: Process) -> None:
        """Within the hard limit, or coming back, or blocked by name; the time of each is counted."""
        passed_s, self._looked_s = self._now_s() - self._looked_s, self._now_s()
        decision = process.engine.last_decision(BOOK) if process.alive else None
        blocked = "process_down" if not process.alive else _blocked(decision)
        self._tally.watched_s += passed_s
        if blocked:
            _add(self._tally.blocked_s, blocked, passed_s)
        delta_coin = self._venue.net_delta_coin()
        if not self._plan.has_hard_limit or self._held or abs(delta_coin) <= HARD_COIN + SLACK_COIN:
            self._beyond_since_s = None
            return
        _add(self._tally.beyond_s, blocked or "not_blocked", passed_s)
        if blocked or self._beyond_since_s is None:
            self._beyond_since_s = self._now_s()
            return
        out_s = self._now_s() - self._beyond_since_s
        if out_s > BACK_S + BACK_TICKS * self._plan.tick_s and decision is not None:
            told = f"the daemon says {decision.action} {decision.reason}: {decision.detail}"
            raise Violation("hard limit", f"delta {delta_coin:+.4f} coin for {out_s:.0f} s, {told}")

    @property
    def _held(self) -> bool:
        """Whether the hedge of expiring options is held until they are delivered, as their delta runs out."""
        if self._plan.settings.books[0].settlement.mode is not SettlementMode.HOLD:
            return False
        return self._venue.settles(after_s=BACK_S)

    def _within_budget(self, now_ms: int) -> None:
        envelope = self._plan.settings.books[0].envelope
        while self._turnover and self._turnover[0][0] <= now_ms - DAY_MS:
            self._turnover.popleft()
        for span_ms, most_usd, word in (
            (HOUR_MS, envelope.max_turnover_hour_usd, "hour"),
            (DAY_MS, envelope.max_turnover_day_usd, "day"),
        ):
            spent = sum(usd for at_ms, usd in self._turnover if at_ms > now_ms - span_ms)
            if spent > most_usd:
                raise Violation("turnover", f"{spent:.0f} USD in an {word}, at most {most_usd:.0f}")


def _blocked(decision: Decision | None) -> str:
    """Under which name the book does not trade; empty where it may."""
    if decision is None:
        return "starting"
    stopped = decision.action is Action.BLOCKED or decision.reason in BY_A_PERSON
    return str(decision.reason) if stopped else ""


def _add(sums: dict[str, float], name: str, value: float) -> None:
    sums[name] = sums.get(name, 0.0) + value
