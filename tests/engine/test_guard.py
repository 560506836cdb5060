"""Caps in two tiers, losses and margin, as a whole engine shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, BreakerState, Mode, Neutral, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine.ownership.scope import Scope
from hedger.engine.records import Commanded, LossReferenced
from hedger.engine.settings import Timing
from hedger.risk.envelope import Envelope
from hedger.risk.tiers import Tier
from tests.engine.guarded import GuardedRig
from tests.engine.rig import CALL, PERP, PUT

DAY_S = 86_400


def enveloped(**limits: Any) -> GuardedRig:
    return GuardedRig(envelope=Envelope(**{"max_order_usd": 2e6, **limits}))


# -- caps ----------------------------------------------------------------------------------------------


def test_below_every_soft_tier_the_band_is_as_configured() -> None:
    rig = GuardedRig().hedged()
    rig.quiet(1)
    assert {cap.tier for cap in rig.guard.caps} == {Tier.FREE}
    assert (rig.guard.band_scale, rig.alarms) == (1.0, {})


def test_at_the_soft_share_of_a_cap_the_band_is_doubled_and_an_alarm_raised() -> None:
    rig = enveloped(max_turnover_hour_usd=400_000.0).hedged()
    rig.quiet(1)

    cap = rig.cap("max_turnover_hour_usd")
    assert cap.used == float(rig.placed[0].amount)
    assert 0.8 * cap.limit <= cap.used < cap.limit
    assert cap.tier is Tier.SOFT
    assert rig.guard.band_scale == 2.0
    alarm = rig.alarms["max_turnover_hour_usd"]
    assert alarm.severity is Severity.ERROR
    assert "the band is doubled" in alarm.detail


def test_the_soft_tier_ends_with_what_filled_it() -> None:
    rig = enveloped(max_turnover_hour_usd=400_000.0).hedged()
    rig.quiet(1)
    rig.wait(2 * 3_600)
    rig.step(*rig.quotes(CALL))
    assert rig.cap("max_turnover_hour_usd").tier is Tier.FREE
    assert (rig.guard.band_scale, rig.alarms) == (1.0, {})


@pytest.mark.parametrize(
    ("key", "limit", "reason"),
    [
        ("max_turnover_hour_usd", 360_000.0, Reason.TURNOVER_HOUR),
        ("max_turnover_day_usd", 360_000.0, Reason.TURNOVER_DAY),
        ("max_hedge_position_coin", 3.45, Reason.HEDGE_POSITION),
        ("max_orders_per_minute", 1, Reason.ORDER_RATE),
    ],
)
def test_at_the_cap_hedging_stops_by_name_and_pages(key: str, limit: float, reason: Reason) -> None:
    rig = enveloped(**{key: limit})
    rig.start()
    rig.filled()
    for index in (101_500.0, 103_000.0, 104_500.0):
        rig.filled(index)

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, reason)
    assert rig.cap(key).tier is Tier.HARD
    assert rig.alarms[key].severity is Severity.CRITICAL
    assert "hedging is stopped" in rig.alarms[key].detail


def test_a_page_for_a_cap_ends_when_the_book_is_back_in_its_band() -> None:
    rig = enveloped(max_hedge_position_coin=3.45).hedged()
    rig.filled(104_000.0)
    rig.filled(105_000.0)
    assert rig.last.reason is Reason.HEDGE_POSITION
    assert rig.alarms["max_hedge_position_coin"].severity is Severity.CRITICAL

    rig.filled(96_000.0)
    rig.filled(96_000.0)
    assert rig.last.action is Action.HOLD
    assert rig.cap("max_hedge_position_coin").tier is Tier.SOFT  # still large, and stopped no more
    assert rig.alarms["max_hedge_position_coin"].severity is Severity.ERROR


# -- losses --------------------------------------------------------------------------------------------

LIMIT = Envelope(max_order_usd=2e6, max_loss_day_coin=1.0)


def lossy(**keywords: Any) -> GuardedRig:
    return GuardedRig(**{"envelope": LIMIT, **keywords}).hedged()


def test_a_loss_at_the_soft_tier_doubles_the_band() -> None:
    rig = lossy()
    rig.step(rig.account("9.15"))

    assert rig.guard.loss is not None
    assert rig.guard.loss.today == pytest.approx(0.85)
    assert rig.cap("max_loss_day_coin").tier is Tier.SOFT
    assert rig.guard.band_scale == 2.0
    assert rig.alarms["max_loss_day_coin"].severity is Severity.ERROR
    assert rig.engine.view(rig.now).books[0].state is BreakerState.RUNNING


def test_a_loss_at_the_cap_pauses_the_book_latched_and_pages() -> None:
    rig = lossy()
    rig.step(rig.account("8.9"))

    assert rig.engine.view(rig.now).books[0].state is BreakerState.PAUSED
    latched = rig.records(Commanded)[-1]
    assert (latched.book, latched.state, latched.by) == ("btc", BreakerState.PAUSED, "hedger")
    assert latched.reason == "lost 1.1 coin, max_loss_day_coin = 1"
    assert rig.alarms["max_loss_day_coin"].severity is Severity.CRITICAL
    rig.move(110_000.0)
    assert rig.last.reason is Reason.PAUSED
    assert len(rig.placed) == 1


def test_a_loss_of_the_hedge_alone_is_none_where_the_options_earned_it() -> None:
    """The equity has both: futures lost two coins, the options' value rose by them."""
    rig = lossy()
    rig.told = {"futures_session_upl": Decimal(-2), "options_value": Decimal(2)}
    rig.step(rig.account("10"))
    assert rig.guard.loss is not None
    assert rig.guard.loss.today == 0.0


