"""Against the local exchange's own unrounded figures: whatever was traded, paid and delivered, it closes."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from hedger.portfolio.attribution import FutureTerms, Mark, Terms, added, payoff
from hedger.portfolio.running import Interval, RunningAttribution
from hedger.portfolio.valuation import OptionTerms
from hedger.simulator import sim
from hedger.simulator.books import open_book
from hedger.simulator.exchange import Exchange
from hedger.simulator.model import Listing
from hedger.simulator.orders import Trade
from tests.simulator.scripted_world import EXPIRY_MS, ORIGIN_MS, PERPETUAL, WIRE_S
from tests.simulator.test_seeded_exchange import started

CLOSES = {"BTC": 1e-12, "USDC": 1e-7}  # of the currency: a dollar is the hundred-thousandth of a coin
HEDGES = {"BTC": PERPETUAL, "USDC": "BTC_USDC-PERPETUAL"}
FUTURES = {"BTC": ("BTC-22SEP26", "BTC-25DEC26"), "USDC": ("BTC_USDC-22SEP26", "BTC_USDC-25DEC26")}
SIZES = {"BTC": 10.0, "USDC": 0.0001}  # of a lot in the hedge
STEP_S = 600.0


class Account:
    """The exchange's account, looked at from outside: exact marks, trades, funding, equity."""

    def __init__(self, exchange: Exchange, currency: str, calls: int = 4) -> None:
        self.exchange, self.wire_s, self.currency, self.hedge = exchange, WIRE_S, currency, HEDGES[currency]
        listings = exchange.world.listings()
        options = [row for row in listings.values() if row.is_option and row.settlement_currency == currency]
        options = [row for row in options if row.name.startswith("BTC")]
        near = [row for row in options if row.expiration_ms == EXPIRY_MS][:calls]
        far = [row for row in options if row.expiration_ms != EXPIRY_MS][:calls]
        assert near
        assert far
        sold = [(row, Decimal(-3)) for row in (*near, *far)]
        lot = Decimal(str(SIZES[currency]))
        futures = [row for row in listings.values() if row.name in FUTURES[currency]]
        bought = [(listings[self.hedge], 12_000 * lot), *((row, -4_000 * lot) for row in futures)]
        open_book(exchange.account, [*sold, *bought], exchange.markets)
        self.running = RunningAttribution(self.now_ms, self.equity, self.rate)
        for held in exchange.account.open_positions(currency):
            name = held.listing.name
            self.running.hold(name, terms_of(held.listing), float(held.size), self.mark(held.listing))
        self.seen = len(exchange.desk.trades)
        self.funding = self._funding()

    @property
    def now_ms(self) -> int:
        return self.exchange.clock.market_ms(self.wire_s)

    @property
    def equity(self) -> float:
        """Of /sim/state's equity_exact."""
        return float(self.exchange.account.exact_equity(self.currency, self.exchange.markets.exact_mark))

    @property
    def index(self) -> float:
        return float(self.exchange.markets.index("btc_usd"))

    @property
    def rate(self) -> float:
        """USD per unit of the currency."""
        return self.index if self.currency == "BTC" else 1.0

    def mark(self, listing: Listing) -> Mark:
        market = self.exchange.markets.market(listing.name)
        price = float(self.exchange.markets.exact_mark(listing.name))
        if not listing.is_option:
            return Mark(market.market_ms, price, index_usd=self.index)
        return Mark(market.market_ms, price, market.underlying or self.index, market.iv or 0.0)

    def _funding(self) -> Decimal:
        return self.exchange.account.ledger(self.currency).funding_paid

    def pass_time(self, seconds: float) -> None:
        """The market goes on; what it paid and delivered is booked, everything is marked."""
        self.wire_s += seconds
        self.exchange.tick(self.wire_s)
        self.book()

    def book(self) -> None:
        for trade in self.exchange.desk.trades[self.seen :]:
            self._traded(trade)
        self.seen = len(self.exchange.desk.trades)
        paid, self.funding = self._funding() - self.funding, self._funding()
        self.running.booked(self.hedge, "funding", -float(paid))
        for name in self.running.held():
            self._look(name)

    def _look(self, name: str) -> None:
        listing = LISTINGS[name]
        if self.exchange.account.size(name):
            self.running.marked(name, self.mark(listing))
            return
        expired = next(row for row in self.exchange.history.settlements if row.name == name)
        price = expired.index_usd
        terms = terms_of(listing)
        worth = payoff(terms, price) if isinstance(terms, OptionTerms) else price
        self.running.delivered(name, Mark(EXPIRY_MS, worth, price, index_usd=price))

    def _traded(self, trade: Trade) -> None:
        listing = LISTINGS[trade.instrument_name]
        sign = 1.0 if trade.direction == "buy" else -1.0
        mark = self.mark(listing)
        self.running.traded(
            listing.name,
            terms_of(listing),
            sign * float(trade.amount),
            float(trade.price),
            float(trade.fee),
            mark,
            mark.price * 1.0001,
        )

    def trade(self, name: str, side: str, amount: float) -> None:
        sim.trade(self.exchange, {"instrument": name, "side": side, "amount": amount}, self.wire_s)
        self.book()

    def cut(self) -> Interval:
        return self.running.cut(self.now_ms, self.equity, self.rate)


