"""The flight record's format: JSON lines from which a run of the engine is repeated exactly.

    line 1   {"format", "version", "settings", "started"}
    then     {"now": [market_ms, wire_s], "events": [...], "effects": [...]}   one per step, no empty lists
    or       {"gap": {...}}   steps that could not be kept: from here on a replay is no longer exact

Decimals are strings and floats their shortest exact form, so both survive. JSON has no word for an infinite
number, which settings may hold (no limit): inside settings such a number is written as a string.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from hedger.domain.errors import HedgerError
from hedger.engine.effects import Effect
from hedger.engine.events import Event, Now, SettingsApplied
from hedger.engine.settings import EngineSettings

FORMAT = "hedger-flight-record"
VERSION = 1

_GAP_BEGINS = b'{"gap":'


class RecordError(HedgerError):
    """A flight record that cannot be written or read: names file or line, and what is wrong."""

    exit_code = 2


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a fresh engine is built from."""

    format: str
    version: int
    settings: EngineSettings
    started: Now


class RecordedStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step as it was; `effects` stay encoded, since they are only compared."""

    now: Now
    events: list[Event] = []
    effects: msgspec.Raw = msgspec.Raw(b"[]")


class Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps and events that are missing from the record, and why: `queue_full` or `file_full`."""

    reason: str
    steps: int
    events: int
    first: Now
    last: Now


class _Line(msgspec.Struct, omit_defaults=True):
    now: Now
    events: Sequence[Any] = []
    effects: Sequence[Effect] = []


class _GapLine(msgspec.Struct, forbid_unknown_fields=True):
    gap: Gap


class _Mark(msgspec.Struct):
    format: str
    version: int


_encode = msgspec.json.Encoder().encode
# Not strict: a number written as a string is one that JSON cannot spell.
_header = msgspec.json.Decoder(Header, strict=False)
_step = msgspec.json.Decoder(RecordedStep, strict=False)
_gap = msgspec.json.Decoder(_GapLine)
_mark = msgspec.json.Decoder(_Mark)


def encode_header(settings: EngineSettings, started: Now) -> bytes:
    """The first line."""
    header = {"format": FORMAT, "version": VERSION, "settings": _spelled(settings), "started": started}
    return _encode(header) + b"\n"


def encode_step(now: Now, events: Sequence[Event], effects: Sequence[Effect]) -> bytes:
    """The line of one step. Encode before the next step, so that nothing later can change what is kept."""
    told: Sequence[Any] = events
    if any(type(event) is SettingsApplied for event in events):
        told = [_spelled(event) if type(event) is SettingsApplied else event for event in events]
    return _encode(_Line(now, list(told), effects)) + b"\n"


def encode_gap(gap: Gap) -> bytes:
    """The line that stands for steps which were not kept."""
    return _encode(_GapLine(gap)) + b"\n"


def encode_effects(effects: Sequence[Effect]) -> bytes:
    """Effects as a step's line holds them."""
    return _encode(effects)


def decode_header(line: bytes) -> Header:
    """The first line read back. Raises RecordError."""
    try:
        mark = _mark.decode(line)
        if (mark.format, mark.version) != (FORMAT, VERSION):
            told = f"{mark.format!r} version {mark.version}"
            raise RecordError(f"line 1: {told} cannot be replayed: must be {FORMAT!r} version {VERSION}")
        return _header.decode(line)
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, or nested beyond any
        raise RecordError(f"line 1: not the header of a flight record: {error}") from error


def decode_line(line: bytes, number: int) -> RecordedStep | Gap:
    """A further line read back; `number` is its place in the file. Raises RecordError."""
    try:
        if line.startswith(_GAP_BEGINS):
            return _gap.decode(line).gap
        return _step.decode(line)
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, or nested beyond any
        raise RecordError(f"line {number}: not a step of a flight record: {error}") from error


def _spelled(value: Any) -> Any:
    """Plain data in which a number that JSON cannot spell is a string."""
    return _spelled_out(msgspec.to_builtins(value))


def _spelled_out(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else str(value)
        case dict():
            return {key: _spelled_out(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_spelled_out(inner) for inner in value]
        case _:
            return value
