"""Corners of taking events in: what is late, odd, unknown or not ours."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.instrument import InstrumentState
from hedger.domain.order import Side
from hedger.domain.vocabulary import Mode, Neutral, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.settings import BookSettings
from hedger.execution.params import ExecutionParams, Style
from hedger.risk.envelope import Envelope
from tests.engine.rig import CALL, PERP, PUT, VENUE, Rig, option, perpetual, settings

BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}


def flat() -> Rig:
    rig = Rig(**BAND)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    return rig


def test_a_quote_and_an_index_of_something_else_change_nothing() -> None:
    rig = flat()
    delta = rig.delta
    quote = rig.option_quote(PUT).quote
    index = msgspec.structs.replace(rig.indexed().index, index="eth_usd", price_usd=3_000.0)
    rig.step(ev.Quoted(quote=quote), ev.Indexed(index=index))

    assert rig.delta == pytest.approx(delta, abs=1e-6)
    assert rig.engine.view(rig.now).books[0].index_usd == 100_000.0


def test_a_trade_from_the_future_counts_and_its_time_does_not() -> None:
    """Its time would make every later position look overtaken, and the next start ask for none before it."""
    rig = flat()
    before = rig.delta
    fill = rig.fill(PERP, Side.SELL, Decimal(5_000), Decimal(100_000))
    rig.step(ev.Filled(msgspec.structs.replace(fill, market_ms=rig.market_ms + 10 * 365 * 86_400_000)))

    assert rig.delta == pytest.approx(before - 0.05, abs=1e-3)
    assert "fill_ahead" in rig.notes()
    traded = [
        record.fill for write in rig.of(fx.Write) for record in write.records if hasattr(record, "fill")
    ]
    assert traded[-1].trade_id == fill.trade_id
    assert traded[-1].market_ms <= rig.market_ms


def test_an_account_in_another_currency_is_not_the_books_equity() -> None:
    rig = flat()
    other = msgspec.structs.replace(rig.account("777").account, currency="ETH")
    rig.step(ev.AccountReported(account=other))

    assert rig.engine.view(rig.now).books[0].equity_coin == 10.0


def test_a_state_change_of_an_unknown_or_unheld_instrument_is_only_remembered() -> None:
    rig = flat()
    asked = len(rig.of(fx.RequestSnapshot))
    for name in ("BTC-1JAN30-1-C", PERP):
        rig.step(ev.InstrumentStateChanged(venue=VENUE, instrument=name, state=InstrumentState.OPEN))

    assert len(rig.of(fx.RequestSnapshot)) == asked


def test_instruments_may_be_listed_one_by_one_later() -> None:
    rig = flat()
    rig.step(ev.InstrumentsListed(venue=VENUE, instruments=(option(PUT),), complete=False))
    assert rig.last.reason is Reason.WITHIN_BAND
    rig.step(rig.position(PUT, "-1"), *rig.quotes(CALL, PUT))
    assert rig.last.reason is Reason.POSITION_MISMATCH
    held = {CALL: "-10", PUT: "-1", PERP: str(rig.placed[0].amount)}
    rig.step(rig.snapshot(held), *rig.quotes(CALL, PUT))

    assert {row.instrument for row in rig.engine.view(rig.now).books[0].positions} == {CALL, PUT, PERP}
    assert PUT in rig.of(fx.Watch)[-1].instruments


def test_a_position_in_something_not_listed_is_noted_and_forgotten_when_flat() -> None:
    rig = flat()
    rig.step(rig.position("BTC-1JAN30-1-C", "5"))
    assert rig.last.reason is Reason.MISSING_QUOTE
    assert "position_not_listed" in rig.notes()
    rig.step(rig.position("BTC-1JAN30-1-C", "0"))
    assert rig.last.reason is Reason.WITHIN_BAND


def test_a_name_of_no_known_grammar_could_be_anyones_and_blocks() -> None:
    rig = flat()
    rig.step(rig.position("???", "5"))

    assert rig.last.reason is Reason.MISSING_QUOTE


def test_a_fill_of_something_not_listed_moves_nothing_and_is_counted_by_its_index() -> None:
    rig = flat()
    fill = rig.fill("ETH-PERPETUAL", Side.BUY, Decimal(10), Decimal(3_000))
    rig.step(ev.Filled(fill=fill))

    assert rig.last.reason is Reason.WITHIN_BAND


def test_a_locked_platform_told_twice_is_noted_once() -> None:
    rig = flat()
    locked = ev.PlatformLocked(venue=VENUE, index="", locked=True, detail="maintenance")
    rig.step(locked, locked)

    assert rig.notes().count("platform_locked") == 1
    assert rig.last.reason is Reason.PLATFORM_LOCKED


def test_a_channel_that_keeps_failing_is_counted_every_time_and_noted_once_a_minute() -> None:
    rig = flat()
    bad = ev.BadData(venue=VENUE, channel="ticker.X", instrument="X", detail="odd")
    for _ in range(5):
        rig.step(bad)
    rig.wait(61)
    rig.step(bad)

    assert rig.engine.view(rig.now).counters.bad_data == {VENUE: 6}
    assert rig.notes().count("bad_data") == 2


def test_bad_index_data_blocks_until_a_good_one_arrives() -> None:
    rig = flat()
    rig.step(ev.BadData(venue=VENUE, channel=f"ticker.{PERP}", instrument=PERP, detail="mark = 0"))
    assert rig.last.reason is Reason.BAD_INPUT
    rig.step(rig.perp_quote())
    assert rig.last.reason is Reason.WITHIN_BAND


def test_evidence_about_an_order_dropped_from_the_table_is_that_of_an_adopted_one() -> None:
    rig = flat()
    report = rig.report_of(rig.placed[0], "cancelled").report
    rig.step(ev.Reported(report=msgspec.structs.replace(report, label="h-btc-1-99")))

    assert "order_adopted" not in rig.notes()
    assert not [cancel for cancel in rig.of(fx.Cancel) if cancel.label == "h-btc-1-99"]


def test_a_cancel_that_lost_its_race_is_unknown_and_fetched() -> None:
    rig = Rig(execution=ExecutionParams(style=Style.MARKET), **BAND)
    rig.start()
    order = rig.placed[0]
    rig.step(rig.report_of(order, "open", Decimal(100), Decimal(100_000)))
    rig.step(ev.CancelRefused(venue=VENUE, label=order.label, code=11044, message="not_open_order"))

    assert rig.engine.view(rig.now).orders.unknown == 1
    rig.step()
    assert rig.of(fx.LookUp)[-1].label == order.label


def test_a_refusal_that_contradicts_the_venues_book_is_outranked() -> None:
    rig = Rig(**BAND)
    rig.start()
    order = rig.placed[0]
    rig.step(rig.report_of(order, "open"))
    rig.step(ev.PlacementRefused(venue=VENUE, label=order.label, code=10001, message="error"))

    assert rig.engine.view(rig.now).orders.open == 1


def test_orders_held_by_the_gate_are_dropped_when_the_link_goes_or_the_book_is_paused() -> None:
    for event in (
        ev.LinkDown(venue=VENUE, reason="closed"),
        ev.CommandGiven(command="pause", book="btc", by="test", reason="drill"),
        ev.StopRequested(reason="SIGTERM"),
    ):
        rig = Rig(**BAND)
        rig.journal_ok = False
        rig.start()
        rig.step(event)
        rig.step(ev.Durable(sequence=99))
        assert not rig.placed
        assert rig.engine.view(rig.now).counters.orders["dropped"] == 1


def test_a_book_that_leaves_the_settings_leaves_its_orders_behind_safely() -> None:
    rig = Rig(**BAND)
    rig.start()
    order = rig.placed[0]
    none = msgspec.convert(
        {"mode": "live", "venues": [{"name": VENUE, "environment": "local"}], "books": []},
        type(rig.settings),
    )
    rig.step(ev.SettingsApplied(settings=none))
    rig.step(*rig.fill_of(order))
    rig.step(ev.PlacementUnsent(venue=VENUE, label="h-btc-1-5", reason="x"))

    assert rig.engine.view(rig.now).counters.orders["filled"] == 1


def test_a_shrunk_hedge_says_what_it_was_shrunk_by() -> None:
    rig = Rig(mode=Mode.OBSERVE, envelope=Envelope(max_order_coin=1.0), **BAND)
    rig.start()

    assert "max_order_coin = 1" in rig.last.detail
    assert rig.last.amount_coin == pytest.approx(1.0)


def test_where_no_lot_ends_nearer_it_holds_by_name() -> None:
    rig = Rig(mode=Mode.OBSERVE, lower=0.0, upper=0.0, hard_lower=-50.0, hard_upper=50.0, to_centre=1)
    rig.start({CALL: "-10"})
    wanted = rig.last.amount
    bought = rig.fill(PERP, Side.BUY, Decimal(wanted), Decimal(100_000))
    rig.step(rig.snapshot({CALL: "-10", PERP: wanted}, fills=[bought]), *rig.quotes(CALL))

    assert rig.last.reason is Reason.MIN_LOT


def test_black_needs_no_equity_and_usd_does() -> None:
    black = Rig(mode=Mode.OBSERVE, neutral=Neutral.BLACK, **BAND)
    black.start({CALL: "-10"})
    assert black.last.amount_coin == pytest.approx(4.0, abs=0.2)

    usd = Rig(neutral=Neutral.USD, **BAND)
    usd.step(usd.listed(CALL), usd.link_up())
    usd.step(usd.journal())
    usd.step(msgspec.structs.replace(usd.snapshot({CALL: "-10"}), accounts=()), *usd.quotes(CALL))
    assert usd.last.reason is Reason.WARM_UP
    assert "account summary in BTC" in usd.last.detail


def test_flattening_a_flat_hedge_holds() -> None:
    rig = Rig(lower=-5.0, upper=5.0, hard_lower=-50.0, hard_upper=50.0)
    rig.start()
    rig.step(ev.CommandGiven(command="flatten", book="", by="test", reason="drill", accept_naked_delta=True))

    assert rig.last.reason is Reason.FLATTENING
    assert not rig.placed


def test_the_same_policy_with_other_numbers_is_a_new_birth_of_delta() -> None:
    rig = Rig(policy="theta_offset")
    rig.start({CALL: "-10", PUT: "-10"})
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.move(101_000.0, CALL, PUT)
    assert rig.last.reason is Reason.WINDOW
    rig.step(ev.SettingsApplied(settings=settings(policy="theta_offset", cap_sigmas=3.0, config_hash="2")))

    assert len(rig.placed) == 2


def test_plan_says_what_would_be_done_and_keeps_nothing() -> None:
    rig = Rig(mode=Mode.OBSERVE, **BAND)
    rig.start()
    plan = rig.engine.plan("btc", rig.now)
    assert plan.amount_contracts == pytest.approx(plan.amount_usd / 10)
    with pytest.raises(KeyError):
        rig.engine.plan("eth", rig.now)


def test_a_book_name_must_fit_a_label() -> None:
    with pytest.raises(ValueError, match="book name 'Bad-Name'"):
        BookSettings("Bad-Name", VENUE, "BTC", PERP)


def test_a_closed_hedge_instrument_and_one_not_listed_block() -> None:
    rig = Rig(**BAND)
    rig.step(ev.InstrumentsListed(venue=VENUE, instruments=(option(CALL),), complete=True), rig.link_up())
    rig.step(rig.journal())
    rig.step(rig.snapshot({CALL: "-10"}), rig.option_quote(CALL))
    assert "BTC-PERPETUAL is not listed" in rig.last.detail

    rig.step(ev.InstrumentsListed(venue=VENUE, instruments=(perpetual(),), complete=False))
    rig.step(rig.indexed(), rig.option_quote(CALL))
    assert "BTC-PERPETUAL: no ticker yet" in rig.last.detail


def test_books_that_do_not_add_up_halt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The identity is broken from outside: a defect of ours must stop us, not trade."""
    rig = flat()
    monkeypatch.setattr("hedger.engine.work.check_identity.__defaults__", (-1.0,))
    rig.wait(1.1)
    rig.step(*rig.quotes(CALL))

    assert "halted" in rig.notes()
    assert rig.last.reason is Reason.HALTED
