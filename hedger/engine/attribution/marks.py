"""A ticker as the mark of a position, and a listing as its terms."""

from __future__ import annotations

import math

from hedger.domain.instrument import Instrument, Kind, Payoff
from hedger.domain.names import parse_name
from hedger.domain.quote import Quote
from hedger.portfolio.attribution import FutureTerms, Mark, Terms
from hedger.portfolio.taylor import HALF_TICK_COIN
from hedger.portfolio.valuation import OptionTerms, option_terms
from hedger.pricing.implied import SIGMA_MAX
from hedger.pricing.scalar import black76_one, years_to
from hedger.pricing.settlement import in_window


def terms_of(listed: Instrument) -> Terms | None:
    """The contract by its listing; None for what is neither an option nor a future."""
    if listed.is_option:
        return option_terms(listed)
    if not listed.is_future:
        return None
    return FutureTerms(listed.payoff is Payoff.INVERSE, dated=listed.kind is Kind.FUTURE)


def terms_by_name(name: str) -> Terms | None:
    """The contract by its name: of what is no longer listed."""
    try:
        parsed = parse_name(name)
    except ValueError:
        return None
    inverse = parsed.quote is None
    if parsed.kind in (Kind.FUTURE, Kind.PERPETUAL):
        return FutureTerms(inverse, dated=parsed.kind == "future")
    if parsed.strike is None or parsed.expiration_ms is None or parsed.option_type is None:
        return None
    sign = 1.0 if parsed.option_type == "call" else -1.0
    return OptionTerms(float(parsed.strike), parsed.expiration_ms, sign, inverse)


def settles_by_name(name: str) -> str:
    """What a contract settles in by its name; empty where that does not tell."""
    try:
        parsed = parse_name(name)
    except ValueError:
        return ""
    return parsed.quote or parsed.base


def mark_of(terms: Terms, quote: Quote | None) -> Mark | None:
    """The mark a ticker tells; None while it lacks a part.

    An inverse option's is printed in steps of which our own price at the ticker's volatility and forward says
    which point it was, as far as it lies within the step.
    """
    if quote is None or not (0.0 <= quote.mark < math.inf):
        return None
    if isinstance(terms, FutureTerms):
        return future_mark(terms, quote.market_ms, quote.mark, quote.index_usd) if quote.mark > 0.0 else None
    sigma, forward = quote.iv, quote.underlying_usd
    if sigma is None or forward is None or not (0.0 < sigma <= SIGMA_MAX and 0.0 < forward < math.inf):
        return None
    return Mark(quote.market_ms, _price(terms, quote, forward, sigma), forward, sigma)


def future_mark(terms: FutureTerms, market_ms: int, mark_usd: float, index_usd: float | None) -> Mark:
    """A future's mark, with the index against which a dated one has a basis."""
    index = math.nan if index_usd is None or not terms.dated else index_usd
    return Mark(market_ms, mark_usd, index_usd=index)


def _price(terms: OptionTerms, quote: Quote, forward_usd: float, sigma: float) -> float:
    if not terms.inverse or in_window(terms.expiration_ms, quote.market_ms):
        return quote.mark
    tau = years_to(terms.expiration_ms, quote.market_ms)
    model = black76_one(forward_usd, terms.strike_usd, tau, sigma, terms.sign).price_usd / forward_usd
    return min(max(model, quote.mark - HALF_TICK_COIN), quote.mark + HALF_TICK_COIN)
