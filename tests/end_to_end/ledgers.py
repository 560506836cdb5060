"""Holds the daemon's journal against the exchange's own books, exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import WITHIN_S, until
from tests.journal.places import Place, rows

Rows = dict[str, tuple[Any, ...]]

# Ends of an order that never traded, as the journal may know them while the exchange knows nothing of it.
NEVER_THERE = ("absent", "dropped", "rejected")


def bodies(journal: Place, table: str) -> list[dict[str, Any]]:
    """The values of a table in the order in which they were written."""
    found = rows(journal, f"select body from {table} order by id")
    return [json.loads(body, parse_float=Decimal) for (body,) in found]


def exchange_fills(state: dict[str, Any]) -> Rows:
    """By trade id: whose order, what, and for how much."""
    return {
        row["trade_id"]: (
            row.get("label", ""),
            row["instrument_name"],
            row["direction"],
            *(Decimal(row[name]) for name in ("amount", "price", "fee")),
        )
        for row in state["trades"]
    }


def journal_fills(journal: Place) -> Rows:
    return {
        row["trade_id"]: (
            row["label"],
            row["instrument"],
            row["side"],
            *(Decimal(row[name]) for name in ("amount", "price", "fee")),
        )
        for row in bodies(journal, "fills")
    }


def exchange_orders(state: dict[str, Any]) -> Rows:
    """Hedges by label: state, side, amount, filled amount."""
    return {
        row["label"]: (
            row["order_state"],
            row["direction"],
            Decimal(row["amount"]),
            Decimal(row["filled_amount"]),
        )
        for row in state["orders"]
        if row["label"].startswith("h-")
    }


def journal_orders(journal: Place) -> Rows:
    """Orders that reached the exchange, by label; one that is said never to have been there is left out."""
    return {
        row["intent"]["label"]: (
            row["state"],
            row["intent"]["side"],
            Decimal(row["reduced_to"] or row["intent"]["amount"]),
            Decimal(row["filled_amount"]),
        )
        for row in bodies(journal, "orders")
        if row["state"] not in NEVER_THERE
    }


def positions(daemon: Daemon) -> dict[str, Decimal]:
    held = daemon.book()["positions"]
    return {row["instrument"]: size for row in held if (size := Decimal(row["size"]))}


def exchange_positions(state: dict[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(size) for name, size in state["positions_exact"].items()}


def _apart(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What is not the same on both sides, by its key: (ours, theirs), None where a side does not have it."""
    keys = sorted({*ours, *theirs})
    return {key: (ours.get(key), theirs.get(key)) for key in keys if ours.get(key) != theirs.get(key)}


def differences(state: dict[str, Any], daemon: Daemon) -> dict[str, tuple[Any, Any]]:
    """Fills, orders and positions on which journal and daemon differ from the exchange: (ours, theirs)."""
    return {
        **_apart(journal_fills(daemon.journal), exchange_fills(state)),
        **_apart(journal_orders(daemon.journal), exchange_orders(state)),
        **_apart(positions(daemon), exchange_positions(state)),
    }


def assert_ledgers_agree(exchange: Exchange, daemon: Daemon, within_s: float = WITHIN_S) -> None:
    """Positions, fills, fees and orders are the exchange's own, to the last digit; no label was used twice.

    What is still being written is waited for, and so is a hedge that goes out meanwhile.
    """
    state, apart = exchange.state(), {"": (None, None)}

    def agree() -> bool:
        nonlocal state, apart
        state = exchange.state()
        apart = differences(state, daemon)
        return not apart

    try:
        until(agree, "journal and exchange agree", within_s)
    except AssertionError as error:
        raise AssertionError(f"{error}: (ours, theirs) of {apart}") from None
    assert state["duplicate_labels"] == {}
    fees = [fill[-1] for fill in exchange_fills(state).values()]
    assert sum(fees, Decimal(0)) == Decimal(state["fees_exact"]["BTC"])
