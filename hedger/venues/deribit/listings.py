"""What the venue lists: all of it at every connection, single new instruments in between."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from hedger.domain.instrument import Instrument, InstrumentState
from hedger.domain.names import is_combo, legs_of, parse_name
from hedger.engine.events import BadData, Event, InstrumentsListed, InstrumentStateChanged, Now
from hedger.venues.deribit import decode, encode, wire
from hedger.venues.deribit.credits import Pool
from hedger.venues.deribit.decode import UNREADABLE
from hedger.venues.deribit.errors import CONNECTION_CLOSED
from hedger.venues.deribit.link import Done, Link, earliest
from hedger.venues.deribit.rpc import Failure, Reply
from hedger.venues.deribit.texts import shown

KINDS = ("future", "option")
_COMBO = msgspec.json.Decoder(wire.Combo)
LEARN_AGAIN_S = 2.0  # times the attempt
LEARN_AGAIN_MOST_S = 30.0
SHUT_AGAIN_S = 10.0
SEEK_AGAIN_S = 300.0  # wire time between two questions for a combo that is not listed
MAX_REFUSED_ROWS = 20  # named one by one; a venue that changed its format would name thousands
_ENDED = (InstrumentState.DELIVERED, InstrumentState.INACTIVE, InstrumentState.ARCHIVIZED)


class Listings:
    """Instruments by name, as far as this session knows them."""

    def __init__(self, link: Link, currencies: tuple[str, ...], done: Done) -> None:
        self._link, self._currencies, self._done = link, currencies, done
        self._known: dict[str, Instrument] = {}
        self._parts: dict[tuple[str, str], tuple[Instrument, ...]] = {}
        self._failures: dict[str, int] = {}  # by the name of an instrument we could not learn yet
        self._learn_at_wire_s: dict[str, float] = {}
        self._sought: frozenset[str] = frozenset()  # combos that somebody would trade in
        self.complete = False

    def seek(self, names: Iterable[str], now: Now) -> None:
        """The whole set watched from now on: combos among it are asked for by name, and again.

        They come and go by the hour, and all of a currency are hundreds of which a few are wanted.
        """
        before, self._sought = self._sought, frozenset(name for name in names if is_combo(name))
        for name in before - self._sought:
            self._forget(name)
        for name in sorted(self._sought - self._known.keys() - self._learn_at_wire_s.keys()):
            self._learn(name, now)

    def has(self, name: str) -> bool:
        """Whether there is something to subscribe: a combo nobody has listed has no ticker."""
        return name not in self._sought or name in self._known

    def load(self, now: Now) -> None:
        """Ask for everything; the answer replaces all that was known."""
        self._parts, self.complete = {}, False
        self._failures, self._learn_at_wire_s = {}, {}
        for currency in self._currencies:
            for kind in KINDS:
                request = encode.get_instruments(currency, kind)
                done = partial(self._listed, (currency, kind))
                self._link.ask(request, now, done, self._failed, Pool.INSTRUMENTS)

    def _failed(self, failure: Failure, now: Now) -> list[Event]:
        self._link.end(f"public/get_instruments: {failure}")
        return []

    def _listed(self, part: tuple[str, str], reply: Reply, now: Now) -> list[Event]:
        try:
            listing = decode.listing(reply.result, self._link.venue)
        except UNREADABLE as error:
            self._link.end(f"public/get_instruments: {error}")
            return []
        self._parts[part] = listing.instruments
        events: list[Event] = list(listing.refused[:MAX_REFUSED_ROWS])
        if len(self._parts) < len(self._currencies) * len(KINDS):
            return events
        self._known = {one.name: one for rows in self._parts.values() for one in rows}
        self._parts, self.complete = {}, True
        rows = tuple(self._known.values())
        for row in rows:
            self._look_again(row, row.state, now)
        listed = InstrumentsListed(venue=self._link.venue, instruments=rows, complete=True)
        return [*events, listed, *self._done(reply, now)]

    def state_changed(self, event: InstrumentStateChanged, now: Now) -> bool:
        """Learn a new instrument; True where the set of living options may have changed."""
        known = self._known.get(event.instrument)
        if known is not None:
            if event.state in _ENDED:
                del self._known[event.instrument]
            self._look_again(known, event.state, now)
            return event.state in _ENDED
        if event.state in _ENDED:
            self._forget(event.instrument)
        sought = event.instrument in self._sought
        if event.state is InstrumentState.OPEN and (sought or _may_be_ours(event.instrument)):
            self._learn(event.instrument, now)
        return False

    def tick(self, now: Now) -> None:
        """Ask again for what could not be learned."""
        for name in [name for name, at in self._learn_at_wire_s.items() if now.wire_s >= at]:
            self._learn(name, now)

    def next_deadline(self) -> float | None:
        return earliest(*self._learn_at_wire_s.values())

    def _learn(self, name: str, now: Now) -> None:
        self._learn_at_wire_s.pop(name, None)
        failed = partial(self._not_learned, name)
        self._link.ask(encode.get_instrument(name), now, partial(self._learned, name), failed)

    def _not_learned(self, name: str, failure: Failure, now: Now) -> list[Event]:
        """Asked again until it answers or ends: an option we do not know has no delta for us."""
        if failure.code == CONNECTION_CLOSED:
            return []  # the next connection lists everything
        if is_combo(name):
            if name in self._sought:
                self._learn_at_wire_s[name] = now.wire_s + SEEK_AGAIN_S
            return []
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        self._learn_at_wire_s[name] = now.wire_s + min(LEARN_AGAIN_S * failures, LEARN_AGAIN_MOST_S)
        return []

    def _look_again(self, listed: Instrument, state: InstrumentState, now: Now) -> None:
        """A future that does not trade is asked for until it does: the notice of that may be lost."""
        if state in (InstrumentState.OPEN, *_ENDED):
            self._forget(listed.name)
        elif listed.is_future or listed.name in self._sought:
            self._learn_at_wire_s[listed.name] = now.wire_s + SHUT_AGAIN_S

    def _forget(self, name: str) -> None:
        self._failures.pop(name, None)
        self._learn_at_wire_s.pop(name, None)

    def _learned(self, name: str, reply: Reply, now: Now) -> list[Event]:
        self._forget(name)
        row = decode.instrument_row(reply.result, self._link.venue)
        if isinstance(row, BadData):
            return [row]
        if row.is_spread:
            done = partial(self._legs_told, row)
            self._link.ask(encode.combo_details(name), now, done, partial(self._not_learned, name))
            return []
        return self._take(row, reply, now)

    def _legs_told(self, row: Instrument, reply: Reply, now: Now) -> list[Event]:
        """What a spread trades in is taken from its name; one of which the venue says otherwise is none."""
        try:
            told = {leg.instrument_name: leg.amount for leg in _COMBO.decode(reply.result).legs}
        except UNREADABLE as error:
            return [self._refused(row.name, str(error), now)]
        if told != dict(legs_of(row.name)):
            legs = {name: str(amount) for name, amount in told.items()}
            return [self._refused(row.name, f"legs = {legs}: must be {dict(legs_of(row.name))}", now)]
        return self._take(row, reply, now)

    def _refused(self, name: str, detail: str, now: Now) -> BadData:
        self._learn_at_wire_s[name] = now.wire_s + SEEK_AGAIN_S
        venue = self._link.venue
        return BadData(venue=venue, channel="get_combo_details", instrument=name, detail=shown(detail))

    def _take(self, row: Instrument, reply: Reply, now: Now) -> list[Event]:
        """An instrument by itself, beside all that is known."""
        self._known[row.name] = row
        self._look_again(row, row.state, now)
        listed = InstrumentsListed(venue=self._link.venue, instruments=(row,), complete=False)
        return [listed, *self._done(reply, now)]

    def indices(self) -> list[str]:
        """The price indices of what is listed, in order; empty before the first list."""
        return sorted({one.price_index for one in self._known.values() if one.price_index})

    def options_of(self, currencies: Iterable[str]) -> list[str]:
        """Names of the living options that are listed under these currencies, in order."""
        wanted = tuple(currencies)
        return sorted(
            one.name
            for one in self._known.values()
            if one.is_option and one.settlement_currency in wanted and one.state not in _ENDED
        )

    def currency_of(self, instrument: str) -> str:
        """The currency an instrument's orders and trades are found under: what it settles in."""
        known = self._known.get(instrument)
        if known is not None:
            return known.settlement_currency
        try:
            name = parse_name(instrument)
        except ValueError:
            return "any"
        return name.quote or name.base


def _may_be_ours(name: str) -> bool:
    """Combos and spot pairs come and go by the hour; what cannot be told by its name is asked for."""
    try:
        return parse_name(name).kind in ("option", "future", "perpetual")
    except ValueError:
        return True
