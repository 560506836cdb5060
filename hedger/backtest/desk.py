"""The venue of a backtest: tells the engine the market of an instant, fills its orders, keeps the account.

Hedges are matched by the code of paper mode (`venues.paper_account`) against a perpetual quoted at mark -/+
the assumed half spread; options trade at the recorded bid and ask. It answers what the engine asks for and
no more: tickers of the instruments it watches, snapshots when it asks.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NamedTuple

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.attributed import Attribution, mark_of
from hedger.backtest.chain import Instant, Opening, Row, Touch
from hedger.backtest.delivery import IndexPath, delivery_value_coin
from hedger.backtest.ledger import Kind, Ledger
from hedger.backtest.listings import VENUE, Listings
from hedger.domain.account import Account, Fill, Position
from hedger.domain.instrument import Instrument, InstrumentState
from hedger.domain.order import Side
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.vocabulary import Environment
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.events import Event, Now
from hedger.portfolio.attribution import Mark
from hedger.pricing.scalar import black76_one, years_to
from hedger.pricing.settlement import averaging_one, in_window
from hedger.risk.standard import Holding, Required, standard
from hedger.venues.paper_account import OPTION_FEE_CAP, PaperAccount, paper_fee

FUNDING_PERIOD_MS = 8 * 3_600_000
LINK_UP = ev.LinkUp(venue=VENUE, environment=Environment.LOCAL, account_id="backtest")
_OPEN = InstrumentState.OPEN


class OptionOrder(NamedTuple):
    """A trade of an option: coins, coin per coin; the fee in coin, None: by the listing."""

    name: str
    side: Side
    amount: Decimal
    price: Decimal
    fee: Decimal | None = None


class Desk:
    """One account on one coin. `moved` moves it to an instant; everything else is as of that instant."""

    def __init__(self, coin: str, assumptions: Assumptions, first: Instant) -> None:
        self.assumptions, self.listings = assumptions, Listings(coin, assumptions)
        self.perpetual = self.listings.perpetual
        self.ledger = Ledger()
        self.instant: Instant = first
        self.listed: dict[str, Instrument] = {}  # options traded so far
        self.rows: dict[str, Row] = {}  # the last told of each held option
        self.attribution = Attribution()
        self.unquoted = 0  # held options without a recorded quote, over all instants
        self.hedges: list[Fill] = []
        self.trades: list[Fill] = []  # of options
        self._index = IndexPath()
        self._index.passed(first.market_ms, first.index_usd)
        self._paper = PaperAccount(VENUE)
        self._watched: tuple[str, ...] = ()
        self._number = 0

    # -- the market ----------------------------------------------------------------------------------

    def opened(self, opening: Opening | None) -> list[Event]:
        """What a connection begins with, and what the account holds then, taken over at its marks."""
        held = opening or Opening(Decimal(repr(self.assumptions.equity_coin)))
        events = [self._listed(self.perpetual)]
        for name, size in held.options:
            events += self._list_option(name)
            row = self.rows[name] = self._known_row(name)
            self.ledger.taken_over(self.instant.market_ms, name, size, Decimal(repr(row.mark)))
        perpetual_usd = Decimal(repr(self.instant.perpetual_usd))
        self.ledger.future_taken_over(
            self.instant.market_ms, self.perpetual.name, held.future_usd, perpetual_usd
        )
        self._paper.adopt({self.perpetual.name: held.future_usd})
        missing = held.equity_coin - self.ledger.cash - self._marks_coin()
        self.ledger.book(self.instant.market_ms, Kind.DEPOSIT, "", missing)
        return [*events, self._seen(LINK_UP)]

    def _known_row(self, name: str) -> Row:
        row = self.instant.row(name)
        if row is None:
            raise ValueError(f"{name} is held when the chain begins, and not quoted then")
        return row

    def _marks_coin(self) -> Decimal:
        """Value of all positions at their marks."""
        future = self.ledger.future_usd / Decimal(repr(self.instant.perpetual_usd))
        options = (size * Decimal(repr(self.rows[name].mark)) for name, size in self.ledger.options.items())
        return sum(options, -future)

    def moved(self, instant: Instant, now: Now) -> list[Event]:
        """Go on to an instant: funding since the last, deliveries, new prices."""
        before, self.instant = self.instant, instant
        self._index.passed(instant.market_ms, instant.index_usd)
        self._fund(before, instant)
        events = [self._deliver(name, before, instant) for name in self._expired(instant)]
        for name in self.ledger.options:
            self._carry(name, before, instant)
        return [*events, *self.tickers(now), self.account()]

    def _carry(self, name: str, before: Instant, after: Instant) -> None:
        """Keep an option from one instant to the next."""
        was, row = self.rows[name], self._row(name)
        self.unquoted += row is None
        self.rows[name] = row = row or self._without_quote(name, before, after)
        marks = mark_of(was, before.market_ms), mark_of(row, after.market_ms)
        self.attribution.option_held(self.listed[name], self.ledger.options[name], *marks)

    def tickers(self, now: Now) -> list[Event]:
        """Index, perpetual and watched options."""
        index = IndexPrice(
            venue=VENUE,
            index=self.perpetual.price_index,
            price_usd=self.instant.index_usd,
            market_ms=now.market_ms,
            received_wire_s=now.wire_s,
        )
        options = [self._ticker(name, now) for name in self._watched if name in self.listed]
        return [ev.Indexed(index=index), self._perpetual_ticker(now), *(each for each in options if each)]

    def _touch(self) -> Touch:
        """As recorded, else the assumed spread around the mark, outwards to the tick."""
        if self.instant.touch is not None:
            return self.instant.touch
        mark, half = self.instant.perpetual_usd, self.assumptions.half_spread
        bid = float(self.perpetual.round_price(mark * (1.0 - half), up=False))
        ask = float(self.perpetual.round_price(mark * (1.0 + half), up=True))
        return Touch(bid, self.assumptions.depth_usd, ask, self.assumptions.depth_usd)

    def _perpetual_ticker(self, now: Now) -> Event:
        touch = self._touch()
        quote = Quote(
            venue=VENUE,
            instrument=self.perpetual.name,
            market_ms=now.market_ms,
            received_wire_s=now.wire_s,
            state=_OPEN,
            mark=self.instant.perpetual_usd,
            index_usd=self.instant.index_usd,
            bid=touch.bid,
            bid_amount=touch.bid_usd,
            ask=touch.ask,
            ask_amount=touch.ask_usd,
            funding_8h=self.assumptions.funding_8h,
        )
        return self._seen(ev.Quoted(quote=quote))

    def _row(self, name: str) -> Row | None:
        """An option at this instant. Inside its settlement window a recorded mark is of the average already,
        a modelled one has to be made so (theory 1.7)."""
        row, expiration_ms = self.instant.row(name), self.listed[name].expiration_ms or 0
        if row is None or self.instant.recorded or not in_window(expiration_ms, self.instant.market_ms):
            return row
        fixing, strike = self._index.fixing(expiration_ms), float(self.listed[name].strike_usd or 0)
        sign, now_ms = self.listed[name].option_sign, self.instant.market_ms
        value = averaging_one(row.forward_usd, strike, expiration_ms, now_ms, row.iv, sign, fixing)
        return row._replace(mark=value.price_usd / row.forward_usd)

    def _ticker(self, name: str, now: Now) -> Event | None:
        """The option's ticker; none where this instant has none, and the engine sees the last one age."""
        row = self._row(name)
        if row is None:
            return None
        listed = self.listed[name]
        expiration_ms, strike = listed.expiration_ms or 0, float(listed.strike_usd or 0)
        tau = years_to(expiration_ms, self.instant.market_ms)
        value = black76_one(row.forward_usd, strike, tau, row.iv, listed.option_sign)
        quote = Quote(
            venue=VENUE,
            instrument=name,
            market_ms=now.market_ms,
            received_wire_s=now.wire_s,
            state=_OPEN,
            mark=row.mark,
            index_usd=self.instant.index_usd,
            bid=row.bid,
            ask=row.ask,
            underlying_usd=row.forward_usd,
            iv=row.iv,
            delta=value.delta,
            gamma=value.gamma_per_usd,
            vega=value.vega_usd / 100.0,
            theta=value.theta_usd_per_year / 365.0,
            estimated_delivery_usd=self._index.fixing(expiration_ms).average_usd,
        )
        return self._seen(ev.Quoted(quote=quote))

    def _without_quote(self, name: str, before: Instant, after: Instant) -> Row:
        """A held option the instant does not tell: its last volatility, its forward moved with the index."""
        last, listed = self.rows[name], self.listed[name]
        forward = last.forward_usd * after.index_usd / before.index_usd
        tau = years_to(listed.expiration_ms or 0, after.market_ms)
        value = black76_one(forward, float(listed.strike_usd or 0), tau, last.iv, listed.option_sign)
        return Row(forward, last.iv, value.price_usd / forward, None, None)

    # -- money that moves by itself -------------------------------------------------------------------

    def _fund(self, before: Instant, after: Instant) -> None:
        """Funding of the position held between two instants: -Q / P x rate x dt / 8 h (theory 4)."""
        size, mark = self.ledger.future_usd, Decimal(repr(before.perpetual_usd))
        rate = Decimal(repr(self.assumptions.funding_8h)) * (after.market_ms - before.market_ms)
        got = -size / mark * rate / FUNDING_PERIOD_MS
        self.ledger.book(after.market_ms, Kind.FUNDING, self.perpetual.name, got)
        self.attribution.future_held(size, before, after)
        self.attribution.funded(got)

    def _expired(self, instant: Instant) -> list[str]:
        held = self.ledger.options
        return [name for name in held if (self.listed[name].expiration_ms or 0) <= instant.market_ms]

    def _deliver(self, name: str, before: Instant, after: Instant) -> Event:
        """Pay an expired option in coin at the delivery price, and take it away."""
        listed, size = self.listed[name], self.ledger.options.pop(name)
        price = self._index.delivery_usd(listed.expiration_ms or 0)
        value = delivery_value_coin(listed, price)
        fee = abs(size) * min(Decimal(repr(self.assumptions.delivery_fee)), OPTION_FEE_CAP * value)
        self.ledger.book(after.market_ms, Kind.DELIVERY, name, size * value)
        self.ledger.book(after.market_ms, Kind.DELIVERY_FEE, name, -fee)
        was, end_ms = self.rows.pop(name), listed.expiration_ms or 0
        delivered = Mark(end_ms, float(value), price, was.iv)
        self.attribution.option_held(listed, size, mark_of(was, before.market_ms), delivered)
        self.attribution.charged(fee)
        return self._seen(ev.InstrumentStateChanged(VENUE, name, InstrumentState.DELIVERED))

    # -- trades of options ----------------------------------------------------------------------------

    def trade(self, order: OptionOrder, now: Now) -> list[Event]:
        """A person's trade of an option at the recorded price: listing, ticker, trade, position."""
        events = self._list_option(order.name)
        row = self.instant.row(order.name)
        assert row is not None
        self.rows[order.name] = row
        fill = self._option_fill(order, now)
        self.trades.append(fill)
        self.ledger.option_traded(fill)
        self.attribution.traded(fill, self.listed[order.name], row.mark)
        size = self.ledger.options.get(order.name, Decimal(0))
        position = Position(venue=VENUE, instrument=order.name, size=size)
        ticker = self._ticker(order.name, now)
        told = [] if ticker is None else [ticker]
        return [*events, *told, ev.Filled(fill=fill), self._seen(ev.PositionReported(position=position))]

    def _list_option(self, name: str) -> list[Event]:
        if name in self.listed:
            return []
        self.listed[name] = self.listings.option(name)
        return [self._listed(self.listed[name])]

    def _option_fill(self, order: OptionOrder, now: Now) -> Fill:
        self._number += 1
        listed, amount, price = self.listed[order.name], order.amount, order.price
        fee = paper_fee(listed, price, amount, self.instant.index_usd) if order.fee is None else order.fee
        return Fill(
            venue=VENUE,
            trade_id=str(self._number),
            order_id=f"option-{self._number}",
            label="",
            instrument=order.name,
            side=order.side,
            amount=amount,
            price=price,
            fee=fee,
            fee_currency=self.listings.coin,
            market_ms=now.market_ms,
            mark_price=self.rows[order.name].mark,
            index_usd=self.instant.index_usd,
            liquidity="T",
        )

    def round_amount(self, name: str, amount: float) -> Decimal:
        """Coins of option that may be traded, not more than asked for."""
        return self.listings.option(name).round_amount(amount, "ROUND_DOWN")

    # -- the engine's effects -------------------------------------------------------------------------

    def perform(self, effect: fx.VenueEffect, now: Now) -> list[Event]:
        """What the venue answers, at once."""
        match effect:
            case fx.Watch():
                new = [name for name in effect.instruments if name not in self._watched]
                self._watched = effect.instruments
                return [each for name in new if name in self.listed if (each := self._ticker(name, now))]
            case fx.RequestSnapshot():
                return [self._seen(self._snapshot(now))]
            case fx.RequestLog():
                return [ev.LogTold(venue=VENUE, since_ms=effect.since_ms, entries=())]
            case fx.Place():
                return self._traded(self._paper.place(effect, now), now)
            case fx.Cancel():
                return self._paper.cancel(effect, now)
            case fx.LookUp():
                return self._paper.look_up(effect, now)
            case fx.Amend():
                return self._paper.amend(effect, now)

    def _traded(self, events: list[Event], now: Now) -> list[Event]:
        fills = [event.fill for event in events if isinstance(event, ev.Filled)]
        for fill in fills:
            self.hedges.append(fill)
            self.ledger.future_traded(fill)
            self.attribution.traded(fill, self.perpetual, self.instant.perpetual_usd)
        after = [self._perpetual_ticker(Now(now.market_ms + 1, now.wire_s)), self.account()] if fills else []
        return [*events, *after]

    def _snapshot(self, now: Now) -> ev.SnapshotTaken:
        positions = (Position(VENUE, name, size) for name, size in self.ledger.options.items())
        return ev.SnapshotTaken(
            venue=VENUE,
            server_ms=now.market_ms,
            positions=tuple(positions),
            open_orders=(),
            accounts=(self.account().account,),
            fills=(),
        )

    def _listed(self, instrument: Instrument) -> Event:
        return self._seen(ev.InstrumentsListed(venue=VENUE, instruments=(instrument,), complete=False))

    def _seen(self, event: Event) -> Event:
        return self._paper.seen(event)

    # -- the account ----------------------------------------------------------------------------------

    @property
    def options_value_coin(self) -> float:
        return math.fsum(float(size) * self.rows[name].mark for name, size in self.ledger.options.items())

    @property
    def equity_coin(self) -> float:
        """Cash, options at their marks, the perpetual at its mark."""
        future = float(self.ledger.future_usd) / self.instant.perpetual_usd
        return float(self.ledger.cash) + self.options_value_coin - future

    def margin(self) -> Required:
        """Standard margin of all positions, coin."""
        perpetual_usd, total = self.instant.perpetual_usd, [0.0, 0.0]
        held = [(self.perpetual, self.ledger.future_usd, perpetual_usd, perpetual_usd)]
        for name, size in self.ledger.options.items():
            row = self.rows[name]
            held.append((self.listed[name], size, row.mark, row.forward_usd))
        for listed, size, mark, forward in held:
            needed = standard(Holding(listed, float(size), mark, forward), float(size))
            total = [total[0] + needed.initial, total[1] + needed.maintenance]
        return Required(*total)

    def account(self) -> ev.AccountReported:
        """The summary of the account as of now."""
        ledger, options, margin = self.ledger, self.options_value_coin, self.margin()
        future = ledger.future_result_coin(self.instant.perpetual_usd)
        equity = float(ledger.balance + ledger.session) + options + future
        account = Account(
            venue=VENUE,
            currency=self.listings.coin,
            balance=ledger.balance,
            equity=_decimal(equity),
            available_funds=_decimal(equity - margin.initial),
            initial_margin=_decimal(margin.initial),
            maintenance_margin=_decimal(margin.maintenance),
            options_value=_decimal(options),
            session_rpl=ledger.session,
            futures_session_upl=_decimal(future),
            session_upl=_decimal(future),
            margin_model="segregated_sm",
        )
        return ev.AccountReported(account=account)


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))
