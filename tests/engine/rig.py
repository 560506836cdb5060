"""An engine with a scripted venue and a journal that is always durable, for tests that read as sentences.

The rig plays the world: it feeds events and collects effects. It holds no copy of the engine's logic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from hedger.domain.account import Account, Fill, Position
from hedger.domain.instrument import Instrument, InstrumentState, Kind, Payoff, TickStep
from hedger.domain.names import legs_of, parse_name
from hedger.domain.order import OrderIntent, OrderReport, Side
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.vocabulary import BreakerState, Environment, Mode, Neutral
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.decision import Decision
from hedger.engine.engine import Engine
from hedger.engine.ownership.scope import Scope
from hedger.engine.records import Overridden
from hedger.engine.settings import (
    BookSettings,
    DeltaParams,
    EngineSettings,
    SettlementParams,
    Timing,
    VenueTerms,
)
from hedger.execution.params import ExecutionParams
from hedger.policies.schedule import Schedule
from hedger.pricing.scalar import black76_one, years_to
from hedger.risk.envelope import Envelope

VENUE = "deribit"
PERP = "BTC-PERPETUAL"
CALL = "BTC-30JAN26-105000-C"
PUT = "BTC-30JAN26-95000-P"
EVERYTHING = Scope(adopt=("*",), settle_s=0.0)  # a book that counts every trade as its own, and at once
START_MS = 1_767_225_600_000  # 2026-01-01 00:00 UTC
DEPTH_USD = 50_000_000.0  # at the touch: a hedge is one order unless a test shows a thinner market


def perpetual(name: str = PERP, state: InstrumentState = InstrumentState.OPEN) -> Instrument:
    """BTC-PERPETUAL as listed: 10 USD contracts, half-dollar ticks."""
    return Instrument(
        venue=VENUE,
        name=name,
        kind=Kind.PERPETUAL,
        payoff=Payoff.INVERSE,
        base_currency="BTC",
        quote_currency="USD",
        settlement_currency="BTC",
        price_index="btc_usd",
        contract_size=Decimal(10),
        min_trade_amount=Decimal(10),
        tick_size=Decimal("0.5"),
        state=state,
        taker_commission=Decimal("0.00035"),
        maker_commission=Decimal("0.00015"),
        settlement_period="perpetual",
    )


def option(name: str) -> Instrument:
    """A BTC option as listed: settled in the coin, or in the dollar coin its name tells."""
    parsed = parse_name(name)
    settles = parsed.quote or "BTC"
    return Instrument(
        venue=VENUE,
        name=name,
        kind=Kind.OPTION,
        payoff=Payoff.LINEAR if parsed.quote else Payoff.INVERSE,
        base_currency="BTC",
        quote_currency=settles,
        settlement_currency=settles,
        price_index="btc_usdc" if parsed.quote else "btc_usd",
        contract_size=Decimal(1),
        min_trade_amount=Decimal("0.1"),
        tick_size=Decimal("0.0001"),
        tick_steps=(TickStep(above_price=Decimal("0.005"), tick_size=Decimal("0.0005")),),
        expiration_ms=parsed.expiration_ms,
        strike_usd=parsed.strike,
        option_sign=1 if parsed.option_type == "call" else -1,
    )


def future(name: str) -> Instrument:
    """A dated inverse BTC future as listed."""
    return msgspec.structs.replace(
        perpetual(name),
        kind=Kind.FUTURE,
        expiration_ms=parse_name(name).expiration_ms,
        settlement_period="month",
    )


def spread(name: str) -> Instrument:
    """A spread of two inverse BTC futures as listed: no fee of its own, gone with its first leg."""
    return msgspec.structs.replace(
        perpetual(name),
        kind=Kind.FUTURE_COMBO,
        expiration_ms=parse_name(name).expiration_ms,
        settlement_period="month",
        taker_commission=Decimal(0),
        maker_commission=Decimal(0),
    )


def listing(name: str) -> Instrument:
    """What the name stands for, as listed."""
    kind = parse_name(name).kind
    makers = {"option": option, "future": future, "perpetual": perpetual, "future_combo": spread}
    return makers[kind](name)


def settings(
    *,
    mode: Mode = Mode.LIVE,
    neutral: Neutral = Neutral.COIN,
    policy: str = "band",
    envelope: Envelope | None = None,
    execution: ExecutionParams | None = None,
    timing: Timing | None = None,
    delta: DeltaParams | None = None,
    settlement: SettlementParams | None = None,
    scope: Scope | None = None,
    config_hash: str = "c0ffee",
    target: float = 0.0,
    profiles: dict[str, dict[str, float]] | None = None,
    schedule: Schedule | None = None,
    **policy_params: float,
) -> EngineSettings:
    """One venue, one BTC book."""
    book = BookSettings(
        name="btc",
        venue=VENUE,
        underlying="BTC",
        hedge_instrument=PERP,
        neutral=neutral,
        target_delta_coin=target,
        policy=policy,
        policy_params=policy_params,
        delta=delta or DeltaParams(),
        settlement=settlement or SettlementParams(),
        profiles=profiles or {},
        schedule=schedule or Schedule(),
        scope=scope or EVERYTHING,
        envelope=envelope or Envelope(max_order_usd=2_000_000.0),
        execution=execution or ExecutionParams(),
    )
    return EngineSettings(
        mode=mode,
        venues=(VenueTerms(VENUE, Environment.LOCAL),),
        books=(book,),
        # looks that a test did not ask for stay away
        timing=timing or Timing(reconcile_s=1e9, position_confirm_s=1e9),
        config_hash=config_hash,
    )


class Rig:
    """Feeds an engine; `journal_ok=False` leaves writes undurable."""

    def __init__(self, engine_settings: EngineSettings | None = None, **keywords: Any) -> None:
        self.settings = engine_settings or settings(**keywords)
        self.market_ms, self.wire_s = START_MS, 1000.0
        self.engine = Engine(self.settings, self.now)
        self.effects: list[fx.Effect] = []
        self.journal_ok = True
        self.index = 100_000.0
        self.iv = 0.55
        self.basis: dict[str, float] = {}  # of dated futures over the index, fractions
        self.funding_8h: float | None = None
        self.trade_number = 0

    @property
    def now(self) -> ev.Now:
        return ev.Now(self.market_ms, self.wire_s)

    def wait(self, seconds: float) -> None:
        """Let both times pass."""
        self.market_ms += int(seconds * 1000)
        self.wire_s += seconds

    def step(self, *events: ev.Event, after_s: float = 0.01) -> list[fx.Effect]:
        """One step; what it wrote becomes durable in a step of its own."""
        self.wait(after_s)
        made = self.engine.step(self.now, events)
        self.effects.extend(made)
        writes = [effect for effect in made if isinstance(effect, fx.Write)]
        if writes and self.journal_ok:
            made = made + self.step(ev.Durable(sequence=writes[-1].sequence), after_s=0.0)
        return made

    # --- what the venue says -------------------------------------------------------------------------

    def start(
        self,
        positions: dict[str, str] | None = None,
        *,
        equity: str = "10",
        orders: Sequence[Any] = (),
        fills: Sequence[Fill] = (),
        breakers: dict[str, BreakerState] | None = None,
        epoch: int = 1,
        open_orders: Sequence[OrderReport] = (),
        quotes: bool = True,
        overrides: dict[str, Overridden] | None = None,
    ) -> list[fx.Effect]:
        """Link, listings, journal, snapshot and first quotes: everything up to the first decision."""
        held = {CALL: "-10"} if positions is None else positions
        made = self.step(self.listed(*(n for n in held if n != PERP)), self.link_up())
        made += self.step(self.journal(orders, fills, breakers, epoch, overrides))
        made += self.step(self.snapshot(held, equity=equity, open_orders=open_orders))
        if quotes:
            made += self.step(*self.quotes(*held))
        return made

    def listed(self, *options: str) -> ev.InstrumentsListed:
        instruments = (perpetual(), *(listing(name) for name in options))
        return ev.InstrumentsListed(venue=VENUE, instruments=instruments, complete=True)

    def link_up(self, account_id: str = "1") -> ev.LinkUp:
        return ev.LinkUp(venue=VENUE, environment=Environment.LOCAL, account_id=account_id)

    def journal(
        self,
        orders: Sequence[Any] = (),
        fills: Sequence[Fill] = (),
        breakers: dict[str, BreakerState] | None = None,
        epoch: int = 1,
        overrides: dict[str, Overridden] | None = None,
    ) -> ev.JournalLoaded:
        return ev.JournalLoaded(
            venue=VENUE,
            environment=Environment.LOCAL,
            account_id="1",
            epoch=epoch,
            orders=tuple(orders),
            fills=tuple(fills),
            breakers=breakers or {},
            last_fill_ms=max((fill.market_ms for fill in fills), default=0),
            overrides=overrides or {},
        )

    def snapshot(
        self,
        positions: dict[str, str],
        *,
        equity: str = "10",
        open_orders: Sequence[OrderReport] = (),
        fills: Sequence[Fill] = (),
    ) -> ev.SnapshotTaken:
        return ev.SnapshotTaken(
            venue=VENUE,
            server_ms=self.market_ms,
            positions=tuple(Position(VENUE, name, Decimal(size)) for name, size in positions.items()),
            open_orders=tuple(open_orders),
            accounts=(self.account(equity).account,),
            fills=tuple(fills),
        )

    def account(self, equity: str = "10") -> ev.AccountReported:
        amount = Decimal(equity)
        return ev.AccountReported(
            Account(
                venue=VENUE,
                currency="BTC",
                balance=amount,
                equity=amount,
                available_funds=amount,
                initial_margin=Decimal(0),
                maintenance_margin=Decimal(0),
            )
        )

    def position(self, name: str, size: str) -> ev.PositionReported:
        return ev.PositionReported(Position(VENUE, name, Decimal(size)))

    def quotes(self, *options: str) -> list[ev.Event]:
        """Index, perpetual and the options' tickers at the rig's index and volatility."""
        tickers: list[ev.Event] = [self.indexed(), self.perp_quote()]
        return tickers + [self.quote(name) for name in options if name != PERP]

    def quote(self, name: str) -> ev.Quoted:
        """The ticker of an option, a future or a spread at the rig's index."""
        if listing(name).is_spread:
            return self.spread_quote(name)
        return self.option_quote(name) if listing(name).is_option else self.perp_quote(instrument=name)

    def move(self, index: float, *options: str) -> list[fx.Effect]:
        """The market moves: new index, new tickers, one step."""
        self.index = index
        return self.step(*self.quotes(*(options or (CALL,))))

    def indexed(self) -> ev.Indexed:
        return ev.Indexed(IndexPrice(VENUE, "btc_usd", self.index, self.market_ms, self.wire_s))

    def perp_quote(self, **changes: Any) -> ev.Quoted:
        name = changes.get("instrument", PERP)
        mark = self.index * (1.0 + self.basis.get(name, 0.0))
        fields: dict[str, Any] = {
            "venue": VENUE,
            "instrument": PERP,
            "market_ms": self.market_ms,
            "received_wire_s": self.wire_s,
            "state": InstrumentState.OPEN,
            "mark": mark,
            "index_usd": self.index,
            "bid": mark - 0.5,
            "bid_amount": DEPTH_USD,
            "ask": mark + 0.5,
            "ask_amount": DEPTH_USD,
            "min_price": mark * 0.985,
            "max_price": mark * 1.015,
            "funding_8h": self.funding_8h if name == PERP else None,
        }
        return ev.Quoted(Quote(**{**fields, **changes}))

    def leg_quote(self, name: str) -> Quote:
        """What a future is quoted at."""
        return self.perp_quote(instrument=name).quote

    def spread_quote(self, name: str, **changes: Any) -> ev.Quoted:
        """A dollar on either side of the difference of its legs' marks, in ticks."""
        bought, sold = (self.leg_quote(leg).mark for leg, _ in legs_of(name))
        mark = bought - sold
        bid, ask = math.floor((mark - 1.0) * 2.0) / 2.0, math.ceil((mark + 1.0) * 2.0) / 2.0
        shown = {"bid": bid, "ask": ask, "bid_amount": 1e6, "ask_amount": 1e6}
        limits = {"min_price": mark - 1500.0, "max_price": mark + 1500.0}
        fields = {"instrument": name, "funding_8h": None, "mark": mark, **limits, **shown}
        return Rig.perp_quote(self, **{**fields, **changes})

    def option_quote(self, name: str, **changes: Any) -> ev.Quoted:
        listed = option(name)
        assert listed.strike_usd is not None
        assert listed.expiration_ms is not None
        value = black76_one(
            self.index,
            float(listed.strike_usd),
            years_to(listed.expiration_ms, self.market_ms),
            self.iv,
            listed.option_sign,
        )
        fields: dict[str, Any] = {
            "venue": VENUE,
            "instrument": name,
            "market_ms": self.market_ms,
            "received_wire_s": self.wire_s,
            "state": InstrumentState.OPEN,
            "mark": value.price_usd / (self.index if listed.payoff is Payoff.INVERSE else 1.0),
            "index_usd": self.index,
            "underlying_usd": self.index,
            "iv": self.iv,
            "delta": value.delta,
            "gamma": value.gamma_per_usd,
            "vega": value.vega_usd / 100,
            "theta": value.theta_usd_per_year / 365,
        }
        return ev.Quoted(Quote(**{**fields, **changes}))

    def fill_of(
        self, intent: OrderIntent, amount: Decimal | None = None, *, state: str | None = None
    ) -> list[ev.Event]:
        """The venue fills (part of) an order: report, trade, as one notification carries them."""
        filled = intent.amount if amount is None else amount
        word = state or ("filled" if filled == intent.amount else "cancelled")
        price = intent.price or Decimal(str(self.index))
        report = self.report_of(intent, word, filled, average=price if filled else Decimal(0))
        if not filled:
            return [report]
        if len(intent.legs) > 1:
            return [report, *self.legs_told(intent, filled)]
        return [report, ev.Filled(self.trade(intent, filled, price))]

    def legs_told(self, intent: OrderIntent, amount: Decimal | None = None) -> list[ev.Event]:
        """What the venue tells of a spread's trade: each leg, at its mark."""
        told: list[ev.Event] = []
        for name, sign in intent.legs:
            price = Decimal(str(round(self.leg_quote(name).mark, 2)))
            made = self.fill(name, Side.of(sign), amount or intent.amount, price, intent.label)
            leg = msgspec.structs.replace(made, combo_id=intent.instrument, combo_trade_id="1")
            told.append(ev.Filled(leg))
        return told

    def report_of(
        self, intent: OrderIntent, state: str, filled: Decimal = Decimal(0), average: Decimal = Decimal(0)
    ) -> ev.Reported:
        return ev.Reported(
            OrderReport(
                venue=VENUE,
                order_id=f"id-{intent.label}",
                label=intent.label,
                instrument=intent.instrument,
                side=intent.side,
                state=state,
                amount=intent.amount,
                filled_amount=filled,
                average_price=average,
                price=intent.price,
                updated_ms=self.market_ms,
            )
        )

    def trade(self, intent: OrderIntent, amount: Decimal, price: Decimal) -> Fill:
        return self.fill(intent.instrument, intent.side, amount, price, intent.label)

    def fill(self, instrument: str, side: Side, amount: Decimal, price: Decimal, label: str = "") -> Fill:
        self.trade_number += 1
        return Fill(
            venue=VENUE,
            trade_id=str(self.trade_number),
            order_id=f"id-{label}",
            label=label,
            instrument=instrument,
            side=side,
            amount=amount,
            price=price,
            fee=Decimal("0.00000350"),
            fee_currency="BTC",
            market_ms=self.market_ms,
            index_usd=self.index,
        )

    # --- what the engine did -------------------------------------------------------------------------

    @property
    def placed(self) -> list[OrderIntent]:
        return [effect.approved.intent for effect in self.effects if isinstance(effect, fx.Place)]

    def of(self, kind: type) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def notes(self) -> list[str]:
        return [note.name for note in self.of(fx.Note)]

    @property
    def last(self) -> Decision:
        decision = self.engine.view(self.now).books[0].last_decision
        assert decision is not None
        return decision

    @property
    def delta(self) -> float:
        used = self.engine.view(self.now).books[0].delta.used
        assert used is not None
        return used
