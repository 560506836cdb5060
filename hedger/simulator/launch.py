"""Builds an exchange from its options: a new one, or the one that a state file remembers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal

import msgspec

from hedger.simulator import (
    methods_account,
    methods_combo,
    methods_history,
    methods_margin,
    methods_market,
    methods_session,
    methods_statistics,
    methods_trade,
    methods_transactions,
)
from hedger.simulator.auth import Keys
from hedger.simulator.book_file import BookFile, FixedStart
from hedger.simulator.books import book_file, choose_book, open_book
from hedger.simulator.clock import MarketClock
from hedger.simulator.entries import DEPOSIT, Note
from hedger.simulator.exchange import Exchange, Identity
from hedger.simulator.fault_requests import explained, parse_fault
from hedger.simulator.journal import Journal, MarketMove
from hedger.simulator.limits import Limits
from hedger.simulator.methods_account import SUMMARY_CURRENCIES
from hedger.simulator.model import World
from hedger.simulator.options import Options
from hedger.simulator.requirements import MARGIN_MODELS
from hedger.simulator.rpc import ApiError
from hedger.simulator.tape import Strangers
from hedger.simulator.world.fixed import FixedWorlds

METHOD_MODULES = (
    methods_account,
    methods_combo,
    methods_history,
    methods_margin,
    methods_market,
    methods_session,
    methods_statistics,
    methods_trade,
    methods_transactions,
)


@dataclass(slots=True)
class Origin:
    """What must be the same after a restart for the account and the world to be the same."""

    account: str
    user_id: int
    client_id: str
    client_secret: str = field(repr=False)
    seed: int
    speed: float
    origin_ms: int
    start_usd: float
    vol: float
    replay: str | None
    replay_from: date | None
    days: int | None
    port: int = 0
    book: str | None = None  # None in a file of an earlier version: not known
    equity: dict[str, Decimal] | None = None
    margin: str = "segregated_sm"
    market: FixedStart | None = None


def new_origin(options: Options, market: FixedStart | None, wire_s: float) -> Origin:
    """A new account with new keys. Without `origin_ms` the market starts at the wall clock's time."""
    origin_ms = int(wire_s) * 1000 if options.origin_ms is None else options.origin_ms
    return Origin(
        account=f"local-{secrets.token_hex(4)}",
        user_id=10_000 + secrets.randbelow(90_000),
        client_id=secrets.token_urlsafe(6),
        client_secret=secrets.token_urlsafe(32),
        seed=options.seed,
        speed=options.speed,
        origin_ms=origin_ms,
        start_usd=options.start_usd,
        vol=options.vol,
        replay=None if options.replay is None else str(options.replay.resolve()),
        replay_from=options.replay_from,
        days=options.days,
        port=options.port,
        book=options.book,
        equity=dict(options.equity),
        margin=options.margin,
        market=market,
    )


def build_world(origin: Origin) -> World:
    """The fixed, seeded or replayed world of an origin."""
    from hedger.simulator.world import FixedWorlds, replay_world, seeded_world

    if origin.market is not None:
        return FixedWorlds(origin.origin_ms, origin.market.markets)
    if origin.replay is None:
        return seeded_world(origin.seed, origin.origin_ms, start_usd=origin.start_usd, vol=origin.vol)
    return replay_world(origin.replay, start=origin.replay_from, days=origin.days, seed=origin.seed)


@dataclass(slots=True)
class Launched:
    """An exchange that is ready to be served."""

    exchange: Exchange
    origin: Origin
    journal: Journal | None

    def remember_port(self, port: int) -> None:
        """The next run with the same state file serves on the same port."""
        self.origin = replace(self.origin, port=port)
        if self.journal is not None:
            self.journal.set_fact("origin", msgspec.json.encode(asdict(self.origin)))


def launch(options: Options, now: Callable[[], float], world: World | None = None) -> Launched:
    """Build an exchange; `now` tells wire time in seconds, asked again when the world is ready to run.

    Raises ValueError or OSError when an option does not fit.
    """
    launched = _new_or_known(options, now, world)
    try:
        for text in options.faults:
            _switch_on(launched.exchange, text, now())
    except ValueError:
        if launched.journal is not None:
            launched.journal.close()
        raise
    return launched


def _switch_on(exchange: Exchange, text: str, wire_s: float) -> None:
    """A fault of the command line. ValueError names what is wrong with it."""
    try:
        exchange.switch_on(parse_fault(text), wire_s)
    except ApiError as error:
        raise ValueError(f"fault {text!r}: {explained(error)}") from None


def _new_or_known(options: Options, now: Callable[[], float], world: World | None) -> Launched:
    journal = None if options.state_file is None else Journal(options.state_file)
    known = None if journal is None else journal.fact("origin")
    if journal is not None and known is not None:
        try:
            return _relaunch(options, journal, msgspec.json.decode(known, type=Origin), world)
        except (ValueError, OSError, ImportError):
            journal.close()
            raise
    require_margin_model(options.margin)
    file = book_file(options.book)
    options = options if file is None else _as_the_file_says(options, file)
    origin = new_origin(options, None if file is None else file.market, now())
    others = world is None and origin.market is None
    world = build_world(origin) if world is None else world
    origin.origin_ms = world.origin_ms
    clock = MarketClock(world.origin_ms, options.speed, round(now() * 1000))
    exchange = _exchange(origin, world, clock, options, journal)
    _fund(exchange, options)
    if others:
        _let_others_trade(exchange)
    return Launched(exchange, origin, journal)


