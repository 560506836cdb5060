"""What an operator can ask for by hand: an order, judged by the same doors as any other."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hedger.domain.order import Side


class OrderAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`price` None: a market order. Without `post_only` and `immediate` a limit order rests until cancelled."""

    number: str  # the asker's own, to find the answer by
    book: str
    instrument: str
    side: Side
    amount: Decimal  # in the instrument's unit
    price: Decimal | None
    post_only: bool = False
    immediate: bool = False  # what does not trade at once is cancelled
    reduce_only: bool = False
    by: str = ""
    reason: str = ""
