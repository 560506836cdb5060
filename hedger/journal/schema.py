"""The tables. Every row carries its scope: venue, environment and account.

A row's columns are what is searched by; its `body` is the whole value as JSON (see codec).
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
)

SCOPE = ("venue", "environment", "account_id")


class Scope(NamedTuple):
    """Whose row it is. Blank: written before any account was known, or for all of them."""

    venue: str = ""
    environment: str = ""
    account_id: str = ""

    @cache  # noqa: B019  a process has a scope or two
    def owns(self, table: Table) -> ColumnElement[bool]:
        """The condition that a row of `table` is of this scope."""
        return and_(*(table.c[column] == value for column, value in self._asdict().items()))


BLANK = Scope()

metadata = MetaData()


def _scope() -> list[Column[Any]]:
    return [Column(name, String, nullable=False) for name in SCOPE]


def _text(*names: str) -> list[Column[Any]]:
    return [Column(name, String, nullable=False) for name in names]


def _ms(name: str) -> Column[Any]:
    """Market time in ms since the epoch."""
    return Column(name, BigInteger, nullable=False)


def _id() -> Column[Any]:
    return Column("id", Integer, primary_key=True)


def _body() -> Column[Any]:
    return Column("body", Text, nullable=False)


epochs = Table(
    "epochs",
    metadata,
    *_scope(),
    Column("epoch", Integer, nullable=False),
    _ms("market_ms"),
    PrimaryKeyConstraint(*SCOPE, "epoch"),
)

leases = Table(
    "leases",
    metadata,
    *_scope(),
    *_text("holder"),
    Column("epoch", Integer, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint(*SCOPE),
)
"""Who writes for an account; `expires_ms` by the database's own clock, 0: released (see lease)."""

orders = Table(
    "orders",
    metadata,
    _id(),
    *_scope(),
    *_text("label", "book", "instrument", "state"),
    _ms("created_ms"),
    _ms("changed_ms"),
    _body(),
    UniqueConstraint(*SCOPE, "label"),
    Index("orders_by_state", *SCOPE, "state"),
    Index("orders_by_change", *SCOPE, "changed_ms"),
)

fills = Table(
    "fills",
    metadata,
    _id(),
    *_scope(),
    *_text("fee_currency", "trade_id", "label", "instrument"),
    _ms("market_ms"),
    _body(),
    UniqueConstraint(*SCOPE, "fee_currency", "trade_id"),
    Index("fills_by_time", *SCOPE, "market_ms"),
)

decisions = Table(
    "decisions",
    metadata,
    _id(),
    *_scope(),
    *_text("book", "action", "reason"),
    _ms("market_ms"),
    _body(),
    Index("decisions_by_time", "market_ms"),
    Index("decisions_by_book", "book", "market_ms"),
)

commands = Table(
    "commands",
    metadata,
    _id(),
    *_scope(),
    *_text("book", "state"),
    _ms("market_ms"),
    _body(),
    Index("commands_by_book", *SCOPE, "book"),
)

hedges = Table(
    "hedges",
    metadata,
    _id(),
    *_scope(),
    *_text("book", "instrument", "outcome"),
    _ms("market_ms"),
    _body(),
    Index("hedges_by_book", "book", "market_ms"),
    Index("hedges_by_time", "market_ms"),
)

overrides = Table(
    "overrides",
    metadata,
    _id(),
    *_scope(),
    *_text("book"),
    _ms("market_ms"),
    _body(),
    Index("overrides_by_book", *SCOPE, "book"),
)

setting_changes = Table(
    "setting_changes", metadata, _id(), *_scope(), *_text("key", "value"), _ms("market_ms"), _body()
)

configs = Table("configs", metadata, _id(), *_scope(), *_text("config_hash"), _ms("market_ms"), _body())

adjustments = Table(
    "adjustments",
    metadata,
    _id(),
    *_scope(),
    *_text("label", "instrument"),
    _ms("market_ms"),
    _body(),
    Index("adjustments_by_scope", *SCOPE),
)
"""Corrections of what the trades under a label come to; added to the sums of `fills`."""

cash_flows = Table(
    "cash_flows",
    metadata,
    _id(),
    *_scope(),
    *_text("currency"),
    _ms("market_ms"),
    _body(),
    Index("cash_flows_by_time", *SCOPE, "market_ms"),
)


def _per_book(name: str) -> Table:
    """A table of which the last row of each book counts."""
    by_book = Index(f"{name}_by_book", *SCOPE, "book")
    return Table(name, metadata, _id(), *_scope(), *_text("book"), _ms("market_ms"), _body(), by_book)


attributions = Table(
    "attributions",
    metadata,
    _id(),
    *_scope(),
    *_text("currency"),
    _ms("from_ms"),
    _ms("market_ms"),
    _body(),
    Index("attributions_by_time", *SCOPE, "market_ms"),
)
"""Where each wallet's change of equity came from, an interval a row; the newest of each is gone on from."""

holds = _per_book("holds")
rivals = _per_book("rivals")
kept = _per_book("kept")
acceptances = _per_book("acceptances")

snapshots = Table(
    "snapshots",
    metadata,
    _id(),
    *_scope(),
    _ms("market_ms"),
    _body(),
    Index("snapshots_by_time", "market_ms"),
)

"""The newest is what the next run begins with: whatever is forgotten of older ones, it stays."""


guards = Table(
    "guards",
    metadata,
    _id(),
    *_scope(),
    *_text("book", "kind"),
    _ms("market_ms"),
    _body(),
    Index("guards_by_book", *SCOPE, "book", "kind"),
)
"""What guards a book: latches, and what its losses are counted from (the newest row of a kind counts); and
what the gate of its smile stands on (all rows do)."""

SMILE = "smile"
"""The kind of those rows."""

SHADOWS = "shadows"
"""The kind of a row of what a book's shadows have come to; the newest counts."""


checkpoints = Table(
    "checkpoints",
    metadata,
    *_scope(),
    _ms("market_ms"),
    _body(),
    PrimaryKeyConstraint(*SCOPE),
)
"""What the older trades of each account come to, so that no start sums them again and they may be deleted."""

write_marks = Table(
    "write_marks",
    metadata,
    Column("run", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)
"""How far the writes of each run are in the tables: one that is given again after a doubtful commit is not
written twice."""

WRITTEN: tuple[Table, ...] = (
    orders,
    fills,
    decisions,
    hedges,
    commands,
    overrides,
    setting_changes,
    configs,
    epochs,
    snapshots,
    guards,
    adjustments,
    cash_flows,
    holds,
    rivals,
    kept,
    acceptances,
    attributions,
)
"""The tables of records, in the order in which a transaction writes them."""

TOLD: tuple[Table, ...] = (commands, overrides, holds, setting_changes)
"""What a person tells a run, which it keeps even before it holds an account."""
