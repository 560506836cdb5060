"""Frames to events: the channel is peeked cheaply, then one typed decode per channel family.

Nothing here raises for what a venue may send: a payload that cannot be trusted becomes a BadData event that
names channel and field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from hedger.domain.errors import BadDataError
from hedger.domain.instrument import Instrument
from hedger.engine import events as ev
from hedger.venues.deribit import channels, wire
from hedger.venues.deribit.channels import Channel
from hedger.venues.deribit.instruments import instrument_of, state_of
from hedger.venues.deribit.market import index_of, quote_of
from hedger.venues.deribit.private import account_of, fill_of, position_of, report_of
from hedger.venues.deribit.texts import identifier, shown

MAX_FRAME_BYTES = 16 * 1024 * 1024
UNREADABLE = (ValueError, RecursionError)  # msgspec's errors and UnicodeDecodeError are ValueErrors

_PLAIN_KEY = b'"channel":"'
_CHANNEL_KEY = b'"channel"'
_CHANNEL_VALUE = re.compile(rb'"channel"\s*:\s*"([^"\\]*)"')

_ENVELOPE = msgspec.json.Decoder(wire.Envelope)


class Source(NamedTuple):
    """Whose frame it is and when it arrived (monotonic seconds)."""

    venue: str
    wire_s: float


def peek_channel(frame: bytes) -> Channel:
    """The channel a notification speaks of, without decoding it; empty for every other frame."""
    at = frame.find(_PLAIN_KEY)
    if at >= 0:  # as the venue writes it, without spaces
        start = at + len(_PLAIN_KEY)
        return channels.heard(frame[start : frame.find(b'"', start)])
    at = frame.find(_CHANNEL_KEY)
    if at < 0:
        return channels.NONE
    found = _CHANNEL_VALUE.match(frame, at)
    return channels.NONE if found is None else channels.heard(found[1])


def bad_data(venue: str, channel: str, instrument: str, error: Exception) -> ev.BadData:
    """A refused payload as an event."""
    return ev.BadData(venue=venue, channel=channel, instrument=instrument, detail=shown(str(error)))


def notification(frame: bytes, channel: Channel, source: Source) -> list[ev.Event]:
    """The events of a notification on a channel whose family is known."""
    read = _READERS[channel.family]
    try:
        return read(frame, channel, source)
    except BadDataError as error:
        return [bad_data(source.venue, channel.name, channel.subject, error)]
    except UNREADABLE as error:
        return [bad_data(source.venue, channel.name, channel.subject, error)]


def envelope(frame: bytes) -> wire.Envelope:
    """A reply or a frame without a known channel. Raises one of UNREADABLE."""
    return _ENVELOPE.decode(frame)


def _checked(frame: wire.Notification[Any], channel: Channel) -> None:
    """The peeked channel is the decoded one: a text that only looks like a channel fools nobody."""
    if frame.params.channel != channel.name:
        raise _mistaken(frame.params.channel, channel.name)


def _mistaken(decoded: str, peeked: str) -> BadDataError:
    return BadDataError(peeked, "params.channel", decoded, f"{peeked!r}")


_TICKER = msgspec.json.Decoder(wire.Notification[wire.Ticker])
_INDEX = msgspec.json.Decoder(wire.Notification[wire.Index])
_CHANGES = msgspec.json.Decoder(wire.Notification[wire.Changes])
_PORTFOLIO = msgspec.json.Decoder(wire.Notification[wire.Summary])
_PLATFORM = msgspec.json.Decoder(wire.Notification[wire.Platform])
_STATE = msgspec.json.Decoder(wire.Notification[wire.StateChange])
_LOCK = msgspec.json.Decoder(wire.Notification[wire.Lock])


def _ticker(frame: bytes, channel: Channel, source: Source) -> list[ev.Event]:
    """By far the most frequent frame: nothing stands between it and its decoding."""
    params = _TICKER.decode(frame).params
    name, _, instrument = channel
    if params.channel != name:
        raise _mistaken(params.channel, name)
    return [ev.Quoted(quote_of(params.data, instrument, name, *source))]


def _index(frame: bytes, channel: Channel, source: Source) -> list[ev.Event]:
    decoded = _INDEX.decode(frame)
    _checked(decoded, channel)
    if decoded.params.data.index_name != channel.subject:
        raise BadDataError(channel.name, "index_name", decoded.params.data.index_name, "the channel's index")
    return [ev.Indexed(index=index_of(decoded.params.data, channel.name, source.venue, source.wire_s))]


def _changes(frame: bytes, channel: Channel, source: Source) -> list[ev.Event]:
    decoded = _CHANGES.decode(frame)
    _checked(decoded, channel)
    return changes(decoded.params.data, source.venue)


def changes(data: wire.Changes, venue: str) -> list[ev.Event]:
    """Trades first, then orders, then positions: the venue's word on a position outranks a sum of fills."""
    return [
        *(ev.Filled(fill=fill_of(trade, venue)) for trade in data.trades),
        *(ev.Reported(report=report_of(order, venue)) for order in data.orders),
        *(ev.PositionReported(position=position_of(position, venue)) for position in data.positions),
    ]


