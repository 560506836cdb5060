"""The inbox: quotes conflate, private events never do, and everything has a limit."""

from __future__ import annotations

import pytest

from hedger.domain.errors import HaltedError
from hedger.engine import events as ev
from hedger.engine.inbox import Inbox
from tests.engine.rig import CALL, PUT, Rig


def test_the_latest_quote_of_an_instrument_replaces_the_one_waiting() -> None:
    rig, inbox = Rig(), Inbox()
    old = rig.option_quote(CALL)
    rig.index = 101_000.0
    new = rig.option_quote(CALL)
    for event in (old, rig.option_quote(PUT), new):
        inbox.put(event)

    assert len(inbox) == 2
    assert [event.quote.instrument for event in inbox.take() if isinstance(event, ev.Quoted)] == [CALL, PUT]
    assert not inbox


def test_an_index_conflates_beside_the_quotes() -> None:
    rig, inbox = Rig(), Inbox()
    inbox.put(rig.indexed())
    rig.index = 101_000.0
    inbox.put(rig.indexed())

    (event,) = inbox.take()
    assert isinstance(event, ev.Indexed)
    assert event.index.price_usd == 101_000.0


def test_an_older_ticker_that_arrives_later_does_not_replace_the_newer_one() -> None:
    rig, inbox = Rig(), Inbox()
    older = [rig.perp_quote(), rig.indexed()]
    rig.wait(0.1)
    newer = [rig.perp_quote(), rig.indexed()]
    for event in (*newer, *older):
        inbox.put(event)

    assert inbox.take() == newer


def test_private_events_keep_their_order_and_their_number() -> None:
    inbox = Inbox()
    for sequence in (1, 1, 2):
        inbox.put(ev.Durable(sequence=sequence))

    assert inbox.take() == [ev.Durable(sequence=1), ev.Durable(sequence=1), ev.Durable(sequence=2)]


def test_private_events_come_before_the_quotes_that_are_judged_with_them() -> None:
    rig, inbox = Rig(), Inbox()
    inbox.put(rig.perp_quote())
    inbox.put(ev.Durable(sequence=1))

    assert isinstance(inbox.take()[0], ev.Durable)


def test_an_overflow_of_private_events_is_fatal_because_a_lost_fill_is_a_lost_position() -> None:
    inbox = Inbox(private_limit=2)
    inbox.put(ev.Durable(sequence=1))
    inbox.put(ev.Durable(sequence=2))

    with pytest.raises(HaltedError, match="more than 2 private events"):
        inbox.put(ev.Durable(sequence=3))
