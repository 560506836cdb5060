"""In observe and paper mode no call that changes the account ever leaves: every effect and event is tried."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

from hedger.domain.errors import InvariantError
from hedger.domain.vocabulary import Mode
from hedger.engine.effects import Cancel, LookUp, RequestSnapshot, VenueEffect, Watch
from hedger.engine.events import Event, Now
from hedger.venues.deribit import encode
from hedger.venues.paper import PaperVenue
from hedger.venues.protocol import Emit
from tests.shared_data import shared_data
from tests.venues.deribit.orders_fixtures import LABEL, make_place
from tests.venues.deribit.talk import MARKET_MS, Talk

PERPETUAL = "BTC-PERPETUAL"
EFFECTS: list[VenueEffect] = [
    Watch(venue="deribit", instruments=(PERPETUAL,), indices=("btc_usd",)),
    RequestSnapshot(venue="deribit", since_ms=0),
    LookUp(venue="deribit", instrument=PERPETUAL, label=LABEL, since_ms=0),
    Cancel(venue="deribit", instrument=PERPETUAL, label=LABEL, order_id=None),
    Cancel(venue="deribit", instrument=PERPETUAL, label=LABEL, order_id="7"),
    *(make_place(mode) for mode in Mode),
]


class SessionVenue:
    """A venue whose socket is the list of frames its session sends."""

    name = "deribit"

    def __init__(self, talk: Talk) -> None:
        self.talk = talk

    async def run(self, emit: Emit) -> None:
        raise AssertionError("not run here")

    def perform(self, effect: VenueEffect) -> None:
        self.talk.perform(effect)


def methods_of_the_encoder() -> set[str]:
    """Every name of a method in the encoder's functions."""
    tree = ast.parse(Path(inspect.getfile(encode)).read_text())
    bodies = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    texts = {
        node.value
        for body in bodies
        for node in ast.walk(body)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if re.fullmatch("(private|public)/[a-z_]+", text)}


def try_everything(talk: Talk) -> set[str]:
    """Log in, perform every effect twice, pass time through every deadline; returns the methods sent."""
    for effect in EFFECTS * 2:
        try:
            talk.perform(effect)
        except InvariantError:
            assert "place" in type(effect).__name__.lower()
    for _ in range(40):
        talk.pass_time(1.0)
        talk.receive('{"method": "heartbeat", "params": {"type": "test_request"}}')
    return {frame["method"] for frame in talk.all_sent}


def test_without_trading_no_state_changing_method_leaves() -> None:
    sent = try_everything(Talk(trading=False).up())
    assert not sent & encode.STATE_CHANGING
    assert {"private/get_open_orders", "private/get_positions"} <= methods_of_the_encoder()
    assert {"private/get_open_orders", "private/subscribe"} <= sent


def test_with_trading_the_same_effects_do_send_them() -> None:
    """The test above would notice."""
    sent = try_everything(Talk(trading=True).up())
    assert sent & encode.STATE_CHANGING == {
        "private/buy",
        "private/cancel",
        "private/cancel_by_label",
        "private/enable_cancel_on_disconnect",
    }


def test_paper_mode_sends_none_even_over_a_venue_that_could() -> None:
    talk = Talk(trading=True).up()
    before = len(talk.all_sent)
    said: list[Event] = []
    venue = PaperVenue(SessionVenue(talk), lambda: Now(MARKET_MS, 1000.0))
    venue._emit = said.append
    for effect in EFFECTS * 2:
        try:
            venue.perform(effect)
        except InvariantError:
            assert effect in (make_place(Mode.LIVE), make_place(Mode.OBSERVE))
    assert not {frame["method"] for frame in talk.all_sent[before:]} & encode.STATE_CHANGING


def test_every_private_method_of_the_encoder_is_known_to_change_or_only_to_read() -> None:
    reading = {
        "private/get_account_summaries",
        "private/get_positions",
        "private/get_open_orders",
        "private/get_order_state_by_label",
        "private/get_user_trades_by_currency_and_time",
        "private/get_transaction_log",
    }
    private = {name for name in methods_of_the_encoder() if name.startswith("private/")}
    assert private - reading <= encode.STATE_CHANGING


@pytest.mark.parametrize(
    "word",
    ["/buy", "/sell", "/edit", "cancel", "close_position", "withdraw", "transfer", "quote", "move_positions"],
)
def test_the_list_of_forbidden_methods_holds_what_the_venue_documents(word: str) -> None:
    """Methods of the venue that we never call are no danger; those we name are all listed."""
    path = shared_data("deribit_payloads", "spec", "openapi_method_examples.json")
    documented = {name.lstrip("/") for name in json.loads(path.read_text())}
    named = {name for name in encode.STATE_CHANGING if word in name}
    assert named <= documented
    assert {name for name in methods_of_the_encoder() if word in name} <= encode.STATE_CHANGING
