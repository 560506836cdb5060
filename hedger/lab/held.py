"""A book as it is held now, and as the lab hedges it: legs at today's volatility, futures, equity.

Options of an expiry are priced on its forward, and the lab has one price: each strike is moved by index over
forward. So every option keeps its distance to the forward in standard deviations, its Black delta and its
value in coin; Black-76 is homogeneous in forward and strike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hedger.domain.errors import ConfigError
from hedger.domain.instants import utc
from hedger.domain.names import ParsedName, parse_name
from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Neutral
from hedger.engine.records import Attributed
from hedger.engine.settings import BookSettings
from hedger.engine.views.view import BookView
from hedger.lab.book import Book, Leg, legs_of
from hedger.policies.band_params import EQUITY
from hedger.pricing.black76 import black76

_NEUTRAL = {Neutral.COIN: "coin", Neutral.USD: "usd", Neutral.BLACK: "bs"}


class OptionHeld(NamedTuple):
    """One option position; None is not known."""

    instrument: str
    quantity_coin: float
    iv: float | None
    forward_usd: float | None


class Held(NamedTuple):
    """A book at one moment; None is not known."""

    book: str
    market_ms: int
    index_usd: float | None
    equity_coin: float | None
    hedge_coin: float | None
    """All futures and what is held elsewhere, less hedges set aside, as the book's delta counts them."""
    options: tuple[OptionHeld, ...]
    delta_coin: float | None = None
    """The controlled quantity as the daemon has it."""
    doubts: tuple[str, ...] = ()
    """What was missing or stale."""


def held_in(view: BookView, market_ms: int) -> Held:
    """A book as the status shows it."""
    futures = view.hedge_position.coin
    besides = view.ownership.external_delta_coin - view.delta.kept_coin
    return Held(
        book=view.name,
        market_ms=market_ms,
        index_usd=view.index_usd,
        equity_coin=view.equity_coin,
        hedge_coin=None if futures is None else futures + besides,
        options=tuple(
            OptionHeld(each.instrument, float(each.size), each.iv, each.forward_usd)
            for each in view.positions
            if each.kind == "option"
        ),
        delta_coin=view.delta.used,
        doubts=view.missing,
    )


def held_by(row: Attributed, settings: BookSettings) -> Held:
    """A book as an interval of the attribution left its whole wallet, which must be settled in the coin."""
    options, futures = [], 0.0
    for name, held in row.held.items():
        parsed = parse_name(name)
        if parsed.base != settings.underlying or not held.quantity:
            continue
        if parsed.kind == "option":
            options.append(OptionHeld(name, held.quantity, held.sigma, held.forward_usd))
        else:
            futures += held.quantity / held.price
    return Held(
        book=settings.name,
        market_ms=row.market_ms,
        index_usd=row.rate_after_usd,
        equity_coin=row.equity_after,
        hedge_coin=futures + settings.scope.external_delta_coin,
        options=tuple(options),
        doubts=("positions and equity are those of paper mode",) if row.paper else (),
    )


def book_of(held: Held, settings: BookSettings, start_ms: int) -> Book:
    """The lab's book, its time counted from `start_ms`.

    Raises ConfigError for one that holds no options, options in two currencies, an expired one, or one of
    which something is not known.
    """
    if not held.options:
        raise ConfigError(f"book {held.book}: holds no options; there is nothing to tune a policy for")
    names = {each.instrument: parse_name(each.instrument) for each in held.options}
    settles = sorted({parsed.quote or parsed.base for parsed in names.values()})
    if len(settles) > 1:
        told = " and ".join(settles)
        raise ConfigError(f"book {held.book}: holds options settled in {told}; tuning takes one of them")
    inverse = settles == [settings.underlying]
    index, hedge = held.index_usd, held.hedge_coin
    if index is None or hedge is None or (inverse and held.equity_coin is None):
        told = "; ".join(held.doubts) or "index, hedge or equity"
        raise ConfigError(f"book {held.book}: not known whole yet: {told}; see hedger why")
    if not inverse and settings.policy == "band" and settings.policy_params.get("unit") == EQUITY:
        raise ConfigError(f'books.{held.book}.band.unit = "equity": the lab knows no equity of a linear book')
    try:
        return Book(
            spot_usd=index,
            options=tuple(_leg(held, each, names[each.instrument], index, start_ms) for each in held.options),
            accounting="inverse" if inverse else "linear",
            neutral=_NEUTRAL[settings.neutral or Neutral.COIN] if inverse else "usd",  # type: ignore[arg-type]
            equity_coin=held.equity_coin or 0.0 if inverse else 0.0,
            hedge_coin=hedge,
            target_delta_coin=settings.target_delta_coin,
        )
    except ValueError as error:
        raise ConfigError(f"book {held.book}: {error}") from None


def _leg(held: Held, each: OptionHeld, parsed: ParsedName, index_usd: float, start_ms: int) -> Leg:
    assert parsed.option_type is not None
    assert parsed.strike is not None
    assert parsed.expiration_ms is not None
    if parsed.expiration_ms <= held.market_ms:
        when = utc(parsed.expiration_ms).isoformat(timespec="minutes")
        raise ConfigError(f"book {held.book}: {each.instrument} expired at {when}: ask when it is settled")
    if each.iv is None:
        raise ConfigError(f"book {held.book}: {each.instrument}: its implied volatility is not known yet")
    try:
        return Leg(
            kind=parsed.option_type,
            strike_usd=float(parsed.strike) * index_usd / (each.forward_usd or index_usd),
            expiry_days=(parsed.expiration_ms - start_ms) / DAY_MS,
            quantity_coin=each.quantity_coin,
            iv=each.iv,
        )
    except ValueError as error:
        raise ValueError(f"{each.instrument}: {error}") from None


def iv_of(book: Book) -> float:
    """The options' volatility weighted by the size of their vega; their plain mean where none has any."""
    legs = legs_of(book)
    weights = np.abs(
        legs.quantity * black76(book.spot_usd, legs.strike, legs.tau, legs.iv, legs.sign).vega_usd
    )
    return float(weights @ legs.iv / weights.sum()) if weights.sum() > 0.0 else float(legs.iv.mean())


def delta_of(book: Book) -> float:
    """The controlled quantity at the start, coin, as `portfolio.exposure` defines it."""
    legs = legs_of(book)
    found = black76(book.spot_usd, legs.strike, legs.tau, legs.iv, legs.sign)
    black = float(legs.quantity @ found.delta) + book.hedge_coin
    if book.accounting == "linear" or book.neutral == "bs":
        return black
    net = black - float(legs.quantity @ found.price_usd) / book.spot_usd
    return net if book.neutral == "coin" else net + book.equity_coin


def told(held: Held, book: Book) -> Iterator[str]:
    """What is held, a line each."""
    when = utc(held.market_ms).isoformat(timespec="seconds")
    days = sorted(leg.expiry_days for leg in book.options)
    span = " to ".join(dict.fromkeys(f"{day:.2f}" for day in (days[0], days[-1])))
    equity = f", equity {book.equity_coin:.4f} coin" if book.accounting == "inverse" else ""
    count = f"{len(days)} option{'s' if len(days) > 1 else ''}"
    yield f"at {when}: {count}, {span} days to expiry, implied volatility {iv_of(book):.3f}"
    yield f"index {book.spot_usd:,.2f} USD, futures {book.hedge_coin:+.4f} coin{equity}"
    if held.delta_coin is not None:
        yield f"delta {held.delta_coin:+.4f} coin as the daemon has it, {delta_of(book):+.4f} as the lab does"
    for doubt in held.doubts:
        yield f"not as it should be: {doubt}"
