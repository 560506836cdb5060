"""One policy over one chain: the engine that trades, in virtual time, one recorded instant after the other.

    run(chain, strategy, book, assumptions) -> Outcome

At an instant the market moves, options expire, the strategy trades, and the engine is stepped until it asks
for nothing more; then time goes on to the next one. What the engine may not see it cannot: an instant is
handed over only when its time has come. Deterministic and picklable, so that many can run side by side.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.chain import Chain, Instant
from hedger.backtest.desk import Desk
from hedger.backtest.ledger import Kind
from hedger.backtest.listings import VENUE
from hedger.backtest.outcome import Outcome, Point, Trade
from hedger.backtest.strategy import Strategy
from hedger.backtest.trader import Trader
from hedger.domain.account import Fill
from hedger.domain.errors import InvariantError
from hedger.domain.vocabulary import Action, Environment, Legs, Mode, Neutral
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.decision import Decision
from hedger.engine.engine import Engine
from hedger.engine.events import Event, Now
from hedger.engine.ownership.scope import Scope
from hedger.engine.settings import BookSettings, EngineSettings, Timing, VenueTerms
from hedger.execution.params import Style
from hedger.portfolio.attribution import Lines

MOST_STEPS = 500  # at one instant; an engine that asks for more is not coming to rest
_NEVER_S = 1e9
# Looks at a venue that loses nothing would be answered with what is known.
_TIMING = Timing(reconcile_s=_NEVER_S, position_confirm_s=_NEVER_S)


def run(
    chain: Chain,
    strategy: Strategy | None,
    book: BookSettings,
    assumptions: Assumptions | None = None,
    name: str = "",
    *,
    hedged: bool = True,
) -> Outcome:
    """Trade the strategy on the chain with this book's policy, envelope and limits.

    Without a strategy only what the chain says was traded is. `hedged`: else the engine only observes, and
    the options are left to themselves.

    Venue, hedge instrument and scope of the book are the backtest's own. Raises ValueError for a policy or
    parameters that do not exist, InvariantError where the engine does not come to rest.
    """
    mode = Mode.PAPER if hedged else Mode.OBSERVE
    one = _Run(chain, strategy, settled_book(book, chain.coin), assumptions or Assumptions(), mode)
    return one.whole(name)


def settled_book(book: BookSettings, coin: str) -> BookSettings:
    """The book as a backtest can run it: everything on the account is its own, and legs come together.

    Raises ValueError for a book whose options are not inverse.
    """
    if book.legs is not Legs.INVERSE:
        raise ValueError(f"legs = {book.legs}: must be inverse, of which there are recorded chains")
    return replace(
        book,
        venue=VENUE,
        underlying=coin,
        hedge_instrument=f"{coin}-PERPETUAL",
        neutral=book.neutral or Neutral.COIN,
        scope=Scope(adopt=("*",), settle_s=0.0),
        execution=replace(book.execution, style=Style.LIMIT_IOC, resting=False, confirm_above_coin=0.0),
    )


class _Run:
    def __init__(
        self,
        chain: Chain,
        strategy: Strategy | None,
        book: BookSettings,
        assumptions: Assumptions,
        mode: Mode,
    ) -> None:
        self._chain, self._book = chain, book
        opening = chain.opening
        self._equity_coin = assumptions.equity_coin if opening is None else float(opening.equity_coin)
        first = chain.instants[0]
        self._start_ms = first.market_ms
        self._now = Now(first.market_ms, 0.0)
        self._desk = Desk(chain.coin, assumptions, first)
        self._trader = Trader(strategy, chain.trades, self._desk)
        settings = EngineSettings(
            mode=mode,
            venues=(VenueTerms(VENUE, Environment.LOCAL, holds_paper=True),),
            books=(book,),
            timing=_TIMING,
        )
        self._engine = Engine(settings, self._now)
        self._steps = self._events = 0
        self._points: list[Point] = []
        self._lines: list[Lines] = []
        self._blocked: Counter[str] = Counter()
        self._found: Decision | None = None

    def whole(self, name: str) -> Outcome:
        """Every instant in its order."""
        self._settle(self._desk.opened(self._chain.opening))
        for instant in self._chain:
            self._at(instant)
        desk = self._desk
        return Outcome(
            name=name or self._book.policy,
            policy=self._book.policy,
            params=dict(self._book.policy_params),
            neutral=str(self._book.neutral),
            equity_coin=self._equity_coin,
            points=tuple(self._points),
            lines=tuple(self._lines),
            hedges=tuple(_hedge(fill) for fill in desk.hedges),
            options=tuple(_option(fill) for fill in desk.trades),
            sums_coin={kind.value: float(desk.holdings.ledger.sum(kind)) for kind in Kind},
            steps=self._steps,
            events=self._events,
            unquoted=desk.holdings.unquoted,
            blocked=dict(sorted(self._blocked.items())),
            postponed=self._trader.postponed,
        )

    # -- one instant ---------------------------------------------------------------------------------

    def _at(self, instant: Instant) -> None:
        self._now = self._later(instant.market_ms)
        events = self._desk.moved(instant, self._now)
        traded = [
            event for order in self._trader.orders(instant) for event in self._desk.trade(order, self._now)
        ]
        self._found = None
        self._settle([*events, *traded, self._desk.account()] if traded else events)
        self._points.append(self._point())
        self._lines.append(self._desk.holdings.attribution.closed())

    def _later(self, market_ms: int) -> Now:
        """Both times go at one pace; steps at an instant take a millisecond each."""
        market_ms = max(market_ms, self._now.market_ms + 1)
        return Now(market_ms, (market_ms - self._start_ms) / 1000.0)

    def _settle(self, events: list[Event]) -> None:
        """Step the engine, and answer it, until it asks for nothing more."""
        for _ in range(MOST_STEPS):
            effects = self._engine.step(self._now, events)
            self._steps, self._events = self._steps + 1, self._events + len(events)
            self._look()
            events = [answer for effect in effects for answer in self._perform(effect)]
            if not events:
                return
            self._now = self._later(self._now.market_ms + 1)
        raise InvariantError(f"{self._now.market_ms} ms: the engine asks for more after {MOST_STEPS} steps")

    def _look(self) -> None:
        """Keep the first decision at this instant that knew the delta: how it was found."""
        if self._found is None:
            decision = self._engine.last_decision(self._book.name)
            if decision is not None and decision.market_ms == self._now.market_ms:
                self._found = decision if decision.delta_coin is not None else None

    def _perform(self, effect: fx.Effect) -> list[Event]:
        match effect:
            case fx.Write():
                return [ev.Durable(sequence=effect.sequence)]
            case fx.LoadJournal():
                return [_empty_journal(effect)]
            case fx.Note():
                return []
            case fx.Exit():
                raise InvariantError(f"the engine stopped: {effect.reason}")
            case _:
                return self._desk.perform(effect, self._now)

    # -- what is kept --------------------------------------------------------------------------------

    def _point(self) -> Point:
        desk, margin = self._desk, self._desk.holdings.margin()
        decision = self._engine.last_decision(self._book.name)
        assert decision is not None
        found = self._found or decision
        if decision.action is Action.BLOCKED:
            self._blocked[decision.reason.value] += 1
        return Point(
            market_ms=desk.market.instant.market_ms,
            index_usd=desk.market.instant.index_usd,
            perpetual_usd=desk.market.instant.perpetual_usd,
            equity_coin=desk.holdings.equity_coin,
            options_coin=desk.holdings.options_coin,
            hedge_usd=float(desk.holdings.ledger.future_usd),
            found_coin=_or_nan(found.delta_coin),
            left_coin=_or_nan(decision.delta_coin),
            lower_coin=_or_nan(found.lower_coin),
            upper_coin=_or_nan(found.upper_coin),
            initial_margin_coin=margin.initial,
            maintenance_margin_coin=margin.maintenance,
            action=decision.action.value,
            reason=decision.reason.value,
        )


def _empty_journal(effect: fx.LoadJournal) -> ev.JournalLoaded:
    return ev.JournalLoaded(
        venue=effect.venue,
        environment=effect.environment,
        account_id=effect.account_id,
        epoch=1,
        orders=(),
        fills=(),
        breakers={},
        last_fill_ms=0,
    )


def _hedge(fill: Fill) -> Trade:
    amount, price, mark = float(fill.signed_amount), float(fill.price), float(fill.mark_price or 0.0)
    slippage = amount * (1.0 / price - 1.0 / mark)
    return Trade(fill.market_ms, fill.instrument, amount, price, mark, float(fill.fee), slippage)


def _option(fill: Fill) -> Trade:
    amount, price, mark = float(fill.signed_amount), float(fill.price), float(fill.mark_price or 0.0)
    return Trade(
        fill.market_ms, fill.instrument, amount, price, mark, float(fill.fee), amount * (mark - price)
    )


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
