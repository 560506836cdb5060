"""A daemon as the surface sees it, for tests: shows a picture, remembers commands, obeys them at once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hedger.domain.vocabulary import BreakerState, State
from hedger.engine.decision import Decision
from hedger.engine.events import CommandGiven
from hedger.engine.view import StatusView
from hedger.runtime.metrics import Metrics
from tests.view_fixtures import MARKET_MS, decision, hedge, status

TOKEN = "a-token-of-the-tests-with-enough-characters"

_AFTER = {
    "pause": BreakerState.PAUSED,
    "resume": BreakerState.RUNNING,
    "reduce_only": BreakerState.REDUCE_ONLY,
    "flatten": BreakerState.FLATTENING,
    "halt": BreakerState.HALTED,
}


class Desk:
    """Satisfies `hedger.web.port.DaemonPort`."""

    def __init__(self, view: StatusView | None = None) -> None:
        self.shown = view or status()
        self.step_age_s = 0.05
        self.token = TOKEN
        self.commands: list[CommandGiven] = []
        self.kept = [hedge(), *(decision(market_ms=MARKET_MS - 1000 * n) for n in range(1, 120))]
        self.kept.sort(key=lambda d: -d.market_ms)
        self._metrics = Metrics(self.view, lambda: 1_770_000_000.0)

    def view(self) -> StatusView:
        return self.shown

    def plan(self, book: str) -> Decision:
        return hedge(book=book, label="")

    async def decisions(self, limit: int, book: str, before_ms: int | None) -> Sequence[Decision]:
        found = [d for d in self.kept if book in ("", d.book)]
        return [d for d in found if before_ms is None or d.market_ms < before_ms][:limit]

    async def command(self, given: CommandGiven) -> StatusView:
        self.commands.append(given)
        after = _AFTER[given.command]
        if given.book:
            changed = [
                msgspec.structs.replace(b, state=after) if b.name == given.book else b
                for b in self.shown.books
            ]
            self.shown = msgspec.structs.replace(self.shown, books=tuple(changed))
        else:
            books = tuple(msgspec.structs.replace(b, state=after) for b in self.shown.books)
            self.shown = msgspec.structs.replace(
                self.shown, breaker=after, state=State(after.value), books=books
            )
        return self.shown

    def metrics(self) -> bytes:
        return self._metrics.render()