LISTINGS: dict[str, Listing] = {}


def terms_of(listing: Listing) -> Terms:
    if not listing.is_option:
        return FutureTerms(not listing.is_linear, dated="PERPETUAL" not in listing.name)
    sign = 1.0 if listing.option_type == "call" else -1.0
    assert listing.strike is not None
    assert listing.expiration_ms is not None
    return OptionTerms(float(listing.strike), listing.expiration_ms, sign, not listing.is_linear)


@pytest.fixture(params=["BTC", "USDC"])
def account(request: pytest.FixtureRequest) -> Account:
    exchange = started(equity={"BTC": Decimal(10), "USDC": Decimal(1_000_000)})
    LISTINGS.update(exchange.world.listings())
    return Account(exchange, request.param)


def test_every_interval_closes_while_everything_is_traded(account: Account) -> None:
    chance = random.Random(11)
    names = [name for name in account.running.held() if LISTINGS[name].is_option]
    intervals = []
    for _ in range(40):
        account.pass_time(STEP_S)
        lots = chance.randint(1, 3_000)
        account.trade(account.hedge, chance.choice(("buy", "sell")), round(lots * SIZES[account.currency], 4))
        account.trade(chance.choice(names), chance.choice(("buy", "sell")), chance.randint(1, 9) / 10)
        intervals.append(account.cut())
        assert abs(intervals[-1].gap) < CLOSES[account.currency]
    lines = added(interval.total for interval in intervals)
    assert lines.funding != 0.0
    assert lines.future_basis != 0.0
    with_basis = {name for each in intervals for name in each.lines if each.lines[name].future_basis}
    assert with_basis == set(FUTURES[account.currency])
    assert min(lines.fees, lines.option_slippage) < 0.0
    assert abs(lines.residual) < 0.02 * (abs(lines.gamma) + abs(lines.delta) + abs(lines.vega) + 1e-3)


def test_it_closes_across_settlement_and_delivery(account: Account) -> None:
    """Options become futures become cash, the session's result becomes balance: no satoshi goes astray."""
    before = account.equity
    account.pass_time((EXPIRY_MS - ORIGIN_MS) / 1000 - 3_600.0)
    for _ in range(40):
        account.pass_time(95.0)
    assert account.now_ms > EXPIRY_MS
    interval = account.cut()
    assert abs(interval.gap) < CLOSES[account.currency]
    assert interval.total.settlement != 0.0
    assert account.equity - before == pytest.approx(interval.total.total, abs=CLOSES[account.currency])
    assert all(LISTINGS[name].expiration_ms != EXPIRY_MS for name in account.running.held())
