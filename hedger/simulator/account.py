"""The account: cash per currency, positions, fees, funding, daily settlement, exercise and delivery.

Fees and option premiums move cash at once. Profit of futures and funding stand in the session's realised
profit until 08:00 UTC, when the session moves into cash (deribit.md 9 and 11), so that always
`equity = balance + futures_session_upl + session_rpl + options_value`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from operator import attrgetter

from hedger.simulator.combos import Combo
from hedger.simulator.entries import CORRECTION, DELIVERY, EXERCISE, SETTLEMENT, TRADE, Entry, Note
from hedger.simulator.locks import ALL, Lock
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO, cash, exact, truncated
from hedger.simulator.positions import Position, worth

OPTION_FEE_CAP = Decimal("0.125")  # of the option's price, deribit.md 11
LIQUIDATION_FEE = Decimal("0.0075")  # Deribit's release of 11 January 2022; max_liquidation_commission is 1 %

Marks = Callable[[str], Decimal]


@dataclass(slots=True)
class Ledger:
    """Cash of one currency, unrounded."""

    currency: str
    balance: Decimal = ZERO
    futures_session_rpl: Decimal = ZERO
    options_session_rpl: Decimal = ZERO  # told only: premiums are in the balance already
    fees_paid: Decimal = ZERO
    funding_paid: Decimal = ZERO


_of_ledger = attrgetter(*(row.name for row in fields(Ledger)))
_of_position = attrgetter(*(row.name for row in fields(Position)))


@dataclass(slots=True)
class Account:
    """All ledgers and positions of the one account of the exchange."""

    user_id: int
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    margin_model: str = "segregated_sm"
    locks: dict[str, Lock] = field(default_factory=dict)  # by currency or ALL
    combos: dict[str, Combo] = field(default_factory=dict)  # that were traded, by id
    blocks: int = 0  # how many blocks were traded

    def book(self, kind: str, currency: str, change: Decimal, now_ms: int, note: Note | None = None) -> Entry:
        """Change the cash of a currency: the only way to do so. `now_ms` is market time."""
        ledger = self.ledger(currency)
        ledger.balance += change
        number = self.log[-1].number + 1 if self.log else 1
        entry = Entry(number, now_ms, kind, currency, change, ledger.balance, note or Note())
        self.log.append(entry)
        return entry

    def state(self) -> tuple[object, ...]:
        """Margin model, cash and positions by value: all that the account's funds follow from."""
        cash_rows, held = map(_of_ledger, self.ledgers.values()), map(_of_position, self.positions.values())
        return (self.margin_model, *cash_rows, *held)

    def lock_on(self, currency: str) -> Lock | None:
        """What keeps a settlement currency from trading."""
        return self.locks.get(currency) or self.locks.get(ALL)

    def copy(self) -> Account:
        """The same cash and positions to try something on; without the cash book, locks and combos."""
        ledgers = {code: replace(row) for code, row in self.ledgers.items()}
        positions = {name: replace(row) for name, row in self.positions.items()}
        return Account(self.user_id, ledgers, positions, margin_model=self.margin_model)

    def stamp(self, marks: Marks) -> None:
        """Tell the newest entries the equity that they left."""
        for place in range(len(self.log) - 1, -1, -1):
            entry = self.log[place]
            if entry.equity is not None:
                return
            self.log[place] = replace(entry, equity=self.exact_equity(entry.currency, marks))

    def name_trade(self, trade_id: str) -> None:
        """Tell the newest entry which trade it was."""
        entry = self.log[-1]
        self.log[-1] = replace(entry, note=replace(entry.note, trade_id=trade_id))

    def ledger(self, currency: str) -> Ledger:
        return self.ledgers.setdefault(currency, Ledger(currency))

    def position(self, listing: Listing) -> Position:
        return self.positions.setdefault(listing.name, Position(listing))

    def size(self, name: str) -> Decimal:
        held = self.positions.get(name)
        return held.size if held else ZERO

    def open_positions(self, currency: str | None = None) -> list[Position]:
        """Positions with a size, in the order in which they were opened."""
        rows = (p for p in self.positions.values() if p.size)
        return [p for p in rows if currency is None or p.listing.settlement_currency == currency]

    def apply_trade(
        self,
        listing: Listing,
        amount: Decimal,
        price: Decimal,
        fee: Decimal,
        index: Decimal,
        now_ms: int,
        kind: str = TRADE,
    ) -> Decimal:
        """Book a signed amount at a price with its fee; returns the realised profit (settlement currency)."""
        ledger, held = self.ledger(listing.settlement_currency), self.position(listing)
        realised = held.trade(amount, price, index)
        premium = ZERO
        if listing.is_option:
            premium = -worth(listing, amount, price)
            ledger.options_session_rpl += realised
        else:
            ledger.futures_session_rpl += realised
        ledger.fees_paid += fee
        flow = premium if listing.is_option else realised
        note = Note(listing.name, amount, price, held.size, fee, flow)
        self.book(kind, ledger.currency, premium - fee, now_ms, note)
        return realised

    def open_at_mark(
        self, listing: Listing, amount: Decimal, mark: Decimal, index: Decimal, now_ms: int
    ) -> None:
        """A position that was there before the exchange started: at mark, without a fee."""
        self.apply_trade(listing, amount, mark, ZERO, index, now_ms, CORRECTION)

    def accrue_funding(self, listing: Listing, paid_per_unit: float) -> None:
        """Pay the growth of a perpetual's funding accumulator: a long of N pays N times the growth."""
        held = self.position(listing)
        seen, held.funding_seen = held.funding_seen, paid_per_unit
        if seen is None or not held.size or seen == paid_per_unit:
            return
        received = cash(-held.size * exact(paid_per_unit - seen))
        held.funding_session += received
        held.realized_session += received
        ledger = self.ledger(listing.settlement_currency)
        ledger.futures_session_rpl += received
        ledger.funding_paid -= received

    def settle(self, marks: Marks, indices: Marks, now_ms: int) -> None:
        """Daily settlement: session profit of futures moves into cash, entries restart at the mark."""
        for held in self.positions.values():
            self._settle_position(held, marks, indices(held.listing.price_index), now_ms)
        for ledger in self.ledgers.values():
            rest, ledger.futures_session_rpl = ledger.futures_session_rpl, ZERO
            if rest:  # of positions that are gone
                self.book(SETTLEMENT, ledger.currency, rest, now_ms, Note(cashflow=rest))
            ledger.options_session_rpl = ZERO

    def _settle_position(self, held: Position, marks: Marks, index: Decimal, now_ms: int) -> None:
        """One position's session: realised, funding and unrealised; futures have it in cash."""
        listing = held.listing
        realised, interest = held.realized_session, held.funding_session
        mark = marks(listing.name) if held.size else ZERO
        profit = realised + held.settle(mark)
        if listing.is_option:
            return
        self.ledger(listing.settlement_currency).futures_session_rpl -= realised
        if not (profit or held.size):
            return
        note = Note(
            listing.name,
            held.size,
            mark,
            held.size,
            cashflow=profit,
            interest=interest,
            realised=realised,
            index=index,
        )
        self.book(SETTLEMENT, listing.settlement_currency, profit, now_ms, note)

    def exercise(self, option: Listing, future: Listing, delivery_price: Decimal, now_ms: int) -> Decimal:
        """First step of an expiry: an option in the money becomes a position in the future at its strike.

        Returns the signed amount of the future, 0 out of the money. Cash does not move: the second step,
        `deliver`, pays it. The future is netted with whatever was there (deribit.md 11).
        """
        held = self.positions.pop(option.name, None)
        if held is None or not held.size:
            return ZERO
        ledger, value = self.ledger(option.settlement_currency), payoff(option, delivery_price)
        ledger.options_session_rpl += worth(option, held.size, value) - held.entry_session
        self.book(
            EXERCISE,
            ledger.currency,
            ZERO,
            now_ms,
            Note(option.name, -held.size, value, index=delivery_price),
        )
        if not value:
            return ZERO
        amount, strike = exercised_amount(option, held.size), option.strike or ZERO
        self.apply_trade(future, amount, strike, ZERO, delivery_price, now_ms, EXERCISE)
        return amount

    def deliver(self, listing: Listing, delivery_price: Decimal, now_ms: int) -> Decimal:
        """Second step: a future is paid in cash and its position is gone; returns the session's profit."""
        held = self.positions.pop(listing.name, None)
        if held is None or not (held.size or held.realized_session):
            return ZERO
        profit = held.session_profit(delivery_price) + held.realized_session
        self.ledger(listing.settlement_currency).futures_session_rpl -= held.realized_session
        note = Note(listing.name, -held.size, delivery_price, cashflow=profit, index=delivery_price)
        self.book(DELIVERY, listing.settlement_currency, profit, now_ms, note)
        return profit

    def exact_equity(self, currency: str, marks: Marks) -> Decimal:
        """Cash + session result + open profit of futures + value of options, unrounded."""
        ledger = self.ledger(currency)
        total = ledger.balance + ledger.futures_session_rpl
        for held in self.open_positions(currency):
            mark = marks(held.listing.name)
            if held.listing.is_option:
                total += worth(held.listing, held.size, mark)
            else:
                total += held.session_profit(mark)
        return total


