"""Where a change of equity comes from: the lines of one interval, which sum to it exactly (theory 4).

Everything is counted in the currency that a position settles in: coin for inverse instruments, dollars for
linear ones. An interval of an instrument runs from one mark to the next with the position constant; greeks
are Black's at its start, and what they leave is the residual, so any sampling telescopes to the same total.

    option  n (p1 - p0) = delta + gamma + theta + vega + vanna + volga + residual
    future  Q (1/F0 - 1/F1) = future delta + basis + gamma + residual;  linear: N (F1 - F0) = delta + basis

A dated future's first order is split at the index S (theory 1.6): with F/S frozen it had moved as S did,
which is its delta, Q/F0 dS/S0; what it did apart is basis, Q/F0 (dF/F0 - dS/S0): the carry that hedging in it
was chosen for. A perpetual has no such line. Its premium comes and goes within hours and is what funding is
made of (as in `execution.carry`): its whole move is delta, as theory 4 has it.

A trade is booked against the mark at which the position goes on. A future's is measured against the mark at
decision (implementation shortfall, Perold 1988): its way from there to the mark at the fill belongs to the
position that was decided on, not to its execution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from hedger.portfolio.valuation import OptionTerms
from hedger.pricing.black76 import YEAR_MS
from hedger.pricing.scalar import black76_one, years_to
from hedger.pricing.second_order import second_order_one
from hedger.pricing.settlement import in_window


class Lines(NamedTuple):
    """Parts of a change of equity, all in one currency; a positive figure is a gain.

    `gamma_paid` and `gamma_years` are no parts of the sum: with g = n G F^2 / 2 in that currency they are
    sum g (dF/F)^2, what the options' gamma earned or paid, and sum g dt in currency times years, by which it
    and theta are turned into realised and implied variance: theta is -sum g sigma^2 dt.

    Journals hold these as arrays: a new line is added at the end, where older rows have none.
    """

    delta: float = 0.0
    gamma: float = 0.0
    theta: float = 0.0
    vega: float = 0.0
    vanna: float = 0.0
    volga: float = 0.0
    residual: float = 0.0
    future_delta: float = 0.0
    future_gamma: float = 0.0
    future_residual: float = 0.0
    funding: float = 0.0
    fees: float = 0.0
    slippage: float = 0.0  # futures: fill against the mark at decision
    option_slippage: float = 0.0  # premium against the mark at the trade
    settlement: float = 0.0  # what happens to options inside their settlement window
    transfers: float = 0.0  # paid in and out: no result, but a change of equity
    unexplained: float = 0.0  # told equity beyond all of the above: marks of another instant, rounding
    collateral: float = 0.0  # in USD only: the equity held, at a price that moved
    gamma_paid: float = 0.0
    gamma_years: float = 0.0
    future_basis: float = 0.0  # dated futures: what their marks did apart from the index

    @property
    def parts(self) -> tuple[float, ...]:
        """The lines that sum, in the order of LINES."""
        return summed(self)

    @property
    def total(self) -> float:
        """The change of equity: the sum of all lines that sum."""
        return math.fsum(self.parts)

    @property
    def result(self) -> float:
        """The change of equity that was earned: without what was paid in or out."""
        return math.fsum((self.total, -self.transfers))

    @property
    def realised_less_implied(self) -> float:
        """sum n G (dF^2 - F^2 sigma^2 dt) / 2: what movement earned beyond what its volatility cost."""
        return self.gamma_paid + self.theta

    def plus(self, other: Lines) -> Lines:
        return Lines(*(mine + others for mine, others in zip(self, other, strict=True)))

    def times(self, factor: float) -> Lines:
        return Lines(*(line * factor for line in self))


NO_LINES = Lines()

_BESIDE = ("gamma_paid", "gamma_years")
_SHOWN_AFTER = {"future_delta": ("future_basis",)}
LINES = tuple(
    shown
    for name in Lines._fields
    if name not in (*_BESIDE, "future_basis")
    for shown in (name, *_SHOWN_AFTER.get(name, ()))
)
"""The names of the lines that sum, in the order in which they are shown."""

summed: Callable[[Sequence[float]], tuple[float, ...]] = itemgetter(*map(Lines._fields.index, LINES))
"""Their figures, of all figures in the order of the fields."""


class FutureTerms(NamedTuple):
    """A future's or perpetual's contract; its quantities are USD where inverse, else coins."""

    inverse: bool
    dated: bool = False
    """Whether it expires: a perpetual has no basis line."""


Terms = OptionTerms | FutureTerms


class Mark(NamedTuple):
    """An instrument at one instant. Forward and volatility are an option's own, NaN where they are not known;
    a future has none."""

    market_ms: int
    price: float
    """Options: of 1 coin of notional, in coin where inverse, else USD; at delivery the payoff. Futures:
    USD."""
    forward_usd: float = math.nan
    sigma: float = math.nan
    """A fraction."""
    index_usd: float = math.nan
    """A dated future's, as its own ticker or trade told it; NaN where that is not known, or of no use."""


