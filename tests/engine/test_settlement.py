"""The half hour before 08:00 UTC: the hedge follows the averaging delta, and nothing is left over."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.instrument import InstrumentState, Kind
from hedger.domain.names import parse_name
from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import Kept, Snapshot
from hedger.engine.settings import SettlementMode, SettlementParams
from hedger.pricing.settlement import Fixing, averaging_one
from hedger.risk.envelope import Envelope
from tests.engine.rig import PERP, VENUE, Rig, perpetual, settings

PINNED = "BTC-2JAN26-100000-C"
EXPIRY_MS = parse_name(PINNED).expiration_ms or 0
BAND = {"lower": -2.0, "upper": 2.0, "hard_lower": -60.0, "hard_upper": 60.0}
WIDE = Envelope(
    max_order_usd=1e9,
    max_order_coin=1e4,
    max_hedge_position_coin=1e4,
    max_turnover_hour_usd=1e9,
    max_turnover_day_usd=1e9,
)


def rig_at(
    minutes_left: float, mode: SettlementMode = SettlementMode.TWAP, dwell_s: float = 0.0, **band: float
) -> Rig:
    """A book short 100 calls at the money, so many minutes before they expire, hedged into its band."""
    rig = Rig(settlement=SettlementParams(mode=mode), envelope=WIDE, dwell_s=dwell_s, **{**BAND, **band})
    rig.market_ms = EXPIRY_MS - int(minutes_left * 60_000)
    rig.start({PINNED: "-100"}, equity="100")
    for order in rig.placed[:1]:
        rig.step(*rig.fill_of(order))
    return rig


def market(rig: Rig, index: float, seconds: float) -> None:
    """Time passes second by second with the index where it is put; what is placed is filled."""
    for _ in range(int(seconds)):
        rig.index = index
        before = len(rig.placed)
        rig.wait(1.0)
        rig.step(*rig.quotes(PINNED), after_s=0.0)
        for order in rig.placed[before:]:
            rig.step(*rig.fill_of(order), after_s=0.0)


def hedge_coin(rig: Rig) -> float:
    coin = rig.engine.view(rig.now).books[0].hedge_position.coin
    assert coin is not None
    return coin


def deliver(rig: Rig, **positions: str) -> None:
    """08:00: the option is gone; the venue tells positions anew."""
    rig.market_ms = EXPIRY_MS + 2_000
    perp = rig.engine.view(rig.now).books[0].positions
    size = next((p.size for p in perp if p.instrument == PERP), "0")
    for _ in range(2):  # the first answer is overtaken by the last fills and asked for again
        rig.step(rig.snapshot({PERP: size, **positions}))
    rig.step(rig.indexed(), rig.perp_quote())


def test_a_pinned_strike_is_followed_by_the_averaging_delta_and_ends_flat() -> None:
    """The index pins at the strike: the venue's D (1 - u) form would swing the hedge by tens of coins."""
    rig = rig_at(40)
    market(rig, 100_000.0, 600)
    assert hedge_coin(rig) == pytest.approx(50, abs=2.5)

    for minute, index in enumerate([100_050.0, 99_950.0] * 15, start=1):
        market(rig, index, 60)
        if minute in (10, 20):
            u = minute / 30
            fixing = Fixing(u, 100_000.0)
            delta = averaging_one(index, 100_000.0, EXPIRY_MS, rig.market_ms, rig.iv, 1.0, fixing).delta
            assert hedge_coin(rig) == pytest.approx(100 * delta, abs=6), f"minute {minute}"
    assert abs(hedge_coin(rig)) < 0.01, "an orphan hedge at 08:00"
    deliver(rig)
    assert abs(rig.delta) < 0.01