def test_resting_orders_are_cancelled_by_a_loss_stop() -> None:
    rig = GuardedRig(envelope=LIMIT)
    rig.start()
    rig.step(rig.account("8.9"))
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [rig.placed[0].label]


def test_a_resume_counts_losses_anew_and_says_so() -> None:
    rig = lossy()
    rig.step(rig.account("8.9"))
    rig.command("resume")
    rig.step(*rig.quotes(CALL))

    assert rig.engine.view(rig.now).books[0].state is BreakerState.RUNNING
    assert rig.guard.ended == "the loss stop: losses are counted anew from here"
    assert rig.guard.loss is not None
    assert rig.guard.loss.today == 0.0
    rig.step(rig.account("7.8"))
    assert rig.engine.view(rig.now).books[0].state is BreakerState.PAUSED


def test_what_a_person_commands_after_a_loss_stop_stands() -> None:
    """Flattening a losing book must not be stopped by the loss that made somebody flatten it."""
    rig = lossy()
    rig.command("flatten")
    rig.step(rig.account("8.0"))
    assert rig.engine.view(rig.now).books[0].state is BreakerState.FLATTENING


def test_observe_mode_alarms_and_pauses_nothing() -> None:
    rig = GuardedRig(envelope=LIMIT, mode=Mode.OBSERVE)
    rig.start()
    rig.step(rig.account("8.0"))
    assert rig.alarms["max_loss_day_coin"].severity is Severity.CRITICAL
    assert rig.engine.view(rig.now).books[0].state is BreakerState.RUNNING


def test_the_day_begins_anew_at_midnight_utc_and_the_start_does_not() -> None:
    rig = lossy(envelope=Envelope(max_order_usd=2e6, max_loss_day_coin=1.0, max_loss_coin=3.0))
    rig.step(rig.account("9.2"))
    rig.market_ms += DAY_S * 1000
    rig.step(rig.account("9.2"), *rig.quotes(CALL))
    rig.step(rig.account("9.0"))

    assert rig.guard.loss is not None
    assert rig.guard.loss.today == pytest.approx(0.2)
    assert rig.guard.loss.since_start == pytest.approx(1.0)
    assert rig.engine.view(rig.now).books[0].state is BreakerState.RUNNING


def test_a_restart_goes_on_counting_from_the_same_morning() -> None:
    first = lossy()
    kept = first.records(LossReferenced)
    assert [record.period for record in kept] == ["day", "start"]

    second = GuardedRig(envelope=LIMIT)
    second.references = tuple(kept)
    second.start(equity="8.9")
    assert second.engine.view(second.now).books[0].state is BreakerState.PAUSED


