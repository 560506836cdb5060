"""A position that moved without a trade: waited for, looked into, and left to a person."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hedger.domain.account import LedgerEntry
from hedger.domain.instrument import InstrumentState
from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.reconcile.account_log import SLOW_S
from hedger.engine.reconcile.positions import EXPLAIN_S, PATIENCE_S
from hedger.engine.records import Accepted, Snapshot
from tests.engine.guarded import GuardedRig
from tests.engine.rig import CALL, PERP, START_MS, VENUE


def stray(size: int = 50_000) -> GuardedRig:
    """The venue tells more perpetuals than trades have made."""
    rig = GuardedRig().hedged()
    rig.positions({CALL: "-10", PERP: str(rig.placed[0].signed_amount + size)})
    return rig


def entry(
    amount: str, kind: str = "transfer", trade_id: str = "", at_ms: int = START_MS + 60_000
) -> LedgerEntry:
    """A row of the venue's log about the perpetual."""
    return LedgerEntry(VENUE, "7", kind, "BTC", at_ms, Decimal(0), PERP, Decimal(amount), trade_id)


def log(rig: GuardedRig, *entries: LedgerEntry) -> None:
    rig.step(ev.LogTold(VENUE, START_MS, entries), *rig.quotes(CALL))


def accept(rig: GuardedRig) -> None:
    rig.step(ev.AcceptGiven(book="btc", by="anna", reason="moved to the other subaccount"))


def standing() -> GuardedRig:
    """Neither trades nor the log explain it."""
    rig = stray()
    log(rig)
    rig.quiet(EXPLAIN_S + 1)
    return rig


def test_a_position_no_trade_explains_blocks_at_once_and_says_so_with_both_figures() -> None:
    rig = stray()
    size = rig.placed[0].signed_amount

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNEXPLAINED_POSITION)
    told = f"{PERP}: the venue says {size + 50_000}, we know of {size}; +50000 is unexplained"
    assert rig.guard.unexplained == told
    rig.step(*rig.quotes(CALL))
    assert rig.alarms["unexplained_position"].severity is Severity.WARNING
    assert rig.guard.latch == ""


def test_unexplained_for_long_enough_it_pages_and_blocks_on() -> None:
    rig = standing()

    alarm = rig.alarms["unexplained_position"]
    assert alarm.severity is Severity.CRITICAL
    assert "`hedger reconcile --book btc --accept --reason ...` takes it as it is" in alarm.detail
    rig.command("resume")
    rig.move(104_000.0)
    assert rig.last.reason is Reason.UNEXPLAINED_POSITION
    assert len(rig.placed) == 1


def test_where_the_log_never_comes_it_pages_all_the_same() -> None:
    rig = stray()
    rig.quiet(PATIENCE_S - 1)
    assert rig.alarms["unexplained_position"].severity is Severity.WARNING
    rig.quiet(3)
    assert rig.alarms["unexplained_position"].severity is Severity.CRITICAL


def test_an_order_decided_before_does_not_leave_any_more() -> None:
    rig = GuardedRig().hedged()
    rig.journal_ok = False
    rig.move(104_000.0)
    sent, waiting = len(rig.placed), rig.of(fx.Write)[-1].sequence
    rig.positions({CALL: "-10", PERP: "12340"})
    rig.step(ev.Durable(sequence=waiting))
    assert len(rig.placed) == sent


def test_the_venues_own_log_explains_it_and_is_asked_for_it_at_once() -> None:
    rig = stray()
    assert [asked.venue for asked in rig.of(fx.RequestLog)] == [VENUE]
    log(rig, entry("50000"))

    assert rig.guard.unexplained == ""
    assert "unexplained_position" not in rig.alarms
    assert rig.last.reason is not Reason.UNEXPLAINED_POSITION


def test_a_row_of_the_log_counts_once_and_a_settlement_moves_nothing() -> None:
    rig = stray(30_000)
    log(rig, entry("20000"), entry("10000", kind="settlement"))
    log(rig, entry("20000"))
    assert "+10000 is unexplained" in rig.guard.unexplained


def test_a_trade_the_log_told_first_explains_nothing_twice() -> None:
    rig = GuardedRig().hedged()
    late = rig.fill(PERP, Side.BUY, Decimal(20_000), Decimal(100_000))
    rig.wait(0.1)
    rig.positions({CALL: "-10", PERP: str(rig.placed[0].signed_amount + 50_000)})
    log(rig, entry("20000", "trade", late.trade_id))
    rig.step(ev.Filled(late))
    assert "+30000 is unexplained" in rig.guard.unexplained


def test_the_log_is_asked_again_and_slowly_once_a_person_knows() -> None:
    rig = standing()
    asked = len(rig.of(fx.RequestLog))
    rig.quiet(SLOW_S * 2)
    assert len(rig.of(fx.RequestLog)) == asked + 1  # until it is answered nobody asks again
    log(rig, entry("50000"))
    rig.quiet(SLOW_S)
    assert len(rig.of(fx.RequestLog)) == asked + 1
    assert rig.last.reason is not Reason.UNEXPLAINED_POSITION