def test_the_unwind_ignores_dwell_and_band_and_says_so() -> None:
    rig = rig_at(31, dwell_s=3600.0)
    market(rig, 100_000.0, 50)
    assert not rig.placed
    market(rig, 100_000.0, 20)

    assert hedge_coin(rig) == pytest.approx(50, abs=1)
    assert rig.last.reason is Reason.SETTLEMENT_SLICE
    assert "settlement_window" in rig.notes()


def test_between_slices_it_waits() -> None:
    rig = rig_at(29.5)
    market(rig, 100_000.0, 5)
    market(rig, 100_400.0, 5)

    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.SETTLEMENT_SLICE)


def test_no_order_in_the_last_seconds_before_settlement() -> None:
    rig = rig_at(0.15)
    market(rig, 101_000.0, 3)

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.SETTLEMENT_PAUSE)
    assert not rig.placed


@pytest.mark.parametrize(
    "changes",
    [{"bid": None, "bid_amount": 0.0}, {"ask": None, "ask_amount": 0.0}],
)
def test_after_settlement_it_waits_for_two_sided_prices(changes: dict[str, Any]) -> None:
    later = "BTC-30JAN26-105000-C"
    rig = Rig(lower=-0.1, upper=0.1, hard_lower=-50.0, hard_upper=50.0)
    rig.market_ms = EXPIRY_MS - 5_000
    rig.start({later: "-10"})
    rig.market_ms = EXPIRY_MS + 1_000
    rig.step(rig.indexed(), rig.option_quote(later))
    assert rig.last.reason is Reason.SETTLEMENT_PAUSE, "the perpetual's last price is from before"
    rig.step(rig.perp_quote(**changes))
    assert rig.last.reason is Reason.SETTLEMENT_PAUSE

    rig.step(*rig.quotes(later))
    assert len(rig.placed) == 1


def test_an_instrument_in_settlement_is_not_open() -> None:
    later = "BTC-30JAN26-105000-C"
    rig = Rig(lower=-0.1, upper=0.1, hard_lower=-50.0, hard_upper=50.0)
    rig.market_ms = EXPIRY_MS - 5_000
    rig.start({later: "-10"})
    rig.market_ms = EXPIRY_MS + 1_000
    rig.step(
        *rig.quotes(later)[:1], rig.perp_quote(state=InstrumentState.SETTLEMENT), rig.option_quote(later)
    )
    assert not rig.placed


def test_hold_keeps_the_hedge_through_the_window_and_closes_it_after_delivery() -> None:
    rig = rig_at(31, SettlementMode.HOLD)
    market(rig, 100_000.0, 90)
    held = hedge_coin(rig)
    market(rig, 100_300.0, 1_000)
    assert hedge_coin(rig) == pytest.approx(held, rel=0.01)
    (alarm,) = [a for a in rig.engine.view(rig.now).alarms if a.name == "settlement_held"]
    assert alarm.severity is Severity.ERROR

    deliver(rig)
    assert rig.placed[-1].side.value == "sell"
    rig.step(*rig.fill_of(rig.placed[-1]))
    assert abs(rig.delta) < 0.01
    assert not [a for a in rig.engine.view(rig.now).alarms if a.name == "settlement_held"]


def test_keep_sets_the_hedge_aside_loudly() -> None:
    rig = rig_at(31, SettlementMode.KEEP)
    market(rig, 100_000.0, 90)
    held, placed = hedge_coin(rig), len(rig.placed)
    deliver(rig)

    assert len(rig.placed) == placed
    assert hedge_coin(rig) == pytest.approx(held, rel=0.01)
    assert abs(rig.delta) < 2.1, "what was kept is no part of the book's delta"
    assert "hedge_kept" in rig.notes()
    written = [record for write in rig.of(fx.Write) for record in write.records]
    opened, kept = [record for record in written if isinstance(record, Kept)]
    assert (opened.expiry_ms, kept.expiry_ms) == (EXPIRY_MS, 0)
    assert kept.coin == pytest.approx(held, abs=2.1)

    again = rig_at(31, SettlementMode.KEEP)  # a later run
    again_settings = again.settings
    later = Rig(again_settings)
    later.market_ms = rig.market_ms
    later.step(later.listed(), later.link_up())
    later.step(msgspec.structs.replace(later.journal(), kept=(kept,)))
    later.step(later.snapshot({PERP: str(5_000_000)}))
    later.step(*later.quotes())
    assert later.engine.view(later.now).books[0].delta.kept_coin == kept.coin

    twap = replace(again_settings.books[0], settlement=SettlementParams())
    later.step(ev.SettingsApplied(settings=replace(again_settings, books=(twap,))))
    assert later.engine.view(later.now).books[0].delta.kept_coin == 0.0
    assert "kept_hedge_released" in later.notes()


