"""The stage of a scenario: an engine, a scripted account that answers it, and the vocabulary of events.

Another event is another method named `on_WORD(self, words, options)`: words are what stands on the line
without `=`, options what stands with it. The account holds what was traded on it, answers every question for
a snapshot, and fills orders at once (`fills off` lets them rest unanswered).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from hedger.domain.account import Account, Fill, LedgerEntry, Position
from hedger.domain.instrument import InstrumentState, plain
from hedger.domain.order import OrderIntent, Side
from hedger.domain.vocabulary import Action, Legs, Mode, Neutral, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.ownership.scope import Scope
from hedger.engine.records import Decided, Record
from hedger.engine.settings import BookSettings
from hedger.execution.by_expiry_params import ByExpiryParams, Use
from hedger.policies.partial import PartialParams
from hedger.policies.registry import policy_named
from hedger.risk.envelope import Envelope
from tests.engine import rig as rigs
from tests.engine.rig import VENUE, Rig, settings
from tests.scenarios.aftermath import Aftermath, seconds

LATENCY_S = 0.02  # between a question to the scripted account and its answer
PACE_S = 0.5  # market data while time passes
PERPETUAL_MARGIN = Decimal("0.1")  # of its size: the rig's listing tells no leverage
MOST_ANSWERS = 100  # in a row to one event: more is a loop

_PAIR = re.compile(r"([a-z_]+|[A-Z][A-Z0-9_-]*)=(\S*)")
_SCOPE_KEYS = {field.name for field in fields(Scope)}
_BY_EXPIRY_KEYS = {field.name for field in fields(ByExpiryParams)} - {"use", "instruments"}
WIDE = Envelope(
    max_order_usd=1e9,
    max_order_coin=1e4,
    max_hedge_position_coin=1e4,
    max_turnover_hour_usd=1e9,
    max_turnover_day_usd=1e9,
)
_LOUD = (Severity.ERROR, Severity.CRITICAL)

Options = dict[str, str]


class Stage(Aftermath):
    """Runs one scenario."""

    def __init__(self) -> None:
        self.mode = Mode.LIVE
        self.books: list[BookSettings] = []
        self.held: dict[str, Decimal] = {}
        self.cash: dict[str, Decimal] = {"BTC": Decimal(10)}
        self.margin: dict[str, Decimal] = {}
        self.fills = True
        self.told: list[Fill] = []  # trades of the account that were told; a snapshot repeats them
        self.queue: list[fx.Effect] = []
        self.late: list[Fill] = []  # executed, not told of yet
        self.records: list[Record] = []  # what is in the journal, over every run
        self.log: list[LedgerEntry] = []  # of the account, as the venue keeps it
        self.epoch = 1
        self.lines: list[str] = []
        self.clock_ms = 0  # market time of the start; 0: the rig's own
        self.muted = False  # the options' tickers have stopped
        self.margin_model = ""
        self._rig: Rig | None = None

    @property
    def rig(self) -> Rig:
        """The engine; settings are final once it is there."""
        if self._rig is None:
            books = tuple(self.books) or (self._book("btc", {}),)
            self._rig = Rig(replace(settings(mode=self.mode), books=books))
            self._rig.market_ms = self.clock_ms or self._rig.market_ms
        return self._rig

    def happen(self, line: str) -> list[str]:
        """What the engine does about one event. Raises ValueError for a line that is none."""
        words = [word for word in line.split() if not _PAIR.fullmatch(word)]
        options = {found[1]: found[2] for word in line.split() if (found := _PAIR.fullmatch(word))}
        handler = getattr(self, f"on_{words[0]}", None)
        if handler is None:
            known = ", ".join(sorted(name[3:] for name in dir(self) if name.startswith("on_")))
            raise ValueError(f"{words[0]!r}: no such event, known: {known}")
        self.lines = []
        handler(words[1:], options)
        self._answer()
        return self.lines

    # --- before the start ----------------------------------------------------------------------------

    def on_mode(self, words: list[str], _options: Options) -> None:
        """mode live|paper|observe"""
        self.mode = Mode(words[0])

    def on_clock(self, words: list[str], _options: Options) -> None:
        """clock 2026-01-02T07:20: market time at the start, UTC"""
        self.clock_ms = int(datetime.fromisoformat(words[0]).replace(tzinfo=UTC).timestamp() * 1000)

    def on_book(self, words: list[str], options: Options) -> None:
        """book NAME [neutral=usd] [target=0] [legs=both] [limits=wide] [policy=time] [first_share=0.75]
        [KEY=VALUE ...]

        Keys are those of the policy (band), the scope and by_expiry. Lists are separated by commas;
        base_position=BTC-PERPETUAL:-1000 sets one future aside.
        """
        self.books.append(self._book(words[0], options))

    def _book(self, name: str, options: Options) -> BookSettings:
        given = dict(options)
        neutral = Neutral(given.pop("neutral", "coin"))
        target = float(given.pop("target", "0"))
        by_expiry = ByExpiryParams(
            use=Use(given.pop("by_expiry", "off")),
            **{key: float(given.pop(key)) for key in _BY_EXPIRY_KEYS & given.keys()},
        )
        legs = Legs(given.pop("legs", "inverse"))
        envelope = WIDE if given.pop("limits", "") == "wide" else None
        policy = policy_named(given.pop("policy", "band"))
        partial = PartialParams(first_share=float(given.pop("first_share", "1")))
        scope = Scope(**{key: _scoped(key, given.pop(key)) for key in _SCOPE_KEYS & given.keys()})
        told = {key: float(value) for key, value in given.items()}
        params = {"lower": -0.1, "upper": 0.1, **told} if policy.name == "band" else told
        one = settings(neutral=neutral, target=target, scope=scope, envelope=envelope).books[0]
        own = policy.params(params, target)._asdict()
        return replace(
            one,
            name=name,
            legs=legs,
            policy=policy.name,
            policy_params=own,
            partial=partial,
            by_expiry=by_expiry,
        )

    # --- the venue -----------------------------------------------------------------------------------

    def on_start(self, _words: list[str], options: Options) -> None:
        """start [INSTRUMENT=SIZE ...] [cash=10] [usdc=0]: link, journal, snapshot, first quotes"""
        self.cash["BTC"] = Decimal(options.pop("cash", "10"))
        if "usdc" in options:
            self.cash["USDC"] = Decimal(options.pop("usdc"))
        self.held = {name: Decimal(size) for name, size in options.items()}
        names = dict.fromkeys([*(name for name in self.held if name != rigs.PERP), *self.rig.basis])
        self.step(self.rig.listed(*names), self.rig.link_up())
        self.step(self.rig.journal())
        self._answer()
        self.quote()

    def on_list(self, words: list[str], _options: Options) -> None:
        """list INSTRUMENT ...: the venue lists more of them"""
        more = tuple(rigs.listing(name) for name in words)
        self.step(ev.InstrumentsListed(venue=VENUE, instruments=more, complete=False))

    def on_future(self, words: list[str], options: Options) -> None:
        """future INSTRUMENT basis=0.01: the venue lists a dated future that far over the index"""
        self.rig.basis[words[0]] = float(options["basis"])

    def on_spread(self, words: list[str], _options: Options) -> None:
        """spread INSTRUMENT: the venue lists a future spread, a dollar either side of its legs' difference"""
        self.rig.basis[words[0]] = 0.0

    def on_funding(self, words: list[str], _options: Options) -> None:
        """funding RATE: what the perpetual pays in 8 hours, a fraction; told with its next ticker"""
        self.rig.funding_8h = float(words[0])

    def on_index(self, words: list[str], _options: Options) -> None:
        """index PRICE: index, perpetual and options move"""
        self.rig.index = float(words[0])
        self.quote()

    def on_wait(self, words: list[str], _options: Options) -> None:
        """wait 90s|5m: time passes, market data goes on"""
        left_s = seconds(words[0])
        while left_s > 0:
            pause_s = min(PACE_S, left_s)
            left_s -= pause_s
            self.rig.wait(pause_s)
            self.quote()
            self._answer()

    def on_mute(self, words: list[str], _options: Options) -> None:
        """mute options|off: the options' tickers stop, or come back"""
        self.muted = words[0] == "options"

    def on_gone(self, words: list[str], _options: Options) -> None:
        """gone INSTRUMENT: the venue has delivered it; time goes on to 08:00:01"""
        expiration_ms = rigs.listing(words[0]).expiration_ms or 0
        self.rig.wait(max(0, expiration_ms + 1000 - self.rig.market_ms) / 1000)
        del self.held[words[0]]
        self.rig.basis.pop(words[0], None)
        state = InstrumentState.DELIVERED
        self.step(ev.InstrumentStateChanged(venue=VENUE, instrument=words[0], state=state))

    def on_model(self, words: list[str], _options: Options) -> None:
        """model cross_pm: the account's margin model, told at once where the engine runs"""
        self.margin_model = words[0]
        if self._rig is not None:
            self.step(*(ev.AccountReported(account=self.account(currency)) for currency in self.cash))

    def on_fills(self, words: list[str], _options: Options) -> None:
        """fills on|off: whether orders are filled at once"""
        self.fills = words[0] == "on"

    def on_trade(self, words: list[str], options: Options) -> None:
        """trade buy|sell AMOUNT INSTRUMENT [price=] [label=] [block=ID] [combo=ID]: somebody's trade"""
        fill = self._traded(words, options)
        self.step(ev.Filled(fill=fill), ev.AccountReported(account=self.account("BTC")))

    def on_execute(self, words: list[str], options: Options) -> None:
        """execute ...: like trade, but the account holds it and nobody has told us of it yet"""
        self.late.append(self._traded(words, options))

    def on_tell(self, words: list[str], _options: Options) -> None:
        """tell [first|last]: one or all of the trades executed and not told of arrive"""
        count = 1 if words else len(self.late)
        told = self.late[-count:] if words == ["last"] else self.late[:count]
        self.late = [fill for fill in self.late if fill not in told]
        self.step(*(ev.Filled(fill=fill) for fill in told), ev.AccountReported(account=self.account("BTC")))

    def on_skip(self, words: list[str], _options: Options) -> None:
        """skip 24h: time passes without a message; then the market is quoted again"""
        self.rig.wait(seconds(words[0]))
        self.quote()

    def _traded(self, words: list[str], options: Options) -> Fill:
        side, amount, name = Side(words[0]), Decimal(words[1]), words[2]
        price = Decimal(options.get("price", "0.05" if rigs.listing(name).is_option else "100000"))
        fill = self.rig.fill(name, side, amount, price, options.get("label", ""))
        ids = {"block_trade_id": options.get("block"), "combo_id": options.get("combo")}
        fill = msgspec.structs.replace(fill, **ids)
        self._book_trade(fill)
        return fill

    def on_command(self, words: list[str], options: Options) -> None:
        """command pause|resume|halt|... [book=NAME]: an operator's command"""
        given = ev.CommandGiven(
            command=words[0], book=options.get("book", ""), by="trader", reason="scenario"
        )
        self.step(given)

    def on_hold(self, words: list[str], options: Options) -> None:
        """hold 60s|end [book=NAME]: a person trades by hand"""
        lasts_s = 0.0 if words[0] == "end" else seconds(words[0])
        self.step(
            ev.HoldAsked(book=options.get("book", ""), seconds=lasts_s, by="trader", reason="legging in")
        )

    def on_ours(self, _words: list[str], _options: Options) -> None:
        """ours: show whose what is"""
        for book in self.rig.engine.view(self.rig.now).books:
            owned = book.ownership
            for future in owned.futures:
                parts = f"own {future.own}, set aside {future.base}, nobody's {future.unassigned}"
                self.lines.append(
                    f"{self.time} {book.name} counts {future.counted} of {future.account} {future.unit} in "
                    f"{future.instrument}: {parts}"
                )
            for flow in owned.cash_flows:
                self.lines.append(f"{self.time} {book.name} cash flow {flow.amount} {flow.currency}")

    def on_cash(self, words: list[str], _options: Options) -> None:
        """cash +2 BTC: a deposit (or, negative, a withdrawal) arrives"""
        self.cash[words[1]] = self.cash.get(words[1], Decimal(0)) + Decimal(words[0])
        self.step(ev.AccountReported(account=self.account(words[1])))

    def on_margin(self, words: list[str], options: Options) -> None:
        """margin balance=1 initial=0.5: what the venue tells from now on; perpetuals cost a tenth on top"""
        self.margin = {key: Decimal(value) for key, value in options.items()}
        if self._rig is not None:
            self.step(ev.AccountReported(account=self.account("BTC")))

    def on_forced(self, words: list[str], options: Options) -> None:
        """forced buy|sell AMOUNT INSTRUMENT: the venue trades for the account, as a liquidation does"""
        fill = msgspec.structs.replace(self._traded(words, options), liquidation=True)
        self.step(ev.Filled(fill=fill), ev.AccountReported(account=self.account("BTC")))

    def on_delta(self, _words: list[str], _options: Options) -> None:
        """delta: show each book's controlled quantity"""
        for book in self.rig.engine.view(self.rig.now).books:
            used = "unknown" if book.delta.used is None else f"{book.delta.used:+.4f}"
            self.lines.append(f"{self.time} {book.name} y = {used} BTC")

    # --- machinery -----------------------------------------------------------------------------------

    def step(self, *events: ev.Event) -> None:
        """One step of the engine; what it did is told, what it asked is answered afterwards."""
        for effect in self.rig.step(*events):
            self.queue.append(effect)
            self.lines.extend(self._said(effect))

    def quote(self) -> None:
        """Fresh market data of everything held."""
        names = [name for name in dict.fromkeys([*self.held, *self.rig.basis]) if name != rigs.PERP]
        if self.muted:
            names = [name for name in names if not rigs.listing(name).is_option]
        self.step(*self.rig.quotes(*names))

    def _answer(self) -> None:
        """Let the account answer until the engine has no more questions."""
        for _ in range(MOST_ANSWERS):
            if not self.queue:
                return
            asked, self.queue = self.queue, []
            events = [event for effect in asked for event in self._reply(effect)]
            if events:
                self.rig.wait(LATENCY_S)
                self.step(*events)
        raise AssertionError(f"more than {MOST_ANSWERS} answers in a row: {self.queue}")

    def _reply(self, effect: fx.Effect) -> Iterable[ev.Event]:
        if isinstance(effect, fx.RequestSnapshot):
            return [self._snapshot()]
        if isinstance(effect, fx.RequestLog):
            told = tuple(entry for entry in self.log if entry.market_ms > effect.since_ms)
            return [ev.LogTold(VENUE, effect.since_ms, told)]
        if isinstance(effect, fx.Place) and self.fills:
            return self._filled(effect.approved.intent)
        return []

    def _filled(self, intent: OrderIntent) -> list[ev.Event]:
        events = self.rig.fill_of(intent)
        for event in events:
            if isinstance(event, ev.Filled):
                self._book_trade(event.fill)
        return [*events, ev.AccountReported(account=self.account("BTC"))]

    def _book_trade(self, fill: Fill) -> None:
        self.told.append(fill)
        self.held[fill.instrument] = self.held.get(fill.instrument, Decimal(0)) + fill.signed_amount
        premium = fill.signed_amount * fill.price if rigs.listing(fill.instrument).is_option else Decimal(0)
        self.cash["BTC"] -= premium + fill.fee

    def _snapshot(self) -> ev.SnapshotTaken:
        return ev.SnapshotTaken(
            venue=VENUE,
            server_ms=self.rig.market_ms + int(LATENCY_S * 500),
            positions=tuple(Position(VENUE, name, size) for name, size in self.held.items()),
            open_orders=(),
            accounts=tuple(self.account(currency) for currency in self.cash),
            fills=tuple(self.told),
        )

    def account(self, currency: str) -> Account:
        """One wallet; its equity is its cash, as if options were worth nothing."""
        account = self.rig.account(str(self.cash[currency])).account
        account = msgspec.structs.replace(account, currency=currency, margin_model=self.margin_model)
        return account if not self.margin else self._margined(account)

    def _margined(self, account: Account) -> Account:
        coin = abs(self.held.get(rigs.PERP, Decimal(0))) / Decimal(str(self.rig.index))
        return msgspec.structs.replace(
            account,
            margin_balance=self.margin["balance"],
            initial_margin=self.margin["initial"] + coin * PERPETUAL_MARGIN,
        )

    @property
    def time(self) -> str:
        seconds, ms = divmod(self.rig.market_ms, 1000)
        return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"

    def _said(self, effect: fx.Effect) -> Iterable[str]:
        if isinstance(effect, fx.Write):
            self.records.extend(effect.records)
            for record in effect.records:
                if isinstance(record, Decided):
                    yield self._decision(record)
        elif isinstance(effect, fx.Cancel):
            yield f"{self.time} cancel {effect.label}"
        elif isinstance(effect, fx.Note) and effect.severity in _LOUD:
            fields = " ".join(str(value) for name, value in effect.fields.items() if name != "since_ms")
            yield f"{self.time} ! {effect.severity} {effect.name} {fields}"

    def _decision(self, record: Decided) -> str:
        made = record.decision
        if made.action in (Action.HEDGE, Action.WOULD_HEDGE):
            order = f"{made.side} {plain(Decimal(made.amount))} {made.instrument} ({made.reason})"
            return f"{self.time} {made.book} {made.action} {order}"
        return f"{self.time} {made.book} {made.action} {made.reason}: {made.detail}"


def _scoped(key: str, text: str) -> Any:
    """A key of the scope as its type wants it."""
    if key == "base_position":
        name, _, size = text.partition(":")
        return {name: float(size)}
    if key in ("external_owner", "external_until"):
        return text
    if key == "counts_equity":
        return text == "true"
    numbers = ("external_delta_coin", "settle_s", "max_wallet_drift_usd")
    return float(text) if key in numbers else tuple(text.split(","))
