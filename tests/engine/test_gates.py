"""Bad data, dead data, breakers, a venue that refuses: each blocks by name, and nothing trades on it."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from hedger.domain.instrument import InstrumentState
from hedger.domain.vocabulary import Action, BreakerState, Reason, State
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import Commanded, Configured
from tests.engine.rig import CALL, PERP, PUT, VENUE, Rig, settings

TIGHT = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}


def flat() -> Rig:
    """A rig hedged into its band."""
    rig = Rig(**TIGHT)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    return rig


def command(name: str, book: str = "") -> ev.CommandGiven:
    return ev.CommandGiven(command=name, book=book, by="test", reason="drill", accept_naked_delta=True)


def test_a_pause_blocks_and_a_resume_lets_it_trade_again() -> None:
    rig = flat()
    rig.step(command("pause"))
    rig.move(105_000.0)
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.PAUSED)
    assert len(rig.placed) == 1
    assert rig.engine.view(rig.now).state is State.PAUSED

    rig.step(command("resume"))
    assert len(rig.placed) == 2


def test_a_books_breaker_and_the_daemons_are_two_and_the_stricter_wins() -> None:
    rig = flat()
    rig.step(command("pause", "btc"), command("halt"))
    assert rig.engine.view(rig.now).books[0].state is BreakerState.HALTED
    rig.step(command("resume"))
    assert rig.engine.view(rig.now).books[0].state is BreakerState.PAUSED


def test_every_command_is_journalled_with_who_and_why() -> None:
    rig = flat()
    rig.step(command("pause", "btc"))

    records = [r for w in rig.of(fx.Write) for r in w.records if isinstance(r, Commanded)]
    assert [(r.book, r.state, r.by, r.reason) for r in records] == [
        ("btc", BreakerState.PAUSED, "test", "drill")
    ]


def test_a_command_for_an_unknown_book_changes_nothing() -> None:
    rig = flat()
    rig.step(command("halt", "eth"))

    assert rig.engine.view(rig.now).state is State.RUNNING
    assert "command_refused" in rig.notes()


def test_a_halt_cancels_what_may_rest_and_drops_what_waits() -> None:
    rig = Rig(**TIGHT)
    rig.journal_ok = False
    rig.start()
    rig.step(command("halt"))
    rig.step(ev.Durable(sequence=99))

    assert not rig.placed
    assert rig.engine.view(rig.now).counters.orders["dropped"] == 1

    live = Rig(**TIGHT)
    live.start()
    live.step(command("halt"))
    assert [cancel.label for cancel in live.of(fx.Cancel)] == [live.placed[0].label]


def test_flatten_closes_the_hedge_position_and_then_holds() -> None:
    rig = flat()
    rig.step(command("flatten"))
    order = rig.placed[1]
    assert order.amount == rig.placed[0].amount
    rig.step(*rig.fill_of(order))

    assert rig.engine.view(rig.now).books[0].hedge_position.coin == 0
    assert (rig.last.action, rig.last.reason) == (Action.HOLD, Reason.FLATTENING)


def test_reduce_only_lets_a_hedge_shrink_and_not_grow() -> None:
    rig = flat()
    rig.step(command("reduce_only"))
    rig.move(106_000.0)
    assert rig.last.reason is Reason.REDUCE_ONLY
    assert len(rig.placed) == 1

    rig.move(95_000.0)
    assert len(rig.placed) == 2


@pytest.mark.parametrize("age_s", [5.1, 60.0])
def test_a_stale_hedge_quote_blocks(age_s: float) -> None:
    rig = flat()
    rig.wait(age_s)
    rig.index = 105_000.0
    rig.step(rig.indexed(), rig.option_quote(CALL))

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.STALE_QUOTE)
    assert PERP in rig.last.detail


def test_a_stale_index_blocks() -> None:
    rig = flat()
    rig.wait(5.1)
    rig.step(rig.perp_quote(), rig.option_quote(CALL))

    assert rig.last.reason is Reason.STALE_INDEX


@pytest.mark.parametrize("field", ["delta", "iv", "underlying_usd"])
def test_missing_greeks_are_missing_and_never_zero(field: str) -> None:
    """An option nobody has ever told the greeks of: there is no volatility to fall back on."""
    rig = Rig(**TIGHT)
    rig.start(quotes=False)
    rig.step(rig.indexed(), rig.perp_quote(), rig.option_quote(CALL, **{field: None}))

    assert rig.last.action is Action.BLOCKED
    assert CALL in rig.last.detail
    assert rig.engine.view(rig.now).books[0].delta.used is None
    assert not rig.placed


def test_a_refused_payload_blocks_its_instrument_until_a_good_one_arrives() -> None:
    rig = flat()
    rig.step(ev.BadData(venue=VENUE, channel=f"ticker.{CALL}.100ms", instrument=CALL, detail="delta = nan"))
    rig.index = 105_000.0
    rig.step(rig.indexed(), rig.perp_quote())
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.BAD_INPUT)
    assert "delta = nan" in rig.last.detail

    rig.step(rig.option_quote(CALL))
    assert len(rig.placed) == 2


def test_bad_data_of_something_nobody_holds_is_only_counted() -> None:
    rig = flat()
    rig.step(ev.BadData(venue=VENUE, channel="ticker.X", instrument="X", detail="odd"))

    assert rig.last.reason is Reason.WITHIN_BAND
    assert rig.engine.view(rig.now).counters.bad_data == {VENUE: 1}


def test_an_older_ticker_never_replaces_a_newer_one() -> None:
    rig = flat()
    late = rig.perp_quote(mark=90_000.0, market_ms=rig.market_ms - 60_000)
    delta = rig.delta
    rig.step(late)

    assert rig.delta == pytest.approx(delta, abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bid": None, "bid_amount": 0.0}, Reason.NO_LIQUIDITY),
        ({"ask": 106_000.0}, Reason.NO_LIQUIDITY),
        ({"state": InstrumentState.LOCKED}, Reason.INSTRUMENT_NOT_OPEN),
    ],
)
def test_a_hedge_market_nobody_should_trade_in_blocks(changes: dict[str, object], reason: Reason) -> None:
    rig = flat()
    rig.index = 105_000.0
    rig.step(rig.indexed(), rig.perp_quote(**changes), rig.option_quote(CALL))

    assert len(rig.placed) == 1
    assert rig.last.action in (Action.BLOCKED, Action.HOLD)
    assert rig.last.reason is reason


def test_a_locked_platform_or_index_blocks() -> None:
    rig = flat()
    rig.step(ev.PlatformLocked(venue=VENUE, index="btc_usd", locked=True, detail="maintenance"))
    assert rig.last.reason is Reason.PLATFORM_LOCKED
    rig.step(ev.PlatformLocked(venue=VENUE, index="btc_usd", locked=False, detail=""))
    assert rig.last.reason is Reason.WITHIN_BAND
    rig.step(ev.PlatformLocked(venue=VENUE, index="eth_usd", locked=True, detail=""))
    assert rig.last.reason is Reason.WITHIN_BAND


def test_a_closed_hedge_instrument_blocks_until_it_is_open_again() -> None:
    rig = flat()
    change = ev.InstrumentStateChanged(venue=VENUE, instrument=PERP, state=InstrumentState.SETTLEMENT)
    rig.step(change)
    assert rig.last.reason is Reason.INSTRUMENT_NOT_OPEN
    rig.step(ev.InstrumentStateChanged(venue=VENUE, instrument=PERP, state=InstrumentState.OPEN))
    assert rig.last.reason is Reason.WITHIN_BAND


def test_a_delivered_option_makes_the_engine_ask_for_the_positions() -> None:
    rig = flat()
    asked = len(rig.of(fx.RequestSnapshot))
    rig.step(ev.InstrumentStateChanged(venue=VENUE, instrument=CALL, state=InstrumentState.DELIVERED))

    assert len(rig.of(fx.RequestSnapshot)) == asked + 1


def test_a_definite_refusal_ends_the_order_and_backs_off() -> None:
    rig = Rig(**TIGHT)
    rig.start()
    rig.step(
        ev.PlacementRefused(venue=VENUE, label=rig.placed[0].label, code=10009, message="not_enough_funds")
    )
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.VENUE_REFUSED)
    assert "not_enough_funds" in rig.last.detail

    rig.wait(2.1)
    rig.step(*rig.quotes(CALL))
    assert len(rig.placed) == 2


def test_an_order_that_never_left_is_not_unknown() -> None:
    rig = Rig(**TIGHT)
    rig.start()
    rig.step(ev.PlacementUnsent(venue=VENUE, label=rig.placed[0].label, reason="no credits"))

    assert rig.engine.view(rig.now).orders.unknown == 0
    assert rig.last.reason is Reason.VENUE_REFUSED


def test_a_dead_journal_sends_nothing_and_heals() -> None:
    rig = Rig(**TIGHT)
    rig.journal_ok = False
    rig.start()
    assert not rig.placed
    rig.step(ev.JournalFailed(detail="disk full"))
    assert rig.last.reason is Reason.JOURNAL_DOWN
    assert not rig.engine.view(rig.now).journal_ok

    rig.journal_ok = True
    rig.step(ev.JournalRestored(), ev.Durable(sequence=99))
    rig.step(*rig.quotes(CALL))
    assert [order.label for order in rig.placed] == ["h-btc-1-2"]


def test_an_order_that_waits_too_long_for_a_slow_journal_is_dropped() -> None:
    rig = Rig(**TIGHT)
    rig.journal_ok = False
    rig.start()
    rig.wait(2.1)
    rig.step()
    rig.step(ev.Durable(sequence=1))

    assert rig.engine.view(rig.now).counters.orders["dropped"] >= 1
    assert not rig.placed


def test_new_settings_take_effect_between_steps_and_are_journalled() -> None:
    rig = flat()
    wide = settings(lower=-3.0, upper=3.0, hard_lower=-50.0, hard_upper=50.0, config_hash="beef")
    rig.step(ev.SettingsApplied(settings=wide))
    view = rig.engine.view(rig.now)
    assert view.config_hash == "beef"
    assert view.books[0].band.upper == 3.0
    assert Configured(market_ms=rig.market_ms, config_hash="beef") in [
        r for w in rig.of(fx.Write) for r in w.records
    ]


def test_a_refused_reload_changes_nothing_and_is_reported() -> None:
    rig = flat()
    rig.step(ev.SettingsRefused(detail="books.btc.band.lower = x: must be a number"))
    view = rig.engine.view(rig.now)
    assert "books.btc.band.lower" in view.settings_error
    assert view.config_hash == "c0ffee"


def test_a_policy_can_be_changed_by_a_reload() -> None:
    rig = flat()
    rig.step(ev.SettingsApplied(settings=settings(policy="theta_offset", config_hash="2")))

    assert rig.engine.view(rig.now).books[0].policy == "theta_offset"
    assert rig.last.reason in (Reason.NEW_DELTA, Reason.IN_FLIGHT, Reason.WINDOW)


def test_a_stop_cancels_waits_for_evidence_and_exits_clean() -> None:
    rig = Rig(**TIGHT)
    rig.start()
    order = rig.placed[0]
    rig.step(ev.StopRequested(reason="SIGTERM"))
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]
    assert not rig.of(fx.Exit)
    assert rig.engine.view(rig.now).state is State.STOPPING

    rig.step(rig.report_of(order, "cancelled"))
    assert [exit_.code for exit_ in rig.of(fx.Exit)] == [0]
    rig.step()
    assert len(rig.of(fx.Exit)) == 1


def test_a_stop_without_evidence_exits_with_a_code_that_says_so() -> None:
    rig = Rig(**TIGHT)
    rig.start()
    rig.step(ev.StopRequested(reason="SIGTERM"), ev.StopRequested(reason="again"))
    rig.wait(10.1)
    rig.step()

    (left,) = rig.of(fx.Exit)
    assert left.code == 4
    assert rig.placed[0].label in left.reason


def test_positions_in_instruments_not_listed_block_until_they_are() -> None:
    rig = Rig(**TIGHT)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.journal())
    rig.step(rig.snapshot({CALL: "-10", PUT: "5"}))
    rig.step(*rig.quotes(CALL))
    assert not rig.placed
    assert PUT in rig.last.detail

    rig.step(rig.listed(CALL, PUT), *rig.quotes(CALL, PUT))
    rig.step(*rig.quotes(CALL, PUT))
    assert rig.placed


def test_positions_of_another_underlying_are_not_the_books_business() -> None:
    rig = Rig(**TIGHT)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.journal())
    rig.step(rig.snapshot({CALL: "-10", "ETH-PERPETUAL": "1000"}))
    rig.step(*rig.quotes(CALL))

    assert rig.placed


def test_a_lookup_that_fails_and_link_figures_change_nothing_that_trades() -> None:
    rig = flat()
    rig.step(
        ev.LookupFailed(venue=VENUE, label="h-btc-1-1", reason="timed out"),
        ev.LinkHealth(venue=VENUE, credits=19.0, clock_skew_ms=-12.0, round_trip_s=0.02),
        ev.CancelRefused(venue=VENUE, label="h-btc-1-1", code=11044, message="not_open_order"),
        ev.LookedUp(venue=VENUE, label="h-x-1-1", server_ms=0, reports=(), fills=()),
    )
    venue = rig.engine.view(rig.now).venues[0]
    assert (venue.credits, venue.clock_skew_ms, venue.round_trip_s) == (19.0, -12.0, 0.02)
    assert rig.last.reason is Reason.WITHIN_BAND


def test_the_next_deadline_is_the_nearest_thing_to_be_judged() -> None:
    rig = flat()
    assert rig.engine.next_deadline() == pytest.approx(rig.wire_s + 1.0)
    rig.move(105_000.0)
    assert rig.engine.next_deadline() <= rig.wire_s + 1.0
    assert math.isfinite(rig.engine.next_deadline())
    assert rig.engine.settings.config_hash == "c0ffee"
    assert rig.engine.last_step == rig.now


def test_an_account_report_moves_equity() -> None:
    rig = flat()
    rig.step(rig.account("12.5"))

    assert rig.engine.view(rig.now).books[0].equity_coin == float(Decimal("12.5"))
