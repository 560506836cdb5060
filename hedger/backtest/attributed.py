"""The account's changes from instant to instant as attribution's lines; they sum to the change of equity."""

from __future__ import annotations

from decimal import Decimal

from hedger.backtest.chain import Instant, Row
from hedger.domain.account import Fill
from hedger.domain.instrument import Instrument
from hedger.portfolio.attribution import (
    NO_LINES,
    FutureTerms,
    Lines,
    Mark,
    added,
    lines_of,
    trade_lines,
)
from hedger.portfolio.valuation import OptionTerms, option_terms

PERPETUAL = FutureTerms(inverse=True)


class Attribution:
    """Collects the lines of one interval; `closed` sums them and begins the next."""

    def __init__(self) -> None:
        self._lines: list[Lines] = []

    def option_held(self, listed: Instrument, size: Decimal, before: Mark, after: Mark) -> None:
        """An option kept from one instant to the next, or to its delivery."""
        self._lines.append(lines_of(float(size), terms_of(listed), before, after))

    def future_held(self, size_usd: Decimal, before: Instant, after: Instant) -> None:
        """The perpetual, from one instant to the next."""
        marks = (Mark(each.market_ms, each.perpetual_usd) for each in (before, after))
        self._lines.append(lines_of(float(size_usd), PERPETUAL, *marks))

    def funded(self, coin: Decimal) -> None:
        """Funding received."""
        self._lines.append(NO_LINES._replace(funding=float(coin)))

    def charged(self, fee_coin: Decimal) -> None:
        """A fee paid outside a trade."""
        self._lines.append(NO_LINES._replace(fees=-float(fee_coin)))

    def traded(self, fill: Fill, listed: Instrument, mark: float) -> None:
        """A trade against the mark of its instant, which is the one at its decision, too."""
        terms = terms_of(listed) if listed.is_option else PERPETUAL
        self._lines.append(
            trade_lines(float(fill.signed_amount), terms, float(fill.price), float(fill.fee), mark)
        )

    def closed(self) -> Lines:
        """All of it since the last time."""
        total, self._lines = added(self._lines), []
        return total


def terms_of(listed: Instrument) -> OptionTerms:
    """The contract of a listed option."""
    terms = option_terms(listed)
    assert terms is not None
    return terms


def mark_of(row: Row, market_ms: int) -> Mark:
    """An option's row as attribution sees it."""
    return Mark(market_ms, row.mark, row.forward_usd, row.iv)
