"""Persistence: everything that must survive the death of the process, in one SQLite file.

Rows are written before the reply that acknowledges them leaves. The write-ahead log with `synchronous=NORMAL`
survives the end of the process at any instant; a power cut may lose the last moments.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from hedger.simulator.account import Account
from hedger.simulator.clock import MarketClock
from hedger.simulator.entries import Entry
from hedger.simulator.orders import Order, Trade
from hedger.simulator.settlements import Settlement
from hedger.simulator.settling import Agenda
from hedger.simulator.world.fixed import Move

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS trades (id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS entries (id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS settlements (id TEXT PRIMARY KEY, body BLOB NOT NULL);
"""
_UPSERT = "INSERT INTO {} VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body"


@dataclass(frozen=True, slots=True)
class MarketMove:
    """What somebody did to a fixed market."""

    underlying: str
    move: Move


@dataclass(slots=True)
class StateRow:
    """The moving part of the exchange."""

    account: Account
    clock: MarketClock
    world_ms: int
    account_cancel_on_disconnect: bool
    agenda: Agenda = field(default_factory=Agenda)
    moves: list[MarketMove] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Saved:
    """What an earlier run left."""

    state: StateRow
    orders: list[Order]
    trades: list[Trade]


class Journal:
    """The state file of one exchange, for its owner only. ValueError or OSError: it cannot be used."""

    def __init__(self, path: Path) -> None:
        # The write-ahead log and its index are made with the mode of the database.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._entries_saved = 0
        self._settlements_saved = 0
        try:
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise ValueError(f"--state {path}: not the state of an exchange: {error}") from None

    def close(self) -> None:
        self._database.close()

    def save(self, state: StateRow, orders: list[Order], trades: list[Trade]) -> None:
        """Write the state with the orders and trades that changed, all or nothing.

        The cash book only grows: of it just the new entries are written, as rows of their own.
        """
        run, log = self._database.execute, state.account.log
        body = msgspec.json.encode(replace(state, account=replace(state.account, log=[])))
        run("BEGIN IMMEDIATE")
        run(_UPSERT.format("facts"), ("state", body))
        for entry in log[self._entries_saved :]:
            run(_UPSERT.format("entries"), (str(entry.number), msgspec.json.encode(entry)))
        for order in orders:
            run(_UPSERT.format("orders"), (order.order_id, msgspec.json.encode(order)))
        for trade in trades:
            run(_UPSERT.format("trades"), (trade.trade_id, msgspec.json.encode(trade)))
        run("COMMIT")
        self._entries_saved = len(log)

    def keep_settlements(self, rows: list[Settlement]) -> None:
        """Write those that are new; `rows` only grows."""
        new = rows[self._settlements_saved :]
        if not new:
            return
        self._database.execute("BEGIN IMMEDIATE")
        for number, row in enumerate(new, self._settlements_saved + 1):
            self._database.execute(_UPSERT.format("settlements"), (str(number), msgspec.json.encode(row)))
        self._database.execute("COMMIT")
        self._settlements_saved = len(rows)

    def settlements(self) -> list[Settlement]:
        """All of them, oldest first."""
        rows = [msgspec.json.decode(row, type=Settlement) for row in self._bodies("settlements")]
        self._settlements_saved = len(rows)
        return rows

    def load(self) -> Saved | None:
        """The state of an earlier run, or None for a new file."""
        body = self.fact("state")
        if body is None:
            return None
        state = msgspec.json.decode(body, type=StateRow)
        state.account.log = [msgspec.json.decode(row, type=Entry) for row in self._bodies("entries")]
        self._entries_saved = len(state.account.log)
        orders = [msgspec.json.decode(row, type=Order) for row in self._bodies("orders")]
        trades = [msgspec.json.decode(row, type=Trade) for row in self._bodies("trades")]
        return Saved(state, orders, trades)

    def fact(self, name: str) -> bytes | None:
        """A named value written by `set_fact`."""
        row = self._database.execute("SELECT body FROM facts WHERE name = ?", (name,)).fetchone()
        return bytes(row[0]) if row else None

    def set_fact(self, name: str, body: bytes) -> None:
        self._database.execute(_UPSERT.format("facts"), (name, body))

    def _bodies(self, table: str) -> list[bytes]:
        rows = self._database.execute(f"SELECT body FROM {table} ORDER BY length(id), id").fetchall()
        return [bytes(row[0]) for row in rows]
