"""The transition table is complete: every pair is in it, ignored after the end, or raises."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import msgspec
import pytest

from hedger.domain.errors import InvariantError
from hedger.domain.order import TERMINAL, TRANSITIONS, Order, OrderEvent, OrderState, Side, transition
from tests.execution.test_table import intent

S, E = OrderState, OrderEvent

IMPOSSIBLE = {
    # a draft has not left: the venue can say nothing about it, and there is nothing to cancel
    *product([S.DRAFT], [E.ACKED_OPEN, E.FILLED_ALL, E.CANCELLED, E.REFUSED, E.PROVED_ABSENT]),
    *product([S.DRAFT], [E.CANCEL_SENT, E.CANCEL_REFUSED]),
    # what was sent cannot be dropped, and what rests cannot be sent again
    *product([S.IN_FLIGHT, S.OPEN, S.CANCELLING, S.UNKNOWN], [E.DROPPED]),
    *product([S.IN_FLIGHT, S.OPEN, S.CANCELLING], [E.SENT]),
    # absence is asked about unknown orders only
    *product([S.IN_FLIGHT, S.CANCELLING], [E.PROVED_ABSENT]),
    # an order that never left cannot turn up, and one that did cannot be dropped afterwards
    *product([S.DROPPED], [E.ACKED_OPEN, E.FILLED_ALL, E.CANCELLED]),
    *product([S.FILLED, S.CANCELLED, S.REJECTED, S.ABSENT], [E.DROPPED]),
    # only what is known to be open is amended, and only once at a time
    *product([*(state for state in S if state is not S.OPEN)], [E.AMEND_SENT]),
    *product([S.DRAFT, S.IN_FLIGHT], [E.AMENDED, E.AMEND_REFUSED]),
    *product([S.AMENDING], [E.SENT, E.DROPPED, E.PROVED_ABSENT]),
}


@pytest.mark.parametrize(("state", "event"), list(product(OrderState, OrderEvent)))
def test_every_pair_has_been_thought_of(state: OrderState, event: OrderEvent) -> None:
    if (state, event) in IMPOSSIBLE:
        with pytest.raises(InvariantError, match=f"{state} cannot take event {event}"):
            transition(state, event)
        return
    after = transition(state, event)
    assert after is TRANSITIONS.get((state, event), state)
    if (state, event) not in TRANSITIONS:
        assert state in TERMINAL


@pytest.mark.parametrize(("state", "event"), list(product(sorted(TERMINAL), OrderEvent)))
def test_only_evidence_of_the_venue_moves_an_ended_order(state: OrderState, event: OrderEvent) -> None:
    after = TRANSITIONS.get((state, event), state)
    if after is not state:
        assert event in (E.ACKED_OPEN, E.FILLED_ALL, E.CANCELLED, E.REFUSED)
        assert state in (S.CANCELLED, S.REJECTED, S.ABSENT)


def test_a_filled_order_stays_filled() -> None:
    after = {transition(S.FILLED, event) for event in OrderEvent if (S.FILLED, event) not in IMPOSSIBLE}
    assert after == {S.FILLED}


@pytest.mark.parametrize("state", [state for state in OrderState if state not in TERMINAL | {S.DRAFT}])
def test_a_lost_order_is_unknown_and_never_taken_for_rejected(state: OrderState) -> None:
    assert transition(state, E.LOST) is S.UNKNOWN


def test_only_an_unknown_order_becomes_absent() -> None:
    ways = [pair for pair, after in TRANSITIONS.items() if after is S.ABSENT]
    assert ways == [(S.UNKNOWN, E.PROVED_ABSENT)]


def test_an_order_that_was_open_is_asked_about_again_when_an_answer_says_it_never_was() -> None:
    assert transition(S.OPEN, E.PROVED_ABSENT) is S.UNKNOWN


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((E.SENT, E.FILLED_ALL, E.ACKED_OPEN), S.FILLED),  # fill before the acknowledgement
        ((E.SENT, E.ACKED_OPEN, E.CANCELLED, E.FILLED_ALL), S.FILLED),  # fill after the cancel
        ((E.SENT, E.ACKED_OPEN, E.CANCEL_SENT, E.FILLED_ALL, E.CANCEL_REFUSED), S.FILLED),  # race lost
        ((E.SENT, E.ACKED_OPEN, E.CANCEL_SENT, E.CANCEL_REFUSED, E.CANCELLED), S.CANCELLED),
        ((E.SENT, E.LOST, E.REFUSED), S.REJECTED),  # the late reply arrives after all
        ((E.SENT, E.LOST, E.PROVED_ABSENT, E.ACKED_OPEN), S.OPEN),  # presence beats proof of absence
        ((E.LOST, E.PROVED_ABSENT), S.ABSENT),  # crashed between durable and sent
        ((E.DROPPED, E.DROPPED), S.DROPPED),
    ],
)
def test_the_awkward_stories_end_well(events: tuple[OrderEvent, ...], end: OrderState) -> None:
    order = Order(intent())
    for event in events:
        order.apply(event)
    assert order.state is end


def test_an_ended_order_has_nothing_left_to_fill() -> None:
    order = Order(intent(), filled_amount=Decimal(30))
    assert order.remaining_amount == 70
    order.apply(E.DROPPED)
    assert order.remaining_amount == 0


def test_sides_sign_amounts() -> None:
    assert (Side.of(-0.5), Side.of(Decimal(2))) == (Side.SELL, Side.BUY)
    assert intent(side=Side.SELL).signed_amount == -100
    assert intent().signed_amount == 100


def test_an_order_survives_the_journal_exactly() -> None:
    order = Order(intent(), S.OPEN, "900", Decimal("30.10"))
    assert msgspec.json.decode(msgspec.json.encode(order), type=Order) == order
    stranger = msgspec.json.encode({**msgspec.to_builtins(order), "surprise": 1})
    with pytest.raises(msgspec.ValidationError, match="unknown field `surprise`"):
        msgspec.json.decode(stranger, type=Order)
