"""A flight record as a chain: what another policy would have done with the book that was really held.

The market is what the daemon heard: its tickers, the index, and the perpetual's own bid and ask. The account
begins with the equity and positions told when everything was quoted, at their marks; options that anybody
traded later are traded again at the same prices. Futures that other people traded are left out, and so are
the daemon's own hedges: those are what is tried anew. A ticker that had become stale is not told, so that
the engine stops where it would have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hedger.backtest.chain import Chain, Opening, Recorded, Row, Touch, TradedOption
from hedger.backtest.replay import Lines
from hedger.domain.account import Fill
from hedger.domain.names import parse_name
from hedger.domain.quote import Quote
from hedger.engine import events as ev
from hedger.engine.events import Event
from hedger.engine.recording import Gap, Header
from hedger.engine.settings import EngineSettings

TOLD = (
    "Recorded: what the daemon heard (tickers, index, bid and ask of the perpetual), one instant a second.",
    "Begins with the positions and the equity of the account; options trade as they did, at the same prices.",
    "So equity_coin, and where both sides were shown half_spread and depth_usd, are not used.",
    "Left out: the daemon's own hedges, which are tried anew, and futures that others traded.",
)
_EVERY_MS = 1_000


@dataclass(frozen=True)
class Heard:
    """One instant of a flight record."""

    market_ms: int
    index_usd: float
    perpetual_usd: float
    touch: Touch | None
    rows: dict[str, Row]
    recorded: bool = True
    options_trade: bool = False

    @property
    def size(self) -> int:
        return len(self.rows)

    @property
    def fingerprint(self) -> bytes:
        told = (self.market_ms, self.index_usd, self.perpetual_usd, self.touch, sorted(self.rows.items()))
        return repr(told).encode()

    def row(self, name: str) -> Row | None:
        return self.rows.get(name)

    def table(self) -> Recorded:
        """No chain was recorded. TypeError: a strategy cannot pick here."""
        raise TypeError("a flight record holds no chain to pick options from")


def flight_chain(path: Path, coin: str) -> Chain:
    """The chain of a flight record. Raises RecordError for a file that is none, ValueError for one in which
    the book of that coin was never known whole."""
    with path.open("rb") as file:
        lines = Lines(file)
        return _Listener(lines.header(), coin).chain(lines, path.name)


class _Listener:
    """Hears the record and keeps what a chain is made of."""

    def __init__(self, header: Header, coin: str) -> None:
        self._coin, self._perpetual = coin, f"{coin}-PERPETUAL"
        self._stale_ms = _stale_ms(header.settings)
        self._quotes: dict[str, Quote] = {}
        self._index_usd: float | None = None
        self._index = f"{coin.lower()}_usd"
        self._sizes: dict[str, Decimal] = {}
        self._equity_coin: Decimal | None = None
        self._opening: Opening | None = None
        self._instants: list[Heard] = []
        self._trades: list[TradedOption] = []
        self._seen: set[tuple[str, str, str]] = set()

    def chain(self, lines: Lines, name: str) -> Chain:
        """Everything up to the end of the record, or its first gap."""
        told = [f"Data: {name}."]
        for step in lines.steps():
            if isinstance(step, Gap):
                told.append(f"The record has a gap ({step.reason}); what follows it is left out.")
                break
            for event in step.events:
                self._hear(event, step.now.market_ms)
            self._keep(step.now.market_ms)
        if lines.truncated_line is not None:
            told.append(f"Its line {lines.truncated_line}, the last, is not whole and left out.")
        if self._opening is None or len(self._instants) < 2:
            raise ValueError(f"the book of {self._coin} is never known whole: positions, equity and tickers")
        return Chain(
            self._coin,
            tuple(self._instants),
            (*told, *TOLD),
            opening=self._opening,
            trades=tuple(self._trades),
        )

    def _hear(self, event: Event, market_ms: int) -> None:
        match event:
            case ev.Quoted():
                self._quotes[event.quote.instrument] = event.quote
            case ev.Indexed() if event.index.index == self._index:
                self._index_usd = event.index.price_usd
            case ev.SnapshotTaken():
                self._sizes = {each.instrument: each.size for each in event.positions}
                for account in event.accounts:
                    self._account(account.currency, account.equity)
                for fill in event.fills:
                    self._filled(fill, market_ms)
            case ev.PositionReported():
                self._sizes[event.position.instrument] = event.position.size
            case ev.AccountReported():
                self._account(event.account.currency, event.account.equity)
            case ev.Filled():
                self._filled(event.fill, market_ms)
            case _:
                pass

    def _account(self, currency: str, equity: Decimal) -> None:
        if currency == self._coin:
            self._equity_coin = equity

    def _filled(self, fill: Fill, market_ms: int) -> None:
        """An option's trade after the beginning; one told twice counts once."""
        if fill.key in self._seen:
            return
        self._seen.add(fill.key)
        if self._opening is not None and self._is_option(fill.instrument):
            price, fee = fill.price, fill.fee
            self._trades.append(TradedOption(market_ms, fill.instrument, fill.side, fill.amount, price, fee))

    def _is_option(self, name: str) -> bool:
        """Of this coin, and settled in it."""
        parsed = parse_name(name)
        return parsed.kind == "option" and parsed.base == self._coin and parsed.quote is None

    def _keep(self, market_ms: int) -> None:
        """An instant where one is due and everything held is known."""
        perpetual = self._quotes.get(self._perpetual)
        if perpetual is None or self._index_usd is None or self._equity_coin is None:
            return
        if self._instants and market_ms < self._instants[-1].market_ms + _EVERY_MS:
            return
        rows = dict(self._rows(market_ms))
        if self._opening is None:
            held = {name: size for name, size in self._sizes.items() if size and self._is_option(name)}
            if any(name not in rows for name in held):
                return
            future = self._sizes.get(self._perpetual, Decimal(0))
            self._opening = Opening(self._equity_coin, tuple(sorted(held.items())), future)
        self._instants.append(Heard(market_ms, self._index_usd, perpetual.mark, _touch(perpetual), rows))

    def _rows(self, market_ms: int) -> Iterator[tuple[str, Row]]:
        for name, quote in self._quotes.items():
            if quote.underlying_usd is None or quote.iv is None or not self._is_option(name):
                continue
            if market_ms - quote.market_ms <= self._stale_ms:
                yield name, Row(quote.underlying_usd, quote.iv, quote.mark, quote.bid, quote.ask)


def _touch(quote: Quote) -> Touch | None:
    """What the perpetual showed; None where one side was empty."""
    if quote.bid is None or quote.ask is None:
        return None
    return Touch(quote.bid, quote.bid_amount, quote.ask, quote.ask_amount)


def _stale_ms(settings: EngineSettings) -> float:
    """Age at which the daemon took a ticker for stale, in market time."""
    return settings.timing.option_stale_s * 1000.0 * settings.market_speed
