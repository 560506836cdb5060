"""The registry of API methods, and what a method gets to see of its call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hedger.simulator.auth import Grant
from hedger.simulator.connection import Connection
from hedger.simulator.params import Params
from hedger.simulator.rpc import ApiError

if TYPE_CHECKING:
    from hedger.simulator.exchange import Exchange


@dataclass(slots=True)
class Call:
    """One request on its way: who asks what, at which wire time and market time."""

    exchange: Exchange
    connection: Connection | None  # None over HTTP
    method: str
    params: Params
    grant: Grant | None
    wire_s: float
    now_ms: int

    @property
    def socket(self) -> Connection:
        """The websocket connection; 10030 over HTTP."""
        if self.connection is None:
            raise ApiError(10030)
        return self.connection


Run = Callable[[Call], object]


@dataclass(frozen=True, slots=True)
class Method:
    """An API method with the right that it needs, e.g. ("trade", "read_write")."""

    run: Run
    right: tuple[str, str] | None = None


METHODS: dict[str, Method] = {}


def method(name: str, right: tuple[str, str] | None = None) -> Callable[[Run], Run]:
    """Register a function as an API method."""

    def register(run: Run) -> Run:
        METHODS[name] = Method(run, right)
        return run

    return register


NO_REPLY = object()  # result of a method that is not answered (private/logout)
