"""The cash book: every change of the account's cash is one entry, so that their sum is the balance exactly.

Money that stands in the session's profit is no cash yet: it becomes an entry at settlement or delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.numbers import ZERO

TRADE, SETTLEMENT, DELIVERY, EXERCISE = "trade", "settlement", "delivery", "exercise"
DEPOSIT, WITHDRAWAL, TRANSFER, SWAP = "deposit", "withdrawal", "transfer", "swap"
CORRECTION = "correction"  # what was there before the exchange started
KINDS = (TRADE, SETTLEMENT, DELIVERY, EXERCISE, DEPOSIT, WITHDRAWAL, TRANSFER, SWAP, CORRECTION)


@dataclass(frozen=True, slots=True)
class Note:
    """What an entry says beside its money; amounts and prices are in the instrument's own units."""

    instrument_name: str = ""
    amount: Decimal = ZERO  # signed: positive bought
    price: Decimal = ZERO
    position: Decimal = ZERO  # signed size after it
    commission: Decimal = ZERO  # part of the change, positive = paid
    cashflow: Decimal = ZERO  # options: premium; futures: profit of the session
    info: str = ""
    interest: Decimal = ZERO  # funding of the session, part of the cashflow
    realised: Decimal = ZERO  # before the settlement, part of the cashflow
    index: Decimal = ZERO  # of settlements, exercises and deliveries
    trade_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of the cash of one currency, unrounded."""

    number: int  # counts from 1 over all currencies
    market_ms: int
    kind: str
    currency: str
    change: Decimal
    balance: Decimal  # after it
    note: Note = Note()
    equity: Decimal | None = None  # after it; None where nobody told
