"""Wire shapes of positions and account summaries.

The rounded numbers satisfy the identities of deribit.md 9 exactly: sums are taken over rounded parts. An
entry of the map is the sum of its positions' deltas, in the base coin. For an inverse currency
`delta_total = sum(delta_total_map) - options_value`; of an option in its last half hour the value falls with
the delta (deribit.md 11: delta 1, mark 0.3, 15 minutes left: 0.5 - 0.15). For USDC it is the USD value of the
map, and the value of options is not subtracted: whether Deribit does is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.account import Account, Ledger
from hedger.simulator.markets import ExactGreeks, Markets, Quoted
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO, rounded
from hedger.simulator.positions import Position, worth

Json = dict[str, object]

PROFIT_PLACES = 9
FUNDING_PLACES = 8
FUTURE_DELTA_PLACES = 9
GREEK_PLACES = 5
DOLLAR_COINS = ("USDC", "USDT")
CASH_PLACES = {"BTC": 8, "ETH": 6, "USDC": 8, "USDT": 6}


@dataclass(frozen=True, slots=True)
class Valued:
    """A position with the numbers that follow from the market, rounded as on the wire."""

    position: Position
    quoted: Quoted
    worth: Decimal  # at the mark
    delta: Decimal
    gamma: Decimal
    vega: Decimal
    theta: Decimal

    @property
    def session_profit(self) -> Decimal:
        """Unrealised profit since the last settlement (`floating_profit_loss`)."""
        return self.worth - self.position.entry_session if self.position.size else ZERO

    @property
    def total_profit(self) -> Decimal:
        """Unrealised profit since opening (`total_profit_loss`)."""
        return self.worth - self.position.entry_total if self.position.size else ZERO


def value_position(position: Position, markets: Markets) -> Valued:
    listing, size = position.listing, position.size
    quoted = markets.quoted(listing)
    delta, gamma, vega, theta = _position_greeks(size, quoted.greeks)
    if not listing.is_option:
        delta = rounded(_coin(listing, size, quoted.mark) * quoted.delta_decay, FUTURE_DELTA_PLACES)
    return Valued(position, quoted, worth(listing, size, quoted.mark), delta, gamma, vega, theta)


def _position_greeks(size: Decimal, unit: ExactGreeks | None) -> ExactGreeks:
    """Delta, gamma, vega and theta of the whole position, 5 decimals."""
    if unit is None:
        return ZERO, ZERO, ZERO, ZERO
    delta, gamma, vega, theta = unit
    return (
        rounded(size * delta, GREEK_PLACES),
        rounded(size * gamma, GREEK_PLACES),
        rounded(size * vega, GREEK_PLACES),
        rounded(size * theta, GREEK_PLACES),
    )


def _coin(listing: Listing, size: Decimal, mark: Decimal) -> Decimal:
    """The size of a future in coin."""
    return size if listing.is_linear else size / mark


def direction_of(size: Decimal) -> str:
    if not size:
        return "zero"
    return "buy" if size > 0 else "sell"


def render_position(valued: Valued) -> Json:
    """A position without its margins."""
    held, mark = valued.position, valued.quoted.mark
    listing = held.listing
    row: Json = {
        "instrument_name": listing.name,
        "kind": listing.kind,
        "direction": direction_of(held.size),
        "size": float(held.size),
        "average_price": round(float(held.average_price), 8),
        "mark_price": float(mark),
        "index_price": float(valued.quoted.index),
        "settlement_price": valued.quoted.market.settlement_price,
        "delta": float(valued.delta),
        "floating_profit_loss": float(rounded(valued.session_profit, PROFIT_PLACES)),
        "realized_profit_loss": float(rounded(held.realized_session, PROFIT_PLACES)),
        "total_profit_loss": float(rounded(valued.total_profit, PROFIT_PLACES)),
    }
    row.update(_option_part(valued) if listing.is_option else _future_part(valued))
    return row


def _future_part(valued: Valued) -> Json:
    held, funding = valued.position, valued.quoted.market.funding
    coin = rounded(_coin(held.listing, held.size, valued.quoted.mark), FUTURE_DELTA_PLACES)
    part: Json = {"size_currency": float(coin), "leverage": held.listing.max_leverage}
    if funding is not None:
        part["interest_value"] = funding.interest_value
        part["realized_funding"] = float(rounded(held.funding_session, FUNDING_PLACES))
    return part


def _option_part(valued: Valued) -> Json:
    held = valued.position
    greeks: Json = {
        "gamma": float(valued.gamma),
        "vega": float(valued.vega),
        "theta": float(valued.theta),
    }
    if held.listing.is_linear:
        return greeks
    value_usd = valued.worth * valued.quoted.index
    return {
        **greeks,
        "average_price_usd": round(float(held.average_price_usd), 6),
        "floating_profit_loss_usd": round(float(value_usd - held.entry_usd), 6),
    }


@dataclass(frozen=True, slots=True)
class Totals:
    """One currency of the account in exact decimals, already rounded to the wire's places."""

    currency: str
    balance: Decimal
    session_rpl: Decimal
    futures_session_upl: Decimal
    options_session_rpl: Decimal
    options_session_upl: Decimal
    options_value: Decimal
    futures_total: Decimal
    options_total: Decimal
    deltas: dict[str, Decimal]
    premium_delta: Decimal  # part of the options' value that their net transaction delta is less by
    delta_value_usd: Decimal  # of the map, at the indices
    options_delta: Decimal
    greek_maps: dict[str, dict[str, Decimal]]

    @property
    def equity(self) -> Decimal:
        return self.balance + self.futures_session_upl + self.session_rpl + self.options_value

    @property
    def delta_total(self) -> Decimal:
        if self.currency in DOLLAR_COINS:
            return self.delta_value_usd
        return sum(self.deltas.values(), ZERO) - self.premium_delta