def lines_of(quantity: float, terms: Terms, before: Mark, after: Mark) -> Lines:
    """The lines of a signed position over one interval in which it does not change."""
    if isinstance(terms, OptionTerms):
        return option_lines(quantity, terms, before, after)
    index = before.index_usd, after.index_usd
    known = terms.dated and all(0.0 < each < math.inf for each in index)  # NaN is not
    return future_lines(
        quantity, before.price, after.price, inverse=terms.inverse, index=index if known else None
    )


def trade_lines(
    quantity: float, terms: Terms, price: float, fee: float, mark: float, decided: float | None = None
) -> Lines:
    """The lines of a signed trade at `price`: `mark` is the one it goes on from, `decided` that at decision.

    Where nobody here decided on it (a person's trade, an option) `decided` is the mark of the trade itself.
    """
    if isinstance(terms, OptionTerms):
        return NO_LINES._replace(option_slippage=quantity * (mark - price), fees=-fee)
    reference = mark if decided is None else decided
    shortfall = future_pnl(quantity, price, reference, inverse=terms.inverse)
    on = future_lines(quantity, reference, mark, inverse=terms.inverse)
    return on._replace(slippage=shortfall, fees=-fee)


def option_lines(quantity_coin: float, terms: OptionTerms, before: Mark, after: Mark) -> Lines:
    """The lines of a position of signed coins over one interval.

    One that begins inside the settlement window is `settlement` whole: there the mark is of an average, and
    Black's greeks are not its own (theory 1.7). One with a mark of a price alone is residual whole.
    """
    change = quantity_coin * (after.price - before.price)
    if in_window(terms.expiration_ms, before.market_ms):
        return NO_LINES._replace(settlement=change)
    forward, sigma = before.forward_usd, before.sigma
    if not (forward > 0.0 < after.forward_usd and sigma >= 0.0 <= after.sigma):  # NaN is none of these
        return NO_LINES._replace(residual=change)
    tau = years_to(terms.expiration_ms, before.market_ms)
    greeks = black76_one(forward, terms.strike_usd, tau, sigma, terms.sign)
    vanna, volga = second_order_one(forward, terms.strike_usd, tau, sigma, greeks.vega_usd)
    unit = quantity_coin / forward if terms.inverse else quantity_coin
    move, vol = after.forward_usd - forward, after.sigma - sigma
    years = (after.market_ms - before.market_ms) / YEAR_MS
    gamma_paid = 0.5 * unit * greeks.gamma_per_usd * move * move
    delta, curvature, vanna_usd = greeks.delta, 0.0, vanna
    if terms.inverse:
        delta -= before.price
        curvature = -unit * delta / forward * move * move
        vanna_usd -= greeks.vega_usd / forward
    six = (
        unit * delta * move,
        gamma_paid + curvature,
        unit * greeks.theta_usd_per_year * years,
        unit * greeks.vega_usd * vol,
        unit * vanna_usd * move * vol,
        0.5 * unit * volga * vol * vol,
    )
    return Lines(
        *six,
        residual=change - math.fsum(six),
        gamma_paid=gamma_paid,
        gamma_years=0.5 * unit * greeks.gamma_per_usd * forward * forward * years,
    )


