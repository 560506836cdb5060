"""Questions that take several requests and end in one event: the snapshot, the log of the account, and what
became of a label.

`server_ms` is the earliest server time among the answers: what they say held at that time or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from hedger.domain.account import Account, Fill, LedgerEntry, Position
from hedger.domain.errors import BadDataError
from hedger.domain.order import OrderReport
from hedger.domain.time_units import DAY_MS
from hedger.engine.effects import LookUp, RequestLog, RequestSnapshot
from hedger.engine.events import (
    Event,
    LogFailed,
    LogTold,
    LookedUp,
    LookupFailed,
    Now,
    SnapshotFailed,
    SnapshotTaken,
)
from hedger.venues.deribit import encode, wire
from hedger.venues.deribit.combos import joined
from hedger.venues.deribit.credits import Pool
from hedger.venues.deribit.decode import UNREADABLE
from hedger.venues.deribit.encode import Request
from hedger.venues.deribit.errors import ORDER_NOT_FOUND
from hedger.venues.deribit.link import Link
from hedger.venues.deribit.private import account_of, fill_of, ledger_of, position_of, report_of
from hedger.venues.deribit.rpc import Failure, Reply

MAX_PAGES = 100
AHEAD_MS = DAY_MS  # the end of a time range lies ahead: our clock may be behind the venue's

_ORDERS = msgspec.json.Decoder(list[wire.Order])
_POSITIONS = msgspec.json.Decoder(list[wire.Position])
_SUMMARIES = msgspec.json.Decoder(wire.Summaries)
_PAGE = msgspec.json.Decoder(wire.TradePage)
_LOG = msgspec.json.Decoder(wire.LogPage)

Read = Callable[[msgspec.Raw, Now], None]
Finish = Callable[[Now], list[Event]]
Fail = Callable[[str], list[Event]]


class Gather:
    """Counts answers; the last good one finishes, the first bad one fails, nothing happens afterwards."""

    def __init__(self, link: Link, finish: Finish, fail: Fail) -> None:
        self._link, self._finish, self._fail = link, finish, fail
        self._waiting, self._over = 0, False
        self._server_ms: int | None = None
        self.last_ms = 0  # server time of the latest answer, 0: it did not tell

    @property
    def server_ms(self) -> int:
        return self._server_ms or 0

    def ask(
        self,
        request: Request,
        read: Read,
        now: Now,
        *,
        absent_code: int | None = None,
        pool: Pool = Pool.GENERAL,
    ) -> None:
        """Ask; an error with `absent_code` is an answer too, and says that there is nothing."""
        self._waiting += 1
        done = partial(self._answered, request.method, read)
        self._link.ask(request, now, done, partial(self._failed, request.method, absent_code), pool)

    def then(self, finish: Finish) -> None:
        """What happens when everything asked so far is answered."""
        self._finish = finish

    def _answered(self, method: str, read: Read, reply: Reply, now: Now) -> list[Event]:
        if self._over:
            return []
        try:
            read(reply.result, now)
        except BadDataError as error:
            return self._give_up(f"{method}: {error}")
        except UNREADABLE as error:
            return self._give_up(f"{method}: {error}")
        return self._counted(reply.server_ms, now)

    def _failed(self, method: str, absent_code: int | None, failure: Failure, now: Now) -> list[Event]:
        if self._over:
            return []
        if failure.code == absent_code:
            return self._counted(failure.server_ms, now)
        return self._give_up(f"{method}: {failure}")

    def _counted(self, server_ms: int, now: Now) -> list[Event]:
        """An answer that does not tell its time proves nothing about absence: it counts as time 0."""
        self._server_ms = server_ms if self._server_ms is None else min(self._server_ms, server_ms)
        self.last_ms = server_ms
        self._waiting -= 1
        return self._finish(now) if self._waiting == 0 else []

    def _give_up(self, reason: str) -> list[Event]:
        self._over = True
        return self._fail(reason)


class Trades:
    """Every trade of one currency since a time, recent and historical, page by page."""

    def __init__(self, gather: Gather, venue: str, currency: str) -> None:
        self._gather, self._venue, self._currency = gather, venue, currency
        self._pages = 0
        self.fills: dict[tuple[str, str, str], Fill] = {}

    def ask(self, since_ms: int, now: Now) -> None:
        """Recent first: a trade that grows historical between the two answers is found by the second."""
        for historical in (False, True):
            self._page(historical, max(since_ms, 0), now)

    def _page(self, historical: bool, since_ms: int, now: Now) -> None:
        until_ms = now.market_ms + AHEAD_MS
        request = encode.user_trades(self._currency, since_ms, until_ms, historical=historical)
        self._gather.ask(request, partial(self._read, historical), now)

    def _read(self, historical: bool, result: msgspec.Raw, now: Now) -> None:
        page = _PAGE.decode(result)
        fills = [fill_of(trade, self._venue) for trade in page.trades]
        fresh = [fill for fill in fills if fill.key not in self.fills]
        self.fills.update({fill.key: fill for fill in fresh})
        if not page.has_more:
            return
        self._pages += 1
        if not fresh or self._pages >= MAX_PAGES:
            raise BadDataError(
                "user trades", "has_more", True, f"reached within {MAX_PAGES} pages that go on"
            )
        self._page(historical, fills[-1].market_ms, now)


def _nothing() -> None:
    """Whoever asked by an effect hears of a failure by its event."""


class Enquiries:
    """Performs RequestSnapshot and LookUp; read-only in every mode."""

    def __init__(self, link: Link, currencies: tuple[str, ...], currency_of: Callable[[str], str]) -> None:
        self._link, self._currencies, self._currency_of = link, currencies, currency_of
        self._looking: set[str] = set()  # labels whose look-up has not ended

    def snapshot(
        self, effect: RequestSnapshot, now: Now, when_failed: Callable[[], None] = _nothing
    ) -> list[Event]:
        """Positions are asked for last, so that no fill heard meanwhile is undone by them.

        `when_failed` is called beside the SnapshotFailed of a question that was sent.
        """
        if not self._link.usable:
            return [SnapshotFailed(venue=self._link.venue, reason="the link is down")]
        _Snapshot(self._link, self._currencies, when_failed).ask(effect.since_ms, now)
        return []

    def log(self, effect: RequestLog, now: Now) -> list[Event]:
        """The account's log since a time, of every currency."""
        if not self._link.usable:
            return [LogFailed(venue=self._link.venue, reason="the link is down")]
        _Log(self._link, self._currencies, effect.since_ms).ask(now)
        return []

    def look_up(self, effect: LookUp, now: Now) -> list[Event]:
        """State by label, open orders and trades since a time.

        A label whose last look-up has not ended is not asked about again: the answer to that one comes, and
        credits spent on the same question would be missing for the next.
        """
        if not self._link.usable:
            return [LookupFailed(venue=self._link.venue, label=effect.label, reason="the link is down")]
        if effect.label not in self._looking:
            self._looking.add(effect.label)
            ended = partial(self._looking.discard, effect.label)
            lookup = _Lookup(self._link, effect.label, self._currency_of(effect.instrument), ended)
            lookup.ask(effect.since_ms, now)
        return []


