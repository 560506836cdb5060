"""From what a journal holds to what a report is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hedger import __version__
from hedger.domain.account import Fill
from hedger.domain.instants import utc
from hedger.domain.names import ParsedName, parse_name
from hedger.engine.attribution.intervals import interval_of
from hedger.engine.records import Attributed
from hedger.execution.labels import parse_label
from hedger.journal.reported import Known
from hedger.portfolio.attribution import future_pnl
from hedger.reports.hedges import HedgeRow
from hedger.reports.period import Basis, Stretch, WalletReport, wallet_report


def reports_of(known: Known, source: str, from_ms: int, to_ms: int) -> list[WalletReport]:
    """One report per wallet of an account, by currency."""
    hedges, apart = list(hedge_rows(known)), list(hedge_rows(known._replace(fills=known.apart)))
    currencies = sorted({row.currency for row in known.attributed})
    return [_report(known, currency, hedges, apart, source, from_ms, to_ms) for currency in currencies]


def _report(
    known: Known,
    currency: str,
    hedges: Sequence[HedgeRow],
    apart: Sequence[HedgeRow],
    source: str,
    from_ms: int,
    to_ms: int,
) -> WalletReport:
    rows = [row for row in known.attributed if row.currency == currency]
    basis = Basis(
        version=__version__,
        source=source,
        venue=known.scope.venue,
        environment=known.scope.environment,
        account=known.scope.account_id,
        from_ms=from_ms,
        to_ms=to_ms,
        config_hashes=tuple(dict.fromkeys(config.config_hash for config in known.configs)),
        paper=any(row.paper for row in rows),
    )
    return wallet_report(basis, currency, [_stretch(row) for row in rows], hedges, apart)


def _stretch(row: Attributed) -> Stretch:
    return Stretch(interval_of(row), row.tags, row.cash_gap, row.cash_tolerance)


def hedge_rows(known: Known) -> Iterator[HedgeRow]:
    """The trades of our own orders, the oldest first."""
    reasons = {label: hedge for hedge in known.hedges for label in hedge.children}
    for fill in known.fills:
        own = parse_label(fill.label)
        if own is None:
            continue
        order, hedge = known.orders.get(fill.label), reasons.get(fill.label)
        decision = known.decisions.get(fill.label)
        mark = None if order is None else order.intent.reference_price or None
        if order is not None and order.intent.instrument != fill.instrument:
            mark = fill.mark_price  # a leg of a spread, which is decided by its own mark
        mark = mark if hedge is None else hedge.reference_price or mark
        told = hedge or decision
        yield _row(
            fill,
            book=own.book,
            mark=mark,
            purpose="" if order is None else order.intent.purpose.value,
            reason="" if told is None else told.reason.value,
        )


def _row(fill: Fill, *, book: str, mark: float | None, purpose: str, reason: str) -> HedgeRow:
    parsed = _parsed(fill.instrument)
    option = parsed is not None and parsed.kind == "option"
    inverse = parsed is not None and parsed.quote is None
    amount, price = float(fill.amount), float(fill.price)
    in_usd = inverse and not option
    return HedgeRow(
        market_ms=fill.market_ms,
        time=utc(fill.market_ms).isoformat(timespec="milliseconds"),
        venue=fill.venue,
        book=book,
        instrument=fill.instrument,
        side=fill.side.value,
        amount=str(fill.amount),
        unit="USD" if in_usd else "coin",
        price=str(fill.price),
        fee=str(fill.fee),
        fee_currency=fill.fee_currency,
        mark_at_decision=mark,
        index_usd=fill.index_usd,
        shortfall=None if mark is None else _shortfall(fill, mark, inverse=in_usd),
        currency=fill.fee_currency if parsed is None else parsed.quote or parsed.base,
        coin=amount / price if in_usd else amount,
        price_usd=(fill.index_usd or 0.0) if option else price,
        purpose=purpose,
        reason=reason,
        label=fill.label,
        trade_id=fill.trade_id,
    )


def _shortfall(fill: Fill, mark: float, *, inverse: bool) -> float:
    """What the fill lost against the mark at the decision, in the settlement currency."""
    return -future_pnl(float(fill.signed_amount), float(fill.price), mark, inverse=inverse) + 0.0


def _parsed(name: str) -> ParsedName | None:
    try:
        return parse_name(name)
    except ValueError:
        return None
