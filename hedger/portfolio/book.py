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
from hedger.portfolio.exposure import Exposure, Source, identity_gap
from hedger.portfolio.fixing import IndexAverage, next_expiry_ms
from hedger.portfolio.row import Row
from hedger.portfolio.times import Now
from hedger.pricing.settlement import WINDOW_MS


class Book:
    """Positions on one underlying at one venue that settle in `currencies`: the coin, a dollar coin, or both.

    `set_quote` and `set_position` cost the same whatever the size of the book. Between two `refresh` calls a
    row keeps the time value it had at its last quote; `refresh` recomputes everything exactly. Options whose
    ticker is too old are valued by our own model at the live index, from `age` on until a good one arrives.
    """

    def __init__(self, underlying: str, venue: str, currencies: tuple[str, ...]) -> None:
        self.underlying, self.venue, self.currencies = underlying, venue, currencies
        self.average = IndexAverage()
        self.freeze_settling = (
            False  # options keep through their settlement window what they counted at its start
        )
        self._rows: dict[str, Row] = {}
        self._names: tuple[str, ...] | None = ()  # sorted; None: to be sorted when next asked for
        self._sums = Sums()
        self._missing: dict[str, str] = {}
        self._by_model: dict[str, None] = {}  # held options that are valued by our model
        self._option_ages, self._hedge_ages = Ages(), Ages()
        self._index: IndexPrice | None = None
        self._accounts: dict[str, Account] = {}
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

    def settles(self, instrument: Instrument) -> bool:
        """Whether positions in an instrument are settled in a currency of this book."""
        return instrument.settlement_currency in self.currencies

    @property
    def sums(self) -> Sums | None:
        """The running sums; None while a row is missing in them or valued by our own model."""
        return None if self._missing or self._by_model else self._sums

    @property
    def index_usd(self) -> float | None:
        """The last index price."""
        return None if self._index is None else self._index.price_usd

    @property
    def settlement_currency(self) -> str:
        """The currency whose equity is the book's: the coin, where the book settles in it."""
        return self.underlying if self.underlying in self.currencies else self.currencies[0]

    def account(self, currency: str) -> Account | None:
        """The last summary of one of the book's currencies."""
        return self._accounts.get(currency)

    @property
    def accounts_missing(self) -> tuple[str, ...]:
        """Settlement currencies whose account the venue has not told of yet."""
        return tuple(currency for currency in self.currencies if currency not in self._accounts)

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
        elif row.good is not None:
            ages.heard(name, row.good.received_wire_s)

    def set_quote(self, quote: Quote) -> None:
        """Take over a ticker; one of an instrument without a row is not for this book."""
        name = quote.instrument
        row = self._rows.get(name)
        if row is None:
            return
        good = row.take(quote)
        if not row.size:
            return
        if quote.estimated_delivery_usd is not None and row.settling(quote.market_ms):
            self.average.told(quote.market_ms, quote.estimated_delivery_usd)
        self._revalue(name, row)
        if good:
            self._ages(row).heard(name, quote.received_wire_s)

    def set_index(self, index: IndexPrice) -> None:
        """Take over the price index of the underlying; one that is no price is no index."""
        self._index = index if 0.0 < index.price_usd < math.inf else None
        if self._index is None:
            return
        self.average.heard(index.market_ms, index.price_usd)
        for name in (*self._by_model, *self._missing):
            self._revalue(name, self._rows[name])

    def set_account(self, account: Account) -> None:
        """Take over the account summary of a settlement currency."""
        self._accounts[account.currency] = account

    def age(self, now: Now, option_stale_s: float) -> None:
        """Value options whose ticker is older (wire time) than the bound by our own model from here on."""
        for name, _ in self._option_ages.older_than(option_stale_s, now.wire_s):
            row = self._rows[name]
            if not (row.by_model or row.expired(now.market_ms)):
                row.by_model = True
                self._revalue(name, row)

    def refresh(self, now: Now) -> float:
        """Recompute every row at `now`, every sum exactly; returns the largest correction of one, in coin."""
        self._refreshed_ms = now.market_ms
        exact = exact_total([self._value(name, row) for name, row in self._rows.items() if row.size])
        correction = self._sums.correction_coin(exact)
        self._sums.set(exact)
        return correction

    def exposure(
        self,
        now: Now,
        *,
        option_stale_s: float,
        hedge_stale_s: float,
        index_stale_s: float,
        source: Source = Source.EXCHANGE,
    ) -> Exposure:
        """The net exposure, and what in it is missing or older (wire time) than the bounds given.

        `source` EXCHANGE counts the venue's deltas, MODEL our own; ACCOUNT is the venue's total, which the
        engine puts in the place of the former where it may.
        """
        sums, equity, index = self._sums, self._equity_coin(), self._index
        known = not self._missing
        options = sums.options_model if source is Source.MODEL else sums.options_delta
        black = options + sums.futures if known else None
        value = sums.options_value if known else None
        net = black - sums.options_value if black is not None else None
        if equity is not None:
            equity += sums.marked_down
        cash = equity - value if equity is not None and value is not None else None
        return Exposure(
            black=black,
            net_transaction=net,
            with_equity=equity + net if equity is not None and net is not None else None,
            hedge_coin=None if self._future_missing() else sums.futures,
            options_value_coin=value,
            non_option_cash=cash,
            equity_coin=equity,
            gamma_coin_per_usd=sums.gamma if known else None,
            curvature_coin_per_usd=sums.curvature if known else None,
            theta_usd_per_day=sums.theta if known else None,
            vega_usd=sums.vega if known else None,
            iv=sums.weighted_iv / sums.vega_weight if known and sums.vega_weight > 0.0 else None,
            vanna_coin=sums.vanna if known else None,
            index_usd=None if index is None else index.price_usd,
            identity_gap=identity_gap(equity, cash, net, black),
            disagreement_coin=sums.disagreement if known else None,
            gross_coin=sums.gross,
            missing=self._all_missing(),
            stale=self._stale(now, hedge_stale_s, index_stale_s),
            by_model=tuple(sorted(self._by_model)) if self._by_model else (),
            oldest_option_s=self._oldest_option_s(now, option_stale_s) if self._by_model else 0.0,
        )

    def expiring_net_coin(self, market_ms: int) -> float:
        """Net transaction delta of the options inside their settlement window, coin."""
        rows = (row for row in self._rows.values() if row.size and row.settling(market_ms))
        return math.fsum(row.counted.options_delta - row.counted.options_value for row in rows)

    def expiring_futures_coin(self, market_ms: int) -> float:
        """Delta that is left of the futures inside their settlement window, coin."""
        rows = (row for row in self._rows.values() if row.size and row.instrument.is_future)
        return math.fsum(
            row.counted.futures
            for row in rows
            if row.instrument.expiration_ms is not None
            and 0 < row.instrument.expiration_ms - market_ms <= WINDOW_MS
        )

    def any_settling(self, market_ms: int) -> bool:
        """Whether options are held that are inside their settlement window."""
        if next_expiry_ms(market_ms) - market_ms > WINDOW_MS:
            return False
        return any(row.size and row.settling(market_ms) for row in self._rows.values())

    def _equity_coin(self) -> float | None:
        """Equity that moves with the coin: none of it where the book settles in dollars (theory 1.5)."""
        if self.accounts_missing:
            return None
        coin = self._accounts.get(self.underlying)
        return 0.0 if coin is None else float(coin.equity)

    def equity_usd(self) -> float | None:
        """Worth of the book's accounts, the coin at the index and dollars at par; None while not known."""
        if self.accounts_missing or self._index is None:
            return None
        rates = {self.underlying: self._index.price_usd}
        return sum(float(a.equity) * rates.get(a.currency, 1.0) for a in self._accounts.values())

    def _revalue(self, name: str, row: Row) -> None:
        before = row.counted
        self._sums.move(before, self._value(name, row))

    def _value(self, name: str, row: Row) -> Contribution:
        """The row at its quote's time, or at the last refresh where that was later."""
        at_ms = self._refreshed_ms
        if row.quote is not None and row.quote.market_ms > at_ms:
            at_ms = row.quote.market_ms
        index_usd = None if self._index is None else self._index.price_usd
        contribution = row.revalue(at_ms, index_usd, self.average, freeze=self.freeze_settling)
        if row.missing:
            self._missing[name] = row.missing
        elif self._missing:
            self._missing.pop(name, None)
        if row.by_model and row.size:
            self._by_model[name] = None
        elif self._by_model:
            self._by_model.pop(name, None)
        return contribution

    def _ages(self, row: Row) -> Ages:
        return self._option_ages if row.instrument.is_option else self._hedge_ages

    def _future_missing(self) -> bool:
        return any(self._rows[name].instrument.is_future for name in self._missing)

    def _all_missing(self) -> tuple[str, ...]:
        rows = tuple(f"{name}: {self._missing[name]}" for name in sorted(self._missing))
        return rows if self._index is not None else ("index: no price", *rows)

    def _oldest_option_s(self, now: Now, option_stale_s: float) -> float:
        old = self._option_ages.older_than(option_stale_s, now.wire_s)
        return max((age_s for name, age_s in old if not self._rows[name].expired(now.market_ms)), default=0.0)

    def _stale(self, now: Now, hedge_stale_s: float, index_stale_s: float) -> tuple[str, ...]:
        stale: list[str] = []
        wire_s = now.wire_s
        if self._index is not None and wire_s - self._index.received_wire_s > index_stale_s:
            stale.append(_too_old("index", wire_s - self._index.received_wire_s, index_stale_s))
        for name, age_s in self._hedge_ages.older_than(hedge_stale_s, wire_s):
            if not self._rows[name].expired(now.market_ms):
                stale.append(_too_old(name, age_s, hedge_stale_s))
        return tuple(stale)


def _too_old(name: str, age_s: float, limit_s: float) -> str:
    return f"{name}: {age_s:.1f} s old, at most {limit_s:g} s"