def _portfolio(frame: bytes, channel: Channel, source: Source) -> list[ev.Event]:
    decoded = _PORTFOLIO.decode(frame)
    _checked(decoded, channel)
    return [ev.AccountReported(account=account_of(decoded.params.data, source.venue, source.wire_s))]


def _platform(frame: bytes, channel: Channel, source: Source) -> list[ev.Event]:
    decoded = _PLATFORM.decode(frame)
    _checked(decoded, channel)
    data = decoded.params.data
    locked = data.maintenance if data.locked is None else data.locked
    if locked is None:
        raise BadDataError(channel.name, "locked", None, "true or false")
    detail = "maintenance" if data.maintenance is not None else "platform_state"
    index = shown(data.price_index)
    return [ev.PlatformLocked(venue=source.venue, index=index, locked=locked, detail=detail)]


def _state(frame: bytes, channel: Channel, source: Source) -> list[ev.Event]:
    decoded = _STATE.decode(frame)
    _checked(decoded, channel)
    data = decoded.params.data
    return [
        ev.InstrumentStateChanged(
            venue=source.venue,
            instrument=identifier(channel.name, "instrument_name", data.instrument_name),
            state=state_of(data.state),
        )
    ]


def _lock(frame: bytes, channel: Channel, source: Source) -> list[ev.Event]:
    decoded = _LOCK.decode(frame)
    _checked(decoded, channel)
    data = decoded.params.data
    currency = shown(data.currency)
    all_of_it = currency.upper() in ("", "ALL")
    return [
        ev.AccountLocked(
            venue=source.venue,
            locked=data.locked,
            detail=f"user.lock: {currency or 'ALL'}",
            currency="" if all_of_it else currency,
        )
    ]


_READERS: dict[str, Callable[[bytes, Channel, Source], list[ev.Event]]] = {
    channels.TICKER: _ticker,
    channels.INDEX: _index,
    channels.CHANGES: _changes,
    channels.PORTFOLIO: _portfolio,
    channels.PLATFORM: _platform,
    channels.STATE: _state,
    channels.LOCK: _lock,
}

# -- results of calls ------------------------------------------------------------------------------

_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_ROW = msgspec.json.Decoder(wire.InstrumentRow)


class Listing(NamedTuple):
    """What an answer of get_instruments lists, and the rows that were refused."""

    instruments: tuple[Instrument, ...]
    refused: tuple[ev.BadData, ...]


def listing(result: msgspec.Raw, venue: str) -> Listing:
    """Every row by itself: one that cannot be trusted costs no other. Raises one of UNREADABLE."""
    rows: list[Instrument] = []
    refused: list[ev.BadData] = []
    for raw in _ROWS.decode(result):
        one = instrument_row(raw, venue)
        if isinstance(one, ev.BadData):
            refused.append(one)
        else:
            rows.append(one)
    return Listing(tuple(rows), tuple(refused))


def instrument_row(raw: msgspec.Raw, venue: str) -> Instrument | ev.BadData:
    """One row as an instrument, or the reason why not."""
    name = ""
    try:
        row = _ROW.decode(raw)
        name = row.instrument_name
        return instrument_of(row, venue)
    except BadDataError as error:
        return bad_data(venue, "get_instruments", name, error)
    except UNREADABLE as error:
        return bad_data(venue, "get_instruments", name, error)
