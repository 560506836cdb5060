"""The tables of the first journals.

Files of that time bear no revision and may lack the youngest of these tables: what is there is left alone.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None
branch_labels = depends_on = None

SCOPE = ("venue", "environment", "account_id")

_TEXTS: dict[str, tuple[str, ...]] = {
    "fills": ("fee_currency", "trade_id", "label", "instrument"),
    "decisions": ("book", "action", "reason"),
    "commands": ("book", "state"),
    "hedges": ("book", "instrument", "outcome"),
    "overrides": ("book",),
    "setting_changes": ("key", "value"),
    "configs": ("config_hash",),
    "adjustments": ("label", "instrument"),
    "cash_flows": ("currency",),
    "holds": ("book",),
    "rivals": ("book",),
    "kept": ("book",),
    "snapshots": (),
    "guards": ("book", "kind"),
}
_UNIQUE: dict[str, tuple[str, ...]] = {"fills": (*SCOPE, "fee_currency", "trade_id")}
_INDEXES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("orders_by_state", "orders", (*SCOPE, "state")),
    ("orders_by_change", "orders", (*SCOPE, "changed_ms")),
    ("fills_by_time", "fills", (*SCOPE, "market_ms")),
    ("decisions_by_time", "decisions", ("market_ms",)),
    ("decisions_by_book", "decisions", ("book", "market_ms")),
    ("commands_by_book", "commands", (*SCOPE, "book")),
    ("hedges_by_book", "hedges", ("book", "market_ms")),
    ("overrides_by_book", "overrides", (*SCOPE, "book")),
    ("adjustments_by_scope", "adjustments", SCOPE),
    ("cash_flows_by_time", "cash_flows", (*SCOPE, "market_ms")),
    ("holds_by_book", "holds", (*SCOPE, "book")),
    ("rivals_by_book", "rivals", (*SCOPE, "book")),
    ("kept_by_book", "kept", (*SCOPE, "book")),
    ("guards_by_book", "guards", (*SCOPE, "book", "kind")),
)


def upgrade() -> None:
    _create(
        "epochs",
        *_texts(SCOPE),
        sa.Column("epoch", sa.Integer(), nullable=False),
        _ms("market_ms"),
        sa.PrimaryKeyConstraint(*SCOPE, "epoch"),
    )
    _create(
        "orders",
        _id(),
        *_texts((*SCOPE, "label", "book", "instrument", "state")),
        _ms("created_ms"),
        _ms("changed_ms"),
        _body(),
        sa.UniqueConstraint(*SCOPE, "label"),
    )
    for name, columns in _TEXTS.items():
        unique = [sa.UniqueConstraint(*_UNIQUE[name])] if name in _UNIQUE else []
        _create(name, _id(), *_texts((*SCOPE, *columns)), _ms("market_ms"), _body(), *unique)
    for index, table, columns in _INDEXES:
        op.create_index(index, table, list(columns), if_not_exists=True)


def _create(name: str, *columns: Any) -> None:
    op.create_table(name, *columns, if_not_exists=True)


def _texts(names: tuple[str, ...]) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _ms(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _body() -> sa.Column[Any]:
    return sa.Column("body", sa.Text(), nullable=False)