class _Snapshot:
    def __init__(self, link: Link, currencies: tuple[str, ...], when_failed: Callable[[], None]) -> None:
        self._venue, self._currencies, self._when_failed = link.venue, currencies, when_failed
        self._gather = Gather(link, self._ask_positions, self._failed)
        self._trades = [Trades(self._gather, link.venue, currency) for currency in currencies]
        self._orders: tuple[OrderReport, ...] = ()
        self._accounts: tuple[Account, ...] = ()
        self._positions: tuple[Position, ...] = ()
        self._since_ms, self._asked_wire_s = 0, 0.0

    def ask(self, since_ms: int, now: Now) -> None:
        self._since_ms, self._asked_wire_s = since_ms, now.wire_s
        for trades in self._trades:
            trades.ask(since_ms, now)
        self._gather.ask(encode.open_orders(), self._read_orders, now)
        self._gather.ask(encode.account_summaries(), self._read_accounts, now)

    def _read_orders(self, result: msgspec.Raw, now: Now) -> None:
        self._orders = tuple(report_of(order, self._venue) for order in _ORDERS.decode(result))

    def _read_accounts(self, result: msgspec.Raw, now: Now) -> None:
        rows = [row for row in _SUMMARIES.decode(result).summaries if row.currency in self._currencies]
        self._accounts = tuple(account_of(row, self._venue, now.wire_s) for row in rows)

    def _read_positions(self, result: msgspec.Raw, now: Now) -> None:
        self._positions = tuple(position_of(row, self._venue) for row in _POSITIONS.decode(result))

    def _ask_positions(self, now: Now) -> list[Event]:
        self._gather.then(self._taken)
        self._gather.ask(encode.positions(), self._read_positions, now)
        return []

    def _taken(self, now: Now) -> list[Event]:
        return [
            SnapshotTaken(
                venue=self._venue,
                server_ms=self._gather.server_ms,
                positions=self._positions,
                open_orders=self._orders,
                accounts=self._accounts,
                fills=in_order(self._trades),
                positions_ms=self._gather.last_ms,
                since_ms=self._since_ms,
                asked_wire_s=self._asked_wire_s,
            )
        ]

    def _failed(self, reason: str) -> list[Event]:
        self._when_failed()
        return [SnapshotFailed(venue=self._venue, reason=reason)]


