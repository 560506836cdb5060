"""Any sign of a liquidation: no order, a page, and only a person ends it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, BreakerState, Mode, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.guard.latch import CANCEL_REASONS
from hedger.engine.ownership.scope import Scope
from hedger.engine.records import Latched
from tests.engine.guarded import GuardedRig
from tests.engine.rig import CALL, PERP, VENUE

LOCKED = ev.AccountLocked(venue=VENUE, locked=True, detail="private/buy: 11098 account_locked")


def silent(rig: GuardedRig) -> None:
    """Whatever delta does, nothing is ordered, and the decision says why."""
    before = len(rig.placed)
    for index in (90_000.0, 110_000.0, 60_000.0, 200_000.0):
        rig.move(index)
        assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.LIQUIDATION)
    assert len(rig.placed) == before


def test_after_a_forced_trade_no_order_whatever_the_delta_does() -> None:
    rig = GuardedRig().hedged()
    rig.step(rig.forced(Side.SELL))

    silent(rig)
    alarm = rig.alarms["liquidation"]
    assert alarm.severity is Severity.CRITICAL
    assert f"was forced by the venue: -10000 {PERP}" in alarm.detail
    assert "hedger resume --book btc" in alarm.detail
    assert rig.guard.latch in alarm.detail


@pytest.mark.parametrize("reason", sorted(CANCEL_REASONS))
def test_an_order_the_venue_took_away_latches(reason: str) -> None:
    rig = GuardedRig().hedged()
    rig.step(rig.report(cancel_reason=reason))
    silent(rig)


@pytest.mark.parametrize("reason", ["user_request", "settlement", "cancel_on_disconnect", None])
def test_an_order_that_ended_for_another_reason_does_not(reason: str | None) -> None:
    rig = GuardedRig().hedged()
    rig.step(rig.report(cancel_reason=reason))
    assert rig.guard.latch == ""


def test_the_liquidations_own_order_latches_before_it_trades() -> None:
    rig = GuardedRig().hedged()
    rig.step(rig.report(state="open", is_liquidation=True))
    silent(rig)


def test_our_own_order_cancelled_by_the_venues_risk_engine_latches() -> None:
    rig = GuardedRig()
    rig.start()
    order = rig.placed[0]
    rig.step(
        rig.report(label=order.label, side=order.side, amount=order.amount, cancel_reason="position_locked")
    )
    silent(rig)


def test_a_locked_account_latches_and_an_unlocked_one_stays_so() -> None:
    rig = GuardedRig().hedged()
    rig.step(LOCKED)
    assert rig.guard.account_locked == "private/buy: 11098 account_locked"
    rig.step(ev.AccountLocked(venue=VENUE, locked=False, detail="user.lock: ALL"))

    assert rig.guard.account_locked == ""
    silent(rig)


def test_signs_told_by_a_snapshot_or_a_look_up_count_like_any_other() -> None:
    rig = GuardedRig().hedged()
    size = str(rig.placed[0].signed_amount - 10_000)
    rig.positions({CALL: "-10", PERP: size}, fills=[rig.forced(Side.SELL).fill])
    silent(rig)


def test_what_rests_is_cancelled_and_what_waits_never_leaves() -> None:
    resting = GuardedRig()
    resting.start()
    resting.step(resting.forced())
    assert [cancel.label for cancel in resting.of(fx.Cancel)] == [resting.placed[0].label]

    waiting = GuardedRig()
    waiting.journal_ok = False
    waiting.start()
    waiting.step(waiting.forced())
    waiting.journal_ok = True
    waiting.step(ev.Durable(sequence=99))
    assert not waiting.placed


def test_neither_flatten_nor_reduce_only_trades_against_the_engine() -> None:
    for word in ("flatten", "reduce_only"):
        rig = GuardedRig().hedged()
        rig.step(rig.forced(Side.SELL))
        rig.command(word)
        silent(rig)


def test_a_person_resumes_and_is_told_what_that_ended() -> None:
    rig = GuardedRig().hedged()
    rig.step(rig.forced(Side.SELL, "50000"))
    rig.command("resume")

    note = next(note for note in rig.of(fx.Note) if note.name == "command")
    assert str(note.fields["ended"]).startswith("btc: the latch (trade")
    assert rig.guard.ended.startswith("the latch (trade")
    assert "liquidation" not in rig.alarms
    rig.step(*rig.quotes(CALL))
    assert len(rig.placed) == 2  # delta that the forced sale left is hedged again


def test_the_daemons_resume_ends_it_too() -> None:
    rig = GuardedRig().hedged()
    rig.step(rig.forced())
    rig.command("resume", book="")
    assert rig.guard.latch == ""


def test_the_latch_is_journalled_with_what_was_seen_and_by_whom_it_was_ended() -> None:
    rig = GuardedRig().hedged()
    rig.step(rig.forced())
    rig.step(rig.report(is_liquidation=True))  # a second sign changes nothing
    rig.command("resume")

    seen, ended = rig.records(Latched)
    assert (seen.book, seen.venue, seen.by) == ("btc", VENUE, "hedger")
    assert "was forced" in seen.detail
    assert (ended.detail, ended.by) == ("", "anna")


def test_a_restart_finds_the_latch() -> None:
    first = GuardedRig().hedged()
    first.step(first.forced())

    second = GuardedRig()
    second.latches = tuple(first.records(Latched))
    second.start()
    silent(second)
    assert second.guard.latch == first.guard.latch
    assert second.guard.latched_ms == first.guard.latched_ms


def test_a_sign_seen_before_the_journal_was_read_is_in_the_journal_afterwards() -> None:
    rig = GuardedRig()
    rig.step(rig.listed(CALL), rig.link_up(), LOCKED)
    rig.step(rig.journal())
    assert [record.book for record in rig.records(Latched)] == ["btc", "btc"]


def test_of_two_signs_the_one_an_earlier_run_saw_is_kept() -> None:
    """A liquidation that goes on while the daemon restarts is one story, and begins where it began."""
    rig = GuardedRig()
    rig.latches = (Latched(market_ms=7, venue=VENUE, book="btc", detail="trade 1", by="hedger"),)
    rig.step(rig.listed(CALL), rig.link_up(), LOCKED)
    rig.step(rig.journal())
    assert (rig.guard.latch, rig.guard.latched_ms) == ("trade 1", 7)


def test_the_page_repeats_every_minute() -> None:
    rig = GuardedRig().hedged()
    rig.step(rig.forced())
    rig.quiet(125)
    pages = [note for note in rig.of(fx.Note) if note.fields.get("alarm") == "liquidation"]
    assert len(pages) == 3


def test_a_forced_trade_in_another_currency_latches_where_the_money_is_one() -> None:
    eth = {"instrument": "ETH-PERPETUAL", "is_liquidation": True}
    alone = GuardedRig(told={"margin_model": "segregated_sm"}).hedged()
    alone.step(alone.report(**eth))
    assert alone.guard.latch  # what it settles in is not listed: not certain, so it counts

    forced = GuardedRig(mode=Mode.OBSERVE)
    forced.start()
    forced.step(forced.report(**eth))
    assert forced.guard.latch


def test_a_latch_is_no_breaker_and_both_may_stand() -> None:
    rig = GuardedRig().hedged()
    rig.command("pause")
    rig.step(rig.forced())
    assert rig.last.reason is Reason.PAUSED
    assert rig.guard.latch
    rig.command("resume")
    assert rig.engine.view(rig.now).books[0].state is BreakerState.RUNNING
    assert rig.guard.latch == ""


def test_the_size_of_a_forced_trade_still_moves_the_position() -> None:
    rig = GuardedRig().hedged()
    held = rig.placed[0].signed_amount
    rig.step(rig.forced(Side.SELL, "10000"))
    row = next(p for p in rig.engine.view(rig.now).books[0].positions if p.instrument == PERP)
    assert Decimal(row.size) == held - 10_000


def liquidity(rig: GuardedRig, label: str, liquidated: str) -> ev.Filled:
    """A trade as taker in which these sides were under liquidation."""
    fill = rig.fill(PERP, Side.BUY, Decimal(1_000), Decimal(100_000), label)
    return ev.Filled(
        msgspec.structs.replace(fill, liquidation=True, liquidated=liquidated, liquidity="T", order_id="X")
    )


def test_our_hedge_may_meet_somebody_elses_liquidation() -> None:
    rig = GuardedRig().hedged()
    rig.step(liquidity(rig, rig.placed[0].label, "M"))
    assert rig.guard.latch == ""
    rig.step(liquidity(rig, rig.placed[0].label, "T"))
    assert rig.guard.latch


def test_a_trade_beside_our_orders_is_a_deleveraging_whoever_was_liquidated() -> None:
    rig = GuardedRig().hedged()
    rig.step(liquidity(rig, "", "M"))
    silent(rig)


@pytest.mark.parametrize(("model", "latched"), [("segregated_sm", False), ("cross_sm", True), ("", True)])
def test_a_lock_of_another_currency_latches_where_the_money_is_one(model: str, latched: bool) -> None:
    rig = GuardedRig(told={"margin_model": model}).hedged()
    rig.step(usdc_account(rig, model))
    rig.step(ev.AccountLocked(venue=VENUE, locked=True, detail="user.lock: USDC", currency="USDC"))
    assert bool(rig.guard.latch) is latched
    assert rig.guard.account_locked == "user.lock: USDC"


def usdc_account(rig: GuardedRig, model: str) -> ev.AccountReported:
    told = rig.account().account
    return ev.AccountReported(msgspec.structs.replace(told, currency="USDC", margin_model=model))


def test_what_a_resume_would_do_first_is_shown_as_if_the_latch_had_ended() -> None:
    """A preview that says `blocked` while the resume it precedes sends an order is no preview."""
    rig = GuardedRig().hedged()
    rig.step(rig.forced(Side.SELL))
    silent(rig)
    before = len(rig.placed)
    plan = rig.engine.plan("btc", rig.now, resumed=True)

    assert plan.action is Action.HEDGE
    assert rig.guard.latch, "a preview ends nothing"
    assert rig.engine.plan("btc", rig.now).reason is Reason.LIQUIDATION
    assert len(rig.placed) == before


def test_a_run_that_hedges_once_waits_for_no_latch_to_end() -> None:
    rig = GuardedRig().hedged()
    rig.step(rig.forced(Side.SELL))
    rest = rig.engine.at_rest()

    assert rest is not None
    assert rest.stopped
    assert "was forced by the venue" in rest.detail
    assert "was forced by the venue" in rig.engine.holding_up()


def test_a_perpetual_that_the_liquidation_left_behind_is_nobodys_until_somebody_says_so() -> None:
    """The venue's engine may open one to make what is left neutral: a resume alone does not trade it away."""
    rig = GuardedRig(scope=Scope(settle_s=0.0)).hedged()
    rig.step(rig.forced(Side.BUY, "60000"), *rig.quotes(CALL))
    rig.quiet(2)
    rig.command("resume")
    rig.quiet(2)
    assert rig.last.reason is Reason.UNASSIGNED_FUTURE
    assert "BTC-PERPETUAL 60000 USD" in rig.last.detail
    assert len(rig.placed) == 1
