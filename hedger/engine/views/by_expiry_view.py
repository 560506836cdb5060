"""The frozen picture of hedging by expiry: the division of the hedge, and why."""

from __future__ import annotations

import msgspec

from hedger.engine.state import BookState
from hedger.execution.allocate import Allocation
from hedger.execution.by_expiry_params import Use


class ByExpiryView(msgspec.Struct, frozen=True):
    """Where the hedge is and where it would cost least. Sums are of this run."""

    use: Use = Use.OFF  # as configured
    waits: str = ""  # why the division is not known; empty: it is, or use is off
    funding_8h: float | None = None  # the slow mean that is expected, fraction; None: not told yet
    allocation: Allocation | None = None  # None: off, or not known
    through: str = ""  # the spread the next step of a move would go through, or why it takes two legs
    held_back: str = ""  # why no step of a move is made now
    steps: int = 0  # of moves, begun
    moved_usd: float = 0.0  # traded by both legs of the steps
    fees_usd: float = 0.0  # paid for them
    basis_coin: float = 0.0  # earned where forwards and futures moved apart from the hedge instrument


def by_expiry_view(book: BookState, through: str) -> ByExpiryView:
    """The picture of one book; `through` is how the next step would be made."""
    memory = book.by_expiry
    return ByExpiryView(
        use=book.settings.by_expiry.use,
        waits=memory.waits,
        funding_8h=None if memory.funding is None else memory.funding.value,
        allocation=memory.allocation,
        through=through,
        held_back=memory.held_back,
        steps=memory.steps,
        moved_usd=memory.moved_usd,
        fees_usd=memory.fees_usd,
        basis_coin=memory.basis.coin,
    )
