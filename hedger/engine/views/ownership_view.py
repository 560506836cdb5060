"""Builds what status shows of ownership: read only, on demand."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.account import Account
from hedger.domain.instrument import plain
from hedger.engine.events import Now
from hedger.engine.ownership import cash, ownership, tags
from hedger.engine.ownership.scope import KINDS, Scope
from hedger.engine.state import BookState, State
from hedger.engine.views.owned_view import CashFlowView, FutureView, OwnershipView, TagView, WalletView


def view(state: State, book: BookState, index_usd: float | None, now: Now) -> OwnershipView:
    """One book's share of the account and of its wallets."""
    scope, owned = book.settings.scope, book.ownership
    held = now.market_ms < owned.hold_until_ms
    return OwnershipView(
        scope=describe(scope),
        counts_equity=scope.counts_equity is not False,
        external_delta_coin=scope.external_delta_coin,
        external_owner=scope.external_owner,
        external_until=scope.external_until,
        futures=_futures(state, book, now),
        outside=_outside(state, book),
        tags=tuple(TagView(p.tag, p.instrument, _text(p.size), p.share) for p in tags.parts(state, book)),
        wallets=_wallets(state, book),
        wallet_drift_usd=cash.drift_usd(state, book, index_usd),
        cash_flow_coin=cash.cash_flow_coin(book, now.market_ms),
        cash_flows=tuple(CashFlowView(f.market_ms, f.currency, _text(f.amount)) for f in owned.flows),
        waits_for=tuple(w.what for w in owned.waits.values() if now.wire_s < w.until_wire_s),
        hold_until_ms=owned.hold_until_ms if held else 0,
        hold_by=owned.hold_by if held else "",
        other_hedger=owned.rival,
    )


def describe(scope: Scope) -> str:
    """The filter in words, as a trader would say it."""
    parts = []
    if {*scope.kinds} != {*KINDS}:
        parts.append(" and ".join(f"{kind}s" for kind in scope.kinds))
    if scope.expiries:
        parts.append(f"expiring {', '.join(scope.expiries)}")
    if scope.instruments:
        parts.append(", ".join(scope.instruments))
    return "; ".join(parts) or "everything of the underlying"


def _futures(state: State, book: BookState, now: Now) -> tuple[FutureView, ...]:
    venue, rows = state.venues[book.settings.venue], []
    for name, shares in ownership.futures_of(state, book, now.market_ms):
        listed = venue.owned.listings.get(name) or venue.instruments[name]
        rows.append(
            FutureView(
                instrument=name,
                unit=listed.amount_unit.value,
                account=_text(shares.account),
                own=_text(ownership.own_size(state, book, name)),
                counted=_text(shares.by_book[book.name]),
                base=_text(shares.base),
                unassigned=_text(shares.unassigned),
                transit=shares.transit,
            )
        )
    return tuple(rows)


def _outside(state: State, book: BookState) -> dict[str, str]:
    account = state.venues[book.settings.venue].owned
    mine = (name for name in sorted(account.outside) if ownership.reaches(book, account.listings[name]))
    return {name: _text(account.outside[name]) for name in mine if account.outside[name]}


def _wallets(state: State, book: BookState) -> tuple[WalletView, ...]:
    """The coin's and the dollar's, whichever the account has."""
    account = state.venues[book.settings.venue].owned
    wanted = dict.fromkeys((book.settings.underlying, *book.book.currencies, cash.DOLLAR))
    known = [account.wallets[currency] for currency in wanted if currency in account.wallets]
    return tuple(_wallet(each, account.flows.get(each.currency, Decimal(0))) for each in known)


def _wallet(account: Account, flows: Decimal) -> WalletView:
    return WalletView(
        currency=account.currency,
        balance=_text(account.balance),
        equity=_text(account.equity),
        options_value=_text(account.options_value),
        session_pl=_text(account.session_rpl + account.futures_session_upl),
        flows=_text(flows),
    )


def _text(size: Decimal) -> str:
    return str(plain(size))
