"""People on the account: they trade by hand, move money, command the daemon and look after it."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from hedger.backtest.simulate.underlyings import Underlying
from hedger.domain.order import Side
from hedger.engine.events import CommandGiven, HoldAsked, OrderGiven
from hedger.engine.hedging.manual_order import OrderAsked
from hedger.simulator import sim, sim_account

if TYPE_CHECKING:
    from hedger.backtest.simulate.life import Life

COMMANDS = ("pause", "resume", "reduce_only", "neutralise", "flatten", "halt")
MOVED_BTC = Decimal("0.5")
LOOKS, LOOK_S = 4, 20.0  # an operator looks at what waits for a person this often, once there is peace


class People:
    """Draws what they do from the seed."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._chance = random.Random(f"{life.plan.seed}:people")
        self._numbers = count(1)
        self.commanded = ""

    def do(self, kind: str, seconds: float, about: Underlying) -> None:
        """One thing, in one of the books."""
        match kind:
            case "trade":
                self._trade(about.perpetual, about.future_amount(self._chance.randrange(1, 9) * 10_000))
            case "trade_option":
                self._trade(self._option(about), Decimal(self._chance.choice((1, 2)) * about.coins))
            case "block":
                self._block(about)
            case "deposit":
                kind, amount = self._chance.choice(("deposit", "withdrawal")), about.money(MOVED_BTC)
                money = {"currency": about.currency, "amount": f"{amount:f}"}
                self._life.venue.do(sim_account.move_money, **money, type=kind)
            case "command":
                self._command(self._chance.choice(COMMANDS), about)
                self._life.heap.after(seconds, lambda: self._command("resume", about))
            case "hold":
                asked = HoldAsked(
                    book=about.book, seconds=min(seconds, 30.0), by="trader", reason="legging in"
                )
                self._life.process.emit(asked)
            case "order_by_hand":
                self._order(about)
            case "liquidation":
                self._life.venue.do(sim_account.liquidate, currency=about.currency, rounds=2)
            case "deleveraging":
                amount = about.future_amount(1_000)
                of = {"instrument": about.perpetual, "amount": f"{amount:f}"}
                self._life.venue.do(sim_account.deleverage_position, **of)
            case "account_lock":
                self._life.venue.do(sim_account.lock, currency=about.currency, kind="position")
                self._life.heap.after(seconds, lambda: self._unlock(about))
            case _:
                raise ValueError(f"incident {kind!r}: nobody knows how to do that")

    def _side(self) -> str:
        return self._chance.choice(("buy", "sell"))

    def _trade(self, instrument: str, amount: Decimal) -> None:
        self._life.venue.do(sim.trade, instrument=instrument, side=self._side(), amount=f"{amount:f}")

    def _option(self, about: Underlying) -> str:
        listed = self._life.venue.exchange.markets.listings().values()
        names = [row.name for row in listed if row.is_option and about.owns(row)]
        return self._chance.choice(names or [about.perpetual])

    def _block(self, about: Underlying) -> None:
        """An option with its own hedge; the legs are told one by one."""
        side, other = self._chance.choice((("buy", "sell"), ("sell", "buy")))
        legs = [
            {"instrument": self._option(about), "side": side, "amount": str(about.coins)},
            {"instrument": about.perpetual, "side": other, "amount": f"{about.future_amount(40_000):f}"},
        ]
        gap_ms = self._chance.choice((0, 300, 1_500))
        self._life.venue.do(sim_account.block, legs=legs, order="shuffled", gap_ms=gap_ms)

    def _command(self, command: str, about: Underlying) -> None:
        book = self._chance.choice(("", about.book))
        if command == "resume":
            self._life.checks.resumed(book)
        self._life.process.emit(
            CommandGiven(command=command, book=book, by="operator", reason="drill", accept_naked_delta=True)
        )

    def _order(self, about: Underlying) -> None:
        """At the market, or somewhere near it to rest."""
        side = Side(self._side())
        away = self._chance.choice((None, -1, 1))
        mark = Decimal(int(self._life.venue.exchange.markets.market(about.perpetual).mark))
        asked = OrderAsked(
            number=str(next(self._numbers)),
            book=about.book,
            instrument=about.perpetual,
            side=side,
            amount=about.future_amount(self._chance.randrange(1, 5) * 5_000),
            price=None if away is None else mark + away * side.sign * 50 // about.coins,
            immediate=away == 1,
            by="trader",
            reason="by hand",
        )
        self._life.process.emit(OrderGiven(asked=asked))

    def _unlock(self, about: Underlying) -> None:
        self._life.venue.do(sim_account.lock, currency=about.currency, kind="position", locked=False)

    # -- peace --------------------------------------------------------------------------------------

    def look_after(self) -> None:
        """Unlock the account, and resume what waits for a person, until nothing does."""
        for one in self._life.plan.underlyings:
            self._unlock(one)
        self._life.heap.after(5.0, lambda: self._look(LOOKS))

    def _look(self, looks: int) -> None:
        """So many times, and as long as the exchange itself goes on liquidating."""
        self._resume()
        if looks > 1 or self._life.venue.exchange.account.locks:
            self._life.heap.after(LOOK_S, lambda: self._look(looks - 1))

    def _resume(self) -> None:
        for book in ("", *(one.book for one in self._life.plan.underlyings)):
            self._life.checks.resumed(book)
            self._life.process.emit(
                CommandGiven(command="resume", book=book, by="operator", reason="looked at it")
            )
