"""One websocket connection: who it is, what it subscribed, what waits to be sent."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from hedger.simulator.auth import Grant
from hedger.simulator.channels import Channel


@dataclass(frozen=True, slots=True)
class Send:
    """A text frame, to be sent not before an instant of wire time."""

    text: str
    not_before_s: float


@dataclass(frozen=True, slots=True)
class Close:
    """End of the connection; without a code the transport is dropped (the peer sees 1006)."""

    code: int | None
    reason: str = ""


Outgoing = Send | Close


@dataclass(slots=True)
class Subscription:
    """A channel of one connection with what it needs to remember between messages."""

    channel: Channel
    sent_s: float = float("-inf")  # wire time of the last message
    last: object = None  # the last data sent, to send changes only
    change_id: int = 0
    levels: dict[str, dict[float, float]] = field(default_factory=dict)
    pending: list[dict[str, object]] = field(default_factory=list)  # rows of aggregated private channels


@dataclass(slots=True)
class Heartbeat:
    """Test requests every interval; unanswered for 10 s the connection is closed (deribit.md 4)."""

    interval_s: float
    next_s: float
    answer_by_s: float | None = None


@dataclass(slots=True)
class Connection:
    """State of one connection. Frames go to `outbox`; the driver takes them from there."""

    id: int
    opened_s: float
    last_received_s: float
    last_sent_s: float
    grant: Grant | None = None
    cancel_on_disconnect: bool = False
    heartbeat: Heartbeat | None = None
    closed: bool = False
    logged_out: bool = False
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    outbox: deque[Outgoing] = field(default_factory=deque)

    def close(self, code: int | None, reason: str = "") -> None:
        """Close after what is in the outbox; nothing is sent any more."""
        if not self.closed:
            self.outbox.append(Close(code, reason))
            self.closed = True

    def take(self) -> list[Outgoing]:
        """Everything that waits to be sent, in order."""
        frames = list(self.outbox)
        self.outbox.clear()
        return frames
