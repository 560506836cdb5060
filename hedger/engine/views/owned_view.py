"""What status shows of ownership. Sizes are exact and signed, in the instruments' amount units."""

from __future__ import annotations

import msgspec


class FutureView(msgspec.Struct, frozen=True):
    """One future of the account, divided: account = own + adopted + base + unassigned + others."""

    instrument: str  # as the venue names it
    unit: str  # USD or coin
    account: str  # the whole position, as the venue tells it
    own: str  # of this book's own trades
    counted: str  # in this book's delta: own, adopted, and what is nobody's where this book shows it
    base: str  # set aside by base_position, of all books in reach
    unassigned: str  # nobody's: blocks live
    transit: bool  # its expiry has come, born of an exercise or not: delivered in cash, delta 0


class TagView(msgspec.Struct, frozen=True):
    """A strategy's part of an option's position; the tag is the label of its trades, empty: none."""

    tag: str
    instrument: str  # the option
    size: str  # of the tag's part, signed
    share: float | None  # of the position; None where the position is flat and its parts cancel


class WalletView(msgspec.Struct, frozen=True):
    """One currency of the account; amounts in it."""

    currency: str  # of the amounts
    balance: str  # cash
    equity: str  # cash, session P&L and options
    options_value: str  # at the venue's mark
    session_pl: str  # realised and not, moved into cash at 08:00 UTC
    flows: str  # deposits less withdrawals since the start, as far as they were recognised


class CashFlowView(msgspec.Struct, frozen=True):
    """Cash that no trade, fee or settlement explains."""

    market_ms: int  # market time at which it was recognised
    currency: str  # of the wallet
    amount: str  # signed; positive arrived


class OwnershipView(msgspec.Struct, frozen=True):
    """Whose what is, of one book."""

    scope: str = ""  # the filter in words
    counts_equity: bool = True  # whether the wallet's equity is in this book
    external_delta_coin: float = 0.0  # held elsewhere, in every delta shown
    external_owner: str = ""  # whose it is
    external_until: str = ""  # last day, UTC
    futures: tuple[FutureView, ...] = ()  # of the account that concern this book
    outside: dict[str, str] = {}  # options of the underlying in no book's scope -> size
    tags: tuple[TagView, ...] = ()  # options by strategy
    wallets: tuple[WalletView, ...] = ()  # the coin's and the dollar's, whichever the account has
    wallet_drift_usd: float | None = None  # moved from the coin's wallet to the dollar's since the start
    cash_flow_coin: float = 0.0  # of the present UTC day, in the book's settlement currency
    cash_flows: tuple[CashFlowView, ...] = ()  # of two days, the oldest first
    waits_for: tuple[str, ...] = ()  # trades of others that may have further legs
    hold_until_ms: int = 0  # market time; 0: no hold
    hold_by: str = ""  # who trades by hand
    other_hedger: str = ""  # how another hedger showed itself; blocks until `hedger resume`
