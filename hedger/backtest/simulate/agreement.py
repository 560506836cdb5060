"""The end of a life: daemon, journal and exchange agree to the last digit, and the book is hedged."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hedger.backtest.simulate.disk import VENUE
from hedger.backtest.simulate.plan import BAND_BTC, has_hard_limit
from hedger.backtest.simulate.process import Process
from hedger.backtest.simulate.spreads import Legs
from hedger.backtest.simulate.tally import Violation
from hedger.backtest.simulate.underlyings import Underlying
from hedger.domain.order import Order, OrderState, Purpose
from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Action, Environment, Reason
from hedger.engine.effects import LoadJournal
from hedger.engine.events import JournalLoaded
from hedger.engine.views.view import BookView, StatusView
from hedger.risk.counters import BUCKET_MS
from hedger.simulator import sim
from hedger.simulator.orders import Trade

if TYPE_CHECKING:
    from hedger.backtest.simulate.life import Life

NEVER_THERE = ("absent", "dropped", "rejected")
"""Ends of an order that never traded, as the journal may know them while the exchange knows nothing of it."""
MAY_BLOCK = (
    Reason.TURNOVER_HOUR,
    Reason.TURNOVER_DAY,
    Reason.MARGIN,
    Reason.HEDGE_POSITION,
    Reason.SOURCES_PART,
)
"""What may stand between a book and its hedge though everything works: the envelope, the money, and between
two tickers the greeks of options about to run out, which the venue told some minutes of market time ago."""
SLACK_BTC = 0.01  # tickers tell rounded greeks, some of them minutes of market time old
LOTS = 2.5
"""How far outside the band a rounded hedge may leave the delta, in contracts."""
UNDER_WAY = (Reason.IN_FLIGHT, Reason.RECOVERING, Reason.NEXT_CLIP)
UNANSWERED = (OrderState.DRAFT, OrderState.IN_FLIGHT, OrderState.AMENDING, OrderState.CANCELLING)
REST_S, ANSWER_S = 180.0, 5.0
"""What is under way when a life ends, an order, its next clips or a look at the venue, is over by then, and
whatever has been asked of the venue is answered."""


def agree(life: Life) -> None:
    """Raises Violation where two books differ or the hedger has not come to rest."""
    _see_through(life)
    process = life.process
    if not process.alive:
        raise Violation("ended", f"the daemon is not there at the end: {process.stopped_why}")
    view = process.engine.view(process.now())
    _at_rest(view)
    _positions(life, view)
    _journal(life, process)
    for (underlying, settings), book in zip(life.plan.books, view.books, strict=True):
        _counters(life, underlying, book)
        _hedged(life, underlying, book, limited=has_hard_limit(settings))
    _cash(life, view)
    _conserved(life)


def _see_through(life: Life) -> None:
    """A life that ends in the middle of something goes on until that is over, and two ticks more."""
    heap, quiet_s = life.heap, life.heap.now_s
    until_s = heap.now_s + REST_S
    while life.settles or (heap.now_s < until_s and (_in_the_middle(life) or heap.now_s < quiet_s)):
        if life.settles or _in_the_middle(life):
            quiet_s = heap.now_s + 2 * life.plan.tick_s
            until_s = max(until_s, quiet_s) if life.settles else until_s
        heap.run_until(heap.now_s + 1.0)
    until_s = heap.now_s + ANSWER_S
    while heap.now_s < until_s and _unanswered(life.process):  # a book that is chased to and fro never rests
        heap.run_until(heap.now_s + 0.1)


def _in_the_middle(life: Life) -> bool:
    engine = life.process.engine if life.process.alive else None
    decisions = (engine and engine.last_decision(one.book) for one in life.plan.underlyings)
    return any(each and (each.action is Action.HEDGE or each.reason in UNDER_WAY) for each in decisions)


def _unanswered(process: Process) -> bool:
    orders = process.engine.view(process.now()).orders.recent
    return any(order.state in UNANSWERED for order in orders)


def _at_rest(view: StatusView) -> None:
    if view.orders.unknown:
        told = [order.label for order in view.orders.recent if order.state == "unknown"]
        raise Violation("convergence", f"orders are still unknown: {told}")
    if any(book.last_decision is None for book in view.books):
        raise Violation("convergence", "nothing was ever decided")


def _positions(life: Life, view: StatusView) -> None:
    held = [(row.instrument, Decimal(row.size)) for book in view.books for row in book.positions]
    ours = {name: size for name, size in held if size}
    if len(ours) < sum(1 for _, size in held if size):
        raise Violation("positions", f"two books hold one instrument: {held}")
    theirs = life.venue.position
    if ours != theirs:
        raise Violation("positions", f"the daemon holds {_different(ours, theirs)}")


def _journal(life: Life, process: Process) -> None:
    state = sim.state(life.venue.exchange, life.venue.wire_s)
    if state["duplicate_labels"]:
        raise Violation("label twice", f"{state['duplicate_labels']}")
    request = LoadJournal(venue=VENUE, environment=Environment.LOCAL, account_id=str(process.account_id))
    loaded = life.store.load(request, life.plan.origin_ms)  # all of the life: some last longer than a day
    _orders(loaded, state)
    _fills(loaded, list(Legs().of(life.venue.exchange.desk.trades)))


def _orders(loaded: JournalLoaded, state: Any) -> None:
    theirs = {
        row["label"]: (
            row["order_state"],
            row["direction"],
            _exact(row["amount"]),
            _exact(row["filled_amount"]),
        )
        for row in state["orders"]
        if row["label"].startswith("h-")
    }
    for label in {order.intent.label for order in loaded.orders if order.state is OrderState.ABSENT}:
        if theirs.get(label, ("",))[0] == "cancelled" and not theirs[label][3]:
            del theirs[label]  # the exchange forgot it before anybody was told that it had been there
    ours = {
        label: (
            str(order.state),
            order.intent.side.value,
            _amount(order, theirs.get(label)),
            order.filled_amount,
        )
        for label, order in ((order.intent.label, order) for order in loaded.orders)
        if order.state.value not in NEVER_THERE
    }
    if ours != theirs:
        raise Violation("journal orders", _different(ours, theirs))


def _amount(order: Order, theirs: tuple[Any, ...] | None) -> Decimal:
    """Its total; of two where the venue forgot the order before it told what became of an amendment."""
    amended = None if order.amendment is None else order.amendment.amount
    return amended if amended is not None and theirs is not None and theirs[2] == amended else order.amount


def _fills(loaded: JournalLoaded, trades: list[Trade]) -> None:
    ours = {
        fill.trade_id: (fill.label, fill.instrument, fill.side.value, fill.amount, fill.price, fill.fee)
        for fill in loaded.fills
    }
    theirs = {
        row.trade_id: (row.label, row.instrument_name, row.direction, row.amount, row.price, row.fee)
        for row in trades
    }
    if ours != theirs:
        raise Violation("journal fills", _different(ours, theirs))


def _counters(life: Life, underlying: Underlying, book: BookView) -> None:
    """Turnover of the last 24 hours as the daemon counts it, in minutes begun, is that of the exchange."""
    since_ms = life.venue.market_ms() - DAY_MS
    least = _turned_over_usd(life, underlying, since_ms)
    most = _turned_over_usd(life, underlying, since_ms - BUCKET_MS)
    if not least - 0.01 <= book.turnover_usd_24h <= most + 0.01:
        raise Violation("turnover counted", f"{book.turnover_usd_24h} USD, the exchange tells {least}")


def _turned_over_usd(life: Life, underlying: Underlying, since_ms: int) -> float:
    intents = {label: approved.intent for label, approved in life.checks.asked.items()}
    return sum(
        underlying.usd(trade)
        for trade in Legs().of(life.venue.exchange.desk.trades)
        if trade.timestamp_ms > since_ms
        and (intent := intents.get(trade.label)) is not None
        and intent.book == underlying.book
        and intent.purpose is not Purpose.MANUAL
    )


def _hedged(life: Life, underlying: Underlying, book: BookView, *, limited: bool) -> None:
    """Inside the band, or blocked by name; other policies have come to rest."""
    decision = book.last_decision
    assert decision is not None
    if decision.action is Action.BLOCKED:
        life.checks.tally.blocked_at_end[str(decision.reason)] += 1
        if decision.reason not in MAY_BLOCK:
            raise Violation(
                "convergence", f"{book.name} is still blocked by {decision.reason}: {decision.detail}"
            )
        return
    if not limited:
        return
    delta_coin, wide = life.venue.net_delta_coin(underlying), BAND_BTC * underlying.coins
    slack_coin = LOTS * underlying.lot_coin(book.index_usd or 1.0) + SLACK_BTC * underlying.coins
    lower, upper = book.band.lower or -wide, book.band.upper or wide  # a soft limit widens it
    if not lower - slack_coin <= delta_coin <= upper + slack_coin:
        detail = f"{decision.action} {decision.reason}: {decision.detail}"
        out = f"{book.name}: net delta is {delta_coin:+.4f} coin at the end"
        raise Violation("hedged", f"{out}, the daemon says {detail}")


def _cash(life: Life, view: StatusView) -> None:
    """Cash of every currency: what the daemon was told last, and what its attribution booked."""
    funds = life.venue.exchange.funds
    told = {row.currency: Decimal(row.balance) for book in view.books for row in book.ownership.wallets}
    for currency in life.plan.currencies:
        theirs = funds.totals(currency).balance
        if told.get(currency) != theirs:
            raise Violation("cash", f"{currency}: {told.get(currency)} here, {theirs} there")
    for wallet in view.attribution:
        if abs(wallet.cash_gap) > wallet.cash_tolerance:
            raise Violation("attribution", f"{wallet.cash_gap} {wallet.currency} that nobody has booked")


def _conserved(life: Life) -> None:
    """The exchange's own books: cash is the sum of its entries."""
    state: Any = sim.state(life.venue.exchange, life.venue.wire_s)
    for currency, balance in state["balance_exact"].items():
        if Decimal(balance) != Decimal(state["changes_exact"][currency]):
            raise Violation(
                "cash", f"{currency}: {balance}, entries sum to {state['changes_exact'][currency]}"
            )


def _exact(value: object) -> Decimal:
    return Decimal(str(value))


def _different(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    names = sorted({*ours, *theirs})
    rows = [
        f"{name}: {ours.get(name)} here, {theirs.get(name)} there"
        for name in names
        if ours.get(name) != theirs.get(name)
    ]
    return "; ".join(rows[:5]) + (f" (and {len(rows) - 5} more)" if len(rows) > 5 else "")
