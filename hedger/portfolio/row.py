"""One instrument of a book: listing, position, last quote, and what they come to."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.instrument import Instrument
from hedger.domain.quote import Quote
from hedger.portfolio.contribution import NOTHING, Contribution, valuation_of


class Row:
    """One instrument of a book; read it, change it only through the Book."""

    __slots__ = ("_size", "_valuation", "counted", "instrument", "missing", "quote", "size")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.size = Decimal(0)  # signed, in the venue's amount unit
        self.quote: Quote | None = None
        self.missing = ""  # why the contribution is not known; empty when it is, or nothing is held
        self._size = 0.0
        self._valuation = valuation_of(instrument)
        self.counted = NOTHING  # what the position adds to the book, as far as it is known

    @property
    def delta_coin(self) -> float | None:
        """Unadjusted delta of the whole position."""
        return None if self.missing else self.counted.options_delta + self.counted.futures

    @property
    def net_transaction_delta_coin(self) -> float | None:
        """Premium-adjusted delta of the whole position (theory 1.2); of futures their coin delta."""
        return None if self.missing else self.counted.options_net + self.counted.futures

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

    def list_as(self, instrument: Instrument) -> None:
        """Take over a new listing of the same instrument."""
        self.instrument, self._valuation = instrument, valuation_of(instrument)

    def resize(self, size: Decimal) -> None:
        self.size, self._size = size, float(size)

    def revalue(self, market_ms: int) -> Contribution:
        """Value the position at `market_ms`; what cannot be known adds NOTHING and is named `missing`."""
        outcome = self._valuation(self._size, self.quote, market_ms) if self._size else NOTHING
        if isinstance(outcome, str):
            self.missing, self.counted = outcome, NOTHING
        else:
            self.missing, self.counted = "", outcome
        return self.counted
