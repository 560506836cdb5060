"""What a person is asked before a hedge, can order beside the policy, and is told while nothing hedges."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, BreakerState, Mode, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import Commanded
from hedger.execution.params import ExecutionParams, Style
from tests.engine.rig import CALL, PERP, VENUE, Rig

WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
ASKS = ExecutionParams(confirm_above_coin=1.0)


def command(word: str, book: str = "", **more: Any) -> ev.CommandGiven:
    return ev.CommandGiven(command=word, book=book, by="me", reason="drill", **more)


def asking(**changes: Any) -> Rig:
    rig = Rig(execution=ASKS, **{**WIDE, **changes})
    rig.start()
    return rig


def hedged(**changes: Any) -> Rig:
    rig = Rig(**{**WIDE, **changes})
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    return rig


def breaker(rig: Rig) -> BreakerState:
    return rig.engine.view(rig.now).breaker


def alarms(rig: Rig) -> dict[str, str]:
    return {alarm.name: alarm.detail for alarm in rig.engine.view(rig.now).alarms}


def latched(rig: Rig) -> list[tuple[str, BreakerState]]:
    records = [record for write in rig.of(fx.Write) for record in write.records]
    return [(record.book, record.state) for record in records if isinstance(record, Commanded)]


# --- confirmation -------------------------------------------------------------------------------------


def test_a_large_first_hedge_is_shown_and_waits_for_a_person() -> None:
    rig = asking()
    assert not rig.placed
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.CONFIRMATION)
    assert (rig.last.side, rig.last.instrument) == ("buy", PERP)
    assert rig.last.amount_coin == pytest.approx(3.56, abs=0.1)
    assert "hedger confirm" in alarms(rig)["confirmation"]

    rig.step(command("confirm", "btc"), *rig.quotes(CALL))
    assert len(rig.placed) == 1
    assert "confirmation" not in alarms(rig)


def test_a_small_first_hedge_passes_and_so_does_every_later_one() -> None:
    rig = asking(lower=-3.0, upper=3.0)
    assert len(rig.placed) == 1, "0.66 coin are below the bound"
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.move(108_000.0)
    assert len(rig.placed) == 2
    assert rig.placed[1].amount > 100_000


def test_what_was_confirmed_is_that_side_at_about_that_size() -> None:
    """A hedge that has grown by more than a quarter since it was shown is shown again."""
    rig = asking()
    rig.index = 112_000.0
    made = rig.step(command("confirm"), *rig.quotes(CALL))

    assert not [effect for effect in made if isinstance(effect, fx.Place)]
    assert rig.last.reason is Reason.CONFIRMATION


def test_a_confirmation_of_nothing_is_refused() -> None:
    rig = hedged()
    rig.step(command("confirm"))
    assert "command_refused" in rig.notes()


def test_after_a_resume_the_next_hedge_is_a_first_one_again() -> None:
    rig = asking()
    rig.step(command("confirm"), *rig.quotes(CALL))
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.step(command("pause"))
    rig.step(command("resume"))
    rig.move(115_000.0)

    assert rig.last.reason is Reason.CONFIRMATION
    assert len(rig.placed) == 1


def test_observe_mode_asks_nobody() -> None:
    rig = asking(mode=Mode.OBSERVE)
    assert rig.last.action is Action.WOULD_HEDGE


def test_all_of_a_hedge_in_clips_is_asked_about_at_once() -> None:
    execution = ExecutionParams(confirm_above_coin=1.0, min_clip_usd=0.0)
    rig = Rig(execution=execution, **WIDE)
    rig.start(quotes=False)
    rig.step(rig.indexed(), rig.perp_quote(ask_amount=20_000.0), rig.option_quote(CALL))
    assert rig.last.reason is Reason.CONFIRMATION
    assert abs(rig.last.amount_coin) > 3.0


# --- neutralise ---------------------------------------------------------------------------------------


def test_neutralise_hedges_to_the_target_whatever_the_band_says_and_then_pauses() -> None:
    rig = hedged(lower=-3.0, upper=3.0)
    rig.step(command("neutralise"), *rig.quotes(CALL))
    assert rig.last.reason in (Reason.NEUTRALISE, Reason.IN_FLIGHT)
    order = rig.placed[1]
    rig.step(*rig.fill_of(order), *rig.quotes(CALL))

    assert abs(rig.delta) <= 5 / 100_000 + 1e-9
    assert breaker(rig) is BreakerState.PAUSED
    assert latched(rig)[-1] == ("", BreakerState.PAUSED)
    rig.move(110_000.0)
    assert len(rig.placed) == 2


def test_a_book_alone_is_neutralised_by_its_own_switch() -> None:
    rig = hedged(lower=-3.0, upper=3.0)
    rig.step(command("neutralise", "btc"), *rig.quotes(CALL))
    rig.step(*rig.fill_of(rig.placed[1]), *rig.quotes(CALL))

    assert breaker(rig) is BreakerState.RUNNING
    assert rig.engine.view(rig.now).books[0].state is BreakerState.PAUSED


def test_neutralise_ends_a_pause_of_its_own_switch_without_letting_the_policy_trade() -> None:
    rig = hedged()
    rig.step(command("pause"))
    rig.move(108_000.0)
    assert len(rig.placed) == 1
    rig.step(command("neutralise"), *rig.quotes(CALL))
    rig.step(*rig.fill_of(rig.placed[1]), *rig.quotes(CALL))

    assert abs(rig.delta) <= 5 / 100_000 + 1e-9
    assert breaker(rig) is BreakerState.PAUSED


def test_neutralise_takes_what_it_needs_and_does_not_rest() -> None:
    rig = Rig(execution=ExecutionParams(style=Style.CHASE), **{**WIDE, "lower": -5.0, "upper": 5.0})
    rig.start()
    rig.step(command("neutralise"), *rig.quotes(CALL))
    assert not rig.placed[0].post_only


def test_neutralising_survives_a_restart() -> None:
    rig = Rig(**{**WIDE, "lower": -5.0, "upper": 5.0})
    rig.start(breakers={"": BreakerState.NEUTRALISING})
    assert rig.placed[0].side is Side.BUY
    rig.step(*rig.fill_of(rig.placed[0]), *rig.quotes(CALL))
    assert breaker(rig) is BreakerState.PAUSED


def test_a_book_that_is_at_its_target_already_pauses_at_once() -> None:
    rig = hedged(to_centre=1)
    rig.step(command("neutralise"), *rig.quotes(CALL))
    rig.step(*rig.quotes(CALL))
    assert len(rig.placed) == 1
    assert breaker(rig) is BreakerState.PAUSED


# --- flatten ------------------------------------------------------------------------------------------


def test_flatten_that_leaves_more_delta_than_there_is_is_refused_with_the_figure() -> None:
    rig = hedged()
    objection = rig.engine.objection(command("flatten"), rig.now)
    assert "leaves -3.6" in objection
    assert "--accept-naked-delta" in objection
    rig.step(command("flatten"))

    assert len(rig.placed) == 1
    assert breaker(rig) is BreakerState.RUNNING


def test_flatten_that_makes_delta_smaller_needs_no_word() -> None:
    """The options have gone, the hedge stands alone: closing it is no risk."""
    rig = Rig(**{**WIDE, "lower": -9.0, "upper": 9.0})
    rig.start({CALL: "-1", PERP: "400000"})
    rig.step(command("flatten"), *rig.quotes(CALL))
    assert rig.placed[0].side is Side.SELL


def test_flatten_goes_in_clips_and_closes_the_hedge_alone() -> None:
    rig = hedged(execution=ExecutionParams(min_clip_usd=0.0))
    thin = [rig.indexed(), rig.perp_quote(bid_amount=150_000.0), rig.option_quote(CALL)]
    rig.step(command("flatten", accept_naked_delta=True), *thin)
    for number in range(1, 4):
        if number < len(rig.placed):
            thin = [rig.indexed(), rig.perp_quote(bid_amount=150_000.0), rig.option_quote(CALL)]
            rig.step(*rig.fill_of(rig.placed[number]), *thin)

    assert [order.amount for order in rig.placed[1:3]] == [Decimal(150_000), Decimal(150_000)]
    assert rig.engine.view(rig.now).books[0].hedge_position.coin == 0.0
    assert rig.engine.view(rig.now).books[0].working.hedges_done == 2


# --- stopped beyond the hard limit --------------------------------------------------------------------


def test_stopped_beyond_the_hard_limit_pages_with_delta_loss_and_the_one_command() -> None:
    rig = hedged(hard_lower=-0.5, hard_upper=0.5)
    rig.step(command("pause"))
    rig.move(106_000.0)
    rig.step(rig.account("9.5"), *rig.quotes(CALL))
    told = alarms(rig)["stopped_beyond_hard_limit"]

    assert "paused with delta -" in told
    assert "equity -0.500000 BTC" in told
    assert "`hedger neutralise` ends it" in told


def test_the_page_is_repeated_every_minute_and_ends_with_the_excess() -> None:
    rig = hedged(hard_lower=-0.5, hard_upper=0.5)
    rig.step(command("pause"))
    for _ in range(150):
        rig.wait(1.0)
        rig.move(106_000.0)
    said = [n for n in rig.of(fx.Note) if n.name == "alarm" and n.severity is Severity.CRITICAL]
    assert len(said) == 3

    rig.move(100_000.0)
    assert "stopped_beyond_hard_limit" not in alarms(rig)


def test_within_the_hard_limit_a_pause_pages_nobody() -> None:
    rig = hedged()
    rig.step(command("pause"))
    rig.move(104_000.0)
    assert "stopped_beyond_hard_limit" not in alarms(rig)


def test_a_halted_book_is_told_to_be_resumed_and_a_books_own_switch_is_named() -> None:
    rig = hedged(hard_lower=-0.5, hard_upper=0.5)
    rig.step(command("halt", "btc"))
    rig.move(106_000.0)
    assert "`hedger resume --book btc` ends it" in alarms(rig)["stopped_beyond_hard_limit"]


def test_a_plan_for_after_the_resume_shows_the_first_order_and_changes_nothing() -> None:
    rig = hedged()
    rig.step(command("pause"))
    rig.move(106_000.0)
    plan = rig.engine.plan("btc", rig.now, resumed=True)

    assert (plan.action, plan.side) == (Action.HEDGE, "buy")
    assert rig.engine.plan("btc", rig.now).reason is Reason.PAUSED
    assert breaker(rig) is BreakerState.PAUSED
    assert len(rig.placed) == 1


def test_nothing_is_lost_by_a_stop_that_came_with_the_start() -> None:
    """The daemon starts paused: equity is known only after the first summary."""
    rig = Rig(**{**WIDE, "hard_lower": -0.5, "hard_upper": 0.5})
    rig.start(breakers={"": BreakerState.PAUSED})
    assert "equity +0.000000 BTC (+0 USD)" in alarms(rig)["stopped_beyond_hard_limit"]
    rig.step(ev.LinkDown(VENUE, "cut"))
    assert "stopped_beyond_hard_limit" in alarms(rig)


def test_where_both_switches_are_paused_both_are_named() -> None:
    rig = hedged(hard_lower=-0.5, hard_upper=0.5)
    rig.step(command("pause"), command("pause", "btc"))
    rig.move(106_000.0)
    told = alarms(rig)["stopped_beyond_hard_limit"]
    assert "`hedger neutralise && hedger neutralise --book btc` ends it" in told


def test_an_order_that_turns_up_open_while_its_book_is_halted_is_cancelled_again() -> None:
    rig = Rig(**WIDE)
    rig.start()
    order = rig.placed[0]
    rig.step(ev.PlacementLost(VENUE, order.label, "no reply"))
    rig.step(command("halt", "btc"))
    before = len(rig.of(fx.Cancel))
    rig.step(rig.report_of(order, "open"))
    assert len(rig.of(fx.Cancel)) == before + 1