@pytest.mark.parametrize("mode", list(SettlementMode))
def test_a_restart_across_the_settlement_finds_the_window_it_was_in(mode: SettlementMode) -> None:
    """The daemon dies inside the window and comes back after 08:00 to a hedge without its options."""
    rig = rig_at(31, mode)
    market(rig, 100_000.0, 90)
    written = [record for write in rig.of(fx.Write) for record in write.records]
    opened = [record for record in written if isinstance(record, Kept)][-1]
    size = round(hedge_coin(rig) * 100_000 / 10) * 10

    later = Rig(rig.settings)
    later.market_ms = EXPIRY_MS + 60_000
    later.step(later.listed(), later.link_up())
    later.step(msgspec.structs.replace(later.journal(epoch=2), kept=(opened,)))
    later.step(later.snapshot({PERP: str(size)}, equity="100"))
    later.step(*later.quotes(), after_s=0.0)
    book = later.engine.view(later.now).books[0]
    if mode is SettlementMode.KEEP:
        assert later.placed == []
        assert book.delta.kept_coin == pytest.approx(-opened.frozen_coin)
        assert "hedge_kept" in later.notes()
    else:
        assert [(order.side.value, order.amount) for order in later.placed] == [("sell", size)]
        assert later.last.reason is Reason.IN_FLIGHT


@pytest.mark.parametrize("mode", [SettlementMode.KEEP, SettlementMode.HOLD])
def test_a_window_nobody_saw_is_a_matter_for_a_person_where_hedges_are_kept(mode: SettlementMode) -> None:
    """Down from before 07:30 until after 08:00: what part of the hedge was to be kept nobody knows."""
    rig = rig_at(60, mode)
    size = round(hedge_coin(rig) * 100_000 / 10) * 10
    base = Snapshot(rig.market_ms, {PINNED: "-100", PERP: str(size)}, {}, VENUE, rig.market_ms)
    later = Rig(rig.settings)
    later.market_ms = EXPIRY_MS + 60_000
    later.step(later.listed(), later.link_up())
    later.step(msgspec.structs.replace(later.journal(epoch=2), baseline=base))
    later.step(later.snapshot({PERP: str(size)}, equity="100"))
    later.step(*later.quotes(), after_s=0.0)
    if mode is SettlementMode.KEEP:
        assert later.placed == []
        assert later.last.reason is Reason.PAUSED
        assert "settlement_missed" in later.notes()
    else:
        assert later.placed


def test_a_future_that_appears_at_exercise_is_in_transit_and_has_no_delta() -> None:
    """Two-step delivery: the option is a future at the strike for a moment; hedging it would be wrong."""
    rig = rig_at(31)
    market(rig, 100_000.0, 31 * 60 - 12)
    placed = len(rig.placed)
    rig.market_ms = EXPIRY_MS + 500
    transit = msgspec.structs.replace(perpetual("BTC-2JAN26"), kind=Kind.FUTURE, expiration_ms=EXPIRY_MS)
    rig.step(ev.InstrumentsListed(venue="deribit", instruments=(transit,), complete=False))
    deliver(rig, **{"BTC-2JAN26": "-10000000"})
    rig.wait(3.0)
    rig.step(rig.indexed(), rig.perp_quote())

    assert len(rig.placed) == placed
    assert abs(rig.delta) < 0.01


