"""One instrument of a book: listing, position, tickers, and what they come to."""

from __future__ import annotations

import math
from decimal import Decimal

from hedger.domain.instrument import Instrument, Payoff
from hedger.domain.quote import Quote
from hedger.portfolio.contribution import NOTHING, Contribution
from hedger.portfolio.fixing import IndexAverage
from hedger.portfolio.valuation import (
    Outcome,
    greeks_gap,
    index_gap,
    live_forward_usd,
    option_terms,
    value_averaging,
    value_future,
    value_option,
)
from hedger.pricing.settlement import WINDOW_MS


class Row:
    """One instrument of a book; read it, change it only through the Book."""

    __slots__ = (
        "_frozen_ms",
        "_is_option",
        "_settles_ms",
        "_size",
        "_terms",
        "by_model",
        "counted",
        "good",
        "instrument",
        "missing",
        "quote",
        "size",
        "window_iv",
    )

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.size = Decimal(0)  # signed, in the venue's amount unit
        self.quote: Quote | None = None  # the newest ticker
        self.good: Quote | None = None  # the newest ticker that holds all an option is valued by
        self.by_model = False  # the venue's delta is too old or missing: ours at the live index counts
        self.window_iv = 0.0  # implied volatility as the settlement window opened; 0 before
        self.missing = ""  # why the contribution is not known; empty when it is, or nothing is held
        self.counted = NOTHING  # what the position adds to the book, as far as it is known
        self._frozen_ms = 0  # expiry whose window the contribution is held through; 0: none
        self._size = 0.0
        self.list_as(instrument)

    @property
    def delta_coin(self) -> float | None:
        """Unadjusted delta of the whole position."""
        return None if self.missing else self.counted.options_delta + self.counted.futures

    @property
    def net_transaction_delta_coin(self) -> float | None:
        """Premium-adjusted delta of the whole position (theory 1.2); of futures their coin delta."""
        if self.missing:
            return None
        return self.counted.options_delta - self.counted.options_value + self.counted.futures

    @property
    def model_delta_coin(self) -> float | None:
        """Unadjusted delta of the whole position by our own model; of futures their coin delta."""
        return None if self.missing else self.counted.options_model + self.counted.futures

    @property
    def gamma_coin_per_usd(self) -> float | None:
        return None if self.missing else self.counted.gamma

    @property
    def theta_usd_per_day(self) -> float | None:
        return None if self.missing else self.counted.theta

    @property
    def vega_usd(self) -> float | None:
        """USD per vol point."""
        return None if self.missing else self.counted.vega

    @property
    def inverse(self) -> bool:
        """Settled in the coin."""
        return self.instrument.payoff is Payoff.INVERSE

    def expired(self, market_ms: int) -> bool:
        """Past its expiry: on its way to cash, whatever the venue still shows."""
        return self.instrument.expiration_ms is not None and self.instrument.expiration_ms <= market_ms

    def settling(self, market_ms: int) -> bool:
        """An option inside its settlement window, or past it and not yet gone."""
        return market_ms >= self._settles_ms

    def list_as(self, instrument: Instrument) -> None:
        """Take over a new listing of the same instrument."""
        self.instrument, self._terms = instrument, option_terms(instrument)
        self._is_option = instrument.is_option  # a property asked for three times a ticker is felt
        self._settles_ms = math.inf if self._terms is None else self._terms.expiration_ms - WINDOW_MS

    def resize(self, size: Decimal) -> None:
        self.size, self._size = size, float(size)
        self._frozen_ms = 0

    def take(self, quote: Quote) -> bool:
        """Take over a ticker; False for one that lacks what its instrument is valued by."""
        self.quote = quote
        if not self._is_option:
            self.good = quote
            return True
        if greeks_gap(quote):
            self.by_model = self.good is not None
            return False
        if quote.market_ms >= self._settles_ms:
            self._hold_iv(self.good or quote)
        self.good, self.by_model = quote, False
        return True

    def _hold_iv(self, before: Quote) -> None:
        if not self.window_iv and before.iv is not None:
            self.window_iv = before.iv

    def revalue(
        self, market_ms: int, index_usd: float | None, average: IndexAverage, *, freeze: bool
    ) -> Contribution:
        """Value the position at `market_ms`; what cannot be known adds NOTHING and is named `missing`.

        With `freeze` an option keeps through its settlement window what it counted as the window opened.
        """
        if self._frozen_ms and freeze and not self.missing:
            return self.counted
        if self._lives_at(market_ms):
            self._frozen_ms, outcome = 0, self._live(market_ms, index_usd)
        else:
            outcome = self._outcome(market_ms, index_usd, average) if self._size else NOTHING
        if isinstance(outcome, str):
            self.missing, self.counted = outcome, NOTHING
        else:
            self.missing, self.counted = "", outcome
            held = freeze and self.settling(market_ms) and self._terms is not None
            self._frozen_ms = self._terms.expiration_ms if held and self._terms is not None else 0
        return self.counted

    def _lives_at(self, market_ms: int) -> bool:
        """An option with a good and fresh ticker before its window: nearly every ticker of a book."""
        return bool(
            self.good is not None
            and self._terms is not None
            and self._size
            and not self.by_model
            and market_ms < self._settles_ms
        )

    def _live(self, market_ms: int, index_usd: float | None) -> Outcome:
        quote, terms = self.good, self._terms
        assert quote is not None
        assert terms is not None
        gap = index_gap(quote, index_usd)
        if gap:
            return gap
        forward_usd = quote.underlying_usd or 0.0  # a good ticker has one
        return value_option(terms, self._size, quote, market_ms, forward_usd, by_model=False)

    def _outcome(self, market_ms: int, index_usd: float | None, average: IndexAverage) -> Outcome:
        instrument = self.instrument
        if not self._is_option and instrument.is_future:
            gap = "" if self.quote is None else index_gap(self.quote, index_usd)
            return gap or value_future(instrument, self._size, self.quote, market_ms)
        if not self._is_option:
            return f"no model for a {instrument.kind}"
        if self._terms is None:
            return "listed without strike, expiry or type"
        if self.quote is None:
            return "no quote"
        if self.good is None:
            return greeks_gap(self.quote)
        return self._option(self.good, market_ms, index_usd, average)

    def _option(
        self, quote: Quote, market_ms: int, index_usd: float | None, average: IndexAverage
    ) -> Outcome:
        terms, forward_usd = self._terms, quote.underlying_usd
        assert terms is not None
        if self.by_model:
            forward_usd = None if index_usd is None else live_forward_usd(quote, index_usd)
        if forward_usd is None:
            return "no live index to value it by"
        if market_ms >= self._settles_ms:
            if index_usd is None:
                return "no index to average"
            self._hold_iv(quote)
            fixing = average.fixing(terms.expiration_ms, market_ms)
            return value_averaging(terms, self._size, quote, market_ms, forward_usd, self.window_iv, fixing)
        return value_option(terms, self._size, quote, market_ms, forward_usd, by_model=self.by_model)
