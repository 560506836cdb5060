"""Deribit instrument names, taken apart.

    UNDERLYING-PERPETUAL                     BTC-PERPETUAL, SOL_USDC-PERPETUAL, 1000PEPE_USDC-PERPETUAL
    UNDERLYING-D[D]MMMYY                     BTC-25SEP26, XRP_USDC-1OCT26
    UNDERLYING-D[D]MMMYY-STRIKE-C|P          BTC-21SEP26-68000-C, XRP_USDC-21SEP26-1d25-C (1d25 is 1.25)
    BASE_QUOTE                               BTC_USDC (spot)
    UNDERLYING-FS-LEG_LEG                    BTC-FS-25DEC26_PERP, BTC-FS-27MAR26_30JAN26 (future combo)
    UNDERLYING-CODE-D[D]MMMYY[_D[D]MMMYY]-STRIKE[_STRIKE ...]   BTC-STRG-26MAR27-72000_80000 (option combo)
    UNDERLYING-COMBO-NUMBER                  option combos of more legs than a name holds

UNDERLYING is a base (BTC) for instruments settled in the coin and BASE_QUOTE (BTC_USDC) for linear ones; a
base may start with digits. A day of the month has no leading zero; months are English capitals. Everything
expires at 08:00 UTC. Where the exchange also sends fields, prefer the fields: a name says less.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal

import msgspec

from hedger.domain.instants import ms_of
from hedger.domain.time_units import EXPIRY_HOUR_UTC

PERPETUAL_LEG = "PERP"
"""How a future spread's name calls the perpetual."""

NameKind = Literal["option", "future", "perpetual", "spot", "future_combo", "option_combo"]

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_DATE = rf"[1-9]\d?(?:{'|'.join(_MONTHS)})\d\d"
_STRIKE = r"\d+(?:d\d+)?"
_UNDERLYING = r"(?P<base>[A-Z0-9]+)(?:_(?P<quote>[A-Z]+))?"
_OUTRIGHT = re.compile(
    rf"{_UNDERLYING}-(?:(?P<perpetual>PERPETUAL)"
    rf"|(?P<date>{_DATE})(?:-(?P<strike>{_STRIKE})-(?P<type>[CP]))?)",
    re.ASCII,
)
_LEG_DATE = re.compile(rf"(?<=[-_]){_DATE}(?=[-_]|$)")
_SPOT = re.compile(r"(?P<base>[A-Z0-9]+)_(?P<quote>[A-Z]+)", re.ASCII)
_FUTURE_COMBO = re.compile(
    rf"{_UNDERLYING}-FS-(?P<bought>{_DATE}|{PERPETUAL_LEG})_(?P<sold>{_DATE}|{PERPETUAL_LEG})", re.ASCII
)
_OPTION_COMBO = re.compile(
    rf"{_UNDERLYING}-(?!FS-)(?:COMBO-\d+|[A-Z]+\d*-{_DATE}(?:_{_DATE})*-{_STRIKE}(?:_{_STRIKE})*(?:-[CP])?)",
    re.ASCII,
)
_GRAMMAR = (
    "BASE[_QUOTE]-PERPETUAL, BASE[_QUOTE]-DMMMYY, BASE[_QUOTE]-DMMMYY-STRIKE-C|P, BASE_QUOTE, "
    "BASE[_QUOTE]-FS-LEG_LEG or BASE[_QUOTE]-CODE-DMMMYY-STRIKES"
)


class ParsedName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an instrument's name tells; of a combo kind, underlying and the expiry of its first leg."""

    name: str
    kind: NameKind
    base: str
    quote: str | None = None  # the dollar coin of a linear instrument or spot pair; None: settled in the base
    expiration_ms: int | None = None  # milliseconds since the epoch, 08:00 UTC
    strike: Decimal | None = None
    option_type: Literal["call", "put"] | None = None


