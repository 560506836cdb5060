"""A book: one row per instrument and running sums of what the rows mean together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

from hedger.domain.account import Account
from hedger.domain.instrument import Instrument
from hedger.domain.quote import IndexPrice, Quote
from hedger.portfolio.ages import Ages
from hedger.portfolio.contribution import Contribution, Sums, exact_total
from hedger.portfolio.exposure import Exposure
from hedger.portfolio.row import Row
from hedger.portfolio.times import Now


class Book:
    """Positions on one underlying that settle in one currency at one venue.

    `set_quote` and `set_position` cost the same whatever the size of the book. Between two `refresh` calls a
    row keeps the time value it had at its last quote; `refresh` recomputes everything exactly.
    """

    def __init__(self, underlying: str, venue: str, settlement_currency: str) -> None:
        self.underlying, self.venue, self.settlement_currency = underlying, venue, settlement_currency
        self._rows: dict[str, Row] = {}
        self._names: tuple[str, ...] | None = ()  # sorted; None: to be sorted when next asked for
        self._sums = Sums()
        self._missing: dict[str, str] = {}
        self._option_ages, self._hedge_ages = Ages(), Ages()
        self._index: IndexPrice | None = None
        self._account: Account | None = None
        self._refreshed_ms = 0

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def names(self) -> tuple[str, ...]:
        """Instruments of all rows, sorted."""
        if self._names is None:
            self._names = tuple(sorted(self._rows))
        return self._names

    def rows(self) -> Iterator[Row]:
        """All rows by name, whatever the order in which they came."""
        return (self._rows[name] for name in self.names())

    def held(self) -> tuple[str, ...]:
        """Instruments with a position, sorted."""
        return tuple(name for name in self.names() if self._rows[name].size)

    def holds(self, name: str) -> bool:
        """Whether there is a position in `name`."""
        row = self._rows.get(name)
        return row is not None and bool(row.size)

    def size(self, name: str) -> Decimal:
        """Signed size in the venue's amount unit; 0 where there is no row."""
        row = self._rows.get(name)
        return Decimal(0) if row is None else row.size

    def set_instrument(self, instrument: Instrument) -> None:
        """Add a row, or take over a changed listing."""
        row = self._rows.get(instrument.name)
        if row is None:
            self._rows[instrument.name] = Row(instrument)
            self._names = None
            return
        row.list_as(instrument)
        self._revalue(instrument.name, row)

    def set_position(self, name: str, size: Decimal) -> None:
        """Set the signed size of a row, in the venue's unit. KeyError for an instrument not set before."""
        row = self._rows[name]
        row.resize(size)
        self._revalue(name, row)
        ages = self._ages(row)
        if not size:
            ages.forget(name)
        elif row.quote is not None:
            ages.heard(name, row.quote.received_wire_s)

    def set_quote(self, quote: Quote) -> None:
        """Take over a ticker; one of an instrument without a row is not for this book."""
        name = quote.instrument
        row = self._rows.get(name)
        if row is None:
            return
        row.quote = quote
        if row.size:
            self._revalue(name, row)
            self._ages(row).heard(name, quote.received_wire_s)

    def set_index(self, index: IndexPrice) -> None:
        """Take over the price index of the underlying; one that is no price is no index."""
        self._index = index if 0.0 < index.price_usd < math.inf else None

    def set_account(self, account: Account) -> None:
        """Take over the account summary of the settlement currency."""
        self._account = account

    def refresh(self, now: Now) -> float:
        """Recompute every row at `now`, every sum exactly; returns the largest correction of one, in coin."""
        self._refreshed_ms = now.market_ms
        exact = exact_total([self._value(name, row) for name, row in self._rows.items() if row.size])
        correction = self._sums.correction_coin(exact)
        self._sums.set(exact)
        return correction

    def exposure(
        self, now: Now, *, option_stale_s: float, hedge_stale_s: float, index_stale_s: float
    ) -> Exposure:
        """The net exposure, and what in it is missing or older (wire time) than the bounds given."""
        sums, equity, index = self._sums, self._equity_coin(), self._index
        in_coin = self.settlement_currency == self.underlying
        known = not self._missing
        net = sums.options_net + sums.futures if known else None
        black = sums.options_delta + sums.futures if known else None
        value = sums.options_value if known else None
        cash = equity - value if equity is not None and value is not None else None
        return Exposure(
            settled_in_coin=in_coin,
            black=black,
            net_transaction=net,
            with_equity=equity + net if equity is not None and net is not None else None,
            hedge_coin=None if self._future_missing() else sums.futures,
            options_value_coin=value,
            non_option_cash=cash,
            equity_coin=equity,
            gamma_coin_per_usd=sums.gamma if known else None,
            theta_usd_per_day=sums.theta if known else None,
            vega_usd=sums.vega if known else None,
            iv=sums.weighted_iv / sums.vega_weight if known and sums.vega_weight > 0.0 else None,
            index_usd=None if index is None else index.price_usd,
            identity_gap=_identity_gap(equity, cash, net, black),
            missing=self._all_missing(),
            stale=self._stale(now.wire_s, option_stale_s, hedge_stale_s, index_stale_s),
        )

    def _equity_coin(self) -> float | None:
        """Equity that moves with the coin: none of it where the book settles in dollars (theory 1.5)."""
        if self._account is None:
            return None
        return float(self._account.equity) if self.settlement_currency == self.underlying else 0.0

    def _revalue(self, name: str, row: Row) -> None:
        before = row.counted
        self._sums.move(before, self._value(name, row))

    def _value(self, name: str, row: Row) -> Contribution:
        """The row at its quote's time, or at the last refresh where that was later."""
        at_ms = self._refreshed_ms
        if row.quote is not None and row.quote.market_ms > at_ms:
            at_ms = row.quote.market_ms
        contribution = row.revalue(at_ms)
        if row.missing:
            self._missing[name] = row.missing
        elif self._missing:
            self._missing.pop(name, None)
        return contribution

    def _ages(self, row: Row) -> Ages:
        return self._option_ages if row.instrument.is_option else self._hedge_ages

    def _future_missing(self) -> bool:
        return any(self._rows[name].instrument.is_future for name in self._missing)

    def _all_missing(self) -> tuple[str, ...]:
        rows = tuple(f"{name}: {self._missing[name]}" for name in sorted(self._missing))
        return rows if self._index is not None else ("index: no price", *rows)

    def _stale(
        self, wire_s: float, option_stale_s: float, hedge_stale_s: float, index_stale_s: float
    ) -> tuple[str, ...]:
        stale: list[str] = []
        if self._index is not None and wire_s - self._index.received_wire_s > index_stale_s:
            stale.append(_too_old("index", wire_s - self._index.received_wire_s, index_stale_s))
        for name, age_s in self._option_ages.older_than(option_stale_s, wire_s):
            stale.append(_too_old(name, age_s, option_stale_s))
        for name, age_s in self._hedge_ages.older_than(hedge_stale_s, wire_s):
            stale.append(_too_old(name, age_s, hedge_stale_s))
        return tuple(stale)


def _identity_gap(
    equity: float | None, cash: float | None, net: float | None, black: float | None
) -> float | None:
    if equity is None or cash is None or net is None or black is None:
        return None
    return (equity + net) - (cash + black)


def _too_old(name: str, age_s: float, limit_s: float) -> str:
    return f"{name}: {age_s:.1f} s old, at most {limit_s:g} s"