def payoff(listing: Listing, delivery_price: Decimal) -> Decimal:
    """What an option pays per coin at a delivery price: USDC when linear, coin when inverse."""
    assert listing.strike is not None
    gap = delivery_price - listing.strike
    intrinsic = max(ZERO, gap if listing.option_type == "call" else -gap)
    return intrinsic if listing.is_linear else intrinsic / delivery_price


def exercised_amount(option: Listing, size: Decimal) -> Decimal:
    """The signed amount of the future that a position in an option in the money becomes.

    Calls become long, puts short. Linear: as many coins. Inverse: coins times strike in USD, for then
    Q (1/K - 1/P) with Q = n K is n (P - K) / P, the option's own payoff.
    """
    sign = 1 if option.option_type == "call" else -1
    return sign * size * (1 if option.is_linear else option.strike or ZERO)


def trade_fee(listing: Listing, amount: Decimal, price: Decimal, index: Decimal, *, taker: bool) -> Decimal:
    """Fee of an unsigned amount in the settlement currency, truncated to 8 decimals (deribit.md 11).

    Future: rate * worth. Option: min(rate, 12.5 % of the price) * coin when inverse,
    min(rate * index, 12.5 % of the price) * coin when linear.
    """
    rate = listing.taker_commission if taker else listing.maker_commission
    if listing.is_option:
        full = rate * index if listing.is_linear else rate
        return truncated(min(full, OPTION_FEE_CAP * price) * amount)
    return truncated(rate * amount * price if listing.is_linear else rate * amount / price)


def liquidation_fee(listing: Listing, amount: Decimal, price: Decimal, index: Decimal) -> Decimal:
    """What a liquidated trade costs in all: 0.75 %, of options at most 12.5 % of their price."""
    return trade_fee(replace(listing, taker_commission=LIQUIDATION_FEE), amount, price, index, taker=True)
