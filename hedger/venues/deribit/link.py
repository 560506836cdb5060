"""What the parts of a session share: the calls, the venue's name, and how this connection is to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hedger.domain.errors import HedgerError
from hedger.engine.events import Event, Now
from hedger.venues.deribit.credits import Pool
from hedger.venues.deribit.encode import Request
from hedger.venues.deribit.rpc import Call, Calls, Failure, Reply

Done = Callable[[Reply, Now], list[Event]]
Failed = Callable[[Failure, Now], list[Event]]


class Ending(NamedTuple):
    """Close this socket now. With `error`: never come back; else wait at least `wait_s` to reconnect."""

    reason: str
    wait_s: float = 0.0
    error: HedgerError | None = None


class Link:
    """One venue's connection, seen from inside; `up` from LinkUp to the end."""

    def __init__(self, venue: str, calls: Calls) -> None:
        self.venue, self.calls = venue, calls
        self.up = False
        self.heard_wire_s = 0.0  # when the last frame came, whatever it said
        self.ending: Ending | None = None

    @property
    def usable(self) -> bool:
        """Up, and not about to be closed."""
        return self.up and self.ending is None

    def ask(self, request: Request, now: Now, done: Done, failed: Failed, pool: Pool = Pool.GENERAL) -> None:
        """Send a request when its pool has a credit."""
        self.calls.ask(Call(request.method, request.params, done, failed, pool), now)

    def ask_first(self, request: Request, now: Now, done: Done, failed: Failed) -> None:
        """Send a request that all others depend on with the next credit there is."""
        self.calls.ask(Call(request.method, request.params, done, failed, Pool.GENERAL), now, first=True)

    def end(self, reason: str, wait_s: float = 0.0) -> None:
        """Ask for a new connection; the first reason stands."""
        if self.ending is None:
            self.ending = Ending(reason, wait_s)

    def fatal(self, error: HedgerError) -> None:
        """Ask for the end of the venue."""
        if self.ending is None or self.ending.error is None:
            self.ending = Ending(str(error), error=error)


def earliest(*times: float | None) -> float | None:
    """The earliest of the deadlines that exist."""
    return min((time for time in times if time is not None), default=None)


def ignored(answer: Reply | Failure, now: Now) -> list[Event]:
    """For requests whose end needs no words."""
    return []