def withdrawn(rig: GuardedRig, amount: str = "5") -> None:
    """The balance falls, and the equity with it; no trade says why."""
    rig.balance -= Decimal(amount)
    rig.step(rig.account(str(rig.balance)))


FEE = 1e-5  # the hedge's


def test_cash_that_is_missing_and_not_understood_yet_is_no_loss() -> None:
    rig = lossy()
    withdrawn(rig)
    assert rig.guard.loss is not None
    assert rig.guard.loss.today == pytest.approx(0.0, abs=FEE)
    assert rig.engine.view(rig.now).books[0].state is BreakerState.RUNNING


def test_a_withdrawal_once_recognised_moves_what_losses_are_counted_from() -> None:
    rig = lossy(timing=Timing(reconcile_s=5.0))
    withdrawn(rig)
    rig.quiet(6)
    held = {CALL: "-10", PERP: str(rig.placed[0].signed_amount)}
    rig.step(rig.snapshot(held, equity="5"), *rig.quotes(CALL))
    rig.quiet(3)

    assert rig.guard.loss is not None
    assert rig.guard.loss.today == pytest.approx(0.0, abs=FEE)
    assert rig.guard.loss.cash_flow_coin == pytest.approx(-5.0, abs=FEE)
    assert [record.coin for record in rig.records(LossReferenced)[-2:]] == pytest.approx([5.0, 5.0], abs=FEE)
    rig.step(rig.account("3.9"))
    assert rig.engine.view(rig.now).books[0].state is BreakerState.PAUSED


def test_a_usd_books_loss_is_what_its_equity_is_worth() -> None:
    rig = GuardedRig(
        neutral=Neutral.USD,
        envelope=Envelope(max_order_usd=9e6, max_order_coin=50.0, max_loss_day_usd=50_000.0),
    ).hedged()
    rig.move(94_000.0)
    rig.quiet(1)
    assert rig.guard.loss is not None
    assert (rig.guard.loss.unit, rig.guard.loss.today) == ("USD", pytest.approx(60_000.0))
    assert rig.engine.view(rig.now).books[0].state is BreakerState.PAUSED


# -- margin --------------------------------------------------------------------------------------------


def thin(initial: str, **told: Any) -> GuardedRig:
    rig = GuardedRig(told={"margin_balance": Decimal(1), "initial_margin": Decimal(initial), **told})
    rig.start()
    return rig


def test_a_hedge_the_account_cannot_carry_is_refused_and_paged_as_such() -> None:
    rig = thin("0.95")

    assert not rig.placed
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.MARGIN)
    alarm = rig.alarms["no_margin"]
    assert alarm.severity is Severity.CRITICAL
    assert alarm.detail.startswith("delta out, no margin: initial margin would go from 0.95")


def test_a_hedge_of_which_a_part_fits_is_shrunk_to_that_part() -> None:
    rig = thin("0.93")
    part = rig.placed[0].amount

    whole = GuardedRig()
    whole.start()
    assert Decimal(0) < part < whole.placed[0].amount
    sent = rig.engine.view(rig.now).books[0].last_hedge
    assert sent is not None
    assert "shrunk" in sent.detail
    assert "no margin" in sent.detail


def test_a_hedge_made_before_the_account_is_told_anew_counts() -> None:
    """A second hedge may not spend the margin of the first again."""
    rig = thin("0.93")
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.quiet(2)
    assert len(rig.placed) == 1
    assert rig.last.reason is Reason.MARGIN


def test_the_page_ends_when_the_account_can_carry_the_hedge() -> None:
    rig = thin("0.95")
    rig.told = {"margin_balance": Decimal(5), "initial_margin": Decimal("0.95")}
    rig.step(rig.account(), *rig.quotes(CALL))
    assert len(rig.placed) == 1
    assert "no_margin" not in rig.alarms


def test_a_hedge_that_frees_margin_passes_below_the_floor() -> None:
    rig = GuardedRig(told={"margin_balance": Decimal(1), "initial_margin": Decimal("1.2")})
    rig.start({CALL: "-10", PERP: "600000"})
    assert rig.placed[0].side is Side.SELL


