"""The write-ahead gate: nothing reaches the socket before it is durable, nothing stale is sent late."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.order import OrderIntent, OrderType, Side, TimeInForce
from hedger.domain.vocabulary import Mode
from hedger.engine.effects import Amend, Place
from hedger.engine.events import Now
from hedger.engine.outbox import Outbox
from hedger.engine.records import Configured
from hedger.risk import admit as risk_admit  # the only place that may approve

NOW = Now(1_000, 10.0)


def intent(number: int, valid_until_ms: int = 9_000) -> OrderIntent:
    return OrderIntent(
        label=f"h-btc-1-{number}",
        book="btc",
        venue="deribit",
        instrument="BTC-PERPETUAL",
        side=Side.BUY,
        amount=Decimal(10),
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.IOC,
        valid_until_ms=valid_until_ms,
        created_ms=1_000,
        price=Decimal(100_000),
    )


def approved(number: int, valid_until_ms: int = 9_000):  # type: ignore[no-untyped-def]
    """An approval as the gate grants it, without the gate's inputs."""
    return risk_admit.Approved(intent=intent(number, valid_until_ms), mode=Mode.LIVE)


def held(outbox: Outbox, number: int, until: float = 12.0, valid_until_ms: int = 9_000) -> int:
    outbox.record(Configured(market_ms=1, config_hash=str(number)))
    outbox.hold(Place(approved=approved(number, valid_until_ms)), until)
    write = outbox.flush()
    assert write is not None
    return write.sequence


def test_a_step_without_records_writes_nothing() -> None:
    assert Outbox().flush() is None


def test_a_placement_waits_for_exactly_its_own_write() -> None:
    outbox = Outbox()
    first, second = held(outbox, 1), held(outbox, 2)

    assert [order.approved.intent.label for order in outbox.release(first, NOW).send] == ["h-btc-1-1"]
    assert outbox.held == 1
    assert [order.approved.intent.label for order in outbox.release(second, NOW).send] == ["h-btc-1-2"]


def test_one_durable_answer_releases_everything_before_it_in_order() -> None:
    outbox = Outbox()
    held(outbox, 1)
    last = held(outbox, 2)

    assert [order.approved.intent.label for order in outbox.release(last, NOW).send] == [
        "h-btc-1-1",
        "h-btc-1-2",
    ]


def test_a_placement_that_waited_too_long_is_dropped_not_sent() -> None:
    outbox = Outbox()
    sequence = held(outbox, 1, until=12.0)

    release = outbox.release(sequence, Now(1_000, 12.1))
    assert not release.send
    assert [order.approved.intent.label for order in release.drop] == ["h-btc-1-1"]


def test_a_placement_whose_validity_passed_is_dropped_not_sent() -> None:
    outbox = Outbox()
    sequence = held(outbox, 1, valid_until_ms=2_000)

    assert outbox.release(sequence, Now(2_000, 10.1)).drop


def test_overdue_placements_are_dropped_even_when_the_journal_never_answers() -> None:
    outbox = Outbox()
    held(outbox, 1, until=12.0)

    assert outbox.next_deadline() == 12.0
    assert not outbox.drop_expired(Now(1_000, 11.9))
    assert [order.approved.intent.label for order in outbox.drop_expired(Now(1_000, 12.1))] == ["h-btc-1-1"]
    assert outbox.next_deadline() is None
    assert not outbox.release(1, NOW).send


def test_closing_the_gate_drops_what_is_written_and_what_is_not() -> None:
    outbox = Outbox()
    held(outbox, 1)
    outbox.hold(Place(approved=approved(2)), 12.0)

    outbox.hold(Amend(approved=approved(3), order_id="900"), 12.0)
    keep = {"h-btc-1-3"}
    dropped = outbox.drop_where(lambda held_: held_.intent.label not in keep)
    assert [order.approved.intent.label for order in dropped] == ["h-btc-1-1", "h-btc-1-2"]
    assert outbox.held == 1
    assert len(outbox.drop_where(lambda _held: True)) == 1
    assert outbox.held == 0


@given(st.lists(st.integers(0, 12), max_size=30))
def test_nothing_is_ever_released_twice_or_before_its_write(answers: list[int]) -> None:
    outbox = Outbox()
    for number in range(1, 11):
        held(outbox, number, until=1e9)
    sent: list[str] = []
    highest = 0
    for answer in answers:
        highest = max(highest, answer)
        sent += [order.approved.intent.label for order in outbox.release(answer, NOW).send]

    assert sent == [f"h-btc-1-{number}" for number in range(1, min(highest, 10) + 1)]
