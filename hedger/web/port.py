"""What the web surface may know of the daemon, and nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hedger.engine.decision import Decision
from hedger.engine.events import (
    AcceptGiven,
    CancelGiven,
    CommandGiven,
    HoldAsked,
    OverrideCleared,
    OverrideGiven,
    SettingChange,
)
from hedger.engine.hedging.manual_order import OrderAnswered, OrderAsked
from hedger.engine.views.chain import Expiry
from hedger.engine.views.outlook import Outlook
from hedger.engine.views.view import StatusView


class DaemonPort(Protocol):
    """The driver as the surface sees it."""

    @property
    def token(self) -> str:
        """The bearer token commands must carry."""

    @property
    def step_age_s(self) -> float:
        """Wire seconds since the engine last stepped; infinite before the first step."""

    def view(self) -> StatusView:
        """The frozen picture of this instant."""

    def plan(self, book: str, *, resumed: bool = False) -> Decision:
        """What this book would do now, or first after a resume, sending nothing."""

    def objection(self, given: CommandGiven) -> str:
        """Why the command would be refused now; empty where it would be obeyed."""

    async def order(self, asked: OrderAsked) -> OrderAnswered:
        """An order by hand: written down and on its way, or why not."""

    async def cancel(self, given: CancelGiven) -> StatusView:
        """Cancel one order of ours; returns the picture after the step that took it in."""

    def outlook(self, book: str) -> Outlook:
        """The next orders by index level, and the book under moves of spot and volatility."""

    def chain(self, underlying: str) -> Sequence[Expiry]:
        """Puts and calls side by side, the nearest expiry first."""

    async def decisions(self, limit: int, book: str, before_ms: int | None) -> Sequence[Decision]:
        """Newest first; `book` empty: all books; only those before `before_ms` (market time) where given."""

    async def command(self, given: CommandGiven) -> StatusView:
        """Hand the command to the engine; returns the picture after the step that obeyed it."""

    async def override(self, told: OverrideGiven | OverrideCleared) -> StatusView:
        """Hand a timed override, or its end, to the engine; the picture after it is durable."""

    async def set_key(self, key: str, value: str, by: str, reason: str) -> SettingChange:
        """Set a reloadable key, or clear it where the value is empty. Raises ConfigError saying why not."""

    async def hold(self, asked: HoldAsked) -> StatusView:
        """Hand a hold to the engine; returns the picture after the step that took it."""

    def accept_objection(self, given: AcceptGiven) -> str:
        """Why there is nothing to accept; empty where there is."""

    async def accept(self, given: AcceptGiven) -> StatusView:
        """Positions are taken as they are; returns the picture after it is durable."""

    def metrics(self) -> bytes:
        """The text exposition of every metric."""