def bare_exchange(
    world: World,
    clock: MarketClock,
    identity: Identity,
    seed: int,
    new_token: Callable[[], str],
    limits: Limits | None = None,
    journal: Journal | None = None,
) -> Exchange:
    """An exchange without positions and money that answers everything that METHOD_MODULES know."""
    return Exchange(world, clock, identity, seed, new_token, limits or Limits(), journal)


def _exchange(
    origin: Origin, world: World, clock: MarketClock, options: Options, journal: Journal | None
) -> Exchange:
    identity = Identity(origin.account, origin.user_id, Keys(origin.client_id, origin.client_secret))
    exchange = bare_exchange(
        world, clock, identity, origin.seed, secrets.token_urlsafe, options.limits, journal
    )
    exchange.account.margin_model = origin.margin
    return exchange


def _let_others_trade(exchange: Exchange) -> None:
    """In a world of our own; one that was handed in says all that happens itself."""
    exchange.timeline.strangers = Strangers(exchange.seed, exchange.markets, exchange.desk.tape)


def _as_the_file_says(options: Options, file: BookFile) -> Options:
    """What the command line does not say a book file may. ValueError where they cannot both be."""
    if file.market is not None and options.replay is not None:
        raise ValueError(f"--book {options.book}: has a market of its own; leave --replay out")
    if file.equity is not None and "equity" not in options.asked:
        options = replace(options, equity=file.equity)
    if file.market is not None and options.origin_ms is None:
        options = replace(options, origin_ms=file.market.origin_ms)
    return options


def _move_again(world: World, moves: list[MarketMove]) -> list[MarketMove]:
    """What somebody did to a fixed market in an earlier run."""
    for row in moves:
        assert isinstance(world, FixedWorlds)
        world.move(row.underlying, row.move)
    return moves


def _fund(exchange: Exchange, options: Options) -> None:
    """The starting book at mark, and cash so that equity is what was asked for."""
    open_book(exchange.account, choose_book(options.book, exchange.markets), exchange.markets)
    for currency, amount in options.equity.items():
        exchange.account.book(DEPOSIT, currency, amount, exchange.world.now_ms, Note(info="opening balance"))
    exchange.account.stamp(exchange.markets.exact_mark)


def _relaunch(options: Options, journal: Journal, origin: Origin, world: World | None) -> Launched:
    """Continue: the market went on while the process was down, as a real one does."""
    require_agreement(options, origin)
    saved = journal.load()
    if saved is None:
        raise ValueError(
            f"state file {options.state_file}: has an origin but no account; remove it to start anew"
        )
    others = world is None and origin.market is None
    world = build_world(origin) if world is None else world
    moves = _move_again(world, saved.state.moves)
    world.advance(saved.state.world_ms)
    exchange = _exchange(origin, world, saved.state.clock, options, journal)
    exchange.account.ledgers.update(saved.state.account.ledgers)
    exchange.account.positions.update(saved.state.account.positions)
    exchange.account.log.extend(saved.state.account.log)
    exchange.account.locks.update(saved.state.account.locks)
    exchange.account.combos.update(saved.state.account.combos)
    exchange.account.blocks = saved.state.account.blocks
    exchange.account_cancel_on_disconnect = saved.state.account_cancel_on_disconnect
    exchange.desk.restore(saved.orders, saved.trades)
    exchange.timeline.settling.restore(saved.state.agenda)
    exchange.history.settlements = journal.settlements()
    exchange.moves = moves
    if others:
        _let_others_trade(exchange)
    return Launched(exchange, origin, journal)


def require_agreement(options: Options, origin: Origin) -> None:
    """A state file decides what its exchange is. ValueError names the options that say otherwise."""
    odd = []
    for name in (
        "seed",
        "speed",
        "book",
        "equity",
        "origin_ms",
        "start_usd",
        "vol",
        "replay",
        "replay_from",
        "days",
        "margin",
    ):
        asked, kept = getattr(options, name), getattr(origin, name)
        if name == "replay" and asked is not None:
            asked = str(asked.resolve())
        if name in options.asked and kept is not None and asked != kept:
            odd.append(f"--{_OPTION.get(name, name)} is {_shown(kept)} there, not {_shown(asked)}")
    if odd:
        raise ValueError(
            f"--state {options.state_file}: {'; '.join(odd)}; leave the option out or take another file"
        )


def require_margin_model(name: str) -> None:
    """ValueError names the models there are."""
    if name not in MARGIN_MODELS:
        raise ValueError(f"--margin {name}: must be one of {', '.join(MARGIN_MODELS)}")


_OPTION = {"origin_ms": "origin", "replay_from": "from"}


def _shown(value: object) -> str:
    """An option's value as it is written."""
    return (
        ",".join(f"{code}={amount}" for code, amount in value.items())
        if isinstance(value, dict)
        else f"{value}"
    )


def parse_equity(text: str) -> dict[str, Decimal]:
    """`BTC=10` or `BTC=10,ETH=100`. ValueError names what is wrong."""
    rows: dict[str, Decimal] = {}
    for part in text.split(","):
        currency, _, amount = part.strip().partition("=")
        rows[_currency(part, currency.upper())] = _amount(part, amount)
    return rows


def _currency(part: str, name: str) -> str:
    if name not in SUMMARY_CURRENCIES:
        raise ValueError(f"equity: {part!r}: the currency must be one of {', '.join(SUMMARY_CURRENCIES)}")
    return name


def _amount(part: str, text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except ArithmeticError:
        raise ValueError(f"equity: {part!r} is not CURRENCY=AMOUNT, for example BTC=10") from None
    if not (amount.is_finite() and amount >= 0):
        raise ValueError(f"equity: {part!r}: the amount must be a number that is not negative")
    return amount
