"""What an operator can ask for by hand: an order, judged by the same doors as any other."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from hedger.domain.order import Side


class OrderAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order by hand; `price` None: a market order. A limit order rests unless it is `immediate`."""

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


class OrderAnswered(NamedTuple):
    """What became of an order by hand; without a label it was refused."""

    label: str
    detail: str
