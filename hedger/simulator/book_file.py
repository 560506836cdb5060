"""`--book FILE`: the positions, the equity and, if wanted, the whole market with which an exchange starts.

    [equity]                                # at the first instant, option marks included
    BTC = 5

    [[positions]]
    instrument = "BTC-1OCT26-105000-C"
    size = -10                              # signed; options and linear: coin, inverse futures: USD

    [market]                                # optional, or [[market]] for several underlyings
    origin = 2026-09-01T08:00:00Z           # market time at the start; default: now
    index = 100000                          # also: forward, perpetual (default: the index)
    iv = 0.55
    hold_expiry = true                      # options do not age
    moves = [{ after_s = 600, index = 99000 }, { after_s = 900, iv = 0.6 }]

JSON with the same keys will do, and so will a bare JSON list of positions.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from hedger.simulator.world.fixed import UNDERLYINGS, FixedMarket, Move

MAY_BE_ZERO = ("spread_usd", "option_spread_coin", "future_fee", "option_fee")
MARKET_KEYS = (
    "underlying",
    "origin",
    "index",
    "forward",
    "perpetual",
    "iv",
    "hold_expiry",
    "spread_usd",
    "option_spread_coin",
    "depth_usd",
    "tick_usd",
    "future_fee",
    "option_fee",
    "instruments",
    "moves",
)
Table = dict[str, object]

MOVE_KEYS = ("after_s", "index", "iv")


@dataclass(frozen=True, slots=True)
class FixedStart:
    """A fixed market with what it needs to begin; instants of moves count from the origin, in ms."""

    markets: tuple[FixedMarket, ...]
    origin_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BookFile:
    """What a file says; an absent part is None or empty."""

    positions: tuple[tuple[str, Decimal], ...] = ()
    equity: Mapping[str, Decimal] | None = None
    market: FixedStart | None = None


def read_book_file(path: Path) -> BookFile:
    """Read and check a file. ValueError names the file, the key and what would be right."""
    content = _content(path)
    if isinstance(content, list):
        content = {"positions": content}
    if not isinstance(content, dict):
        raise ValueError(f"book: {path} must hold a list of positions with instrument and size")
    try:
        return _book(content)
    except ValueError as error:
        raise ValueError(f"book: {path}: {error}") from None


def _content(path: Path) -> object:
    try:
        text = path.read_text()
        return tomllib.loads(text, parse_float=Decimal) if path.suffix == ".toml" else json.loads(text)
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"book: {path}: {error}") from None


def _book(content: Table) -> BookFile:
    if "positions" not in content and "market" not in content:
        raise ValueError("must hold a list of positions with instrument and size")
    _known(content, ("positions", "equity", "market"), "the file")
    rows = content.get("positions", [])
    if not isinstance(rows, list):
        raise ValueError("must hold a list of positions with instrument and size")
    positions = tuple(map(_position, rows))
    return BookFile(positions, _equity(content.get("equity")), _market(content.get("market"), positions))


def _position(row: object) -> tuple[str, Decimal]:
    if not isinstance(row, dict) or not {"instrument", "size"} <= row.keys():
        raise ValueError(f"{row!r} must have instrument and size")
    _known(row, ("instrument", "size"), "a position")
    name = str(row["instrument"])
    return name, _decimal(row["size"], f"size of {name}")


def _equity(table: object) -> dict[str, Decimal] | None:
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ValueError(f"equity {table!r}: must be a table of amounts by currency, for example BTC = 5")
    return {code.upper(): _decimal(amount, f"equity of {code}") for code, amount in table.items()}


def _market(given: object, positions: tuple[tuple[str, Decimal], ...]) -> FixedStart | None:
    if given is None:
        return None
    tables = _tables(given)
    markets = tuple(_fixed(table, [name for name, _ in positions]) for table in tables)
    if len({market.underlying for market in markets}) < len(markets):
        raise ValueError("market: every underlying once")
    _require_homes([name for name, _ in positions], markets)
    origins = {_origin(table["origin"]) for table in tables if "origin" in table}
    if len(origins) > 1:
        raise ValueError("market: origin must be the same in all of them")
    return FixedStart(markets, origins.pop() if origins else None)


def _tables(given: object) -> list[Table]:
    rows: list[object] = given if isinstance(given, list) else [given]
    tables = [row for row in rows if isinstance(row, dict)]
    if not rows or len(tables) < len(rows):
        raise ValueError("market: must be a table, or a list of tables for several underlyings")
    return tables


def _fixed(table: Table, held: list[str]) -> FixedMarket:
    _known(table, MARKET_KEYS, "market")
    underlying = str(table.get("underlying", "BTC"))
    if underlying not in UNDERLYINGS:
        raise ValueError(f"market: underlying {underlying!r} must be one of {', '.join(UNDERLYINGS)}")
    missing = [key for key in ("index", "iv") if key not in table]
    if missing:
        raise ValueError(f"market: {missing[0]} is missing")
    usual = FixedMarket(underlying, float(_number(table, "index")), float(_number(table, "iv")))
    return replace(
        usual,
        forward_usd=_level(table, "forward"),
        perpetual_usd=_level(table, "perpetual"),
        hold_expiry=_flag(table, "hold_expiry"),
        spread_usd=_or(_level(table, "spread_usd"), usual.spread_usd),
        option_spread_coin=_or(_level(table, "option_spread_coin"), usual.option_spread_coin),
        depth_usd=_or(_level(table, "depth_usd"), usual.depth_usd),
        tick_usd=_number(table, "tick_usd") if "tick_usd" in table else None,
        future_fee=_number(table, "future_fee") if "future_fee" in table else None,
        option_fee=_number(table, "option_fee") if "option_fee" in table else None,
        instruments=_instruments(table, underlying, held),
        moves=_moves(table),
    )


def _level(table: Table, key: str) -> float | None:
    return float(_number(table, key)) if key in table else None


def _or(value: float | None, usual: float) -> float:
    return usual if value is None else value


def _instruments(table: Table, underlying: str, held: list[str]) -> tuple[str, ...]:
    """What is held and what else is to be listed, without the perpetual."""
    names = table.get("instruments", [])
    if not isinstance(names, list):
        raise ValueError("market: instruments must be a list of names")
    mine = [name for name in held if _prefix(name) == underlying]
    wanted = dict.fromkeys([*mine, *map(str, names)])
    return tuple(name for name in wanted if name != UNDERLYINGS[underlying].perpetual)


def _moves(table: Table) -> tuple[Move, ...]:
    rows = table.get("moves", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("market: moves must be a list of tables with after_s and index or iv")
    moves = [_move(row) for row in rows]
    if moves != sorted(moves, key=lambda move: move.market_ms):
        raise ValueError("market: moves must be in the order of after_s")
    return tuple(moves)


def _move(row: Table) -> Move:
    _known(row, MOVE_KEYS, "a move")
    if "after_s" not in row or not {"index", "iv"} & row.keys():
        raise ValueError(f"market: move {_shown(row)} must have after_s and index or iv")
    after_ms = round(_decimal(row["after_s"], "market: after_s") * 1000)
    return Move(after_ms, _level(row, "index"), _level(row, "iv"))


def _require_homes(held: list[str], markets: tuple[FixedMarket, ...]) -> None:
    there = [market.underlying for market in markets]
    for name in held:
        if _prefix(name) not in there:
            raise ValueError(f"position in {name}: the market has {', '.join(there)} only")


def _prefix(name: str) -> str:
    return name.partition("-")[0]


def _origin(value: object) -> int:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        raise ValueError(f"market: origin {value!r} must be a time, for example 2026-09-01T08:00:00Z")
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _number(table: Table, key: str) -> Decimal:
    number = _decimal(table[key], f"market: {key}")
    if number < 0 or (number == 0 and key not in MAY_BE_ZERO):
        raise ValueError(f"market: {key} = {number}: must be above 0")
    return number


def _flag(table: Table, key: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(f"market: {key} {value!r} must be true or false")
    return value


def _decimal(value: object, what: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{what}: {value!r} is no number") from None
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError(f"{what}: {value!r} is no number")
    return number


def _known(table: Mapping[str, object], keys: tuple[str, ...], where: str) -> None:
    odd = [key for key in table if key not in keys]
    if odd:
        raise ValueError(f"{where}: {odd[0]!r} is unknown; there are {', '.join(keys)}")


def _shown(row: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"{key} = {value}" for key, value in row.items()) + "}"
