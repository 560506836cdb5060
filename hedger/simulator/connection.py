"""One websocket connection: who it is, what it subscribed, what waits to be sent."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from hedger.simulator.auth import Grant
from hedger.simulator.channels import Channel

POLICY_VIOLATION = 1008


@dataclass(frozen=True, slots=True)
class Send:
    """A text frame, to be sent not before an instant of wire time; `apart`: later frames need not wait."""

    text: str
    not_before_s: float
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """End of the connection; without a code the transport is dropped (the peer sees 1006)."""

    code: int | None
    reason: str = ""


Outgoing = Send | Close


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A notification that the next one overtakes (a fault), held since an instant of wire time."""

    frame: dict[str, object]
    since_s: float


@dataclass(slots=True)
class Subscription:
    """A channel of one connection with what it needs to remember between messages."""

    channel: Channel
    sent_s: float = float("-inf")  # wire time of the last message
    last: object = None  # the last data sent, to send changes only
    change_id: int = 0
    levels: dict[str, dict[float, float]] = field(default_factory=dict)
    pending: list[dict[str, object]] = field(default_factory=list)  # rows of aggregated private channels
    silent: bool = False  # granted, and never a word (a fault)


@dataclass(slots=True)
class Heartbeat:
    """Test requests every interval; unanswered for 10 s the connection is closed (deribit.md 4)."""

    interval_s: float
    next_s: float
    answer_by_s: float | None = None


@dataclass(slots=True)
class Connection:
    """State of one connection. Frames go to `outbox`; the driver takes them from there.

    A deaf connection (half open, a fault) sends nothing and what arrives waits in `unheard`, until
    `deaf_until_s`; the exchange itself does not know.
    """

    id: int
    last_received_s: float
    last_sent_s: float
    grant: Grant | None = None
    cancel_on_disconnect: bool = False
    heartbeat: Heartbeat | None = None
    closed: bool = False
    logged_out: bool = False
    released: bool = False  # its tokens and its orders were dealt with
    deaf_until_s: float = -math.inf
    deaf: bool = False
    unheard: list[str] = field(default_factory=list)
    overtaken: Overtaken | None = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    outbox: deque[Outgoing] = field(default_factory=deque)

    def close(self, code: int | None, reason: str = "") -> None:
        """Close after what is in the outbox; nothing is sent any more."""
        if not self.closed:
            self.outbox.append(Close(code, reason))
            self.closed = True

    def too_slow(self) -> None:
        """Who does not read is told so and closed; what waited is lost."""
        self.outbox.clear()
        self.unheard.clear()
        self.close(POLICY_VIOLATION, "connection_too_slow")

    def take(self) -> list[Outgoing]:
        """Everything that waits to be sent, in order; nothing while deaf."""
        if self.deaf:
            return []
        frames = list(self.outbox)
        self.outbox.clear()
        return frames
