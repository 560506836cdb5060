"""What the store says: labels, terms of amendments and breakers, as last made durable."""

from __future__ import annotations

import json
from decimal import Decimal

from hedger.backtest.simulate.disk import Store


class Written:
    """Reads the store's rows as they come."""

    def __init__(self, store: Store) -> None:
        self._store, self._read = store, 0
        self.labels: set[str] = set()
        self._terms: set[tuple[str, str, str]] = set()  # label, price, amount
        self._breakers: dict[str, str] = {}  # by book ("" the daemon)

    def learn(self) -> None:
        """Take in what has become durable since the last time."""
        rows = self._store.rows
        for row in rows[self._read :]:
            if row.table.name == "orders":
                self.labels.add(row.values["label"])
                terms = json.loads(row.values["body"]).get("amendment")
                if terms is not None:
                    self._terms.add(_plain(row.values["label"], terms["price"], terms["amount"]))
            elif row.table.name == "commands":
                self._breakers[row.values["book"]] = row.values["state"]
        self._read = len(rows)

    def shut(self, book: str) -> str:
        """The breaker, of the daemon or of the book, that lets the book send nothing; empty: none."""
        states = (self._breakers.get(name, "") for name in ("", book))
        return next((state for state in states if state in ("paused", "halted")), "")

    def has_terms(self, label: str, price: object, amount: object) -> bool:
        """Whether an order's new terms have been written down."""
        return _plain(label, price, amount) in self._terms


def _plain(label: str, price: object, amount: object) -> tuple[str, str, str]:
    """Numbers of the wire or of the journal, written in one way."""
    told, wanted = (str(Decimal(str(value)).normalize()) for value in (price, amount))
    return label, told, wanted