def test_a_person_accepts_it_with_a_reason_and_the_book_goes_on() -> None:
    rig = standing()
    accept(rig)

    (accepted,) = rig.records(Accepted)
    assert (accepted.book, accepted.by, accepted.reason) == ("btc", "anna", "moved to the other subaccount")
    assert [(row.instrument, row.unexplained) for row in accepted.differences] == [(PERP, "50000")]
    rig.step(*rig.quotes(CALL))
    assert "unexplained_position" not in rig.alarms
    assert rig.last.reason is not Reason.UNEXPLAINED_POSITION
    assert rig.engine.view(rig.now).books[0].differences[0].explained == (
        "accepted by anna: moved to the other subaccount",
    )


def test_what_was_accepted_is_what_the_next_run_expects() -> None:
    rig = standing()
    accept(rig)
    assert rig.records(Snapshot)[-1].positions[PERP] == str(rig.placed[0].signed_amount + 50_000)


def test_where_nothing_is_open_there_is_nothing_to_accept() -> None:
    rig = GuardedRig().hedged()
    accept(rig)
    assert rig.records(Accepted) == []
    assert "command_refused" in rig.notes()


def test_meanwhile_the_venue_is_asked_for_its_trades_again() -> None:
    rig = stray()
    asked = len(rig.of(fx.RequestSnapshot))
    rig.quiet(EXPLAIN_S - 1)
    assert len(rig.of(fx.RequestSnapshot)) > asked


def test_a_trade_that_comes_late_explains_it() -> None:
    """A trade between a snapshot's trades and its positions is in these and not in those."""
    rig = GuardedRig().hedged()
    late = rig.fill(PERP, Side.BUY, Decimal(50_000), Decimal(100_000))
    rig.wait(0.1)
    rig.positions({CALL: "-10", PERP: str(rig.placed[0].signed_amount + 50_000)})
    rig.step(ev.Filled(late))

    assert rig.guard.unexplained == ""
    rig.quiet(EXPLAIN_S + 1)
    assert rig.guard.latch == ""


def test_a_trade_told_in_the_same_answer_explains_it() -> None:
    rig = GuardedRig().hedged()
    bought = rig.fill(PERP, Side.BUY, Decimal(50_000), Decimal(100_000))
    rig.positions({CALL: "-10", PERP: str(rig.placed[0].signed_amount + 50_000)}, fills=[bought])
    assert rig.guard.unexplained == ""


def test_a_trade_found_by_a_look_up_explains_the_next_snapshot() -> None:
    rig = GuardedRig().hedged()
    order = rig.placed[0]
    more = msgspec.structs.replace(rig.trade(order, Decimal(20), Decimal(100_000)), trade_id="late")
    rig.step(
        ev.LookedUp(venue=more.venue, label=order.label, server_ms=rig.market_ms, reports=(), fills=(more,))
    )
    rig.positions({CALL: "-10", PERP: str(order.signed_amount + more.signed_amount)})
    assert rig.guard.unexplained == ""


def test_half_an_explanation_is_none() -> None:
    rig = GuardedRig().hedged()
    bought = rig.fill(PERP, Side.BUY, Decimal(20_000), Decimal(100_000))
    rig.positions({CALL: "-10", PERP: str(rig.placed[0].signed_amount + 50_000)}, fills=[bought])
    assert "+30000 is unexplained" in rig.guard.unexplained


def test_without_an_earlier_run_the_first_word_has_nothing_to_be_held_against() -> None:
    rig = GuardedRig()
    rig.start({CALL: "-10", PERP: "350000"})
    rig.quiet(EXPLAIN_S + 1)
    assert "unexplained_position" not in rig.alarms


def test_an_option_that_moved_without_a_trade_is_as_strange_as_a_future() -> None:
    rig = GuardedRig().hedged()
    rig.positions({CALL: "-4", PERP: str(rig.placed[0].signed_amount)})
    assert rig.guard.unexplained == f"{CALL}: the venue says -4, we know of -10; +6 is unexplained"


def test_an_option_is_delivered_without_a_trade() -> None:
    rig = GuardedRig().hedged()
    ended = ev.InstrumentStateChanged(venue=VENUE, instrument=CALL, state=InstrumentState.DELIVERED)
    rig.step(ended)
    rig.positions({PERP: str(rig.placed[0].signed_amount)})
    assert rig.guard.unexplained == ""


def test_a_position_in_something_not_listed_blocks_by_its_own_name_and_grows_no_difference() -> None:
    rig = GuardedRig().hedged()
    held = {CALL: "-10", PERP: str(rig.placed[0].signed_amount), "BTC-27MAR26-90000-P": "5"}
    for _ in range(3):
        rig.step(rig.snapshot(held), *rig.quotes(CALL), after_s=1.0)
    assert rig.guard.unexplained == ""
    assert rig.last.reason is Reason.MISSING_QUOTE


def test_what_moved_back_by_itself_is_strange_no_more() -> None:
    rig = stray()
    rig.positions({CALL: "-10", PERP: str(rig.placed[0].signed_amount)})
    assert rig.guard.unexplained == ""
    assert rig.engine.view(rig.now).books[0].differences == ()


def test_an_expiry_ends_what_was_strange_about_an_option() -> None:
    rig = GuardedRig().hedged()
    size = str(rig.placed[0].signed_amount)
    rig.positions({CALL: "-4", PERP: size})
    rig.step(ev.InstrumentStateChanged(venue=VENUE, instrument=CALL, state=InstrumentState.DELIVERED))
    rig.positions({PERP: size})
    assert rig.guard.unexplained == ""
    assert rig.engine.view(rig.now).books[0].differences == ()
