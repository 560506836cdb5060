"""Moments at which a kill strikes: a frame between daemon and exchange, or a commit of the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from tests.end_to_end.relay import Stage

ORDER = ("private/buy", "private/sell")
LOOK_UP = ("private/get_order_state_by_label",)


class Moment(NamedTuple):
    """Where a kill strikes: when one of `methods` reaches `stage`. `lost`: and its frame goes nowhere."""

    name: str
    stage: Stage
    methods: tuple[str, ...]
    lost: bool = False


STARTING = (
    Moment("at the login", "asked", ("public/auth",)),
    Moment("at the subscription", "answered", ("private/subscribe",)),
    Moment("at the snapshot", "asked", ("private/get_positions",)),
    Moment("amid the snapshot", "answered", ("private/get_open_orders",)),
)
LOOKING = (
    Moment("at a look-up", "asked", LOOK_UP),
    Moment("after a look-up", "answered", LOOK_UP, lost=True),
)
TRADING = (
    Moment("at an order", "asked", ORDER),
    Moment("at an order that is lost", "asked", ORDER, lost=True),
    Moment("behind an order", "passed", ORDER),
    Moment("at the reply to an order", "answered", ORDER, lost=True),
    Moment("behind the reply to an order", "answered", ORDER),
    Moment("at the word of a trade", "told", ("user",), lost=True),
)
RESTING = (
    Moment("at an amendment", "asked", ("private/edit",)),
    Moment("behind an amendment", "passed", ("private/edit",)),
    Moment("at the reply to an amendment", "answered", ("private/edit",), lost=True),
    Moment("at a cancel", "asked", ("private/cancel", "private/cancel_by_label")),
)
COMMIT, ANY = "at a commit", "at any time"


class Trap:
    """Kills from within the relay, at the first frame of its moment."""

    def __init__(self, moment: Moment, kill: Callable[[], None]) -> None:
        self.moment, self._kill, self.sprung = moment, kill, threading.Event()

    def __call__(self, stage: Stage, what: str) -> bool:
        if self.sprung.is_set() or stage != self.moment.stage or what not in self.moment.methods:
            return True
        self._kill()
        self.sprung.set()
        return not self.moment.lost
