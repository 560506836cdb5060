"""One shadow: its policy's memory, its hedge beside the live one, and what both came to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from hedger.domain.instrument import AmountUnit, Instrument
from hedger.domain.order import Side
from hedger.domain.quote import Quote
from hedger.domain.time_units import HOUR_S, MINUTE_S
from hedger.domain.vocabulary import Neutral
from hedger.engine.delta.agreed import agreed_coin
from hedger.engine.shadow.grid import Grid
from hedger.engine.shadow.ledger import Ledger
from hedger.engine.shadow.terms import ShadowSettings
from hedger.execution.costs import FeeKey, Rates, rates_of
from hedger.execution.params import ExecutionParams, Style
from hedger.execution.plan import Planned, Round, plan
from hedger.policies.inputs import Inputs, Interval
from hedger.policies.reasons import ACTS
from hedger.policies.registry import Policy, in_parts, policy_named

_AT_TOUCH = ExecutionParams(style=Style.MARKET)
_ACTS = frozenset(int(reason) for reason in ACTS)  # asked for every ticker: an enumeration's hash is felt


class Market(NamedTuple):
    """What a hedge of the book is made of at one instant, and what of the live inputs is live alone."""

    listed: Instrument
    quote: Quote
    fees: Mapping[FeeKey, Rates]  # the account's own
    neutral: Neutral
    inverse: bool  # of the hedge instrument: amounts in USD
    in_flight_coin: float = 0.0  # live orders in the delta
    missed: int = 0  # births of delta in the epoch that were failures of live orders


@dataclass(slots=True)
class Shadow:
    """Owned by its book; it begins where the live hedge stands when it is asked first."""

    settings: ShadowSettings
    policy: Policy
    params: Any  # the policy's own NamedTuple
    memory: Any
    since_ms: int = 0  # market time; 0: not begun
    last_hedge_s: float = math.nan  # market time of its last trade
    code: int | None = None  # its policy's last reason; None: not asked yet
    delta_coin: float | None = None  # the controlled quantity as it saw it last
    failed: str = ""  # the arithmetic error that ended it; it is never asked again
    apart_coin: tuple[float, ...] = ()  # by how much other sources of delta part from the one that counts
    live: Ledger = field(default_factory=Ledger)
    own: Ledger = field(default_factory=Ledger)
    off: float = 0.0  # its amount less the live one
    off_cash: float = 0.0  # and its cash
    minutes: Grid = field(default_factory=lambda: Grid(MINUTE_S))
    hours: Grid = field(default_factory=lambda: Grid(HOUR_S))

    def begin(self, seen: Inputs, now_ms: int) -> None:
        """From here on: the live hedge is its own."""
        self.since_ms, self.last_hedge_s = now_ms, seen.last_hedge_s
        self.live.accrued_ms = self.own.accrued_ms = now_ms

    def live_filled(
        self, listed: Instrument, side: Side, amount: Decimal, price: Decimal, mark: float, fee: Decimal
    ) -> None:
        """The live hedge traded; `mark` is that of its decision."""
        if self.since_ms:
            self.live.trade(listed, side, amount, price, mark, fee)
            self.hold_apart()

    def ask(self, seen: Inputs, market: Market) -> None:
        """What the live policy was asked with, orders in flight aside; trade where its own policy would.

        A policy that does not hold its word and raises ends its shadow, not the daemon beside it.
        """
        if self.failed:
            return
        try:
            self._ask(seen, market)
        except (ArithmeticError, ValueError) as error:
            self.failed = f"{type(error).__name__}: {error}"

    def _ask(self, seen: Inputs, market: Market) -> None:
        inputs = shifted(self, seen, market)
        memory, target, code = self.policy.decide(self.params, self.memory, inputs)
        self.code, self.delta_coin = code, inputs.delta_coin
        if code not in _ACTS:
            self.memory = memory
            return
        interval = self.policy.interval(self.params, self.memory, inputs)
        rounding = Round(self.policy.rounding(code).value)
        change = target - inputs.delta_coin
        if self.apart_coin:
            apart = self.apart_coin
            change = agreed_coin(self.policy, self.params, self.memory, inputs, apart, change)
        if self._trade(change, inputs, market, rounding, interval):
            self.memory = memory

    def go_to(self, target_coin: float, seen: Inputs, market: Market) -> None:
        """Where something else than a policy brings the live hedge, the shadow's goes, too."""
        inputs = shifted(self, seen, market)
        self.delta_coin = inputs.delta_coin
        self._trade(target_coin - inputs.delta_coin, inputs, market, Round.NEAREST, None)

    def _trade(
        self,
        change_coin: float,
        inputs: Inputs,
        market: Market,
        rounding: Round,
        interval: Interval | None,
    ) -> bool:
        """Whole lots at the touch, if any ends nearer and there is a touch."""
        gap = change_coin if interval is None else inputs.target_delta_coin - inputs.delta_coin
        planned = plan(
            change_coin,
            market.listed,
            market.quote,
            _AT_TOUCH,
            rounding,
            gap_coin=gap if gap * change_coin > 0.0 and abs(gap) >= abs(change_coin) else None,
            room_coin=_room_coin(change_coin, inputs, interval),
        )
        if not isinstance(planned, Planned):
            return False
        touch = market.quote.ask if planned.side is Side.BUY else market.quote.bid
        if touch is None or not touch > 0.0:
            return False
        taker = rates_of(market.listed, market.fees).taker
        fee = taker * _notional(market.listed, planned.amount, touch)
        now_ms = round(inputs.now_s * 1000)
        self.accrue(market, now_ms)
        price, paid = Decimal(repr(touch)), Decimal(repr(fee))
        self.own.trade(market.listed, planned.side, planned.amount, price, market.quote.mark, paid)
        self.last_hedge_s = inputs.now_s
        self.hold_apart()
        return True

    def accrue(self, market: Market, now_ms: int) -> None:
        """Funding of both hedges up to now."""
        for ledger in (self.live, self.own):
            ledger.accrue(market.listed, market.quote.mark, market.quote.funding_8h, now_ms)
        self.hold_apart()

    def hold_apart(self) -> None:
        """Once per trade and minute, so that nobody has to subtract at every ticker."""
        self.off = float(self.own.amount - self.live.amount)
        self.off_cash = self.own.cash - self.live.cash


