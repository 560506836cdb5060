"""How a row of each table is written; both databases speak of conflicts in the same words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.sql.dml import Insert

from hedger.journal.schema import SCOPE, WRITTEN, epochs, fills, orders, write_marks

Inserts = Mapping[Table, Insert]


def inserts_of(insert: Callable[[Table], Any]) -> Inserts:
    """The statements of a dialect, by table; `insert` is the dialect's own."""
    own = {
        orders: _newest_order(insert(orders)),
        fills: insert(fills).on_conflict_do_nothing(index_elements=[*SCOPE, "fee_currency", "trade_id"]),
        epochs: insert(epochs).on_conflict_do_nothing(),
        write_marks: _mark(insert(write_marks)),
    }
    tables = (*WRITTEN, write_marks)
    return {table: own[table] if table in own else insert(table) for table in tables}


def _newest_order(new: Any) -> Insert:
    """The newest state of a label wins; an intent (draft) never overwrites what is known of its label."""
    changed = {name: new.excluded[name] for name in ("state", "changed_ms", "body")}
    statement: Insert = new.on_conflict_do_update(
        index_elements=[*SCOPE, "label"], set_=changed, where=new.excluded.state != "draft"
    )
    return statement


def _mark(new: Any) -> Insert:
    """One of each run: how far it is."""
    statement: Insert = new.on_conflict_do_update(
        index_elements=["run"], set_={"sequence": new.excluded.sequence}
    )
    return statement
