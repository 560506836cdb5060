"""The paper venue stands between the engine and a venue that must never hear of its orders."""

from __future__ import annotations

from hedger.domain.vocabulary import Environment, Mode
from hedger.engine import events as ev
from hedger.engine.effects import Cancel, LookUp, RequestSnapshot, VenueEffect, Watch
from hedger.engine.events import Event, Now
from hedger.venues.paper import PaperVenue
from hedger.venues.protocol import Emit, Venue
from tests.venues.deribit.orders_fixtures import LABEL, make_place
from tests.venues.deribit.talk import MARKET_MS

NAME = "BTC-PERPETUAL"


class Recorder:
    """A venue that says one event and remembers what it is asked."""

    name = "deribit"

    def __init__(self) -> None:
        self.performed: list[VenueEffect] = []

    async def run(self, emit: Emit) -> None:
        emit(ev.LinkUp(venue="deribit", environment=Environment.TESTNET, account_id="42"))

    def perform(self, effect: VenueEffect) -> None:
        self.performed.append(effect)


async def test_events_pass_through_and_only_questions_reach_the_venue() -> None:
    inner, said = Recorder(), list[Event]()
    venue: Venue = PaperVenue(inner, lambda: Now(MARKET_MS, 1.0))
    await venue.run(said.append)
    questions: list[VenueEffect] = [
        Watch(venue="deribit", instruments=(NAME,), indices=()),
        RequestSnapshot(venue="deribit", since_ms=0),
    ]
    orders: list[VenueEffect] = [
        make_place(Mode.PAPER),
        Cancel(venue="deribit", instrument=NAME, label=LABEL, order_id="7"),
        LookUp(venue="deribit", instrument=NAME, label=LABEL, since_ms=0),
    ]
    for effect in [*questions, *orders]:
        venue.perform(effect)
    assert inner.performed == questions
    assert [type(event) for event in said] == [ev.LinkUp, ev.PlacementRefused, ev.CancelRefused, ev.LookedUp]