def made(settings: ShadowSettings) -> Shadow:
    """A shadow that has not begun."""
    policy = in_parts(policy_named(settings.policy), settings.partial)
    params = policy.params_type(**settings.params)
    return Shadow(settings, policy, params, policy.initial_memory)


def shifted(shadow: Shadow, seen: Inputs, market: Market) -> Inputs:
    """The live book's inputs with the shadow's hedge in the place of the live one.

    Beside Q/F the difference moves the equity of an inverse book by what the two have gained apart, and the
    curvature counted in coin by -2 Q / F^2 (theory 1.2, 1.3).
    """
    y = seen.delta_coin - market.in_flight_coin
    gamma, equity = seen.gamma_coin_per_usd, seen.equity_coin
    if shadow.off or shadow.off_cash:
        mark, neutral = market.quote.mark, market.neutral
        if market.inverse:
            coin = shadow.off / mark
            gained = shadow.off_cash - coin
            equity += gained
            y += coin + gained if neutral is Neutral.USD else coin
            gamma -= 2.0 * coin / mark if neutral is Neutral.COIN else 0.0
        else:
            y += shadow.off
    return Inputs(  # `_replace` takes as long as a policy
        *(seen[0], y, seen[2], gamma, *seen[4:8]),
        *(shadow.last_hedge_s, seen.book_epoch - market.missed, equity, *seen[11:]),
    )


def _room_coin(change_coin: float, inputs: Inputs, interval: Interval | None) -> float | None:
    """The way to the far edge of the no-trade interval."""
    if interval is None:
        return None
    far = interval.lower_delta if change_coin < 0 else interval.upper_delta
    return abs(far - inputs.delta_coin) if math.isfinite(far) else None


def _notional(listed: Instrument, amount: Decimal, price: float) -> float:
    """In the settlement currency."""
    return float(amount) / price if listed.amount_unit is AmountUnit.USD else float(amount) * price