def future_lines(
    quantity: float,
    before_usd: float,
    after_usd: float,
    *,
    inverse: bool,
    index: tuple[float, float] | None = None,
) -> Lines:
    """The lines of a future or perpetual from one mark to the next; `quantity` is USD, linear: coins.

    `index`: USD before and after, against which a dated future has a basis; None: all of its move is delta.
    """
    move = after_usd - before_usd
    relative = move / before_usd
    apart = 0.0 if index is None else relative - (index[1] - index[0]) / index[0]
    if not inverse:
        basis = quantity * before_usd * apart
        return NO_LINES._replace(future_delta=quantity * move - basis, future_basis=basis)
    coin = quantity / before_usd
    delta, basis, gamma = coin * (relative - apart), coin * apart, -coin * relative * relative
    change = quantity * move / (before_usd * after_usd)
    return NO_LINES._replace(
        future_delta=delta,
        future_basis=basis,
        future_gamma=gamma,
        future_residual=change - math.fsum((delta, basis, gamma)),
    )


def future_pnl(quantity: float, entry_usd: float, exit_usd: float, *, inverse: bool) -> float:
    """What a future earns between two prices, in its settlement currency."""
    move = exit_usd - entry_usd
    return quantity * move / (entry_usd * exit_usd) if inverse else quantity * move


def funding_payment(quantity: float, mark_usd: float, rate: float, *, inverse: bool) -> float:
    """What a perpetual's holder gets at a funding rate of the interval: longs pay a positive one."""
    return -rate * (quantity / mark_usd if inverse else quantity * mark_usd)


def payoff(terms: OptionTerms, delivery_usd: float) -> float:
    """The price at delivery: the intrinsic value, in coin where inverse."""
    intrinsic_usd = max(terms.sign * (delivery_usd - terms.strike_usd), 0.0)
    return intrinsic_usd / delivery_usd if terms.inverse else intrinsic_usd


def in_usd(lines: Lines, equity_before: float, rate_before_usd: float, rate_after_usd: float) -> Lines:
    """Lines of an interval counted in dollars: U1 - U0 = E0 (S1 - S0) + (E1 - E0) S1.

    The rates are USD per unit of the currency: the index for coin, 1 for dollars.
    """
    held = equity_before * (rate_after_usd - rate_before_usd)
    return lines.times(rate_after_usd)._replace(collateral=held)


def added(parts: Iterable[Lines]) -> Lines:
    """The sum of many, line by line, correctly rounded."""
    return Lines(*(math.fsum(column) for column in zip(NO_LINES, *parts, strict=True)))


def grouped(lines: Mapping[str, Lines], group_of: Mapping[str, str]) -> dict[str, Lines]:
    """Lines per instrument summed per group (expiry, kind, ...); one without a group stands under ""."""
    groups: dict[str, list[Lines]] = {}
    for name in sorted(lines):
        groups.setdefault(group_of.get(name, ""), []).append(lines[name])
    return {group: added(groups[group]) for group in sorted(groups)}


def tagged(lines: Mapping[str, Lines], shares: Mapping[str, Mapping[str, float]]) -> dict[str, Lines]:
    """Lines per instrument split by the strategy tags that hold it; what no tag claims stands under "".

    `shares`: instrument -> tag -> fraction of the position. Fractions may exceed 1 where tags are opposed.
    """
    groups: dict[str, list[Lines]] = {}
    for name in sorted(lines):
        claimed = shares.get(name, {})
        rest = 1.0 - math.fsum(claimed.values())
        for tag, share in (*sorted(claimed.items()), ("", rest)):
            if share:
                groups.setdefault(tag, []).append(lines[name].times(share))
    return {tag: added(groups[tag]) for tag in sorted(groups)}
