"""Wallets, and cash that nobody has earned: deposits, withdrawals, spot trades.

A wallet's balance moves by option premiums, fees, and the session's result at the daily settlement; the
profit of futures stands in the session until then (deribit.md 9, 11). What remains is a flow:

    unexplained = balance told - balance known - (premiums and fees of the trades since)

Messages overtake one another, so a difference must last CONFIRM_S and survive a snapshot of trades and
wallets. Until then a book that keeps its equity neutral does not trade on the equity told, and asks at once.
A flow within the minutes of the daily settlement cannot be told from it and is taken for it. After a restart
the cash of the last run is held against the new one's, and the venue's log tells settlements from flows.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hedger.domain.account import PAPER_TRADE, Account, Fill
from hedger.domain.names import parse_name
from hedger.domain.time_units import DAY_MS, EXPIRY_OF_DAY_MS
from hedger.domain.vocabulary import Legs, Neutral
from hedger.engine.ownership.owned import CashFlow, CashWatch
from hedger.engine.records import Snapshot
from hedger.engine.state import BookState, State, Step, VenueState

CONFIRM_S = 2.0  # wire time
SETTLEMENT_S = 300.0  # market time after 08:00 UTC within which the settlement's cash arrives
SETTLEMENT_LAG_S = 5.0  # wire time the same may take where market time runs faster
LEAST = Decimal("0.000001")  # of a coin or a dollar: the venue rounds to 8 digits
LEAST_SHARE = Decimal("0.00001")  # of the balance; less is kept until it adds up to more
KEPT_MS = 2 * DAY_MS
DOLLAR = "USDC"


def told(state: State, account: Account, at_ms: int, step: Step) -> None:
    """A wallet's newest summary, of market time `at_ms`, held against what explains it."""
    venue = state.venues[account.venue]
    owned, currency = venue.owned, account.currency
    owned.wallets[currency] = account
    if not venue.reconciled:
        return  # trades from before may still be told: there is nothing to hold it against
    owned.first.setdefault(currency, account)
    watch = owned.cash.get(currency)
    if watch is None:
        owned.cash[currency] = CashWatch(account.balance, account.balance, at_ms)
    else:
        watch.told = account.balance
        weigh(state, watch, step)
        watch.awaits_log = watch.wants_log


def taken_up(venue: VenueState, base: Snapshot, fills: Sequence[Fill]) -> None:
    """The cash the last run understood, and the trades since: what is told next is held against both."""
    for currency, amount in base.cash.items():
        known = Decimal(amount)
        watch = CashWatch(known, known, base.traded_ms, awaits_log=True)
        for fill in fills:
            if fill.market_ms > base.traded_ms:
                watch.explained += sum((part for name, part in _parts(fill) if name == currency), Decimal(0))
        venue.owned.cash[currency] = watch


def traded(state: State, fill: Fill, step: Step) -> None:
    """What a trade not seen before explains: its fee, and the premium of an option."""
    venue = state.venues[fill.venue]
    for currency, amount in _parts(fill):
        watch = venue.owned.cash.get(currency)
        if watch is not None and amount and fill.market_ms > watch.since_ms:
            watch.explained += amount
            weigh(state, watch, step)


def _parts(fill: Fill) -> tuple[tuple[str, Decimal], tuple[str, Decimal]]:
    """What a trade adds to the cash of which currency."""
    if fill.trade_id.startswith(PAPER_TRADE):
        return ("", Decimal(0)), ("", Decimal(0))
    return (fill.fee_currency, -fill.fee), _premium(fill)


def _premium(fill: Fill) -> tuple[str, Decimal]:
    try:
        parsed = parse_name(fill.instrument)
    except ValueError:
        return "", Decimal(0)
    if parsed.kind != "option":
        return "", Decimal(0)
    return parsed.quote or parsed.base, -fill.signed_amount * fill.price


def weigh(state: State, watch: CashWatch, step: Step) -> None:
    """Note since when something is unexplained."""
    if not watch.awaits_log and settling(step.now.market_ms, state.settings.market_speed):
        watch.known, watch.explained, watch.since_wire_s = watch.told, Decimal(0), None
    elif abs(watch.unexplained) <= max(LEAST, LEAST_SHARE * abs(watch.known)):
        watch.since_wire_s = None
    elif watch.since_wire_s is None:
        watch.since_wire_s = step.now.wire_s


def settling(market_ms: int, market_speed: float) -> bool:
    """Whether the daily settlement's cash may be arriving."""
    since_ms = (market_ms - EXPIRY_OF_DAY_MS) % DAY_MS
    lasts_ms = max(SETTLEMENT_S, SETTLEMENT_LAG_S * market_speed) * 1000
    return since_ms < lasts_ms or since_ms > DAY_MS - 10_000


def keep(book: BookState, flow: CashFlow, now_ms: int) -> None:
    """Remember a flow of a wallet of the book for two days."""
    kept = [known for known in book.ownership.flows if now_ms - known.market_ms < KEPT_MS]
    book.ownership.flows = [*kept, flow]


def cash_flow(book: BookState, since_ms: int) -> float:
    """Unexplained cash since a market time in the book's settlement currency; deposits are positive."""
    currency = book.book.settlement_currency
    kept = (flow for flow in book.ownership.flows if flow.currency == currency)
    return float(sum((flow.amount for flow in kept if flow.market_ms >= since_ms), Decimal(0)))


def cash_flow_coin(book: BookState, now_ms: int) -> float:
    """Of the present UTC day: what is no profit and no loss of it."""
    return cash_flow(book, now_ms - now_ms % DAY_MS)


def keeps_equity(book: BookState) -> bool:
    """Whether the wallet's equity is part of what the book keeps neutral."""
    counts = book.settings.scope.counts_equity is not False
    return book.settings.neutral is Neutral.USD and counts


def drift_usd(state: State, book: BookState, index_usd: float | None) -> float | None:
    """USD moved from the coin's wallet to the dollar's since the start, deposits aside; None unless the book
    has legs in both.

    An inverse leg and a linear one hedge each other's delta and settle in two currencies: as much as the one
    wallet earns the other loses. Half the difference of their changes is what has moved.
    """
    if book.settings.legs is not Legs.BOTH:
        return None  # what a wallet of a book in one currency gained is a result, whatever else is held
    account, coin = state.venues[book.settings.venue].owned, book.settings.underlying
    gained = [_gained(account.wallets, account.first, account.flows, name) for name in (coin, DOLLAR)]
    if gained[0] is None or gained[1] is None or index_usd is None:
        return None
    return (gained[1] - gained[0] * index_usd) / 2


def _gained(
    newest: dict[str, Account], first: dict[str, Account], flows: dict[str, Decimal], currency: str
) -> float | None:
    if currency not in newest or currency not in first:
        return None
    gained = newest[currency].equity - first[currency].equity - flows.get(currency, Decimal(0))
    return float(gained)