class _Log:
    """One page a second is all the venue gives: currencies and pages follow one another (deribit.md 5)."""

    def __init__(self, link: Link, currencies: tuple[str, ...], since_ms: int) -> None:
        self._venue, self._currencies, self._since_ms = link.venue, currencies, since_ms
        self._gather = Gather(link, self._told, self._failed)
        self._entries: dict[tuple[str, str], LedgerEntry] = {}
        self._pages = 0

    def ask(self, now: Now) -> None:
        for currency in self._currencies:
            self._page(currency, None, now)

    def _page(self, currency: str, continuation: int | None, now: Now) -> None:
        until_ms = now.market_ms + AHEAD_MS
        request = encode.transaction_log(currency, max(self._since_ms, 0), until_ms, continuation)
        self._gather.ask(request, partial(self._read, currency), now, pool=Pool.LOG)

    def _read(self, currency: str, result: msgspec.Raw, now: Now) -> None:
        page = _LOG.decode(result)
        entries = [ledger_of(row, self._venue) for row in page.logs]
        fresh = [entry for entry in entries if (entry.currency, entry.number) not in self._entries]
        self._entries.update({(entry.currency, entry.number): entry for entry in fresh})
        if page.continuation is None:
            return
        self._pages += 1
        if not fresh or self._pages >= MAX_PAGES:
            told = f"null within {MAX_PAGES} pages that go on"
            raise BadDataError("transaction log", "continuation", page.continuation, told)
        self._page(currency, page.continuation, now)

    def _told(self, now: Now) -> list[Event]:
        rows = self._entries.values()
        entries = sorted(rows, key=lambda row: (row.market_ms, row.currency, int(row.number)))
        return [LogTold(venue=self._venue, since_ms=self._since_ms, entries=tuple(entries))]

    def _failed(self, reason: str) -> list[Event]:
        return [LogFailed(venue=self._venue, reason=reason)]


class _Lookup:
    def __init__(self, link: Link, label: str, currency: str, ended: Callable[[], None]) -> None:
        self._venue, self._label, self._currency, self._ended = link.venue, label, currency, ended
        self._gather = Gather(link, self._found, self._failed)
        self._trades = Trades(self._gather, link.venue, currency)
        self._reports: dict[str, OrderReport] = {}

    def ask(self, since_ms: int, now: Now) -> None:
        by_label = encode.order_state_by_label(self._currency, self._label)
        self._gather.ask(by_label, self._read_orders, now, absent_code=ORDER_NOT_FOUND)
        self._gather.ask(encode.open_orders(), self._read_orders, now)
        self._trades.ask(since_ms, now)

    def _read_orders(self, result: msgspec.Raw, now: Now) -> None:
        """The later word on an order stands."""
        for order in _ORDERS.decode(result):
            if order.label != self._label:
                continue
            report, known = report_of(order, self._venue), self._reports.get(order.order_id)
            if known is None or report.updated_ms >= known.updated_ms:
                self._reports[order.order_id] = report

    def _found(self, now: Now) -> list[Event]:
        self._ended()
        fills = [
            fill
            for fill in in_order([self._trades])
            if fill.label == self._label or fill.order_id in self._reports
        ]
        return [
            LookedUp(
                venue=self._venue,
                label=self._label,
                server_ms=self._gather.server_ms,
                reports=tuple(self._reports.values()),
                fills=tuple(fills),
            )
        ]

    def _failed(self, reason: str) -> list[Event]:
        self._ended()
        return [LookupFailed(venue=self._venue, label=self._label, reason=reason)]


def in_order(trades: Iterable[Trades]) -> tuple[Fill, ...]:
    """Fills of several currencies by time, then by number; of a combo its legs."""
    fills = joined([fill for one in trades for fill in one.fills.values()])
    return tuple(
        sorted(fills, key=lambda fill: (fill.market_ms, fill.instrument, fill.trade_seq, fill.trade_id))
    )