def account_totals(account: Account, held: Iterable[Position], currency: str, markets: Markets) -> Totals:
    """Everything that a summary of one currency tells, if these were its open positions."""
    places = CASH_PLACES.get(currency, 8)
    rows = [value_position(position, markets) for position in held]
    futures = [row for row in rows if not row.position.listing.is_option]
    options = [row for row in rows if row.position.listing.is_option]
    ledger = account.ledgers.get(currency) or Ledger(currency)
    return Totals(
        currency=currency,
        balance=rounded(ledger.balance, places),
        session_rpl=rounded(ledger.futures_session_rpl, places),
        futures_session_upl=rounded(_sum(r.session_profit for r in futures), places),
        options_session_rpl=rounded(ledger.options_session_rpl, places),
        options_session_upl=rounded(_sum(r.session_profit for r in options), places),
        options_value=rounded(_sum(r.worth for r in options), places),
        futures_total=rounded(_sum(r.total_profit for r in futures), places),
        options_total=rounded(_sum(r.total_profit for r in options), places),
        deltas=_by_index(rows, "delta") or _flat_map(currency),
        premium_delta=rounded(_sum(r.worth * r.quoted.delta_decay for r in options), places),
        delta_value_usd=rounded(_sum(r.delta * r.quoted.index for r in rows), places),
        options_delta=_sum(r.delta for r in options),
        greek_maps={name: _by_index(options, name) for name in ("gamma", "vega", "theta")},
    )


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)


def _flat_map(currency: str) -> dict[str, Decimal]:
    return {f"{currency.lower()}_usd": ZERO} if currency in ("BTC", "ETH") else {}


def _by_index(rows: list[Valued], name: str) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in rows:
        index = row.position.listing.price_index
        totals[index] = totals.get(index, ZERO) + getattr(row, name)
    return totals


def _floats(values: dict[str, Decimal]) -> Json:
    return {name: float(value) for name, value in values.items()}


def render_summary(totals: Totals) -> Json:
    """The part of a summary of one currency that no margin model changes."""
    greek = {name: _sum(values.values()) for name, values in totals.greek_maps.items()}
    numbers: dict[str, Decimal] = {
        "balance": totals.balance,
        "equity": totals.equity,
        "session_rpl": totals.session_rpl,
        "session_upl": totals.futures_session_upl + totals.options_session_upl,
        "futures_pl": totals.futures_total,
        "futures_session_rpl": totals.session_rpl,
        "futures_session_upl": totals.futures_session_upl,
        "options_pl": totals.options_total,
        "options_session_rpl": totals.options_session_rpl,
        "options_session_upl": totals.options_session_upl,
        "options_value": totals.options_value,
        "total_pl": totals.futures_total + totals.options_total,
        "options_delta": totals.options_delta,
        "options_gamma": greek["gamma"],
        "options_vega": greek["vega"],
        "options_theta": greek["theta"],
        "delta_total": totals.delta_total,
        "spot_reserve": ZERO,
        "additional_reserve": ZERO,
        "locked_balance": ZERO,
        "fee_balance": ZERO,
    }
    return {
        "currency": totals.currency,
        **_floats(numbers),
        "delta_total_map": _floats(totals.deltas),
        "options_gamma_map": _floats(totals.greek_maps["gamma"]),
        "options_vega_map": _floats(totals.greek_maps["vega"]),
        "options_theta_map": _floats(totals.greek_maps["theta"]),
    }