def test_rules_nobody_knows_stop_a_live_book_and_no_paper_one() -> None:
    live = GuardedRig(told={"margin_model": "quantum"})
    live.start()
    assert not live.placed
    assert live.last.reason is Reason.ACCOUNT_UNKNOWN
    assert live.alarms["no_margin"].severity is Severity.CRITICAL

    paper = GuardedRig(told={"margin_model": "quantum"}, mode=Mode.PAPER)
    paper.start()
    assert len(paper.placed) == 1


def test_margin_is_shown_before_and_after_the_next_hedge_with_the_way_to_a_liquidation() -> None:
    rig = GuardedRig(
        told={
            "margin_model": "segregated_sm",
            "margin_balance": Decimal(2),
            "initial_margin": Decimal("1.2"),
            "maintenance_margin": Decimal("0.9"),
            "estimated_liquidation_ratio": 0.45,
            "projected_initial_margin": Decimal("0.4"),
        }
    )
    rig.start()
    margin = rig.guard.margin
    assert margin is not None
    assert (margin.model, margin.currency, margin.balance) == ("segregated_sm", "BTC", 2.0)
    assert margin.available == pytest.approx(0.8)
    assert margin.excess_fraction == pytest.approx(0.4)
    assert margin.maintenance_distance == pytest.approx(0.55)
    assert margin.hedge_coin is not None
    assert margin.initial_after is not None
    assert margin.initial_after > margin.initial
    assert margin.liquidation_up_pct is not None
    assert margin.liquidation_up_pct > 0
    assert (margin.liquidation_ratio, margin.projected_initial) == (0.45, 0.4)


def test_the_venues_own_margin_of_our_position_is_what_the_next_lot_costs() -> None:
    rig = GuardedRig(told={"margin_balance": Decimal(2)}).hedged()
    held = str(rig.placed[0].signed_amount)
    dear = float(rig.placed[0].signed_amount) / rig.index * 0.2  # the venue asks for a fifth
    cheap = rig.guard.margin
    rig.step(rig.with_margin(held, str(round(dear, 8)), "0.3"), rig.account())
    rig.move(104_000.0)
    rig.quiet(1)
    told = rig.guard.margin
    assert cheap is not None
    assert told is not None
    assert told.hedge_coin is not None
    assert told.initial_after is not None
    assert (told.initial_after - told.initial) / abs(told.hedge_coin) > 0.15


def test_an_account_not_told_for_three_looks_is_not_known() -> None:
    """Positions that are answered beside an account that is not: its margin may be long gone."""
    rig = GuardedRig(timing=Timing(reconcile_s=60.0)).hedged()
    held = {CALL: "-10", PERP: str(rig.placed[0].signed_amount)}
    rig.quiet(181)
    silent = msgspec.structs.replace(rig.snapshot(held), accounts=())
    rig.step(silent, *rig.quotes(CALL))
    rig.move(106_000.0)
    assert rig.guard.margin is None
    assert rig.last.reason is Reason.ACCOUNT_UNKNOWN

    rig.step(rig.account(), *rig.quotes(CALL))
    assert len(rig.placed) == 2


def collateral(option: str, base: str, held: str) -> GuardedRig:
    """An account below the floor; `base` of the perpetual is set aside as collateral, the rest is own."""
    scope = Scope(adopt=(PERP,), base_position={PERP: float(base)}, settle_s=0.0)
    told = {"margin_balance": Decimal(1), "initial_margin": Decimal("1.2")}
    rig = GuardedRig(told=told, scope=scope)
    rig.start({option: "-10", PERP: held})
    return rig


def test_a_hedge_against_a_perpetual_set_aside_frees_margin() -> None:
    """The account's position shrinks, whatever the book's own does: that is what margin is asked for."""
    rig = collateral(PUT, "1000000", "1000000")
    assert [order.side for order in rig.placed] == [Side.SELL]


def test_a_hedge_that_shrinks_the_books_share_and_grows_the_accounts_position_needs_margin() -> None:
    rig = collateral(CALL, "-1200000", "-300000")  # its share is 900,000, too many by half
    assert rig.delta > 1.0
    assert not rig.placed
    assert rig.last.reason is Reason.MARGIN
