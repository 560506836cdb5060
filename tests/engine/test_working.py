"""A hedge is one thing until its target is reached, whatever number of orders it takes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import HedgeDone, HedgeEnd
from hedger.execution.params import ExecutionParams
from tests.engine.rig import CALL, Rig, settings

WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
SMALL_CLIPS = ExecutionParams(min_clip_usd=0.0)


def thin(rig: Rig, amount: float = 100_000.0) -> list[ev.Event]:
    """Tickers of a market that shows no more than `amount` USD at the touch."""
    return [rig.indexed(), rig.perp_quote(bid_amount=amount, ask_amount=amount), rig.option_quote(CALL)]


def started(amount: float = 100_000.0, execution: ExecutionParams = SMALL_CLIPS, **band: float) -> Rig:
    rig = Rig(execution=execution, **{**WIDE, **band})
    rig.start(quotes=False)
    rig.step(*thin(rig, amount))
    return rig


def work_to_the_end(rig: Rig, amount: float = 100_000.0, most: int = 30) -> int:
    """Fill child after child; returns how many there were."""
    for number in range(most):
        if number == len(rig.placed):
            return number
        rig.step(*rig.fill_of(rig.placed[number]), *thin(rig, amount))
    raise AssertionError(f"still working after {most} children: {rig.last}")


def hedges_done(rig: Rig) -> list[HedgeDone]:
    return [r for write in rig.of(fx.Write) for r in write.records if isinstance(r, HedgeDone)]


def test_no_child_is_larger_than_what_the_touch_shows() -> None:
    rig = started()
    assert [order.amount for order in rig.placed] == [Decimal(100_000)]
    assert work_to_the_end(rig) == 4

    assert max(order.amount for order in rig.placed) == 100_000
    assert sum(order.amount for order in rig.placed) == pytest.approx(356_000, abs=2_000)
    assert -0.1 <= rig.delta < -0.0998


def test_the_next_clip_waits_for_a_ticker_that_knows_of_the_last() -> None:
    """What the old ticker shows is gone: another clip against it would sweep the levels behind."""
    rig = started()
    rig.wait(0.05)
    rig.step(*rig.fill_of(rig.placed[0]))
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.NEXT_CLIP)
    assert len(rig.placed) == 1

    rig.step(*thin(rig))
    assert len(rig.placed) == 2


def test_half_of_the_touch_where_half_is_asked_for_and_all_of_it_where_clips_are_off() -> None:
    half = started(execution=ExecutionParams(depth_share=0.5, min_clip_usd=0.0))
    assert half.placed[0].amount == 50_000
    off = started(execution=ExecutionParams(depth_share=0.0))
    assert off.placed[0].amount > 350_000


def test_a_thin_touch_does_not_make_dust() -> None:
    rig = started(amount=70.0, execution=ExecutionParams(min_clip_usd=10_000.0))
    assert rig.placed[0].amount == 10_000


def test_a_hedge_to_the_centre_worked_in_clips_does_not_stop_at_the_edge() -> None:
    rig = started(to_centre=1, lower=-1.0, upper=1.0)
    work_to_the_end(rig)

    assert abs(rig.delta) <= 10 / 100_000, (
        "the policy is content inside its band, the hedge is not done there"
    )
    (done,) = hedges_done(rig)
    assert done.end is HedgeEnd.REACHED
    assert len(done.children) == 4


def test_clips_of_one_hedge_do_not_wait_for_the_cooldown_between_hedges() -> None:
    rig = started(cooldown_s=300.0)
    assert work_to_the_end(rig) == 4

    rig.wait(10)
    rig.index = 105_000.0
    rig.step(*thin(rig))
    assert rig.last.reason is Reason.COOLDOWN, "the next hedge does"


def test_a_hedge_the_market_has_made_unnecessary_ends() -> None:
    rig = started(to_centre=1, lower=-1.0, upper=1.0)
    rig.step(*rig.fill_of(rig.placed[0]), *thin(rig))
    rig.index = 80_000.0  # the calls are worth nothing there: the hedge bought so far is too much
    rig.step(*rig.fill_of(rig.placed[1]), *thin(rig))

    ends = [done.end for done in hedges_done(rig)]
    assert ends == [HedgeEnd.CHANGED]
    assert rig.placed[-1].side is Side.SELL


def test_a_hedge_that_finds_no_counterpart_is_given_up_and_decided_afresh() -> None:
    rig = started(execution=ExecutionParams(give_up_s=60.0))
    for _ in range(200):
        if hedges_done(rig):
            break
        rig.step(rig.report_of(rig.placed[-1], "cancelled"))
        rig.wait(1.0)
        rig.step(*thin(rig))
    (done,) = hedges_done(rig)

    assert (done.end, done.filled) == (HedgeEnd.GIVEN_UP, "0")
    assert 60.0 <= done.worked_s < 90.0


def test_a_pause_ends_the_hedge_and_no_clip_follows() -> None:
    rig = started()
    rig.step(ev.CommandGiven(command="pause", book="", by="me", reason="drill"))
    rig.step(*rig.fill_of(rig.placed[0]), *thin(rig))

    assert len(rig.placed) == 1
    (done,) = hedges_done(rig)
    assert (done.end, done.filled) == (HedgeEnd.STOPPED, "100000")


def test_new_settings_end_what_the_old_ones_wanted() -> None:
    """A hedge to the centre was asked for; now the file says that nothing is to be done there."""
    rig = started(to_centre=1, lower=-1.0, upper=1.0)
    rig.step(*rig.fill_of(rig.placed[0]), *thin(rig))
    wide = settings(config_hash="other", lower=-9.0, upper=9.0, hard_lower=-50.0, hard_upper=50.0)
    rig.step(ev.SettingsApplied(wide))
    rig.step(*rig.fill_of(rig.placed[1]), *thin(rig))

    assert len(rig.placed) == 2
    assert [done.end for done in hedges_done(rig)] == [HedgeEnd.CHANGED]


def test_the_shortfall_is_fills_and_fees_against_the_mark_at_the_decision() -> None:
    """356,xxx USD bought at the cap, 0.1 % above the mark: 10 bps, and the fee of one fill."""
    rig = started(amount=500_000.0)
    rig.step(*rig.fill_of(rig.placed[0]), *thin(rig, 500_000.0))
    (done,) = hedges_done(rig)
    view = rig.engine.view(rig.now).books[0].working

    assert done.reference_price == 100_000.0
    assert done.average_price == pytest.approx(100_100.0)
    amount = float(rig.placed[0].amount)
    lost = amount * (1 / 100_000 - 1 / 100_100) + 0.0000035
    assert done.shortfall_coin == pytest.approx(lost)
    assert done.shortfall_usd == pytest.approx(lost * 100_000)
    assert done.shortfall_bps == pytest.approx(lost * 100_000 / amount * 1e4)
    assert done.fees_usd == pytest.approx(0.35)
    assert (view.last, view.hedges_done) == (done, 1)
    assert view.shortfall_usd == pytest.approx(done.shortfall_usd)


def test_the_decision_tells_what_the_order_is_expected_to_cost() -> None:
    """Half a dollar from mark to the ask and the listing's taker fee."""
    rig = started(amount=500_000.0)
    hedge = rig.engine.view(rig.now).books[0].last_hedge
    assert hedge is not None
    assert hedge.expected_cost_usd == pytest.approx(hedge.amount_usd * (0.00035 + 0.5 / 100_000))


def test_what_is_being_worked_is_shown() -> None:
    rig = started()
    rig.step(*rig.fill_of(rig.placed[0]), *thin(rig))
    shown = rig.engine.view(rig.now).books[0].working.hedge

    assert shown is not None
    assert (shown.side, shown.filled, len(shown.children)) == ("buy", "100000", 2)
    assert shown.reason is Reason.OUTSIDE_BAND


def test_the_record_of_a_child_says_that_it_is_part_of_more() -> None:
    rig = started()
    hedge = rig.engine.view(rig.now).books[0].last_hedge
    assert hedge is not None
    assert hedge.action is Action.HEDGE
    assert "no more is shown" in hedge.detail
