"""The Deribit protocol without I/O: frames in, events out; effects in, frames out; time is given.

    opened -> hello -> auth -> heartbeat, cancel-on-disconnect, listings, status, account, channels -> LinkUp
    receive(frame) -> events      perform(effect) -> events      to_send() -> frames      tick(now) -> events
    `ending` says "close this socket now", and whether to come back; `closed(reason)` -> events

Nothing here raises for what a venue sends. Parts: login, listings, subscriptions, enquiries, orders ...
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from hedger.domain.vocabulary import Environment
from hedger.engine import events as ev
from hedger.engine.effects import (
    Amend,
    Cancel,
    LookUp,
    Place,
    RequestLog,
    RequestSnapshot,
    VenueEffect,
    Watch,
)
from hedger.engine.events import Event, Now
from hedger.venues.deribit import channels, decode, encode, wire
from hedger.venues.deribit.combos import Combos
from hedger.venues.deribit.credits import Bucket, Pool
from hedger.venues.deribit.enquiries import AHEAD_MS, Enquiries
from hedger.venues.deribit.errors import (
    ACCOUNT_LOCKED,
    BAD_REPLY,
    RAW_NEEDS_AUTH,
    SETTLEMENT_IN_PROGRESS,
    SYSTEM_MAINTENANCE,
    TOO_MANY_REQUESTS,
    UNAUTHENTICATED_DISABLED,
    UNAUTHORIZED,
)
from hedger.venues.deribit.health import Health
from hedger.venues.deribit.link import Ending, Failed, Link, earliest, ignored
from hedger.venues.deribit.listings import Listings
from hedger.venues.deribit.login import Login
from hedger.venues.deribit.orders import Orders
from hedger.venues.deribit.params import DeribitParams
from hedger.venues.deribit.platform import Platform
from hedger.venues.deribit.probe import Probe
from hedger.venues.deribit.quiet import Quiet
from hedger.venues.deribit.resync import Resync
from hedger.venues.deribit.rpc import Call, Calls, Failure, Reply, RoundTrip
from hedger.venues.deribit.subscriptions import Subscriptions
from hedger.venues.deribit.texts import shown

HALF_OPEN_MARGIN_S = 5.0
LEAST_RATE, MOST_RATE, MOST_BURST = 0.01, 10_000.0, 100_000.0  # requests a second, and at once
LOGIN_TIMEOUTS = 6.0  # times the request time-out, for the whole of hello to LinkUp

_SUMMARIES = msgspec.json.Decoder(wire.Summaries)
_NEEDS_LOGIN = frozenset({UNAUTHORIZED, UNAUTHENTICATED_DISABLED, RAW_NEEDS_AUTH})
_NO_TRADING_NOW = frozenset({SETTLEMENT_IN_PROGRESS, SYSTEM_MAINTENANCE})


class DeribitSession:
    """One account on one venue, over any number of connections, one at a time."""

    def __init__(
        self, name: str, environment: Environment, params: DeribitParams, *, trading: bool, version: str
    ) -> None:
        self.name, self._environment, self._params, self._trading = name, environment, params, trading
        self._calls = Calls(params.request_timeout_s)
        self._link = Link(name, self._calls)
        self._login = Login(self._link, environment, params, trading, version, self._logged_in)
        self._listings = Listings(self._link, params.currencies, self._listed)
        self._subscriptions = Subscriptions(self._link)
        self._quiet = Quiet(self._link)
        self._platform = Platform(self._link, self._listings.indices)
        self._enquiries = Enquiries(self._link, params.currencies, self._listings.currency_of)
        self._resync = Resync(self._link, self._enquiries)
        self._probe = Probe(self._link, params.probe_after_s)
        self._combos = Combos()
        self._orders = Orders(
            self._link, trading, params.cancel_reserve, self._listings.currency_of, self._probe, self._combos
        )
        self._health = Health(name, params.health_s)
        self._account_channels = channels.account_channels(params.currencies)
        self._watch: Watch | None = None
        self._account_id = ""
        self._open = False
        self._login_by_wire_s = 0.0

    @property
    def ending(self) -> Ending | None:
        """Set: close this socket now; with an error: do not come back."""
        return self._link.ending

    def to_send(self) -> list[str]:
        """Frames for the socket, in order; each is given once."""
        return self._calls.frames()

    # -- the connection ----------------------------------------------------------------------------

    def opened(self, now: Now, unix_ms: int, nonce: str) -> None:
        """A socket is open; `unix_ms` and `nonce` are for signatures."""
        self._link.up, self._link.ending, self._account_id = False, None, ""
        self._open, self._link.heard_wire_s = True, now.wire_s
        self._login_by_wire_s = now.wire_s + LOGIN_TIMEOUTS * self._params.request_timeout_s
        for part in (self._subscriptions, self._quiet, self._platform, self._resync, self._combos):
            part.reset()
        self._health.reset(now)
        self._login.start(now, unix_ms, nonce)

    def closed(self, reason: str, now: Now) -> list[Event]:
        """The socket is gone, or was never opened: what was in flight is unknown."""
        self._link.up, self._open = False, False
        ended = self._calls.abandon(reason)
        events = [event for call, failure in ended for event in call.failed(failure, now)]
        self._link.ending = None
        return [*events, ev.LinkDown(venue=self.name, reason=reason)]

    def tick(self, now: Now) -> list[Event]:
        """Whatever time alone brings: time-outs, credits, refresh, retries, a connection that fell silent."""
        if not self._open:
            return []
        self._calls.release(now)
        events = [
            event for call, failure in self._calls.expire(now) for event in self._failed(call, failure, now)
        ]
        self._login.tick(now)
        self._platform.tick(now)
        events += self._subscriptions.tick(now)
        events += self._subscriptions.renew(self._quiet.found(now), now)
        self._listings.tick(now)
        events += self._resync.needed(now) if self._combos.overdue(now) else self._resync.tick(now)
        events += self._probe.tick(now)
        if self._health.probe_due(now) and self._link.up:
            self._health.probed(now)
            self._link.ask(encode.test(), now, ignored, self._fell_silent)
        self._check_silence(now)
        return events

    def next_deadline(self, now: Now) -> float | None:
        """Wire time at which `tick` is needed next."""
        if not self._open:
            return None
        return earliest(
            self._calls.next_deadline(now),
            self._login.refresh_at_wire_s,
            self._platform.poll_at_wire_s,
            self._subscriptions.next_deadline(),
            self._quiet.look_at_wire_s,
            self._listings.next_deadline(),
            self._resync.at_wire_s,
            self._combos.next_deadline(),
            self._probe.due_wire_s,
            self._health.probe_at_wire_s if self._link.up else self._login_by_wire_s,
            self._link.heard_wire_s + self._silence_s,
        )

    @property
    def _silence_s(self) -> float:
        return 2 * self._params.heartbeat_s + HALF_OPEN_MARGIN_S

    def _check_silence(self, now: Now) -> None:
        if now.wire_s >= self._link.heard_wire_s + self._silence_s:
            self._link.end(f"nothing heard for {self._silence_s:g} s")
        if not self._link.up and now.wire_s >= self._login_by_wire_s:
            self._link.end("login took too long")

    def _fell_silent(self, failure: Failure, now: Now) -> list[Event]:
        self._link.end(f"public/test: {failure}")
        return []

    # -- frames ------------------------------------------------------------------------------------

    def receive(self, frame: str | bytes, now: Now) -> list[Event]:
        """The events of one frame. Never raises for what a venue sends."""
        self._link.heard_wire_s = now.wire_s
        raw = frame.encode("utf-8", "replace") if isinstance(frame, str) else frame
        if len(raw) > decode.MAX_FRAME_BYTES:
            return [self._bad("frame", f"{len(raw)} bytes is over {decode.MAX_FRAME_BYTES}")]
        channel = decode.peek_channel(raw)
        family = channel.family
        if family == channels.TICKER or family == channels.INDEX:
            if self._subscriptions.unheard:
                self._subscriptions.heard(channel.name)
            self._quiet.spoke(channel.name, now.wire_s)
            return decode.notification(raw, channel, decode.Source(self.name, now.wire_s))
        if family:
            return self._private(raw, channel, now)
        return [] if channel.name else self._answered(raw, now)

    def _private(self, raw: bytes, channel: channels.Channel, now: Now) -> list[Event]:
        found = decode.notification(raw, channel, decode.Source(self.name, now.wire_s))
        events: list[Event] = []
        for event in found:
            events += self._digest(event, channel.family, now)
        return events

    def _digest(self, event: Event, family: str, now: Now) -> list[Event]:
        """What a message about the account or the platform means to the session itself."""
        if isinstance(event, ev.PlatformLocked):
            return self._platform.heard(event, now)
        if isinstance(event, ev.InstrumentStateChanged) and self._listings.state_changed(event, now):
            self._want(now)
        if isinstance(event, ev.BadData) and family == channels.CHANGES:
            return [event, *self._resync.needed(now)]
        return self._combos.heard(event, now)

    def _answered(self, raw: bytes, now: Now) -> list[Event]:
        try:
            envelope = decode.envelope(raw)
        except decode.UNREADABLE as error:
            return [self._bad("rpc", str(error))]
        if envelope.method:
            return self._called(envelope, now)
        trip = self._calls.answered(envelope.id)
        if trip is None:
            return self._unexpected(envelope)
        events = self._health.measure(trip.sent, envelope.usOut, self._matching, now)
        return [*events, *self._ended(trip, envelope, now), *self._maybe_up(now)]

    def _ended(self, trip: RoundTrip, envelope: wire.Envelope, now: Now) -> list[Event]:
        server_ms = self._server_ms(envelope, now)
        if envelope.error is not None:
            failure = Failure(envelope.error.code, _error_text(envelope.error), server_ms)
            return self._failed(trip.call, failure, now)
        if not bytes(envelope.result):
            return self._failed(trip.call, Failure(BAD_REPLY, "neither result nor error", server_ms), now)
        return trip.call.done(Reply(envelope.result, server_ms, envelope.testnet), now)

    def _server_ms(self, envelope: wire.Envelope, now: Now) -> int:
        """The venue's clock as it answered, 0 where it did not say: a time far ahead of ours would prove that
        orders are over which are not. How far it is off within that bound stops trading by itself."""
        told_ms = envelope.usOut // 1000
        return told_ms if 0 < told_ms <= now.market_ms + AHEAD_MS else 0

    def _called(self, envelope: wire.Envelope, now: Now) -> list[Event]:
        """The venue's own calls: the heartbeat's test_request wants an answer, anything else is tolerated."""
        if envelope.method == "heartbeat" and b"test_request" in bytes(envelope.params):
            request = encode.test()
            self._calls.ask_unmetered(Call(request.method, request.params, ignored, self._fell_silent), now)
        return []

    def _unexpected(self, envelope: wire.Envelope) -> list[Event]:
        """An answer nobody waits for: late, repeated, or an error about a frame the venue could not read."""
        if envelope.error is None or envelope.id is not None:
            return []
        return [self._bad("rpc", f"error without id: {envelope.error.code} {_error_text(envelope.error)}")]

    def _failed(self, call: Call, failure: Failure, now: Now) -> list[Event]:
        """First what an error means for the connection, then for the one who asked."""
        events: list[Event] = []
        if failure.code == TOO_MANY_REQUESTS:
            wait_s = self._calls.buckets[call.pool].empty(now.wire_s)
            self._link.end(f"{call.method}: {failure}; the venue terminates the session", wait_s)
        elif failure.code in _NEEDS_LOGIN and self._login.authenticated and call.method != "public/auth":
            self._login.reauthenticate(now)
        elif failure.code in _NO_TRADING_NOW:
            events = self._platform.refused(failure, now)
        elif failure.code in ACCOUNT_LOCKED:
            detail = f"{call.method}: {failure}"
            events = [ev.AccountLocked(venue=self.name, locked=True, detail=detail)]
        return [*events, *call.failed(failure, now)]

    def _bad(self, channel: str, detail: str) -> ev.BadData:
        return ev.BadData(venue=self.name, channel=channel, instrument="", detail=shown(detail))

    # -- after the login ---------------------------------------------------------------------------

    def _logged_in(self, reply: Reply, now: Now) -> list[Event]:
        ask = self._link.ask
        ask(encode.set_heartbeat(self._params.heartbeat_s), now, ignored, self._must("public/set_heartbeat"))
        if self._trading:
            done = self._must("private/enable_cancel_on_disconnect")
            ask(encode.enable_cancel_on_disconnect(), now, ignored, done)
        ask(encode.account_summaries(), now, self._account_told, self._must("private/get_account_summaries"))
        self._platform.ask(now)
        self._listings.load(now)
        self._want(now)
        return []

    def _must(self, method: str) -> Failed:
        """A step of the login without which there is no link."""

        def failed(failure: Failure, now: Now) -> list[Event]:
            self._link.end(f"{method}: {failure}")
            return []

        return failed

    def _account_told(self, reply: Reply, now: Now) -> list[Event]:
        try:
            summaries = _SUMMARIES.decode(reply.result)
        except decode.UNREADABLE as error:
            self._link.end(f"private/get_account_summaries: {error}")
            return []
        self._account_id = str(summaries.id)
        self._take_limits(summaries, now)
        return []

    def _take_limits(self, summaries: wire.Summaries, now: Now) -> None:
        """The account's own rates, the lowest where they are told per currency."""
        limits = next((row.limits for row in summaries.summaries if row.limits is not None), None)
        if limits is None:
            return
        general = limits.non_matching_engine
        if general is not None and _sane(general):
            self._calls.buckets[Pool.GENERAL].resize(general.rate, general.burst, now.wire_s)
        matching = limits.matching_engine
        trading = [rate for rate in matching.trading.values() if _sane(rate)] if matching is not None else []
        if trading:
            lowest = min(trading, key=lambda rate: rate.rate)
            self._matching.resize(lowest.rate, lowest.burst, now.wire_s)

    @property
    def _matching(self) -> Bucket:
        return self._calls.buckets[Pool.MATCHING]

    def _listed(self, reply: Reply, now: Now) -> list[Event]:
        self._want(now)
        return []

    def _maybe_up(self, now: Now) -> list[Event]:
        """LinkUp once we know who we are, what is listed, and hear of every change of the account."""
        known = (
            self._account_id and self._listings.complete and self._subscriptions.has(self._account_channels)
        )
        if self._link.up or not known or self._link.ending is not None:
            return []
        self._link.up = True
        self._health.probed(now)
        return [ev.LinkUp(venue=self.name, environment=self._environment, account_id=self._account_id)]

    def _want(self, now: Now) -> None:
        """Account channels first, then what the engine watches, then the chain."""
        if not self._login.authenticated:
            return
        names = [*self._account_channels, channels.LOCK]
        if self._watch is not None:
            feeds = [channels.index(name) for name in self._watch.indices]
            watched = self._watch.instruments
            feeds += [channels.ticker(name) for name in watched if self._listings.has(name)]
            self._quiet.watch(feeds, now)
            names += feeds
        names += [channels.ticker(name) for name in self._listings.options_of(self._params.chained)]
        self._subscriptions.want(names, now)

    # -- effects -----------------------------------------------------------------------------------

    def perform(self, effect: VenueEffect, now: Now) -> list[Event]:
        """Queue what an effect needs; returns what is known at once. Raises InvariantError for a placement
        outside live mode."""
        match effect:
            case Watch():
                self._watch = effect
                self._combos.use(effect.instruments)
                self._listings.seek(effect.instruments, now)
                self._want(now)
                return []
            case RequestSnapshot():
                return self._enquiries.snapshot(effect, now)
            case RequestLog():
                return self._enquiries.log(effect, now)
            case LookUp():
                self._combos.use([effect.instrument])
                return self._enquiries.look_up(effect, now)
            case Place():
                return self._orders.place(effect, now)
            case Amend():
                return self._orders.amend(effect, now)
            case Cancel():
                return self._orders.cancel(effect, now)
            case _:
                assert_never(effect)


def _sane(rate: wire.Rate) -> bool:
    """Whether requests can be paced by it; by anything else the lowest tier goes on being assumed."""
    return LEAST_RATE <= rate.rate <= MOST_RATE and 1.0 <= rate.burst <= MOST_BURST


def _error_text(error: wire.ErrorBody) -> str:
    """The message with its data, which says which parameter and why."""
    return shown(error.message if error.data is None else f"{error.message} {error.data}")
