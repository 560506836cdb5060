"""The liquidation engine: takes over an account whose maintenance margin exceeds its margin balance.

After Deribit, "Liquidations" and the release of 1 August 2023. The account is locked and its orders are
cancelled. Then, one round a second of market time, a small part of a position is closed at what the book
gives, until the margin holds again; then the lock ends, and what is left stays.
  standard margin   futures first, then short options, then long ones; the dearest first
  portfolio margin  first the perpetual is traded against the net delta (it may be opened for that: a position
                    that nobody ordered) as long as this cuts the maintenance margin; then whatever step of
                    a position cuts it most
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from hedger.simulator.account import Account
from hedger.simulator.desk import Desk
from hedger.simulator.forced import liquidate
from hedger.simulator.funds import Funds
from hedger.simulator.locks import ALL, LIQUIDATION, POSITION, Lock, LockNews
from hedger.simulator.markets import Markets
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO, exact
from hedger.simulator.requirements import CROSS_SM, SEGREGATED_PM, Holding

ROUND_MS = 1_000  # market time
STEP_SHARE = Decimal("0.125")  # of a position or of the net delta, per round
CANCEL_REASONS = {SEGREGATED_PM: "pme_account_locked"}
CANCEL_REASON = "autoliquidation"

Step = tuple[Listing, Decimal]  # signed amount


class Liquidator:
    """Watches the margins and acts on them; its locks live in the account."""

    def __init__(self, account: Account, markets: Markets, desk: Desk) -> None:
        self._account, self._markets, self._desk = account, markets, desk
        self._funds: Funds = desk.funds
        self.news: list[LockNews] = []
        self._checked_ms = -ROUND_MS

    def watch(self, now_ms: int) -> None:
        """Start, go on with or end liquidations. To be called whenever the market has moved."""
        if now_ms - self._checked_ms < ROUND_MS:
            return
        self._checked_ms = now_ms
        for code in self._scopes():
            lock = self._account.locks.get(code)
            if lock is not None and lock.reason == LIQUIDATION:
                self._round(lock, now_ms)
            elif self._breached(code):
                self._lock(code, LIQUIDATION, now_ms)

    def start(self, currency: str, rounds: int, now_ms: int) -> Lock:
        """Liquidate for so many rounds, whatever the margin."""
        scope = ALL if self._account.margin_model == CROSS_SM else currency
        lock = self._account.locks.get(scope)
        if lock is None or lock.reason != LIQUIDATION:
            lock = self._lock(scope, LIQUIDATION, now_ms)
        lock.rounds_left = max(lock.rounds_left, rounds)
        return lock

    def lock(self, currency: str, reason: str, now_ms: int) -> Lock:
        """Lock a currency by hand."""
        return self._lock(currency, reason, now_ms)

    def unlock(self, currency: str) -> None:
        """End a lock, if there is one."""
        lock = self._account.locks.pop(currency, None)
        if lock is not None and lock.reason != POSITION:
            self.news.append(LockNews(currency, locked=False))

    def _scopes(self) -> list[str]:
        """What is liquidated by itself: every settlement currency, or with a cross model the account."""
        if self._account.margin_model == CROSS_SM:
            return [ALL]
        held = {row.listing.settlement_currency for row in self._account.open_positions()}
        return sorted(held | (set(self._account.locks) - {ALL}))

    def _currencies(self, scope: str) -> list[str]:
        """Those of a scope in which there are positions."""
        held = {row.listing.settlement_currency for row in self._account.open_positions()}
        return sorted(held) if scope == ALL else [code for code in sorted(held) if code == scope]

    def _breached(self, scope: str) -> bool:
        """Whether there is something to liquidate, and a reason to."""
        codes = self._currencies(scope)
        return bool(codes) and self._funds.margins(codes[0]).breached

    def _lock(self, scope: str, reason: str, now_ms: int) -> Lock:
        """Lock, and cancel what is open there (of a position lock only what does not reduce)."""
        lock = self._account.locks[scope] = Lock(scope, reason, now_ms)
        if reason != POSITION:
            self.news.append(LockNews(scope, locked=True))
        cause = "position_locked"
        if reason == LIQUIDATION:
            cause = CANCEL_REASONS.get(self._account.margin_model, CANCEL_REASON)
        for order in self._desk.open_orders():
            here = scope in (ALL, order.listing.settlement_currency)
            if here and (reason != POSITION or not order.risk_reducing):
                self._desk.cancel(order, cause, now_ms)
        return lock

    # -- rounds -----------------------------------------------------------------------------------

    def _round(self, lock: Lock, now_ms: int) -> None:
        """One step if it is needed; the end of the lock if not."""
        breached = self._breached(lock.currency)
        if not breached and not lock.rounds_left:
            self.unlock(lock.currency)
            return
        lock.rounds_left = max(0, lock.rounds_left - 1)
        for listing, amount in self._steps(lock):
            if self._tradable(listing) and liquidate(self._desk, listing, amount, now_ms):
                return

    def _tradable(self, listing: Listing) -> bool:
        return self._markets.market(listing.name).state == "open"

    def _steps(self, lock: Lock) -> Iterator[Step]:
        """What to try, best first."""
        codes = self._currencies(lock.currency)
        held = [row for code in codes for row in self._funds.holdings(code) if row.size]
        if self._account.margin_model == SEGREGATED_PM:
            yield from self._portfolio_steps(lock, held)
            return
        for row in sorted(held, key=_standard_rank):
            yield row.listing, _closing_step(row, lock)

    def _portfolio_steps(self, lock: Lock, held: list[Holding]) -> Iterator[Step]:
        currency, now = lock.currency, self._funds.requirement(lock.currency).maintenance
        hedges = [step for step in self._hedges(held) if self._maintenance_after(currency, step) < now]
        closings = [(row.listing, _closing_step(row, lock)) for row in held]
        left = {step[0].name: self._maintenance_after(currency, step) for step in closings}
        yield from hedges
        yield from sorted(closings, key=lambda step: left[step[0].name])

    def _hedges(self, held: list[Holding]) -> Iterator[Step]:
        """Per index, a part of the net delta, in its perpetual."""
        for index in dict.fromkeys(row.listing.price_index for row in held):
            perpetual = self._perpetual(index)
            if perpetual is None:
                continue
            mark = self._markets.mark(perpetual.name)
            delta = sum((_pnl_delta(row) for row in held if row.listing.price_index == index), ZERO)
            unit = Decimal(1) if perpetual.is_linear else mark
            amount = _in_lots(perpetual, -delta * unit * STEP_SHARE)
            if abs(delta * unit) >= perpetual.min_trade_amount:
                yield perpetual, amount

    def _perpetual(self, index: str) -> Listing | None:
        rows = self._markets.listings().values()
        return next((row for row in rows if row.is_perpetual and row.price_index == index), None)

    def _maintenance_after(self, currency: str, step: Step) -> Decimal:
        """Maintenance margin if a step were traded at the mark."""
        listing, amount = step
        tried, mark = self._account.copy(), self._markets.mark(listing.name)
        index = self._markets.index(listing.price_index)
        tried.apply_trade(listing, amount, mark, ZERO, index, self._markets.world.now_ms)
        return Funds(tried, self._markets).requirement(currency).maintenance


def _standard_rank(row: Holding) -> tuple[int, Decimal, str]:
    """Futures, then short options, then long ones; of each the dearest first."""
    kind = 0 if not row.listing.is_option else 1 if row.size < 0 else 2
    return kind, -row.margin(row.size).maintenance, row.listing.name


def _closing_step(row: Holding, lock: Lock) -> Decimal:
    """The share of the position that was there at first, with the opposite sign, or all that is left."""
    step = lock.steps.setdefault(row.listing.name, abs(_in_lots(row.listing, row.size * STEP_SHARE)))
    amount = min(step, abs(row.size))
    return -amount if row.size > 0 else amount


def _in_lots(listing: Listing, amount: Decimal) -> Decimal:
    """A signed amount in whole lots, at least one."""
    lot = listing.min_trade_amount
    lots = max(Decimal(1), (abs(amount) / lot).to_integral_value())
    return lots * lot if amount > 0 else -lots * lot


def _pnl_delta(row: Holding) -> Decimal:
    """Coins of exposure of money in the settlement currency: an inverse option's price is one of them."""
    coins = row.size * exact(row.unit_delta)
    if row.listing.is_option and not row.listing.is_linear:
        coins -= row.size * row.mark
    return coins
