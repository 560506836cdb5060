"""Another hedger on the account is recognised by what it calls its orders; nobody hedges beside it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.order import OrderReport, OrderState, Side
from hedger.domain.vocabulary import Action, Mode, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import RivalSeen
from tests.engine.rig import CALL, PERP, VENUE, Rig

BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}


def hedged(mode: Mode = Mode.LIVE) -> Rig:
    """A rig in its band, with h-btc-1-1 filled."""
    rig = Rig(mode=mode, **BAND)
    rig.start()
    if mode is Mode.LIVE:
        rig.step(*rig.fill_of(rig.placed[0]))
    return rig


def order(rig: Rig, label: str, order_id: str = "77") -> OrderReport:
    return OrderReport(
        venue=VENUE,
        order_id=order_id,
        label=label,
        instrument=PERP,
        side=Side.BUY,
        state="filled",
        amount=Decimal(10),
        filled_amount=Decimal(10),
        updated_ms=rig.market_ms,
    )


def blocked(rig: Rig) -> bool:
    return (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.OTHER_HEDGER)


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("h-main-1-1", "this daemon has no book main"),
        ("h-btc-2-1", "this run is 1 and has sent 1 orders"),
        ("h-btc-1-2", "this run is 1 and has sent 1 orders"),
        ("h-btc-1-1", "the venue has another order with this label, 77"),
    ],
)
def test_a_label_we_cannot_have_given_is_another_hedgers(label: str, told: str) -> None:
    rig = hedged()
    rig.step(ev.Reported(order(rig, label)))

    assert blocked(rig)
    assert told in rig.last.detail
    alarm = {a.name: a for a in rig.engine.view(rig.now).alarms}["other_hedger"]
    assert alarm.severity is Severity.CRITICAL
    assert alarm.detail == f"order {label}: {told}; stop one of the two, then `hedger resume`"

    rig.step(ev.CommandGiven(command="resume", book="btc", by="ana", reason="stopped the other"))
    assert "other_hedger" not in {a.name for a in rig.engine.view(rig.now).alarms}, (
        "ended by the command itself"
    )


def test_two_that_start_together_give_the_same_labels() -> None:
    """Two copies of one deployment, each with a journal of its own, decide at the same ticker: the other's
    order is told while ours waits for the disk. It is no state of ours, and ours never leaves."""
    rig = Rig(mode=Mode.LIVE, **BAND)
    rig.journal_ok = False
    rig.start()
    (draft,) = rig.engine._state.orders.live()
    assert draft.state is OrderState.DRAFT
    other = order(rig, draft.intent.label)
    trade = rig.fill(PERP, Side.BUY, Decimal(10), Decimal(100_000), draft.intent.label)
    rig.step(ev.Reported(other), ev.Filled(trade))
    assert blocked(rig)
    assert (draft.filled_amount, draft.order_id) == (Decimal(0), None)

    rig.step(ev.Durable(sequence=10))
    assert rig.placed == []
    assert draft.state is OrderState.DROPPED
    rig.step(ev.Reported(other), ev.Filled(trade))
    assert draft.state is OrderState.DROPPED


def test_its_trades_show_it_as_well_as_its_orders() -> None:
    rig = hedged()
    rig.step(ev.Filled(rig.fill(PERP, Side.BUY, Decimal(10), Decimal(100_000), "h-main-1-1")))
    assert blocked(rig)


def test_a_persons_labels_and_our_own_are_nobodys_else() -> None:
    rig = Rig(mode=Mode.LIVE, **BAND)
    rig.start()
    ours = rig.fill_of(rig.placed[0])
    rig.step(*ours)
    rig.step(ev.Reported(order(rig, "hand-1")), ev.Reported(order(rig, "")), *ours)  # ours told twice
    assert rig.last.reason is Reason.WITHIN_BAND


def test_its_trades_from_before_we_ran_say_nothing_of_now() -> None:
    """A book that was renamed leaves labels of its old name behind."""
    rig = Rig(**BAND)
    old = msgspec.structs.replace(
        rig.fill(PERP, Side.BUY, Decimal(10), Decimal(100_000), "h-main-1-1"), market_ms=rig.market_ms - 1
    )
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.journal())
    rig.step(rig.snapshot({CALL: "-10"}, fills=[old]))
    rig.step(*rig.quotes(CALL))
    assert len(rig.placed) == 1


def test_its_resting_order_shows_it_in_the_first_snapshot() -> None:
    rig = Rig(**BAND)
    resting = msgspec.structs.replace(order(rig, "h-main-1-1"), state="open", filled_amount=Decimal(0))
    rig.start(open_orders=[resting])
    assert blocked(rig)
    assert not rig.placed


def test_a_lost_journal_is_no_other_hedger() -> None:
    """Labels of a later epoch in the first snapshot are our own past: the epoch goes beyond them."""
    rig = Rig(**BAND)
    past = msgspec.structs.replace(
        rig.fill(PERP, Side.BUY, Decimal(10), Decimal(100_000), "h-btc-7-3"), market_ms=rig.market_ms - 1
    )
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.journal())
    rig.step(rig.snapshot({CALL: "-10"}, fills=[past]))
    rig.step(*rig.quotes(CALL))
    assert [intent.label for intent in rig.placed] == ["h-btc-8-1"]


def test_it_stays_latched_until_a_person_resumes_also_over_a_restart() -> None:
    rig = hedged()
    rig.step(ev.Reported(order(rig, "h-main-1-1")))
    rig.wait(5.0)
    rig.step(*rig.quotes(CALL))
    assert blocked(rig)
    kept = [record for write in rig.of(fx.Write) for record in write.records if isinstance(record, RivalSeen)]

    after = Rig(**BAND)
    after.step(after.listed(CALL), after.link_up())
    after.step(msgspec.structs.replace(after.journal(), rivals=(kept[-1],)))
    after.step(after.snapshot({CALL: "-10"}))
    after.step(*after.quotes(CALL))
    assert blocked(after)

    after.step(ev.CommandGiven(command="resume", book="btc", by="ana", reason="stopped the other"))
    assert len(after.placed) == 1
    freed = [r for write in after.of(fx.Write) for r in write.records if isinstance(r, RivalSeen)]
    assert [(record.book, record.detail) for record in freed] == [("btc", "")]


def test_a_trade_a_person_has_looked_at_blocks_no_more_when_a_new_connection_tells_it_again() -> None:
    rig = hedged()
    trade = rig.fill(PERP, Side.BUY, Decimal(10), Decimal(100_000), "h-main-1-1")
    rig.step(ev.Filled(trade))
    rig.wait(1.0)
    rig.step(ev.CommandGiven(command="resume", book="btc", by="ana", reason="stopped the other"))
    rig.step(*rig.quotes(CALL))
    assert not blocked(rig)

    rig.step(ev.LinkDown(venue=VENUE, reason="gone"), rig.link_up())
    rig.step(rig.snapshot({CALL: "-10", PERP: str(rig.placed[0].amount + 10)}, fills=[trade]))
    rig.step(*rig.quotes(CALL))
    assert not blocked(rig)

    rig.wait(1.0)
    rig.step(*rig.quotes(CALL))
    rig.step(ev.Filled(rig.fill(PERP, Side.BUY, Decimal(10), Decimal(100_000), "h-main-1-2")))
    assert blocked(rig), "it is not stopped after all"


def test_a_daemon_that_sends_nothing_may_watch_anothers_account() -> None:
    rig = hedged(Mode.OBSERVE)
    rig.step(ev.Reported(order(rig, "h-main-1-1")))
    assert rig.last.action is Action.WOULD_HEDGE
