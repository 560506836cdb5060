"""Names of subscription channels (deribit.md 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS = ("future", "option", "spot", "future_combo", "option_combo", "combo", "any")
CURRENCIES = ("BTC", "ETH", "USDC", "USDT", "EURR", "SOL", "XRP", "any")
INTERVALS = ("raw", "100ms", "agg2")
_GROUPS = ("none", "1", "2", "5", "10", "25", "100", "250")
_DEPTHS = ("1", "10", "20")
_RESOLUTIONS = ("1", "3", "5", "10", "15", "30", "60", "120", "180", "360", "720", "1D")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel name taken apart. `family` selects the feed; empty fields do not apply."""

    name: str
    family: str
    instrument: str = ""
    kind: str = ""
    currency: str = ""
    interval: str = ""
    index: str = ""
    group: str = ""
    depth: int = 0
    resolution: str = ""

    @property
    def private(self) -> bool:
        return self.family.startswith(("user.", "block_trade_confirmations"))

    @property
    def needs_auth(self) -> bool:
        """Raw channels are for authenticated connections only."""
        return self.interval == "raw" and not self.private

    def covers(self, instrument: str, kind: str, currency: str) -> bool:
        """Whether an event of an instrument belongs to this channel."""
        if self.instrument:
            return self.instrument == instrument
        return self.kind in ("any", kind) and self.currency in ("any", currency)


_WORD = r"(?P<{}>[^.]+)"
_I, _K, _C, _T, _X = (_WORD.format(n) for n in ("instrument", "kind", "currency", "interval", "index"))
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("ticker", rf"ticker\.{_I}\.{_T}"),
    ("incremental_ticker", rf"incremental_ticker\.{_I}"),
    ("book", rf"book\.{_I}\.{_T}"),
    ("book_window", rf"book\.{_I}\.{_WORD.format('group')}\.{_WORD.format('depth')}\.{_T}"),
    ("quote", rf"quote\.{_I}"),
    ("perpetual", rf"perpetual\.{_I}\.{_T}"),
    ("chart", rf"chart\.trades\.{_I}\.{_WORD.format('resolution')}"),
    ("index", rf"deribit_price_index\.{_X}"),
    ("volatility", rf"deribit_volatility_index\.{_X}"),
    ("markprice", rf"markprice\.options\.{_X}"),
    ("estimated_expiration_price", rf"estimated_expiration_price\.{_X}"),
    ("trades", rf"trades\.{_I}\.{_T}"),
    ("trades", rf"trades\.{_K}\.{_C}\.{_T}"),
    ("instrument.state", rf"instrument\.state\.{_K}\.{_C}"),
    ("platform_state", r"platform_state"),
    ("platform_methods", r"platform_state\.public_methods_state"),
    ("user.portfolio", rf"user\.portfolio\.{_C}"),
    ("user.changes", rf"user\.changes\.{_I}\.{_T}"),
    ("user.changes", rf"user\.changes\.{_K}\.{_C}\.{_T}"),
    ("user.orders", rf"user\.orders\.{_I}\.{_T}"),
    ("user.orders", rf"user\.orders\.{_K}\.{_C}\.{_T}"),
    ("user.trades", rf"user\.trades\.{_I}\.{_T}"),
    ("user.trades", rf"user\.trades\.{_K}\.{_C}\.{_T}"),
    ("user.lock", r"user\.lock"),
    # granted, and without news here
    ("announcements", r"announcements"),
    ("block_trade_confirmations", rf"block_trade_confirmations(?:\.{_C})?"),
    ("user.access_log", r"user\.access_log"),
    ("user.mmp_trigger", rf"user\.mmp_trigger\.{_X}"),
)
_COMPILED = tuple((family, re.compile(pattern)) for family, pattern in _PATTERNS)


def parse_channel(name: str) -> Channel | None:
    """A channel from its name, or None when the name is malformed."""
    for family, pattern in _COMPILED:
        found = pattern.fullmatch(name)
        if found is not None:
            return _valid(name, family, found.groupdict())
    return None


def _valid(name: str, family: str, parts: dict[str, str]) -> Channel | None:
    rules = (
        ("kind", KINDS),
        ("interval", INTERVALS),
        ("group", _GROUPS),
        ("depth", _DEPTHS),
        ("resolution", _RESOLUTIONS),
    )
    if any(parts.get(key, allowed[0]) not in allowed for key, allowed in rules):
        return None
    currency = parts.pop("currency", "") or ""
    if currency:
        currency = currency if currency == "any" else currency.upper()
        if currency not in CURRENCIES:
            return None
    depth = int(parts.pop("depth", "0"))
    return Channel(name=name, family=family, currency=currency, depth=depth, **parts)
