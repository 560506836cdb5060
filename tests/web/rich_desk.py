"""A daemon with everything filled, as the surface sees it."""

from __future__ import annotations

from collections.abc import Sequence

from hedger.engine.views.chain import Expiry
from hedger.engine.views.outlook import Outlook
from tests.rich_picture import rich_chain, rich_outlook, rich_status
from tests.web.desk import Desk


class RichDesk(Desk):
    """Everything filled; remembers what was asked beside the status."""

    def __init__(self) -> None:
        super().__init__(rich_status())
        self.asked_for: list[str] = []

    def outlook(self, book: str) -> Outlook:
        self.asked_for.append(f"outlook of {book}")
        return rich_outlook(book)

    def chain(self, underlying: str) -> Sequence[Expiry]:
        self.asked_for.append(f"chain of {underlying}")
        return rich_chain(underlying)
