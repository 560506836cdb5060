"""People on the account: they trade by hand, move money, command the daemon and look after it."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from hedger.backtest.simulate.plan import BOOK
from hedger.backtest.simulate.venue import PERPETUAL
from hedger.domain.order import Side
from hedger.engine.events import CommandGiven, HoldAsked, OrderGiven
from hedger.engine.hedging.manual_order import OrderAsked
from hedger.simulator import sim, sim_account

if TYPE_CHECKING:
    from hedger.backtest.simulate.life import Life

COMMANDS = ("pause", "resume", "reduce_only", "neutralise", "flatten", "halt")
LOOK_S = 20.0  # an operator looks at what waits for a person this often, once there is peace


class People:
    """Draws what they do from the seed."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._chance = random.Random(f"{life.plan.seed}:people")
        self._numbers = count(1)
        self.commanded = ""

    def do(self, kind: str, seconds: float) -> None:
        """One thing."""
        match kind:
            case "trade":
                self._trade(PERPETUAL, str(self._chance.randrange(1, 9) * 10_000))
            case "trade_option":
                self._trade(self._option(), str(self._chance.choice((1, 2))))
            case "block":
                self._block()
            case "deposit":
                kind = self._chance.choice(("deposit", "withdrawal"))
                self._life.venue.do(sim_account.move_money, currency="BTC", amount="0.5", type=kind)
            case "command":
                self._command(self._chance.choice(COMMANDS))
                self._life.heap.after(seconds, lambda: self._command("resume"))
            case "hold":
                asked = HoldAsked(book=BOOK, seconds=min(seconds, 30.0), by="trader", reason="legging in")
                self._life.process.emit(asked)
            case "order_by_hand":
                self._order()
            case "liquidation":
                self._life.venue.do(sim_account.liquidate, currency="BTC", rounds=2)
            case "deleveraging":
                self._life.venue.do(sim_account.deleverage_position, instrument=PERPETUAL, amount="1000")
            case "account_lock":
                self._life.venue.do(sim_account.lock, currency="BTC", kind="position")
                self._life.heap.after(seconds, self._unlock)
            case _:
                raise ValueError(f"incident {kind!r}: nobody knows how to do that")

    def _side(self) -> str:
        return self._chance.choice(("buy", "sell"))

    def _trade(self, instrument: str, amount: str) -> None:
        self._life.venue.do(sim.trade, instrument=instrument, side=self._side(), amount=amount)

    def _option(self) -> str:
        listed = self._life.venue.exchange.markets.listings().values()
        return self._chance.choice([row.name for row in listed if row.is_option] or [PERPETUAL])

    def _block(self) -> None:
        """An option with its own hedge; the legs are told one by one."""
        side, other = self._chance.choice((("buy", "sell"), ("sell", "buy")))
        legs = [
            {"instrument": self._option(), "side": side, "amount": "1"},
            {"instrument": PERPETUAL, "side": other, "amount": "40000"},
        ]
        gap_ms = self._chance.choice((0, 300, 1_500))
        self._life.venue.do(sim_account.block, legs=legs, order="shuffled", gap_ms=gap_ms)

    def _command(self, command: str) -> None:
        book = self._chance.choice(("", BOOK))
        if command == "resume":
            self._life.checks.resumed()
        self._life.process.emit(
            CommandGiven(command=command, book=book, by="operator", reason="drill", accept_naked_delta=True)
        )

    def _order(self) -> None:
        """At the market, or somewhere near it to rest."""
        side = Side(self._side())
        away = self._chance.choice((None, -1, 1))
        mark = Decimal(int(self._life.venue.exchange.markets.market(PERPETUAL).mark))
        asked = OrderAsked(
            number=str(next(self._numbers)),
            book=BOOK,
            instrument=PERPETUAL,
            side=side,
            amount=Decimal(self._chance.randrange(1, 5) * 5_000),
            price=None if away is None else mark + away * side.sign * 50,
            immediate=away == 1,
            by="trader",
            reason="by hand",
        )
        self._life.process.emit(OrderGiven(asked=asked))

    def _unlock(self) -> None:
        self._life.venue.do(sim_account.lock, currency="BTC", kind="position", locked=False)

    # -- peace --------------------------------------------------------------------------------------

    def look_after(self) -> None:
        """Unlock the account, and resume what waits for a person, until nothing does."""
        self._unlock()
        for place in range(4):
            self._life.heap.after(5.0 + place * LOOK_S, self._resume)

    def _resume(self) -> None:
        self._life.checks.resumed()
        for book in ("", BOOK):
            self._life.process.emit(
                CommandGiven(command="resume", book=book, by="operator", reason="looked at it")
            )
