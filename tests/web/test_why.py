"""The sentence that answers "why did you not hedge?"."""

from __future__ import annotations

import msgspec
import pytest

from hedger.domain.vocabulary import Action, BreakerState, Reason
from hedger.web.why import sentence, why
from tests.view_fixtures import book, decision, hedge, unknown_book


def test_a_book_inside_its_band_says_how_far_the_next_trigger_is_in_coin_level_and_per_cent() -> None:
    assert sentence(book()) == (
        "No hedge: delta +0.0412 BTC is inside the band -0.1000 to +0.1000. "
        "The next trigger is 0.0588 BTC away: the index at 63,119 USD (-1.76 %)."
    )


def test_the_distance_is_that_of_the_delta_shown_beside_it_not_of_the_instant_of_the_decision() -> None:
    """A decision that says the same again is kept as it was recorded, seconds ago."""
    moved = book(delta=msgspec.structs.replace(book().delta, used=-0.0709), in_flight_coin=0.01)
    answer = why(moved)
    assert answer.distance_coin == pytest.approx(0.1 - 0.0609)
    assert "The next trigger is 0.0391 BTC away: " in answer.sentence


def test_where_the_view_knows_no_delta_or_band_the_distance_is_the_decisions() -> None:
    nothing = unknown_book()
    for shown in (book(delta=nothing.delta), book(band=nothing.band)):
        assert why(shown).distance_coin == 0.0588


def test_the_nearer_of_the_two_index_levels_is_the_next_trigger() -> None:
    assert why(book()).next_trigger_index_usd == 63_119.0
    assert why(book(index_usd=66_900.0)).next_trigger_index_usd == 66_965.0


def test_the_move_carries_its_sign_when_the_level_is_known() -> None:
    move_pct = why(book()).distance_move_pct
    assert move_pct == pytest.approx((63_119 / 64_250 - 1) * 100)


def test_without_levels_the_decisions_own_move_is_told() -> None:
    band = msgspec.structs.replace(book().band, lower_index_usd=None, upper_index_usd=None)
    answer = why(book(band=band))
    assert answer.distance_move_pct == 1.76
    assert answer.sentence.endswith("The next trigger is 0.0588 BTC away: an index move of 1.76 %.")


def test_without_gamma_only_the_coin_distance_is_told() -> None:
    band = msgspec.structs.replace(book().band, lower_index_usd=None, upper_index_usd=None)
    shown = book(band=band, last_decision=decision(distance_move_pct=None))
    assert sentence(shown).endswith("The next trigger is 0.0588 BTC away.")


def test_outside_the_band_there_is_no_next_trigger_because_it_has_fired() -> None:
    outside = book(
        delta=msgspec.structs.replace(book().delta, used=0.13),
        last_decision=decision(action=Action.WAIT, reason=Reason.COOLDOWN, detail=""),
    )
    answer = why(outside)
    assert (answer.distance_coin, answer.next_trigger_index_usd) == (0.0, None)
    assert answer.sentence == "Waiting: the last hedge is too recent."


def test_what_blocks_tells_no_next_trigger() -> None:
    blocked = decision(action=Action.BLOCKED, reason=Reason.STALE_QUOTE, detail="", distance_coin=0.0)
    answer = why(book(last_decision=blocked))
    assert answer.next_trigger_index_usd is None
    assert answer.sentence == "Blocked: a quote is too old to trade on."


def test_a_decision_without_its_own_words_gets_those_of_its_reason() -> None:
    waiting = decision(action=Action.WAIT, reason=Reason.COOLDOWN, detail="")
    assert sentence(book(last_decision=waiting)) == "Waiting: the last hedge is too recent."


def test_a_hedge_names_its_order() -> None:
    assert sentence(book(last_decision=hedge())).startswith("Hedging (sell 8,400 USD of BTC-PERPETUAL): ")


def test_a_book_at_start_up_says_what_it_awaits() -> None:
    answer = why(unknown_book())
    assert answer.sentence == "No decision yet; awaited: account of BTC, index btc_usd."
    assert answer.action is None
    assert answer.binding is None
    assert answer.distance_coin is None


def test_what_is_awaited_is_said_beside_the_reason() -> None:
    blocked = decision(action=Action.BLOCKED, reason=Reason.WARM_UP, detail="")
    shown = book(last_decision=blocked, missing=("ticker BTC-27FEB26-70000-C",))
    assert sentence(shown).endswith("; awaited: ticker BTC-27FEB26-70000-C.")


def test_what_the_reason_says_already_is_not_said_again_as_awaited() -> None:
    """The gate's own words are the decision's detail and the first thing awaited, its age a moment older."""
    blocked = decision(action=Action.BLOCKED, reason=Reason.STALE_QUOTE, detail="T: 3.1 s old, at most 3")
    shown = book(last_decision=blocked, missing=("T: 3.4 s old, at most 3", "U"))
    assert sentence(shown) == "Blocked: T: 3.1 s old, at most 3; awaited: U."


@pytest.mark.parametrize("state", [BreakerState.PAUSED, BreakerState.HALTED])
def test_a_book_that_would_not_trade_tells_no_distance_to_a_trigger(state: BreakerState) -> None:
    answer = why(book(state=state))
    assert (answer.distance_coin, answer.distance_move_pct, answer.next_trigger_index_usd) == (
        None,
        None,
        None,
    )
    assert "next trigger" not in answer.sentence
