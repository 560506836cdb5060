"""JSON-RPC over one connection: ids, what each request was for, credits, time-outs (deribit.md 1 and 5).

Requests wait in their pool's queue until the pool has a credit; placements never wait. Every request ends
once: with its reply, with the venue's error, after its time-out, or with the connection.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from hedger.engine.events import Event, Now
from hedger.venues.deribit.credits import Bucket, Pool, default_buckets
from hedger.venues.deribit.errors import CONNECTION_CLOSED, NOT_SENT, TIMED_OUT
from hedger.venues.secret import Secret

MAX_WAITING = 2_000  # requests in the queue of one pool
MAX_WAIT_S = 30.0  # for a credit
MAX_REQUEST_BYTES = 32_000  # larger frames are refused with -32600


def _reveal(value: object) -> str:
    """The one place where a secret becomes text: on its way into a frame."""
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(f"{type(value).__name__} has no place in a request")


_ENCODER = msgspec.json.Encoder(enc_hook=_reveal, decimal_format="number")


class Reply(NamedTuple):
    """A successful answer: `server_ms` is the venue's clock when it left, 0 where it did not say."""

    result: msgspec.Raw
    server_ms: int
    testnet: bool | None = None


class Failure(NamedTuple):
    """Why a request has no result; codes below zero are ours (see errors) or JSON-RPC's own."""

    code: int
    message: str
    server_ms: int = 0

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


class Call(NamedTuple):
    """A request and who is told of its end."""

    method: str
    params: Mapping[str, object]
    done: Callable[[Reply, Now], list[Event]]
    failed: Callable[[Failure, Now], list[Event]]
    pool: Pool = Pool.GENERAL


class _Sent(NamedTuple):
    call: Call
    at: Now
    due_wire_s: float


class _Waiting(NamedTuple):
    call: Call
    until_wire_s: float


class RoundTrip(NamedTuple):
    """A request that was answered: when it was sent."""

    call: Call
    sent: Now


def encode(call_id: int, method: str, params: Mapping[str, object]) -> str:
    """One request frame; Decimals are written digit by digit as JSON numbers."""
    body = {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}
    return _ENCODER.encode(body).decode()


class Calls:
    """The requests of one session. Ids are never used twice, on whatever connection."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._next_id = 1
        self._waiting: dict[Pool, deque[_Waiting]] = {pool: deque() for pool in Pool}
        self._pending: dict[int, _Sent] = {}
        self._frames: list[str] = []
        self._unsent: list[tuple[Call, Failure]] = []
        self.buckets: dict[Pool, Bucket] = default_buckets()

    def ask(self, call: Call, now: Now, *, first: bool = False) -> None:
        """Send as soon as its pool has a credit, `first`: before all that waits for one.

        A full queue fails all others at the next `expire`.
        """
        waiting = self._waiting[call.pool]
        if len(waiting) >= MAX_WAITING and not first:
            self._unsent.append((call, Failure(NOT_SENT, f"{MAX_WAITING} requests are waiting already")))
            return
        one = _Waiting(call, now.wire_s + MAX_WAIT_S)
        waiting.appendleft(one) if first else waiting.append(one)
        self.release(now)

    def send_now(self, call: Call, now: Now, reserve: float) -> bool:
        """Send at once, leaving `reserve` credits, or not at all."""
        if self._waiting[call.pool] or not self.buckets[call.pool].take(now.wire_s, reserve):
            return False
        return self._write(call, now)

    def ask_unmetered(self, call: Call, now: Now) -> None:
        """Send ahead of every queue: answers to test_request must not wait behind our own requests."""
        self.buckets[call.pool].spend(now.wire_s)
        self._write(call, now)

    def release(self, now: Now) -> None:
        """Write what the buckets allow now."""
        for pool, waiting in self._waiting.items():
            while waiting and self.buckets[pool].take(now.wire_s):
                call = waiting.popleft().call
                if not self._write(call, now):
                    self._unsent.append((call, Failure(NOT_SENT, f"request over {MAX_REQUEST_BYTES} bytes")))

    def _write(self, call: Call, now: Now) -> bool:
        frame = encode(self._next_id, call.method, call.params)
        if len(frame) > MAX_REQUEST_BYTES:
            return False
        self._pending[self._next_id] = _Sent(call, now, now.wire_s + self._timeout_s)
        self._next_id += 1
        self._frames.append(frame)
        return True

    def frames(self) -> list[str]:
        """Frames to hand to the socket, in order; each is given once."""
        frames, self._frames = self._frames, []
        return frames

    def answered(self, call_id: int | str | None) -> RoundTrip | None:
        """The call an answer belongs to; None for an id we do not wait for (any more)."""
        if not isinstance(call_id, int):
            return None
        sent = self._pending.pop(call_id, None)
        return None if sent is None else RoundTrip(sent.call, sent.at)

    def expire(self, now: Now) -> list[tuple[Call, Failure]]:
        """Calls that ended without an answer, oldest first; each is given once."""
        unsent, self._unsent = self._unsent, []
        for waiting in self._waiting.values():
            while waiting and now.wire_s >= waiting[0].until_wire_s:
                unsent.append(
                    (waiting.popleft().call, Failure(NOT_SENT, f"no credit within {MAX_WAIT_S:g} s"))
                )
        late = [call_id for call_id, sent in self._pending.items() if now.wire_s >= sent.due_wire_s]
        failure = Failure(TIMED_OUT, f"no answer within {self._timeout_s:g} s")
        return unsent + [(self._pending.pop(call_id).call, failure) for call_id in late]

    def abandon(self, reason: str) -> list[tuple[Call, Failure]]:
        """The connection is gone, and with it the answers to everything sent or waiting."""
        calls = [sent.call for sent in self._pending.values()]
        for waiting in self._waiting.values():
            calls += [one.call for one in waiting]
            waiting.clear()
        ended = [(call, Failure(CONNECTION_CLOSED, reason)) for call in calls] + self._unsent
        self._pending.clear()
        self._frames.clear()
        self._unsent = []
        return ended

    def next_deadline(self, now: Now) -> float | None:
        """Wire time of the next time-out or of the next credit somebody waits for."""
        if self._unsent:
            return now.wire_s
        times = [sent.due_wire_s for sent in self._pending.values()]
        times += [
            self.buckets[pool].ready_at(now.wire_s) for pool, waiting in self._waiting.items() if waiting
        ]
        return min(times, default=None)