@lru_cache(maxsize=16_384)
def parse_name(name: str) -> ParsedName:
    """Take a name apart. Raises ValueError with the value and the grammar where it is not one."""
    if found := _OUTRIGHT.fullmatch(name):
        return _outright(name, found)
    patterns: tuple[tuple[NameKind, re.Pattern[str]], ...] = (
        ("spot", _SPOT),
        ("future_combo", _FUTURE_COMBO),
        ("option_combo", _OPTION_COMBO),
    )
    for kind, pattern in patterns:
        if found := pattern.fullmatch(name):
            return ParsedName(name, kind, found["base"], found["quote"], _earliest_leg_ms(name))
    raise ValueError(f"instrument_name = {name!r}: must be {_GRAMMAR}")


@lru_cache(maxsize=16_384)
def legs_of(name: str) -> tuple[tuple[str, int], ...]:
    """The instruments in which an order trades, each with the sign it takes there.

    An instrument by itself, and of a future spread the two its name tells: who buys BTC-FS-25DEC26_PERP buys
    BTC-25DEC26 and sells as much BTC-PERPETUAL (recorded: get_combos and trades of May 2026).
    """
    found = _FUTURE_COMBO.fullmatch(name)
    if found is None:
        return ((name, 1),)
    underlying = name.partition("-")[0]
    bought, sold = (
        f"{underlying}-{'PERPETUAL' if leg == PERPETUAL_LEG else leg}"
        for leg in (found["bought"], found["sold"])
    )
    return ((bought, 1), (sold, -1))


def spread_of(first: str, second: str) -> str:
    """The name of the future spread of two futures of one underlying: the later expiry stands first, a
    perpetual last. Raises ValueError for anything else."""
    one, other = parse_name(first), parse_name(second)
    same = (one.base, one.quote, one.kind in _FUTURES) == (other.base, other.quote, other.kind in _FUTURES)
    if not same or one.kind not in _FUTURES or one.expiration_ms == other.expiration_ms:
        raise ValueError(f"legs = {first!r}, {second!r}: must be two futures of one underlying")
    far, near = sorted((one, other), key=lambda leg: leg.expiration_ms or 0, reverse=True)
    dates = (leg.name.partition("-")[2] for leg in (far, near))
    return f"{far.name.partition('-')[0]}-FS-" + "_".join(
        PERPETUAL_LEG if date == "PERPETUAL" else date for date in dates
    )


_FUTURES = ("future", "perpetual")


def is_combo(name: str) -> bool:
    """Whether a name is a combo's, of futures or of options: what trades as one and is held as its legs."""
    return _kind(name) in ("future_combo", "option_combo")


def is_option(name: str) -> bool:
    """Whether a name is a single option's."""
    return _kind(name) == "option"


def _kind(name: str) -> NameKind | None:
    """None for a name of no grammar."""
    try:
        return parse_name(name).kind
    except ValueError:
        return None


def _outright(name: str, found: re.Match[str]) -> ParsedName:
    base, quote = found["base"], found["quote"]
    if found["perpetual"]:
        return ParsedName(name, "perpetual", base, quote)
    expiration_ms = _expiration_ms(name, found["date"])
    if found["strike"] is None:
        return ParsedName(name, "future", base, quote, expiration_ms)
    strike = Decimal(found["strike"].replace("d", "."))
    option_type: Literal["call", "put"] = "call" if found["type"] == "C" else "put"
    return ParsedName(name, "option", base, quote, expiration_ms, strike, option_type)


def _earliest_leg_ms(name: str) -> int | None:
    """A combo stops trading with its first leg; None for a spot pair and a numbered combo."""
    return min((_expiration_ms(name, date) for date in _LEG_DATE.findall(name)), default=None)


def _expiration_ms(name: str, date: str) -> int:
    day, month, year = int(date[:-5]), _MONTHS.index(date[-5:-2]) + 1, 2000 + int(date[-2:])
    try:
        expiry = datetime(year, month, day, EXPIRY_HOUR_UTC, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"instrument_name = {name!r}: {date} is not a day of the calendar") from error
    return ms_of(expiry)