def test_an_expiring_future_is_no_hedge_in_its_last_hour() -> None:
    plain = settings(lower=-0.1, upper=0.1, hard_lower=-50.0, hard_upper=50.0)
    later, future = "BTC-30JAN26-105000-C", "BTC-2JAN26"
    rig = Rig(replace(plain, books=(replace(plain.books[0], hedge_instrument=future),)))
    rig.market_ms = EXPIRY_MS - 55 * 60_000
    listed = msgspec.structs.replace(perpetual(future), kind=Kind.FUTURE, expiration_ms=EXPIRY_MS)
    rig.start({later: "-10"}, quotes=False)
    rig.step(ev.InstrumentsListed(venue="deribit", instruments=(listed,), complete=False))
    rig.step(*rig.quotes(later), rig.perp_quote(instrument=future))

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.HEDGE_EXPIRING)


def test_expiring_options_too_small_to_matter_leave_the_policy_in_charge() -> None:
    rig = rig_at(31)
    rig.index = 90_000.0  # far out of the money: nothing to unwind
    market(rig, 90_000.0, 180)

    assert rig.last.reason is not Reason.SETTLEMENT_SLICE
    assert Decimal(0) == sum((o.signed_amount for o in rig.placed[2:]), Decimal(0))


# --- a slice that the market cannot take at once ------------------------------------------------------


def thin_market(rig: Rig, usd: float, seconds: int, *, every_s: int = 1) -> None:
    """A ticker every so often shows no more than `usd` at the touch; one order is filled by each."""
    for _ in range(seconds // every_s):
        rig.wait(every_s)
        depth = {"bid_amount": usd, "ask_amount": usd}
        rig.step(rig.indexed(), rig.perp_quote(**depth), rig.option_quote(PINNED), after_s=0.0)
        if rig.placed and rig.engine.view(rig.now).orders.open:  # there is never more than one
            rig.step(*rig.fill_of(rig.placed[-1]), after_s=0.0)


@pytest.mark.parametrize("upper", [2.0, 0.2])
@pytest.mark.parametrize("shown_usd", [120_000.0, 350_000.0])
def test_the_last_slice_is_worked_to_a_flat_hedge_whatever_band_and_depth(
    upper: float, shown_usd: float
) -> None:
    """What is in the money decays under the hedge: the delta aimed at is another one by every clip, may lie
    beyond the band, and a hedge that took too long is decided afresh."""
    band = {"lower": -upper, "upper": upper, "hard_lower": -60.0, "hard_upper": 60.0}
    envelope = replace(WIDE, max_orders_per_minute=1_000)
    rig = Rig(settlement=SettlementParams(mode=SettlementMode.TWAP), envelope=envelope, **band)
    rig.market_ms = EXPIRY_MS - 276_000
    rig.index = 104_000.0
    rig.start({PINNED: "-100"}, equity="100")
    thin_market(rig, 10_000.0, 256, every_s=2)
    assert hedge_coin(rig) > 1.0, "too thin to follow"
    thin_market(rig, shown_usd, 12)

    assert rig.last.reason is Reason.SETTLEMENT_PAUSE
    assert abs(hedge_coin(rig)) < 0.01


def test_between_slices_the_hard_limit_waits_for_nobody() -> None:
    rig = rig_at(29.5, hard_lower=-40.0, hard_upper=40.0)
    market(rig, 100_000.0, 5)
    placed = len(rig.placed)
    market(rig, 103_000.0, 1)  # all hundred calls are in the money at once: y = -50

    assert rig.last.reason in (Reason.HARD_LIMIT, Reason.SETTLEMENT_SLICE, Reason.IN_FLIGHT)
    assert len(rig.placed) == placed + 1
