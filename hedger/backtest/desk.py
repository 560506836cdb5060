"""The venue of a backtest: tells the engine the market of an instant, fills its orders, tells the account.

Hedges are matched by the code of paper mode (`venues.paper_account`) against the perpetual's bid and ask;
options trade at the recorded ones. It answers what the engine asks for and no more: tickers of the
instruments it watches, snapshots when it asks.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.chain import Instant, Opening, Row
from hedger.backtest.holdings import Holdings, exact
from hedger.backtest.listings import VENUE, Listings
from hedger.backtest.market import Market
from hedger.domain.account import Fill, Position
from hedger.domain.instrument import Instrument, InstrumentState
from hedger.domain.order import Side
from hedger.domain.vocabulary import Environment
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.events import Event, Now
from hedger.venues.paper_account import PaperAccount, paper_fee

LINK_UP = ev.LinkUp(venue=VENUE, environment=Environment.LOCAL, account_id="backtest")


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
        self._coin, self._listings = coin, Listings(coin, assumptions)
        self._assumptions = assumptions
        self.market = Market(self._listings, assumptions, first)
        self.holdings = Holdings(self.market, assumptions)
        self.hedges: list[Fill] = []
        self.trades: list[Fill] = []  # of options
        self._paper = PaperAccount(VENUE)
        self._watched: tuple[str, ...] = ()

    def opened(self, opening: Opening | None) -> list[Event]:
        """What a connection begins with; without an opening the account holds the assumed equity alone."""
        held = opening or Opening(exact(self._assumptions.equity_coin))
        perpetual = self.market.perpetual
        events = [self._listed(perpetual)]
        for name, _ in held.options:
            events += self._list_option(name)
        self.holdings.take_over(held)
        self._paper.adopt({perpetual.name: held.future_usd})
        return [*events, self._seen(LINK_UP)]

    def moved(self, instant: Instant, now: Now) -> list[Event]:
        """Go on to an instant: deliveries, new prices, the account."""
        before = self.market.instant
        self.market.pass_to(instant)
        delivered = [
            self._seen(ev.InstrumentStateChanged(VENUE, name, InstrumentState.DELIVERED))
            for name in self.holdings.carry(before)
        ]
        options = (self._ticker(name, now) for name in self._watched if name in self.market.options)
        return [
            *delivered,
            ev.Indexed(index=self.market.index(now)),
            self._perpetual(now),
            *(ticker for ticker in options if ticker is not None),
            self.account(),
        ]

    # -- trades of options ----------------------------------------------------------------------------

    def trade(self, order: OptionOrder, now: Now) -> list[Event]:
        """A person's trade of an option at its price: listing, ticker, trade, position."""
        events = self._list_option(order.name)
        row, ticker = self.market.row(order.name), self._ticker(order.name, now)
        assert row is not None
        assert ticker is not None
        fill = self._option_fill(order, row, now)
        self.trades.append(fill)
        size = self.holdings.option_traded(fill, row)
        position = Position(venue=VENUE, instrument=order.name, size=size)
        return [*events, ticker, ev.Filled(fill=fill), self._seen(ev.PositionReported(position=position))]

    def _option_fill(self, order: OptionOrder, row: Row, now: Now) -> Fill:
        listed, index_usd = self.market.options[order.name], self.market.instant.index_usd
        number = len(self.trades) + 1
        fee = paper_fee(listed, order.price, order.amount, index_usd) if order.fee is None else order.fee
        return Fill(
            venue=VENUE,
            trade_id=str(number),
            order_id=f"option-{number}",
            label="",
            instrument=order.name,
            side=order.side,
            amount=order.amount,
            price=order.price,
            fee=fee,
            fee_currency=self._coin,
            market_ms=now.market_ms,
            mark_price=row.mark,
            index_usd=index_usd,
            liquidity="T",
        )

    def round_amount(self, name: str, amount: float) -> Decimal:
        """Coins of option that may be traded, not more than asked for."""
        return self._listings.option(name).round_amount(amount, "ROUND_DOWN")

    # -- the engine's effects -------------------------------------------------------------------------

    def perform(self, effect: fx.VenueEffect, now: Now) -> list[Event]:
        """What the venue answers, at once."""
        match effect:
            case fx.Watch():
                return self._watch(effect, now)
            case fx.RequestSnapshot():
                return [self._seen(self._snapshot(now))]
            case fx.RequestLog():
                return [ev.LogTold(venue=VENUE, since_ms=effect.since_ms, entries=())]
            case fx.Place():
                return self._hedged(self._paper.place(effect, now), now)
            case fx.Cancel():
                return self._paper.cancel(effect, now)
            case fx.LookUp():
                return self._paper.look_up(effect, now)
            case fx.Amend():
                return self._paper.amend(effect, now)

    def _watch(self, effect: fx.Watch, now: Now) -> list[Event]:
        """A new subscription begins with a ticker."""
        new = [name for name in effect.instruments if name not in self._watched]
        self._watched = effect.instruments
        tickers = (self._ticker(name, now) for name in new if name in self.market.options)
        return [ticker for ticker in tickers if ticker is not None]

    def _hedged(self, events: list[Event], now: Now) -> list[Event]:
        """Book what an order filled; then the book of orders is as deep as before."""
        fills = [event.fill for event in events if isinstance(event, ev.Filled)]
        for fill in fills:
            self.hedges.append(fill)
            self.holdings.hedged(fill)
        after = [self._perpetual(Now(now.market_ms + 1, now.wire_s)), self.account()] if fills else []
        return [*events, *after]

    def _snapshot(self, now: Now) -> ev.SnapshotTaken:
        held = self.holdings.ledger.options.items()
        return ev.SnapshotTaken(
            venue=VENUE,
            server_ms=now.market_ms,
            positions=tuple(Position(VENUE, name, size) for name, size in held),
            open_orders=(),
            accounts=(self.holdings.summary(self._coin),),
            fills=(),
        )

    # -- events; the matching hears them, too ----------------------------------------------------------

    def account(self) -> Event:
        """The account's summary."""
        return ev.AccountReported(account=self.holdings.summary(self._coin))

    def _perpetual(self, now: Now) -> Event:
        return self._seen(ev.Quoted(quote=self.market.perpetual_quote(now)))

    def _ticker(self, name: str, now: Now) -> Event | None:
        quote = self.market.option_quote(name, now)
        return None if quote is None else self._seen(ev.Quoted(quote=quote))

    def _list_option(self, name: str) -> list[Event]:
        listed = self.market.list_option(name)
        return [] if listed is None else [self._listed(listed)]

    def _listed(self, instrument: Instrument) -> Event:
        return self._seen(ev.InstrumentsListed(venue=VENUE, instruments=(instrument,), complete=False))

    def _seen(self, event: Event) -> Event:
        return self._paper.seen(event)
