"""What has arrived since the last step. Quotes conflate by instrument; private events never do."""

from __future__ import annotations

from hedger.domain.errors import HaltedError
from hedger.engine.events import Event, Indexed, Quoted


class Inbox:
    """Bounded. An overflow of private events is fatal: a fill that was not heard is a position not known."""

    def __init__(self, private_limit: int = 100_000) -> None:
        self._private_limit = private_limit
        self._private: list[Event] = []
        self._market: dict[tuple[str, str, str], Event] = {}

    def __len__(self) -> int:
        return len(self._private) + len(self._market)

    def put(self, event: Event) -> None:
        """Add an event. Raises HaltedError when private events pile up beyond the limit."""
        if type(event) is Quoted:
            key = ("quote", event.quote.venue, event.quote.instrument)
            waiting = self._market.get(key)
            if type(waiting) is not Quoted or waiting.quote.market_ms <= event.quote.market_ms:
                self._market[key] = event  # otherwise told out of order: what waits is newer
        elif type(event) is Indexed:
            key = ("index", event.index.venue, event.index.index)
            waiting = self._market.get(key)
            if type(waiting) is not Indexed or waiting.index.market_ms <= event.index.market_ms:
                self._market[key] = event
        elif len(self._private) >= self._private_limit:
            raise HaltedError(f"inbox: more than {self._private_limit} private events waiting")
        else:
            self._private.append(event)

    def take(self) -> list[Event]:
        """Everything waiting: private events in their order, then the latest quote of each instrument."""
        batch = [*self._private, *self._market.values()]
        self._private, self._market = [], {}
        return batch
