"""The next move of an order that chases the touch: keep it, give it new terms, or take it back.

Pure: what is wanted now, where the order stands, and how long it has been tried. Time is wire time.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hedger.domain.order import Side
from hedger.execution.params import ExecutionParams


class Standing(NamedTuple):
    """The order as the venue last told it; amounts in the instrument's unit."""

    side: Side
    price: Decimal
    amount: Decimal  # its total, filled part included
    filled: Decimal


class Pace(NamedTuple):
    """How the chase has gone so far."""

    tries: int  # placements and re-pegs
    started_wire_s: float
    pegged_wire_s: float  # of the last price


class Keep(NamedTuple):
    """Leave it as it stands."""


class Repeg(NamedTuple):
    """New terms; `amount` is the new total and never above the old one."""

    price: Decimal
    amount: Decimal


class Withdraw(NamedTuple):
    """Cancel it; `cross` says that what is left is to be taken at once."""

    why: str
    cross: bool = False


Move = Keep | Repeg | Withdraw


def next_move(
    params: ExecutionParams, standing: Standing, wanted: Decimal, touch: Decimal, pace: Pace, wire_s: float
) -> Move:
    """`wanted` is what is still to be traded on this order's side, zero when nothing is; `touch` the price at
    which a post-only order would join now.

    An order that stands better than the touch is left there: only the market running away re-pegs it.
    """
    if wanted <= 0:
        return Withdraw("nothing is wanted on this side any more")
    if wire_s - pace.started_wire_s >= params.chase_s:
        return Withdraw(f"not filled within chase_s = {params.chase_s:g} s", cross=True)
    amount = min(standing.amount, standing.filled + wanted)
    ran = (touch - standing.price) * standing.side.sign > 0
    if not ran and amount == standing.amount:
        return Keep()
    if ran and pace.tries >= params.chase_tries:
        return Withdraw(f"the touch ran away chase_tries = {params.chase_tries} times", cross=True)
    if wire_s - pace.pegged_wire_s < params.repeg_s:
        return Keep()
    return Repeg(touch if ran else standing.price, amount)
